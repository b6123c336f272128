//! The Newton step of a batch, which the loss trait and the graph node share (Algorithm 1), and `inject_fisher` (Algorithm 2).

use super::input::{self, check_finite};
use super::matrix::Matrix;
use super::precondition::{Preconditioner, directions_per_sample, fisher_directions};
use super::settings::{Average, Curvature, Newton, check_lambda};
use crate::Error;
use crate::error::Quantity;
use crate::scalar::Float;

/// The Newton step of a batch of N predictions of m numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<T> {
    /// `d_i = (C + lambda I)^-1 g_i`, row-major N x m: the gradient of sample i's Newton loss.
    pub directions: Vec<T>,
    /// `z*_i = y_i - d_i`, row-major N x m.
    pub z_star: Vec<T>,
    /// `1/2 ||d_i||^2`, N numbers. For display: they overflow to infinity before the directions do.
    pub newton_losses: Vec<T>,
}

impl<T: Float> Step<T> {
    /// What a node of the batch's mean Newton loss hands to the network: `upstream * d_i / N`, row-major N x m.
    pub fn backward(&self, upstream: T) -> Vec<T> {
        let factor = upstream.to_f64() / self.newton_losses.len() as f64;
        self.directions.iter().map(|d| T::from_f64(factor * d.to_f64())).collect()
    }
}

/// Second derivatives of the per-sample losses, as the caller has them. Row-major; asymmetric rounding is averaged away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hessians<'a, T> {
    /// `1/N sum_i H_i`, m x m.
    Mean(&'a [T]),
    /// The same, accumulated in `f64`.
    WideMean(&'a [f64]),
    /// All `H_i`, N x m x m.
    PerSample(&'a [T]),
}

/// How what follows in the graph reduces the per-sample losses to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// Their mean: incoming gradients are `g_i / N`.
    #[default]
    Mean,
    /// Their sum: incoming gradients are `g_i`.
    Sum,
}

/// The step of a batch: `predictions` and per-sample `gradients` are row-major N x `dim`; `hessians` is read for
/// [`Curvature::Hessian`] only.
///
/// ```
/// use newton_runtime::newton::{Hessians, Newton, step};
///
/// // l(y) = 1/2 (y - 3)^2 has gradient y - 3 and Hessian 1.
/// let step = step(&Newton::hessian(1.0), &[5.0_f32], &[2.0], 1, Some(Hessians::Mean(&[1.0])))?;
/// assert_eq!(step.z_star, [4.0]);
/// # Ok::<(), newton_runtime::Error>(())
/// ```
///
/// # Errors
/// Those of [`directions`], and [`Error::NonFinite`] for a prediction or a direction that `T` cannot hold.
pub fn step<T: Float>(
    settings: &Newton,
    predictions: &[T],
    gradients: &[T],
    dim: usize,
    hessians: Option<Hessians<'_, T>>,
) -> Result<Step<T>, Error> {
    input::samples("predictions", predictions.len(), dim)?;
    input::same_length("gradients", gradients.len(), predictions.len(), "one for each prediction")?;
    check_finite(Quantity::Prediction, predictions, dim)?;
    finish(predictions, &directions(settings, gradients, dim, hessians)?, dim)
}

/// The step of samples that are part of a batch of `of` samples, whose curvature C (m x m, row-major) is known already; its entries carry
/// the rounding of `T`.
///
/// # Errors
/// As [`step()`].
pub(crate) fn step_by<T: Float>(
    settings: &Newton,
    predictions: &[T],
    gradients: &[T],
    dim: usize,
    curvature: &[f64],
    of: usize,
) -> Result<Step<T>, Error> {
    input::samples("predictions", predictions.len(), dim)?;
    input::same_length("gradients", gradients.len(), predictions.len(), "one for each prediction")?;
    check_finite(Quantity::Prediction, predictions, dim)?;
    check_finite(Quantity::Gradient, gradients, dim)?;
    let factored = Preconditioner::of_batch(settings, curvature, dim, of, input::epsilon::<T>())?;
    finish(predictions, &factored.directions(gradients)?, dim)
}

/// Rounds directions, and takes them from the predictions.
fn finish<T: Float>(predictions: &[T], wide: &[f64], dim: usize) -> Result<Step<T>, Error> {
    let directions = narrow(wide, dim)?;
    let z_star: Vec<T> = predictions.iter().zip(wide).map(|(y, d)| T::from_f64(y.to_f64() - d)).collect();
    check_finite(Quantity::Direction, &z_star, dim)?;
    let newton_losses =
        wide.chunks_exact(dim).map(|d| T::from_f64(0.5 * d.iter().map(|x| x * x).sum::<f64>())).collect();
    Ok(Step { directions, z_star, newton_losses })
}

/// The directions `d_i` alone, row-major N x `dim`, in `f64`.
///
/// # Errors
/// [`Error::Setting`] for a bad lambda; [`Error::EmptyBatch`]; [`Error::Mismatch`]; [`Error::NonFinite`] and
/// [`Error::NonFiniteMean`] for gradients and Hessians; [`Error::NoHessian`] when the settings ask for one and there is none;
/// [`Error::Singular`] and [`Error::Indefinite`] as in [`Preconditioner`], within [`Error::InSample`] when every sample has its
/// own matrix.
pub fn directions<T: Float>(
    settings: &Newton,
    gradients: &[T],
    dim: usize,
    hessians: Option<Hessians<'_, T>>,
) -> Result<Vec<f64>, Error> {
    settings.validate()?;
    let samples = input::samples("gradients", gradients.len(), dim)?;
    check_finite(Quantity::Gradient, gradients, dim)?;
    match (settings.curvature, settings.average) {
        (Curvature::None, _) => Ok(input::widen(gradients)),
        (Curvature::Fisher, average) => {
            fisher(gradients, dim, settings.lambda, average, 1.0 / samples as f64)
        }
        (Curvature::Hessian, average) => {
            by_hessian(settings, gradients, dim, hessians.ok_or(Error::NoHessian)?, average)
        }
    }
}

fn by_hessian<T: Float>(
    settings: &Newton,
    gradients: &[T],
    dim: usize,
    hessians: Hessians<'_, T>,
    average: Average,
) -> Result<Vec<f64>, Error> {
    let &Newton { lambda, on_indefinite, .. } = settings;
    let samples = gradients.len() / dim;
    let found = match hessians {
        Hessians::Mean(h) | Hessians::PerSample(h) => h.len(),
        Hessians::WideMean(h) => h.len(),
    };
    match (hessians, average) {
        (Hessians::PerSample(h), Average::Sample) => {
            directions_per_sample(gradients, h, dim, lambda, on_indefinite)
        }
        (Hessians::PerSample(h), Average::Batch) => {
            let mean = Matrix::symmetric(&mean_hessian(h, samples, dim)?, dim)?;
            Preconditioner::known_to(input::epsilon::<T>(), mean, lambda, on_indefinite)?
                .directions(gradients)
        }
        (_, Average::Sample) if samples > 1 => {
            let why = "average = sample needs the Hessians of all samples, not their mean".to_owned();
            Err(Error::Mismatch { what: "hessians", found, expected: samples * dim * dim, why })
        }
        (Hessians::Mean(h), _) => {
            Preconditioner::hessian(h, dim, lambda, on_indefinite)?.directions(gradients)
        }
        (Hessians::WideMean(h), _) => {
            // The sum is wide; what was summed is known no better than `T`.
            let mean = Matrix::symmetric(h, dim)?;
            Preconditioner::known_to(input::epsilon::<T>(), mean, lambda, on_indefinite)?
                .directions(gradients)
        }
    }
}

/// `1/N sum_i H_i`, summed in the order of the samples.
fn mean_hessian<T: Float>(hessians: &[T], samples: usize, dim: usize) -> Result<Vec<f64>, Error> {
    input::same_length("hessians", hessians.len(), samples * dim * dim, "one m x m matrix per sample")?;
    check_finite(Quantity::Hessian, hessians, dim * dim)?;
    let mut mean = vec![0.0; dim * dim];
    for h in hessians.chunks_exact(dim * dim) {
        for (mean, h) in mean.iter_mut().zip(h) {
            // Divided first: a sum of large entries must not overflow where their mean does not.
            *mean += h.to_f64() / samples as f64;
        }
    }
    Ok(mean)
}

fn fisher<T: Float>(
    gradients: &[T],
    dim: usize,
    lambda: f64,
    average: Average,
    factor: f64,
) -> Result<Vec<f64>, Error> {
    let wide = input::widen(gradients);
    match average {
        Average::Batch => fisher_directions(wide, dim, lambda, factor, input::epsilon::<T>()),
        Average::Sample => one_by_one(&wide, dim, lambda, input::epsilon::<T>()),
    }
}

/// One Fisher matrix `g_i g_i^T` per sample.
fn one_by_one(gradients: &[f64], dim: usize, lambda: f64, epsilon: f64) -> Result<Vec<f64>, Error> {
    let mut directions = Vec::with_capacity(gradients.len());
    for (sample, g) in gradients.chunks_exact(dim).enumerate() {
        let one = fisher_directions(g.to_vec(), dim, lambda, 1.0, epsilon);
        directions.extend(one.map_err(|source| Error::InSample { sample, source: Box::new(source) })?);
    }
    Ok(directions)
}

/// The backward of an identity node that preconditions whatever comes back by its own Fisher matrix (Algorithm 2):
/// `incoming` (row-major N x `dim`) times `(F + lambda I)^-1`.
///
/// For [`Reduction::Mean`] the incoming gradients are `u_i = g_i / N`, so `F = G^T G / N = N U^T U`, and the result is
/// `d_i / N`: what [`Step::backward`] gives for the same loss. For [`Reduction::Sum`] they are `g_i`, `F = U^T U / N`, and the
/// result is `d_i`.
///
/// # Errors
/// As [`directions`]; gradients that are not finite are [`Quantity::IncomingGradient`].
pub fn inject_fisher<T: Float>(
    lambda: f64,
    incoming: &[T],
    dim: usize,
    reduction: Reduction,
) -> Result<Vec<T>, Error> {
    check_lambda(lambda)?;
    let samples = input::samples("incoming gradient", incoming.len(), dim)? as f64;
    check_finite(Quantity::IncomingGradient, incoming, dim)?;
    let factor = match reduction {
        Reduction::Mean => samples,
        Reduction::Sum => 1.0 / samples,
    };
    narrow(&fisher(incoming, dim, lambda, Average::Batch, factor)?, dim)
}

/// Rounds directions to the caller's type, which may not hold them.
fn narrow<T: Float>(directions: &[f64], dim: usize) -> Result<Vec<T>, Error> {
    let narrow: Vec<T> = directions.iter().map(|&d| T::from_f64(d)).collect();
    check_finite(Quantity::Direction, &narrow, dim)?;
    Ok(narrow)
}
