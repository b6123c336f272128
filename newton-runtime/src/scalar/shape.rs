//! Arrays of any rank seen as flat rows of numbers, and back.

use super::{Float, Scalar};

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
    /// The numbers of this one, mutably.
    fn flat_mut(&mut self) -> &mut [S];
    /// The numbers of a row of these.
    fn flat_rows(rows: &[Self]) -> &[S];
    /// The numbers of a row of these, mutably.
    fn flat_rows_mut(rows: &mut [Self]) -> &mut [S];
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
    fn flat_mut(&mut self) -> &mut [S] {
        core::slice::from_mut(self)
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
    fn flat_mut(&mut self) -> &mut [S] {
        U::flat_rows_mut(self)
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

impl<T: Float> Data<T> for T {
    const LEN: usize = 1;
    fn write(&self, out: &mut [T]) {
        out[0] = *self;
    }
}

impl<T: Float, U: Data<T>, const N: usize> Data<T> for [U; N] {
    const LEN: usize = N * U::LEN;
    fn write(&self, out: &mut [T]) {
        for (i, element) in self.iter().enumerate() {
            element.write(&mut out[i * U::LEN..(i + 1) * U::LEN]);
        }
    }
}

macro_rules! tuples {
    ($($name:ident $index:tt),*) => {
        impl<T: Float, $($name: Data<T>),*> Data<T> for ($($name,)*) {
            const LEN: usize = 0 $(+ $name::LEN)*;
            #[allow(unused_assignments, unused_mut, unused_variables)]
            fn write(&self, out: &mut [T]) {
                let mut start = 0;
                $(
                    self.$index.write(&mut out[start..start + $name::LEN]);
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
