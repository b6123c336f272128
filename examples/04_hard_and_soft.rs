//! Branches on floats: hard by default, with the derivative of the side that is taken; soft where you say so.
//!
//! `cargo run --release --example 04_hard_and_soft`

use newton_losses::prelude::*;

/// A price with a discount from 10 pieces on: the function jumps there, and no derivative sees the jump.
#[newton_loss(hessian, lambda = 0.1)]
fn hard(pieces: &[f32; 1], paid: &f32) -> f32 {
    let n = pieces[0];
    let price = if n >= 10.0 { 0.8 * n } else { n };
    (price - paid).powi(2)
}

/// The same with a smooth step of width `width`, through which the derivative sees it.
#[newton_loss(hessian, lambda = 0.1, on_indefinite = abs)]
fn soft(pieces: &[f32; 1], paid: &f32, width: f32) -> f32 {
    let n = pieces[0];
    let discounted = sigmoid((n - 10.0) / width);
    let price = n * (1.0 - 0.2 * discounted);
    (price - paid).powi(2)
}

/// Who comes first is an integer; what the winner has is a float with a derivative.
#[newton_loss(hessian, lambda = 0.1)]
fn winner<const N: usize>(scores: &[f32; N], prize: &[f32; N]) -> f32 {
    let first = argmax(scores);
    let mut behind = 0.0;
    for i in 0..N {
        if i != first {
            behind += (scores[first] - scores[i]).ln_1p();
        }
    }
    behind - prize[first]
}

fn main() -> Result<(), newton_losses::Error> {
    let (hard, soft) = (Hard::new(), Soft::new(0.5));
    println!("8.5 was paid. pieces   hard: loss, slope      soft: loss, slope");
    for n in [8.0, 9.0, 9.9, 10.0, 11.0, 12.0] {
        let (h, s) = (hard.gradients(&[n], &[8.5])?, soft.gradients(&[n], &[8.5])?);
        println!(
            "{n:20} {:13.3} {:8.3} {:13.3} {:8.3}",
            h.values[0], h.gradients[0], s.values[0], s.gradients[0]
        );
    }
    println!("away from the jump:\n{}", gradcheck(&hard, &[9.0], &[8.5])?);
    println!("at the jump:\n{}", gradcheck(&hard, &[10.0], &[8.5])?);
    println!("soft:\n{}", gradcheck(&soft, &[10.0], &[8.5])?);

    let winner = Winner::<3>::new();
    let found = winner.gradients(&[0.5, 2.0, 1.0], &[[3.0, 4.0, 5.0]])?;
    println!("winner: loss {:.3}, gradient {:.3?}", found.values[0], found.gradients);
    Ok(())
}
