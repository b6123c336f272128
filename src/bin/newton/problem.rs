//! From a configuration to data, loss, network: a session that can be driven.

use std::path::Path;

use anyhow::{Context, ensure};
use dfdx::prelude::Cpu;
use newton_losses::cli_losses::{Arithmetic, Compiled};
use newton_losses::data::Digits;
use newton_losses::data::warcraft::Warcraft;
use newton_losses::models::{CombResNet, CombResNet18, MnistCnn, SmallCnn};
use newton_losses::train::sorting::EVALUATION_SETS;
use newton_losses::train::{Session, shortest_path, sorting};

use crate::config::{Config, Problem, SYNTHETIC};
use crate::keys::{Benchmark, CrossEntropy, Keys, Network, Precision};

/// What data are of: those of two runs are the same if these keys are.
#[derive(Debug, Clone, PartialEq)]
struct Source {
    benchmark: Option<Benchmark>,
    data: Option<String>,
    seed: Option<u64>,
    sizes: [Option<usize>; 3],
}

enum Kept {
    Digits(Digits),
    Maps(Warcraft),
}

/// Data that were read or drawn before, for runs that follow each other: the last ones.
#[derive(Default)]
pub struct DataCache(Option<(Source, Kept)>);

impl DataCache {
    fn get(&mut self, keys: &Keys) -> anyhow::Result<&Kept> {
        let source = Source {
            benchmark: keys.benchmark,
            data: keys.data.clone(),
            seed: keys.data_seed,
            sizes: [keys.train_size, keys.valid_size, keys.test_size],
        };
        let kept = match self.0.take() {
            Some((of, kept)) if of == source => kept,
            _ => load(keys)?,
        };
        Ok(&self.0.insert((source, kept)).1)
    }
}

fn load(keys: &Keys) -> anyhow::Result<Kept> {
    let folder = keys.data.as_deref().filter(|data| *data != SYNTHETIC).map(Path::new);
    let size = |size: Option<usize>| size.unwrap_or(0);
    let (train, valid, test) = (size(keys.train_size), size(keys.valid_size), size(keys.test_size));
    let seed = keys.data_seed.unwrap_or(0);
    Ok(match (keys.benchmark, folder) {
        (Some(Benchmark::ShortestPath), Some(folder)) => Kept::Maps(
            Warcraft::load(folder)
                .and_then(|maps| maps.first(train, valid, test))
                .with_context(|| format!("reading Warcraft maps from {}", folder.display()))?,
        ),
        (Some(Benchmark::ShortestPath), None) => {
            Kept::Maps(Warcraft::synthetic_sized(seed, train, valid, test))
        }
        (_, Some(folder)) => Kept::Digits(
            Digits::load(folder).with_context(|| format!("reading MNIST from {}", folder.display()))?,
        ),
        (_, None) => Kept::Digits(Digits::synthetic_sized(seed, train, valid, test)),
    })
}

/// A session at its beginning, and what its results are of.
pub struct Begun<'a> {
    pub session: Box<dyn Session + 'a>,
    /// Where the data come from, in words.
    pub data: String,
    /// Sets or maps in the test.
    pub samples: u64,
}

/// Whether there is such a loss, before the data are read or drawn.
pub fn check(config: &Config) -> anyhow::Result<()> {
    match &config.problem {
        Problem::Sorting(settings) => ranking::<Cpu>(config, settings).map(|_| ()),
        Problem::ShortestPath(settings) => {
            Ok(Cpu::shortest_path(settings.loss, config.newton, 0).map(|_| ())?)
        }
    }
}

/// Makes the session of a run that has made `step` steps; its state is to be restored, if they are any.
pub fn begin<'a, D: Compiled>(
    device: &'a D,
    config: &'a Config,
    data: &mut DataCache,
    step: u64,
) -> anyhow::Result<Begun<'a>> {
    check(config)?;
    let network = config.keys.network.unwrap_or(Network::Small);
    match (&config.problem, data.get(&config.keys)?) {
        (Problem::Sorting(settings), Kept::Digits(digits)) => {
            let loss = ranking(config, settings)?;
            let session = match network {
                Network::Small => {
                    sorting::session::<SmallCnn<f32, D>>(device, settings, digits, loss, config.rule)?
                }
                Network::Paper => {
                    sorting::session::<MnistCnn<f32, D>>(device, settings, digits, loss, config.rule)?
                }
            };
            let samples = settings.test_batches * EVALUATION_SETS as u64;
            Ok(Begun { session, data: digits.provenance.to_string(), samples })
        }
        (Problem::ShortestPath(settings), Kept::Maps(maps)) => {
            let loss = D::shortest_path(settings.loss, config.newton, step)?;
            let session = match network {
                Network::Small => shortest_path::session::<CombResNet<32, 7, 12, f32, D>>(
                    device,
                    settings,
                    maps,
                    loss,
                    config.rule,
                )?,
                Network::Paper => {
                    shortest_path::session::<CombResNet18<f32, D>>(device, settings, maps, loss, config.rule)?
                }
            };
            Ok(Begun { session, data: maps.provenance.to_string(), samples: maps.test.len() as u64 })
        }
        _ => anyhow::bail!("the data are of another benchmark"),
    }
}

fn ranking<D: Compiled>(
    config: &Config,
    settings: &sorting::Settings,
) -> anyhow::Result<Box<dyn newton_losses::train::sorting::RankingLoss<D>>> {
    let keys = &config.keys;
    let arithmetic = match (keys.precision, keys.cross_entropy) {
        (Some(Precision::F64), _) => Arithmetic::Wide,
        (_, Some(CrossEntropy::Stable)) => Arithmetic::Stable,
        _ => Arithmetic::Paper,
    };
    ensure!(settings.n > 0, "`n` is 0, expected 3, 5, 10 or 15");
    let loss = D::sorting(settings.loss, settings.n, arithmetic, settings.temperature, config.newton)?;
    Ok(sorting::scaled(loss, keys.score_scale.unwrap_or(1.0))?)
}
