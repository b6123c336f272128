//! What a batch's round of evaluations gives, checked.

use rayon::prelude::*;

use super::estimator::Estimator;
use super::factors::Factors;
use super::round::Round;
use crate::Error;
use crate::error::Quantity;
use crate::loss::Gradients;
use crate::newton::{Matrix, check_finite, check_finite_mean};
use crate::scalar::Float;

/// Per-sample values and gradients.
pub fn gradients<T: Float, L>(
    estimator: &impl Estimator<T, L>,
    round: &Round<'_, T>,
    labels: &[L],
) -> Result<Gradients<T>, Error> {
    let out = estimator.gradients(round, labels)?;
    check_finite(Quantity::Loss, &out.values, 1)?;
    check_finite(Quantity::Gradient, &out.gradients, round.dim)?;
    Ok(out)
}

/// The mean over the batch, m x m, symmetric: one matrix product over all samples' perturbations.
pub fn mean_hessian<T: Float, L>(
    estimator: &impl Estimator<T, L>,
    round: &Round<'_, T>,
) -> Result<Vec<f64>, Error> {
    let (samples, dim) = (round.samples(), round.dim);
    let mut factors = Factors::new(samples, round.noise.samples, dim);
    let factor = 1.0 / samples as f64;
    let all = factors.samples().enumerate();
    all.try_for_each(|(sample, into)| estimator.factor_hessian(round, sample, factor, into))?;
    let mut mean = vec![0.0; dim * dim];
    factors.add_to(&mut mean);
    let mean = symmetric(&mean, dim)?;
    check_finite_mean(Quantity::Hessian, &mean)?;
    Ok(mean)
}

/// All of them, N x m x m, symmetric.
pub fn hessians<T: Float, L>(
    estimator: &impl Estimator<T, L>,
    round: &Round<'_, T>,
) -> Result<Vec<T>, Error> {
    let dim = round.dim;
    let mut all = vec![T::default(); round.samples() * dim * dim];
    all.par_chunks_mut(dim * dim).enumerate().try_for_each(|(sample, into)| {
        let mut factors = Factors::new(1, round.noise.samples, dim);
        factors.samples().try_for_each(|of| estimator.factor_hessian(round, sample, 1.0, of))?;
        let mut hessian = vec![0.0; dim * dim];
        factors.add_to(&mut hessian);
        into.iter_mut().zip(symmetric(&hessian, dim)?).for_each(|(into, h)| *into = T::from_f64(h));
        Ok::<(), Error>(())
    })?;
    check_finite(Quantity::Hessian, &all, dim * dim)?;
    Ok(all)
}

/// What is symmetric in expectation is not in an estimate.
fn symmetric(matrix: &[f64], dim: usize) -> Result<Vec<f64>, Error> {
    Ok(Matrix::symmetric(matrix, dim)?.into_vec())
}
