//! NeuralSort (Grover et al., ICLR 2019), deterministic.

use super::TINY;
use crate::builtins::{binary_cross_entropy, softmax};
use newton_macros::newton_loss;

/// NeuralSort with PyTorch's binary cross-entropy: the paper's setting.
pub type NeuralSort<const N: usize> = NeuralSortLoss<N, false>;

/// NeuralSort: row k of the relaxed permutation is softmax_j(((n + 1 - 2k) y_j - sum_i |y_j - y_i|) / tau), k = 1..n.
///
/// `target[position][item]` is a permutation matrix, largest item first ([`crate::losses::descending`]).
/// `STABLE`: see [`crate::losses`].
#[newton_loss(hessian, lambda = 0.01, name = NeuralSortLoss)]
pub fn neural_sort<const N: usize, const STABLE: bool>(
    y: &[f32; N],
    target: &[[f32; N]; N],
    tau: f32,
) -> f32 {
    let mut spread = [0.0; N];
    for j in 0..N {
        for i in 0..N {
            spread[j] += (y[j] - y[i]).abs();
        }
    }
    let mut loss = 0.0;
    for k in 0..N {
        let weight = N as f32 - 1.0 - 2.0 * k as f32;
        let mut z = [0.0; N];
        for j in 0..N {
            z[j] = (weight * y[j] - spread[j]) / tau;
        }
        let p = softmax(&z);
        for j in 0..N {
            if STABLE {
                // 1 - p as the sum of the other entries: accurate where p is close to 1.
                let mut rest = 0.0;
                for other in 0..N {
                    if other != j {
                        rest += p[other];
                    }
                }
                let q = target[k][j];
                loss -= q * p[j].max(TINY).ln() + (1.0 - q) * rest.max(TINY).ln();
            } else {
                loss += binary_cross_entropy(p[j], target[k][j]);
            }
        }
    }
    loss / (N * N) as f32
}
