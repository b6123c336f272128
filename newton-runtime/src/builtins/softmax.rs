//! Sums of exponentials, shifted so that nothing overflows.

use super::reduce::{largest, smallest, sum};
use crate::scalar::{Scalar, across_lanes};

/// e^(x_j) / sum_k e^(x_k), shifted by the maximum so that nothing overflows.
#[inline(always)]
pub fn softmax<S: Scalar, const N: usize>(x: &[S; N]) -> [S; N] {
    let shift = S::constant(largest(x));
    let mut p = [S::zero(); N];
    let mut total = S::zero();
    for j in 0..N {
        p[j] = (x[j] - shift).exp();
        total += p[j];
        across_lanes();
    }
    let scale = total.recip();
    for j in 0..N {
        p[j] *= scale;
        across_lanes();
    }
    p
}

/// Adjoint of [`softmax`], from its value `p`.
#[inline(always)]
pub fn softmax_reverse<S: Scalar, const N: usize>(p: &[S; N], p_: &[S; N], x_: &mut [S; N]) {
    let mut mean = S::zero();
    for j in 0..N {
        mean = p_[j].mul_add(p[j], mean);
        across_lanes();
    }
    for j in 0..N {
        x_[j] = p[j].mul_add(p_[j] - mean, x_[j]);
        across_lanes();
    }
}

/// e^(-x_j) / sum_k e^(-x_k).
#[inline(always)]
pub fn softmin<S: Scalar, const N: usize>(x: &[S; N]) -> [S; N] {
    weights(x, smallest(x), S::Passive::lit(-1.0))
}

/// Adjoint of [`softmin`], from its value `p`.
#[inline(always)]
pub fn softmin_reverse<S: Scalar, const N: usize>(p: &[S; N], p_: &[S; N], x_: &mut [S; N]) {
    let mut mean = S::zero();
    for j in 0..N {
        mean = p_[j].mul_add(p[j], mean);
        across_lanes();
    }
    for j in 0..N {
        x_[j] = p[j].mul_add(mean - p_[j], x_[j]);
        across_lanes();
    }
}

/// `e^(scale (x_j - shift))`, divided by their sum.
#[inline(always)]
fn weights<S: Scalar, const N: usize>(x: &[S; N], shift: S::Passive, scale: S::Passive) -> [S; N] {
    let mut p = [S::zero(); N];
    let mut total = S::zero();
    for j in 0..N {
        p[j] = ((x[j] - shift) * scale).exp();
        total += p[j];
        across_lanes();
    }
    let scale = total.recip();
    for j in 0..N {
        p[j] *= scale;
        across_lanes();
    }
    p
}

/// x_j - ln sum_k e^(x_k), shifted by the maximum.
#[inline(always)]
pub fn log_softmax<S: Scalar, const N: usize>(x: &[S; N]) -> [S; N] {
    let total = logsumexp(x);
    let mut y = *x;
    for j in 0..N {
        y[j] -= total;
        across_lanes();
    }
    y
}

/// Adjoint of [`log_softmax`], from its value `y`.
#[inline(always)]
pub fn log_softmax_reverse<S: Scalar, const N: usize>(y: &[S; N], y_: &[S; N], x_: &mut [S; N]) {
    let total = sum(y_);
    for j in 0..N {
        x_[j] += y_[j] - y[j].exp() * total;
        across_lanes();
    }
}

/// ln sum_k e^(x_k), shifted by the maximum.
#[inline(always)]
pub fn logsumexp<S: Scalar, const N: usize>(x: &[S; N]) -> S {
    let shift = S::constant(largest(x));
    let mut total = S::zero();
    for j in 0..N {
        total += (x[j] - shift).exp();
        across_lanes();
    }
    total.ln() + shift
}

/// Adjoint of [`logsumexp`], from its argument and its value `y`.
#[inline(always)]
pub fn logsumexp_reverse<S: Scalar, const N: usize>(x: &[S; N], y: S, y_: S, x_: &mut [S; N]) {
    for j in 0..N {
        x_[j] = (x[j] - y).exp().mul_add(y_, x_[j]);
        across_lanes();
    }
}

/// Soft maximum `t ln sum_k e^(x_k / t)` at temperature `t > 0`: at least the largest element, and at most `t ln N` more.
#[inline(always)]
pub fn smooth_max<S: Scalar, const N: usize>(x: &[S; N], t: S::Passive) -> S {
    soft_extreme(x, largest(x), t)
}

/// Adjoint of [`smooth_max`].
#[inline(always)]
pub fn smooth_max_reverse<S: Scalar, const N: usize>(x: &[S; N], t: S::Passive, y_: S, x_: &mut [S; N]) {
    add_weighted(&weights(x, largest(x), t.recip()), y_, x_);
}

/// Soft minimum `-t ln sum_k e^(-x_k / t)` at temperature `t > 0`: at most the smallest element, and at least `t ln N` less.
#[inline(always)]
pub fn smooth_min<S: Scalar, const N: usize>(x: &[S; N], t: S::Passive) -> S {
    soft_extreme(x, smallest(x), -t)
}

/// Adjoint of [`smooth_min`].
#[inline(always)]
pub fn smooth_min_reverse<S: Scalar, const N: usize>(x: &[S; N], t: S::Passive, y_: S, x_: &mut [S; N]) {
    add_weighted(&weights(x, smallest(x), -t.recip()), y_, x_);
}

/// `t ln sum_k e^(x_k / t)`; a negative `t` makes it a minimum.
#[inline(always)]
fn soft_extreme<S: Scalar, const N: usize>(x: &[S; N], shift: S::Passive, t: S::Passive) -> S {
    let scale = t.recip();
    let mut total = S::zero();
    for j in 0..N {
        total += ((x[j] - shift) * scale).exp();
        across_lanes();
    }
    total.ln() * t + shift
}

/// `x_[j] += weights[j] * y_`.
#[inline(always)]
fn add_weighted<S: Scalar, const N: usize>(weights: &[S; N], y_: S, x_: &mut [S; N]) {
    for j in 0..N {
        x_[j] = weights[j].mul_add(y_, x_[j]);
        across_lanes();
    }
}
