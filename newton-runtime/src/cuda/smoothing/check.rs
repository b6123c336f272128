//! What went wrong with a batch, in the words of the CPU and in its order.

use super::super::gpu::Gpu;
use super::findings::{Found, Kind};
use super::oracle::Outcome;
use crate::Error;
use crate::error::Quantity;
use crate::smoothing::{Failure, Reason, place};

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

/// Where an argument of a black box belongs.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub name: &'static str,
    /// Perturbed arguments of each sample, and all of them.
    pub samples: usize,
    pub rows: usize,
    pub dim: usize,
    pub outputs: usize,
}

impl Place {
    fn of(self, failure: Failure) -> Error {
        place(failure, self.name, self.samples, self.rows)
    }
}

/// What can be wrong before anything is estimated.
pub(super) fn check_round(
    gpu: &Gpu,
    found: &[Found],
    outcome: Option<Outcome>,
    place: Place,
) -> Result<(), Error> {
    finite(Quantity::Prediction, found[Kind::Prediction as usize], place.dim)?;
    if let Some(outcome) = outcome {
        outcome(gpu)?.map_err(|failure| place.of(failure))?;
    }
    match found[Kind::Result as usize] {
        None => Ok(()),
        Some((at, value)) => {
            let reason = Reason::NonFinite { entry: at % place.outputs, value };
            Err(place.of(Failure { row: Some(at / place.outputs), reason }))
        }
    }
}

/// And in the estimates; `mean`: of the Hessians it is their mean.
pub(super) fn check_estimates(found: &[Found], mean: bool, dim: usize) -> Result<(), Error> {
    finite(Quantity::Loss, found[Kind::Loss as usize], 1)?;
    finite(Quantity::Gradient, found[Kind::Gradient as usize], dim)?;
    match found[Kind::Hessian as usize] {
        Some((entry, value)) if mean => {
            Err(Error::NonFiniteMean { quantity: Quantity::Hessian, entry, value })
        }
        found => finite(Quantity::Hessian, found, dim * dim),
    }
}
