//! The empirical Fisher matrix of the batch (Definition 2): `F = G^T G / N`.

use super::input;
use super::matrix::{Matrix, transpose};
use crate::Error;
use crate::error::Quantity;
use crate::scalar::Float;

/// `F = 1/N sum_i g_i g_i^T` of row-major `gradients` (N x `dim`, per-sample scale), both triangles, in `f64`.
///
/// The order of summation is fixed: the same batch gives the same bits.
///
/// # Errors
/// [`Error::EmptyBatch`], [`Error::Mismatch`], [`Error::NonFinite`] for a gradient that is not finite, and
/// [`Error::NonFiniteMean`] when finite gradients are so large that F overflows.
pub fn fisher<T: Float>(gradients: &[T], dim: usize) -> Result<Matrix, Error> {
    let samples = input::samples("gradients", gradients.len(), dim)?;
    input::check_finite(Quantity::Gradient, gradients, dim)?;
    gram(&input::widen(gradients), dim, 1.0 / samples as f64)
}

/// `factor * G^T G` (m x m).
pub(super) fn gram(gradients: &[f64], dim: usize, factor: f64) -> Result<Matrix, Error> {
    let mut gram = Matrix::zeros(dim);
    let mut quads = gradients.chunks_exact(4 * dim);
    for quad in &mut quads {
        let (ab, cd) = quad.split_at(2 * dim);
        let ((a, b), (c, d)) = (ab.split_at(dim), cd.split_at(dim));
        for i in 0..dim {
            let row = &mut gram.row_mut(i)[i..];
            let (a, b, c, d) = (&a[i..], &b[i..], &c[i..], &d[i..]);
            let (fa, fb, fc, fd) = (a[0], b[0], c[0], d[0]);
            for ((((x, a), b), c), d) in row.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *x += (fa * a + fb * b) + (fc * c + fd * d);
            }
        }
    }
    for single in quads.remainder().chunks_exact(dim) {
        for i in 0..dim {
            let factor = single[i];
            for (x, a) in gram.row_mut(i)[i..].iter_mut().zip(&single[i..]) {
                *x += factor * a;
            }
        }
    }
    for i in 0..dim {
        for j in i..dim {
            let mean = factor * gram[(i, j)];
            gram[(i, j)] = mean;
            gram[(j, i)] = mean;
        }
    }
    input::check_finite_mean(Quantity::Fisher, gram.as_slice())?;
    Ok(gram)
}

/// `factor * G G^T` (N x N), what Equation 27 factors instead.
pub(super) fn kernel(gradients: &[f64], dim: usize, factor: f64) -> Result<Matrix, Error> {
    let samples = gradients.len() / dim;
    gram(&transpose(gradients, samples, dim), samples, factor)
}
