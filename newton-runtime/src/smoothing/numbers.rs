//! What black boxes return, and what their results are compared with.

use std::fmt::Display;

use crate::scalar::Float;

/// A number, an integer or a condition (1 where it holds), arrays, vectors and slices of them, or a `Result` of those.
///
/// The results of a black box, and the targets that they are compared with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number, nor made of numbers",
    label = "a black box returns numbers",
    note = "numbers, conditions, arrays, vectors and slices of them, and `Result`s of those are"
)]
pub trait Numbers<T: Float> {
    /// Writes them row-major to the start of `into`, as many as fit; how many there are.
    ///
    /// # Errors
    /// What an `Err` says, for a `Result`.
    fn write(&self, into: &mut [T]) -> Result<usize, String>;
}

fn write_one<T: Float>(x: f64, into: &mut [T]) -> Result<usize, String> {
    if let Some(first) = into.first_mut() {
        *first = T::from_f64(x);
    }
    Ok(1)
}

macro_rules! scalars {
    ($($t:ty: $x:ident => $wide:expr),* $(,)?) => {$(
        impl<T: Float> Numbers<T> for $t {
            fn write(&self, into: &mut [T]) -> Result<usize, String> {
                let $x = *self;
                write_one($wide, into)
            }
        }
    )*};
}
scalars! {
    f64: x => x,
    f32: x => x.into(),
    bool: x => u8::from(x).into(),
    u8: x => x.into(),
    u16: x => x.into(),
    u32: x => x.into(),
    i8: x => x.into(),
    i16: x => x.into(),
    i32: x => x.into(),
    u64: x => x as f64,
    i64: x => x as f64,
    usize: x => x as f64,
    isize: x => x as f64,
}

impl<T: Float, A: Numbers<T>> Numbers<T> for [A] {
    fn write(&self, into: &mut [T]) -> Result<usize, String> {
        let mut count = 0;
        for row in self {
            count += row.write(into.get_mut(count..).unwrap_or_default())?;
        }
        Ok(count)
    }
}

impl<T: Float, A: Numbers<T>, const N: usize> Numbers<T> for [A; N] {
    fn write(&self, into: &mut [T]) -> Result<usize, String> {
        self.as_slice().write(into)
    }
}

impl<T: Float, A: Numbers<T>> Numbers<T> for Vec<A> {
    fn write(&self, into: &mut [T]) -> Result<usize, String> {
        self.as_slice().write(into)
    }
}

impl<T: Float, A: Numbers<T> + ?Sized> Numbers<T> for &A {
    fn write(&self, into: &mut [T]) -> Result<usize, String> {
        (**self).write(into)
    }
}

impl<T: Float, A: Numbers<T> + ?Sized> Numbers<T> for Box<A> {
    fn write(&self, into: &mut [T]) -> Result<usize, String> {
        (**self).write(into)
    }
}

impl<T: Float, A: Numbers<T>, E: Display> Numbers<T> for Result<A, E> {
    fn write(&self, into: &mut [T]) -> Result<usize, String> {
        match self {
            Ok(numbers) => numbers.write(into),
            // With its causes, where it has any to tell (anyhow's errors have).
            Err(error) => Err(format!("{error:#}")),
        }
    }
}

/// A label that has what the result is compared with: the label itself, or the first of a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what results are compared with",
    label = "a label with a target is wanted here",
    note = "arrays and vectors are their own target, a tuple's is its first part; other types implement `Labelled`"
)]
pub trait Labelled: Sync {
    /// What it has.
    type Target;
    /// What the result is compared with.
    fn target(&self) -> &Self::Target;
}

macro_rules! themselves {
    ($([$($generics:tt)*] $t:ty),* $(,)?) => {$(
        impl<$($generics)*> Labelled for $t {
            type Target = Self;
            fn target(&self) -> &Self {
                self
            }
        }
    )*};
}
themselves! {
    [A: Sync, const N: usize] [A; N], [A: Sync] Vec<A>, [A: Sync] Box<[A]>,
    [] f32, [] f64, [] bool, [] u8, [] u16, [] u32, [] u64, [] usize, [] i8, [] i16, [] i32, [] i64, [] isize,
}

macro_rules! tuples {
    ($(($($rest:ident),*))*) => {$(
        impl<A: Sync, $($rest: Sync),*> Labelled for (A, $($rest,)*) {
            type Target = A;
            fn target(&self) -> &A {
                &self.0
            }
        }
    )*};
}
tuples!((B)(B, C)(B, C, D)(B, C, D, E)(B, C, D, E, F)(B, C, D, E, F, G)(B, C, D, E, F, G, H));

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &impl Numbers<f32>) -> (Result<usize, String>, [f32; 3]) {
        let mut into = [-1.0; 3];
        (numbers.write(&mut into), into)
    }

    #[test]
    fn all_kinds() {
        assert_eq!(of(&2.5_f64), (Ok(1), [2.5, -1.0, -1.0]));
        assert_eq!(of(&[true, false]), (Ok(2), [1.0, 0.0, -1.0]));
        assert_eq!(of(&[vec![1_u8], vec![2, 3]]), (Ok(3), [1.0, 2.0, 3.0]));
        // More than fit are counted and not written.
        assert_eq!(of(&vec![[1_i64, 2], [3, 4]]), (Ok(4), [1.0, 2.0, 3.0]));
        assert_eq!(of(&[0.0; 100].as_slice()), (Ok(100), [0.0; 3]));
        let bad: Result<[f32; 3], _> = "x".parse::<f32>().map(|x| [x; 3]);
        assert_eq!(of(&bad).0, Err("invalid float literal".to_owned()));
        assert_eq!(([1, 2], "context").target(), &[1, 2]);
        assert_eq!([1, 2].target(), &[1, 2]);
    }
}
