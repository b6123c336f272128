//! The two element types, `f32` and `f64`.
//!
//! Where fused multiply-add is no instruction, `mul_add` is a product and a sum: it would be a call into the C library, some twenty
//! times slower.

use super::register::{PlainF32, PlainF64};
use super::{Elementary, Lanes, Real};
use core::fmt::{Debug, Display};

/// Whether a product and a sum are one instruction on every processor of the target.
pub(super) const FUSED: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

/// What a GPU's memory holds.
#[cfg(feature = "cuda")]
pub use crate::cuda::DeviceFloat as OnDevice;
/// Without the feature `cuda`: anything.
#[cfg(not(feature = "cuda"))]
pub trait OnDevice {}
#[cfg(not(feature = "cuda"))]
impl<T> OnDevice for T {}

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
    + crate::kernel::dispatch::Levels
    + OnDevice
    + 'static
{
    /// The lanes that every processor of the target has.
    type Plain: Real<Elem = Self>;

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
    };
}

impl Float for f32 {
    type Plain = Lanes<PlainF32, { size_of::<PlainF32>() / 4 }>;
    common!(f32);
    #[inline(always)]
    fn from_f32(x: f32) -> Self {
        x
    }
}

impl Float for f64 {
    type Plain = Lanes<PlainF64, { size_of::<PlainF64>() / 8 }>;
    common!(f64);
    #[inline(always)]
    fn from_f32(x: f32) -> Self {
        super::meant::meant(x)
    }
}
