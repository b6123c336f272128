//! One run that can be left and taken up again: what a tool around the benchmarks drives step by step.
//!
//! A [`Session`] hides which benchmark, network and loss it is of. It is made by [`sorting::session`](super::sorting::session) or
//! [`shortest_path::session`](super::shortest_path::session), is given its state by [`Session::restore`], and then goes on as if it had never
//! been interrupted, bit for bit: batches and noise are functions of seed and step, everything else is in the checkpoint.

use std::sync::Arc;

use serde_json::{Value, json};

use super::checkpoint::Arrays;
use super::compare::{Benchmark, Best, Run};
use super::{Checkpoint, CheckpointError, Stopped, TrainError};
use crate::data::Split;
use crate::graph::LayerError;
use crate::newton::Diagnostics;
use crate::parallel::{Collective, Share};

/// A run of one method.
pub trait Session {
    /// From now on, this is one of several ranks that train together: it has its share of the batches that one would have drawn, and all ranks
    /// take the same steps. They are to be equal: made of the same settings and data, and restored from the same checkpoint. Steps
    /// and validations are calls that all make together; all else is done by each alone.
    ///
    /// # Errors
    /// [`TrainError::Collective`] for a batch that is too small for so many, and for a loss that cannot be shared.
    fn set_ranks(&mut self, ranks: Arc<dyn Collective>) -> Result<(), TrainError>;

    /// What is measured, in the order of all numbers below.
    fn columns(&self) -> &'static [&'static str];

    /// The column by which the best network is chosen; higher is better.
    fn selected_by(&self) -> &'static str;

    /// In words.
    fn network(&self) -> String;

    /// Steps made.
    fn steps(&self) -> u64;

    /// Why the run cannot go on, if so: a number was not finite, or a curvature could not be inverted.
    fn stopped(&self) -> Option<&Stopped>;

    /// Makes a step, unless stopped.
    ///
    /// # Errors
    /// [`TrainError`], but for what stops the run.
    fn step(&mut self) -> Result<(), TrainError>;

    /// Measures on the validation data; `None` if stopped. It is not repeatable: the mean of the loss begins anew.
    ///
    /// # Errors
    /// As [`Session::step`].
    fn validate(&mut self) -> Result<Option<Validation>, TrainError>;

    /// Measures on the test data, which nothing was chosen by.
    ///
    /// # Errors
    /// As [`Session::step`].
    fn test(&mut self) -> Result<Tested, TrainError>;

    /// Wall time of the steps so far.
    fn timing(&self) -> Timing;

    /// All that the run needs to go on; whoever keeps it may add to its state under other names.
    ///
    /// # Errors
    /// dfdx's, if memory runs out.
    fn checkpoint(&mut self) -> Result<Checkpoint, TrainError>;

    /// Goes to where the run was. A loss under noise is to be built for that step before.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`]; the session is of no use then.
    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainError>;

    /// Takes the network only, to look at it.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`].
    fn restore_network(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainError>;

    /// What the Newton step does to the gradients of the first batch of a split at the network's predictions.
    ///
    /// # Errors
    /// [`TrainError`]; numbers that are not finite are errors here.
    fn diagnose(&self, split: Split) -> Result<Diagnosis, TrainError>;

    /// What the network makes of the first test samples, as a PNG file; `None` if stopped. The same for the same network.
    ///
    /// # Errors
    /// [`TrainError`]; predictions that are not finite are errors here.
    fn picture(&self) -> Result<Option<Vec<u8>>, TrainError>;
}

/// What a validation found.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// After how many steps.
    pub step: u64,
    /// Mean training loss since the validation before.
    pub loss: f64,
    /// In the order of [`Session::columns`].
    pub numbers: Vec<f64>,
    /// Whether this is the best network so far; the first of equals.
    pub is_best: bool,
}

/// What the networks reach on the test data.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    /// The last network; `None` if the run stopped.
    pub last: Option<Vec<f64>>,
    /// The best in validation: step, validation, test; `None` if none was validated.
    pub best: Option<(u64, Vec<f64>, Vec<f64>)>,
}

/// Wall time of steps: forward, backward, update; without data and measuring.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// Median of a step; NaN if there was none.
    pub seconds_per_step: f64,
    /// Of all steps.
    pub seconds: f64,
}

/// A batch's gradients and what the Newton step makes of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// Sets or maps.
    pub samples: usize,
    /// Mean over the samples of highest minus lowest prediction.
    pub spread: f64,
    /// Spectrum, condition, norms.
    pub diagnostics: Diagnostics,
}

/// A benchmark whose batches can be looked at.
pub(in crate::train) trait Inspect: Benchmark {
    /// Predictions of the first batch of a split, how many of them make a sample, and the loss's diagnostics.
    fn inspect(
        &self,
        network: &Self::Network,
        loss: &Self::Criterion,
        split: Split,
    ) -> Result<(Vec<f32>, usize, Diagnostics), TrainError>;

    /// In words.
    fn network(&self) -> String;

    /// From now on, only a share of every batch is drawn.
    ///
    /// # Errors
    /// For a batch that is too small.
    fn set_share(&mut self, share: Share) -> Result<(), TrainError>;

    /// Spreads the loss over ranks.
    fn spread(loss: &mut Self::Criterion, ranks: Arc<dyn Collective>) -> Result<(), TrainError>;

    /// What a network makes of the first test samples, as a PNG file.
    fn picture(&self, network: &Self::Network) -> Result<Vec<u8>, TrainError>;
}

pub(in crate::train) struct Single<B: Benchmark> {
    pub benchmark: B,
    pub run: Run<B>,
}

/// Names in the checkpoint.
const NETWORK: &str = "network";
const BEST: &str = "best";
const OPTIMIZER: &str = "optimizer";
const TIMES: &str = "times";

impl<B: Inspect> Session for Single<B> {
    fn set_ranks(&mut self, ranks: Arc<dyn Collective>) -> Result<(), TrainError> {
        self.benchmark.set_share(Share::of(&*ranks))?;
        B::spread(&mut self.run.loss, Arc::clone(&ranks))?;
        self.run.ranks = Some(ranks);
        Ok(())
    }

    fn columns(&self) -> &'static [&'static str] {
        B::COLUMNS
    }

    fn selected_by(&self) -> &'static str {
        B::SCORE
    }

    fn network(&self) -> String {
        self.benchmark.network()
    }

    fn steps(&self) -> u64 {
        self.run.steps
    }

    fn stopped(&self) -> Option<&Stopped> {
        self.run.stopped.as_ref()
    }

    fn step(&mut self) -> Result<(), TrainError> {
        if self.run.stopped.is_some() {
            return Ok(());
        }
        let draw = self.benchmark.draws()(self.run.steps);
        let batch = self.benchmark.batch(draw)?;
        self.run.step(&self.benchmark, &batch)
    }

    fn validate(&mut self) -> Result<Option<Validation>, TrainError> {
        let measured = self.run.measure(&self.benchmark)?;
        Ok(measured.map(|measured| Validation {
            step: self.run.steps,
            loss: measured.loss,
            numbers: measured.numbers,
            is_best: measured.is_best,
        }))
    }

    fn test(&mut self) -> Result<Tested, TrainError> {
        let last = match self.run.stopped {
            Some(_) => None,
            None => {
                let measured = self.benchmark.measure(self.run.trainer.network(), Split::Test);
                self.run.unless_stopped(measured)?.map(|last| B::numbers(&last))
            }
        };
        let best = match &self.run.best {
            Some(Best { step, valid, network }) => {
                let test = match &last {
                    // The best network is the last one: nothing to measure again.
                    Some(last) if *step == self.run.steps => last.clone(),
                    _ => B::numbers(&self.benchmark.measure(network, Split::Test)?),
                };
                Some((*step, B::numbers(valid), test))
            }
            None => None,
        };
        Ok(Tested { last, best })
    }

    fn timing(&self) -> Timing {
        let seconds = self.run.times.iter().sum();
        Timing { seconds_per_step: self.run.seconds_per_step(), seconds }
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, TrainError> {
        let Run { trainer, best, stopped, steps, times, losses, .. } = &mut self.run;
        let mut arrays = Arrays::default();
        let (network, optimizer) = trainer.parts();
        arrays.put_network(NETWORK, network);
        optimizer.save(network, OPTIMIZER, &mut arrays).map_err(Into::into)?;
        if let Some(best) = best {
            arrays.put_network(BEST, &best.network);
        }
        let times: Vec<f32> = times.iter().map(|seconds| *seconds as f32).collect();
        arrays.put_values(TIMES, vec![times.len()], &times);
        let json = |value: &B::Accuracy| serde_json::to_value(value).unwrap_or(Value::Null);
        let state = json!({
            "step": steps,
            "optimizer": { "rule": optimizer.rule().name(), "steps": optimizer.steps() },
            "losses": losses,
            "best": best.as_ref().map(|best| json!({ "step": best.step, "valid": json(&best.valid) })),
            "stopped": stopped.as_ref().map(|s| json!({ "step": s.step, "message": s.message })),
        });
        Ok(Checkpoint { arrays, state })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        self.restore_network(checkpoint)?;
        let Run { trainer, best, stopped, steps, times, losses, .. } = &mut self.run;
        let (network, optimizer) = trainer.parts();
        let state = |name, expected| {
            move |found: &Value| CheckpointError::State { name, found: found.to_string(), expected }
        };
        *steps = checkpoint.number("step")?;
        let rule = &checkpoint.state["optimizer"];
        if rule["rule"].as_str() != Some(optimizer.rule().name()) {
            return Err(state("optimizer", "that of the run")(rule).into());
        }
        let made = rule["steps"].as_u64().ok_or_else(|| state("optimizer", "its steps")(rule))?;
        optimizer.restore(network, OPTIMIZER, &checkpoint.arrays, made)?;
        *losses = checkpoint.part("losses", "a list of numbers")?;
        *times = checkpoint.arrays.values(TIMES).into_iter().map(f64::from).collect();
        let found = &checkpoint.state["best"];
        *best = match found["step"].as_u64() {
            Some(step) => {
                let valid = serde_json::from_value(found["valid"].clone());
                let valid = valid.map_err(|_| state("best", "step and accuracy of a network")(found))?;
                let mut network = network.clone();
                checkpoint.arrays.get_network(BEST, &mut network)?;
                Some(Best { step, valid, network })
            }
            None => None,
        };
        let found = &checkpoint.state["stopped"];
        *stopped = found["step"]
            .as_u64()
            .map(|step| Stopped { step, message: found["message"].as_str().unwrap_or_default().into() });
        Ok(())
    }

    fn restore_network(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        Ok(checkpoint.arrays.get_network(NETWORK, self.run.trainer.parts().0)?)
    }

    fn diagnose(&self, split: Split) -> Result<Diagnosis, TrainError> {
        let Run { trainer, loss, .. } = &self.run;
        let (predictions, dim, diagnostics) = self.benchmark.inspect(trainer.network(), loss, split)?;
        let spread = |row: &[f32]| {
            let (low, high) =
                row.iter().fold((f32::MAX, f32::MIN), |(low, high), &y| (low.min(y), high.max(y)));
            f64::from(high) - f64::from(low)
        };
        let samples = predictions.len() / dim;
        let spread = predictions.chunks_exact(dim).map(spread).sum::<f64>() / samples as f64;
        Ok(Diagnosis { samples, spread, diagnostics })
    }

    fn picture(&self) -> Result<Option<Vec<u8>>, TrainError> {
        match self.run.stopped {
            Some(_) => Ok(None),
            None => self.benchmark.picture(self.run.trainer.network()).map(Some),
        }
    }
}

impl From<CheckpointError> for TrainError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(Box::new(error))
    }
}

/// What a method is asked for alone.
pub(in crate::train) fn only<T: Copy>(methods: &[T]) -> Result<T, TrainError> {
    match methods {
        [one] => Ok(*one),
        _ => Err(TrainError::Setting {
            name: "methods",
            value: methods.len() as f64,
            expected: "one method for a session",
        }),
    }
}

/// The loss's own errors are the run's.
pub(in crate::train) fn loss_error(error: crate::Error) -> TrainError {
    TrainError::Layer(LayerError::Loss(error))
}
