//! What `relax(..)` makes of `min`, `max`, `argmin`, `argmax` and of reads at such an index.
//!
//! All are shift invariant, and written so that large differences do no harm: an element as far away as 10^12 (an unreached cell, say)
//! has weight 0 and takes no part, and elements that are equally far away cancel before they are multiplied by anything. The
//! exponentials are of values alone; tangents take part in sums and products only.

use super::reduce::{largest, smallest};
use crate::scalar::{Pair, Real, Scalar, across_lanes};

/// `e^(scale x_j)`, divided by their sum; `shift`: the element with the largest exponent.
#[inline(always)]
fn weights<S: Scalar, const N: usize>(x: &[S; N], shift: S::Passive, scale: S::Passive) -> [S::Passive; N] {
    let mut p = [S::Passive::zero(); N];
    let mut total = S::Passive::zero();
    for j in 0..N {
        p[j] = ((x[j].value() - shift) * scale).exp();
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

/// A number of whose tangents alone something is to be made: the sum of `x_j` by weight.
#[inline(always)]
fn tangents_by_weight<S: Scalar, const N: usize>(p: &[S::Passive; N], x: &[S; N]) -> S {
    let mut sum = S::zero();
    for j in 0..N {
        sum.add_scaled(x[j], p[j]);
        across_lanes();
    }
    sum
}

/// How likely each element is the smallest: `e^(-beta x_j) / sum_k e^(-beta x_k)`.
#[inline(always)]
pub fn relaxed_argmin<S: Scalar, const N: usize>(x: &[S; N], beta: S::Passive) -> [S; N] {
    likely(x, smallest(x), -beta)
}

/// How likely each element is the largest: `e^(beta x_j) / sum_k e^(beta x_k)`.
#[inline(always)]
pub fn relaxed_argmax<S: Scalar, const N: usize>(x: &[S; N], beta: S::Passive) -> [S; N] {
    likely(x, largest(x), beta)
}

#[inline(always)]
fn likely<S: Scalar, const N: usize>(x: &[S; N], shift: S::Passive, scale: S::Passive) -> [S; N] {
    let weight = weights(x, shift, scale);
    let mean = tangents_by_weight(&weight, x);
    let mut p = [S::zero(); N];
    for j in 0..N {
        let slope = weight[j] * scale;
        p[j] = x[j].chain2(mean, weight[j], slope, -slope);
        across_lanes();
    }
    p
}

/// Adjoint of [`relaxed_argmin`], from its value `p`.
#[inline(always)]
pub fn relaxed_argmin_reverse<S: Scalar, const N: usize>(
    beta: S::Passive,
    p: &[S; N],
    p_: &[S; N],
    x_: &mut [S; N],
) {
    likely_reverse(-beta, p, p_, x_);
}

/// Adjoint of [`relaxed_argmax`], from its value `p`.
#[inline(always)]
pub fn relaxed_argmax_reverse<S: Scalar, const N: usize>(
    beta: S::Passive,
    p: &[S; N],
    p_: &[S; N],
    x_: &mut [S; N],
) {
    likely_reverse(beta, p, p_, x_);
}

#[inline(always)]
fn likely_reverse<S: Scalar, const N: usize>(scale: S::Passive, p: &[S; N], p_: &[S; N], x_: &mut [S; N]) {
    let mut mean = S::zero();
    for j in 0..N {
        mean.add_product(p_[j], p[j]);
        across_lanes();
    }
    for j in 0..N {
        x_[j].add_product(p[j] * scale, p_[j] - mean);
        across_lanes();
    }
}

/// The elements, each by how likely it is the smallest ([`relaxed_argmin`]): at least the smallest element.
#[inline(always)]
pub fn relaxed_min<S: Scalar, const N: usize>(x: &[S; N], beta: S::Passive) -> S {
    extreme(x, smallest(x), -beta)
}

/// The elements, each by how likely it is the largest ([`relaxed_argmax`]): at most the largest element.
#[inline(always)]
pub fn relaxed_max<S: Scalar, const N: usize>(x: &[S; N], beta: S::Passive) -> S {
    extreme(x, largest(x), beta)
}

/// d/dx_j = p_j (1 + scale (x_j - y)).
#[inline(always)]
fn extreme<S: Scalar, const N: usize>(x: &[S; N], shift: S::Passive, scale: S::Passive) -> S {
    let p = weights(x, shift, scale);
    let mut y = S::Passive::zero();
    for j in 0..N {
        y.add_product(p[j], x[j].value() - shift);
        across_lanes();
    }
    y += shift;
    let mut sum = S::zero();
    for j in 0..N {
        sum.add_scaled(x[j], slope(p[j], x[j], y, scale));
        across_lanes();
    }
    sum.chain(y, S::Passive::one())
}

#[inline(always)]
fn slope<S: Scalar>(p: S::Passive, x: S, y: S::Passive, scale: S::Passive) -> S::Passive {
    p * (x.value() - y).mul_add(scale, S::Passive::one())
}

/// Adjoint of [`relaxed_min`], from its arguments and its value `y`.
#[inline(always)]
pub fn relaxed_min_reverse<S: Scalar, const N: usize>(
    x: &[S; N],
    beta: S::Passive,
    y: S,
    y_: S,
    x_: &mut [S; N],
) {
    extreme_reverse(x, smallest(x), -beta, y, y_, x_);
}

/// Adjoint of [`relaxed_max`], from its arguments and its value `y`.
#[inline(always)]
pub fn relaxed_max_reverse<S: Scalar, const N: usize>(
    x: &[S; N],
    beta: S::Passive,
    y: S,
    y_: S,
    x_: &mut [S; N],
) {
    extreme_reverse(x, largest(x), beta, y, y_, x_);
}

/// With g_j the slope, m the mean of the tangents by weight, and a dot for a tangent:
/// g_j' = scale ((g_j + p_j) x_j' - g_j m - p_j y').
#[inline(always)]
fn extreme_reverse<S: Scalar, const N: usize>(
    x: &[S; N],
    shift: S::Passive,
    scale: S::Passive,
    y: S,
    y_: S,
    x_: &mut [S; N],
) {
    let p = weights(x, shift, scale);
    let mean = tangents_by_weight(&p, x);
    for j in 0..N {
        let g = slope(p[j], x[j], y.value(), scale);
        let mut slope = mean.chain2(y, S::Passive::zero(), -(g * scale), -(p[j] * scale));
        slope.add_scaled(x[j], (g + p[j]) * scale);
        x_[j].add_product(slope.chain(g, S::Passive::one()), y_);
        across_lanes();
    }
}

/// The element at a relaxed index: the elements by weight, of weights whose sum is 1. Differences from the result, not the
/// elements, are what a change of the weights is multiplied by.
#[inline(always)]
pub fn soft_read<P, A, B, const N: usize>(weight: &[A; N], x: &[B; N]) -> A
where
    P: Real,
    A: Scalar<Passive = P> + Pair<B, Both = A>,
    B: Scalar<Passive = P>,
{
    let mut y = P::zero();
    for j in 0..N {
        y.add_product(weight[j].value(), x[j].value());
        across_lanes();
    }
    let mut total = A::zero();
    for j in 0..N {
        weight[j].add_product_to(x[j] - y, &mut total);
        across_lanes();
    }
    total.chain(y, P::one())
}

/// [`soft_read`] with passive weights.
#[inline(always)]
pub fn soft_read_right<P: Real, S: Scalar<Passive = P>, const N: usize>(weight: &[P; N], x: &[S; N]) -> S {
    tangents_by_weight(weight, x)
}

/// Adjoint of the weights in [`soft_read`], from the elements and its value `y`.
#[inline(always)]
pub fn soft_read_reverse_first<P, S, B, const N: usize>(x: &[B; N], y: S, y_: S, weight_: &mut [S; N])
where
    P: Real,
    S: Scalar<Passive = P> + Pair<B, Both = S>,
    B: Scalar<Passive = P>,
{
    for j in 0..N {
        y_.add_product_to(x[j] - y.value(), &mut weight_[j]);
        across_lanes();
    }
}

/// Adjoint of the elements in [`soft_read`], from the weights.
#[inline(always)]
pub fn soft_read_reverse_second<S: Pair<A, Both = S> + Scalar, A: Copy, const N: usize>(
    weight: &[A; N],
    y_: S,
    x_: &mut [S; N],
) {
    super::reduce::dot_reverse_second(weight, y_, x_);
}
