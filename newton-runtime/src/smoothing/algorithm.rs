//! A differentiable loss on the result of a smoothed algorithm.

use rayon::prelude::*;
use std::marker::PhantomData;

use super::estimator::{Estimator, per_sample};
use super::factors::SampleFactors;
use super::{Covariate, Labelled, Noise, Numbers, Round, SmoothingError};
use crate::Error;
use crate::loss::{Gradients, NewtonLoss};
use crate::newton::Newton;
use crate::scalar::Float;

/// The function is an algorithm: a differentiable loss is taken of its mean result under noise. The chain rule needs the Jacobian of
/// that mean only as a product with the loss's gradient; it is never built.
///
/// There is no Hessian, see [`SmoothingError::HessianOfAlgorithm`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OfAlgorithm<L> {
    /// The loss on the mean result, k numbers. Its own Newton settings are not read.
    pub loss: L,
}

/// A loss whose labels are results: says so where generated code has one that is not.
#[doc(hidden)]
pub fn output_loss<T: Float, R, L: NewtonLoss<T, Label = R>>(loss: L) -> L {
    loss
}

impl<T, L, Label> Estimator<T, Label> for OfAlgorithm<L>
where
    T: Float,
    L: NewtonLoss<T>,
    L::Label: Clone,
    Label: Labelled<Target = L::Label>,
{
    fn validate(
        &self,
        _dim: usize,
        outputs: usize,
        hessian: bool,
        _noise: &Noise,
    ) -> Result<(), SmoothingError> {
        super::length("the prediction of the loss on the results", self.loss.dim(), outputs)?;
        if hessian { Err(SmoothingError::HessianOfAlgorithm) } else { Ok(()) }
    }

    fn reads_unperturbed(&self, covariate: Covariate, _hessian: bool) -> bool {
        covariate == Covariate::Unperturbed
    }

    fn gradients(&self, round: &Round<'_, T>, labels: &[Label]) -> Result<Gradients<T>, Error> {
        let means: Vec<Vec<f64>> =
            (0..labels.len()).into_par_iter().map(|sample| round.solutions(sample).mean()).collect();
        let means: Vec<T> = means.into_iter().flatten().map(T::from_f64).collect();
        let targets: Vec<L::Label> = labels.iter().map(|label| label.target().clone()).collect();
        let outer = self.loss.gradients(&means, &targets)?;
        per_sample(round, |sample| {
            let upstream: Vec<f64> = outer.gradients[sample * round.outputs..][..round.outputs]
                .iter()
                .map(|g| g.to_f64())
                .collect();
            let gradient = round.solutions(sample).gradient(round.covariate, &upstream)?;
            Ok((outer.values[sample].to_f64(), gradient))
        })
    }

    fn factor_hessian(
        &self,
        _round: &Round<'_, T>,
        _sample: usize,
        _factor: f64,
        _into: SampleFactors<'_>,
    ) -> Result<(), SmoothingError> {
        Err(SmoothingError::HessianOfAlgorithm)
    }

    #[cfg(feature = "cuda")]
    fn for_device(&self) -> Option<&dyn crate::cuda::smoothing::DeviceEstimator<T, Label>> {
        Some(self)
    }
}

/// `1/k sum_o (y_o - w_o)^2`: the usual loss on the result of an algorithm. Labels are any [`Numbers`], k of them.
#[derive(Debug)]
pub struct MeanSquaredError<L> {
    dim: usize,
    label: PhantomData<fn(&L)>,
}

impl<L> MeanSquaredError<L> {
    /// For results of `dim` numbers.
    pub const fn new(dim: usize) -> Self {
        Self { dim, label: PhantomData }
    }
}

impl<L> Clone for MeanSquaredError<L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L> Copy for MeanSquaredError<L> {}

/// The numbers of a target, in `f64`.
pub(crate) fn target<T: Float>(
    numbers: &impl Numbers<T>,
    expected: usize,
    sample: usize,
) -> Result<Vec<T>, Error> {
    let mut target = vec![T::default(); expected];
    let found = numbers.write(&mut target).map_err(|why| Error::Target { sample, why })?;
    if found != expected {
        let why = format!("it has {found} numbers, expected {expected}");
        return Err(Error::Target { sample, why });
    }
    crate::newton::check_finite(crate::error::Quantity::Label, &target, expected).map_err(
        |error| match error {
            Error::NonFinite { quantity, entry, value, .. } => {
                Error::NonFinite { quantity, sample, entry, value }
            }
            other => other,
        },
    )?;
    Ok(target)
}

impl<T: Float, L: Numbers<T> + Sync> NewtonLoss<T> for MeanSquaredError<L> {
    type Label = L;

    fn dim(&self) -> usize {
        self.dim
    }

    fn newton(&self) -> Newton {
        Newton::none()
    }

    fn gradients(&self, predictions: &[T], labels: &[L]) -> Result<Gradients<T>, Error> {
        crate::loss::check_batch("the mean squared error", self.dim, predictions, labels.len())?;
        let (mut values, mut gradients) = (Vec::new(), Vec::with_capacity(predictions.len()));
        for (sample, (y, label)) in predictions.chunks(self.dim.max(1)).zip(labels).enumerate() {
            let target = target(label, self.dim, sample)?;
            let off = y.iter().zip(&target).map(|(y, w)| y.to_f64() - w.to_f64());
            values.push(T::from_f64(off.clone().map(|d| d * d).sum::<f64>() / self.dim as f64));
            gradients.extend(off.map(|d| T::from_f64(2.0 * d / self.dim as f64)));
        }
        Ok(Gradients { values, gradients })
    }

    fn hessians(&self, predictions: &[T], labels: &[L]) -> Result<Vec<T>, Error> {
        crate::loss::check_batch("the mean squared error", self.dim, predictions, labels.len())?;
        let diagonal = T::from_f64(2.0 / self.dim as f64);
        let one =
            (0..self.dim * self.dim).map(|i| if i % (self.dim + 1) == 0 { diagonal } else { T::default() });
        Ok(one.collect::<Vec<T>>().repeat(labels.len()))
    }

    #[cfg(feature = "cuda")]
    fn on_device(
        &self,
        gpu: &crate::cuda::Gpu,
        predictions: crate::cuda::Slice<'_, T>,
        labels: &[L],
        request: crate::cuda::Request,
    ) -> Result<Option<crate::cuda::Parts<T>>, Error> {
        crate::loss::check_lengths("the mean squared error", self.dim, predictions.len(), labels.len())?;
        crate::cuda::smoothing::squared_error_parts(gpu, predictions, labels, self.dim, request).map(Some)
    }
}
