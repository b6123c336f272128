//! What the others hear of the first.

use newton_losses::parallel::{Collective, CollectiveError};
use newton_losses::train::Checkpoint;
use serde::de::DeserializeOwned;

use crate::run::Row;

/// Where a run begins or goes on.
pub struct State {
    pub checkpoint: Checkpoint,
    pub rows: Vec<Row>,
}

/// What rank 0 tells.
pub fn hear<T: DeserializeOwned>(ranks: &dyn Collective) -> anyhow::Result<T> {
    let mut bytes = Vec::new();
    ranks.broadcast(0, &mut bytes)?;
    let read = serde_json::from_slice(&bytes);
    Ok(read.map_err(|error| CollectiveError::Message { rank: 0, why: error.to_string() })?)
}

/// What [`tell_state`](super::tell_state) tells. The data must be the same: each rank reads its own.
pub fn hear_state(ranks: &dyn Collective, data: &str) -> anyhow::Result<State> {
    let (expected, rows): (String, Vec<Row>) = hear(ranks)?;
    let mut bytes = Vec::new();
    ranks.broadcast(0, &mut bytes)?;
    if expected != data {
        return Err(CollectiveError::Data { rank: ranks.rank(), found: data.into(), expected }.into());
    }
    Ok(State { checkpoint: Checkpoint::from_bytes("rank 0's state".as_ref(), &bytes)?, rows })
}
