//! `f32` and `f64` themselves as scalars: one sample, no lanes. Used by the user's own function and by checks.

use super::elementwise::elementwise;
use super::lanes::{powi, sort_indices};
use super::{Element, Elementary, Float, LaneIndex, LaneMask, Mask, Real, Scalar};

macro_rules! unary {
    (own: $($own:ident)*; instructions: $($instruction:ident)*; standard: $($standard:ident)*;) => {
        unary!($($own)* $($instruction)* $($standard)*);
    };
    ($($method:ident)*) => {$(
        #[inline(always)]
        fn $method(self) -> Self {
            Elementary::$method(self)
        }
    )*};
}
macro_rules! binary {
    (own: ; standard: $($method:ident)*;) => {$(
        #[inline(always)]
        fn $method(self, other: Self) -> Self {
            Elementary::$method(self, other)
        }
    )*};
}

macro_rules! plain {
    ($t:ident) => {
        impl Element for $t {}

        impl Scalar for $t {
            type Passive = Self;
            #[inline(always)]
            fn constant(value: Self) -> Self {
                value
            }
            #[inline(always)]
            fn value(self) -> Self {
                self
            }
            #[inline(always)]
            fn chain(self, f: Self, _df: Self) -> Self {
                f
            }
            #[inline(always)]
            fn chain2(self, _other: Self, f: Self, _da: Self, _db: Self) -> Self {
                f
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                if super::float::FUSED { $t::mul_add(self, a, b) } else { self * a + b }
            }
            #[inline(always)]
            fn add_scaled(&mut self, a: Self, factor: Self) {
                self.add_product(a, factor);
            }
            elementwise!(smooth, unary);
            elementwise!(pairs, binary);
            #[inline(always)]
            fn powi(self, n: i32) -> Self {
                powi(self, n)
            }
            #[inline(always)]
            fn pow(self, p: Self) -> Self {
                self.powf(p)
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                if other > self { other } else { self }
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                if self > other { other } else { self }
            }
            #[inline(always)]
            fn select(mask: LaneMask<1>, a: Self, b: Self) -> Self {
                if mask.lane(0) { a } else { b }
            }
            #[inline(always)]
            fn gather(values: &[Self], index: LaneIndex<1>) -> Self {
                values[index.0[0] as usize]
            }
            #[inline(always)]
            fn scatter(self, values: &mut [Self], index: LaneIndex<1>, mask: LaneMask<1>) {
                if mask.lane(0) {
                    values[index.0[0] as usize] = self;
                }
            }
            #[inline(always)]
            fn scatter_add(self, values: &mut [Self], index: LaneIndex<1>, mask: LaneMask<1>) {
                if mask.lane(0) {
                    values[index.0[0] as usize] += self;
                }
            }
        }

        impl Real for $t {
            type Elem = Self;
            type Index = LaneIndex<1>;
            type Mask = LaneMask<1>;
            const LANES: usize = 1;
            const TANGENTS: usize = 2;
            #[inline(always)]
            fn splat(x: Self) -> Self {
                x
            }
            #[inline(always)]
            fn lane(self, _lane: usize) -> Self {
                self
            }
            #[inline(always)]
            fn lane_in_place(&self, _lane: usize) -> Self {
                *self
            }
            #[inline(always)]
            fn set_lane(&mut self, _lane: usize, x: Self) {
                *self = x;
            }
            #[inline(always)]
            fn from_int(x: LaneIndex<1>) -> Self {
                Self::from_i32(x.0[0])
            }
            #[inline(always)]
            fn to_int(self) -> LaneIndex<1> {
                LaneIndex([self.to_i32()])
            }
            #[inline(always)]
            fn is_lt(self, other: Self) -> LaneMask<1> {
                LaneMask::splat(self < other)
            }
            #[inline(always)]
            fn is_le(self, other: Self) -> LaneMask<1> {
                LaneMask::splat(self <= other)
            }
            #[inline(always)]
            fn is_eq(self, other: Self) -> LaneMask<1> {
                LaneMask::splat(self == other)
            }
            #[inline(always)]
            fn select_gt(self, other: Self, a: Self, b: Self) -> Self {
                if self > other { a } else { b }
            }
            #[inline(always)]
            fn sign(self) -> Self {
                if self > 0.0 {
                    1.0
                } else if self < 0.0 {
                    -1.0
                } else {
                    0.0
                }
            }
            elementwise!(steps, unary);
            unary!(erf);
            fn argsort(values: &[Self], descending: bool, order: &mut [LaneIndex<1>]) {
                let mut sorted: Vec<usize> = (0..values.len()).collect();
                sort_indices(&mut sorted, descending, |i| values[i]);
                for (slot, i) in order.iter_mut().zip(sorted) {
                    *slot = LaneIndex([i as i32]);
                }
            }
        }
    };
}
plain!(f32);
plain!(f64);
