//! Bundled losses, each written once with `#[newton_loss]`.
//!
//! Those of sorting take a permutation matrix as label and compare a relaxed one with it by binary cross-entropy, averaged over the
//! n x n entries. At this level the cross-entropy has PyTorch's exact semantics, whose float32 gradients explode where an entry
//! saturates: that is the setting of the paper. [`stable`] has the same losses with a numerically stable cross-entropy instead,
//! without the explosions, and so without the paper's phenomenon. [`BellmanFord`] is that of shortest paths, and takes a path as label.

mod bellman_ford;
mod neural_sort;
mod permutation;
mod soft_sort;
mod sorting_network;
pub mod stable;

pub use bellman_ford::{BellmanFord, BellmanFordLoss, BellmanFordWhile, bellman_ford};
pub use neural_sort::{NeuralSort, NeuralSortLoss, neural_sort};
pub use permutation::{ascending, descending};
pub use soft_sort::{SoftSort, SoftSortLoss, soft_sort};
pub use sorting_network::*;

/// Keeps logarithms finite in the stable cross-entropy, and their second derivatives, 1 / p^2, in `f32`.
const TINY: f32 = 1e-18;
