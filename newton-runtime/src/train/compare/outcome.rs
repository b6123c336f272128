//! What the methods of a comparison have reached, on test data.

use std::fmt;

use super::{Benchmark, Observer, Run, Stopped};
use crate::data::Split;
use crate::train::{Method, RankingAccuracy, TrainError};

/// What a method has reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<A = RankingAccuracy> {
    /// The method.
    pub method: Method,
    /// Its lambda; 0 for the baseline.
    pub lambda: f64,
    /// Steps completed.
    pub steps: u64,
    /// Median wall time of a step: forward, backward, update. NaN if there was none.
    pub seconds_per_step: f64,
    /// The last network on the test data; `None` if the run stopped early.
    pub last: Option<A>,
    /// The network that was best in validation; `None` if none was.
    pub best: Option<BestOutcome<A>>,
    /// Why it stopped early.
    pub stopped: Option<Stopped>,
}

/// The network that was best in validation, by EM5 of sets or perfect matches of paths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestOutcome<A = RankingAccuracy> {
    /// After how many steps.
    pub step: u64,
    /// On the validation data.
    pub valid: A,
    /// On the test data.
    pub test: A,
}

/// Tests all runs. One whose predictions are not finite there has stopped, too.
pub(in crate::train) fn outcomes<B: Benchmark>(
    benchmark: &B,
    runs: &mut [Run<B>],
    observer: &mut dyn Observer,
) -> Result<Vec<Outcome<B::Accuracy>>, TrainError> {
    let mut outcomes = Vec::new();
    for run in runs {
        let was_running = run.stopped.is_none();
        outcomes.push(outcome(benchmark, run)?);
        if let (true, Some(stopped)) = (was_running, &run.stopped) {
            observer.stopped(run.method, stopped);
        }
    }
    Ok(outcomes)
}

fn outcome<B: Benchmark>(benchmark: &B, run: &mut Run<B>) -> Result<Outcome<B::Accuracy>, TrainError> {
    let last = if run.stopped.is_none() {
        let measured = benchmark.measure(run.trainer.network(), Split::Test);
        run.unless_stopped(measured)?
    } else {
        None
    };
    let best = match &run.best {
        Some(best) => {
            let test = match &last {
                // The best network is the last one: nothing to measure again.
                Some(last) if best.step == run.steps => last.clone(),
                _ => benchmark.measure(&best.network, Split::Test)?,
            };
            Some(BestOutcome { step: best.step, valid: best.valid.clone(), test })
        }
        None => None,
    };
    Ok(Outcome {
        method: run.method,
        lambda: B::newton(&run.loss).lambda,
        steps: run.steps,
        seconds_per_step: run.seconds_per_step(),
        last,
        best,
        stopped: run.stopped.clone(),
    })
}

/// A cell of a table: a share in per cent, or a dash.
pub(in crate::train) fn percent(f: &mut fmt::Formatter<'_>, width: usize, share: Option<f64>) -> fmt::Result {
    match share {
        Some(share) => write!(f, "{:>width$.2}", 100.0 * share),
        None => write!(f, "{:>width$}", "-"),
    }
}

/// A line for each method that stopped early.
pub(in crate::train) fn failures<A>(f: &mut fmt::Formatter<'_>, outcomes: &[Outcome<A>]) -> fmt::Result {
    for outcome in outcomes {
        if let Some(stopped) = &outcome.stopped {
            writeln!(f, "{} stopped after step {}: {}", outcome.method, stopped.step, stopped.message)?;
        }
    }
    Ok(())
}
