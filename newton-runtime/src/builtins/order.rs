//! Sorting, and what else depends on the order of the elements.

use super::lanes;
use crate::scalar::{Float, Real, Scalar, across_lanes};

/// The elements in ascending order. Ties keep their order; NaN goes last.
#[inline(always)]
pub fn sort<S: Scalar, const N: usize>(x: &[S; N]) -> [S; N] {
    gather(x, &lanes::argsort(x))
}

/// The elements in descending order. Ties keep their order; NaN goes last.
#[inline(always)]
pub fn sort_desc<S: Scalar, const N: usize>(x: &[S; N]) -> [S; N] {
    gather(x, &lanes::argsort_desc(x))
}

/// The K largest elements, largest first.
#[inline(always)]
pub fn top_k<S: Scalar, const N: usize, const K: usize>(x: &[S; N]) -> [S; K] {
    const { assert!(K <= N, "there are not as many elements") }
    let order = lanes::argsort_desc(x);
    let mut y = [S::zero(); K];
    for j in 0..K {
        y[j] = S::gather(x, order[j]);
        across_lanes();
    }
    y
}

/// The stable permutation that sorts ascending; NaN goes last.
pub fn argsort<T: Float, const N: usize>(x: &[T; N]) -> [usize; N] {
    lanes::argsort(x).map(|i| T::index_at(i, 0))
}

/// The stable permutation that sorts descending; NaN goes last.
pub fn argsort_desc<T: Float, const N: usize>(x: &[T; N]) -> [usize; N] {
    lanes::argsort_desc(x).map(|i| T::index_at(i, 0))
}

/// Where the largest element is: the first of them.
pub fn argmax<T: Float, const N: usize>(x: &[T; N]) -> usize {
    T::index_at(lanes::argmax(x), 0)
}

/// Where the smallest element is: the first of them.
pub fn argmin<T: Float, const N: usize>(x: &[T; N]) -> usize {
    T::index_at(lanes::argmin(x), 0)
}

/// The position of each element in the stable ascending order, from 0.
pub fn rank<T: Float, const N: usize>(x: &[T; N]) -> [usize; N] {
    lanes::rank(x).map(|i| T::index_at(i, 0))
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
        y_[j].scatter_add(x_, order[j], S::Passive::mask(true));
        across_lanes();
    }
}
