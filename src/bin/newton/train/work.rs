//! The steps of a run, and what it leaves behind on the way.

use std::path::PathBuf;

use anyhow::Context;
use newton_losses::train::Session;
use newton_losses::train::events::EventFile;
use newton_losses::train::session::Tested;
use serde_json::json;

use super::Watch;
use crate::config::{Config, FORMAT};
use crate::run::{Best, Claimed, Failure, Last, Metrics, Numbers, Row, RunResult, Status, Time};

/// A run at work.
pub struct Trained<'a> {
    pub config: &'a Config,
    /// `None` for a rank that only follows.
    pub claimed: Option<&'a Claimed>,
    pub data: &'a str,
    pub metrics: Metrics,
    /// The file that viewers read, once there is something in it.
    pub events: Option<EventFile>,
}

impl Trained<'_> {
    pub fn train(&mut self, session: &mut dyn Session, watch: &mut dyn Watch) -> anyhow::Result<Status> {
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
    pub fn publish_all(&mut self) -> anyhow::Result<()> {
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
    pub fn result(&self, session: &dyn Session, status: Status, tested: &Tested) -> RunResult {
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

pub fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
