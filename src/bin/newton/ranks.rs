//! What the first of several processes tells the others, so that they need not share its directory.

use anyhow::Context;
use newton_losses::parallel::{Collective, CollectiveError};
use newton_losses::train::{Checkpoint, Session};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::keys::Keys;
use crate::run::{Row, RunResult};

/// What there is to do.
#[derive(Serialize, Deserialize)]
pub enum Task {
    /// Nothing: the run was finished before.
    Finished(Box<RunResult>),
    /// To train a run that has made so many steps.
    Train { keys: Box<Keys>, from: u64 },
}

/// Where a run begins or goes on.
pub struct State {
    pub checkpoint: Checkpoint,
    pub rows: Vec<Row>,
}

/// From rank 0 to all.
pub fn tell(ranks: &dyn Collective, what: &impl Serialize) -> anyhow::Result<()> {
    let mut bytes = serde_json::to_vec(what).context("writing a message to the other ranks")?;
    Ok(ranks.broadcast(0, &mut bytes)?)
}

/// What rank 0 tells.
pub fn hear<T: DeserializeOwned>(ranks: &dyn Collective) -> anyhow::Result<T> {
    let mut bytes = Vec::new();
    ranks.broadcast(0, &mut bytes)?;
    let read = serde_json::from_slice(&bytes);
    Ok(read.map_err(|error| CollectiveError::Message { rank: 0, why: error.to_string() })?)
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

/// What [`tell_state`] tells. The data must be the same: each rank reads its own.
pub fn hear_state(ranks: &dyn Collective, data: &str) -> anyhow::Result<State> {
    let (expected, rows): (String, Vec<Row>) = hear(ranks)?;
    let mut bytes = Vec::new();
    ranks.broadcast(0, &mut bytes)?;
    if expected != data {
        return Err(CollectiveError::Data { rank: ranks.rank(), found: data.into(), expected }.into());
    }
    Ok(State { checkpoint: Checkpoint::from_bytes("rank 0's state".as_ref(), &bytes)?, rows })
}
