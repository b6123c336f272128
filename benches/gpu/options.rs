//! How much is measured, and where results go.

use crate::shared::{argument, flag};
use anyhow::{Context, Result};
use newton_losses::cuda::Gpu;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::time::{Duration, Instant};

/// How much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    Full,
    /// Fewer sizes.
    Quick,
    /// Whether it works: sizes that an emulated device does in seconds.
    Smoke,
}

pub struct Options {
    pub extent: Extent,
    /// Seconds that a median is taken over.
    pub seconds: f64,
    /// No peer.
    pub alone: bool,
    json: Option<File>,
    end: Option<Instant>,
}

impl Options {
    pub fn read() -> Result<Self> {
        let extent = match (flag("--smoke"), flag("--quick")) {
            (true, _) => Extent::Smoke,
            (_, true) => Extent::Quick,
            _ => Extent::Full,
        };
        let json = argument("--json")
            .map(|path| {
                let file = OpenOptions::new().create(true).append(true).open(&path);
                file.with_context(|| format!("opening {path}"))
            })
            .transpose()?;
        let limit = argument("--limit").map(|limit| limit.parse()).transpose().context("--limit SECONDS")?;
        let end = limit.map(|limit: u64| Instant::now() + Duration::from_secs(limit));
        let seconds = match extent {
            Extent::Full => 0.3,
            Extent::Quick => 0.15,
            Extent::Smoke => 0.0,
        };
        Ok(Self { extent, seconds, alone: flag("--alone"), json, end })
    }

    /// Time is up: what was not begun is left out.
    pub fn is_late(&self) -> bool {
        self.end.is_some_and(|end| Instant::now() > end)
    }

    /// A result, as a line of JSON.
    pub fn result(&mut self, kind: &str, mut result: Value) -> Result<()> {
        if let (Some(file), Some(fields)) = (&mut self.json, result.as_object_mut()) {
            fields.insert("kind".to_owned(), json!(kind));
            writeln!(file, "{result}")?;
        }
        Ok(())
    }

    /// Something that could not be measured.
    pub fn failed(&mut self, what: &str, why: &str) -> Result<()> {
        self.result("failure", json!({ "what": what, "why": why }))
    }
}

/// Median time of a call that enqueues work, with the wait for it; calls for `seconds`, at least five times (for 0 seconds: once), after
/// one that is not counted.
pub fn median(gpu: &Gpu, seconds: f64, mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut timed = || {
        let start = Instant::now();
        call()?;
        gpu.synchronize()?;
        Ok(start.elapsed().as_secs_f64())
    };
    if seconds == 0.0 {
        return timed();
    }
    gpu.synchronize()?;
    crate::shared::median_seconds(seconds, || timed().map(drop))
}
