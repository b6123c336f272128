//! What the first of several processes tells the others, so that they need not share its directory.

#[cfg(feature = "mpi")]
mod hear;

use anyhow::Context;
use newton_losses::parallel::Collective;
use newton_losses::train::Session;
use serde::{Deserialize, Serialize};

use crate::keys::Keys;
use crate::run::{Row, RunResult};

#[cfg(feature = "mpi")]
pub use hear::{State, hear, hear_state};

/// What there is to do.
#[derive(Serialize, Deserialize)]
pub enum Task {
    /// Nothing: the run was finished before.
    Finished(Box<RunResult>),
    /// To train a run that has made so many steps.
    Train { keys: Box<Keys>, from: u64 },
}

/// From rank 0 to all.
pub fn tell(ranks: &dyn Collective, what: &impl Serialize) -> anyhow::Result<()> {
    let mut bytes = serde_json::to_vec(what).context("writing a message to the other ranks")?;
    Ok(ranks.broadcast(0, &mut bytes)?)
}

/// Gives the others rank 0's weights and moments, also at the beginning of a run: on another kind of processor they may begin differently in
/// the last bits.
pub fn tell_state(
    ranks: &dyn Collective,
    session: &mut dyn Session,
    data: &str,
    rows: &[Row],
) -> anyhow::Result<()> {
    tell(ranks, &(data, rows))?;
    let mut checkpoint = session.checkpoint()?.to_bytes().context("writing a checkpoint")?;
    Ok(ranks.broadcast(0, &mut checkpoint)?)
}
