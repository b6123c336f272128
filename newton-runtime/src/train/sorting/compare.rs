//! Several methods side by side, step by step.

use super::run::{self, Best, Run, Stopped};
use super::scorer::Scorer;
use super::{EVALUATION_SETS, RankingLoss, Settings, evaluate};
use crate::data::{Digits, FourDigitSets, Split};
use crate::newton::{Diagnostics, Newton};
use crate::train::{History, Method, RankingAccuracy, TrainError};

/// Who wants to know how a comparison gets on.
pub trait Observer {
    /// All methods have completed `step` steps.
    ///
    /// # Errors
    /// An error ends the comparison, as [`TrainError::Observer`].
    fn stepped(&mut self, step: u64) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let _ = step;
        Ok(())
    }

    /// All methods were validated after `step` steps; `history` has columns loss, em, ew, em5, seconds_per_step.
    ///
    /// # Errors
    /// As [`Observer::stepped`].
    fn validated(
        &mut self,
        step: u64,
        history: &History,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
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

/// What a method has reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The method.
    pub method: Method,
    /// Its lambda; 0 for the baseline.
    pub lambda: f64,
    /// Steps completed.
    pub steps: u64,
    /// Median wall time of a step: forward, backward, update. NaN if there was none.
    pub seconds_per_step: f64,
    /// The last network on the test sets; `None` if the run stopped early.
    pub last: Option<RankingAccuracy>,
    /// The network that was best in validation; `None` if none was.
    pub best: Option<BestOutcome>,
    /// Why it stopped early.
    pub stopped: Option<Stopped>,
}

/// The network that was best in validation (by EM5).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestOutcome {
    /// After how many steps.
    pub step: u64,
    /// On the validation sets.
    pub valid: RankingAccuracy,
    /// On the test sets.
    pub test: RankingAccuracy,
}

/// What the Newton steps do to the gradients of one batch, all at the same scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Whose trained network the scores are from.
    pub network: Method,
    /// Sets in the batch.
    pub sets: usize,
    /// Mean over the sets of highest minus lowest score.
    pub spread: f64,
    /// Per method, or why it fails here.
    pub diagnostics: Vec<(Method, Result<Diagnostics, String>)>,
}

/// The result of [`compare`].
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What was run.
    pub settings: Settings,
    /// Which network.
    pub network: &'static str,
    /// One per method, in the order of the settings.
    pub outcomes: Vec<Outcome>,
    /// Of the batch's gradients; `None` if no run was completed.
    pub effect: Option<Effect>,
    /// All validations.
    pub history: History,
}

/// Trains one network of type `N` per method, on the loss that `build` makes for the method's Newton settings: say,
/// `|newton| settings.loss.sized::<5>(settings.temperature, newton)`.
///
/// They start from the same weights and take turns on the same batches, so
/// that a slow minute of the machine slows them all. The same settings and data give the same numbers (times aside).
///
/// # Errors
/// [`TrainError`], and what `build` says. A run that meets a number that is not finite, or a curvature that cannot be inverted, is no error:
/// it is [`Outcome::stopped`], and the others go on.
pub fn compare<N: Scorer>(
    settings: &Settings,
    digits: &Digits,
    build: impl Fn(Newton) -> Result<Box<dyn RankingLoss>, TrainError>,
    observer: &mut dyn Observer,
) -> Result<Comparison, TrainError> {
    settings.validate()?;
    let runs = settings.methods.iter().map(|&method| {
        let loss = build(method.newton(settings.lambda_of(method), settings.on_indefinite))?;
        Run::<N>::new(method, loss, settings)
    });
    let mut runs = runs.collect::<Result<Vec<_>, _>>()?;
    let sets = |split| FourDigitSets::new(digits, split, settings.n, settings.seed);
    let history = train(&mut runs, settings, &sets(Split::Train)?, &sets(Split::Valid)?, observer)?;
    let test = sets(Split::Test)?;
    let mut outcomes = Vec::new();
    for run in &mut runs {
        let was_running = run.stopped.is_none();
        outcomes.push(outcome(run, settings, &test)?);
        if let (true, Some(stopped)) = (was_running, &run.stopped) {
            observer.stopped(run.method, stopped);
        }
    }
    let effect = effect(&runs, &test)?;
    Ok(Comparison { settings: settings.clone(), network: N::NAME, outcomes, effect, history })
}

fn train<N: Scorer>(
    runs: &mut [Run<N>],
    settings: &Settings,
    train: &FourDigitSets,
    valid: &FourDigitSets,
    observer: &mut dyn Observer,
) -> Result<History, TrainError> {
    let mut history = History::new(["loss", "em", "ew", "em5", "seconds_per_step"]);
    let shape = train.shape(settings.batch);
    let (mut pixels, mut numbers) = (vec![0.0; shape.pixels()], vec![0; shape.numbers()]);
    for step in 1..=settings.steps {
        train.fill(step - 1, &mut pixels, &mut numbers)?;
        let images = N::images(&pixels)?;
        let is_due = step % settings.validate_every == 0 || step == settings.steps;
        for turn in 0..runs.len() {
            // Who goes first changes, so that no method always meets the caches cold.
            let run = &mut runs[(step as usize + turn) % settings.methods.len()];
            let was_running = run.stopped.is_none();
            run.step(&images, &numbers)?;
            if is_due {
                run.validate(valid, settings, &mut history)?;
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

fn outcome<N: Scorer>(
    run: &mut Run<N>,
    settings: &Settings,
    test: &FourDigitSets,
) -> Result<Outcome, TrainError> {
    let best = match &run.best {
        Some(Best { step, valid, network }) => {
            let test = evaluate(network, test, settings.test_batches)?;
            Some(BestOutcome { step: *step, valid: *valid, test })
        }
        None => None,
    };
    let last = if run.stopped.is_none() {
        let measured = evaluate(run.trainer.network(), test, settings.test_batches);
        run.unless_stopped(measured)?
    } else {
        None
    };
    Ok(Outcome {
        method: run.method,
        lambda: run.loss.newton().lambda,
        steps: run.steps,
        seconds_per_step: run.seconds_per_step(),
        last,
        best,
        stopped: run.stopped.clone(),
    })
}

/// At the scores of the first run that was completed: the baseline's, if it is among them and did not stop.
fn effect<N: Scorer>(runs: &[Run<N>], test: &FourDigitSets) -> Result<Option<Effect>, TrainError> {
    let completed = || runs.iter().filter(|run| run.stopped.is_none());
    let baseline = completed().find(|run| run.method == Method::Baseline);
    let Some(from) = baseline.or_else(|| completed().next()) else { return Ok(None) };
    let (scores, numbers) = run::scores(from.trainer.network(), test, 0, EVALUATION_SETS)?;
    let spread = |set: &[f32]| {
        let (low, high) = set.iter().fold((f32::MAX, f32::MIN), |(low, high), &y| (low.min(y), high.max(y)));
        f64::from(high) - f64::from(low)
    };
    let diagnostics =
        runs.iter().map(|run| (run.method, run.loss.diagnose(&scores, &numbers).map_err(|e| e.to_string())));
    Ok(Some(Effect {
        network: from.method,
        sets: EVALUATION_SETS,
        spread: scores.chunks_exact(test.n()).map(spread).sum::<f64>() / EVALUATION_SETS as f64,
        diagnostics: diagnostics.collect(),
    }))
}
