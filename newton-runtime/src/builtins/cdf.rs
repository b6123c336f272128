//! Distribution functions: what a differentiable sorting network mixes two wires by (diffsort's six choices).
//!
//! For a comparator with difference `d` and steepness `beta`, the probability of "already in order" is one of these at
//! `beta * d`.

use crate::scalar::{Real, Scalar};
use core::f64::consts::{FRAC_1_PI, FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

/// 1 / (1 + e^-x).
#[inline(always)]
pub fn sigmoid<S: Scalar>(x: S) -> S {
    let one = S::Passive::one();
    let p = ((-x.value()).exp() + one).recip();
    x.chain(p, p * (one - p))
}

/// Derivative of [`sigmoid`], from its value `p`.
#[inline(always)]
pub fn sigmoid_d<S: Scalar>(p: S) -> S {
    p * (S::one() - p)
}

/// Logistic distribution function: [`sigmoid`] by its other name.
#[inline(always)]
pub fn logistic_cdf<S: Scalar>(x: S) -> S {
    sigmoid(x)
}

/// Derivative of [`logistic_cdf`], from its value `p`.
#[inline(always)]
pub fn logistic_cdf_d<S: Scalar>(p: S) -> S {
    sigmoid_d(p)
}

/// Cauchy distribution function, atan(x) / pi + 1/2.
#[inline(always)]
pub fn cauchy_cdf<S: Scalar>(x: S) -> S {
    let v = x.value();
    x.chain(v.atan().mul_add(lit(FRAC_1_PI), lit(0.5)), cauchy_cdf_d(v))
}

/// Derivative of [`cauchy_cdf`]: 1 / (pi (1 + x^2)).
#[inline(always)]
pub fn cauchy_cdf_d<S: Scalar>(x: S) -> S {
    let v = x.value();
    let r = v.mul_add(v, lit(1.0)).recip();
    let d = r * lit::<S::Passive>(FRAC_1_PI);
    x.chain(d, d * r * v * lit::<S::Passive>(-2.0))
}

/// The error function.
#[inline(always)]
pub fn erf<S: Scalar>(x: S) -> S {
    let v = x.value();
    x.chain(v.erf(), erf_d(v))
}

/// Derivative of [`erf`]: 2 / sqrt(pi) e^(-x^2).
#[inline(always)]
pub fn erf_d<S: Scalar>(x: S) -> S {
    let v = x.value();
    let d = (-v * v).exp() * lit::<S::Passive>(FRAC_2_SQRT_PI);
    x.chain(d, d * v * lit::<S::Passive>(-2.0))
}

/// Standard normal distribution function.
#[inline(always)]
pub fn normal_cdf<S: Scalar>(x: S) -> S {
    let v = x.value();
    x.chain((v * lit::<S::Passive>(FRAC_1_SQRT_2)).erf().mul_add(lit(0.5), lit(0.5)), normal_cdf_d(v))
}

/// Derivative of [`normal_cdf`]: the normal density.
#[inline(always)]
pub fn normal_cdf_d<S: Scalar>(x: S) -> S {
    let v = x.value();
    let d = (v * v * lit::<S::Passive>(-0.5)).exp() * lit::<S::Passive>(0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
    x.chain(d, -d * v)
}

/// Distribution function (x / (2 + |x|) + 1) / 2, whose tails fall with the square of the distance.
#[inline(always)]
pub fn reciprocal_cdf<S: Scalar>(x: S) -> S {
    let v = x.value();
    let two = lit::<S::Passive>(2.0);
    x.chain((v / (v.abs() + two)).mul_add(lit(0.5), lit(0.5)), reciprocal_cdf_d(v))
}

/// Derivative of [`reciprocal_cdf`]: 1 / (2 + |x|)^2.
#[inline(always)]
pub fn reciprocal_cdf_d<S: Scalar>(x: S) -> S {
    let v = x.value();
    let r = (v.abs() + lit::<S::Passive>(2.0)).recip();
    let d = r * r;
    x.chain(d, d * r * v.sign() * lit::<S::Passive>(-2.0))
}

/// Guards the division in [`optimal_cdf`]'s tails.
const OPTIMAL_EPS: f64 = 1e-10;

/// The error-optimal monotonic distribution function of Petersen et al. (ICLR 2022): linear in the middle, 1 - 1/(16 x) in
/// the tail.
#[inline(always)]
pub fn optimal_cdf<S: Scalar>(x: S) -> S {
    let v = x.value();
    let quarter = lit::<S::Passive>(0.25);
    let tail = lit::<S::Passive>(1.0)
        - ((v.abs() + lit::<S::Passive>(OPTIMAL_EPS)) * lit::<S::Passive>(16.0)).recip();
    let upper = v.abs().select_gt(quarter, tail, v.abs() + lit::<S::Passive>(0.5));
    let f = lit::<S::Passive>(0.0).select_gt(v, lit::<S::Passive>(1.0) - upper, upper);
    x.chain(f, optimal_cdf_d(v))
}

/// Derivative of [`optimal_cdf`].
#[inline(always)]
pub fn optimal_cdf_d<S: Scalar>(x: S) -> S {
    let v = x.value();
    let (one, quarter) = (lit::<S::Passive>(1.0), lit::<S::Passive>(0.25));
    let r = (v.abs() + lit::<S::Passive>(OPTIMAL_EPS)).recip();
    let tail = r * r * lit::<S::Passive>(1.0 / 16.0);
    let d = v.abs().select_gt(quarter, tail, one);
    let second = tail * r * v.sign() * lit::<S::Passive>(-2.0);
    x.chain(d, v.abs().select_gt(quarter, second, lit(0.0)))
}

#[inline(always)]
fn lit<P: Real>(x: f64) -> P {
    P::lit(x)
}
