//! Builtins on arrays. `*_reverse` adds the adjoint of the argument, given the adjoint of the result.

use crate::scalar::{Real, Scalar, Shape, across_lanes};

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

/// Sum of the elements.
#[inline(always)]
pub fn sum<S: Scalar, const N: usize>(x: &[S; N]) -> S {
    let mut total = S::zero();
    for j in 0..N {
        total += x[j];
        across_lanes();
    }
    total
}

/// Adjoint of [`sum`].
#[inline(always)]
pub fn sum_reverse<S: Scalar, const N: usize>(y_: S, x_: &mut [S; N]) {
    for j in 0..N {
        x_[j] += y_;
        across_lanes();
    }
}

/// Mean of the elements.
#[inline(always)]
pub fn mean<S: Scalar, const N: usize>(x: &[S; N]) -> S {
    sum(x) / S::Passive::index(N)
}

/// Adjoint of [`mean`].
#[inline(always)]
pub fn mean_reverse<S: Scalar, const N: usize>(y_: S, x_: &mut [S; N]) {
    sum_reverse(y_ / S::Passive::index(N), x_);
}

/// The elements in ascending order. Ties keep their order; NaN goes last.
#[inline(always)]
pub fn sort<S: Scalar, const N: usize>(x: &[S; N]) -> [S; N] {
    gather(x, &argsort(x))
}

/// The elements in descending order. Ties keep their order; NaN goes last.
#[inline(always)]
pub fn sort_desc<S: Scalar, const N: usize>(x: &[S; N]) -> [S; N] {
    gather(x, &argsort_desc(x))
}

/// The stable permutation that sorts ascending.
#[inline(always)]
pub fn argsort<S: Scalar, const N: usize>(x: &[S; N]) -> [<S::Passive as Real>::Index; N] {
    order(x, false)
}

/// The stable permutation that sorts descending.
#[inline(always)]
pub fn argsort_desc<S: Scalar, const N: usize>(x: &[S; N]) -> [<S::Passive as Real>::Index; N] {
    order(x, true)
}

/// `x[order[j]]` for every j, lane by lane.
#[inline(always)]
pub fn gather<S: Scalar, const N: usize>(x: &[S; N], order: &[<S::Passive as Real>::Index; N]) -> [S; N] {
    let mut y = [S::zero(); N];
    for j in 0..N {
        y[j] = S::gather(x, order[j]);
        across_lanes();
    }
    y
}

/// Adjoint of [`gather`].
#[inline(always)]
pub fn gather_reverse<S: Scalar, const N: usize>(
    order: &[<S::Passive as Real>::Index; N],
    y_: &[S; N],
    x_: &mut [S; N],
) {
    for j in 0..N {
        y_[j].scatter_add(x_, order[j]);
        across_lanes();
    }
}

#[inline(always)]
fn order<S: Scalar, const N: usize>(x: &[S; N], descending: bool) -> [<S::Passive as Real>::Index; N] {
    let mut values = [S::Passive::zero(); N];
    for j in 0..N {
        values[j] = x[j].value();
        across_lanes();
    }
    let mut order = [Default::default(); N];
    S::Passive::argsort(&values, descending, &mut order);
    order
}

#[inline(always)]
fn largest<S: Scalar, const N: usize>(x: &[S; N]) -> S::Passive {
    let mut largest = S::Passive::lit(f64::NEG_INFINITY);
    for j in 0..N {
        largest = largest.max(x[j].value());
        across_lanes();
    }
    largest
}

/// `into += from`, element by element, for arrays of any rank.
#[inline(always)]
pub fn add_all<S: Scalar, A: Shape<S>>(into: &mut A, from: &A) {
    for (a, b) in into.flat_mut().iter_mut().zip(from.flat()) {
        *a += *b;
        across_lanes();
    }
}
