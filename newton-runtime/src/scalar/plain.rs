//! `f32` and `f64` themselves as scalars: one sample, no lanes. Used by the user's own function and by checks.

use super::elementwise::elementwise;
use super::lanes::{powi, sort_indices};
use super::{Elementary, Float, Real, Scalar};

/// Whether the crate is compiled for a processor whose fused multiply-add needs no detection.
const FMA: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

macro_rules! unary {
    (own: $($own:ident)*; standard: $($standard:ident)*;) => { unary!($($own)* $($standard)*); };
    ($($method:ident)*) => {$(
        #[inline(always)]
        fn $method(self) -> Self {
            Elementary::$method::<FMA>(self)
        }
    )*};
}
macro_rules! binary {
    (own: ; standard: $($method:ident)*;) => {$(
        #[inline(always)]
        fn $method(self, other: Self) -> Self {
            Elementary::$method::<FMA>(self, other)
        }
    )*};
}

macro_rules! plain {
    ($t:ident) => {
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
                self.f_mul_add::<FMA>(a, b)
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
            fn gather(values: &[Self], index: usize) -> Self {
                values[index]
            }
            #[inline(always)]
            fn scatter_add(self, values: &mut [Self], index: usize) {
                values[index] += self;
            }
        }

        impl Real for $t {
            type Elem = Self;
            type Index = usize;
            const LANES: usize = 1;
            #[inline(always)]
            fn splat(x: Self) -> Self {
                x
            }
            #[inline(always)]
            fn lane(self, _lane: usize) -> Self {
                self
            }
            #[inline(always)]
            fn set_lane(&mut self, _lane: usize, x: Self) {
                *self = x;
            }
            #[inline(always)]
            fn index_at(index: usize, _lane: usize) -> usize {
                index
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
            fn argsort(values: &[Self], descending: bool, order: &mut [usize]) {
                for (i, slot) in order.iter_mut().enumerate() {
                    *slot = i;
                }
                sort_indices(order, descending, |i| values[i]);
            }
        }
    };
}
plain!(f32);
plain!(f64);
