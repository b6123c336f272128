//! Values of the running program as constants of C++.

use crate::scalar::Float;
use std::fmt::Write;

/// A constant with its name, as C++.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Type, name and value.
    pub text: String,
}

/// What a loss can name: numbers, integers, conditions, arrays and tuples of them.
pub trait Constant {
    /// The type of an element.
    fn element(&self) -> String;
    /// Lengths, outermost first; none for what is no array.
    fn dims(&self) -> Vec<usize> {
        Vec::new()
    }
    /// The value.
    fn write(&self, out: &mut String);
    /// One value, whatever its type, which compilers see through.
    fn is_scalar(&self) -> bool {
        true
    }
}

fn type_of(value: &(impl Constant + ?Sized)) -> String {
    let (mut text, dims) = (value.element(), value.dims());
    if !dims.is_empty() {
        text = format!("nl::Array<{text}");
        dims.iter().for_each(|n| write!(text, ", {n}").expect("a string takes all"));
        text.push('>');
    }
    text
}

/// A constant.
pub fn constant<C: Constant + ?Sized>(name: &'static str, value: &C) -> Definition {
    // Scalars need no memory. Tables lie in the device's.
    let memory = if value.is_scalar() { "" } else { "__device__ " };
    let mut text = format!("{memory}constexpr {} {name} = ", type_of(value));
    value.write(&mut text);
    text.push(';');
    Definition { text }
}

/// A constant of a function that depends on its const generics: its text is compiled for all of their values, and cannot have it.
pub fn unavailable(name: &'static str) -> Definition {
    Definition { text: format!("#error \"the constant `{name}` of a function depends on a const generic\"") }
}

fn write_number(x: f64, out: &mut String) {
    if x.is_nan() {
        out.push_str("nl::NOT_A_NUMBER");
    } else if x.is_infinite() {
        out.push_str(if x > 0.0 { "nl::INFINITE" } else { "-nl::INFINITE" });
    } else {
        write!(out, "{x:?}").expect("a string takes all");
    }
}

impl Constant for f64 {
    fn element(&self) -> String {
        "double".to_owned()
    }
    fn write(&self, out: &mut String) {
        write_number(*self, out);
    }
}

impl Constant for f32 {
    fn element(&self) -> String {
        "double".to_owned()
    }
    fn write(&self, out: &mut String) {
        // As on the CPU: `double` gets the number that was meant, and `float` rounds it to this one.
        write_number(f64::from_f32(*self), out);
    }
}

impl Constant for bool {
    fn element(&self) -> String {
        "bool".to_owned()
    }
    fn write(&self, out: &mut String) {
        write!(out, "{self}").expect("a string takes all");
    }
}

macro_rules! integers {
    ($($t:ty),*) => {$(
        impl Constant for $t {
            fn element(&self) -> String {
                "nl::integer".to_owned()
            }
            fn write(&self, out: &mut String) {
                // Wider ones wrap around, as they do in arithmetic; the smallest has no literal of its own.
                match *self as i64 {
                    i64::MIN => out.push_str("(-9223372036854775807LL - 1)"),
                    n => write!(out, "{n}LL").expect("a string takes all"),
                }
                // Small ones read better without.
                if out.ends_with("LL") && i32::try_from(*self as i64).is_ok() {
                    out.truncate(out.len() - 2);
                }
            }
        }
    )*};
}
integers!(usize, isize, u8, u16, u32, u64, i8, i16, i32, i64);

impl<C: Constant> Constant for [C] {
    fn element(&self) -> String {
        self.first().map_or("double".to_owned(), Constant::element)
    }
    fn dims(&self) -> Vec<usize> {
        let mut dims = vec![self.len()];
        dims.extend(self.first().map(Constant::dims).unwrap_or_default());
        dims
    }
    fn write(&self, out: &mut String) {
        out.push_str("{{");
        for (i, element) in self.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            element.write(out);
        }
        out.push_str("}}");
    }
    fn is_scalar(&self) -> bool {
        false
    }
}

macro_rules! as_other {
    ([$($generics:tt)*] $t:ty, $this:ident => $other:expr) => {
        impl<$($generics)*> Constant for $t {
            fn element(&self) -> String {
                let $this = self;
                $other.element()
            }
            fn dims(&self) -> Vec<usize> {
                let $this = self;
                $other.dims()
            }
            fn write(&self, out: &mut String) {
                let $this = self;
                $other.write(out);
            }
            fn is_scalar(&self) -> bool {
                let $this = self;
                $other.is_scalar()
            }
        }
    };
}
as_other!([C: Constant, const N: usize] [C; N], this => this.as_slice());
as_other!([C: Constant + ?Sized] &C, this => (**this));

macro_rules! tuples {
    ($($name:ident $index:tt),*) => {
        impl<$($name: Constant),*> Constant for ($($name,)*) {
            fn element(&self) -> String {
                let types = [$(type_of(&self.$index)),*];
                format!("nl::Tuple<{}>", types.join(", "))
            }
            fn write(&self, out: &mut String) {
                out.push('{');
                $(
                    if $index > 0 {
                        out.push_str(", ");
                    }
                    self.$index.write(out);
                )*
                out.push('}');
            }
            fn is_scalar(&self) -> bool {
                false
            }
        }
    };
}
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);

#[cfg(test)]
mod tests {
    use super::constant;

    #[test]
    fn values() {
        let text = |definition: super::Definition| definition.text;
        assert_eq!(text(constant("N", &5_usize)), "constexpr nl::integer N = 5;");
        assert_eq!(text(constant("H", &0.1_f32)), "constexpr double H = 0.1;");
        assert_eq!(text(constant("B", &true)), "constexpr bool B = true;");
        assert_eq!(text(constant("I", &f32::NEG_INFINITY)), "constexpr double I = -nl::INFINITE;");
        assert_eq!(text(constant("M", &u64::MAX)), "constexpr nl::integer M = -1;");
        assert_eq!(text(constant("L", &(1_i64 << 40))), "constexpr nl::integer L = 1099511627776LL;");
        assert_eq!(
            text(constant("A", &[[1.0_f64, 2.0], [3.0, 4.0]])),
            "__device__ constexpr nl::Array<double, 2, 2> A = {{{{1.0, 2.0}}, {{3.0, 4.0}}}};"
        );
        let slice: &[(f32, i32)] = &[(0.5, -1)];
        assert_eq!(
            text(constant("T", &slice)),
            "__device__ constexpr nl::Array<nl::Tuple<double, nl::integer>, 1> T = {{{0.5, -1}}};"
        );
    }
}
