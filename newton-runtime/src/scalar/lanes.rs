//! A number per sample of a block: one SIMD lane each.
//!
//! Operators are plain index loops over a 64-byte aligned array; LLVM turns them into vector instructions of whatever width the
//! enclosing function is compiled for (see `kernel::dispatch`), without intrinsics.
//!
//! Operators are marked `#[inline]`, not `#[inline(always)]`: LLVM then simplifies each once before it copies it to its many uses,
//! which nearly halves the time to compile a loss and leaves its speed as it is. The elementary functions are too large for that:
//! left out of line they would be compiled without the caller's vector instructions.

use super::each::each;
use super::elementwise::elementwise;
use super::{Elementary, Float, LaneIndex, LaneMask, Mask, Real, Scalar};
use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// `L` numbers; `FMA`: the code runs where fused multiply-add is an instruction.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub struct Lanes<T, const L: usize, const FMA: bool>(pub [T; L]);

impl<T: Float, const L: usize, const FMA: bool> super::Element for Lanes<T, L, FMA> {}

macro_rules! operator {
    ($op:ident $method:ident, $op_assign:ident $method_assign:ident, $symbol:tt) => {
        impl<T: Float, const L: usize, const FMA: bool> $op for Lanes<T, L, FMA> {
            type Output = Self;
            #[inline]
            fn $method(mut self, other: Self) -> Self {
                each!(l in L => {
                    self.0[l] $symbol other.0[l];
                });
                self
            }
        }
        impl<T: Float, const L: usize, const FMA: bool> $op_assign for Lanes<T, L, FMA> {
            #[inline]
            fn $method_assign(&mut self, other: Self) {
                each!(l in L => {
                    self.0[l] $symbol other.0[l];
                });
            }
        }
    };
}
operator!(Add add, AddAssign add_assign, +=);
operator!(Sub sub, SubAssign sub_assign, -=);
operator!(Mul mul, MulAssign mul_assign, *=);
operator!(Div div, DivAssign div_assign, /=);

impl<T: Float, const L: usize, const FMA: bool> Neg for Lanes<T, L, FMA> {
    type Output = Self;
    #[inline]
    fn neg(mut self) -> Self {
        each!(l in L => {
            self.0[l] = -self.0[l];
        });
        self
    }
}

macro_rules! unary {
    (own: $($own:ident)*; standard: $($standard:ident)*;) => { unary!($($own)* $($standard)*); };
    ($($method:ident)*) => {$(
        #[inline(always)]
        fn $method(mut self) -> Self {
            each!(l in L => {
                self.0[l] = <T as Elementary>::$method::<FMA>(self.0[l]);
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
                self.0[l] = <T as Elementary>::$method::<FMA>(self.0[l], other.0[l]);
            });
            self
        }
    )*};
}

impl<T: Float, const L: usize, const FMA: bool> Scalar for Lanes<T, L, FMA> {
    type Passive = Self;

    #[inline]
    fn constant(value: Self) -> Self {
        value
    }
    #[inline]
    fn value(self) -> Self {
        self
    }
    #[inline]
    fn chain(self, f: Self, _df: Self) -> Self {
        f
    }
    #[inline]
    fn chain2(self, _other: Self, f: Self, _da: Self, _db: Self) -> Self {
        f
    }
    #[inline]
    fn lit(x: f64) -> Self {
        Self([T::from_f64(x); L])
    }
    #[inline]
    fn mul_add(mut self, a: Self, b: Self) -> Self {
        each!(l in L => {
            self.0[l] = T::f_mul_add::<FMA>(self.0[l], a.0[l], b.0[l]);
        });
        self
    }
    #[inline]
    fn add_scaled(&mut self, a: Self, factor: Self) {
        self.add_product(a, factor);
    }
    elementwise!(smooth, unary);
    elementwise!(pairs, binary);
    #[inline]
    fn powi(self, n: i32) -> Self {
        powi(self, n)
    }
    #[inline]
    fn pow(self, p: Self) -> Self {
        self.powf(p)
    }
    #[inline]
    fn max(self, other: Self) -> Self {
        other.select_gt(self, other, self)
    }
    #[inline]
    fn min(self, other: Self) -> Self {
        self.select_gt(other, other, self)
    }
    #[inline]
    fn gather(values: &[Self], index: LaneIndex<L>) -> Self {
        let mut out = [T::from_f64(0.0); L];
        each!(l in L => {
            out[l] = values[index.0[l] as usize].0[l];
        });
        Self(out)
    }
    #[inline]
    fn select(mask: LaneMask<L>, mut a: Self, b: Self) -> Self {
        each!(l in L => {
            a.0[l] = if mask.0[l] != 0 { a.0[l] } else { b.0[l] };
        });
        a
    }
    #[inline]
    fn scatter(self, values: &mut [Self], index: LaneIndex<L>, mask: LaneMask<L>) {
        each!(l in L => {
            if mask.lane(l) {
                values[index.0[l] as usize].0[l] = self.0[l];
            }
        });
    }
    #[inline]
    fn scatter_add(self, values: &mut [Self], index: LaneIndex<L>, mask: LaneMask<L>) {
        each!(l in L => {
            if mask.lane(l) {
                let slot = &mut values[index.0[l] as usize].0[l];
                *slot += self.0[l];
            }
        });
    }
}

impl<T: Float, const L: usize, const FMA: bool> Real for Lanes<T, L, FMA> {
    type Elem = T;
    type Index = LaneIndex<L>;
    type Mask = LaneMask<L>;
    const LANES: usize = L;

    #[inline]
    fn splat(x: T) -> Self {
        Self([x; L])
    }
    #[inline]
    fn lane(self, lane: usize) -> T {
        self.0[lane]
    }
    #[inline]
    fn set_lane(&mut self, lane: usize, x: T) {
        self.0[lane] = x;
    }
    #[inline]
    fn from_int(x: LaneIndex<L>) -> Self {
        let mut out = Self([T::default(); L]);
        each!(l in L => {
            out.0[l] = T::from_i32(x.0[l]);
        });
        out
    }
    #[inline]
    fn to_int(self) -> LaneIndex<L> {
        let mut out = LaneIndex([0; L]);
        each!(l in L => {
            out.0[l] = self.0[l].to_i32();
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
    fn is_le(self, other: Self) -> LaneMask<L> {
        let mut out = LaneMask([0; L]);
        each!(l in L => {
            out.0[l] = -((self.0[l] <= other.0[l]) as i32);
        });
        out
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
    fn select_gt(mut self, other: Self, a: Self, b: Self) -> Self {
        each!(l in L => {
            self.0[l] = if self.0[l] > other.0[l] { a.0[l] } else { b.0[l] };
        });
        self
    }
    #[inline]
    fn sign(self) -> Self {
        let zero = Self::zero();
        self.select_gt(zero, Self::one(), zero) - zero.select_gt(self, Self::one(), zero)
    }
    elementwise!(steps, unary);
    unary!(erf);
    #[inline]
    fn argsort(values: &[Self], descending: bool, order: &mut [LaneIndex<L>]) {
        // The rank of an element is the number of elements before it: n^2 vector comparisons, no branches. For the tens of
        // elements that a loss sorts this is faster than 16 scalar sorts; beyond, those take over.
        if values.len() <= 64 {
            for (i, &v) in values.iter().enumerate() {
                let mut rank = [0u32; L];
                for (j, &w) in values.iter().enumerate() {
                    each!(l in L => {
                        let (a, b) = (v.0[l], w.0[l]);
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
                sort_indices(&mut lane, descending, |i| values[i].0[l]);
                for (slot, i) in order.iter_mut().zip(lane) {
                    slot.0[l] = i as i32;
                }
            });
        }
    }
}

/// `b` comes strictly before `a`; NaN last.
#[inline]
fn before<T: Float>(b: T, a: T, descending: bool) -> bool {
    let less = if descending { b > a } else { b < a };
    less | (is_nan(a) & !is_nan(b))
}

/// `b` comes before `a` or they are tied.
#[inline]
fn before_or_tied<T: Float>(b: T, a: T, descending: bool) -> bool {
    let less = if descending { b >= a } else { b <= a };
    less | is_nan(a)
}

#[inline]
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
#[inline]
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
