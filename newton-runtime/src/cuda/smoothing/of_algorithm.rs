//! Smoothed algorithms with a differentiable loss on their result.

use super::super::gpu::Buffer;
use super::super::parts::{Check, Parts, Request, Want};
use super::findings::Kind;
use super::of_loss::scored;
use super::round::{DeviceEstimator, DeviceRound, Estimates};
use super::sums::{Partial, Table, centre};
use crate::Error;
use crate::loss::NewtonLoss;
use crate::scalar::Float;
use crate::smoothing::{Labelled, OfAlgorithm, SmoothingError};

impl<T, L, Label> DeviceEstimator<T, Label> for OfAlgorithm<L>
where
    T: Float,
    L: NewtonLoss<T>,
    L::Label: Clone,
    Label: Labelled<Target = L::Label>,
{
    fn enqueue(
        &self,
        round: &DeviceRound<'_, T>,
        labels: &[Label],
        want: Want,
    ) -> Result<Estimates<T>, Error> {
        if matches!(want, Want::MeanHessian | Want::Hessians) {
            return Err(SmoothingError::HessianOfAlgorithm.into());
        }
        let (gpu, noise, table, findings) = (round.gpu, round.noise, round.table(), &round.findings);
        let mut means = gpu.dirty::<T>(round.samples * round.outputs)?;
        let (mean, into) = (1.0 / noise.samples as f64, Some(means.slice_mut()));
        Partial::of_results(gpu, &table)?.finish(gpu, mean, None, into, findings, None)?;
        let targets: Vec<L::Label> = labels.iter().map(|label| label.target().clone()).collect();
        let (values, upstream, check) = self.outer(round, &means, &targets, want)?;
        findings.look(gpu, Kind::Loss, values.slice())?;
        if want == Want::Values {
            return Ok(Estimates { values, gradients: gpu.dirty(0)?, hessians: None, check });
        }
        let along = table.along(gpu, upstream.slice())?;
        let along = Table { all: along.slice(), outputs: 1, ..numbers(round) };
        let weights =
            along.weights(gpu, centre(round.covariate, noise), along.means(gpu, findings)?.slice())?;
        let gradients = scored(round, weights.slice())?;
        Ok(Estimates { values, gradients, hessians: None, check })
    }
}

/// The shape of a round's results.
fn numbers<'a, T: Float>(round: &'a DeviceRound<'_, T>) -> Table<'a, f64> {
    let Table { samples, perturbations, rows, outputs, .. } = round.table();
    Table { all: round.drawn.slice(), samples, perturbations, rows, outputs }
}

type Outer<T> = (Buffer<T>, Buffer<T>, Option<Check>);

impl<L> OfAlgorithm<L> {
    /// Values and gradients of the loss on the mean results; on the host, if it has no form for devices.
    fn outer<T>(
        &self,
        round: &DeviceRound<'_, T>,
        means: &Buffer<T>,
        targets: &[L::Label],
        want: Want,
    ) -> Result<Outer<T>, Error>
    where
        T: Float,
        L: NewtonLoss<T>,
    {
        let request = Request { want, training: false };
        if let Some(parts) = self.loss.on_device(round.gpu, means.slice(), targets, request)? {
            let Parts { values, gradients, check, .. } = parts;
            return Ok((values, gradients, Some(check)));
        }
        let all = self.loss.gradients(&round.gpu.download(means.slice())?, targets)?;
        Ok((round.gpu.upload(&all.values)?, round.gpu.upload(&all.gradients)?, None))
    }
}
