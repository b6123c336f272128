//! One round of evaluations: a batch's noise and what the black box says to it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::oracle::all_finite;
use super::{Arguments, Covariate, Evaluations, Failure, Noise, Oracle, Reason, Smoothing, Solutions};
use crate::Error;
use crate::error::panic_message;
use crate::scalar::Float;

/// The results of a black box at the perturbed arguments of a batch of N samples, and its noise.
#[derive(Debug, Clone)]
pub struct Round<'a, T> {
    /// What was drawn.
    pub noise: &'a Noise,
    /// What is subtracted from the values.
    pub covariate: Covariate,
    /// The unperturbed arguments, N x m.
    pub predictions: &'a [T],
    /// m.
    pub dim: usize,
    /// k.
    pub outputs: usize,
    /// N x S x m, at scale 1.
    drawn: Vec<f64>,
    /// N x (S or S + 1) x k.
    results: Vec<f64>,
    /// Stands for what was not evaluated.
    zeros: Vec<f64>,
}

/// Where a black box failed: at which of the arguments of its sample, of which `perturbed` are perturbed and the rest is not.
pub(crate) fn place(failure: Failure, name: &'static str, perturbed: usize, per_sample: usize) -> Error {
    let found = failure.row.map(|row| (row / per_sample, row % per_sample));
    let (sample, perturbation) = (found.map(|at| at.0), found.map(|at| at.1));
    let perturbation = perturbation.filter(|at| *at < perturbed);
    Error::BlackBox { name, sample, perturbation, reason: failure.reason }
}

/// The results at all arguments, equally many for each of `labels`, of which `perturbed` are perturbed: finite numbers.
pub(crate) fn evaluate<T: Float, O: Oracle<T>>(
    oracle: &O,
    arguments: &[T],
    labels: &[O::Label],
    perturbed: usize,
) -> Result<Vec<T>, Error> {
    let arguments = Arguments::new(arguments, labels, oracle.dim());
    let place = |failure| place(failure, oracle.name(), perturbed, arguments.per_sample());
    let outputs = oracle.outputs();
    let mut results = vec![T::from_f64(f64::NAN); arguments.len() * outputs];
    // Results of a call that panicked are not read.
    let call = catch_unwind(AssertUnwindSafe(|| oracle.evaluate_all(&arguments, &mut results)));
    call.unwrap_or_else(|payload| {
        Err(Failure { row: None, reason: Reason::Panicked(panic_message(&*payload)) })
    })
    .map_err(place)?;
    all_finite(&results, outputs).map_err(place)?;
    Ok(results)
}

impl<'a, T: Float> Round<'a, T> {
    /// Evaluates the black box for each sample at S perturbed arguments and, `unperturbed`, at the argument itself. Settings and lengths
    /// are known to be valid.
    pub(super) fn new<O: Oracle<T>>(
        oracle: &O,
        smoothing: &'a Smoothing,
        step: u64,
        predictions: &'a [T],
        labels: &[O::Label],
        unperturbed: bool,
    ) -> Result<Self, Error> {
        let (dim, outputs, noise) = (oracle.dim(), oracle.outputs(), &smoothing.noise);
        let begin = smoothing.first_sample();
        let per_sample = noise.samples + usize::from(unperturbed);
        let mut drawn = vec![0.0; labels.len() * noise.samples * dim];
        let mut arguments = vec![T::default(); labels.len() * per_sample * dim];
        drawn
            .par_chunks_mut(noise.samples * dim)
            .zip(arguments.par_chunks_mut(per_sample * dim))
            .zip(predictions.par_chunks(dim))
            .enumerate()
            .for_each(|(sample, ((drawn, arguments), y))| {
                noise.fill(step, begin + sample as u64, dim, drawn);
                let (perturbed, rest) = arguments.split_at_mut(drawn.len());
                for (row, drawn) in perturbed.chunks_mut(dim).zip(drawn.chunks(dim)) {
                    for i in 0..dim {
                        row[i] = T::from_f64(y[i].to_f64() + noise.scale * drawn[i]);
                    }
                }
                rest.copy_from_slice(&y[..rest.len()]);
            });
        let results = evaluate(oracle, &arguments, labels, noise.samples)?;
        Ok(Self {
            noise,
            covariate: smoothing.covariate,
            predictions,
            dim,
            outputs,
            drawn,
            results: results.iter().map(|x| x.to_f64()).collect(),
            zeros: vec![0.0; if unperturbed { 0 } else { outputs }],
        })
    }

    /// N.
    pub fn samples(&self) -> usize {
        self.predictions.len() / self.dim
    }

    /// The noise of a sample, S x m at scale 1.
    pub fn drawn(&self, sample: usize) -> &[f64] {
        let rows = self.noise.samples * self.dim;
        &self.drawn[sample * rows..][..rows]
    }

    fn results(&self, sample: usize) -> &[f64] {
        let per_sample = self.results.len() / self.samples();
        &self.results[sample * per_sample..][..per_sample]
    }

    /// The results at a sample's perturbed arguments, S x k.
    pub fn perturbed(&self, sample: usize) -> &[f64] {
        &self.results(sample)[..self.noise.samples * self.outputs]
    }

    /// The result at a sample's argument itself, k; zeros if that was not evaluated.
    pub fn unperturbed(&self, sample: usize) -> &[f64] {
        match &self.zeros[..] {
            [] => &self.results(sample)[self.noise.samples * self.outputs..],
            zeros => zeros,
        }
    }

    /// What is estimated of a loss from a sample's values.
    pub fn evaluations(&self, sample: usize) -> Evaluations<'_> {
        let unperturbed = self.unperturbed(sample)[0];
        Evaluations::checked(self.noise, self.drawn(sample), self.perturbed(sample), unperturbed)
    }

    /// What is estimated of an algorithm from a sample's results.
    pub fn solutions(&self, sample: usize) -> Solutions<'_> {
        Solutions::checked(self.noise, self.drawn(sample), self.perturbed(sample), self.unperturbed(sample))
    }
}
