//! Arrays to one number.

use super::elementary::inverse;
use crate::scalar::{Pair, Real, Scalar, across_lanes};

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

/// Product of the elements.
#[inline(always)]
pub fn product<S: Scalar, const N: usize>(x: &[S; N]) -> S {
    let mut total = S::one();
    for j in 0..N {
        total *= x[j];
        across_lanes();
    }
    total
}

/// Adjoint of [`product`]: the products of the other elements, without division, so that elements may be 0.
#[inline(always)]
pub fn product_reverse<S: Scalar, const N: usize>(x: &[S; N], y_: S, x_: &mut [S; N]) {
    let mut before = [S::one(); N];
    for j in 1..N {
        before[j] = before[j - 1] * x[j - 1];
        across_lanes();
    }
    let mut after = y_;
    for j in (0..N).rev() {
        x_[j] = before[j].mul_add(after, x_[j]);
        after *= x[j];
        across_lanes();
    }
}

/// The largest element. Where several are, they share the derivative equally (as `torch.amax`).
#[inline(always)]
pub fn max<S: Scalar, const N: usize>(x: &[S; N]) -> S {
    let y = largest(x);
    weighted(x, y, &shares(x, y, true))
}

/// Adjoint of [`max`].
#[inline(always)]
pub fn max_reverse<S: Scalar, const N: usize>(x: &[S; N], y_: S, x_: &mut [S; N]) {
    let shares = shares(x, largest(x), true);
    for j in 0..N {
        x_[j].add_scaled(y_, shares[j]);
        across_lanes();
    }
}

/// The smallest element. Where several are, they share the derivative equally (as `torch.amin`).
#[inline(always)]
pub fn min<S: Scalar, const N: usize>(x: &[S; N]) -> S {
    let y = smallest(x);
    weighted(x, y, &shares(x, y, false))
}

/// Adjoint of [`min`].
#[inline(always)]
pub fn min_reverse<S: Scalar, const N: usize>(x: &[S; N], y_: S, x_: &mut [S; N]) {
    let shares = shares(x, smallest(x), false);
    for j in 0..N {
        x_[j].add_scaled(y_, shares[j]);
        across_lanes();
    }
}

/// Euclidean length. Its derivative at the zero vector is 0.
#[inline(always)]
pub fn norm<S: Scalar, const N: usize>(x: &[S; N]) -> S {
    let mut square = S::Passive::zero();
    for j in 0..N {
        let v = x[j].value();
        square = v.mul_add(v, square);
        across_lanes();
    }
    let y = square.sqrt();
    let r = inverse(y);
    let mut slopes = [S::Passive::zero(); N];
    for j in 0..N {
        slopes[j] = x[j].value() * r;
        across_lanes();
    }
    weighted(x, y, &slopes)
}

/// Adjoint of [`norm`], from its argument and its value `y`.
#[inline(always)]
pub fn norm_reverse<S: Scalar, const N: usize>(x: &[S; N], y: S, y_: S, x_: &mut [S; N]) {
    let scale = y_ * inverse(y);
    for j in 0..N {
        x_[j] = x[j].mul_add(scale, x_[j]);
        across_lanes();
    }
}

/// Sum of the products of corresponding elements.
#[inline(always)]
pub fn dot<A: Pair<B>, B: Copy, const N: usize>(a: &[A; N], b: &[B; N]) -> A::Both {
    let mut total = A::Both::zero();
    for j in 0..N {
        a[j].add_product_to(b[j], &mut total);
        across_lanes();
    }
    total
}

/// [`dot`] with a passive first argument.
#[inline(always)]
pub fn dot_right<A: Copy, B: Pair<A>, const N: usize>(a: &[A; N], b: &[B; N]) -> B::Both {
    dot(b, a)
}

/// Adjoint of [`dot`]'s first argument, from the second.
#[inline(always)]
pub fn dot_reverse_first<S: Pair<B, Both = S> + Scalar, B: Copy, const N: usize>(
    b: &[B; N],
    y_: S,
    a_: &mut [S; N],
) {
    for j in 0..N {
        y_.add_product_to(b[j], &mut a_[j]);
        across_lanes();
    }
}

/// Adjoint of [`dot`]'s second argument, from the first.
#[inline(always)]
pub fn dot_reverse_second<S: Pair<A, Both = S> + Scalar, A: Copy, const N: usize>(
    a: &[A; N],
    y_: S,
    b_: &mut [S; N],
) {
    dot_reverse_first(a, y_, b_);
}

/// Mean squared difference of corresponding elements.
#[inline(always)]
pub fn mse<A: Pair<B>, B: Copy, const N: usize>(a: &[A; N], b: &[B; N]) -> A::Both {
    let mut total = A::Both::zero();
    for j in 0..N {
        let gap = a[j].minus(b[j]);
        total = gap.mul_add(gap, total);
        across_lanes();
    }
    total / <A::Both as Scalar>::Passive::index(N)
}

/// [`mse`] with a passive first argument.
#[inline(always)]
pub fn mse_right<A: Copy, B: Pair<A>, const N: usize>(a: &[A; N], b: &[B; N]) -> B::Both {
    mse(b, a)
}

/// Adjoint of [`mse`]'s first argument.
#[inline(always)]
pub fn mse_reverse_first<S: Pair<B, Both = S> + Scalar, B: Copy, const N: usize>(
    a: &[S; N],
    b: &[B; N],
    y_: S,
    a_: &mut [S; N],
) {
    let scale = y_ * S::Passive::lit(2.0 / N as f64);
    for j in 0..N {
        a_[j] = a[j].minus(b[j]).mul_add(scale, a_[j]);
        across_lanes();
    }
}

/// Adjoint of [`mse`]'s second argument.
#[inline(always)]
pub fn mse_reverse_second<S: Pair<A, Both = S> + Scalar, A: Copy, const N: usize>(
    a: &[A; N],
    b: &[S; N],
    y_: S,
    b_: &mut [S; N],
) {
    mse_reverse_first(b, a, y_, b_);
}

#[inline(always)]
pub(super) fn largest<S: Scalar, const N: usize>(x: &[S; N]) -> S::Passive {
    let mut largest = S::Passive::lit(f64::NEG_INFINITY);
    for j in 0..N {
        largest = largest.max(x[j].value());
        across_lanes();
    }
    largest
}

#[inline(always)]
pub(super) fn smallest<S: Scalar, const N: usize>(x: &[S; N]) -> S::Passive {
    let mut smallest = S::Passive::lit(f64::INFINITY);
    for j in 0..N {
        smallest = smallest.min(x[j].value());
        across_lanes();
    }
    smallest
}

/// 1 over how many elements equal the extreme where they do, else 0.
#[inline(always)]
fn shares<S: Scalar, const N: usize>(x: &[S; N], extreme: S::Passive, is_largest: bool) -> [S::Passive; N] {
    let (zero, one) = (S::Passive::zero(), S::Passive::one());
    let mut shares = [zero; N];
    let mut total = zero;
    for j in 0..N {
        let v = x[j].value();
        shares[j] =
            if is_largest { extreme.select_gt(v, zero, one) } else { v.select_gt(extreme, zero, one) };
        total += shares[j];
        across_lanes();
    }
    let share = total.recip();
    for j in 0..N {
        shares[j] *= share;
        across_lanes();
    }
    shares
}

/// A function of all elements by its value and its derivatives.
#[inline(always)]
fn weighted<S: Scalar, const N: usize>(x: &[S; N], y: S::Passive, slopes: &[S::Passive; N]) -> S {
    let mut total = S::constant(y);
    for j in 0..N {
        total += x[j].chain(S::Passive::zero(), slopes[j]);
        across_lanes();
    }
    total
}
