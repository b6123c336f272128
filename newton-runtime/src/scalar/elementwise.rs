//! The elementary functions, each named once: [`Elementary`], its two element types, plain scalars and lanes all come from
//! the list below.

use super::math;

/// Calls `$then! { .. }` with the functions of a kind: `own` are ours in `f32` (without branches), `instructions` are one or two
/// instructions on registers, `standard` are the standard library's, lane by lane.
macro_rules! elementwise {
    // Of one argument, with a derivative: methods of `Scalar`.
    (smooth, $then:ident) => {
        $then! {
            own: exp exp2 ln ln_1p log2 log10 atan tanh;
            instructions: sqrt recip abs;
            standard: exp_m1 cbrt fract sin cos tan asin acos sinh cosh asinh acosh atanh;
        }
    };
    // Piecewise constant: methods of `Real`.
    (steps, $then:ident) => {
        $then! { own: ; instructions: ; standard: floor ceil round trunc signum; }
    };
    // Of two arguments: methods of `Scalar`.
    (pairs, $then:ident) => {
        $then! { own: ; standard: atan2 hypot powf; }
    };
}
pub(super) use elementwise;

macro_rules! declare_unary {
    (own: $($own:ident)*; instructions: $($instruction:ident)*; standard: $($standard:ident)*;) => {
        $(fn $own(x: Self) -> Self;)*
        $(fn $instruction(x: Self) -> Self;)*
        $(fn $standard(x: Self) -> Self;)*
    };
}
macro_rules! declare_binary {
    (own: ; standard: $($standard:ident)*;) => {
        $(fn $standard(x: Self, y: Self) -> Self;)*
    };
}

/// The elementary functions of an element type. Associated functions, not methods, so that they do not compete with those of
/// `Scalar` and of the type itself.
#[doc(hidden)]
#[allow(missing_docs)]
pub trait Elementary: Sized {
    elementwise!(smooth, declare_unary);
    elementwise!(steps, declare_unary);
    elementwise!(pairs, declare_binary);
    fn erf(x: Self) -> Self;
}

macro_rules! of_f32 {
    (own: $($own:ident)*; instructions: $($instruction:ident)*; standard: $($standard:ident)*;) => {
        $(#[inline(always)]
        fn $own(x: f32) -> f32 {
            math::$own(x)
        })*
        $(#[inline(always)]
        fn $instruction(x: f32) -> f32 {
            x.$instruction()
        })*
        $(#[inline(always)]
        fn $standard(x: f32) -> f32 {
            x.$standard()
        })*
    };
}
macro_rules! of_f64 {
    (own: $($own:ident)*; instructions: $($instruction:ident)*; standard: $($standard:ident)*;) => {
        $(#[inline(always)]
        fn $own(x: f64) -> f64 {
            x.$own()
        })*
        $(#[inline(always)]
        fn $instruction(x: f64) -> f64 {
            x.$instruction()
        })*
        $(#[inline(always)]
        fn $standard(x: f64) -> f64 {
            x.$standard()
        })*
    };
}
macro_rules! of_two {
    (own: ; standard: $($standard:ident)*;) => {$(
        #[inline(always)]
        fn $standard(x: Self, y: Self) -> Self {
            x.$standard(y)
        }
    )*};
}

impl Elementary for f32 {
    elementwise!(smooth, of_f32);
    elementwise!(steps, of_f32);
    elementwise!(pairs, of_two);
    #[inline(always)]
    fn erf(x: f32) -> f32 {
        libm::erff(x)
    }
}

impl Elementary for f64 {
    elementwise!(smooth, of_f64);
    elementwise!(steps, of_f64);
    elementwise!(pairs, of_two);
    #[inline(always)]
    fn erf(x: f64) -> f64 {
        libm::erf(x)
    }
}
