//! Integers and conditions, one per lane.

use super::each::each;
use super::fault::{self, Cause};
use core::ops::{Add, BitAnd, BitOr, BitXor, Mul, Neg, Not, Shl, Shr, Sub};

/// A label that asks for a longer loop than this is a fault: it is not what was meant.
const LONGEST_LOOP: i32 = 1 << 24;

/// An integer per lane. Arithmetic wraps around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct LaneIndex<const L: usize>(pub [i32; L]);

/// A condition per lane: all bits set where it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct LaneMask<const L: usize>(pub [i32; L]);

/// A condition per lane.
pub trait Mask:
    Copy
    + super::Element
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The integers that go with it.
    type Integer;
    /// The same in every lane.
    fn splat(condition: bool) -> Self;
    /// Holds in some lane.
    fn any(self) -> bool;
    /// Holds in this lane.
    fn lane(self, lane: usize) -> bool;
    /// 1 where it holds, else 0.
    fn as_int(self) -> Self::Integer;
}

/// An integer per lane. Methods are named as those of Rust's integers; arithmetic wraps around.
pub trait Integer:
    Copy
    + Default
    + super::Element
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + Not<Output = Self>
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Shl<Output = Self>
    + Shr<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The conditions that go with it.
    type Mask: Mask<Integer = Self>;
    /// The same in every lane.
    fn splat(x: i32) -> Self;
    /// The integer in one lane.
    fn lane(self, lane: usize) -> i32;
    /// Replaces the integer in one lane.
    fn set_lane(&mut self, lane: usize, x: i32);
    /// Lane by lane: `a` where the mask holds, else `b`.
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self;

    /// `self == other`
    fn is_eq(self, other: Self) -> Self::Mask;
    /// `self != other`
    #[inline]
    fn is_ne(self, other: Self) -> Self::Mask {
        !self.is_eq(other)
    }
    /// `self < other`
    fn is_lt(self, other: Self) -> Self::Mask;
    /// `self <= other`
    #[inline]
    fn is_le(self, other: Self) -> Self::Mask {
        !other.is_lt(self)
    }
    /// `self > other`
    #[inline]
    fn is_gt(self, other: Self) -> Self::Mask {
        other.is_lt(self)
    }
    /// `self >= other`
    #[inline]
    fn is_ge(self, other: Self) -> Self::Mask {
        !self.is_lt(other)
    }
    /// Not zero: integers that stand for conditions.
    #[inline]
    fn is_true(self) -> Self::Mask {
        self.is_ne(Self::splat(0))
    }

    /// Quotient, rounded towards zero. Division by zero where the mask holds is a fault.
    fn div(self, other: Self, mask: Self::Mask) -> Self;
    /// Remainder, with the sign of `self`. Division by zero where the mask holds is a fault.
    fn rem(self, other: Self, mask: Self::Mask) -> Self;
    /// Remainder, never negative.
    #[inline]
    fn rem_euclid(self, other: Self, mask: Self::Mask) -> Self {
        let r = self.rem(other, mask);
        Self::select(r.is_lt(Self::splat(0)), r + other.abs(), r)
    }
    /// Quotient, rounded up; of numbers that are not negative.
    #[inline]
    fn div_ceil(self, other: Self, mask: Self::Mask) -> Self {
        (self + other - Self::splat(1)).div(other, mask)
    }
    /// The smaller of two.
    #[inline]
    fn min(self, other: Self) -> Self {
        Self::select(other.is_lt(self), other, self)
    }
    /// The larger of two.
    #[inline]
    fn max(self, other: Self) -> Self {
        Self::select(self.is_lt(other), other, self)
    }
    /// Between two bounds.
    #[inline]
    fn clamp(self, low: Self, high: Self) -> Self {
        self.max(low).min(high)
    }
    /// Absolute value.
    #[inline]
    fn abs(self) -> Self {
        self.max(-self)
    }
    /// -1, 0 or 1.
    #[inline]
    fn signum(self) -> Self {
        self.clamp(Self::splat(-1), Self::splat(1))
    }
    /// `|self - other|`
    #[inline]
    fn abs_diff(self, other: Self) -> Self {
        (self - other).abs()
    }
    /// `self - other`, but not below zero, as for unsigned integers.
    #[inline]
    fn saturating_sub(self, other: Self) -> Self {
        (self - other).max(Self::splat(0))
    }
    /// Power with an exponent that is not negative.
    fn pow(self, exponent: Self) -> Self;
    /// The smallest power of two that is not below.
    fn next_power_of_two(self) -> Self;
    /// Logarithm to base 2, rounded down; 0 for numbers that have none.
    fn ilog2(self) -> Self;
    /// Binary zeros at the end; 32 for 0.
    fn trailing_zeros(self) -> Self;
    /// Binary ones.
    fn count_ones(self) -> Self;

    /// The smallest of those where the mask holds; zero if there are none.
    fn lowest(self, mask: Self::Mask) -> i32;
    /// The largest of those where the mask holds; zero if there are none. It is the bound of a loop: beyond 2^24 it is a fault.
    fn highest(self, mask: Self::Mask) -> i32;
    /// The index, moved into an array of this length; outside of it where the mask holds is a fault.
    fn within(self, len: usize, mask: Self::Mask) -> Self;
}

macro_rules! bitwise {
    ($t:ident: $($op:ident $method:ident $symbol:tt),*) => {$(
        impl<const L: usize> $op for $t<L> {
            type Output = Self;
            #[inline]
            fn $method(mut self, other: Self) -> Self {
                each!(l in L => {
                    self.0[l] $symbol other.0[l];
                });
                self
            }
        }
    )*};
}
bitwise!(LaneMask: BitAnd bitand &=, BitOr bitor |=, BitXor bitxor ^=);
bitwise!(LaneIndex: BitAnd bitand &=, BitOr bitor |=, BitXor bitxor ^=);

macro_rules! wrapping {
    ($($op:ident $method:ident $wrapping:ident $($cast:ty)?),*) => {$(
        impl<const L: usize> $op for LaneIndex<L> {
            type Output = Self;
            #[inline]
            fn $method(mut self, other: Self) -> Self {
                each!(l in L => {
                    self.0[l] = self.0[l].$wrapping(other.0[l] $(as $cast)?);
                });
                self
            }
        }
    )*};
}
wrapping!(Add add wrapping_add, Sub sub wrapping_sub, Mul mul wrapping_mul, Shl shl wrapping_shl u32, Shr shr wrapping_shr u32);

macro_rules! inverted {
    ($($t:ident),*) => {$(
        impl<const L: usize> Not for $t<L> {
            type Output = Self;
            #[inline]
            fn not(mut self) -> Self {
                each!(l in L => {
                    self.0[l] = !self.0[l];
                });
                self
            }
        }
        impl<const L: usize> super::Element for $t<L> {}
    )*};
}
inverted!(LaneIndex, LaneMask);

impl<const L: usize> Neg for LaneIndex<L> {
    type Output = Self;
    #[inline]
    fn neg(mut self) -> Self {
        each!(l in L => {
            self.0[l] = self.0[l].wrapping_neg();
        });
        self
    }
}

impl<const L: usize> Default for LaneIndex<L> {
    fn default() -> Self {
        Self([0; L])
    }
}

impl<const L: usize> Mask for LaneMask<L> {
    type Integer = LaneIndex<L>;
    #[inline]
    fn splat(condition: bool) -> Self {
        Self([-(condition as i32); L])
    }
    #[inline]
    fn any(self) -> bool {
        let mut any = 0;
        each!(l in L => {
            any |= self.0[l];
        });
        any != 0
    }
    #[inline]
    fn lane(self, lane: usize) -> bool {
        self.0[lane] != 0
    }
    #[inline]
    fn as_int(self) -> LaneIndex<L> {
        -LaneIndex(self.0)
    }
}

impl<const L: usize> Integer for LaneIndex<L> {
    type Mask = LaneMask<L>;
    #[inline]
    fn splat(x: i32) -> Self {
        Self([x; L])
    }
    #[inline]
    fn lane(self, lane: usize) -> i32 {
        self.0[lane]
    }
    #[inline]
    fn set_lane(&mut self, lane: usize, x: i32) {
        self.0[lane] = x;
    }
    #[inline]
    fn select(mask: LaneMask<L>, mut a: Self, b: Self) -> Self {
        each!(l in L => {
            a.0[l] = if mask.0[l] != 0 { a.0[l] } else { b.0[l] };
        });
        a
    }
    #[inline]
    fn is_eq(self, other: Self) -> LaneMask<L> {
        let mut out = LaneMask([0; L]);
        each!(l in L => {
            out.0[l] = -((self.0[l] == other.0[l]) as i32);
        });
        out
    }
    #[inline]
    fn is_lt(self, other: Self) -> LaneMask<L> {
        let mut out = LaneMask([0; L]);
        each!(l in L => {
            out.0[l] = -((self.0[l] < other.0[l]) as i32);
        });
        out
    }
    #[inline]
    fn div(mut self, other: Self, mask: LaneMask<L>) -> Self {
        each!(l in L => {
            self.0[l] = self.0[l].wrapping_div(divisor(other.0[l], mask, l));
        });
        self
    }
    #[inline]
    fn rem(mut self, other: Self, mask: LaneMask<L>) -> Self {
        each!(l in L => {
            self.0[l] = self.0[l].wrapping_rem(divisor(other.0[l], mask, l));
        });
        self
    }
    #[inline]
    fn pow(mut self, exponent: Self) -> Self {
        each!(l in L => {
            self.0[l] = self.0[l].wrapping_pow(exponent.0[l].max(0) as u32);
        });
        self
    }
    #[inline]
    fn next_power_of_two(mut self) -> Self {
        each!(l in L => {
            self.0[l] = (self.0[l].max(0) as u32).next_power_of_two() as i32;
        });
        self
    }
    #[inline]
    fn ilog2(mut self) -> Self {
        each!(l in L => {
            self.0[l] = (self.0[l].max(1) as u32).ilog2() as i32;
        });
        self
    }
    #[inline]
    fn trailing_zeros(mut self) -> Self {
        each!(l in L => {
            self.0[l] = self.0[l].trailing_zeros() as i32;
        });
        self
    }
    #[inline]
    fn count_ones(mut self) -> Self {
        each!(l in L => {
            self.0[l] = self.0[l].count_ones() as i32;
        });
        self
    }
    #[inline]
    fn lowest(self, mask: LaneMask<L>) -> i32 {
        let mut found = None;
        each!(l in L => {
            if mask.lane(l) && found.is_none_or(|x| self.0[l] < x) {
                found = Some(self.0[l]);
            }
        });
        found.unwrap_or(0)
    }
    #[inline]
    fn highest(self, mask: LaneMask<L>) -> i32 {
        let mut found = None;
        each!(l in L => {
            if mask.lane(l) && found.is_none_or(|x| self.0[l] > x) {
                found = Some(self.0[l]);
            }
        });
        match found {
            Some(bound) if bound > LONGEST_LOOP => {
                self.blame(LONGEST_LOOP as usize, mask);
                0
            }
            found => found.unwrap_or(0),
        }
    }
    #[inline]
    fn within(mut self, len: usize, mask: LaneMask<L>) -> Self {
        let last = (len.min(i32::MAX as usize) as i32).wrapping_sub(1);
        let mut outside = 0;
        each!(l in L => {
            // As unsigned numbers, negative ones are large.
            outside |= -((self.0[l] as u32 > last as u32 || len == 0) as i32) & mask.0[l];
        });
        if outside != 0 {
            self.blame(len, mask);
        }
        each!(l in L => {
            self.0[l] = (self.0[l] as u32).min(last.max(0) as u32) as i32;
        });
        self
    }
}

impl<const L: usize> LaneIndex<L> {
    #[cold]
    #[inline(never)]
    fn blame(self, len: usize, mask: LaneMask<L>) {
        each!(l in L => {
            if mask.lane(l) && (self.0[l] < 0 || self.0[l] as usize >= len) {
                fault::report(l, Cause::Index { index: self.0[l], len });
            }
        });
    }
}

/// What to divide by: 1 instead of 0, which is a fault where the mask holds.
#[inline]
fn divisor<const L: usize>(x: i32, mask: LaneMask<L>, lane: usize) -> i32 {
    if x != 0 {
        return x;
    }
    if mask.lane(lane) {
        fault::report(lane, Cause::DivisionByZero);
    }
    1
}
