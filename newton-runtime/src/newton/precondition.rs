//! From a curvature, lambda and a policy to something that turns gradients into directions.

use super::cholesky::Cholesky;
use super::eigen::{Eigen, Spectral};
use super::indefinite::Indefinite;
use super::input::{self, check_finite_mean};
use super::lanes::Solve;
use super::matrix::{Matrix, PivotError};
use super::settings::{Curvature, Newton, OnIndefinite, check_lambda};
use super::woodbury::{Definite, Woodbury};
use super::{check_finite, fisher};
use crate::Error;
use crate::error::Quantity;
use crate::scalar::Float;

/// How a [`Preconditioner`] inverts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// `A = L L^T`.
    Cholesky,
    /// `P A P^T = L D L^T`, Bunch-Kaufman.
    Indefinite,
    /// `A = V diag(w) V^T`.
    Eigen,
    /// Equation 27: a matrix of the samples instead of the outputs.
    Woodbury,
}

#[derive(Debug, Clone)]
enum Solver {
    Cholesky(Cholesky),
    Indefinite(Indefinite),
    Spectral(Spectral),
    Woodbury(Woodbury),
}

/// `(C + lambda I)^-1`, factored once for the batch.
#[derive(Debug, Clone)]
pub struct Preconditioner {
    dim: usize,
    solver: Solver,
}

/// A vanished pivot means this much next to the largest entry, per row of the matrix.
const PIVOTS: f64 = 16.0;

const COMMON_SHIFT: &str = " (C maps the all-ones vector to zero: a loss that only sees differences, such as a ranking loss, is \
                            flat along a common shift of its inputs and always needs lambda > 0)";
const CLAMPED: &str = ", or on_indefinite = abs (a clamped direction has no curvature but lambda)";
const FEW_SAMPLES: &str = " (the Fisher matrix of N samples has at most rank N, here less than m)";

impl Preconditioner {
    /// From a symmetric curvature C, row-major `dim` x `dim` (it is symmetrised first): the mean of the per-sample Hessians
    /// in Definition 1.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for another length; [`Error::NonFiniteMean`]; [`Error::Setting`] for a bad lambda;
    /// [`Error::Singular`] when a pivot vanishes next to the largest entry; [`Error::Indefinite`] under
    /// [`OnIndefinite::Error`] when `C + lambda I` is not positive definite.
    pub fn hessian<C: Float>(
        curvature: &[C],
        dim: usize,
        lambda: f64,
        on_indefinite: OnIndefinite,
    ) -> Result<Self, Error> {
        check_lambda(lambda)?;
        let matrix = Matrix::symmetric(curvature, dim)?;
        Self::known_to(input::epsilon::<C>(), matrix, lambda, on_indefinite)
    }

    /// The same for a C whose entries carry a relative error of `epsilon`.
    pub(super) fn known_to(
        epsilon: f64,
        matrix: Matrix,
        lambda: f64,
        on_indefinite: OnIndefinite,
    ) -> Result<Self, Error> {
        check_finite_mean(Quantity::Hessian, matrix.as_slice())?;
        let dim = matrix.dim();
        let tolerance = tolerance(dim, lambda, matrix.max_abs(), epsilon);
        let singular = |error| {
            singular(error, lambda, &matrix, if on_indefinite == OnIndefinite::Clamp { CLAMPED } else { "" })
        };
        let shifted = matrix.shifted(lambda);
        let scale = shifted.max_abs();
        let spectral = |change: &dyn Fn(f64) -> f64| {
            Spectral::new(Eigen::of(&matrix)?, scale, tolerance, |w| change(w) + lambda).map_err(singular)
        };
        let solver = match on_indefinite {
            OnIndefinite::Keep => {
                Solver::Indefinite(Indefinite::factor(&shifted, tolerance).map_err(singular)?)
            }
            OnIndefinite::Clamp => Solver::Spectral(spectral(&|w| w.max(0.0))?),
            OnIndefinite::Abs => Solver::Spectral(spectral(&f64::abs)?),
            OnIndefinite::Error => match Cholesky::factor(&shifted, tolerance) {
                Ok(factor) => Solver::Cholesky(factor),
                Err(pivot) => {
                    return Err(
                        refuse(&matrix, lambda, tolerance * scale)?.unwrap_or_else(|| singular(pivot))
                    );
                }
            },
        };
        Ok(Self { dim, solver })
    }

    /// From the per-sample gradients, row-major N x `dim`: `C = F = G^T G / N` (Definition 2). With fewer samples than
    /// outputs an N x N matrix is factored instead (Equation 27).
    ///
    /// For lambda > 0 this never fails on finite F, and no direction is longer than its right-hand side over lambda.
    ///
    /// # Errors
    /// [`Error::EmptyBatch`], [`Error::Mismatch`], [`Error::NonFinite`], [`Error::NonFiniteMean`] (F overflows),
    /// [`Error::Setting`] for a bad lambda; [`Error::Singular`] at lambda = 0 when F has not full rank.
    pub fn fisher<T: Float>(gradients: &[T], dim: usize, lambda: f64) -> Result<Self, Error> {
        check_lambda(lambda)?;
        let samples = input::samples("gradients", gradients.len(), dim)?;
        check_finite(Quantity::Gradient, gradients, dim)?;
        let factor = 1.0 / samples as f64;
        Self::scaled_fisher(input::widen(gradients), dim, lambda, factor, input::epsilon::<T>())
    }

    fn scaled_fisher(
        gradients: Vec<f64>,
        dim: usize,
        lambda: f64,
        factor: f64,
        epsilon: f64,
    ) -> Result<Self, Error> {
        let samples = gradients.len() / dim;
        if samples < dim && lambda > 0.0 {
            let woodbury = Woodbury::scaled(gradients, dim, lambda, factor)?;
            return Ok(Self { dim, solver: Solver::Woodbury(woodbury) });
        }
        Self::of_fisher(fisher::gram(&gradients, dim, factor)?, samples, lambda, epsilon)
    }

    /// From the Fisher matrix of so many samples.
    fn of_fisher(matrix: Matrix, samples: usize, lambda: f64, epsilon: f64) -> Result<Self, Error> {
        let dim = matrix.dim();
        let hint = if samples < dim { FEW_SAMPLES } else { "" };
        let solver = if lambda > 0.0 {
            match Definite::new(&matrix, lambda)?.map_err(|e| singular(e, lambda, &matrix, hint))? {
                Definite::Cholesky(factor) => Solver::Cholesky(factor),
                Definite::Spectral(factor) => Solver::Spectral(factor),
            }
        } else {
            // F squares the gradients, and with them their rounding errors.
            let rank = PIVOTS * dim as f64 * epsilon;
            let tolerance = (rank * rank).max(PIVOTS * dim as f64 * f64::EPSILON);
            Solver::Cholesky(
                Cholesky::factor(&matrix, tolerance).map_err(|e| singular(e, lambda, &matrix, hint))?,
            )
        };
        Ok(Self { dim, solver })
    }

    /// From the curvature of a batch of so many samples, as the settings ask for one: the mean Hessian or the Fisher matrix of numbers that
    /// are known to `epsilon`.
    pub(super) fn of_batch(
        settings: &Newton,
        curvature: &[f64],
        dim: usize,
        samples: usize,
        epsilon: f64,
    ) -> Result<Self, Error> {
        settings.validate()?;
        let matrix = Matrix::symmetric(curvature, dim)?;
        if settings.curvature == Curvature::Fisher {
            check_finite_mean(Quantity::Fisher, matrix.as_slice())?;
            return Self::of_fisher(matrix, samples, settings.lambda, epsilon);
        }
        Self::known_to(epsilon, matrix, settings.lambda, settings.on_indefinite)
    }

    /// m.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Which factorisation was picked.
    pub fn method(&self) -> Method {
        match self.solver {
            Solver::Cholesky(_) => Method::Cholesky,
            Solver::Indefinite(_) => Method::Indefinite,
            Solver::Spectral(_) => Method::Eigen,
            Solver::Woodbury(_) => Method::Woodbury,
        }
    }

    /// How many eigenvalues of the inverted matrix are negative: directions in which the step goes the other way.
    pub fn negative(&self) -> usize {
        match &self.solver {
            Solver::Indefinite(factor) => factor.inertia().negative,
            _ => 0,
        }
    }

    /// `d_i = (C + lambda I)^-1 g_i` for row-major right-hand sides, rows of m numbers.
    ///
    /// # Errors
    /// [`Error::EmptyBatch`], [`Error::Mismatch`] when the rows are not of m numbers.
    pub fn directions<T: Float>(&self, gradients: &[T]) -> Result<Vec<f64>, Error> {
        input::samples("gradients", gradients.len(), self.dim)?;
        Ok(match &self.solver {
            Solver::Cholesky(factor) => factor.solve_rows(gradients),
            Solver::Indefinite(factor) => factor.solve_rows(gradients),
            Solver::Spectral(factor) => factor.solve_rows(gradients),
            Solver::Woodbury(factor) => factor.solve_rows(gradients),
        })
    }

    /// `z*_i = y_i - d_i` in `f64`, row-major.
    ///
    /// # Errors
    /// As [`Preconditioner::directions`], and [`Error::Mismatch`] when there are not as many predictions as gradients.
    pub fn z_star<T: Float>(&self, predictions: &[T], gradients: &[T]) -> Result<Vec<f64>, Error> {
        input::same_length("predictions", predictions.len(), gradients.len(), "one for each gradient")?;
        let directions = self.directions(gradients)?;
        Ok(predictions.iter().zip(directions).map(|(y, d)| y.to_f64() - d).collect())
    }

    /// The inverse itself, row-major m x m, for inspection: solving with the factors is faster and more accurate.
    pub fn inverse(&self) -> Vec<f64> {
        match &self.solver {
            Solver::Cholesky(factor) => factor.inverse().into_vec(),
            Solver::Indefinite(factor) => factor.inverse().into_vec(),
            Solver::Spectral(factor) => factor.inverse().into_vec(),
            Solver::Woodbury(factor) => factor.solve_rows(Matrix::identity(self.dim).as_slice()),
        }
    }
}

/// Directions of the gradients that the Fisher matrix `factor * G^T G` itself is made of.
pub(crate) fn fisher_directions(
    gradients: Vec<f64>,
    dim: usize,
    lambda: f64,
    factor: f64,
    epsilon: f64,
) -> Result<Vec<f64>, Error> {
    if gradients.len() / dim < dim && lambda > 0.0 {
        Ok(Woodbury::scaled(gradients, dim, lambda, factor)?.directions())
    } else {
        let preconditioner = Preconditioner::scaled_fisher(gradients.clone(), dim, lambda, factor, epsilon)?;
        preconditioner.directions(&gradients)
    }
}

/// `d_i = (H_i + lambda I)^-1 g_i`, every sample with its own Hessian: `gradients` N x `dim`, `hessians` N x `dim` x `dim`.
///
/// # Errors
/// Those of [`Preconditioner::hessian`] within [`Error::InSample`], and [`Error::NonFinite`] for a Hessian that is not finite.
pub fn directions_per_sample<T: Float>(
    gradients: &[T],
    hessians: &[T],
    dim: usize,
    lambda: f64,
    on_indefinite: OnIndefinite,
) -> Result<Vec<f64>, Error> {
    let samples = input::samples("gradients", gradients.len(), dim)?;
    input::same_length("hessians", hessians.len(), samples * dim * dim, "one m x m matrix per sample")?;
    check_finite(Quantity::Hessian, hessians, dim * dim)?;
    let mut directions = Vec::with_capacity(gradients.len());
    for (sample, (g, h)) in gradients.chunks_exact(dim).zip(hessians.chunks_exact(dim * dim)).enumerate() {
        let one = Preconditioner::hessian(h, dim, lambda, on_indefinite).and_then(|p| p.directions(g));
        directions.extend(one.map_err(|source| Error::InSample { sample, source: Box::new(source) })?);
    }
    Ok(directions)
}

/// What is wrong with a mean Hessian that a GPU could not factor: symmetric, its entries known to `epsilon`.
#[cfg(feature = "cuda")]
pub(crate) fn hessian_error(
    hessian: Vec<f64>,
    dim: usize,
    lambda: f64,
    on_indefinite: OnIndefinite,
    epsilon: f64,
) -> Option<Error> {
    let matrix = Matrix::symmetric(&hessian, dim);
    matrix.and_then(|matrix| Preconditioner::known_to(epsilon, matrix, lambda, on_indefinite)).err()
}

/// The same for a Fisher matrix of so many samples, whose gradients are known to `epsilon`.
#[cfg(feature = "cuda")]
pub(crate) fn fisher_error(
    fisher: Vec<f64>,
    dim: usize,
    samples: usize,
    lambda: f64,
    epsilon: f64,
) -> Option<Error> {
    let matrix = Matrix::from_rows(fisher, dim);
    matrix.and_then(|matrix| Preconditioner::of_fisher(matrix, samples, lambda, epsilon)).err()
}

/// The same for the N x N matrix of Equation 27.
#[cfg(feature = "cuda")]
pub(crate) fn kernel_error(kernel: Vec<f64>, samples: usize, lambda: f64) -> Option<Error> {
    let matrix = Matrix::from_rows(kernel, samples);
    let factored = matrix.and_then(|matrix| Definite::new(&matrix, lambda));
    factored.map_or_else(Some, |made| made.err().map(|_| super::woodbury::positive(lambda)))
}

/// Relative size below which a pivot is zero. Without a lambda, C is known no better than its rounding in the caller's type;
/// a lambda that stands out is exact, and then only the factorisation's own rounding counts.
fn tolerance(dim: usize, lambda: f64, scale: f64, epsilon: f64) -> f64 {
    let epsilon = if lambda > f64::EPSILON * scale { f64::EPSILON } else { epsilon };
    PIVOTS * dim as f64 * epsilon
}

fn singular(
    PivotError { pivot, dim, value, scale }: PivotError,
    lambda: f64,
    matrix: &Matrix,
    hint: &'static str,
) -> Error {
    let row_sums = (0..dim).map(|i| matrix.row(i).iter().sum::<f64>().abs());
    // As lenient as the pivots: rows of an f32 Hessian sum to a few roundings of what it was made of.
    let zero = PIVOTS * f64::from(f32::EPSILON) * dim as f64 * matrix.max_abs();
    let flat = row_sums.fold(0.0, f64::max) <= zero;
    let hint = if flat && hint.is_empty() { COMMON_SHIFT } else { hint };
    Error::Singular { lambda, pivot, dim, value, scale, hint }
}

/// The error for negative eigenvalues of `C + lambda I`, if it has any.
fn refuse(matrix: &Matrix, lambda: f64, threshold: f64) -> Result<Option<Error>, Error> {
    let values = Eigen::values_of(matrix)?;
    let negative = values.iter().filter(|&&w| w + lambda < -threshold).count();
    let refusal = Error::Indefinite { negative, dim: matrix.dim(), lowest: values[0], lambda };
    Ok((negative > 0).then_some(refusal))
}
