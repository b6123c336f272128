//! The two element types: `f32` and `f64`.

use core::fmt::{Debug, Display};

/// `f32` or `f64`: what slices of predictions, labels and gradients hold.
pub trait Float: Copy + Debug + Display + Default + PartialOrd + Send + Sync + 'static {
    /// The nearest number of this type.
    fn from_f64(x: f64) -> Self;
    /// Exact widening.
    fn to_f64(self) -> f64;
    /// Neither NaN nor infinite.
    fn is_finite(self) -> bool;
}

macro_rules! float {
    ($t:ident) => {
        impl Float for $t {
            #[inline]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline]
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
        }
    };
}
float!(f32);
float!(f64);
