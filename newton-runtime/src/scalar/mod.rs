//! The numbers that generated code computes with.
//!
//! One generated gradient serves every purpose, because it is generic over its [`Scalar`]:
//!
//! | scalar | what the gradient code then computes |
//! | --- | --- |
//! | `f32`, `f64` | one sample: checks, debugging |
//! | [`Lanes`] | a block of samples, one SIMD lane each: values and gradients |
//! | [`Dual`] of lanes | the same, and K columns of each sample's Hessian (forward over reverse) |
//!
//! Values that do not depend on the prediction are [`Scalar::Passive`]: the same lanes without tangents, so that
//! `active * passive` costs K + 1 products instead of 2 K + 1.

mod across;
mod discrete;
mod dual;
mod each;
mod elementwise;
pub mod fault;
mod float;
mod lanes;
mod math;
mod meant;
mod pair;
mod plain;
pub(crate) mod register;
mod shape;
mod tape;

pub use across::across_lanes;
pub use discrete::{Integer, LaneIndex, LaneMask, Mask};
pub use dual::Dual;
#[doc(hidden)]
pub use elementwise::Elementary;
pub use float::Float;
pub use lanes::Lanes;
pub use pair::Pair;
pub use shape::{Data, Shape};
pub use tape::{Saved, Tape};

use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};
use each::{each, tangents_by_loop};

/// Arithmetic with a right operand of type `R`, for `Self` on the left.
pub trait Arithmetic<R>:
    Sized
    + Add<R, Output = Self>
    + Sub<R, Output = Self>
    + Mul<R, Output = Self>
    + Div<R, Output = Self>
    + AddAssign<R>
    + SubAssign<R>
    + MulAssign<R>
    + DivAssign<R>
{
}
impl<S, R> Arithmetic<R> for S where
    S: Add<R, Output = S>
        + Sub<R, Output = S>
        + Mul<R, Output = S>
        + Div<R, Output = S>
        + AddAssign<R>
        + SubAssign<R>
        + MulAssign<R>
        + DivAssign<R>
{
}

/// What arrays of generated code hold: a number, an integer or a condition.
pub trait Element: Copy {}

/// A number that may carry tangents.
///
/// Derivatives of the elementary functions at their kinks follow PyTorch: 0 for `abs` at 0, one half each for
/// `max` and `min` of equal arguments.
pub trait Scalar:
    Element
    + Neg<Output = Self>
    + Arithmetic<Self>
    + Arithmetic<<Self as Scalar>::Passive>
    + Pair<Self, Both = Self>
    + Pair<<Self as Scalar>::Passive, Both = Self>
    + Send
    + Sync
    + 'static
{
    /// The same lanes without tangents: what does not depend on the prediction.
    type Passive: Real;
    /// It carries tangents.
    const HAS_TANGENTS: bool = false;

    /// Lifts a passive value; its tangents are zero.
    fn constant(value: Self::Passive) -> Self;
    /// Drops the tangents.
    fn value(self) -> Self::Passive;
    /// The result of a function of `self`, given its value `f` and its derivative `df` here.
    fn chain(self, f: Self::Passive, df: Self::Passive) -> Self;
    /// The result of a function of `self` and `other`, given its value `f` and its two partial derivatives here.
    fn chain2(self, other: Self, f: Self::Passive, da: Self::Passive, db: Self::Passive) -> Self;

    /// Flat memory as an array of any rank.
    #[inline(always)]
    fn view_as<A: Shape<Self>>(flat: &[Self]) -> &A {
        &A::rows(flat)[0]
    }
    /// Flat memory as an array of any rank, mutably.
    #[inline(always)]
    fn view_as_mut<A: Shape<Self>>(flat: &mut [Self]) -> &mut A {
        &mut A::rows_mut(flat)[0]
    }

    /// The number 0.
    #[inline(always)]
    fn zero() -> Self {
        Self::lit(0.0)
    }
    /// The number 1.
    #[inline(always)]
    fn one() -> Self {
        Self::lit(1.0)
    }
    /// A literal.
    #[inline(always)]
    fn lit(x: f64) -> Self {
        Self::constant(Self::Passive::splat(Float::from_f64(x)))
    }
    /// An integer as a number (`i as f32`).
    #[inline(always)]
    fn index(i: usize) -> Self {
        Self::lit(i as f64)
    }

    /// `self * a + b`, fused where the processor can.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// `self += a * b`, fused where the processor can.
    #[inline(always)]
    fn add_product(&mut self, a: Self, b: Self) {
        *self = a.mul_add(b, *self);
    }
    /// `self -= a * b`, fused where the processor can.
    #[inline(always)]
    fn sub_product(&mut self, a: Self, b: Self) {
        *self = (-a).mul_add(b, *self);
    }
    /// `self += a * factor`, fused where the processor can.
    fn add_scaled(&mut self, a: Self, factor: Self::Passive);
    /// e^x.
    fn exp(self) -> Self;
    /// 2^x.
    fn exp2(self) -> Self;
    /// e^x - 1.
    fn exp_m1(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// ln(1 + x).
    fn ln_1p(self) -> Self;
    /// Logarithm to base 2.
    fn log2(self) -> Self;
    /// Logarithm to base 10.
    fn log10(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Cube root.
    fn cbrt(self) -> Self;
    /// 1 / x.
    fn recip(self) -> Self;
    /// Absolute value.
    fn abs(self) -> Self;
    /// x without its integer part: `x - x.trunc()`.
    fn fract(self) -> Self;
    /// Sine, radians.
    fn sin(self) -> Self;
    /// Cosine, radians.
    fn cos(self) -> Self;
    /// Tangent, radians.
    fn tan(self) -> Self;
    /// Arcus sine.
    fn asin(self) -> Self;
    /// Arcus cosine.
    fn acos(self) -> Self;
    /// Arcus tangent.
    fn atan(self) -> Self;
    /// Hyperbolic sine.
    fn sinh(self) -> Self;
    /// Hyperbolic cosine.
    fn cosh(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Inverse of the hyperbolic sine.
    fn asinh(self) -> Self;
    /// Inverse of the hyperbolic cosine.
    fn acosh(self) -> Self;
    /// Inverse of the hyperbolic tangent.
    fn atanh(self) -> Self;
    /// Integer power.
    fn powi(self, n: i32) -> Self;
    /// Integer power, another one for each lane.
    #[inline(always)]
    fn powi_by_lane(self, n: <Self::Passive as Real>::Index) -> Self {
        let x = self.value();
        let one = <Self::Passive as Real>::int(1);
        let slope = x.powi_lanes(n - one) * <Self::Passive as Real>::from_int(n);
        let zero = n.is_eq(<Self::Passive as Real>::int(0));
        let slope = <Self::Passive as Scalar>::select(zero, <Self::Passive as Scalar>::zero(), slope);
        self.chain(x.powi_lanes(n), slope)
    }
    /// Power with a passive exponent.
    fn powf(self, p: Self::Passive) -> Self;
    /// Power with an exponent that may be active.
    fn pow(self, p: Self) -> Self;
    /// The angle of the point (x, self), radians. Derivatives at the origin: 0.
    fn atan2(self, x: Self) -> Self;
    /// Length of the vector (self, other). Derivatives at the origin: 0.
    fn hypot(self, other: Self) -> Self;
    /// The larger of two.
    fn max(self, other: Self) -> Self;
    /// The smaller of two.
    fn min(self, other: Self) -> Self;

    /// Lane by lane: `a` where the mask holds, else `b`.
    fn select(mask: <Self::Passive as Real>::Mask, a: Self, b: Self) -> Self;
    /// `values[index]`, lane by lane. The index is in range: see [`Integer::within`].
    fn gather(values: &[Self], index: <Self::Passive as Real>::Index) -> Self;
    /// `values[index] = self` where the mask holds.
    fn scatter(
        self,
        values: &mut [Self],
        index: <Self::Passive as Real>::Index,
        mask: <Self::Passive as Real>::Mask,
    );
    /// `values[index] += self` where the mask holds: the adjoint of [`Scalar::gather`].
    fn scatter_add(
        self,
        values: &mut [Self],
        index: <Self::Passive as Real>::Index,
        mask: <Self::Passive as Real>::Mask,
    );
}

/// A [`Scalar`] without tangents: `f32`, `f64` or lanes of them.
pub trait Real: Scalar<Passive = Self> {
    /// What a lane holds.
    type Elem: Float;
    /// An integer per lane.
    type Index: Integer<Mask = Self::Mask> + Saved<Self>;
    /// A condition per lane.
    type Mask: Mask<Integer = Self::Index> + Saved<Self>;
    /// How many samples one number holds.
    const LANES: usize;
    /// How many tangents a [`Dual`] of these should have at most to be fast.
    const TANGENTS: usize;

    tangents_by_loop!();
    /// The same number in every lane.
    fn splat(x: Self::Elem) -> Self;
    /// The number in one lane.
    fn lane(self, lane: usize) -> Self::Elem;
    /// The number in one lane, read from memory: for numbers that are there.
    fn lane_in_place(&self, lane: usize) -> Self::Elem;
    /// Replaces the number in one lane.
    fn set_lane(&mut self, lane: usize, x: Self::Elem);
    /// The index in one lane.
    #[inline(always)]
    fn index_at(index: Self::Index, lane: usize) -> usize {
        index.lane(lane) as usize
    }
    /// The same integer in every lane.
    #[inline(always)]
    fn int(x: i32) -> Self::Index {
        Self::Index::splat(x)
    }
    /// The same condition in every lane.
    #[inline(always)]
    fn mask(condition: bool) -> Self::Mask {
        Self::Mask::splat(condition)
    }
    /// The integers of another selection: lane by lane `a` where the mask holds, else `b`.
    #[inline(always)]
    fn pick(mask: Self::Mask, a: Self::Index, b: Self::Index) -> Self::Index {
        Self::Index::select(mask, a, b)
    }
    /// Lane by lane: `a` where the mask holds, else `b`.
    #[inline(always)]
    fn pick_mask(mask: Self::Mask, a: Self::Mask, b: Self::Mask) -> Self::Mask {
        (mask & a) | (!mask & b)
    }
    /// Integers as numbers (`i as f32`).
    fn from_int(x: Self::Index) -> Self;
    /// Numbers as integers, truncated, as by `x as i32`.
    fn to_int(self) -> Self::Index;
    /// `self < other`; false for NaN, as in Rust.
    fn is_lt(self, other: Self) -> Self::Mask;
    /// `self <= other`
    fn is_le(self, other: Self) -> Self::Mask;
    /// `self == other`
    fn is_eq(self, other: Self) -> Self::Mask;
    /// `self != other`
    #[inline(always)]
    fn is_ne(self, other: Self) -> Self::Mask {
        !self.is_eq(other)
    }
    /// `self > other`
    #[inline(always)]
    fn is_gt(self, other: Self) -> Self::Mask {
        other.is_lt(self)
    }
    /// `self >= other`
    #[inline(always)]
    fn is_ge(self, other: Self) -> Self::Mask {
        other.is_le(self)
    }
    /// Not a number.
    #[inline(always)]
    fn where_nan(self) -> Self::Mask {
        self.is_ne(self)
    }
    /// Neither NaN nor infinite.
    #[inline(always)]
    fn where_finite(self) -> Self::Mask {
        (self * Self::zero()).is_eq(Self::zero())
    }
    /// The values of [`Scalar::powi_by_lane`].
    #[inline(always)]
    fn powi_lanes(self, n: Self::Index) -> Self {
        let mut out = self;
        each!(l in Self::LANES => {
            out.set_lane(l, self.lane(l).powi(n.lane(l)));
        });
        out
    }
    /// Lane by lane: `a` where `self > other`, else `b`. False for NaN, as in Rust.
    fn select_gt(self, other: Self, a: Self, b: Self) -> Self;
    /// -1, 0 or 1 (unlike `f32::signum`, 0 at 0).
    fn sign(self) -> Self;
    /// The largest integer not above.
    fn floor(self) -> Self;
    /// The smallest integer not below.
    fn ceil(self) -> Self;
    /// The nearest integer; halves away from zero.
    fn round(self) -> Self;
    /// The integer part.
    fn trunc(self) -> Self;
    /// -1 or 1 by the sign bit, as `f32::signum`; NaN for NaN. [`Real::sign`] is 0 at 0.
    fn signum(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// Writes the stable sorting permutation of `values`, descending or ascending, lane by lane. NaN goes last.
    fn argsort(values: &[Self], descending: bool, order: &mut [Self::Index]);
}
