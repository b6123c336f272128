//! One batch, several processes: each has a share of the samples, and all take the Newton step of the whole batch.
//!
//! The curvature of a Newton loss is an average over the batch. Processes that only average their networks' gradients, as usual, would each
//! invert the curvature of their own share, and train by another loss than one process would. [`Across`] sums the curvature as well: z\* of
//! k ranks is z\* of one, up to rounding.
//!
//! What processes need of each other is a [`Collective`]. [`Threads`] are ranks in one process, to try things out and for tests; with the
//! feature `mpi`, `Mpi` are processes that `mpirun` has started. Every rank gets the same bits from a sum, so that what starts equal
//! stays equal.
//!
//! ```
//! use newton_runtime::loss::NewtonLoss;
//! use newton_runtime::losses::{SoftSort, descending};
//! use newton_runtime::parallel::{Across, Threads};
//!
//! let scores = [0.3_f64, 0.1, 0.2, 0.9, 0.4, 0.5, 0.7, 0.6, 0.1];
//! let orders = [[1.0, 3.0, 2.0], [2.0, 1.0, 3.0], [3.0, 1.0, 2.0]].map(|numbers| descending(&numbers));
//! let one = SoftSort::<3>::new(0.5).evaluate(&scores, &orders)?;
//!
//! // Three samples on two ranks: one, and two.
//! let shares = Threads::run(2, |rank, ranks| {
//!     let rows = if rank == 0 { 0..1 } else { 1..3 };
//!     let loss = Across::new(SoftSort::<3>::new(0.5), ranks);
//!     loss.evaluate(&scores[3 * rows.start..3 * rows.end], &orders[rows])
//! });
//! for share in &shares {
//!     assert!((share.as_ref().expect("no rank failed").mean - one.mean).abs() < 1e-12);
//! }
//! let z_star = shares.into_iter().flat_map(|share| share.expect("no rank failed").step.z_star);
//! assert!(z_star.zip(one.step.z_star).all(|(a, b)| (a - b).abs() < 1e-12));
//! # Ok::<(), newton_runtime::Error>(())
//! ```
//!
//! With dfdx, `Across::new(loss, ranks).apply(scores, &labels)` is a node as any other; what its rank back-propagates is averaged by
//! `train::Trainer::step_across`.
#![forbid(unsafe_code)]

mod across;
mod agreement;
mod error;
#[cfg(feature = "mpi")]
mod mpi;
mod share;
#[cfg(test)]
mod tests;
mod threads;

pub use across::Across;
pub use error::CollectiveError;
#[cfg(feature = "mpi")]
pub use mpi::Mpi;
pub use share::Share;
pub use threads::{ThreadRank, Threads};

/// One of several processes (or threads) that work at the same thing: a rank, counted from 0.
///
/// All ranks make the same calls in the same order, with as many numbers; each call waits for all of them.
pub trait Collective: Send + Sync {
    /// Which this is.
    fn rank(&self) -> usize;

    /// How many there are, at least one.
    fn size(&self) -> usize;

    /// Replaces every number by its sum over all ranks: the same bits on every rank.
    ///
    /// # Errors
    /// [`CollectiveError`] if a rank is gone or does something else.
    fn sum(&self, values: &mut [f64]) -> Result<(), CollectiveError>;

    /// The same for `f32`; summed in `f64`, unless an implementation has a faster way.
    ///
    /// # Errors
    /// As [`sum`](Self::sum).
    fn sum_f32(&self, values: &mut [f32]) -> Result<(), CollectiveError> {
        let mut wide: Vec<f64> = values.iter().copied().map(f64::from).collect();
        self.sum(&mut wide)?;
        values.iter_mut().zip(wide).for_each(|(value, sum)| *value = sum as f32);
        Ok(())
    }

    /// Replaces the bytes by those of rank `root`, however many these are.
    ///
    /// # Errors
    /// [`CollectiveError::Root`] if there is no such rank, and as [`sum`](Self::sum).
    fn broadcast(&self, root: usize, bytes: &mut Vec<u8>) -> Result<(), CollectiveError>;
}

/// Whether there are others.
pub(crate) fn several(ranks: &dyn Collective) -> bool {
    ranks.size() > 1
}
