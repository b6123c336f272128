//! The other ranks of a run: they train their shares, and have nothing to do with its directory.

use std::sync::Arc;

use newton_losses::cli_losses::Compiled;
use newton_losses::parallel::Collective;

use super::work::Trained;
use crate::config::{Config, resolve};
use crate::device::{self, Device};
use crate::problem::{self, Begun, DataCache};
use crate::ranks::{State, Task, hear, hear_state};
use crate::run::{Metrics, RunResult};

/// Trains whatever rank 0 leads, and writes nothing.
pub fn follow(ranks: &Arc<dyn Collective>, device: Device) -> anyhow::Result<RunResult> {
    let (keys, from) = match hear(&**ranks)? {
        Task::Finished(result) => return Ok(*result),
        Task::Train { keys, from } => (keys, from),
    };
    let config = resolve(&keys)?;
    let seed = config.keys.seed.unwrap_or(0);
    device::on!(device, seed, |place| follow_on(&config, place, from, ranks))
}

fn follow_on<D: Compiled>(
    config: &Config,
    place: &D,
    from: u64,
    ranks: &Arc<dyn Collective>,
) -> anyhow::Result<RunResult> {
    let mut cache = DataCache::default();
    let Begun { mut session, data, .. } = problem::begin(place, config, &mut cache, from)?;
    let State { checkpoint, rows } = hear_state(&**ranks, &data)?;
    session.restore(&checkpoint)?;
    session.set_ranks(Arc::clone(ranks))?;
    // Patience goes by them.
    let metrics = Metrics { rows, ..Metrics::new(session.columns()) };
    let mut trained = Trained { config, claimed: None, data: &data, metrics, events: None };
    trained.train(&mut *session, &mut ())?;
    hear(&**ranks)
}
