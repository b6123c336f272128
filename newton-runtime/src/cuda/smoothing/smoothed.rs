//! Black boxes as losses on a device.

use std::borrow::Borrow;

use super::super::gpu::{Buffer, Gpu, Slice};
use super::super::parts::{DeviceHessians, Parts, Request, Want};
use super::check::{Place, check_estimates, check_round, finite};
use super::findings::{Findings, Kind, Named};
use super::noise::{Perturbed, perturb};
use super::oracle::Outcome;
use super::round::{DeviceEstimator, DeviceRound, Estimates};
use crate::Error;
use crate::error::Quantity;
use crate::loss::check_lengths;
use crate::scalar::Float;
use crate::smoothing::{Begun, Estimator, Oracle, Smoothed, Smoothing, evaluate};

/// What a smoothed loss gives for a batch, enqueued; none if its estimator has no form for devices.
pub(crate) fn parts<T, O, E, S>(
    loss: &Smoothed<O, E, S>,
    gpu: &Gpu,
    predictions: Slice<'_, T>,
    labels: &[O::Label],
    request: Request,
) -> Result<Option<Parts<T>>, Error>
where
    T: Float,
    O: Oracle<T>,
    E: Estimator<T, O::Label>,
    S: Borrow<Smoothing>,
{
    let Some(estimator) = loss.estimator().for_device() else { return Ok(None) };
    let (oracle, smoothing) = (loss.oracle(), loss.smoothing());
    let batch = Batch { oracle, estimator, smoothing, gpu, predictions, labels, want: request.want };
    let enqueue = |step| {
        check_lengths(oracle.name(), oracle.dim(), predictions.len(), labels.len())?;
        let hessian = matches!(request.want, Want::MeanHessian | Want::Hessians);
        batch.enqueue(step, loss.validate::<T>(hessian)?)
    };
    if !request.training {
        return enqueue(smoothing.step()).map(Some);
    }
    let begun = Begun::new(smoothing);
    let parts = enqueue(begun.step()).inspect_err(|_| begun.abandon())?;
    let (check, failed) = (parts.check, begun.clone());
    Ok(Some(Parts {
        check: Box::new(move |gpu| check(gpu).inspect_err(|_| failed.abandon())),
        abandon: Some(Box::new(move || begun.abandon())),
        ..parts
    }))
}

/// Predictions, and what is to be done with them.
struct Batch<'a, T: Float, O: Oracle<T>> {
    oracle: &'a O,
    estimator: &'a dyn DeviceEstimator<T, O::Label>,
    smoothing: &'a Smoothing,
    gpu: &'a Gpu,
    predictions: Slice<'a, T>,
    labels: &'a [O::Label],
    want: Want,
}

impl<T: Float, O: Oracle<T>> Batch<'_, T, O> {
    /// With the noise of a step. Lengths and settings are known to be valid; `unperturbed`: the black box is evaluated at the predictions, too.
    fn enqueue(&self, step: u64, unperturbed: bool) -> Result<Parts<T>, Error> {
        let &Self { oracle, estimator, smoothing, gpu, predictions, labels, want } = self;
        let (dim, outputs, noise) = (oracle.dim(), oracle.outputs(), &smoothing.noise);
        let rows = noise.samples + usize::from(unperturbed);
        let place = Place { name: oracle.name(), samples: noise.samples, rows, dim, outputs };

        let findings = Findings::new(gpu)?;
        let Perturbed { drawn, arguments } =
            perturb(gpu, noise, step, predictions, dim, unperturbed, &findings)?;
        let (results, outcome) = self.results(&arguments, place, &findings)?;
        drop(arguments);
        let (samples, covariate) = (labels.len(), smoothing.covariate);
        let round = DeviceRound {
            gpu,
            noise,
            covariate,
            predictions,
            samples,
            dim,
            outputs,
            rows,
            drawn,
            results,
            findings,
        };
        let estimates = match estimator.enqueue(&round, labels, want) {
            Ok(estimates) => estimates,
            Err(error) => {
                // What went wrong before is to blame first.
                name(&round, None)?;
                check_round(gpu, &round.findings.read(gpu)?, outcome, place)?;
                return Err(error);
            }
        };
        name(&round, Some(&estimates))?;
        let DeviceRound { findings, .. } = round;
        let Estimates { values, gradients, hessians, check: of_estimates } = estimates;
        let mean = matches!(hessians, Some(DeviceHessians::Mean(_)));
        let check = Box::new(move |gpu: &Gpu| {
            let found = findings.read(gpu)?;
            check_round(gpu, &found, outcome, place)?;
            of_estimates.map_or(Ok(()), |check| check(gpu))?;
            check_estimates(&found, mean, dim)
        });
        Ok(Parts { values, gradients, hessians, check, abandon: None })
    }

    /// On the device, or, the one round trip that a black box itself needs, on the host.
    fn results(
        &self,
        arguments: &Buffer<T>,
        place: Place,
        findings: &Findings,
    ) -> Result<(Buffer<T>, Option<Outcome>), Error> {
        let (gpu, labels) = (self.gpu, self.labels);
        if let Some(oracle) = self.oracle.for_device() {
            let mut results = gpu.dirty::<T>(labels.len() * place.rows * place.outputs)?;
            let outcome = oracle.enqueue(gpu, arguments.slice(), labels, results.slice_mut())?;
            findings.look(gpu, Kind::Result, results.slice())?;
            return Ok((results, Some(outcome)));
        }
        let arguments = gpu.download(arguments.slice())?;
        // The black box is not asked about what is not a number.
        if let Some((at, _)) = findings.read(gpu)?[Kind::Prediction as usize] {
            let value = gpu.download(self.predictions.range(at, 1))?[0].to_f64();
            finite(Quantity::Prediction, Some((at, value)), place.dim)?;
        }
        let results = evaluate(self.oracle, &arguments, labels, place.samples)?;
        Ok((gpu.upload(&results)?, None))
    }
}

/// Copies what is to be named, of what is there.
fn name<T: Float>(round: &DeviceRound<'_, T>, estimates: Option<&Estimates<T>>) -> Result<(), Error> {
    let mut named = Named {
        predictions: round.predictions,
        results: Some(round.results.slice()),
        values: None,
        gradients: None,
        mean: None,
        each: None,
    };
    if let Some(Estimates { values, gradients, hessians, .. }) = estimates {
        (named.values, named.gradients) = (Some(values.slice()), Some(gradients.slice()));
        match hessians {
            None => {}
            Some(DeviceHessians::Mean(mean)) => named.mean = Some(mean.slice()),
            Some(DeviceHessians::PerSample(each)) => named.each = Some(each.slice()),
        }
    }
    Ok(round.findings.name(round.gpu, &named)?)
}
