//! Elements of two arrays that a builtin combines, the second of which may be passive.

use super::{Dual, Real, Scalar};

/// What a number and a `B` of at most its activity combine to: a product of a dual and a passive number costs half of one of
/// two duals.
pub trait Pair<B>: Copy {
    /// As active as `Self`.
    type Both: Scalar;
    /// `self * b`.
    fn times(self, b: B) -> Self::Both;
    /// `self - b`.
    fn minus(self, b: B) -> Self::Both;
    /// `sum += self * b`.
    fn add_product_to(self, b: B, sum: &mut Self::Both);
}

impl<S: Scalar> Pair<S> for S {
    type Both = S;
    #[inline(always)]
    fn times(self, b: S) -> S {
        self * b
    }
    #[inline(always)]
    fn minus(self, b: S) -> S {
        self - b
    }
    #[inline(always)]
    fn add_product_to(self, b: S, sum: &mut S) {
        sum.add_product(self, b);
    }
}

impl<P: Real, const K: usize> Pair<P> for Dual<P, K> {
    type Both = Self;
    #[inline(always)]
    fn times(self, b: P) -> Self {
        self * b
    }
    #[inline(always)]
    fn minus(self, b: P) -> Self {
        self - b
    }
    #[inline(always)]
    fn add_product_to(self, b: P, sum: &mut Self) {
        sum.add_scaled(self, b);
    }
}
