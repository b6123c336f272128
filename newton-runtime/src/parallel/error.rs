//! Why ranks cannot work together.

/// Why processes that share a batch could not talk to each other, or cannot share it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CollectiveError {
    /// A rank has ended, and will never come.
    #[error("rank {rank} has ended, and the others cannot go on without it")]
    Left {
        /// Which.
        rank: usize,
    },
    /// A rank makes another call than rank 0, or with other lengths.
    #[error("rank {rank} does {found} where rank 0 does {expected}")]
    Order {
        /// Which.
        rank: usize,
        /// Its call.
        found: String,
        /// That of rank 0.
        expected: String,
    },
    /// A rank that is not there was to broadcast.
    #[error("there is no rank {root} among {size}")]
    Root {
        /// Which.
        root: usize,
        /// How many there are.
        size: usize,
    },
    /// A rank has nothing to do.
    #[error("rank {rank} of {size} has no sample of the batch: every rank needs at least one")]
    NoSample {
        /// Which.
        rank: usize,
        /// How many ranks there are.
        size: usize,
    },
    /// Ranks have losses on different numbers of predictions.
    #[error("the loss of rank {rank} is on {found} numbers, that of rank 0 on {expected}")]
    Dim {
        /// Which.
        rank: usize,
        /// Its m.
        found: usize,
        /// That of rank 0.
        expected: usize,
    },
    /// A batch that is too small for so many.
    #[error("a batch of {samples} cannot be shared by {size} ranks: every rank needs at least one sample")]
    Share {
        /// The smallest batch.
        samples: usize,
        /// How many ranks there are.
        size: usize,
    },
    /// A loss that was not made to be shared.
    #[error("this loss cannot be shared by several ranks: it does not implement `set_ranks`")]
    Unshared,
    /// Ranks have read different data.
    #[error("rank {rank} has other data than rank 0: {found}, not {expected}")]
    Data {
        /// Which.
        rank: usize,
        /// Its data, in words.
        found: String,
        /// Those of rank 0.
        expected: String,
    },
    /// What a rank has sent makes no sense to this one: they are of different versions, or do different things.
    #[error("what rank {rank} has sent cannot be read: {why}")]
    Message {
        /// Who sent it.
        rank: usize,
        /// What is wrong with it.
        why: String,
    },
    /// MPI cannot be used.
    #[error("MPI: {0}")]
    Mpi(&'static str),
}
