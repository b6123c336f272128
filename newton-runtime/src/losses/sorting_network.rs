//! Differentiable sorting networks (Petersen et al., ICML 2021 and ICLR 2022).
//!
//! A comparator (a, b) with a < b mixes its wires by alpha = f(x_b - x_a), the probability that they are in order:
//! x_a' = alpha x_a + (1 - alpha) x_b, x_b' = (1 - alpha) x_a + alpha x_b, and so do the columns of the permutation matrix.
//! `target[item][position]` is a permutation matrix, smallest item first ([`crate::losses::ascending`]).

use super::TINY;
use crate::builtins::*;
use newton_macros::newton_loss;

/// alpha = sigmoid(beta d).
pub const LOGISTIC: usize = 0;
/// alpha = sigmoid(beta d / (|d| + 1e-10)^(1/4)): logistic with activation replacement.
pub const LOGISTIC_PHI: usize = 1;
/// alpha = atan(beta d) / pi + 1/2.
pub const CAUCHY: usize = 2;
/// alpha = the standard normal distribution function of beta d.
pub const GAUSSIAN: usize = 3;
/// alpha = (beta d / (2 + |beta d|) + 1) / 2.
pub const RECIPROCAL: usize = 4;
/// alpha = the error-optimal monotonic distribution function of beta d.
pub const OPTIMAL: usize = 5;

/// Odd-even network with PyTorch's binary cross-entropy: the paper's setting.
pub type OddEven<const N: usize, const DISTRIBUTION: usize> = OddEvenLoss<N, DISTRIBUTION, false>;
/// Odd-even network with logistic comparators.
pub type LogisticOddEven<const N: usize> = OddEven<N, LOGISTIC>;
/// Odd-even network with Cauchy comparators.
pub type CauchyOddEven<const N: usize> = OddEven<N, CAUCHY>;
/// Bitonic network with PyTorch's binary cross-entropy.
pub type Bitonic<const N: usize, const DISTRIBUTION: usize> = BitonicLoss<N, DISTRIBUTION, false>;
/// Bitonic network with logistic comparators.
pub type LogisticBitonic<const N: usize> = Bitonic<N, LOGISTIC>;
/// Bitonic network with Cauchy comparators.
pub type CauchyBitonic<const N: usize> = Bitonic<N, CAUCHY>;

/// Odd-even transposition network: n layers, layer l compares wires (i, i + 1) from i = l mod 2 on.
///
/// `DISTRIBUTION`: one of the constants of this module; `STABLE`: see [`crate::losses`].
#[newton_loss(hessian, lambda = 0.1, name = OddEvenLoss)]
pub fn odd_even<const N: usize, const DISTRIBUTION: usize, const STABLE: bool>(
    y: &[f32; N],
    target: &[[f32; N]; N],
    steepness: f32,
) -> f32 {
    let mut x = *y;
    let mut p = [[0.0; N]; N];
    for i in 0..N {
        p[i][i] = 1.0;
    }
    for layer in 0..N {
        for pair in 0..(N - layer % 2) / 2 {
            let a = layer % 2 + 2 * pair;
            let b = a + 1;
            let d = x[b] - x[a];
            let alpha = if DISTRIBUTION == LOGISTIC {
                sigmoid(steepness * d)
            } else if DISTRIBUTION == LOGISTIC_PHI {
                sigmoid(steepness * d / (d.abs() + 1e-10).powf(0.25))
            } else if DISTRIBUTION == CAUCHY {
                cauchy_cdf(steepness * d)
            } else if DISTRIBUTION == GAUSSIAN {
                normal_cdf(steepness * d)
            } else if DISTRIBUTION == RECIPROCAL {
                reciprocal_cdf(steepness * d)
            } else {
                optimal_cdf(steepness * d)
            };
            let (low, high) = (x[a], x[b]);
            x[a] = alpha * low + (1.0 - alpha) * high;
            x[b] = (1.0 - alpha) * low + alpha * high;
            for j in 0..N {
                let (u, w) = (p[j][a], p[j][b]);
                p[j][a] = alpha * u + (1.0 - alpha) * w;
                p[j][b] = (1.0 - alpha) * u + alpha * w;
            }
        }
    }
    let mut loss = 0.0;
    for i in 0..N {
        for j in 0..N {
            if STABLE {
                // 1 - p as the sum of the other entries: accurate where p is close to 1.
                let mut rest = 0.0;
                for other in 0..N {
                    if other != j {
                        rest += p[i][other];
                    }
                }
                let q = target[i][j];
                loss -= q * p[i][j].max(TINY).ln() + (1.0 - q) * rest.max(TINY).ln();
            } else {
                loss += binary_cross_entropy(p[i][j], target[i][j]);
            }
        }
    }
    loss / (N * N) as f32
}

/// Bitonic network. For n that is no power of two, the lowest wires of the next larger network are left out together with
/// their comparators.
///
/// `DISTRIBUTION`: one of the constants of this module; `STABLE`: see [`crate::losses`].
#[newton_loss(hessian, lambda = 0.1, name = BitonicLoss)]
pub fn bitonic<const N: usize, const DISTRIBUTION: usize, const STABLE: bool>(
    y: &[f32; N],
    target: &[[f32; N]; N],
    steepness: f32,
) -> f32 {
    let mut x = *y;
    let mut p = [[0.0; N]; N];
    for i in 0..N {
        p[i][i] = 1.0;
    }
    let wires = N.next_power_of_two();
    let skipped = wires - N;
    for block in 0..wires.ilog2() as usize {
        for layer in 0..block + 1 {
            let distance = 1 << (block - layer);
            for pair in 0..wires / 2 {
                let first = pair / distance * 2 * distance + pair % distance;
                if first >= skipped {
                    let a = first - skipped;
                    let b = a + distance;
                    // Every other block runs backwards: the soft minimum goes to the higher wire.
                    let backwards = (first >> (block + 1)) & 1;
                    let min = a + backwards * distance;
                    let max = b - backwards * distance;
                    let d = x[b] - x[a];
                    let alpha = if DISTRIBUTION == LOGISTIC {
                        sigmoid(steepness * d)
                    } else if DISTRIBUTION == LOGISTIC_PHI {
                        sigmoid(steepness * d / (d.abs() + 1e-10).powf(0.25))
                    } else if DISTRIBUTION == CAUCHY {
                        cauchy_cdf(steepness * d)
                    } else if DISTRIBUTION == GAUSSIAN {
                        normal_cdf(steepness * d)
                    } else if DISTRIBUTION == RECIPROCAL {
                        reciprocal_cdf(steepness * d)
                    } else {
                        optimal_cdf(steepness * d)
                    };
                    let (low, high) = (x[a], x[b]);
                    x[min] = alpha * low + (1.0 - alpha) * high;
                    x[max] = (1.0 - alpha) * low + alpha * high;
                    for j in 0..N {
                        let (u, w) = (p[j][a], p[j][b]);
                        p[j][min] = alpha * u + (1.0 - alpha) * w;
                        p[j][max] = (1.0 - alpha) * u + alpha * w;
                    }
                }
            }
        }
    }
    let mut loss = 0.0;
    for i in 0..N {
        for j in 0..N {
            if STABLE {
                // 1 - p as the sum of the other entries: accurate where p is close to 1.
                let mut rest = 0.0;
                for other in 0..N {
                    if other != j {
                        rest += p[i][other];
                    }
                }
                let q = target[i][j];
                loss -= q * p[i][j].max(TINY).ln() + (1.0 - q) * rest.max(TINY).ln();
            } else {
                loss += binary_cross_entropy(p[i][j], target[i][j]);
            }
        }
    }
    loss / (N * N) as f32
}
