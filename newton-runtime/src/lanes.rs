//! What generated code calls beyond the builtins: whole arrays, rows at an index that differs between lanes, tables.

pub use crate::builtins::lanes::*;
use crate::scalar::fault::{self, Cause};
use crate::scalar::{Element, Float, Integer, Mask, Real, Saved, Scalar, Shape, across_lanes};

/// An integer per lane of `S`.
type Index<S> = <<S as Scalar>::Passive as Real>::Index;
/// A condition per lane of `S`.
type Where<S> = <<S as Scalar>::Passive as Real>::Mask;

/// An index that comes from a loop whose bound is a label, moved into its array; outside of it is a fault of the samples that
/// take part.
#[inline(always)]
pub fn at<P: Real>(index: usize, len: usize, mask: P::Mask) -> usize {
    if index >= len {
        outside::<P>(index, len, mask);
    }
    index.min(len.saturating_sub(1))
}

#[cold]
#[inline(never)]
fn outside<P: Real>(index: usize, len: usize, mask: P::Mask) {
    if let Some(lane) = (0..P::LANES).find(|&lane| mask.lane(lane)) {
        fault::report(lane, Cause::Index { index: i32::try_from(index).unwrap_or(i32::MAX), len });
    }
}

/// `into += from`, element by element, for arrays of any rank.
#[inline(always)]
pub fn add_all<S: Scalar, A: Shape<S>>(into: &mut A, from: &A) {
    for (a, b) in into.flat_mut().iter_mut().zip(from.flat()) {
        *a += *b;
        across_lanes();
    }
}

/// `into += from` where the mask holds.
#[inline(always)]
pub fn add_all_where<S: Scalar, A: Shape<S>>(mask: Where<S>, into: &mut A, from: &A) {
    for (a, b) in into.flat_mut().iter_mut().zip(from.flat()) {
        *a += S::select(mask, *b, S::zero());
        across_lanes();
    }
}

/// `into = from` where the mask holds.
#[inline(always)]
pub fn assign_where<S: Scalar, A: Shape<S>>(mask: Where<S>, into: &mut A, from: &A) {
    for (a, b) in into.flat_mut().iter_mut().zip(from.flat()) {
        *a = S::select(mask, *b, *a);
        across_lanes();
    }
}

/// `into = from` where the mask holds, for integers.
#[inline(always)]
pub fn assign_ints_where<P: Real, A: Shape<P::Index>>(mask: P::Mask, into: &mut A, from: &A) {
    for (a, b) in into.flat_mut().iter_mut().zip(from.flat()) {
        *a = P::pick(mask, *b, *a);
    }
}

/// `into = from` where the mask holds, for conditions.
#[inline(always)]
pub fn assign_masks_where<P: Real, A: Shape<P::Mask>>(mask: P::Mask, into: &mut A, from: &A) {
    for (a, b) in into.flat_mut().iter_mut().zip(from.flat()) {
        *a = P::pick_mask(mask, *b, *a);
    }
}

/// A row of an array, another one for each lane. The index is in range.
#[inline(always)]
pub fn gather_row<S: Scalar, A: Shape<S> + Copy>(rows: &[A], index: Index<S>) -> A {
    let mut out = rows[0];
    let flat = A::flat_rows(rows);
    for (j, value) in out.flat_mut().iter_mut().enumerate() {
        let at = index * Index::<S>::splat(A::LEN as i32) + Index::<S>::splat(j as i32);
        *value = S::gather(flat, at);
        across_lanes();
    }
    out
}

/// Overwrites a row, another one for each lane, where the mask holds.
#[inline(always)]
pub fn scatter_row<S: Scalar, A: Shape<S>>(row: &A, rows: &mut [A], index: Index<S>, mask: Where<S>) {
    let flat = A::flat_rows_mut(rows);
    for (j, &value) in row.flat().iter().enumerate() {
        let at = index * Index::<S>::splat(A::LEN as i32) + Index::<S>::splat(j as i32);
        value.scatter(flat, at, mask);
        across_lanes();
    }
}

/// Adds to a row, another one for each lane, where the mask holds.
#[inline(always)]
pub fn scatter_add_row<S: Scalar, A: Shape<S>>(row: &A, rows: &mut [A], index: Index<S>, mask: Where<S>) {
    let flat = A::flat_rows_mut(rows);
    for (j, &value) in row.flat().iter().enumerate() {
        let at = index * Index::<S>::splat(A::LEN as i32) + Index::<S>::splat(j as i32);
        value.scatter_add(flat, at, mask);
        across_lanes();
    }
}

/// `values[index]`, lane by lane, for integers or conditions that differ between lanes or do not. The index is in range.
#[inline(always)]
pub fn lookup<P: Real, D: Saved<P>>(values: &[D], index: P::Index) -> P::Index {
    let mut out = P::Index::default();
    for l in 0..P::LANES {
        out.set_lane(l, values[P::index_at(index, l)].to_lanes().lane(l));
    }
    out
}

/// `values[index] = value` where the mask holds, for integers or conditions.
#[inline(always)]
pub fn store<P: Real, D: Saved<P>>(value: P::Index, values: &mut [D], index: P::Index, mask: P::Mask) {
    for l in 0..P::LANES {
        if mask.lane(l) {
            let slot = &mut values[P::index_at(index, l)];
            let mut lanes = slot.to_lanes();
            lanes.set_lane(l, value.lane(l));
            *slot = D::from_lanes(lanes);
        }
    }
}

/// A constant of the user's, or an element of one.
pub trait Entry: Copy {
    /// As an element type.
    fn number<T: Float>(self) -> T;
}
impl Entry for f32 {
    #[inline(always)]
    fn number<T: Float>(self) -> T {
        T::from_f32(self)
    }
}
macro_rules! entries {
    ($($t:ty),*) => {$(
        impl Entry for $t {
            #[inline(always)]
            fn number<T: Float>(self) -> T {
                T::from_f64(self as f64)
            }
        }
    )*};
}
entries!(f64, usize, u8, u16, u32, u64, i8, i16, i32, i64);

/// A constant as a number.
#[inline(always)]
pub fn number<S: Scalar, E: Entry>(constant: E) -> S {
    S::constant(S::Passive::splat(constant.number()))
}

/// `table[index]`, lane by lane, from a table that all samples share. The index is in range.
#[inline(always)]
pub fn table<P: Real, E: Entry>(table: &[E], index: P::Index) -> P {
    let mut out = P::zero();
    for l in 0..P::LANES {
        out.set_lane(l, table[P::index_at(index, l)].number());
    }
    out
}

/// A number, or arrays of them, that all samples share, as lanes.
pub trait Lift<P: Real> {
    /// The same shape of lanes.
    type Lanes;
    /// The same numbers in every lane.
    fn lift(&self) -> Self::Lanes;
    /// `rows[index]`, lane by lane. The index is in range.
    fn row(rows: &[Self], index: P::Index) -> Self::Lanes
    where
        Self: Sized;
}
macro_rules! lifts {
    ($($t:ty),*) => {$(
        impl<P: Real> Lift<P> for $t {
            type Lanes = P;
            #[inline(always)]
            fn lift(&self) -> P {
                number(*self)
            }
            #[inline(always)]
            fn row(rows: &[$t], index: P::Index) -> P {
                table(rows, index)
            }
        }
    )*};
}
lifts!(f32, f64);
impl<P: Real, U: Lift<P>, const N: usize> Lift<P> for [U; N] {
    type Lanes = [U::Lanes; N];
    #[inline(always)]
    fn lift(&self) -> Self::Lanes {
        core::array::from_fn(|i| self[i].lift())
    }
    #[inline(always)]
    fn row(rows: &[[U; N]], index: P::Index) -> Self::Lanes {
        let first = index * P::int(N as i32);
        core::array::from_fn(|i| U::row(rows.as_flattened(), first + P::int(i as i32)))
    }
}

/// Numbers that all samples share, as lanes.
#[inline(always)]
pub fn lift<P: Real, A: Lift<P>>(shared: &A) -> A::Lanes {
    shared.lift()
}

/// `rows[index]`, lane by lane, from a table that all samples share. The index is in range.
#[inline(always)]
pub fn table_row<P: Real, A: Lift<P>>(rows: &[A], index: P::Index) -> A::Lanes {
    A::row(rows, index)
}

/// Conditions from the integers that labels bring.
#[inline(always)]
pub fn masks<P: Real, A: Shape<P::Mask>>(integers: &[P::Index], mut out: A) -> A {
    for (mask, integer) in out.flat_mut().iter_mut().zip(integers) {
        *mask = integer.is_true();
    }
    out
}

/// Flat memory as an array of any rank.
#[inline(always)]
pub fn view<D: Element, A: Shape<D>>(flat: &[D]) -> &A {
    &A::rows(flat)[0]
}

/// Integers or conditions that all samples share, per lane.
pub trait Spread<P: Real> {
    /// The same shape, per lane.
    type Lanes;
    /// The same in every lane.
    fn spread(&self) -> Self::Lanes;
    /// `rows[index]`, lane by lane. The index is in range.
    fn row(rows: &[Self], index: P::Index) -> Self::Lanes
    where
        Self: Sized;
}
macro_rules! spreads {
    ($($t:ty),*) => {$(
        impl<P: Real> Spread<P> for $t {
            type Lanes = P::Index;
            #[inline(always)]
            fn spread(&self) -> P::Index {
                P::int(*self as i32)
            }
            #[inline(always)]
            fn row(rows: &[$t], index: P::Index) -> P::Index {
                lookup::<P, _>(rows, index)
            }
        }
    )*};
}
spreads!(usize, isize, u8, u16, u32, u64, i8, i16, i32, i64);
impl<P: Real> Spread<P> for bool {
    type Lanes = P::Mask;
    #[inline(always)]
    fn spread(&self) -> P::Mask {
        P::mask(*self)
    }
    #[inline(always)]
    fn row(rows: &[bool], index: P::Index) -> P::Mask {
        lookup::<P, _>(rows, index).is_true()
    }
}
impl<P: Real, U: Spread<P>, const N: usize> Spread<P> for [U; N] {
    type Lanes = [U::Lanes; N];
    #[inline(always)]
    fn spread(&self) -> Self::Lanes {
        core::array::from_fn(|i| self[i].spread())
    }
    #[inline(always)]
    fn row(rows: &[[U; N]], index: P::Index) -> Self::Lanes {
        let first = index * P::int(N as i32);
        core::array::from_fn(|i| U::row(rows.as_flattened(), first + P::int(i as i32)))
    }
}

/// Integers or conditions that all samples share, per lane.
#[inline(always)]
pub fn spread<P: Real, A: Spread<P>>(shared: &A) -> A::Lanes {
    shared.spread()
}

/// `rows[index]`, lane by lane, of integers or conditions that all samples share. The index is in range.
#[inline(always)]
pub fn spread_row<P: Real, A: Spread<P>>(rows: &[A], index: P::Index) -> A::Lanes {
    A::row(rows, index)
}

/// The values of active numbers.
#[inline(always)]
pub fn values<S: Scalar, A: Shape<S>, B: Shape<S::Passive>>(array: &A, mut out: B) -> B {
    for (value, x) in out.flat_mut().iter_mut().zip(array.flat()) {
        *value = x.value();
        across_lanes();
    }
    out
}

/// Adds the tangents of a function of `array`, given its derivative.
#[inline(always)]
pub fn chain_all<S: Scalar, A: Shape<S>, D: Shape<S::Passive>>(result: &mut S, array: &A, derivative: &D) {
    for (x, d) in array.flat().iter().zip(derivative.flat()) {
        *result += x.chain(S::Passive::zero(), *d);
        across_lanes();
    }
}

/// `into += by * factor`, element by element.
#[inline(always)]
pub fn add_scaled_all<S: Scalar, A: Shape<S>, B: Shape<S>>(into: &mut A, by: &B, factor: S) {
    for (a, b) in into.flat_mut().iter_mut().zip(by.flat()) {
        a.add_product(*b, factor);
        across_lanes();
    }
}

/// A constant of the user's, whatever its type, as an argument of a function.
pub trait Argument {
    /// As a uniform integer or a number of type `S`.
    type Of<S: Scalar>;
    /// As an integer per lane or a number of type `S`.
    type ByLane<S: Scalar>;
    /// What holds its adjoint.
    type Adjoint<S: Scalar>;
    /// As the function takes it.
    fn argument<S: Scalar>(self) -> Self::Of<S>;
    /// As the function takes it where integers differ between samples.
    fn argument_by_lane<S: Scalar>(self) -> Self::ByLane<S>;
    /// Room for its adjoint.
    fn adjoint<S: Scalar>(&self) -> Self::Adjoint<S>;
}
impl Argument for f32 {
    type Of<S: Scalar> = S;
    type ByLane<S: Scalar> = S;
    type Adjoint<S: Scalar> = S;
    #[inline(always)]
    fn argument<S: Scalar>(self) -> S {
        number(self)
    }
    #[inline(always)]
    fn argument_by_lane<S: Scalar>(self) -> S {
        number(self)
    }
    #[inline(always)]
    fn adjoint<S: Scalar>(&self) -> S {
        S::zero()
    }
}
macro_rules! arguments {
    ($($t:ty),*) => {$(
        impl Argument for $t {
            type Of<S: Scalar> = $t;
            type ByLane<S: Scalar> = Index<S>;
            type Adjoint<S: Scalar> = ();
            #[inline(always)]
            fn argument<S: Scalar>(self) -> $t {
                self
            }
            #[inline(always)]
            fn argument_by_lane<S: Scalar>(self) -> Index<S> {
                S::Passive::int(self as i32)
            }
            #[inline(always)]
            fn adjoint<S: Scalar>(&self) {}
        }
    )*};
}
arguments!(usize, isize, u8, u16, u32, u64, i8, i16, i32, i64);
impl Argument for bool {
    type Of<S: Scalar> = bool;
    type ByLane<S: Scalar> = Where<S>;
    type Adjoint<S: Scalar> = ();
    #[inline(always)]
    fn argument<S: Scalar>(self) -> bool {
        self
    }
    #[inline(always)]
    fn argument_by_lane<S: Scalar>(self) -> Where<S> {
        S::Passive::mask(self)
    }
    #[inline(always)]
    fn adjoint<S: Scalar>(&self) {}
}

/// A constant as a function takes it.
#[inline(always)]
pub fn argument<S: Scalar, C: Argument>(constant: C) -> C::Of<S> {
    constant.argument::<S>()
}

/// A constant as a function takes it where integers differ between samples.
#[inline(always)]
pub fn argument_by_lane<S: Scalar, C: Argument>(constant: C) -> C::ByLane<S> {
    constant.argument_by_lane::<S>()
}

/// Room for the adjoint of a constant.
#[inline(always)]
pub fn adjoint<S: Scalar, C: Argument>(constant: &C) -> C::Adjoint<S> {
    constant.adjoint::<S>()
}
