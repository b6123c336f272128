//! Vector registers: what [`super::Lanes`] compute with.
//!
//! Arrays of numbers and loops over them would do: LLVM turns them into vector instructions. But it must unroll and then recognise
//! each of a loss's hundreds of operations, which takes most of the time to compile it, and it gives up where another loop, say
//! over tangents, surrounds them. Written with intrinsics, an operation is one instruction from the start, of any number of
//! lanes.

#[cfg(any(test, not(target_arch = "x86_64")))]
mod loops;
#[cfg(test)]
mod tests;
// In a build with debug assertions only the baseline is used.
#[cfg(target_arch = "x86_64")]
#[cfg_attr(debug_assertions, allow(dead_code))]
pub(crate) mod x86;

use super::Float;
use core::fmt::Debug;
use core::ops::{Add, Div, Mul, Sub};
#[cfg(any(test, not(target_arch = "x86_64")))]
pub use loops::Loops;
#[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
pub(crate) use x86::{F32x8, F32x16, F64x4, F64x8};

/// What every processor of the target has.
#[cfg(target_arch = "x86_64")]
pub use x86::{F32x4 as PlainF32, F64x2 as PlainF64};

/// What every processor of the target has.
#[cfg(not(target_arch = "x86_64"))]
pub type PlainF32 = Loops<f32, 16>;

/// What every processor of the target has.
#[cfg(not(target_arch = "x86_64"))]
pub type PlainF64 = Loops<f64, 8>;

/// `L` numbers, and the instructions to compute with them.
///
/// Those of AVX2 and AVX-512 use these without asking the processor. They are private to this crate, which names them only where
/// the processor was asked (`kernel::dispatch`).
pub trait Register<const L: usize>:
    Copy
    + Debug
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// What a lane holds.
    type Elem: Float;
    /// How many tangents at a time suit the number of registers.
    const TANGENTS: usize;
    /// From lanes.
    fn from_array(lanes: [Self::Elem; L]) -> Self;
    /// The lanes.
    fn as_array(&self) -> &[Self::Elem; L];
    /// The lanes.
    fn as_mut_array(&mut self) -> &mut [Self::Elem; L];
    /// The same in all lanes.
    fn splat(x: Self::Elem) -> Self;
    /// `self * b + c`, rounded once where that is one instruction.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// All bits where `self < b`.
    fn is_lt(self, b: Self) -> [i32; L];
    /// All bits where `self <= b`.
    fn is_le(self, b: Self) -> [i32; L];
    /// All bits where `self == b`.
    fn is_eq(self, b: Self) -> [i32; L];
    /// `a` where `self > other`, else `b`.
    fn select_gt(self, other: Self, a: Self, b: Self) -> Self;
    /// `self` where `self < b`, else `b`; `b` too where one is NaN or both are zero.
    fn min(self, b: Self) -> Self;
    /// `self` where `self > b`, else `b`; `b` too where one is NaN or both are zero.
    fn max(self, b: Self) -> Self;
    /// `a` where all bits of the mask are set, `b` where none is.
    fn select(mask: [i32; L], a: Self, b: Self) -> Self;
    /// `t += u`
    fn add_tangents<const K: usize>(t: &mut [Self; K], u: &[Self; K]);
    /// `t -= u`
    fn sub_tangents<const K: usize>(t: &mut [Self; K], u: &[Self; K]);
    /// `t *= a`
    fn scale_tangents<const K: usize>(t: &mut [Self; K], a: Self);
    /// `t = t * a + u * b`
    fn combine_tangents<const K: usize>(t: &mut [Self; K], u: &[Self; K], a: Self, b: Self);
    /// `t += u * a`
    fn add_scaled_tangents<const K: usize>(t: &mut [Self; K], u: &[Self; K], a: Self);
    /// `t += u * a + v * b`
    fn add_combined_tangents<const K: usize>(
        t: &mut [Self; K],
        u: &[Self; K],
        v: &[Self; K],
        a: Self,
        b: Self,
    );
    /// Square root.
    fn sqrt(self) -> Self;
    /// Absolute value.
    fn abs(self) -> Self;
    /// 1 / x.
    #[inline(always)]
    fn recip(self) -> Self {
        Self::splat(Self::Elem::from_f64(1.0)) / self
    }
    /// e^x.
    fn exp(self) -> Self;
    /// 2^x.
    fn exp2(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// ln(1 + x).
    fn ln_1p(self) -> Self;
    /// Logarithm to base 2.
    fn log2(self) -> Self;
    /// Logarithm to base 10.
    fn log10(self) -> Self;
    /// Arcus tangent.
    fn atan(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
}
