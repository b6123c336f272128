//! The two newest checkpoints of a run.

use std::path::{Path, PathBuf};

use anyhow::Context;
use newton_losses::train::{Checkpoint, CheckpointError};

/// How many are kept.
const KEPT: usize = 2;

/// `checkpoint-<step>.safetensors` in a run's directory.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    folder: PathBuf,
}

/// What a run can go on from.
#[derive(Debug)]
pub enum Found {
    /// Nothing: it begins.
    None,
    /// The newest one.
    Newest(PathBuf, Checkpoint),
    /// The newest one cannot be used; the one before it can.
    Previous { error: CheckpointError, file: PathBuf, checkpoint: Checkpoint },
    /// None can be used.
    Broken { error: CheckpointError, others: Vec<CheckpointError> },
}

impl Checkpoints {
    pub(super) fn of(folder: &Path) -> Self {
        Self { folder: folder.into() }
    }

    /// Steps and files, the newest first.
    pub fn list(&self) -> anyhow::Result<Vec<(u64, PathBuf)>> {
        let entries = std::fs::read_dir(&self.folder);
        let entries = entries.with_context(|| format!("reading {}", self.folder.display()))?;
        let mut found: Vec<(u64, PathBuf)> = entries
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let name = path.file_name()?.to_str()?;
                let step = name.strip_prefix("checkpoint-")?.strip_suffix(".safetensors")?.parse().ok()?;
                Some((step, path))
            })
            .collect();
        found.sort_by(|a, b| b.cmp(a));
        Ok(found)
    }

    /// Writes one, and removes all but the newest two.
    pub fn save(&self, step: u64, checkpoint: &Checkpoint) -> anyhow::Result<()> {
        let file = self.folder.join(format!("checkpoint-{step}.safetensors"));
        checkpoint.save(&file).with_context(|| format!("writing {}", file.display()))?;
        for (_, old) in self.list()?.into_iter().skip(KEPT) {
            std::fs::remove_file(&old).with_context(|| format!("removing {}", old.display()))?;
        }
        Ok(())
    }

    /// The newest one that `accept` has nothing against.
    pub fn find(
        &self,
        accept: impl Fn(&Path, &Checkpoint) -> Result<(), CheckpointError>,
    ) -> anyhow::Result<Found> {
        let mut errors = Vec::new();
        for (step, file) in self.list()? {
            let loaded = Checkpoint::load(&file).and_then(|checkpoint| {
                let found = checkpoint.number("step")?;
                if found != step {
                    let why = format!("it is of step {found}, its name says {step}");
                    return Err(CheckpointError::Foreign { file: file.clone(), why });
                }
                accept(&file, &checkpoint)?;
                Ok(checkpoint)
            });
            match (loaded, errors.pop()) {
                (Ok(checkpoint), None) => return Ok(Found::Newest(file, checkpoint)),
                (Ok(checkpoint), Some(error)) => return Ok(Found::Previous { error, file, checkpoint }),
                (Err(error), None) => errors.push(error),
                (Err(other), Some(error)) => return Ok(Found::Broken { error, others: vec![other] }),
            }
        }
        Ok(match errors.pop() {
            None => Found::None,
            Some(error) => Found::Broken { error, others: Vec::new() },
        })
    }

    /// Removes all that are of later steps: a run that goes on from an earlier one writes them again.
    pub fn remove_after(&self, step: u64) -> anyhow::Result<()> {
        for (_, file) in self.list()?.into_iter().filter(|(of, _)| *of > step) {
            std::fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))?;
        }
        Ok(())
    }
}
