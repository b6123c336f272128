//! Binary cross-entropy with PyTorch's exact semantics.
//!
//! The forward value clamps logarithms at -100; the first and second derivatives are not those of the clamped value but
//! PyTorch's own formulas. They matter: in f32 a saturated `p` (1 - p is a multiple of 2^-24, or 0) makes the gradient of a
//! sorting loss explode by four orders of magnitude. That is the phenomenon which the paper's Figure 6 shows and Newton
//! losses repair; a numerically stable cross-entropy does not have it.

use crate::scalar::Scalar;

/// -(q ln p + (1 - q) ln(1 - p)), each logarithm clamped from below at -100. `q` does not carry a gradient.
#[inline(always)]
pub fn binary_cross_entropy<S: Scalar>(p: S, q: S::Passive) -> S {
    let v = p.value();
    let floor = S::Passive::lit(-100.0);
    let rest = S::Passive::one() - q;
    let value = -(q * v.ln().max(floor)) - rest * (-v).ln_1p().max(floor);
    p.chain(value, first(v, q))
}

/// Derivative of [`binary_cross_entropy`] with respect to `p`: (p - q) / max(p (1 - p), 1e-12). Its own derivative is
/// PyTorch's second-order formula, (p^2 - 2 p q + q) / ((p + 1e-12)^2 (1 - p + 1e-12)^2).
#[inline(always)]
pub fn binary_cross_entropy_d<S: Scalar>(p: S, q: S::Passive) -> S {
    let v = p.value();
    let eps = S::Passive::lit(1e-12);
    let a = v + eps;
    let b = S::Passive::one() - v + eps;
    let ab = (a * a) * (b * b);
    p.chain(first(v, q), (v * v - (v + v) * q + q) / ab)
}

#[inline(always)]
fn first<P: Scalar<Passive = P>>(p: P, q: P) -> P {
    (p - q) / (p * (P::one() - p)).max(P::lit(1e-12))
}
