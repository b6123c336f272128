//! What lies in and below the given folders: runs, tables of `newton figure6` and `newton table9`, pictures; and all that cannot be used, with the reason.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::duplicates::duplicates;
use super::extras::{Gradients, Losses, Picture, Table};
use crate::config::FORMAT;
use crate::keys::{Benchmark, Keys, LossName, MethodName};
use crate::run::{Environment, Metrics, RunDir, RunResult, Status, picture_name};

/// A run that can be read.
#[derive(Debug)]
pub struct Run {
    pub path: PathBuf,
    pub keys: Keys,
    pub benchmark: Benchmark,
    pub loss: LossName,
    pub method: MethodName,
    /// `None` if it goes on or was interrupted.
    pub result: Option<RunResult>,
    /// None, if they cannot be read.
    pub metrics: Metrics,
    pub environment: Option<Environment>,
}

/// What is to be said of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing of it is in the report.
    Skipped,
    /// Ended with numbers that are not finite or the like.
    Failed,
    /// Goes on, or was interrupted.
    Incomplete,
    /// Counted once already.
    Duplicate,
    /// Used without some of its files.
    Partly,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
            Self::Duplicate => "duplicate",
            Self::Partly => "partly used",
        }
    }
}

/// Of a directory or a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    pub kind: Kind,
    pub path: PathBuf,
    pub reason: String,
}

/// All that was found, in the order of paths.
#[derive(Debug, Default)]
pub struct Found {
    pub runs: Vec<Run>,
    pub gradients: Vec<Gradients>,
    pub losses: Vec<Losses>,
    pub pictures: Vec<Picture>,
    pub notes: Vec<Note>,
}

impl Found {
    /// Walks the folders; links are not followed. Never fails: what cannot be read is noted.
    pub fn below(folders: &[PathBuf]) -> Self {
        let mut found = Self::default();
        let mut seen = HashSet::new();
        for folder in folders {
            let before = found.count();
            let mut known = false;
            let mut waiting = vec![folder.clone()];
            while let Some(path) = waiting.pop() {
                // The same directory may be below two of the given ones.
                if seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                    found.look_at(&path, &mut waiting);
                } else {
                    known = true;
                }
            }
            if before == found.count() && !known {
                found.note(Kind::Skipped, folder, "no run is there or below (no `config.toml`)".into());
            }
        }
        found.runs.sort_by(|a, b| a.path.cmp(&b.path));
        found.gradients.sort_by(|a, b| a.path.cmp(&b.path));
        found.losses.sort_by(|a, b| a.path.cmp(&b.path));
        found.pictures.sort_by(|a, b| a.path.cmp(&b.path));
        found.leave_out_duplicates();
        found.notes.sort();
        found
    }

    /// Whether there is anything to show.
    pub fn is_empty(&self) -> bool {
        self.count() == self.notes.len()
    }

    fn count(&self) -> usize {
        let Self { runs, gradients, losses, pictures, notes } = self;
        runs.len() + gradients.len() + losses.len() + pictures.len() + notes.len()
    }

    fn note(&mut self, kind: Kind, path: &Path, reason: String) {
        self.notes.push(Note { kind, path: path.into(), reason });
    }

    fn look_at(&mut self, path: &Path, waiting: &mut Vec<PathBuf>) {
        if path.is_file() {
            return self.file(path);
        }
        let entries = match list(path) {
            Ok(entries) => entries,
            Err(error) => return self.note(Kind::Skipped, path, format!("{error:#}")),
        };
        let is_run = RunDir::is_run(path);
        if is_run {
            match self.run(path) {
                Ok(run) => self.runs.push(run),
                Err(error) => self.note(Kind::Skipped, path, format!("{error:#}")),
            }
        } else if let Some(name) =
            ["result.json", "metrics.csv"].into_iter().find(|name| path.join(name).is_file())
        {
            self.note(Kind::Skipped, path, format!("has `{name}`, but no `config.toml`: no run"));
        }
        for (entry, is_dir) in entries {
            match (is_run, is_dir) {
                (false, true) => waiting.push(entry),
                // A run has no runs in it, and its picture is shown with its results.
                (true, true) => {}
                (true, false) if is_prediction(&entry) => {}
                (_, false) => self.file(&entry),
            }
        }
    }

    /// A file beside runs or in them; most are none of ours.
    fn file(&mut self, path: &Path) {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("csv") => match Table::read(path) {
                Ok(Some(Table::Gradients(gradients))) => self.gradients.push(gradients),
                Ok(Some(Table::Losses(losses))) => self.losses.push(losses),
                Ok(None) => {}
                Err(error) => self.note(Kind::Skipped, path, format!("{error:#}")),
            },
            Some("png") => match Picture::read(path) {
                Ok(picture) => self.pictures.push(picture),
                Err(error) => self.note(Kind::Skipped, path, format!("{error:#}")),
            },
            _ => {}
        }
    }

    /// A run with a sound configuration; what else is unsound is noted, and missing in it.
    fn run(&mut self, path: &Path) -> anyhow::Result<Run> {
        let dir = RunDir::open(path)?;
        let keys = dir.keys()?;
        let file = path.join("config.toml");
        let missing = |key: &str| format!("{}: `{key}` is missing", file.display());
        let format = keys.format.with_context(|| missing("format"))?;
        ensure!(format == FORMAT, "{}: `format` is {format}, expected {FORMAT}", file.display());
        let loss = keys.loss.with_context(|| missing("loss"))?;
        let benchmark = keys.benchmark.with_context(|| missing("benchmark"))?;
        ensure!(
            benchmark == loss.benchmark(),
            "{}: `benchmark` is {benchmark}, but {loss} belongs to {}",
            file.display(),
            loss.benchmark()
        );
        let method = keys.method.with_context(|| missing("method"))?;
        let result = dir.result()?;
        if let Some(result) = &result {
            let file = path.join("result.json");
            ensure!(
                result.format == FORMAT,
                "{}: `format` is {}, expected {FORMAT}",
                file.display(),
                result.format
            );
            if let Some((key, ours, theirs)) = keys.difference(&result.config) {
                anyhow::bail!(
                    "{}: the result of another run: `{key}` is {theirs}, in `config.toml` {ours}",
                    file.display()
                );
            }
        }
        let (metrics, damaged) = match dir.metrics() {
            Ok(metrics) => (metrics, None),
            Err(error) => (Metrics::default(), Some(format!("{error:#}"))),
        };
        if let Some(error) = &damaged {
            self.note(Kind::Partly, path, format!("not in the curves: {error}"));
        }
        let environment = Environment::read(path);
        if environment.is_none() {
            self.note(Kind::Partly, path, "`environment.json` is missing or damaged".into());
        }
        match &result {
            None => {
                let step = metrics.rows.last().map_or(0, |row| row.step);
                let reason =
                    format!("no `result.json`: goes on or was interrupted; last validation at step {step}");
                self.note(Kind::Incomplete, path, reason);
            }
            Some(result) => {
                if let (Status::Failed, failure) = (result.status, &result.failure) {
                    let reason = match failure {
                        Some(failure) => format!("after step {}: {}", failure.step, failure.message),
                        None => "`result.json` does not say why".into(),
                    };
                    self.note(Kind::Failed, path, reason);
                }
                if metrics.rows.is_empty() && damaged.is_none() {
                    let reason = "not in the curves: `metrics.csv` is missing or empty".into();
                    self.note(Kind::Partly, path, reason);
                }
            }
        }
        Ok(Run { path: path.into(), keys, benchmark, loss, method, result, metrics, environment })
    }

    /// Two runs of one configuration and seed are one observation.
    fn leave_out_duplicates(&mut self) {
        // Ended runs come first: one that was begun elsewhere too is not to replace them.
        let mut runs = std::mem::take(&mut self.runs);
        runs.sort_by_key(|run| run.result.is_none());
        let first = duplicates(runs.iter().map(|run| &run.keys));
        for (run, first) in runs.iter().zip(&first) {
            if let Some(first) = first {
                let other = runs[*first].path.display();
                let reason = format!("the same configuration and seed as {other}; left out");
                self.note(Kind::Duplicate, &run.path, reason);
            }
        }
        let kept = runs.into_iter().zip(first).filter(|(_, first)| first.is_none());
        self.runs = kept.map(|(run, _)| run).collect();
        self.runs.sort_by(|a, b| a.path.cmp(&b.path));
    }
}

/// The picture of a run: one of each method is shown with its results.
fn is_prediction(file: &Path) -> bool {
    let names = [Benchmark::Sorting, Benchmark::ShortestPath].map(picture_name);
    file.file_name().is_some_and(|name| names.iter().any(|other| name == *other))
}

/// Entries in order, and whether they are directories; links are left out, they might lead in circles.
fn list(folder: &Path) -> anyhow::Result<Vec<(PathBuf, bool)>> {
    let reading = || format!("reading {}", folder.display());
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let kind = entry.file_type().with_context(|| format!("reading {}", entry.path().display()))?;
        if !kind.is_symlink() {
            entries.push((entry.path(), kind.is_dir()));
        }
    }
    entries.sort();
    Ok(entries)
}
