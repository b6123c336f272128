//! Elements of two arrays that a builtin combines, one of which may be passive.

use super::{Dual, Real, Scalar};

/// What [`Self`] and `B`, each active or passive, can be combined to: a product of a dual and a passive number costs half of one
/// of two duals.
pub trait Pair<B>: Copy {
    /// Active if one of the two is.
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

impl<P: Real, const K: usize> Pair<Dual<P, K>> for P {
    type Both = Dual<P, K>;
    #[inline(always)]
    fn times(self, b: Dual<P, K>) -> Dual<P, K> {
        b * self
    }
    #[inline(always)]
    fn minus(self, b: Dual<P, K>) -> Dual<P, K> {
        -(b - self)
    }
    #[inline(always)]
    fn add_product_to(self, b: Dual<P, K>, sum: &mut Dual<P, K>) {
        sum.add_scaled(b, self);
    }
}
