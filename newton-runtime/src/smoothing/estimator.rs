//! What is made of a black box's results: a loss with derivatives.

use rayon::prelude::*;

use super::factors::SampleFactors;
use super::{Covariate, Round, SmoothingError};
use crate::Error;
use crate::loss::Gradients;
use crate::scalar::Float;

/// Values, gradients and Hessians from a round of evaluations. `L` is the label.
pub trait Estimator<T: Float, L>: Sync {
    /// Whether it can work with a function from `dim` to `outputs` numbers, and give Hessians if they are asked for.
    ///
    /// # Errors
    /// [`SmoothingError`], with the reason.
    fn validate(
        &self,
        dim: usize,
        outputs: usize,
        hessian: bool,
        noise: &super::Noise,
    ) -> Result<(), SmoothingError>;

    /// Whether it reads the result at the unperturbed argument.
    fn reads_unperturbed(&self, covariate: Covariate, hessian: bool) -> bool;

    /// Per-sample values and gradients.
    ///
    /// # Errors
    /// For labels that do not fit.
    fn gradients(&self, round: &Round<'_, T>, labels: &[L]) -> Result<Gradients<T>, Error>;

    /// A sample's Hessian times `factor`, as factors of a product.
    ///
    /// # Errors
    /// [`SmoothingError`], where there is none.
    #[doc(hidden)]
    fn factor_hessian(
        &self,
        round: &Round<'_, T>,
        sample: usize,
        factor: f64,
        into: SampleFactors<'_>,
    ) -> Result<(), SmoothingError>;

    /// Its form for GPUs; none: losses are then evaluated on the CPU.
    #[cfg(feature = "cuda")]
    fn for_device(&self) -> Option<&dyn crate::cuda::smoothing::DeviceEstimator<T, L>> {
        None
    }
}

/// The value and the gradient of every sample, on all cores.
pub(super) fn per_sample<T: Float>(
    round: &Round<'_, T>,
    of: impl Fn(usize) -> Result<(f64, Vec<f64>), Error> + Sync,
) -> Result<Gradients<T>, Error> {
    let mut values = vec![T::default(); round.samples()];
    let mut gradients = vec![T::default(); round.predictions.len()];
    let rows = values.par_iter_mut().zip(gradients.par_chunks_mut(round.dim)).enumerate();
    let failures = rows.filter_map(|(sample, (value, gradient))| match of(sample) {
        Ok((v, g)) => {
            *value = T::from_f64(v);
            gradient.iter_mut().zip(g).for_each(|(into, g)| *into = T::from_f64(g));
            None
        }
        Err(error) => Some((sample, error)),
    });
    match failures.min_by_key(|(sample, _)| *sample) {
        Some((_, error)) => Err(error),
        None => Ok(Gradients { values, gradients }),
    }
}

/// The function is the loss: its mean under noise is what is minimised ("Newton Losses", appendix B.4, equations 15 and 16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OfLoss;

impl<T: Float, L: Sync> Estimator<T, L> for OfLoss {
    fn validate(
        &self,
        _dim: usize,
        outputs: usize,
        hessian: bool,
        noise: &super::Noise,
    ) -> Result<(), SmoothingError> {
        super::length("a loss", outputs, 1)?;
        if hessian { noise.distribution.curvature(0.0).map(drop) } else { Ok(()) }
    }

    fn reads_unperturbed(&self, covariate: Covariate, _hessian: bool) -> bool {
        covariate == Covariate::Unperturbed
    }

    fn gradients(&self, round: &Round<'_, T>, _labels: &[L]) -> Result<Gradients<T>, Error> {
        per_sample(round, |sample| {
            let of = round.evaluations(sample);
            Ok((of.mean(), of.gradient(round.covariate)))
        })
    }

    fn factor_hessian(
        &self,
        round: &Round<'_, T>,
        sample: usize,
        factor: f64,
        into: SampleFactors<'_>,
    ) -> Result<(), SmoothingError> {
        round.evaluations(sample).factor_hessian(round.covariate, factor, into)
    }

    #[cfg(feature = "cuda")]
    fn for_device(&self) -> Option<&dyn crate::cuda::smoothing::DeviceEstimator<T, L>> {
        Some(self)
    }
}
