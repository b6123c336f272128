//! Functions that losses of several modules call.

use newton_losses::prelude::*;

/// Squared Euclidean distance.
#[newton_fn]
pub fn squared_distance<const D: usize>(a: &[f32; D], b: &[f32; D]) -> f32 {
    a.iter().zip(b.iter()).map(|(a, b)| (a - b) * (a - b)).sum::<f32>()
}

/// Logarithm of the normal density.
#[newton_fn]
pub fn log_normal(x: f32, centre: f32, deviation: f32) -> f32 {
    let z = (x - centre) / deviation;
    -0.5 * z * z - deviation.ln() - 0.918_938_5
}

/// W x + b, the bias last in each row.
#[newton_fn]
pub fn affine<const I: usize, const O: usize>(x: &[f32; I], w: &[[f32; I]; O], b: &[f32; O]) -> [f32; O] {
    std::array::from_fn(|o| b[o] + (0..I).map(|i| w[o][i] * x[i]).sum::<f32>())
}

/// Mean and variance.
#[newton_fn]
pub fn moments<const N: usize>(x: &[f32; N]) -> (f32, f32) {
    let centre = mean(x);
    let mut spread = 0.0;
    for v in x {
        spread += (v - centre).powi(2);
    }
    (centre, spread / N as f32)
}

/// To mean 0 and variance 1.
#[newton_fn]
pub fn standardize<const N: usize>(x: &[f32; N], epsilon: f32) -> [f32; N] {
    let (centre, variance): (f32, f32) = moments(x);
    let scale = (variance + epsilon).sqrt().recip();
    x.map(|v| (v - centre) * scale)
}

/// Lower Cholesky factor of a positive definite matrix.
#[newton_fn]
pub fn cholesky<const N: usize>(a: &[[f32; N]; N]) -> [[f32; N]; N] {
    let mut l = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let mut s = a[i][j];
            for k in 0..j {
                s -= l[i][k] * l[j][k];
            }
            l[i][j] = if i == j { s.sqrt() } else { s / l[j][j] };
        }
    }
    l
}

/// Solves L x = b, L lower triangular.
#[newton_fn]
pub fn forward_substitution<const N: usize>(l: &[[f32; N]; N], b: &[f32; N]) -> [f32; N] {
    let mut x = *b;
    for i in 0..N {
        for k in 0..i {
            x[i] -= l[i][k] * x[k];
        }
        x[i] /= l[i][i];
    }
    x
}

/// The logarithm of a Gaussian's density, covariance `l` `l`^T.
#[newton_fn]
pub fn log_gaussian<const N: usize>(x: &[f32; N], centre: &[f32; N], l: &[[f32; N]; N]) -> f32 {
    let gap: [f32; N] = std::array::from_fn(|i| x[i] - centre[i]);
    let z: [f32; N] = forward_substitution(l, &gap);
    let mut total = -0.5 * dot(&z, &z);
    for i in 0..N {
        total -= l[i][i].ln() + 0.918_938_5;
    }
    total
}
