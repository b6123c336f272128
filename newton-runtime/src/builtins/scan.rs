//! Running sums and products.

use crate::scalar::{Scalar, across_lanes};

/// Sums of the elements up to and including each.
#[inline(always)]
pub fn cumsum<S: Scalar, const N: usize>(x: &[S; N]) -> [S; N] {
    let mut y = *x;
    for j in 1..N {
        let before = y[j - 1];
        y[j] += before;
        across_lanes();
    }
    y
}

/// Adjoint of [`cumsum`].
#[inline(always)]
pub fn cumsum_reverse<S: Scalar, const N: usize>(y_: &[S; N], x_: &mut [S; N]) {
    let mut total = S::zero();
    for j in (0..N).rev() {
        total += y_[j];
        x_[j] += total;
        across_lanes();
    }
}

/// Products of the elements up to and including each.
#[inline(always)]
pub fn cumprod<S: Scalar, const N: usize>(x: &[S; N]) -> [S; N] {
    let mut y = *x;
    for j in 1..N {
        let before = y[j - 1];
        y[j] *= before;
        across_lanes();
    }
    y
}

/// Adjoint of [`cumprod`], from its argument and its value `y`; without division, so that elements may be 0.
#[inline(always)]
pub fn cumprod_reverse<S: Scalar, const N: usize>(x: &[S; N], y: &[S; N], y_: &[S; N], x_: &mut [S; N]) {
    // Adjoint of the j-th product from all later ones.
    let mut total = S::zero();
    for j in (0..N).rev() {
        total += y_[j];
        if j == 0 {
            x_[j] += total;
        } else {
            x_[j] = total.mul_add(y[j - 1], x_[j]);
            total *= x[j];
        }
        across_lanes();
    }
}
