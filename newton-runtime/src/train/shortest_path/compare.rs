//! The methods side by side.

use dfdx::prelude::Cpu;

use super::benchmark::ShortestPath;
use super::predict::{self, Prediction};
use super::{CostLoss, CostNetwork, MethodSettings, PathResult, Settings};
use crate::data::warcraft::{CELLS, Warcraft};
use crate::newton::Newton;
use crate::train::compare::{self, Plan, Run};
use crate::train::{Effect, History, Observer, Outcome, TrainError};

/// The result of [`compare`].
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What was run.
    pub settings: Settings,
    /// Which network.
    pub network: String,
    /// Where the maps come from, in words.
    pub data: String,
    /// How many maps were trained on.
    pub train_maps: usize,
    /// What the untrained network reaches on the test maps: all methods begin with it.
    pub untrained: PathResult,
    /// One per method, in the order of the settings.
    pub outcomes: Vec<Outcome<PathResult>>,
    /// What each last network says of the first test map; none of runs that stopped early.
    pub predictions: Vec<Prediction>,
    /// Of the gradients of a batch of test maps; `None` if no run was completed.
    pub effect: Option<Effect>,
    /// All validations.
    pub history: History,
}

/// Trains one network of type `N` per method, on the loss that `build` makes for the method's Newton settings: say,
/// `|newton| settings.loss.sized::<12, 12>(newton)`.
///
/// They start from the same weights and take turns on the same batches, so that a slow minute of the machine slows them
/// all. The same settings and data give the same numbers (times aside).
///
/// # Errors
/// [`TrainError`], and what `build` says. A run that meets a number that is not finite, or a curvature that cannot be
/// inverted, is no error: it is [`Outcome::stopped`], and the others go on.
pub fn compare<N: CostNetwork<Device = Cpu>>(
    settings: &Settings,
    maps: &Warcraft,
    build: impl Fn(Newton) -> Result<Box<dyn CostLoss>, TrainError>,
    observer: &mut dyn Observer,
) -> Result<Comparison, TrainError> {
    compare_on::<N>(&Cpu::default(), settings, maps, build, observer)
}

/// [`compare`] on a device, with a loss for it: say, `|newton| settings.loss.sized_on::<12, 12, Cuda>(newton)`.
///
/// All devices start from the same weights and see the same batches; what differs is rounding.
///
/// # Errors
/// As [`compare`], and what the device says.
pub fn compare_on<N: CostNetwork>(
    device: &N::Device,
    settings: &Settings,
    maps: &Warcraft,
    build: impl Fn(Newton) -> Result<Box<dyn CostLoss<N::Device>>, TrainError>,
    observer: &mut dyn Observer,
) -> Result<Comparison, TrainError> {
    settings.validate()?;
    let runs = settings.methods.iter().map(|&MethodSettings { method, lambda, learning_rate }| {
        let loss = build(method.newton(lambda, settings.on_indefinite))?;
        if loss.cells() != CELLS {
            let expected = "144, those of a map";
            return Err(TrainError::Setting { name: "cells", value: loss.cells() as f64, expected });
        }
        Ok(Run::new(method, loss, N::seeded(settings.seed, device)?, learning_rate))
    });
    let mut runs = runs.collect::<Result<Vec<_>, TrainError>>()?;
    let benchmark = ShortestPath::<N>::new(device, settings, maps)?;
    let untrained = predict::evaluate(&N::seeded(settings.seed, device)?, &benchmark.test)?;
    let per_epoch = benchmark.train.per_epoch();
    let plan = Plan {
        steps: settings.epochs * per_epoch,
        validate_every: settings.validate_every * per_epoch,
        seed: settings.seed,
    };
    let history = compare::train(&benchmark, &mut runs, &plan, observer)?;
    let outcomes = compare::outcomes(&benchmark, &mut runs, observer)?;
    let (predictions, effect) = look(&runs, &benchmark)?;
    Ok(Comparison {
        settings: settings.clone(),
        network: N::name(),
        data: maps.provenance.to_string(),
        train_maps: maps.train.len(),
        untrained,
        outcomes,
        predictions,
        effect,
        history,
    })
}

type Look = (Vec<Prediction>, Option<Effect>);

/// Looks at the first test maps: the first one through every network, and all through one for the gradients.
fn look<N: CostNetwork>(
    runs: &[Run<ShortestPath<N>>],
    benchmark: &ShortestPath<N>,
) -> Result<Look, TrainError> {
    let batch = predict::first(&benchmark.test);
    let predictions = runs.iter().filter(|run| run.stopped.is_none()).map(|run| {
        let costs = predict::costs(run.trainer.network(), &batch)?[..CELLS].to_vec();
        let path = predict::paths(&costs)?;
        let label = batch.paths[..CELLS].to_vec();
        Ok(Prediction { method: run.method, map: batch.indices[0], costs, path, label })
    });
    let predictions = predictions.collect::<Result<Vec<_>, TrainError>>()?;
    let Some(from) = compare::reference(runs) else { return Ok((predictions, None)) };
    let costs = predict::costs(from.trainer.network(), &batch)?;
    let diagnose = |run: &Run<ShortestPath<N>>| {
        (run.method, run.loss.diagnose(&costs, &batch.paths).map_err(|error| error.to_string()))
    };
    let effect = Effect::new(from.method, &costs, CELLS, runs.iter().map(diagnose).collect());
    Ok((predictions, Some(effect)))
}
