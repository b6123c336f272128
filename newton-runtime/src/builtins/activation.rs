//! Functions of one number that losses and networks are built from, and their relatives of two.

use super::sigmoid;
use crate::scalar::{Real, Scalar};

/// ln(1 + e^x), without overflow.
#[inline(always)]
pub fn softplus<S: Scalar>(x: S) -> S {
    let v = x.value();
    let zero = S::Passive::zero();
    x.chain(v.max(zero) + (-v.abs()).exp().ln_1p(), sigmoid(v))
}

/// Derivative of [`softplus`].
#[inline(always)]
pub fn softplus_d<S: Scalar>(x: S) -> S {
    sigmoid(x)
}

/// ln(1 / (1 + e^-x)), without overflow.
#[inline(always)]
pub fn log_sigmoid<S: Scalar>(x: S) -> S {
    -softplus(-x)
}

/// Derivative of [`log_sigmoid`].
#[inline(always)]
pub fn log_sigmoid_d<S: Scalar>(x: S) -> S {
    sigmoid(-x)
}

/// x where it is positive, else 0.
#[inline(always)]
pub fn relu<S: Scalar>(x: S) -> S {
    let v = x.value();
    x.chain(v.max(S::Passive::zero()), relu_d(v))
}

/// Derivative of [`relu`]: 1 or 0, 0 at 0.
#[inline(always)]
pub fn relu_d<S: Scalar>(x: S) -> S::Passive {
    let zero = S::Passive::zero();
    x.value().select_gt(zero, S::Passive::one(), zero)
}

/// x^2 / 2 up to |x| = `delta` > 0, linear from there: delta (|x| - delta / 2).
#[inline(always)]
pub fn huber<S: Scalar>(x: S, delta: S::Passive) -> S {
    let v = x.value();
    let half = S::Passive::lit(0.5);
    let (inside, outside) = (v * v * half, delta * (v.abs() - delta * half));
    x.chain(v.abs().select_gt(delta, outside, inside), huber_d(v, delta))
}

/// Derivative of [`huber`]: x, within `delta` of 0.
#[inline(always)]
pub fn huber_d<S: Scalar>(x: S, delta: S::Passive) -> S {
    let v = x.value();
    let (zero, one) = (S::Passive::zero(), S::Passive::one());
    x.chain(v.max(-delta).min(delta), v.abs().select_gt(delta, zero, one))
}

/// ln(e^a + e^b), without overflow; either may be -infinity.
#[inline(always)]
pub fn logaddexp<S: Scalar>(a: S, b: S) -> S {
    let (v, w) = (a.value(), b.value());
    let Shares { smaller, of_a, of_b } = shares(v, w);
    a.chain2(b, v.max(w) + smaller.ln_1p(), of_a, of_b)
}

/// Derivative of [`logaddexp`] with respect to `a`.
#[inline(always)]
pub fn logaddexp_d<S: Scalar>(a: S, b: S) -> S {
    let Shares { of_a, of_b, .. } = shares(a.value(), b.value());
    let slope = of_a * of_b;
    a.chain2(b, of_a, slope, -slope)
}

/// Derivative of [`logaddexp`] with respect to `b`.
#[inline(always)]
pub fn logaddexp_d2<S: Scalar>(a: S, b: S) -> S {
    logaddexp_d(b, a)
}

/// What two numbers contribute to the sum of their exponentials.
struct Shares<P> {
    /// The smaller exponential in units of the larger.
    smaller: P,
    of_a: P,
    of_b: P,
}

#[inline(always)]
fn shares<P: Real>(a: P, b: P) -> Shares<P> {
    let zero = P::zero();
    let gap = a - b;
    // Equal numbers differ by 0 whether or not they are finite.
    let gap = P::select(a.is_eq(b), zero, gap);
    let smaller = (-gap.abs()).exp();
    let large = (smaller + P::one()).recip();
    let small = smaller * large;
    Shares { smaller, of_a: zero.select_gt(gap, small, large), of_b: zero.select_gt(gap, large, small) }
}
