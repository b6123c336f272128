//! How a run begins: with a configuration, and where there is one, with a checkpoint.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use newton_losses::train::{Checkpoint, CheckpointError};

use crate::config::{Config, resolve};
use crate::keys::Keys;
use crate::run::{Claimed, Found, RunDir};

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

/// The checkpoint to go on from, if there is one.
pub(super) fn find_checkpoint(
    claimed: &Claimed,
    config: &Config,
    resume: Resume,
) -> anyhow::Result<Option<Checkpoint>> {
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
