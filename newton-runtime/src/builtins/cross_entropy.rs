//! Cross-entropies of classes, and of two with PyTorch's exact semantics.
//!
//! Binary: the forward value clamps logarithms at -100; the first and second derivatives are not those of the clamped value but
//! PyTorch's own formulas. They matter: in f32 a saturated `p` (1 - p is a multiple of 2^-24, or 0) makes the gradient of a
//! sorting loss explode by four orders of magnitude. That is the phenomenon which the paper's Figure 6 shows and Newton
//! losses repair; a numerically stable cross-entropy does not have it.

use super::reduce::{largest, sum};
use super::softmax::softmax;
use crate::scalar::{Scalar, across_lanes};

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

/// What [`cross_entropy`] compares with: the probabilities of all classes, or the index of the true one.
pub trait Target<S: Scalar, const N: usize> {
    /// [`cross_entropy`] with this target.
    fn cross_entropy(self, logits: &[S; N]) -> S;
}

impl<S: Scalar, const N: usize> Target<S, N> for &[S::Passive; N] {
    #[inline(always)]
    fn cross_entropy(self, logits: &[S; N]) -> S {
        let (shift, log_total) = log_total(logits);
        let mut loss = S::zero();
        for j in 0..N {
            loss.add_scaled(log_total - (logits[j] - shift), self[j]);
            across_lanes();
        }
        loss
    }
}

impl<S: Scalar, const N: usize> Target<S, N> for usize {
    #[inline(always)]
    fn cross_entropy(self, logits: &[S; N]) -> S {
        let (shift, log_total) = log_total(logits);
        log_total - (logits[self] - shift)
    }
}

/// Cross-entropy of the distribution softmax(`logits`) and a target, -sum_j q_j ln softmax(x)_j. The target is an array of
/// probabilities, or the index of the one class whose probability is 1; it does not carry a gradient.
#[inline(always)]
pub fn cross_entropy<S: Scalar, const N: usize>(logits: &[S; N], target: impl Target<S, N>) -> S {
    target.cross_entropy(logits)
}

/// Adjoint of [`cross_entropy`] with probabilities `q`: softmax(x) sum(q) - q.
#[inline(always)]
pub fn cross_entropy_reverse<S: Scalar, const N: usize>(
    logits: &[S; N],
    q: &[S::Passive; N],
    y_: S,
    logits_: &mut [S; N],
) {
    let p = softmax(logits);
    let total = sum(q);
    for j in 0..N {
        logits_[j] = (p[j] * total - q[j]).mul_add(y_, logits_[j]);
        across_lanes();
    }
}

/// The largest logit, and ln sum_j e^(x_j - largest).
#[inline(always)]
fn log_total<S: Scalar, const N: usize>(logits: &[S; N]) -> (S::Passive, S) {
    let shift = largest(logits);
    let mut total = S::zero();
    for j in 0..N {
        total += (logits[j] - shift).exp();
        across_lanes();
    }
    (shift, total.ln())
}
