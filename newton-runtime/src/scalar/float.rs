//! The two element types, `f32` and `f64`.
//!
//! `FMA` says whether fused multiply-add is an instruction where the code runs. Without it `mul_add` would be a call into
//! the C library, some twenty times slower than the product and the sum.

use super::{Elementary, Lanes, Real};
use core::fmt::{Debug, Display};

/// `f32` or `f64`: what slices of predictions, labels and gradients hold.
pub trait Float:
    Copy
    + Debug
    + Display
    + Default
    + PartialOrd
    + Send
    + Sync
    + Elementary
    + Real<Elem = Self, Index = super::LaneIndex<1>>
    + 'static
{
    /// The lanes that fill a 512-bit register, for processors without and with fused multiply-add.
    type Plain: Real<Elem = Self>;
    /// See [`Float::Plain`].
    type Fused: Real<Elem = Self>;

    /// The nearest number of this type.
    fn from_f64(x: f64) -> Self;
    /// A constant that was written for `f32`. As `f64` it is the number that was meant: see `meant.rs`.
    fn from_f32(x: f32) -> Self;
    /// Exact widening.
    fn to_f64(self) -> f64;
    /// Neither NaN nor infinite.
    fn is_finite(self) -> bool;
    /// The nearest number to an integer.
    fn from_i32(x: i32) -> Self;
    /// Truncated towards zero and into range; 0 for NaN.
    fn to_i32(self) -> i32;

    #[doc(hidden)]
    fn f_mul_add<const FMA: bool>(self, a: Self, b: Self) -> Self;
}

/// What is spelled alike for both element types.
macro_rules! common {
    ($t:ident) => {
        #[inline(always)]
        fn from_f64(x: f64) -> Self {
            x as $t
        }
        #[inline(always)]
        fn to_f64(self) -> f64 {
            self as f64
        }
        #[inline(always)]
        fn from_i32(x: i32) -> Self {
            x as $t
        }
        #[inline(always)]
        fn to_i32(self) -> i32 {
            self as i32
        }
        #[inline(always)]
        fn is_finite(self) -> bool {
            $t::is_finite(self)
        }
        #[inline(always)]
        fn f_mul_add<const FMA: bool>(self, a: Self, b: Self) -> Self {
            if FMA { $t::mul_add(self, a, b) } else { self * a + b }
        }
    };
}

impl Float for f32 {
    type Plain = Lanes<f32, 16, false>;
    type Fused = Lanes<f32, 16, true>;
    common!(f32);
    #[inline(always)]
    fn from_f32(x: f32) -> Self {
        x
    }
}

impl Float for f64 {
    type Plain = Lanes<f64, 8, false>;
    type Fused = Lanes<f64, 8, true>;
    common!(f64);
    #[inline(always)]
    fn from_f32(x: f32) -> Self {
        super::meant::meant(x)
    }
}
