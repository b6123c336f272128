//! Names that do not exist, and functions without derivatives.

use newton_losses::prelude::*;

#[newton_loss(hessian, lambda = 1.0)]
fn variable<const N: usize>(y: &[f32; N]) -> f32 {
    let scaled = 2.0 * y[0];
    scaled * offset + LARGEST
}

#[newton_loss(hessian, lambda = 1.0)]
fn array<const N: usize>(y: &[f32; N]) -> f32 {
    y[0] * weights[1]
}

fn squash(x: f32) -> f32 {
    x / (1.0 + x.abs())
}

#[newton_loss(hessian, lambda = 1.0)]
fn unmarked<const N: usize>(y: &[f32; N]) -> f32 {
    squash(y[0])
}

#[newton_loss(hessian, lambda = 1.0)]
fn misspelled<const N: usize>(y: &[f32; N]) -> f32 {
    sigmod(y[0])
}

fn main() {}
