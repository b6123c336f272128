//! One method's run: its network, what it has reached, and why it stopped if it did.

use std::sync::Arc;

use super::Benchmark;
use crate::data::Split;
use crate::graph::LayerError;
use crate::parallel::{Collective, CollectiveError, several};
use crate::train::{History, Method, Rule, TrainError, Trainer};

/// Why a method's training ended early.
#[derive(Debug, Clone, PartialEq)]
pub struct Stopped {
    /// Steps completed before.
    pub step: u64,
    /// The error: which number of which sample was not finite, or why the curvature could not be inverted.
    pub message: String,
}

/// The best network by validation.
pub(in crate::train) struct Best<B: Benchmark> {
    pub step: u64,
    pub valid: B::Accuracy,
    pub network: B::Network,
}

pub(in crate::train) struct Run<B: Benchmark> {
    pub method: Method,
    pub loss: B::Criterion,
    pub trainer: Trainer<B::Network, B::Device>,
    pub best: Option<Best<B>>,
    pub stopped: Option<Stopped>,
    /// Steps completed.
    pub steps: u64,
    learning_rate: f64,
    /// Wall time of every step, in seconds.
    pub times: Vec<f64>,
    /// Of the steps since the last validation.
    pub losses: Vec<f64>,
    /// That train together; `None` for one that trains alone.
    pub ranks: Option<Arc<dyn Collective>>,
}

/// What a validation found.
pub(in crate::train) struct Measured {
    /// Mean training loss since the validation before.
    pub loss: f64,
    /// In the order of [`Benchmark::COLUMNS`].
    pub numbers: Vec<f64>,
    /// Whether this is the best network so far.
    pub is_best: bool,
}

impl<B: Benchmark> Run<B> {
    /// `network` is to have the same weights for all methods. `learning_rate` is Adam's; its other settings are torch's
    /// defaults.
    pub fn new(method: Method, loss: B::Criterion, network: B::Network, learning_rate: f64) -> Self {
        Self::with_rule(method, loss, network, Rule::Adam, learning_rate)
    }

    /// With another optimizer.
    pub fn with_rule(
        method: Method,
        loss: B::Criterion,
        network: B::Network,
        rule: Rule,
        learning_rate: f64,
    ) -> Self {
        Self {
            method,
            loss,
            trainer: Trainer::with_rule(network, rule, learning_rate),
            best: None,
            stopped: None,
            steps: 0,
            learning_rate,
            times: Vec::new(),
            losses: Vec::new(),
            ranks: None,
        }
    }

    pub fn step(&mut self, benchmark: &B, batch: &B::Batch) -> Result<(), TrainError> {
        if self.stopped.is_some() {
            return Ok(());
        }
        let loss = &self.loss;
        self.trainer.set_learning_rate(self.learning_rate * benchmark.decay(self.steps));
        let forward =
            |network: &mut B::Network, gradients| benchmark.forward(network, loss, batch, gradients);
        let outcome = match &self.ranks {
            None => self.trainer.step(forward),
            Some(ranks) => self.trainer.step_across(&**ranks, benchmark.samples(batch), forward),
        };
        if let Some(report) = self.unless_stopped(outcome)? {
            self.steps += 1;
            self.times.push(report.time.as_secs_f64());
            self.losses.push(f64::from(report.loss));
        }
        Ok(())
    }

    /// Measures on the validation data and notes it.
    pub fn validate(&mut self, benchmark: &B, seed: u64, history: &mut History) -> Result<(), TrainError> {
        let Some(measured) = self.measure(benchmark)? else { return Ok(()) };
        let mut row = vec![measured.loss];
        row.extend(measured.numbers);
        row.push(self.seconds_per_step());
        history.record(self.method.name(), seed, self.steps, &row)?;
        Ok(())
    }

    /// Measures on the validation data, and keeps the network if it is the best so far; the first of equals.
    pub fn measure(&mut self, benchmark: &B) -> Result<Option<Measured>, TrainError> {
        if self.stopped.is_some() {
            return Ok(None);
        }
        let measured = self.measured(benchmark, Split::Valid);
        let Some(valid) = self.unless_stopped(measured)? else { return Ok(None) };
        let loss = self.losses.iter().sum::<f64>() / self.losses.len() as f64;
        self.losses.clear();
        let numbers = B::numbers(&valid);
        let is_best = self.best.as_ref().is_none_or(|best| B::score(&valid) > B::score(&best.valid));
        if is_best {
            let network = self.trainer.network().clone();
            self.best = Some(Best { step: self.steps, valid, network });
        }
        Ok(Some(Measured { loss, numbers, is_best }))
    }

    /// How good the network is. Of several ranks, the first measures, and all go by that: whatever is decided is decided alike,
    /// even where processors differ in the last bits.
    fn measured(&self, benchmark: &B, split: Split) -> Result<B::Accuracy, TrainError> {
        let measure = || benchmark.measure(self.trainer.network(), split);
        let Some(ranks) = self.ranks.as_deref().filter(|ranks| several(*ranks)) else { return measure() };
        let unreadable = |why: serde_json::Error| CollectiveError::Message { rank: 0, why: why.to_string() };
        if ranks.rank() == 0 {
            let outcome = measure();
            let told = match &outcome {
                Ok(accuracy) => Ok(accuracy),
                Err(error) if ends_run(error) => Err(error.to_string()),
                // The others are ended, not told.
                Err(_) => return outcome,
            };
            ranks.broadcast(0, &mut serde_json::to_vec(&told).map_err(unreadable)?)?;
            return outcome;
        }
        let mut bytes = Vec::new();
        ranks.broadcast(0, &mut bytes)?;
        let told: Result<B::Accuracy, String> = serde_json::from_slice(&bytes).map_err(unreadable)?;
        told.map_err(|message| crate::Error::InRank { rank: 0, message }.into())
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
            Err(error) if ends_run(&error) => {
                self.stopped = Some(Stopped { step: self.steps, message: error.to_string() });
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether it is the loss's numbers that went wrong, and not the machines.
fn ends_run(error: &TrainError) -> bool {
    match error {
        TrainError::Layer(LayerError::Loss(error)) => !matches!(error, crate::Error::Collective(_)),
        _ => false,
    }
}
