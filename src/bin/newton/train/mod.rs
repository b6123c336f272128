//! Trains one run in its directory, so that it can be killed at any moment and taken up again.
//!
//! What a run needs to go on is in its checkpoint alone, the rows of `metrics.csv` included. A checkpoint is written first, everything
//! else is then written anew from what it has: whatever a kill leaves behind, the next session finds a sound checkpoint and makes the rest
//! agree with it.

mod begin;
#[cfg(feature = "mpi")]
mod follow;
mod work;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use newton_losses::cli_losses::Compiled;
use newton_losses::parallel::Collective;
use newton_losses::train::Session;

use crate::config::Config;
use crate::device::{self, Device};
use crate::problem::{self, Begun, DataCache};
use crate::ranks::{self, Task};
use crate::run::{Claimed, Environment, Metrics, Row, RunDir, RunResult, Status, Time, picture_name};

use begin::find_checkpoint;
pub use begin::{Resume, configure};
#[cfg(feature = "mpi")]
pub use follow::follow;
use work::{Trained, finite};

/// Who wants to know how a run gets on.
pub trait Watch {
    /// A run of `steps` steps begins, or goes on from `from`.
    fn begins(&mut self, title: &str, from: u64, steps: u64) {
        let _ = (title, from, steps);
    }

    /// So many steps are made.
    fn stepped(&mut self, step: u64) {
        let _ = step;
    }

    /// A validation.
    fn validated(&mut self, columns: &[String], row: &Row) {
        let _ = (columns, row);
    }

    /// No more steps.
    fn ends(&mut self) {}
}

/// Nobody.
impl Watch for () {}

/// Trains the run to its end. What is there must be of the same configuration: [`configure`].
pub fn run(
    config: &Config,
    out: &Path,
    resume: Resume,
    device: Device,
    data: &mut DataCache,
    watch: &mut dyn Watch,
) -> anyhow::Result<RunResult> {
    lead(config, out, resume, device, data, watch, None)
}

/// The same as the first of several ranks, the others of which [`follow`]: it alone has to do with the directory.
pub fn lead(
    config: &Config,
    out: &Path,
    resume: Resume,
    device: Device,
    data: &mut DataCache,
    watch: &mut dyn Watch,
    ranks: Option<&Arc<dyn Collective>>,
) -> anyhow::Result<RunResult> {
    let seed = config.keys.seed.unwrap_or(0);
    device::on!(device, seed, |place| lead_on(config, out, resume, (device, place), data, watch, ranks))
}

fn lead_on<D: Compiled>(
    config: &Config,
    out: &Path,
    resume: Resume,
    (device, place): (Device, &D),
    data: &mut DataCache,
    watch: &mut dyn Watch,
    ranks: Option<&Arc<dyn Collective>>,
) -> anyhow::Result<RunResult> {
    let start = Instant::now();
    problem::check(config)?;
    let claimed = Claimed::new(out)?;
    if let Some(result) = claimed.dir().result()? {
        ensure!(resume != Resume::No, "{}: a finished run is there", out.display());
        if let Some(ranks) = ranks {
            ranks::tell(&**ranks, &Task::Finished(Box::new(result.clone())))?;
        }
        return Ok(result);
    }
    if RunDir::is_run(out) {
        ensure!(resume != Resume::No, "{}: an unfinished run is there", out.display());
        ensure!(claimed.dir().keys()? == config.keys, "{}: another run is there", out.display());
    } else {
        claimed.write_keys(&config.keys)?;
    }
    let checkpoint = find_checkpoint(&claimed, config, resume)?;
    let from = checkpoint.as_ref().map_or(Ok(0), |checkpoint| checkpoint.number("step"))?;
    if let Some(ranks) = ranks {
        ranks::tell(&**ranks, &Task::Train { keys: Box::new(config.keys.clone()), from })?;
    }
    let Begun { mut session, data, samples } = problem::begin(place, config, data, from)?;
    let mut metrics = Metrics::new(session.columns());
    if let Some(checkpoint) = &checkpoint {
        session.restore(checkpoint)?;
        metrics.rows = checkpoint.part("rows", "the rows of metrics.csv")?;
        let of = &checkpoint.state["data"];
        ensure!(
            of.as_str() == Some(&data),
            "{}: the run has been trained on {of}, not on {data}",
            out.display()
        );
        claimed.checkpoints().remove_after(from)?;
    }
    if let Some(ranks) = ranks {
        ranks::tell_state(&**ranks, &mut *session, &data, &metrics.rows)?;
        session.set_ranks(Arc::clone(ranks))?;
    }
    let size = ranks.map_or(1, |ranks| ranks.size());
    let before = Environment::read(out);
    let environment = Environment::here(&config.keys, &data, device).session(before, from, size);
    environment.write(&claimed)?;
    let mut trained = Trained { config, claimed: Some(&claimed), data: &data, metrics, events: None };
    trained.publish_all()?;

    watch.begins(&config.title(), from, config.steps());
    let status = trained.train(&mut *session, watch)?;
    let tested = session.test()?;
    // A network may be finite in validation and not in the test.
    let status = if session.stopped().is_some() { Status::Failed } else { status };
    publish_picture(&claimed, config, &*session)?;
    watch.ends();
    let result = RunResult {
        samples,
        time: Time {
            seconds_per_step: finite(session.timing().seconds_per_step),
            train_seconds: session.timing().seconds,
            wall_seconds: start.elapsed().as_secs_f64(),
            sessions: environment.sessions.len(),
            ranks: size,
        },
        ..trained.result(&*session, status, &tested)
    };
    result.write(&claimed)?;
    if let Some(ranks) = ranks {
        ranks::tell(&**ranks, &result)?;
    }
    Ok(result)
}

/// Before the result, which says that everything is there.
fn publish_picture(claimed: &Claimed, config: &Config, session: &dyn Session) -> anyhow::Result<()> {
    let (Some(benchmark), Some(picture)) = (config.keys.benchmark, session.picture()?) else { return Ok(()) };
    claimed.replace(picture_name(benchmark), &picture)
}
