//! Lanes as an array, for processors whose registers we do not name: loops that LLVM may turn into vector instructions.

use super::Register;
use crate::scalar::each::{each, tangents_by_loop};
use crate::scalar::{Elementary, Float};
use core::ops::{Add, Div, Mul, Sub};

/// `L` numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub struct Loops<T, const L: usize>([T; L]);

macro_rules! operator {
    ($($op:ident $method:ident $symbol:tt),*) => {$(
        impl<T: Float, const L: usize> $op for Loops<T, L> {
            type Output = Self;
            #[inline(always)]
            fn $method(mut self, b: Self) -> Self {
                each!(l in L => {
                    self.0[l] $symbol b.0[l];
                });
                self
            }
        }
    )*};
}
operator!(Add add +=, Sub sub -=, Mul mul *=, Div div /=);

macro_rules! elementary {
    ($($name:ident)*) => {$(
        #[inline(always)]
        fn $name(mut self) -> Self {
            each!(l in L => {
                self.0[l] = <T as Elementary>::$name(self.0[l]);
            });
            self
        }
    )*};
}

macro_rules! compare {
    ($($name:ident $symbol:tt),*) => {$(
        #[inline(always)]
        fn $name(self, b: Self) -> [i32; L] {
            let mut out = [0; L];
            each!(l in L => {
                out[l] = -((self.0[l] $symbol b.0[l]) as i32);
            });
            out
        }
    )*};
}

impl<T: Float, const L: usize> Register<L> for Loops<T, L> {
    type Elem = T;
    // Around loops over lanes LLVM unrolls no longer ones, and without that there are no vectors.
    const TANGENTS: usize = 2;
    #[inline(always)]
    fn from_array(lanes: [T; L]) -> Self {
        Self(lanes)
    }
    #[inline(always)]
    fn as_array(&self) -> &[T; L] {
        &self.0
    }
    #[inline(always)]
    fn as_mut_array(&mut self) -> &mut [T; L] {
        &mut self.0
    }
    #[inline(always)]
    fn splat(x: T) -> Self {
        Self([x; L])
    }
    #[inline(always)]
    fn mul_add(mut self, b: Self, c: Self) -> Self {
        each!(l in L => {
            self.0[l] = self.0[l].mul_add(b.0[l], c.0[l]);
        });
        self
    }
    compare!(is_lt <, is_le <=, is_eq ==);
    #[inline(always)]
    fn select_gt(self, other: Self, a: Self, b: Self) -> Self {
        let mut out = b;
        each!(l in L => {
            out.0[l] = if self.0[l] > other.0[l] { a.0[l] } else { b.0[l] };
        });
        out
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        b.select_gt(self, self, b)
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        self.select_gt(b, self, b)
    }
    #[inline(always)]
    fn select(mask: [i32; L], a: Self, b: Self) -> Self {
        let mut out = b;
        each!(l in L => {
            out.0[l] = if mask[l] != 0 { a.0[l] } else { b.0[l] };
        });
        out
    }
    tangents_by_loop!();
    elementary!(sqrt abs exp exp2 ln ln_1p log2 log10 atan tanh);
}
