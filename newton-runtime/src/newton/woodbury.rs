//! The Fisher step of a batch with fewer samples than outputs, through an N x N matrix (Equation 27):
//!
//! ```text
//! (F + lambda I)^-1 = 1/lambda I_m - 1/(N lambda^2) G^T (1/(N lambda) G G^T + I_N)^-1 G
//!                   = 1/lambda (I_m - 1/N G^T K^-1 G)          K = G G^T / N + lambda I_N
//! ```
//!
//! For the gradients themselves the same identity has a form without the difference, which cancels when lambda is small next
//! to F, and with half the work: `G (F + lambda I)^-1 = K^-1 G`.

use super::cholesky::Cholesky;
use super::eigen::{Eigen, Spectral};
use super::lanes::Solve;
use super::matrix::{Matrix, PivotError};
use super::{fisher, input};
use crate::Error;
use crate::scalar::Float;

/// Inverts a positive semidefinite matrix plus `lambda > 0`.
#[derive(Debug, Clone)]
pub(super) enum Definite {
    Cholesky(Cholesky),
    Spectral(Spectral),
}

impl Definite {
    /// Cholesky; and where rounding of very large entries hides lambda from it, the eigenvalues, none of which is below zero
    /// in truth: then no direction is longer than its gradient over lambda.
    pub(super) fn new(matrix: &Matrix, lambda: f64) -> Result<Result<Self, PivotError>, Error> {
        let shifted = matrix.shifted(lambda);
        let tolerance = matrix.dim() as f64 * f64::EPSILON;
        if let Ok(factor) = Cholesky::factor(&shifted, tolerance) {
            return Ok(Ok(Self::Cholesky(factor)));
        }
        let eigen = Eigen::of(matrix)?;
        Ok(Spectral::new(eigen, shifted.max_abs(), 0.0, |w| w.max(0.0) + lambda).map(Self::Spectral))
    }

    pub(super) fn solve_rows<T: Float>(&self, rows: &[T]) -> Vec<f64> {
        match self {
            Self::Cholesky(factor) => factor.solve_rows(rows),
            Self::Spectral(factor) => factor.solve_rows(rows),
        }
    }

    fn solve_columns(&self, columns: &[f64], width: usize) -> Vec<f64> {
        match self {
            Self::Cholesky(factor) => factor.solve_columns(columns, width),
            Self::Spectral(factor) => factor.solve_columns(columns, width),
        }
    }
}

/// The error for a lambda that is not positive.
pub(super) fn positive(lambda: f64) -> Error {
    Error::Setting {
        name: "lambda",
        value: lambda,
        expected: "Equation 27 divides by lambda: it must be finite and positive",
    }
}

/// `(F + lambda I)^-1` of the gradients it was made from.
#[derive(Debug, Clone)]
pub struct Woodbury {
    dim: usize,
    lambda: f64,
    /// What F multiplies `G^T G` by: 1/N for per-sample gradients.
    factor: f64,
    gradients: Vec<f64>,
    kernel: Definite,
}

impl Woodbury {
    /// Factors `G G^T / N + lambda I` of row-major `gradients`, N x `dim`.
    ///
    /// # Errors
    /// Those of [`fisher()`](super::fisher()), and [`Error::Setting`] for a lambda that is not positive.
    pub fn factor<T: Float>(gradients: &[T], dim: usize, lambda: f64) -> Result<Self, Error> {
        let samples = input::samples("gradients", gradients.len(), dim)?;
        input::check_finite(crate::error::Quantity::Gradient, gradients, dim)?;
        Self::scaled(input::widen(gradients), dim, lambda, 1.0 / samples as f64)
    }

    pub(super) fn scaled(gradients: Vec<f64>, dim: usize, lambda: f64, factor: f64) -> Result<Self, Error> {
        if !(lambda.is_finite() && lambda > 0.0) {
            return Err(positive(lambda));
        }
        let kernel = fisher::kernel(&gradients, dim, factor)?;
        let kernel = Definite::new(&kernel, lambda)?.map_err(|_| positive(lambda))?;
        Ok(Self { dim, lambda, factor, gradients, kernel })
    }

    /// `(F + lambda I)^-1` applied to row-major right-hand sides, rows of m numbers (Equation 27).
    pub fn solve_rows<T: Float>(&self, rows: &[T]) -> Vec<f64> {
        let (dim, samples) = (self.dim, self.gradients.len() / self.dim);
        let mut out = input::widen(rows);
        let products: Vec<f64> = out
            .chunks_exact(dim)
            .flat_map(|b| {
                self.gradients.chunks_exact(dim).map(move |g| b.iter().zip(g).map(|(b, g)| b * g).sum())
            })
            .collect();
        let weights = self.kernel.solve_rows(&products);
        for (b, weights) in out.chunks_exact_mut(dim).zip(weights.chunks_exact(samples)) {
            for (g, weight) in self.gradients.chunks_exact(dim).zip(weights) {
                let weight = self.factor * weight;
                for (b, g) in b.iter_mut().zip(g) {
                    *b -= weight * g;
                }
            }
            for b in b {
                *b /= self.lambda;
            }
        }
        out
    }

    /// `(F + lambda I)^-1 g_i` for the gradients it was made from, row-major N x m.
    pub fn directions(&self) -> Vec<f64> {
        self.kernel.solve_columns(&self.gradients, self.dim)
    }
}
