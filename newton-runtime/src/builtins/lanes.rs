//! The order of elements lane by lane: what generated code calls where the user's function calls [`super::argsort`] and the
//! like. An index holds one integer per lane; tangents play no part.

use crate::scalar::{Float, Real, Scalar, across_lanes};

/// An integer per lane of `S`.
type Index<S> = <<S as Scalar>::Passive as Real>::Index;

/// The stable permutation that sorts ascending; NaN goes last.
#[inline(always)]
pub fn argsort<S: Scalar, const N: usize>(x: &[S; N]) -> [Index<S>; N] {
    order(x, false)
}

/// The stable permutation that sorts descending; NaN goes last.
#[inline(always)]
pub fn argsort_desc<S: Scalar, const N: usize>(x: &[S; N]) -> [Index<S>; N] {
    order(x, true)
}

/// Where the largest element is: the first of them.
#[inline(always)]
pub fn argmax<S: Scalar, const N: usize>(x: &[S; N]) -> Index<S> {
    order(x, true)[0]
}

/// Where the smallest element is: the first of them.
#[inline(always)]
pub fn argmin<S: Scalar, const N: usize>(x: &[S; N]) -> Index<S> {
    order(x, false)[0]
}

/// The position of each element in the stable ascending order, from 0.
#[inline(always)]
pub fn rank<S: Scalar, const N: usize>(x: &[S; N]) -> [Index<S>; N] {
    // The inverse of a permutation is the order of its elements.
    let order = order(x, false);
    let mut positions = [S::Passive::zero(); N];
    for j in 0..N {
        for l in 0..S::Passive::LANES {
            positions[j].set_lane(l, Float::from_f64(S::Passive::index_at(order[j], l) as f64));
        }
    }
    argsort(&positions)
}

#[inline(always)]
fn order<S: Scalar, const N: usize>(x: &[S; N], descending: bool) -> [Index<S>; N] {
    let mut values = [S::Passive::zero(); N];
    for j in 0..N {
        values[j] = x[j].value();
        across_lanes();
    }
    let mut order = [Default::default(); N];
    S::Passive::argsort(&values, descending, &mut order);
    order
}
