//! Perturbed optimizers and their losses.

use super::algorithm::target;
use super::estimator::{Estimator, per_sample};
use super::factors::SampleFactors;
use super::{Covariate, Labelled, Noise, Numbers, Round, SmoothingError};
use crate::Error;
use crate::loss::Gradients;
use crate::scalar::Float;

/// Whether the function minimises or maximises `<y, w>` over its feasible w.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sense {
    /// y are costs: a shortest path, an assignment.
    #[default]
    Minimize,
    /// y are utilities: a knapsack, a ranking.
    Maximize,
}

/// The function is an optimizer, `w(y) = argmin <y, w>` (or argmax), m numbers to m numbers; labels have the best w by the true y.
/// The loss is the Fenchel-Young loss of its mean under noise (Berthet et al., NeurIPS 2020), which is convex in y:
///
/// ```text
/// value     1/S sum_s <y + e_s, w* - w(y + e_s)>            the excess cost of the label, 0 or more if the optimizer is exact
/// gradient  w* - 1/S sum_s w(y + e_s)                       exactly the value's, for the same noise
/// Hessian   -1/S sum_s (w(y + e_s) - c) nu'(e_s)^T          symmetrised where it is used
/// ```
///
/// all negated for [`Sense::Maximize`]. The value is the Fenchel-Young loss up to a constant of the label. The covariate c matters to
/// the Hessian alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OfOptimizer {
    /// Minimises or maximises.
    pub sense: Sense,
}

impl OfOptimizer {
    pub(crate) fn sign(self) -> f64 {
        match self.sense {
            Sense::Minimize => 1.0,
            Sense::Maximize => -1.0,
        }
    }
}

impl<T, L> Estimator<T, L> for OfOptimizer
where
    T: Float,
    L: Labelled,
    L::Target: Numbers<T>,
{
    fn validate(
        &self,
        dim: usize,
        outputs: usize,
        _hessian: bool,
        _noise: &Noise,
    ) -> Result<(), SmoothingError> {
        super::length("a solution", outputs, dim)
    }

    fn reads_unperturbed(&self, covariate: Covariate, hessian: bool) -> bool {
        hessian && covariate == Covariate::Unperturbed
    }

    fn gradients(&self, round: &Round<'_, T>, labels: &[L]) -> Result<Gradients<T>, Error> {
        let sign = self.sign();
        per_sample(round, |sample| {
            let target: Vec<T> = target(labels[sample].target(), round.dim, sample)?;
            let target: Vec<f64> = target.iter().map(|w| w.to_f64()).collect();
            let y = &round.predictions[sample * round.dim..][..round.dim];
            let mut value = 0.0;
            let rows = round.drawn(sample).chunks(round.dim).zip(round.perturbed(sample).chunks(round.dim));
            for (z, w) in rows {
                for i in 0..round.dim {
                    value += (y[i].to_f64() + round.noise.scale * z[i]) * (target[i] - w[i]);
                }
            }
            let mut gradient = round.solutions(sample).fenchel_young_gradient(&target)?;
            gradient.iter_mut().for_each(|g| *g *= sign);
            Ok((sign * value / round.noise.samples as f64, gradient))
        })
    }

    fn factor_hessian(
        &self,
        round: &Round<'_, T>,
        sample: usize,
        factor: f64,
        into: SampleFactors<'_>,
    ) -> Result<(), SmoothingError> {
        let factor = self.sign() * factor;
        round.solutions(sample).factor_fenchel_young_hessian(round.covariate, factor, into)
    }

    #[cfg(feature = "cuda")]
    fn for_device(&self) -> Option<&dyn crate::cuda::smoothing::DeviceEstimator<T, L>> {
        Some(self)
    }
}
