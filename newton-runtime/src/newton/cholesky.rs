//! `A = L L^T` for positive definite matrices: Fisher matrices plus lambda.

use super::lanes::{Lanes, Solve, dot, scale, sub};
use super::matrix::{Matrix, PivotError};

/// The factor of a positive definite matrix.
#[derive(Debug, Clone)]
pub struct Cholesky {
    /// L, rows contiguous for the forward sweep.
    lower: Matrix,
    /// L^T, rows contiguous for the backward sweep.
    upper: Matrix,
    /// 1 / L_kk.
    reciprocals: Vec<f64>,
    smallest_pivot: f64,
}

impl Cholesky {
    /// Factors a symmetric matrix, of which only the upper triangle is read. About `m^3 / 3` multiply-adds.
    ///
    /// # Errors
    /// [`PivotError`] for the first pivot that is not above `tolerance` times the largest absolute entry.
    pub fn factor(matrix: &Matrix, tolerance: f64) -> Result<Self, PivotError> {
        let dim = matrix.dim();
        let scale = matrix.max_abs();
        let mut upper = matrix.clone();
        let mut reciprocals = Vec::with_capacity(dim);
        let mut smallest_pivot = f64::INFINITY;
        for k in 0..dim {
            // Row k of L^T, columns k.., less what the rows above explain: contiguous, so it vectorises.
            let (above, rest) = upper.as_mut_slice().split_at_mut(k * dim);
            let row = &mut rest[k..dim];
            eliminate(row, above, dim, k);
            let pivot = row[0];
            if pivot.is_nan() || pivot <= tolerance * scale {
                return Err(PivotError { pivot: k, dim, value: pivot, scale });
            }
            smallest_pivot = smallest_pivot.min(pivot);
            let reciprocal = 1.0 / pivot.sqrt();
            for x in row.iter_mut() {
                *x *= reciprocal;
            }
            reciprocals.push(reciprocal);
            upper.row_mut(k)[..k].fill(0.0);
        }
        Ok(Self { lower: upper.transposed(), upper, reciprocals, smallest_pivot })
    }

    /// L, lower triangular.
    pub fn lower(&self) -> &Matrix {
        &self.lower
    }

    /// The smallest `L_kk^2` met: at least the smallest eigenvalue, up to rounding.
    pub fn smallest_pivot(&self) -> f64 {
        self.smallest_pivot
    }
}

/// `row -= sum_p above[p][k] above[p][k..]`, four rows above at a time so that `row` is loaded and stored once for them.
fn eliminate(row: &mut [f64], above: &[f64], dim: usize, k: usize) {
    let mut quads = above.chunks_exact(4 * dim);
    for quad in &mut quads {
        let (a, b) = quad.split_at(2 * dim);
        let ((a, b), (c, d)) = (a.split_at(dim), b.split_at(dim));
        let (a, b, c, d) = (&a[k..], &b[k..], &c[k..], &d[k..]);
        let (fa, fb, fc, fd) = (a[0], b[0], c[0], d[0]);
        for ((((x, a), b), c), d) in row.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *x -= (fa * a + fb * b) + (fc * c + fd * d);
        }
    }
    for single in quads.remainder().chunks_exact(dim) {
        let f = single[k];
        for (x, a) in row.iter_mut().zip(&single[k..]) {
            *x -= f * a;
        }
    }
}

impl Solve for Cholesky {
    fn dim(&self) -> usize {
        self.upper.dim()
    }

    fn solve(&self, x: &mut [Lanes]) {
        let dim = self.dim();
        for k in 0..dim {
            let known = dot(&self.lower.row(k)[..k], &x[..k]);
            x[k] = scale(self.reciprocals[k], sub(x[k], known));
        }
        for k in (0..dim).rev() {
            let known = dot(&self.upper.row(k)[k + 1..], &x[k + 1..]);
            x[k] = scale(self.reciprocals[k], sub(x[k], known));
        }
    }
}
