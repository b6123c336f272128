//! What went wrong with a batch, in the words of the CPU.

use super::findings::Found;
use crate::Error;
use crate::error::Quantity;

/// Nothing was found among rows of `per_sample` numbers.
pub(super) fn finite(quantity: Quantity, found: Found, per_sample: usize) -> Result<(), Error> {
    match found {
        None => Ok(()),
        Some((at, value)) => {
            let (sample, entry) = (at / per_sample.max(1), at % per_sample.max(1));
            Err(Error::NonFinite { quantity, sample, entry, value })
        }
    }
}
