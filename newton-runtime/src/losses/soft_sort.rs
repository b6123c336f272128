//! SoftSort (Prillo and Eisenschlos, ICML 2020) with power 1.

use super::TINY;
use crate::builtins::{binary_cross_entropy, softmax, sort_desc};
use newton_macros::newton_loss;

/// SoftSort with PyTorch's binary cross-entropy: the paper's setting.
pub type SoftSort<const N: usize> = SoftSortLoss<N, false>;

/// SoftSort: row k of the relaxed permutation is softmax_j(-|s_k - y_j| / tau), s the sorted scores, largest first.
///
/// `target[position][item]` is a permutation matrix, largest item first ([`crate::losses::descending`]).
/// `STABLE`: see [`crate::losses`].
#[newton_loss(hessian, lambda = 10.0, name = SoftSortLoss)]
pub fn soft_sort<const N: usize, const STABLE: bool>(y: &[f32; N], target: &[[f32; N]; N], tau: f32) -> f32 {
    let s = sort_desc(y);
    let mut loss = 0.0;
    for i in 0..N {
        let mut z = [0.0; N];
        for j in 0..N {
            z[j] = -(s[i] - y[j]).abs() / tau;
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
                let q = target[i][j];
                loss -= q * p[j].max(TINY).ln() + (1.0 - q) * rest.max(TINY).ln();
            } else {
                loss += binary_cross_entropy(p[j], target[i][j]);
            }
        }
    }
    loss / (N * N) as f32
}
