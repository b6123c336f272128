//! The bundled losses with a numerically stable cross-entropy: 1 - p is computed as the sum of the other entries, so that
//! gradients do not explode where an entry of the relaxed permutation saturates.
//!
//! For NeuralSort and SoftSort they stay accurate as well. A sorting network's comparators round 1 - alpha before that sum: its
//! gradients stay bounded, but single points where a logistic comparator saturates can be off by their own size in `f32`.

/// NeuralSort with a stable cross-entropy.
pub type NeuralSort<const N: usize> = super::NeuralSortLoss<N, true>;
/// SoftSort with a stable cross-entropy.
pub type SoftSort<const N: usize> = super::SoftSortLoss<N, true>;
/// Odd-even sorting network with a stable cross-entropy.
pub type OddEven<const N: usize, const DISTRIBUTION: usize> = super::OddEvenLoss<N, DISTRIBUTION, true>;
/// Bitonic sorting network with a stable cross-entropy.
pub type Bitonic<const N: usize, const DISTRIBUTION: usize> = super::BitonicLoss<N, DISTRIBUTION, true>;
