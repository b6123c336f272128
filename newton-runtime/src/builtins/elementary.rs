//! Derivatives of float methods. Those of one argument that are not here are spelled out in generated code.

use crate::scalar::{Real, Scalar};

/// Weight of `a` in the derivative of `max(a, b)`: 1, 0, or one half where they are equal.
#[inline(always)]
pub fn larger<P: Real>(a: P, b: P) -> P {
    a.select_gt(b, P::one(), b.select_gt(a, P::zero(), P::lit(0.5)))
}

/// Derivative of `a.max(b)` with respect to `a`.
#[inline(always)]
pub fn max_d<S: Scalar>(a: S, b: S) -> S::Passive {
    larger(a.value(), b.value())
}

/// Derivative of `a.min(b)` with respect to `a`.
#[inline(always)]
pub fn min_d<S: Scalar>(a: S, b: S) -> S::Passive {
    larger(b.value(), a.value())
}

/// Derivative of `x.abs()`: the sign of `x`, 0 at 0 as in PyTorch.
#[inline(always)]
pub fn abs_d<S: Scalar>(x: S) -> S::Passive {
    x.value().sign()
}

/// Derivative of `y.atan2(x)` with respect to `y`: x / (x^2 + y^2), 0 at the origin.
#[inline(always)]
pub fn atan2_d<S: Scalar>(y: S, x: S) -> S {
    let r = inverse(y.hypot(x));
    x * r * r
}

/// Derivative of `y.atan2(x)` with respect to `x`: -y / (x^2 + y^2), 0 at the origin.
#[inline(always)]
pub fn atan2_d2<S: Scalar>(y: S, x: S) -> S {
    -atan2_d(x, y)
}

/// Derivative of `a.hypot(b)` with respect to `a`: 0 at the origin.
#[inline(always)]
pub fn hypot_d<S: Scalar>(a: S, b: S) -> S {
    a * inverse(a.hypot(b))
}

/// Derivative of `a.hypot(b)` with respect to `b`: 0 at the origin.
#[inline(always)]
pub fn hypot_d2<S: Scalar>(a: S, b: S) -> S {
    hypot_d(b, a)
}

/// Derivative of `x.pow(p)` with respect to `x`.
#[inline(always)]
pub fn pow_d<S: Scalar>(x: S, p: S) -> S {
    x.pow(p - S::Passive::one()) * p
}

/// Derivative of `x.pow(p)` with respect to `p`: x^p ln x, 0 at x = 0.
#[inline(always)]
pub fn pow_d2<S: Scalar>(x: S, p: S) -> S {
    let (v, n) = (x.value(), p.value());
    let (zero, one) = (S::Passive::zero(), S::Passive::one());
    let or_zero = |f: S::Passive| v.abs().select_gt(zero, f, zero);
    let (log, power) = (v.ln(), v.powf(n));
    let f = power * log;
    let dx = v.powf(n - one) * n.mul_add(log, one);
    x.chain2(p, or_zero(f), or_zero(dx), or_zero(f * log))
}

/// 1 / y for `y` > 0; 0 and constant at 0, which makes a length's derivative at the origin 0.
#[inline(always)]
pub(super) fn inverse<S: Scalar>(y: S) -> S {
    let (v, zero) = (y.value(), S::Passive::zero());
    let r = v.select_gt(zero, v.recip(), zero);
    y.chain(r, -r * r)
}
