//! Mistakes of the language: all are reported, at their places. Uses of what would have been generated give no errors.

use newton_losses::prelude::*;

#[newton_loss(hessian, lambda = 1.0, average = epoch)]
fn wrong<const N: usize>(y: &[f32; N], target: &[f32; N], k: usize) -> f32 {
    let mut x = y[0];
    for i in 0..N {
        if i == k {
            break;
        }
        x = x % target[i];
    }
    println!("{x}");
    x.powi(2)
}

#[newton_fn(gradient)]
fn half(x: f32) -> f32 {
    return 0.5 * x;
}

#[newton_loss(hessian, lambda = 1.0)]
fn calls<const N: usize>(y: &[f32; N]) -> f32 {
    half(y[0])
}

fn main() {
    let loss = Wrong::<2>::new(1).lambda(2.0).average(Average::Sample);
    let all = loss.evaluate(&[1.0_f64, 2.0], &[[0.5, 1.0]]).unwrap();
    println!("{:?} {}", all.values, wrong(&[1.0, 2.0], &[0.5, 1.0], 1));
    println!("{:?} {}", Calls::<1>::new().gradients(&[1.0_f64], &[()]), half(1.0));
}
