//! Losses of black boxes on a device: noise is drawn and estimates are reduced there, and the black box is evaluated there if it can be
//! ([`DeviceOracle`]). Others are evaluated on the host's cores: the perturbed arguments are copied to the host and the results back, and that
//! is all that is waited for.
//!
//! Noise is that of [`crate::smoothing::Noise::draw`], a function of seed, step and sample: the same uniform numbers, bit for bit, and
//! quantiles that differ in the last digits. Estimates are the CPU's up to rounding. Sums are made in `f64`, in an order that
//! depends on the sizes alone.

mod check;
mod findings;
mod hessians;
mod kernels;
mod noise;
mod of_algorithm;
mod of_loss;
mod of_optimizer;
mod oracle;
mod round;
mod smoothed;
mod squared;
mod sums;

pub use noise::draw;
#[doc(hidden)]
pub use noise::{functions_of, random_words};
pub use oracle::{DeviceOracle, Outcome};
pub use round::{DeviceEstimator, DeviceRound, Estimates};
pub(crate) use smoothed::parts;
pub(crate) use squared::squared_error_parts;
