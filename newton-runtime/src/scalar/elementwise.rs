//! The elementary functions, each named once: [`Elementary`], its two element types, plain scalars and lanes all come from
//! the list below.

use super::math;

/// Calls `$then! { own: ..; standard: ..; }` with the functions of a kind: `own` are ours in `f32` (vectorised), `standard` the
/// standard library's in both element types.
macro_rules! elementwise {
    // Of one argument, with a derivative: methods of `Scalar`.
    (smooth, $then:ident) => {
        $then! {
            own: exp exp2 ln ln_1p log2 log10 atan tanh;
            standard: exp_m1 sqrt cbrt recip abs fract sin cos tan asin acos sinh cosh asinh acosh atanh;
        }
    };
    // Piecewise constant: methods of `Real`.
    (steps, $then:ident) => {
        $then! { own: ; standard: floor ceil round trunc signum; }
    };
    // Of two arguments: methods of `Scalar`.
    (pairs, $then:ident) => {
        $then! { own: ; standard: atan2 hypot powf; }
    };
}
pub(super) use elementwise;

macro_rules! declare_unary {
    (own: $($own:ident)*; standard: $($standard:ident)*;) => {
        $(fn $own<const FMA: bool>(x: Self) -> Self;)*
        $(fn $standard<const FMA: bool>(x: Self) -> Self;)*
    };
}
macro_rules! declare_binary {
    (own: ; standard: $($standard:ident)*;) => {
        $(fn $standard<const FMA: bool>(x: Self, y: Self) -> Self;)*
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
    fn erf<const FMA: bool>(x: Self) -> Self;
}

macro_rules! of_f32 {
    (own: $($own:ident)*; standard: $($standard:ident)*;) => {
        $(#[inline(always)]
        fn $own<const FMA: bool>(x: f32) -> f32 {
            math::$own::<FMA>(x)
        })*
        $(#[inline(always)]
        fn $standard<const FMA: bool>(x: f32) -> f32 {
            x.$standard()
        })*
    };
}
macro_rules! of_f64 {
    (own: $($own:ident)*; standard: $($standard:ident)*;) => {
        $(#[inline(always)]
        fn $own<const FMA: bool>(x: f64) -> f64 {
            x.$own()
        })*
        $(#[inline(always)]
        fn $standard<const FMA: bool>(x: f64) -> f64 {
            x.$standard()
        })*
    };
}
macro_rules! of_two {
    (own: ; standard: $($standard:ident)*;) => {$(
        #[inline(always)]
        fn $standard<const FMA: bool>(x: Self, y: Self) -> Self {
            x.$standard(y)
        }
    )*};
}

impl Elementary for f32 {
    elementwise!(smooth, of_f32);
    elementwise!(steps, of_f32);
    elementwise!(pairs, of_two);
    #[inline(always)]
    fn erf<const FMA: bool>(x: f32) -> f32 {
        libm::erff(x)
    }
}

impl Elementary for f64 {
    elementwise!(smooth, of_f64);
    elementwise!(steps, of_f64);
    elementwise!(pairs, of_two);
    #[inline(always)]
    fn erf<const FMA: bool>(x: f64) -> f64 {
        libm::erf(x)
    }
}
