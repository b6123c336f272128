//! Arrays of any rank seen as flat rows of numbers, and back.

use super::{Element, Float};

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

impl<S: Element> Shape<S> for S {
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

impl<S: Element, U: Shape<S>, const N: usize> Shape<S> for [U; N] {
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

/// A label of one sample: a number of type `T`, an integer or a condition, arrays of them, or a tuple of those.
pub trait Data<T>: Sync {
    /// How many numbers it holds.
    const LEN: usize;
    /// How many integers and conditions it holds.
    const INTEGERS: usize;
    /// Writes its numbers, and its integers and conditions (1 for true), row-major. Integers beyond 32 bits are clamped.
    fn write(&self, numbers: &mut [T], integers: &mut [i32]);
}

impl<T: Float> Data<T> for T {
    const LEN: usize = 1;
    const INTEGERS: usize = 0;
    fn write(&self, numbers: &mut [T], _integers: &mut [i32]) {
        numbers[0] = *self;
    }
}

macro_rules! integers {
    ($($t:ty),*) => {$(
        impl<T: Float> Data<T> for $t {
            const LEN: usize = 0;
            const INTEGERS: usize = 1;
            fn write(&self, _numbers: &mut [T], integers: &mut [i32]) {
                integers[0] = i32::try_from(*self).unwrap_or(if *self > 0 { i32::MAX } else { i32::MIN });
            }
        }
    )*};
}
integers!(usize, isize, u8, u16, u32, u64, i8, i16, i32, i64);

impl<T: Float> Data<T> for bool {
    const LEN: usize = 0;
    const INTEGERS: usize = 1;
    fn write(&self, _numbers: &mut [T], integers: &mut [i32]) {
        integers[0] = i32::from(*self);
    }
}

impl<T: Float, U: Data<T>, const N: usize> Data<T> for [U; N] {
    const LEN: usize = N * U::LEN;
    const INTEGERS: usize = N * U::INTEGERS;
    fn write(&self, numbers: &mut [T], integers: &mut [i32]) {
        for (i, element) in self.iter().enumerate() {
            element.write(
                &mut numbers[i * U::LEN..(i + 1) * U::LEN],
                &mut integers[i * U::INTEGERS..(i + 1) * U::INTEGERS],
            );
        }
    }
}

macro_rules! tuples {
    ($($name:ident $index:tt),*) => {
        impl<T: Float, $($name: Data<T>),*> Data<T> for ($($name,)*) {
            const LEN: usize = 0 $(+ $name::LEN)*;
            const INTEGERS: usize = 0 $(+ $name::INTEGERS)*;
            #[allow(unused_assignments, unused_mut, unused_variables)]
            fn write(&self, numbers: &mut [T], integers: &mut [i32]) {
                let (mut n, mut i) = (0, 0);
                $(
                    self.$index.write(&mut numbers[n..n + $name::LEN], &mut integers[i..i + $name::INTEGERS]);
                    n += $name::LEN;
                    i += $name::INTEGERS;
                )*
            }
        }
    };
}
tuples!();
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
