//! A run's directory: what is in it, who may write to it. `docs/9-experiments.md` has the format.

mod checkpoints;
mod environment;
mod metrics;
mod result;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use newton_losses::train::files;

pub use checkpoints::{Checkpoints, Found};
pub use environment::{Environment, unix_seconds};
pub use metrics::{Metrics, Row};
pub use result::{Best, Failure, Last, Numbers, RunResult, Status, Time};

use crate::config;
use crate::keys::{Benchmark, Keys};

const CONFIG: &str = "config.toml";
const LOCK: &str = "lock";

/// How many ranks what was written before there were several had.
fn one() -> usize {
    1
}

/// The picture of what a run's network makes of some test samples.
pub const fn picture_name(benchmark: Benchmark) -> &'static str {
    match benchmark {
        Benchmark::Sorting => "sets.png",
        Benchmark::ShortestPath => "maps.png",
    }
}

/// A directory with a run in it, to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Whether the directory has a run in it.
    pub fn is_run(path: &Path) -> bool {
        path.join(CONFIG).is_file()
    }

    /// A directory with a `config.toml`.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        ensure!(Self::is_run(path), "{}: no run is there (it has no {CONFIG})", path.display());
        Ok(Self { path: path.into() })
    }

    /// All runs in and below the directories, in the order of their paths.
    pub fn find(folders: &[PathBuf]) -> anyhow::Result<Vec<Self>> {
        let mut found = Vec::new();
        let mut waiting: Vec<PathBuf> = folders.to_vec();
        while let Some(path) = waiting.pop() {
            if Self::is_run(&path) {
                found.push(Self { path });
                continue;
            }
            let entries = std::fs::read_dir(&path).with_context(|| format!("reading {}", path.display()))?;
            for entry in entries {
                let entry = entry.with_context(|| format!("reading {}", path.display()))?;
                // Links are not followed: they might lead in circles.
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    waiting.push(entry.path());
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found.dedup();
        Ok(found)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its configuration.
    pub fn keys(&self) -> anyhow::Result<Keys> {
        Ok(config::read(&self.path.join(CONFIG))?)
    }

    /// What it has reached; `None` if it is not finished.
    pub fn result(&self) -> anyhow::Result<Option<RunResult>> {
        RunResult::read(&self.path)
    }

    /// Its checkpoints, to be read.
    pub fn checkpoints(&self) -> Checkpoints {
        Checkpoints::of(&self.path)
    }

    /// What was measured so far.
    pub fn metrics(&self) -> anyhow::Result<Metrics> {
        Metrics::read(&self.path)
    }
}

/// A directory that this process alone writes to, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Claimed {
    dir: RunDir,
    /// Locked; the system unlocks it when the process ends.
    _lock: File,
}

impl Claimed {
    /// Makes the directory if it is missing, and claims it.
    pub fn new(path: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(path).with_context(|| format!("making the directory {}", path.display()))?;
        let file = path.join(LOCK);
        let opened = File::options().create(true).truncate(false).read(true).write(true).open(&file);
        let mut lock = opened.with_context(|| format!("writing {}", file.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // Only for the message.
                let _ = lock.read_to_string(&mut owner);
                bail!(
                    "{}: another process ({}) trains here; nothing was changed",
                    path.display(),
                    owner.trim()
                );
            }
            Err(std::fs::TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("locking {}", file.display()));
            }
        }
        lock.set_len(0)
            .and_then(|()| writeln!(lock, "process {}", std::process::id()))
            .with_context(|| format!("writing {}", file.display()))?;
        Ok(Self { dir: RunDir { path: path.into() }, _lock: lock })
    }

    /// To be read.
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// Begins the run.
    pub fn write_keys(&self, keys: &Keys) -> anyhow::Result<()> {
        let text = toml::to_string(keys).context("writing the configuration as TOML")?;
        self.replace(CONFIG, text.as_bytes())
    }

    /// Writes a file, whole or not at all.
    pub fn replace(&self, name: &str, contents: &[u8]) -> anyhow::Result<()> {
        let path = self.dir.path.join(name);
        files::replace(&path, contents).with_context(|| format!("writing {}", path.display()))
    }

    /// Its checkpoints.
    pub fn checkpoints(&self) -> Checkpoints {
        self.dir.checkpoints()
    }
}
