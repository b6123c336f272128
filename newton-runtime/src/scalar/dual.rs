//! A number with K tangents: one value and its derivatives along K directions, propagated together.
//!
//! Running generated gradient code on duals gives, from the gradient, K columns of the Hessian.

use super::each::each;
use super::lanes::powi;
use super::{Mask, Real, Scalar};
use crate::builtins::{atan2_d, atan2_d2, hypot_d, hypot_d2, larger, pow_d, pow_d2};
use core::f64::consts::{LN_2, LOG2_E, LOG10_E};
use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// Value and K tangents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dual<P, const K: usize> {
    /// The value.
    pub value: P,
    /// Its derivatives along K directions.
    pub tangents: [P; K],
}

impl<P: Real, const K: usize> Add for Dual<P, K> {
    type Output = Self;
    #[inline(always)]
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}
impl<P: Real, const K: usize> Sub for Dual<P, K> {
    type Output = Self;
    #[inline(always)]
    fn sub(mut self, other: Self) -> Self {
        self -= other;
        self
    }
}
impl<P: Real, const K: usize> Mul for Dual<P, K> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.chain2(other, self.value * other.value, other.value, self.value)
    }
}
impl<P: Real, const K: usize> Div for Dual<P, K> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let (quotient, r) = (self.value / other.value, other.value.recip());
        self.chain2(other, quotient, r, -quotient * r)
    }
}
impl<P: Real, const K: usize> Neg for Dual<P, K> {
    type Output = Self;
    #[inline(always)]
    fn neg(mut self) -> Self {
        self.value = -self.value;
        P::scale_tangents(&mut self.tangents, P::lit(-1.0));
        self
    }
}

impl<P: Real, const K: usize> Add<P> for Dual<P, K> {
    type Output = Self;
    #[inline(always)]
    fn add(mut self, other: P) -> Self {
        self.value += other;
        self
    }
}
impl<P: Real, const K: usize> Sub<P> for Dual<P, K> {
    type Output = Self;
    #[inline(always)]
    fn sub(mut self, other: P) -> Self {
        self.value -= other;
        self
    }
}
impl<P: Real, const K: usize> Mul<P> for Dual<P, K> {
    type Output = Self;
    #[inline(always)]
    fn mul(mut self, other: P) -> Self {
        self *= other;
        self
    }
}
impl<P: Real, const K: usize> Div<P> for Dual<P, K> {
    type Output = Self;
    #[inline(always)]
    fn div(mut self, other: P) -> Self {
        self.value /= other;
        P::scale_tangents(&mut self.tangents, other.recip());
        self
    }
}

impl<P: Real, const K: usize> AddAssign for Dual<P, K> {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        self.value += other.value;
        P::add_tangents(&mut self.tangents, &other.tangents);
    }
}
impl<P: Real, const K: usize> SubAssign for Dual<P, K> {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        self.value -= other.value;
        P::sub_tangents(&mut self.tangents, &other.tangents);
    }
}
impl<P: Real, const K: usize> MulAssign for Dual<P, K> {
    #[inline(always)]
    fn mul_assign(&mut self, other: Self) {
        P::combine_tangents(&mut self.tangents, &other.tangents, other.value, self.value);
        self.value *= other.value;
    }
}
impl<P: Real, const K: usize> DivAssign for Dual<P, K> {
    #[inline(always)]
    fn div_assign(&mut self, other: Self) {
        *self = *self / other;
    }
}
impl<P: Real, const K: usize> AddAssign<P> for Dual<P, K> {
    #[inline(always)]
    fn add_assign(&mut self, other: P) {
        self.value += other;
    }
}
impl<P: Real, const K: usize> SubAssign<P> for Dual<P, K> {
    #[inline(always)]
    fn sub_assign(&mut self, other: P) {
        self.value -= other;
    }
}
impl<P: Real, const K: usize> MulAssign<P> for Dual<P, K> {
    #[inline(always)]
    fn mul_assign(&mut self, other: P) {
        self.value *= other;
        P::scale_tangents(&mut self.tangents, other);
    }
}
impl<P: Real, const K: usize> DivAssign<P> for Dual<P, K> {
    #[inline(always)]
    fn div_assign(&mut self, other: P) {
        *self = *self / other;
    }
}

/// Functions of one argument: `name(x, f) => derivative`, from the argument's value and the function's.
macro_rules! rules {
    ($($method:ident($x:ident, $f:ident) => $df:expr;)*) => {$(
        #[inline(always)]
        fn $method(self) -> Self {
            let $x = self.value;
            let $f = $x.$method();
            self.chain($f, $df)
        }
    )*};
}

impl<P: Real, const K: usize> Scalar for Dual<P, K> {
    type Passive = P;
    const HAS_TANGENTS: bool = true;

    #[inline(always)]
    fn constant(value: P) -> Self {
        Self { value, tangents: [P::zero(); K] }
    }
    #[inline(always)]
    fn value(self) -> P {
        self.value
    }
    #[inline(always)]
    fn chain(mut self, f: P, df: P) -> Self {
        self.value = f;
        P::scale_tangents(&mut self.tangents, df);
        self
    }
    #[inline(always)]
    fn chain2(mut self, other: Self, f: P, da: P, db: P) -> Self {
        self.value = f;
        P::combine_tangents(&mut self.tangents, &other.tangents, da, db);
        self
    }
    #[inline(always)]
    fn mul_add(self, a: Self, mut b: Self) -> Self {
        b.add_product(self, a);
        b
    }
    #[inline(always)]
    fn add_product(&mut self, a: Self, b: Self) {
        P::add_combined_tangents(&mut self.tangents, &a.tangents, &b.tangents, b.value, a.value);
        self.value.add_product(a.value, b.value);
    }
    #[inline(always)]
    fn sub_product(&mut self, a: Self, b: Self) {
        let (minus_a, minus_b) = (-a.value, -b.value);
        P::add_combined_tangents(&mut self.tangents, &a.tangents, &b.tangents, minus_b, minus_a);
        self.value.add_product(minus_a, b.value);
    }
    #[inline(always)]
    fn add_scaled(&mut self, a: Self, factor: P) {
        P::add_scaled_tangents(&mut self.tangents, &a.tangents, factor);
        self.value.add_product(a.value, factor);
    }
    rules! {
        exp(_x, f) => f;
        exp_m1(x, _f) => x.exp();
        exp2(_x, f) => f * P::lit(LN_2);
        ln(x, _f) => x.recip();
        ln_1p(x, _f) => (x + P::one()).recip();
        log2(x, _f) => P::lit(LOG2_E) / x;
        log10(x, _f) => P::lit(LOG10_E) / x;
        sqrt(_x, f) => P::lit(0.5) / f;
        cbrt(_x, f) => P::lit(1.0 / 3.0) / (f * f);
        recip(_x, f) => -f * f;
        abs(x, _f) => x.sign();
        fract(_x, _f) => P::one();
        sin(x, _f) => x.cos();
        cos(x, _f) => -x.sin();
        tan(_x, f) => f.mul_add(f, P::one());
        asin(x, _f) => ((P::one() - x) * (P::one() + x)).sqrt().recip();
        acos(x, _f) => -((P::one() - x) * (P::one() + x)).sqrt().recip();
        atan(x, _f) => x.mul_add(x, P::one()).recip();
        sinh(x, _f) => x.cosh();
        cosh(x, _f) => x.sinh();
        tanh(_x, f) => P::one() - f * f;
        asinh(x, _f) => x.mul_add(x, P::one()).sqrt().recip();
        acosh(x, _f) => ((x - P::one()) * (x + P::one())).sqrt().recip();
        atanh(x, _f) => ((P::one() - x) * (P::one() + x)).recip();
    }
    #[inline(always)]
    fn powi(self, n: i32) -> Self {
        let x = self.value;
        self.chain(powi(x, n), if n == 0 { P::zero() } else { powi(x, n - 1) * P::lit(n as f64) })
    }
    #[inline(always)]
    fn powf(self, p: P) -> Self {
        let x = self.value;
        self.chain(x.powf(p), x.powf(p - P::one()) * p)
    }
    #[inline(always)]
    fn pow(self, p: Self) -> Self {
        let (x, n) = (self.value, p.value);
        self.chain2(p, x.powf(n), pow_d(x, n), pow_d2(x, n))
    }
    #[inline(always)]
    fn atan2(self, x: Self) -> Self {
        let (a, b) = (self.value, x.value);
        self.chain2(x, a.atan2(b), atan2_d(a, b), atan2_d2(a, b))
    }
    #[inline(always)]
    fn hypot(self, other: Self) -> Self {
        let (a, b) = (self.value, other.value);
        self.chain2(other, a.hypot(b), hypot_d(a, b), hypot_d2(a, b))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        let first = larger(self.value, other.value);
        self.chain2(other, self.value.max(other.value), first, P::one() - first)
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        let first = larger(other.value, self.value);
        self.chain2(other, self.value.min(other.value), first, P::one() - first)
    }
    #[inline]
    fn gather(values: &[Self], index: P::Index) -> Self {
        let mut out = Self::zero();
        each!(l in P::LANES => {
            let from = &values[P::index_at(index, l)];
            out.value.set_lane(l, from.value.lane_in_place(l));
            each!(k in K => {
                out.tangents[k].set_lane(l, from.tangents[k].lane_in_place(l));
            });
        });
        out
    }
    #[inline(always)]
    fn select(mask: P::Mask, mut a: Self, b: Self) -> Self {
        a.value = P::select(mask, a.value, b.value);
        each!(k in K => {
            a.tangents[k] = P::select(mask, a.tangents[k], b.tangents[k]);
        });
        a
    }
    #[inline]
    fn scatter(self, values: &mut [Self], index: P::Index, mask: P::Mask) {
        each!(l in P::LANES => {
            if mask.lane(l) {
                let to = &mut values[P::index_at(index, l)];
                to.value.set_lane(l, self.value.lane_in_place(l));
                each!(k in K => {
                    to.tangents[k].set_lane(l, self.tangents[k].lane_in_place(l));
                });
            }
        });
    }
    #[inline]
    fn scatter_add(self, values: &mut [Self], index: P::Index, mask: P::Mask) {
        each!(l in P::LANES => {
            if mask.lane(l) {
                let to = &mut values[P::index_at(index, l)];
                to.value.set_lane(l, to.value.lane_in_place(l) + self.value.lane_in_place(l));
                each!(k in K => {
                    to.tangents[k].set_lane(l, to.tangents[k].lane_in_place(l) + self.tangents[k].lane_in_place(l));
                });
            }
        });
    }
}

impl<P: Real, const K: usize> super::Element for Dual<P, K> {}
