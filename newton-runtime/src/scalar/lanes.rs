//! A number per sample of a block: one SIMD lane each.
//!
//! Everything here is `#[inline(always)]`: a function left out of line is compiled without the instructions of the function
//! that calls it (see `kernel::dispatch`), and there an intrinsic is a call, and so is a fused product and sum, one per lane.

use super::each::each;
use super::elementwise::elementwise;
use super::register::Register;
use super::{Elementary, Float, LaneIndex, LaneMask, Mask, Real, Scalar};
use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// `L` numbers.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct Lanes<R, const L: usize>(R);

impl<R: Register<L>, const L: usize> From<[R::Elem; L]> for Lanes<R, L> {
    #[inline(always)]
    fn from(lanes: [R::Elem; L]) -> Self {
        Self(R::from_array(lanes))
    }
}

/// Arrays of lanes as arrays of registers.
mod peel {
    #![allow(unsafe_code)]
    use super::Lanes;

    #[inline(always)]
    pub fn peel<R, const L: usize, const K: usize>(x: &[Lanes<R, L>; K]) -> &[R; K] {
        // SAFETY: `Lanes` is `repr(transparent)`.
        unsafe { &*(&raw const *x).cast() }
    }

    #[inline(always)]
    pub fn peel_mut<R, const L: usize, const K: usize>(x: &mut [Lanes<R, L>; K]) -> &mut [R; K] {
        // SAFETY: as above.
        unsafe { &mut *(&raw mut *x).cast() }
    }
}
use peel::{peel, peel_mut};

impl<R: Register<L>, const L: usize> super::Element for Lanes<R, L> {}

macro_rules! operator {
    ($op:ident $method:ident, $op_assign:ident $method_assign:ident) => {
        impl<R: Register<L>, const L: usize> $op for Lanes<R, L> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0))
            }
        }
        impl<R: Register<L>, const L: usize> $op_assign for Lanes<R, L> {
            #[inline(always)]
            fn $method_assign(&mut self, other: Self) {
                self.0 = self.0.$method(other.0);
            }
        }
    };
}
operator!(Add add, AddAssign add_assign);
operator!(Sub sub, SubAssign sub_assign);
operator!(Mul mul, MulAssign mul_assign);
operator!(Div div, DivAssign div_assign);

impl<R: Register<L>, const L: usize> Neg for Lanes<R, L> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self::lit(-0.0) - self
    }
}

macro_rules! unary {
    (own: $($own:ident)*; instructions: $($instruction:ident)*; standard: $($standard:ident)*;) => {
        $(#[inline(always)]
        fn $own(self) -> Self {
            Self(self.0.$own())
        })*
        $(#[inline(always)]
        fn $instruction(self) -> Self {
            Self(self.0.$instruction())
        })*
        unary!($($standard)*);
    };
    ($($method:ident)*) => {$(
        #[inline(always)]
        fn $method(mut self) -> Self {
            each!(l in L => {
                self.0.as_mut_array()[l] = Elementary::$method(self.0.as_array()[l]);
            });
            self
        }
    )*};
}
macro_rules! binary {
    (own: ; standard: $($method:ident)*;) => {$(
        #[inline(always)]
        fn $method(mut self, other: Self) -> Self {
            each!(l in L => {
                self.0.as_mut_array()[l] = Elementary::$method(self.0.as_array()[l], other.0.as_array()[l]);
            });
            self
        }
    )*};
}

impl<R: Register<L>, const L: usize> Scalar for Lanes<R, L> {
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
    fn lit(x: f64) -> Self {
        Self::splat(R::Elem::from_f64(x))
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        Self(self.0.mul_add(a.0, b.0))
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
        Self(other.0.max(self.0))
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(other.0.min(self.0))
    }
    #[inline]
    fn gather(values: &[Self], index: LaneIndex<L>) -> Self {
        let mut out = [R::Elem::default(); L];
        each!(l in L => {
            out[l] = values[index.0[l] as usize].0.as_array()[l];
        });
        out.into()
    }
    #[inline(always)]
    fn select(mask: LaneMask<L>, a: Self, b: Self) -> Self {
        Self(R::select(mask.0, a.0, b.0))
    }
    #[inline]
    fn scatter(self, values: &mut [Self], index: LaneIndex<L>, mask: LaneMask<L>) {
        each!(l in L => {
            if mask.lane(l) {
                values[index.0[l] as usize].0.as_mut_array()[l] = self.0.as_array()[l];
            }
        });
    }
    #[inline]
    fn scatter_add(self, values: &mut [Self], index: LaneIndex<L>, mask: LaneMask<L>) {
        each!(l in L => {
            if mask.lane(l) {
                let slot = &mut values[index.0[l] as usize].0.as_mut_array()[l];
                *slot += self.0.as_array()[l];
            }
        });
    }
}

impl<R: Register<L>, const L: usize> Real for Lanes<R, L> {
    type Elem = R::Elem;
    type Index = LaneIndex<L>;
    type Mask = LaneMask<L>;
    const LANES: usize = L;
    const TANGENTS: usize = R::TANGENTS;
    #[inline(always)]
    fn add_tangents<const K: usize>(t: &mut [Self; K], u: &[Self; K]) {
        R::add_tangents(peel_mut(t), peel(u));
    }
    #[inline(always)]
    fn sub_tangents<const K: usize>(t: &mut [Self; K], u: &[Self; K]) {
        R::sub_tangents(peel_mut(t), peel(u));
    }
    #[inline(always)]
    fn scale_tangents<const K: usize>(t: &mut [Self; K], a: Self) {
        R::scale_tangents(peel_mut(t), a.0);
    }
    #[inline(always)]
    fn combine_tangents<const K: usize>(t: &mut [Self; K], u: &[Self; K], a: Self, b: Self) {
        R::combine_tangents(peel_mut(t), peel(u), a.0, b.0);
    }
    #[inline(always)]
    fn add_scaled_tangents<const K: usize>(t: &mut [Self; K], u: &[Self; K], a: Self) {
        R::add_scaled_tangents(peel_mut(t), peel(u), a.0);
    }
    #[inline(always)]
    fn add_combined_tangents<const K: usize>(
        t: &mut [Self; K],
        u: &[Self; K],
        v: &[Self; K],
        a: Self,
        b: Self,
    ) {
        R::add_combined_tangents(peel_mut(t), peel(u), peel(v), a.0, b.0);
    }

    #[inline(always)]
    fn splat(x: R::Elem) -> Self {
        Self(R::splat(x))
    }
    #[inline(always)]
    fn lane(self, lane: usize) -> R::Elem {
        self.0.as_array()[lane]
    }
    #[inline(always)]
    fn lane_in_place(&self, lane: usize) -> R::Elem {
        self.0.as_array()[lane]
    }
    #[inline(always)]
    fn set_lane(&mut self, lane: usize, x: R::Elem) {
        self.0.as_mut_array()[lane] = x;
    }
    #[inline]
    fn from_int(x: LaneIndex<L>) -> Self {
        let mut out = [R::Elem::default(); L];
        each!(l in L => {
            out[l] = R::Elem::from_i32(x.0[l]);
        });
        out.into()
    }
    #[inline]
    fn to_int(self) -> LaneIndex<L> {
        let mut out = LaneIndex([0; L]);
        each!(l in L => {
            out.0[l] = self.0.as_array()[l].to_i32();
        });
        out
    }
    #[inline(always)]
    fn is_lt(self, other: Self) -> LaneMask<L> {
        LaneMask(self.0.is_lt(other.0))
    }
    #[inline(always)]
    fn is_le(self, other: Self) -> LaneMask<L> {
        LaneMask(self.0.is_le(other.0))
    }
    #[inline(always)]
    fn is_eq(self, other: Self) -> LaneMask<L> {
        LaneMask(self.0.is_eq(other.0))
    }
    #[inline(always)]
    fn select_gt(self, other: Self, a: Self, b: Self) -> Self {
        Self(self.0.select_gt(other.0, a.0, b.0))
    }
    #[inline(always)]
    fn sign(self) -> Self {
        let zero = Self::zero();
        self.select_gt(zero, Self::one(), zero) - zero.select_gt(self, Self::one(), zero)
    }
    elementwise!(steps, unary);
    unary!(erf);
    #[inline(always)]
    fn argsort(values: &[Self], descending: bool, order: &mut [LaneIndex<L>]) {
        // The rank of an element is the number of elements before it: n^2 vector comparisons, no branches. For the tens of
        // elements that a loss sorts this is faster than 16 scalar sorts; beyond, those take over.
        if values.len() <= 64 {
            for (i, &v) in values.iter().enumerate() {
                let mut rank = [0u32; L];
                for (j, &w) in values.iter().enumerate() {
                    each!(l in L => {
                        let (a, b) = (v.lane(l), w.lane(l));
                        let before =
                            if j < i { before_or_tied(b, a, descending) } else { before(b, a, descending) };
                        rank[l] += (before && j != i) as u32;
                    });
                }
                each!(l in L => {
                    order[rank[l] as usize].0[l] = i as i32;
                });
            }
        } else {
            each!(l in L => {
                let mut lane: Vec<usize> = (0..values.len()).collect();
                sort_indices(&mut lane, descending, |i| values[i].lane(l));
                for (slot, i) in order.iter_mut().zip(lane) {
                    slot.0[l] = i as i32;
                }
            });
        }
    }
}

/// `b` comes strictly before `a`; NaN last.
#[inline(always)]
fn before<T: Float>(b: T, a: T, descending: bool) -> bool {
    let less = if descending { b > a } else { b < a };
    less | (is_nan(a) & !is_nan(b))
}

/// `b` comes before `a` or they are tied.
#[inline(always)]
fn before_or_tied<T: Float>(b: T, a: T, descending: bool) -> bool {
    let less = if descending { b >= a } else { b <= a };
    less | is_nan(a)
}

#[inline(always)]
#[allow(clippy::eq_op)]
fn is_nan<T: Float>(x: T) -> bool {
    x != x
}

pub(super) fn sort_indices<T: Float>(order: &mut [usize], descending: bool, value: impl Fn(usize) -> T) {
    order.sort_by(|&i, &j| {
        let (a, b) = (value(i), value(j));
        if before(a, b, descending) {
            core::cmp::Ordering::Less
        } else if before(b, a, descending) {
            core::cmp::Ordering::Greater
        } else {
            core::cmp::Ordering::Equal
        }
    });
}

/// Integer power by repeated squaring, for any scalar.
#[inline(always)]
pub(super) fn powi<S: Scalar>(x: S, n: i32) -> S {
    let mut result = S::one();
    let mut square = x;
    let mut left = n.unsigned_abs();
    while left > 0 {
        if left & 1 == 1 {
            result *= square;
        }
        square *= square;
        left >>= 1;
    }
    if n < 0 { result.recip() } else { result }
}
