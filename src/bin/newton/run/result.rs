//! What a run has reached: `result.json`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::Claimed;
use crate::keys::Keys;

const RESULT: &str = "result.json";

/// Numbers by their column: em, ew, em5 or perfect, optimal, cost_ratio. `None` is a number that is not finite.
pub type Numbers = BTreeMap<String, Option<f64>>;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// After all its steps.
    Completed,
    /// Its patience was over.
    EarlyStopped,
    /// A number was not finite, or a curvature could not be inverted.
    Failed,
}

/// The file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// Of run directories.
    pub format: u32,
    /// As in `config.toml`.
    pub config: Keys,
    /// How it ended.
    pub status: Status,
    /// Steps made.
    pub steps: u64,
    /// In words.
    pub network: String,
    /// In words.
    pub data: String,
    /// The last network; `None` if the run failed.
    pub last: Option<Last>,
    /// The best network in validation; `None` if none was validated.
    pub best: Option<Best>,
    /// Sets or maps in the test.
    pub samples: u64,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// The only part that differs when a run is repeated.
    pub time: Time,
}

/// The last network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Last {
    pub step: u64,
    pub valid: Numbers,
    pub test: Numbers,
}

/// The best network in validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Best {
    pub step: u64,
    /// The column it was chosen by.
    pub by: String,
    pub valid: Numbers,
    pub test: Numbers,
}

/// Where and why a run failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Steps made before.
    pub step: u64,
    pub message: String,
}

/// Seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Time {
    /// Median of a step: forward, backward, update.
    pub seconds_per_step: Option<f64>,
    /// In steps.
    pub train_seconds: f64,
    /// Of the last session, data and measuring included.
    pub wall_seconds: f64,
    /// Times it was started or taken up again.
    pub sessions: usize,
    /// Processes in the last session.
    #[serde(default = "super::one")]
    pub ranks: usize,
}

impl RunResult {
    pub(super) fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        let file = folder.join(RESULT);
        if !file.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let result = serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))?;
        Ok(Some(result))
    }

    /// Ends the run.
    pub fn write(&self, to: &Claimed) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("writing the result as JSON")?;
        to.replace(RESULT, format!("{text}\n").as_bytes())
    }
}
