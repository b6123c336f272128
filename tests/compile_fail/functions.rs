//! Calls that do not fit, results and derivatives of other types than the function's. (What does not fit a function does not fit its
//! generated forms either: rustc says so for each, at the same place.)

use newton_losses::prelude::*;

#[newton_fn]
fn twice(x: &[f32; 2]) -> [f32; 2] {
    x.map(|v| 2.0 * v)
}

#[newton_loss(hessian, lambda = 1.0)]
fn result(y: &[f32; 2]) -> f32 {
    let z: [f32; 3] = twice(y);
    z[0]
}

#[newton_loss(hessian, lambda = 1.0)]
fn no_type(y: &[f32; 2]) -> f32 {
    let z = twice(y);
    z[0]
}

#[newton_loss(hessian, lambda = 1.0)]
fn arguments(y: &[f32; 2]) -> f32 {
    let z: [f32; 2] = twice(y, 1.0);
    z[0]
}

#[newton_fn]
fn slope(x: &[f32; 2]) -> f32 {
    x[0]
}

#[newton_fn(gradient = slope)]
fn steep(x: &[f32; 2]) -> f32 {
    x[0] * x[0]
}

fn main() {}
