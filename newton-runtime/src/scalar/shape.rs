//! Arrays of any rank seen as flat rows of numbers, and back.

use super::Scalar;

/// A number, or an array of arrays ... of it: views of flat memory, without copying.
pub trait Shape<S>: Sized {
    /// How many numbers it holds.
    const LEN: usize;
    /// Flat memory as a row of these; what is left over at the end is ignored.
    fn rows(flat: &[S]) -> &[Self];
    /// Flat memory as a row of these, mutably.
    fn rows_mut(flat: &mut [S]) -> &mut [Self];
    /// The numbers of this one, row-major.
    fn flat(&self) -> &[S];
    /// The numbers of a row of these.
    fn flat_rows(rows: &[Self]) -> &[S];
    /// The numbers of a row of these, mutably.
    fn flat_rows_mut(rows: &mut [Self]) -> &mut [S];

    /// The first of these in flat memory.
    #[inline(always)]
    fn view(flat: &[S]) -> &Self {
        &Self::rows(flat)[0]
    }
    /// The first of these in flat memory, mutably.
    #[inline(always)]
    fn view_mut(flat: &mut [S]) -> &mut Self {
        &mut Self::rows_mut(flat)[0]
    }
}

impl<S: Scalar> Shape<S> for S {
    const LEN: usize = 1;
    #[inline(always)]
    fn rows(flat: &[S]) -> &[S] {
        flat
    }
    #[inline(always)]
    fn rows_mut(flat: &mut [S]) -> &mut [S] {
        flat
    }
    #[inline(always)]
    fn flat(&self) -> &[S] {
        core::slice::from_ref(self)
    }
    #[inline(always)]
    fn flat_rows(rows: &[S]) -> &[S] {
        rows
    }
    #[inline(always)]
    fn flat_rows_mut(rows: &mut [S]) -> &mut [S] {
        rows
    }
}

impl<S: Scalar, U: Shape<S>, const N: usize> Shape<S> for [U; N] {
    const LEN: usize = N * U::LEN;
    #[inline(always)]
    fn rows(flat: &[S]) -> &[[U; N]] {
        U::rows(flat).as_chunks().0
    }
    #[inline(always)]
    fn rows_mut(flat: &mut [S]) -> &mut [[U; N]] {
        U::rows_mut(flat).as_chunks_mut().0
    }
    #[inline(always)]
    fn flat(&self) -> &[S] {
        U::flat_rows(self)
    }
    #[inline(always)]
    fn flat_rows(rows: &[[U; N]]) -> &[S] {
        U::flat_rows(rows.as_flattened())
    }
    #[inline(always)]
    fn flat_rows_mut(rows: &mut [[U; N]]) -> &mut [S] {
        U::flat_rows_mut(rows.as_flattened_mut())
    }
}

/// A label of one sample as numbers of type `T`: a number, arrays of them, or a tuple of those.
pub trait Data<T>: Sync {
    /// How many numbers it holds.
    const LEN: usize;
    /// Writes them, row-major.
    fn write(&self, out: &mut [T]);
}

macro_rules! arrays {
    ($($t:ident)*) => {$(
        impl Data<$t> for $t {
            const LEN: usize = 1;
            fn write(&self, out: &mut [$t]) {
                out[0] = *self;
            }
        }
        impl<U: Shape<$t> + Sync, const N: usize> Data<$t> for [U; N] {
            const LEN: usize = <Self as Shape<$t>>::LEN;
            fn write(&self, out: &mut [$t]) {
                out.copy_from_slice(self.flat());
            }
        }
    )*};
}
arrays!(f32 f64);

macro_rules! tuples {
    ($($name:ident $index:tt),*) => {
        impl<T: super::Float, $($name: Shape<T> + Sync),*> Data<T> for ($($name,)*) {
            const LEN: usize = 0 $(+ $name::LEN)*;
            #[allow(unused_assignments, unused_mut, unused_variables)]
            fn write(&self, out: &mut [T]) {
                let mut start = 0;
                $(
                    out[start..start + $name::LEN].copy_from_slice(self.$index.flat());
                    start += $name::LEN;
                )*
            }
        }
    };
}
tuples!();
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
