//! One method's run: its network, what it has reached, and why it stopped if it did.

use super::Benchmark;
use crate::data::Split;
use crate::graph::LayerError;
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
        }
    }

    pub fn step(&mut self, benchmark: &B, batch: &B::Batch) -> Result<(), TrainError> {
        if self.stopped.is_some() {
            return Ok(());
        }
        let loss = &self.loss;
        self.trainer.set_learning_rate(self.learning_rate * benchmark.decay(self.steps));
        let outcome =
            self.trainer.step(|network, gradients| benchmark.forward(network, loss, batch, gradients));
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
        let measured = benchmark.measure(self.trainer.network(), Split::Valid);
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
