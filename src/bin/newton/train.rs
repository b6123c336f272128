//! Trains one run in its directory, so that it can be killed at any moment and taken up again.
//!
//! What a run needs to go on is in its checkpoint alone, the rows of `metrics.csv` included. A checkpoint is written first, everything
//! else is then written anew from what it has: whatever a kill leaves behind, the next session finds a sound checkpoint and makes the rest
//! agree with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use newton_losses::cli_losses::Compiled;
use newton_losses::parallel::Collective;
use newton_losses::train::events::EventFile;
use newton_losses::train::session::Tested;
use newton_losses::train::{Checkpoint, CheckpointError, Session};
use serde_json::json;

use crate::config::{Config, FORMAT, resolve};
use crate::device::{self, Device};
use crate::keys::Keys;
use crate::problem::{self, Begun, DataCache};
use crate::ranks::{self, Task};
use crate::run::{
    Best, Claimed, Environment, Failure, Found, Last, Metrics, Numbers, Row, RunDir, RunResult, Status, Time,
    picture_name,
};

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

/// What becomes of a run that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// It is not touched.
    No,
    /// It is taken up again, from its newest checkpoint.
    Newest,
    /// The same; if the newest one cannot be used, from the one before.
    OrPrevious,
}

/// The configuration of the run in `out`: a new one's, or that of the one that is there, which `given` must not contradict.
pub fn configure(given: &Keys, out: &Path, resume: Resume) -> anyhow::Result<Config> {
    if !RunDir::is_run(out) {
        return Ok(resolve(given)?);
    }
    let there = RunDir::open(out)?;
    let state = if there.result()?.is_some() { "a finished run" } else { "an unfinished run" };
    ensure!(
        resume != Resume::No,
        "{}: {state} is there; go on with it by --resume, or choose another --out",
        out.display()
    );
    let keys = there.keys()?;
    // A preset only stands for keys that are all there.
    let given = Keys { preset: None, ..given.clone() };
    if let Some((key, ours, theirs)) = keys.difference(&given) {
        bail!("{}: the run there has `{key}` = {ours}, not {theirs}; choose another --out", out.display());
    }
    let config = resolve(&keys.under(&given)?)?;
    ensure!(
        config.keys == keys,
        "{}: its config.toml is not complete, or has been changed; choose another --out",
        out.display()
    );
    Ok(config)
}

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

/// Trains whatever rank 0 leads, and writes nothing.
pub fn follow(ranks: &Arc<dyn Collective>, device: Device) -> anyhow::Result<RunResult> {
    let (keys, from) = match ranks::hear(&**ranks)? {
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
    let ranks::State { checkpoint, rows } = ranks::hear_state(&**ranks, &data)?;
    session.restore(&checkpoint)?;
    session.set_ranks(Arc::clone(ranks))?;
    // Patience goes by them.
    let metrics = Metrics { rows, ..Metrics::new(session.columns()) };
    let mut trained = Trained { config, claimed: None, data: &data, metrics, events: None };
    trained.train(&mut *session, &mut ())?;
    ranks::hear(&**ranks)
}

/// Before the result, which says that everything is there.
fn publish_picture(claimed: &Claimed, config: &Config, session: &dyn Session) -> anyhow::Result<()> {
    let (Some(benchmark), Some(picture)) = (config.keys.benchmark, session.picture()?) else { return Ok(()) };
    claimed.replace(picture_name(benchmark), &picture)
}

/// The checkpoint to go on from, if there is one.
fn find_checkpoint(claimed: &Claimed, config: &Config, resume: Resume) -> anyhow::Result<Option<Checkpoint>> {
    let ours = serde_json::to_value(&config.keys).context("the configuration as JSON")?;
    let accept = |file: &Path, checkpoint: &Checkpoint| {
        let theirs = &checkpoint.state["config"];
        if *theirs == ours {
            return Ok(());
        }
        let keys: Option<Keys> = serde_json::from_value(theirs.clone()).ok();
        let why = match keys.and_then(|keys| config.keys.difference(&keys)) {
            Some((key, ours, theirs)) => format!("it is of a run with `{key}` = {theirs}, not {ours}"),
            None => "it is of another run".into(),
        };
        Err(CheckpointError::Foreign { file: file.into(), why })
    };
    let name = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match claimed.checkpoints().find(accept)? {
        Found::None => Ok(None),
        Found::Newest(_, checkpoint) => Ok(Some(checkpoint)),
        Found::Previous { checkpoint, .. } if resume == Resume::OrPrevious => Ok(Some(checkpoint)),
        Found::Previous { error, file, .. } => {
            bail!("{error}\nThe one before it, {}, is sound: go on from there by --use-previous", name(&file))
        }
        Found::Broken { error, others } => {
            let others: String = others.iter().map(|other| format!("\n{other}")).collect();
            bail!("{error}{others}\nThere is no other to go on from: choose another --out")
        }
    }
}

/// A run at work.
struct Trained<'a> {
    config: &'a Config,
    /// `None` for a rank that only follows.
    claimed: Option<&'a Claimed>,
    data: &'a str,
    metrics: Metrics,
    /// The file that viewers read, once there is something in it.
    events: Option<EventFile>,
}

impl Trained<'_> {
    fn train(&mut self, session: &mut dyn Session, watch: &mut dyn Watch) -> anyhow::Result<Status> {
        let (steps, validate_every) = (self.config.steps(), self.config.validate_every());
        let checkpoint_every = self.config.keys.checkpoint_every.unwrap_or(0);
        while session.steps() < steps {
            if self.out_of_patience(session) {
                return Ok(Status::EarlyStopped);
            }
            session.step()?;
            let step = session.steps();
            if session.stopped().is_none() && (step.is_multiple_of(validate_every) || step == steps) {
                if let Some(validation) = session.validate()? {
                    let mut values = vec![validation.loss];
                    values.extend(validation.numbers);
                    let train_seconds = session.timing().seconds;
                    let unix_seconds = crate::run::unix_seconds();
                    self.metrics.rows.push(Row { step, values, train_seconds, unix_seconds });
                    self.save(session)?;
                    self.publish_last()?;
                    if let Some(row) = self.metrics.rows.last() {
                        watch.validated(&self.metrics.columns, row);
                    }
                }
            } else if checkpoint_every > 0 && step.is_multiple_of(checkpoint_every) {
                self.save(session)?;
            }
            if session.stopped().is_some() {
                return Ok(Status::Failed);
            }
            watch.stepped(step);
        }
        Ok(Status::Completed)
    }

    fn out_of_patience(&self, session: &dyn Session) -> bool {
        let patience = self.config.keys.patience.unwrap_or(0);
        patience > 0 && self.metrics.since_best(session.selected_by()) >= patience
    }

    fn save(&self, session: &mut dyn Session) -> anyhow::Result<()> {
        let Some(claimed) = self.claimed else { return Ok(()) };
        let mut checkpoint = session.checkpoint()?;
        checkpoint.state["rows"] = json!(self.metrics.rows);
        checkpoint.state["config"] = json!(self.config.keys);
        checkpoint.state["data"] = json!(self.data);
        claimed.checkpoints().save(session.steps(), &checkpoint)
    }

    /// All files of metrics, from what the checkpoint had.
    fn publish_all(&mut self) -> anyhow::Result<()> {
        let Some(claimed) = self.claimed else { return Ok(()) };
        self.metrics.write(claimed)?;
        let rows = self.metrics.rows.len();
        for row in 0..rows {
            self.event(claimed, row)?;
        }
        Ok(())
    }

    fn publish_last(&mut self) -> anyhow::Result<()> {
        let Some(claimed) = self.claimed else { return Ok(()) };
        self.metrics.write(claimed)?;
        self.event(claimed, self.metrics.rows.len() - 1)
    }

    fn event(&mut self, claimed: &Claimed, row: usize) -> anyhow::Result<()> {
        let row = &self.metrics.rows[row];
        let folder: PathBuf = claimed.dir().path().into();
        let context = || format!("writing events to {}", folder.display());
        let events = match &mut self.events {
            Some(events) => events,
            None => self.events.insert(EventFile::begin(&folder, row.unix_seconds).with_context(context)?),
        };
        let tags = self.metrics.columns.iter().map(|name| match name.as_str() {
            "loss" => "train/loss".to_owned(),
            name => format!("valid/{name}"),
        });
        let tags: Vec<String> = tags.collect();
        let scalars = tags.iter().map(String::as_str).zip(row.values.iter().copied());
        events.scalars(row.step, row.unix_seconds, scalars).with_context(context)
    }

    /// All but the times and the number of samples.
    fn result(&self, session: &dyn Session, status: Status, tested: &Tested) -> RunResult {
        let numbers = |values: &[f64]| -> Numbers {
            session
                .columns()
                .iter()
                .zip(values)
                .map(|(name, value)| ((*name).to_owned(), finite(*value)))
                .collect()
        };
        let last = tested.last.as_ref().map(|test| {
            let row = self.metrics.rows.last();
            let valid = row.map(|row| numbers(&row.values[1..])).unwrap_or_default();
            Last { step: session.steps(), valid, test: numbers(test) }
        });
        let best = tested.best.as_ref().map(|(step, valid, test)| Best {
            step: *step,
            by: session.selected_by().into(),
            valid: numbers(valid),
            test: numbers(test),
        });
        RunResult {
            format: FORMAT,
            config: self.config.keys.clone(),
            status,
            steps: session.steps(),
            network: session.network(),
            data: self.data.into(),
            last,
            best,
            samples: 0,
            failure: session.stopped().map(|s| Failure { step: s.step, message: s.message.clone() }),
            time: Time {
                seconds_per_step: None,
                train_seconds: 0.0,
                wall_seconds: 0.0,
                sessions: 0,
                ranks: 1,
            },
        }
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
