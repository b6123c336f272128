//! Several methods side by side, step by step: what all benchmarks have in common.
//!
//! One network per [`Method`] starts from the same weights and sees the same batches; what differs between benchmarks
//! stands behind the trait `Benchmark`.

mod benchmark;
mod draws;
mod effect;
mod outcome;
mod run;

pub(super) use benchmark::Benchmark;
pub use effect::Effect;
pub use outcome::{BestOutcome, Outcome};
pub(super) use outcome::{failures, outcomes, percent};
pub use run::Stopped;
pub(super) use run::{Best, Run};

use super::{History, Method, TrainError};
use crate::graph::Engine;

/// What an [`Observer`] may say.
pub type ObserverError = Box<dyn std::error::Error + Send + Sync>;

/// Who wants to know how a comparison gets on.
pub trait Observer {
    /// All methods have completed `step` steps.
    ///
    /// # Errors
    /// An error ends the comparison, as [`TrainError::Observer`].
    fn stepped(&mut self, step: u64) -> Result<(), ObserverError> {
        let _ = step;
        Ok(())
    }

    /// All methods were validated after `step` steps; `history` has the columns loss, the benchmark's own (`em`, `ew`,
    /// `em5` or `perfect`, `optimal`, `cost_ratio`) and seconds_per_step.
    ///
    /// # Errors
    /// As [`Observer::stepped`].
    fn validated(&mut self, step: u64, history: &History) -> Result<(), ObserverError> {
        let _ = (step, history);
        Ok(())
    }

    /// A method stopped early; the others go on.
    fn stopped(&mut self, method: Method, stopped: &Stopped) {
        let _ = (method, stopped);
    }
}

/// Nobody.
impl Observer for () {}

/// How long, and how often is validated. Once after the last step in any case.
pub(super) struct Plan {
    pub steps: u64,
    pub validate_every: u64,
    pub seed: u64,
}

/// Trains all runs, in turns on the same batches, so that a slow minute of the machine slows them all.
pub(super) fn train<B: Benchmark>(
    benchmark: &B,
    runs: &mut [Run<B>],
    plan: &Plan,
    observer: &mut dyn Observer,
) -> Result<History, TrainError> {
    let ahead = !B::Device::IS_HOST;
    draws::with_draws(benchmark.draws(), plan.steps, ahead, |draw| {
        train_on(benchmark, draw, runs, plan, observer)
    })
}

fn train_on<B: Benchmark>(
    benchmark: &B,
    draw: &mut dyn FnMut(u64) -> B::Draw,
    runs: &mut [Run<B>],
    plan: &Plan,
    observer: &mut dyn Observer,
) -> Result<History, TrainError> {
    let columns = ["loss"].iter().chain(B::COLUMNS).chain(&["seconds_per_step"]).copied();
    let mut history = History::new(columns);
    for step in 1..=plan.steps {
        let batch = benchmark.batch(draw(step - 1))?;
        let is_due = step % plan.validate_every == 0 || step == plan.steps;
        let count = runs.len();
        for turn in 0..count {
            // Who goes first changes, so that no method always meets the caches cold.
            let run = &mut runs[(step as usize + turn) % count];
            let was_running = run.stopped.is_none();
            run.step(benchmark, &batch)?;
            if is_due {
                run.validate(benchmark, plan.seed, &mut history)?;
            }
            if let (true, Some(stopped)) = (was_running, &run.stopped) {
                observer.stopped(run.method, stopped);
            }
        }
        observer.stepped(step).map_err(TrainError::Observer)?;
        if is_due {
            observer.validated(step, &history).map_err(TrainError::Observer)?;
        }
        if runs.iter().all(|run| run.stopped.is_some()) {
            break;
        }
    }
    Ok(history)
}

/// The run at whose predictions the losses are diagnosed: the first that was completed, the baseline's if it is among
/// them.
pub(super) fn reference<B: Benchmark>(runs: &[Run<B>]) -> Option<&Run<B>> {
    let completed = || runs.iter().filter(|run| run.stopped.is_none());
    completed().find(|run| run.method == Method::Baseline).or_else(|| completed().next())
}
