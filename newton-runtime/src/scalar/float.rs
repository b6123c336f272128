//! The two element types, `f32` and `f64`, and their elementary functions.
//!
//! `FMA` says whether fused multiply-add is an instruction where the code runs. Without it `mul_add` would be a call into
//! the C library, some twenty times slower than the product and the sum.

use super::{Lanes, Real, math};
use core::fmt::{Debug, Display};

/// `f32` or `f64`: what slices of predictions, labels and gradients hold.
pub trait Float:
    Copy + Debug + Display + Default + PartialOrd + Send + Sync + Real<Elem = Self, Index = usize> + 'static
{
    /// The lanes that fill a 512-bit register, for processors without and with fused multiply-add.
    type Plain: Real<Elem = Self>;
    /// See [`Float::Plain`].
    type Fused: Real<Elem = Self>;

    /// The nearest number of this type.
    fn from_f64(x: f64) -> Self;
    /// Exact widening.
    fn to_f64(self) -> f64;
    /// Neither NaN nor infinite.
    fn is_finite(self) -> bool;

    #[doc(hidden)]
    fn f_mul_add<const FMA: bool>(self, a: Self, b: Self) -> Self;
    #[doc(hidden)]
    fn f_exp<const FMA: bool>(self) -> Self;
    #[doc(hidden)]
    fn f_ln<const FMA: bool>(self) -> Self;
    #[doc(hidden)]
    fn f_ln_1p<const FMA: bool>(self) -> Self;
    #[doc(hidden)]
    fn f_atan<const FMA: bool>(self) -> Self;
    #[doc(hidden)]
    fn f_erf<const FMA: bool>(self) -> Self;
    #[doc(hidden)]
    fn f_exp_m1(self) -> Self;
    #[doc(hidden)]
    fn f_sqrt(self) -> Self;
    #[doc(hidden)]
    fn f_abs(self) -> Self;
    #[doc(hidden)]
    fn f_sin(self) -> Self;
    #[doc(hidden)]
    fn f_cos(self) -> Self;
    #[doc(hidden)]
    fn f_tan(self) -> Self;
    #[doc(hidden)]
    fn f_tanh<const FMA: bool>(self) -> Self;
    #[doc(hidden)]
    fn f_powf(self, p: Self) -> Self;
}

/// What both element types take from the standard library.
macro_rules! common {
    ($t:ident) => {
        #[inline(always)]
        fn from_f64(x: f64) -> Self {
            x as $t
        }
        #[inline(always)]
        fn to_f64(self) -> f64 {
            self as f64
        }
        #[inline(always)]
        fn is_finite(self) -> bool {
            $t::is_finite(self)
        }
        #[inline(always)]
        fn f_mul_add<const FMA: bool>(self, a: Self, b: Self) -> Self {
            if FMA { $t::mul_add(self, a, b) } else { self * a + b }
        }
        #[inline(always)]
        fn f_exp_m1(self) -> Self {
            $t::exp_m1(self)
        }
        #[inline(always)]
        fn f_sqrt(self) -> Self {
            $t::sqrt(self)
        }
        #[inline(always)]
        fn f_abs(self) -> Self {
            $t::abs(self)
        }
        #[inline(always)]
        fn f_sin(self) -> Self {
            $t::sin(self)
        }
        #[inline(always)]
        fn f_cos(self) -> Self {
            $t::cos(self)
        }
        #[inline(always)]
        fn f_tan(self) -> Self {
            $t::tan(self)
        }
        #[inline(always)]
        fn f_powf(self, p: Self) -> Self {
            $t::powf(self, p)
        }
    };
}

impl Float for f32 {
    type Plain = Lanes<f32, 16, false>;
    type Fused = Lanes<f32, 16, true>;
    common!(f32);
    // Our own where a loss spends its time: branch-free, so that LLVM turns a loop over lanes into vector code.
    #[inline(always)]
    fn f_exp<const FMA: bool>(self) -> Self {
        math::exp::<FMA>(self)
    }
    #[inline(always)]
    fn f_ln<const FMA: bool>(self) -> Self {
        math::ln::<FMA>(self)
    }
    #[inline(always)]
    fn f_ln_1p<const FMA: bool>(self) -> Self {
        math::ln_1p::<FMA>(self)
    }
    #[inline(always)]
    fn f_atan<const FMA: bool>(self) -> Self {
        math::atan::<FMA>(self)
    }
    #[inline(always)]
    fn f_tanh<const FMA: bool>(self) -> Self {
        math::tanh::<FMA>(self)
    }
    #[inline(always)]
    fn f_erf<const FMA: bool>(self) -> Self {
        libm::erff(self)
    }
}

impl Float for f64 {
    type Plain = Lanes<f64, 8, false>;
    type Fused = Lanes<f64, 8, true>;
    common!(f64);
    #[inline(always)]
    fn f_exp<const FMA: bool>(self) -> Self {
        f64::exp(self)
    }
    #[inline(always)]
    fn f_ln<const FMA: bool>(self) -> Self {
        f64::ln(self)
    }
    #[inline(always)]
    fn f_ln_1p<const FMA: bool>(self) -> Self {
        f64::ln_1p(self)
    }
    #[inline(always)]
    fn f_atan<const FMA: bool>(self) -> Self {
        f64::atan(self)
    }
    #[inline(always)]
    fn f_tanh<const FMA: bool>(self) -> Self {
        f64::tanh(self)
    }
    #[inline(always)]
    fn f_erf<const FMA: bool>(self) -> Self {
        libm::erf(self)
    }
}
