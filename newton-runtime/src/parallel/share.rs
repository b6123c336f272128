//! Who has which samples.

use std::ops::Range;

use super::{Collective, CollectiveError};

/// A rank's part of all batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    rank: usize,
    size: usize,
}

/// All of it.
impl Default for Share {
    fn default() -> Self {
        Self { rank: 0, size: 1 }
    }
}

impl Share {
    /// That of a rank.
    pub fn of(ranks: &dyn Collective) -> Self {
        Self { rank: ranks.rank(), size: ranks.size().max(1) }
    }

    /// Its samples of a batch of `samples`: the rank-th of as many consecutive parts as there are ranks, whose lengths differ by one at most.
    ///
    /// ```
    /// # use newton_runtime::parallel::{Share, Threads};
    /// let rows = Threads::run(3, |_, ranks| Share::of(&*ranks).rows(10));
    /// assert_eq!(rows, [0..3, 3..6, 6..10]);
    /// ```
    pub fn rows(self, samples: usize) -> Range<usize> {
        let at = |rank: usize| (rank as u128 * samples as u128 / self.size as u128) as usize;
        at(self.rank)..at(self.rank + 1)
    }

    /// # Errors
    /// [`CollectiveError::Share`] if a rank would have none of the samples of a batch.
    pub fn check(self, samples: usize) -> Result<(), CollectiveError> {
        if samples < self.size {
            return Err(CollectiveError::Share { samples, size: self.size });
        }
        Ok(())
    }
}

/// How many samples this batch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    /// Those of lower ranks.
    pub before: usize,
    /// Of all ranks.
    pub total: usize,
}

impl Counts {
    /// Tells all ranks of each other's samples and m. The errors are the same on all of them.
    pub fn exchange(ranks: &dyn Collective, samples: usize, dim: usize) -> Result<Self, CollectiveError> {
        let (rank, size) = (ranks.rank(), ranks.size());
        // Each has two places of its own: nothing is added to them.
        let mut all = vec![0.0; 2 * size];
        (all[rank], all[size + rank]) = (samples as f64, dim as f64);
        ranks.sum(&mut all)?;
        let (counts, dims) = all.split_at(size);
        if let Some(rank) = counts.iter().position(|count| *count == 0.0) {
            return Err(CollectiveError::NoSample { rank, size });
        }
        if let Some(rank) = dims.iter().position(|dim| *dim != dims[0]) {
            let (found, expected) = (dims[rank] as usize, dims[0] as usize);
            return Err(CollectiveError::Dim { rank, found, expected });
        }
        let sum = |counts: &[f64]| counts.iter().sum::<f64>() as usize;
        Ok(Self { before: sum(&counts[..rank]), total: sum(counts) })
    }
}
