//! Types that do not fit: rustc says so on the user's function.

use newton_losses::prelude::*;

#[newton_loss(hessian, lambda = 1.0)]
fn constant<const N: usize>(y: &[f32; N]) -> f32 {
    let one: f32 = 1;
    let row: [f32; 3] = [1.0; 2];
    one * y[0] + row[0]
}

#[newton_loss(hessian, lambda = 1.0)]
fn immutable<const N: usize>(y: &[f32; N], t: f32) -> f32 {
    let x = y[0];
    x += 1.0;
    t = 2.0;
    x * t
}

#[newton_loss(hessian, lambda = 1.0)]
fn index<const N: usize>(y: &[f32; N], class: &i32) -> f32 {
    y[*class]
}

fn main() {}
