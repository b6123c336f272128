//! The functions the language knows beyond Rust's own, usable as plain Rust too.
//!
//! Each is generic over the scalar: on `f32` it is what the user's function calls, on lanes and duals what generated code
//! calls. A function `f` comes with `f_d`, its derivative, itself a function that duals can differentiate: the reverse sweep
//! calls `f_d`, and its tangents are second derivatives. Where numerics or PyTorch's semantics ask for it these are rules of
//! their own, not compositions.

mod arrays;
mod cdf;
mod cross_entropy;

pub use arrays::*;
pub use cdf::*;
pub use cross_entropy::*;

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
