//! What one rank cannot do, none does.
//!
//! A rank that gave up alone would leave the others waiting in the next call. So ranks tell each other whether they failed before any of
//! them acts upon it.

use super::Collective;
use crate::Error;

/// What a rank adds to a sum so that all see who has failed: one number per rank, not 0 for those that have.
pub(super) fn flags<T>(ranks: &dyn Collective, mine: &Result<T, Error>) -> Vec<f64> {
    let mut flags = vec![0.0; ranks.size()];
    flags[ranks.rank()] = f64::from(u8::from(mine.is_err()));
    flags
}

/// This rank's value if no rank has failed, by the sum of all [`flags`]; otherwise the error of the lowest that has, on every rank.
pub(super) fn settle<T>(ranks: &dyn Collective, mine: Result<T, Error>, flags: &[f64]) -> Result<T, Error> {
    let Some(rank) = flags.iter().position(|flag| *flag != 0.0) else { return mine };
    let mut message = match &mine {
        Err(error) => error.to_string().into_bytes(),
        Ok(_) => Vec::new(),
    };
    ranks.broadcast(rank, &mut message)?;
    Err(Error::InRank { rank, message: String::from_utf8_lossy(&message).into_owned() })
}

/// Both, where there is nothing else to be summed.
pub(super) fn agree<T>(ranks: &dyn Collective, mine: Result<T, Error>) -> Result<T, Error> {
    let mut flags = flags(ranks, &mine);
    ranks.sum(&mut flags)?;
    settle(ranks, mine, &flags)
}
