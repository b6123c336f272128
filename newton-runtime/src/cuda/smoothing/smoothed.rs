//! Black boxes as losses on a device.

use std::borrow::Borrow;

use super::super::gpu::{Buffer, Gpu, Slice};
use super::super::parts::{DeviceHessians, Parts, Request, Want};
use super::check::finite;
use super::findings::{Findings, Found, Kind, Named};
use super::noise::{Perturbed, perturb};
use super::oracle::Outcome;
use super::round::{DeviceRound, Estimates};
use crate::Error;
use crate::error::Quantity;
use crate::loss::check_lengths;
use crate::scalar::Float;
use crate::smoothing::{Begun, Estimator, Failure, Oracle, Reason, Smoothed, evaluate, place};

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
    S: Borrow<crate::smoothing::Smoothing>,
{
    let Some(estimator) = loss.estimator().on_device() else { return Ok(None) };
    let (oracle, smoothing) = (loss.oracle(), loss.smoothing());
    // Abandoned where it is dropped: by an error here, by the check's, and by who never asks.
    let begun = request.training.then(|| Begun::new(smoothing));
    let step = begun.as_ref().map_or(smoothing.step(), Begun::step);
    let (dim, outputs) = (oracle.dim(), oracle.outputs());
    check_lengths(oracle.name(), dim, predictions.len(), labels.len())?;
    let hessian = matches!(request.want, Want::MeanHessian | Want::Hessians);
    let unperturbed = loss.validate::<T>(hessian)?;
    let noise = &smoothing.noise;
    let rows = noise.samples + usize::from(unperturbed);

    let findings = Findings::new(gpu)?;
    let Perturbed { drawn, arguments } = perturb(gpu, noise, step, predictions, dim, unperturbed, &findings)?;
    let place = Place { name: oracle.name(), samples: noise.samples, rows, dim, outputs };
    let results = Results { gpu, oracle, predictions, labels, findings: &findings, place };
    let (results, outcome) = results.at(&arguments)?;
    let round = DeviceRound {
        gpu,
        noise,
        covariate: smoothing.covariate,
        predictions,
        samples: labels.len(),
        dim,
        outputs,
        rows,
        drawn,
        results,
        findings,
    };
    let estimates = match estimator.enqueue(&round, labels, request.want) {
        Ok(estimates) => estimates,
        Err(error) => {
            // What went wrong before is to blame first.
            name(&round, None)?;
            let DeviceRound { findings, .. } = round;
            check_round(gpu, &findings.read(gpu)?, outcome, place)?;
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
        if let Some(check) = of_estimates {
            check(gpu)?;
        }
        finite(Quantity::Loss, found[Kind::Loss as usize], 1)?;
        finite(Quantity::Gradient, found[Kind::Gradient as usize], dim)?;
        match found[Kind::Hessian as usize] {
            Some((entry, value)) if mean => {
                return Err(Error::NonFiniteMean { quantity: Quantity::Hessian, entry, value });
            }
            found => finite(Quantity::Hessian, found, dim * dim)?,
        }
        if let Some(begun) = begun {
            begun.made();
        }
        Ok(())
    });
    Ok(Some(Parts { values, gradients, hessians, check }))
}

/// Where an argument belongs.
#[derive(Clone, Copy)]
struct Place {
    name: &'static str,
    samples: usize,
    rows: usize,
    dim: usize,
    outputs: usize,
}

impl Place {
    fn of(self, failure: Failure) -> Error {
        place(failure, self.name, self.samples, self.rows)
    }
}

/// What is to be evaluated.
struct Results<'a, T: Float, O: Oracle<T>> {
    gpu: &'a Gpu,
    oracle: &'a O,
    predictions: Slice<'a, T>,
    labels: &'a [O::Label],
    findings: &'a Findings,
    place: Place,
}

impl<T: Float, O: Oracle<T>> Results<'_, T, O> {
    /// On the device, or, the one round trip that a black box itself needs, on the host.
    fn at(&self, arguments: &Buffer<T>) -> Result<(Buffer<T>, Option<Outcome>), Error> {
        let Place { samples, rows, dim, outputs, .. } = self.place;
        let (gpu, labels) = (self.gpu, self.labels);
        if let Some(oracle) = self.oracle.on_device() {
            let mut results = gpu.dirty::<T>(labels.len() * rows * outputs)?;
            let outcome = oracle.enqueue(gpu, arguments.slice(), labels, results.slice_mut())?;
            self.findings.look(gpu, Kind::Result, results.slice())?;
            return Ok((results, Some(outcome)));
        }
        let arguments = gpu.download(arguments.slice())?;
        // The black box is not asked about what is not a number.
        if let Some((at, _)) = self.findings.read(gpu)?[Kind::Prediction as usize] {
            let value = gpu.download(self.predictions.range(at, 1))?[0].to_f64();
            finite(Quantity::Prediction, Some((at, value)), dim)?;
        }
        let results = evaluate(self.oracle, &arguments, labels, samples)?;
        Ok((gpu.upload(&results)?, None))
    }
}

/// What can be wrong before anything is estimated.
fn check_round(gpu: &Gpu, found: &[Found], outcome: Option<Outcome>, place: Place) -> Result<(), Error> {
    finite(Quantity::Prediction, found[Kind::Prediction as usize], place.dim)?;
    if let Some(outcome) = outcome {
        outcome(gpu)?.map_err(|failure| place.of(failure))?;
    }
    match found[Kind::Result as usize] {
        None => Ok(()),
        Some((at, value)) => {
            let reason = Reason::NonFinite { entry: at % place.outputs, value };
            Err(place.of(Failure { row: Some(at / place.outputs), reason }))
        }
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
