//! What the library's presets say of keys that are not given.

use newton_losses::train::Method;
use newton_losses::train::shortest_path::{self, BellmanFordSettings, PathLoss, PerturbedSettings, Smoothed};
use newton_losses::train::sorting::{self, SortingLoss};

use super::{ConfigError, Sizes, Take};
use crate::keys::{LossName, MetricName, Policy, Preset, Variant};

/// A preset's settings for the loss.
pub(super) enum Defaults {
    Sorting(sorting::Settings),
    ShortestPath(shortest_path::Settings),
}

impl Defaults {
    pub(super) fn of(
        keys: &mut Take,
        preset: Preset,
        loss: LossName,
        method: Method,
    ) -> Result<Self, ConfigError> {
        let sorting = match loss {
            LossName::NeuralSort => Some(SortingLoss::NeuralSort),
            LossName::SoftSort => Some(SortingLoss::SoftSort),
            LossName::LogisticDsn => Some(SortingLoss::LogisticDsn),
            LossName::CauchyDsn => Some(SortingLoss::CauchyDsn),
            _ => None,
        };
        if let Some(loss) = sorting {
            let n = take!(keys.n, 5);
            return Ok(Self::Sorting(match preset {
                Preset::Quick => sorting::Settings::quick(loss, n),
                Preset::Paper => sorting::Settings::paper(loss, n),
            }));
        }
        let loss = path_loss(keys, preset, loss);
        if !loss.methods().contains(&method) {
            let expected = format!("one that {} has: a smoothed algorithm has no Hessian", loss.name());
            return Err(ConfigError::Key { key: "method", found: method.to_string(), expected });
        }
        Ok(Self::ShortestPath(match preset {
            Preset::Quick => shortest_path::Settings::quick(loss),
            Preset::Paper => shortest_path::Settings::paper(loss),
        }))
    }

    pub(super) fn batch(&self) -> usize {
        match self {
            Self::Sorting(settings) => settings.batch,
            Self::ShortestPath(settings) => settings.batch,
        }
    }

    pub(super) fn lambda(&self, method: Method) -> f64 {
        match self {
            Self::Sorting(settings) => settings.lambda_of(method),
            Self::ShortestPath(settings) => {
                settings.methods.iter().find(|of| of.method == method).map_or(0.0, |of| of.lambda)
            }
        }
    }

    pub(super) fn learning_rate(&self) -> f64 {
        match self {
            Self::Sorting(settings) => settings.learning_rate,
            Self::ShortestPath(settings) => settings.methods.first().map_or(0.001, |of| of.learning_rate),
        }
    }

    pub(super) fn on_indefinite(&self) -> Policy {
        match self {
            Self::Sorting(settings) => settings.on_indefinite.into(),
            Self::ShortestPath(settings) => settings.on_indefinite.into(),
        }
    }

    pub(super) fn sizes(&self, preset: Preset) -> Sizes {
        match (self, preset) {
            (Self::Sorting(_), _) => Sizes { train: 55_000, valid: 5_000, test: 10_000 },
            (_, Preset::Quick) => Sizes { train: 800, valid: 200, test: 1000 },
            (_, Preset::Paper) => Sizes { train: 10_000, valid: 1000, test: 1000 },
        }
    }
}

fn path_loss(keys: &mut Take, preset: Preset, loss: LossName) -> PathLoss {
    let smoothed = match loss {
        LossName::SsLoss => Smoothed::Loss,
        LossName::SsAlgorithm => Smoothed::Algorithm,
        LossName::FenchelYoung => Smoothed::Optimizer,
        _ => {
            return BellmanFordSettings {
                looping: take!(keys.variant, Variant::For).into(),
                metric: take!(keys.metric, MetricName::L2Squared).into(),
                beta: take!(keys.beta, 10.0),
                rounds: take!(keys.rounds, 18),
            }
            .into();
        }
    };
    // Searched for the short run: `examples/README.md`.
    let wide = preset == Preset::Quick && smoothed != Smoothed::Optimizer;
    let sigma = take!(keys.sigma, if wide { 0.3 } else { 0.1 });
    PerturbedSettings { smoothed, sigma, samples: take!(keys.samples, 10), seed: 0 }.into()
}
