//! One method's run: its network, what it has reached, and why it stopped if it did.

use dfdx::prelude::{AdamConfig, NoneTape, Trace};

use super::scorer::{Images, Scorer};
use super::{EVALUATION_SETS, RankingLoss, Settings};
use crate::data::FourDigitSets;
use crate::error::Quantity;
use crate::graph::LayerError;
use crate::newton;
use crate::train::{History, Method, RankingAccuracy, RankingMetrics, TrainError, Trainer};

/// Why a method's training ended early.
#[derive(Debug, Clone, PartialEq)]
pub struct Stopped {
    /// Steps completed before.
    pub step: u64,
    /// The error: which number of which sample was not finite, or why the curvature could not be inverted.
    pub message: String,
}

/// The best network by validation.
pub(super) struct Best<N> {
    pub step: u64,
    pub valid: RankingAccuracy,
    pub network: N,
}

pub(super) struct Run<N: Scorer> {
    pub method: Method,
    pub loss: Box<dyn RankingLoss>,
    pub trainer: Trainer<N>,
    pub best: Option<Best<N>>,
    pub stopped: Option<Stopped>,
    /// Steps completed.
    pub steps: u64,
    /// Wall time of every step, in seconds.
    pub times: Vec<f64>,
    /// Of the steps since the last validation.
    losses: Vec<f64>,
    n: usize,
}

impl<N: Scorer> Run<N> {
    pub fn new(method: Method, loss: Box<dyn RankingLoss>, settings: &Settings) -> Result<Self, TrainError> {
        if loss.n() != settings.n {
            let expected = "the size that the loss was built for";
            return Err(TrainError::Setting { name: "n", value: settings.n as f64, expected });
        }
        let adam = AdamConfig { lr: settings.learning_rate, ..AdamConfig::default() };
        Ok(Self {
            method,
            loss,
            trainer: Trainer::new(N::seeded(settings.seed)?, adam),
            best: None,
            stopped: None,
            steps: 0,
            times: Vec::new(),
            losses: Vec::new(),
            n: settings.n,
        })
    }

    pub fn step(&mut self, images: &Images<NoneTape>, numbers: &[u32]) -> Result<(), TrainError> {
        if self.stopped.is_some() {
            return Ok(());
        }
        let (loss, n) = (&self.loss, self.n);
        let outcome = self.trainer.step(|network, gradients| {
            loss.apply(network.scores(images.clone().traced(gradients), n)?, numbers)
        });
        if let Some(report) = self.unless_stopped(outcome)? {
            self.steps += 1;
            self.times.push(report.time.as_secs_f64());
            self.losses.push(f64::from(report.loss));
        }
        Ok(())
    }

    /// Measures on the validation sets, notes it, and keeps the network if it is the best so far. Best by EM5, which
    /// says something before EM does; the first of equals.
    pub fn validate(
        &mut self,
        sets: &FourDigitSets,
        settings: &Settings,
        history: &mut History,
    ) -> Result<(), TrainError> {
        if self.stopped.is_some() {
            return Ok(());
        }
        let measured = evaluate(self.trainer.network(), sets, settings.valid_batches);
        let Some(valid) = self.unless_stopped(measured)? else { return Ok(()) };
        let loss = self.losses.iter().sum::<f64>() / self.losses.len() as f64;
        self.losses.clear();
        let row = [loss, valid.em, valid.ew, valid.em5, self.seconds_per_step()];
        history.record(self.method.name(), settings.seed, self.steps, &row)?;
        if self.best.as_ref().is_none_or(|best| valid.em5 > best.valid.em5) {
            let network = self.trainer.network().clone();
            self.best = Some(Best { step: self.steps, valid, network });
        }
        Ok(())
    }

    /// Median wall time of a step: what else the machine does disturbs a mean more.
    pub fn seconds_per_step(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// Numbers that are not finite, or a curvature that cannot be inverted, end this run only; anything else is passed on.
    pub fn unless_stopped<T>(&mut self, outcome: Result<T, TrainError>) -> Result<Option<T>, TrainError> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(TrainError::Layer(LayerError::Loss(error))) => {
                self.stopped = Some(Stopped { step: self.steps, message: error.to_string() });
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// How well a network ranks the first `batches` batches of [`EVALUATION_SETS`] sets.
///
/// # Errors
/// [`Error::NonFinite`](crate::Error::NonFinite) for a score that is not finite: it would be ranked like any other.
pub fn evaluate<N: Scorer>(
    network: &N,
    sets: &FourDigitSets,
    batches: u64,
) -> Result<RankingAccuracy, TrainError> {
    let mut metrics = RankingMetrics::new(sets.n());
    for batch in 0..batches {
        let (scores, numbers) = scores(network, sets, batch, EVALUATION_SETS)?;
        metrics.add(&scores, &numbers);
    }
    Ok(metrics.accuracy())
}

/// Scores and true numbers of one batch, both (`count`, n) row-major.
pub(super) fn scores<N: Scorer>(
    network: &N,
    sets: &FourDigitSets,
    batch: u64,
    count: usize,
) -> Result<(Vec<f32>, Vec<u32>), TrainError> {
    let (pixels, numbers) = sets.batch(batch, count);
    let scores = network.scores(N::images(&pixels)?, sets.n())?.as_vec();
    newton::check_finite(Quantity::Prediction, &scores, sets.n())?;
    Ok((scores, numbers))
}
