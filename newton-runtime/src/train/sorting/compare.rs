//! The methods side by side.

use dfdx::prelude::Cpu;

use super::benchmark::{Sorting, scores};
use super::scorer::Scorer;
use super::{EVALUATION_SETS, Effect, Observer, Outcome, RankingLoss, Settings};
use crate::data::{Digits, FourDigitSets, Split};
use crate::newton::Newton;
use crate::parallel::Share;
use crate::train::compare::{self, Plan, Run};
use crate::train::{History, TrainError};

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
pub fn compare<N: Scorer<Device = Cpu>>(
    settings: &Settings,
    digits: &Digits,
    build: impl Fn(Newton) -> Result<Box<dyn RankingLoss>, TrainError>,
    observer: &mut dyn Observer,
) -> Result<Comparison, TrainError> {
    compare_on::<N>(&Cpu::default(), settings, digits, build, observer)
}

/// [`compare`] on a device, with a loss for it: say, `|newton| settings.loss.sized_on::<5, Cuda>(settings.temperature, newton)`.
///
/// All devices start from the same weights and see the same batches; what differs is rounding.
///
/// # Errors
/// As [`compare`], and what the device says.
pub fn compare_on<N: Scorer>(
    device: &N::Device,
    settings: &Settings,
    digits: &Digits,
    build: impl Fn(Newton) -> Result<Box<dyn RankingLoss<N::Device>>, TrainError>,
    observer: &mut dyn Observer,
) -> Result<Comparison, TrainError> {
    settings.validate()?;
    let runs = settings.methods.iter().map(|&method| {
        let loss = build(method.newton(settings.lambda_of(method), settings.on_indefinite))?;
        if loss.n() != settings.n {
            let expected = "the size that the loss was built for";
            return Err(TrainError::Setting { name: "n", value: settings.n as f64, expected });
        }
        Ok(Run::new(method, loss, N::seeded(settings.seed, device)?, settings.learning_rate))
    });
    let mut runs = runs.collect::<Result<Vec<_>, TrainError>>()?;
    let sets = |split| FourDigitSets::new(digits, split, settings.n, settings.seed);
    let benchmark = Sorting::<N> {
        settings,
        device,
        train: sets(Split::Train)?,
        valid: sets(Split::Valid)?,
        test: sets(Split::Test)?,
        share: Share::default(),
    };
    let Settings { steps, validate_every, seed, .. } = *settings;
    let history = compare::train(&benchmark, &mut runs, &Plan { steps, validate_every, seed }, observer)?;
    let outcomes = compare::outcomes(&benchmark, &mut runs, observer)?;
    let effect = match compare::reference(&runs) {
        Some(from) => {
            let (scores, numbers) = scores(from.trainer.network(), &benchmark.test, 0, EVALUATION_SETS)?;
            let diagnose = |run: &Run<Sorting<N>>| {
                (run.method, run.loss.diagnose(&scores, &numbers).map_err(|error| error.to_string()))
            };
            Some(Effect::new(from.method, &scores, settings.n, runs.iter().map(diagnose).collect()))
        }
        None => None,
    };
    Ok(Comparison { settings: settings.clone(), network: N::NAME, outcomes, effect, history })
}
