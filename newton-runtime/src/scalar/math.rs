//! Single-precision elementary functions without branches or table look-ups, on one number or a register of them.
//!
//! Argument reduction and minimax polynomials after Cephes (S. Moshier, "Methods and Programs for Mathematical Functions",
//! 1989); the whole range is covered: subnormal results and arguments, infinities, NaN. Largest errors, measured over all
//! binades by the tests below: `exp` 1.2, `exp2` 1.2, `ln` 1.0, `ln_1p` 1.6, `log2` 1.9, `log10` 2.1, `atan` 2.8, `tanh` 2.0
//! units in the last place. `exp2` of integers and `log2` of powers of two are exact.

// Coefficients as published.
#![allow(clippy::excessive_precision)]

use core::f32::consts::{FRAC_PI_2, FRAC_PI_4, LN_2, LOG2_E, LOG10_E};
use core::ops::{Add, Div, Mul, Sub};

/// Single-precision numbers and their bits: one, or a register of them.
pub trait Single:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// As 32-bit integers.
    type Bits: Copy;
    /// The same everywhere.
    fn lit(x: f32) -> Self;
    /// `self * b + c`, rounded once where that is one instruction.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// `a` where `self > other`, else `b`.
    fn select_gt(self, other: Self, a: Self, b: Self) -> Self;
    /// `a` where `self >= other`, else `b`.
    fn select_ge(self, other: Self, a: Self, b: Self) -> Self;
    /// Its bits.
    fn to_bits(x: Self) -> Self::Bits;
    /// The number of these bits.
    fn from_bits(bits: Self::Bits) -> Self;
    /// The same integer everywhere.
    fn int(x: i32) -> Self::Bits;
    /// `a + b`, wrapping.
    fn plus(a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// `a - b`, wrapping.
    fn minus(a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// `a & b`
    fn and(a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// `a << 23`: to where the exponent is.
    fn into_exponent(a: Self::Bits) -> Self::Bits;
    /// `a >> 23`, with the sign: from where the exponent is.
    fn exponent(a: Self::Bits) -> Self::Bits;
    /// `a >> 1`, with the sign.
    fn half(a: Self::Bits) -> Self::Bits;
    /// The integer as a number.
    fn number(a: Self::Bits) -> Self;

    /// Absolute value.
    #[inline(always)]
    fn magnitude(self) -> Self {
        Self::from_bits(Self::and(Self::to_bits(self), Self::int(i32::MAX)))
    }
    /// A number that is not negative, with the sign of another.
    #[inline(always)]
    fn with_sign(self, of: Self) -> Self {
        Self::from_bits(Self::plus(Self::to_bits(self), Self::and(Self::to_bits(of), Self::int(i32::MIN))))
    }
}

impl Single for f32 {
    type Bits = i32;
    #[inline(always)]
    fn lit(x: f32) -> f32 {
        x
    }
    #[inline(always)]
    fn mul_add(self, b: f32, c: f32) -> f32 {
        if super::float::FUSED { f32::mul_add(self, b, c) } else { self * b + c }
    }
    #[inline(always)]
    fn select_gt(self, other: f32, a: f32, b: f32) -> f32 {
        if self > other { a } else { b }
    }
    #[inline(always)]
    fn select_ge(self, other: f32, a: f32, b: f32) -> f32 {
        if self >= other { a } else { b }
    }
    #[inline(always)]
    fn to_bits(x: f32) -> i32 {
        f32::to_bits(x) as i32
    }
    #[inline(always)]
    fn from_bits(bits: i32) -> f32 {
        f32::from_bits(bits as u32)
    }
    #[inline(always)]
    fn int(x: i32) -> i32 {
        x
    }
    #[inline(always)]
    fn plus(a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }
    #[inline(always)]
    fn minus(a: i32, b: i32) -> i32 {
        a.wrapping_sub(b)
    }
    #[inline(always)]
    fn and(a: i32, b: i32) -> i32 {
        a & b
    }
    #[inline(always)]
    fn into_exponent(a: i32) -> i32 {
        a << 23
    }
    #[inline(always)]
    fn exponent(a: i32) -> i32 {
        a >> 23
    }
    #[inline(always)]
    fn half(a: i32) -> i32 {
        a >> 1
    }
    #[inline(always)]
    fn number(a: i32) -> f32 {
        a as f32
    }
}

/// Horner's rule, highest power first.
macro_rules! poly {
    ($x:expr, $first:expr $(, $c:expr)*) => {{
        let p = V::lit($first);
        $(let p = p.mul_add($x, V::lit($c));)*
        p
    }};
}

/// Adding 1.5 * 2^23 rounds to an integer and leaves that integer in the low bits.
const ROUND: f32 = 12_582_912.0;

/// Between two bounds; NaN stays.
#[inline(always)]
fn clamp<V: Single>(x: V, low: f32, high: f32) -> V {
    let x = x.select_gt(V::lit(high), V::lit(high), x);
    V::lit(low).select_gt(x, V::lit(low), x)
}

#[inline(always)]
pub fn exp<V: Single>(x: V) -> V {
    let x = clamp(x, -104.0, 89.0);
    let shifted = x.mul_add(V::lit(LOG2_E), V::lit(ROUND));
    let n = shifted - V::lit(ROUND);
    // x - n ln 2, with ln 2 in two parts, the first exact in n * part.
    let r = n.mul_add(V::lit(2.121_944_4e-4), n.mul_add(V::lit(-0.693_359_4), x));
    scaled_exp(r, shifted)
}

#[inline(always)]
pub fn exp2<V: Single>(x: V) -> V {
    let x = clamp(x, -151.0, 129.0);
    let shifted = x + V::lit(ROUND);
    scaled_exp((x - (shifted - V::lit(ROUND))) * V::lit(LN_2), shifted)
}

/// 2^k e^r for |r| <= ln(2) / 2, where `shifted` is `ROUND` + k.
#[inline(always)]
fn scaled_exp<V: Single>(r: V, shifted: V) -> V {
    let k = V::minus(V::to_bits(shifted), V::int(ROUND.to_bits() as i32));
    let p = poly!(r, 1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5);
    let e = p.mul_add(r * r, r) + V::lit(1.0);
    // 2^k in two factors, both normal numbers, so that results may be subnormal or overflow.
    let half = V::half(k);
    e * power_of_two::<V>(half) * power_of_two::<V>(V::minus(k, half))
}

#[inline(always)]
fn power_of_two<V: Single>(k: V::Bits) -> V {
    V::from_bits(V::into_exponent(V::plus(k, V::int(127))))
}

#[inline(always)]
pub fn ln<V: Single>(x: V) -> V {
    let (e, z) = split(x);
    let y = e.mul_add(V::lit(-2.121_944_4e-4), beyond_square(z));
    let y = (z * z).mul_add(V::lit(-0.5), y) + z;
    log_or_special(x, e.mul_add(V::lit(0.693_359_4), y))
}

#[inline(always)]
pub fn log2<V: Single>(x: V) -> V {
    let (e, z) = split(x);
    // ln(1 + z) in two parts, times log2(e): an exact power of two has z = 0.
    let tail = (z * z).mul_add(V::lit(-0.5), beyond_square(z));
    log_or_special(x, tail.mul_add(V::lit(LOG2_E), z * V::lit(LOG2_E)) + e)
}

#[inline(always)]
pub fn log10<V: Single>(x: V) -> V {
    ln(x) * V::lit(LOG10_E)
}

/// x = 2^e (1 + z) with 1 + z in [sqrt(1/2), sqrt(2)), for positive finite x.
#[inline(always)]
fn split<V: Single>(x: V) -> (V, V) {
    let smallest = V::lit(f32::MIN_POSITIVE);
    let scaled = smallest.select_gt(x, x * V::lit(8_388_608.0), x);
    let offset = smallest.select_gt(x, V::lit(-23.0), V::lit(0.0));
    // Subtracting the bits of sqrt(1/2) aligns the exponent there.
    let sqrt_half = V::int(0x3f35_04f3);
    let bits = V::minus(V::to_bits(scaled), sqrt_half);
    let e = V::number(V::exponent(bits)) + offset;
    (e, V::from_bits(V::plus(V::and(bits, V::int(0x007f_ffff)), sqrt_half)) - V::lit(1.0))
}

/// ln(1 + z) - z + z^2 / 2.
#[inline(always)]
fn beyond_square<V: Single>(z: V) -> V {
    let p = poly!(
        z,
        7.037_683_6e-2,
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333_1e-1
    );
    p * z * (z * z)
}

/// `y`, or what a logarithm is at 0, infinity, negative numbers and NaN.
#[inline(always)]
fn log_or_special<V: Single>(x: V, y: V) -> V {
    let zero = V::lit(0.0);
    let y = x.select_gt(V::lit(f32::MAX), V::lit(f32::INFINITY), y);
    let y = x.select_gt(zero, y, V::lit(f32::NEG_INFINITY));
    x.select_ge(zero, y, V::lit(f32::NAN))
}

#[inline(always)]
pub fn ln_1p<V: Single>(x: V) -> V {
    // ln(u) with u = 1 + x rounded, corrected by the first-order effect of what rounding lost.
    let one = V::lit(1.0);
    let u = one + x;
    let y = ln(u);
    let lost = (x - (u - one)) / u;
    // Only where u is an ordinary number is the correction one: at u = 0 and infinity it is 0/0.
    let corrected = V::lit(f32::MAX).select_ge(u, y + lost, y);
    u.select_gt(V::lit(0.0), corrected, y)
}

#[inline(always)]
pub fn atan<V: Single>(x: V) -> V {
    let (zero, one) = (V::lit(0.0), V::lit(1.0));
    let a = x.magnitude();
    // tan(3 pi / 8) and tan(pi / 8) bound three ranges, each mapped to [-tan(pi / 8), tan(pi / 8)].
    let by_range = |far: V, middle: V, near: V| {
        a.select_gt(V::lit(2.414_213_6), far, a.select_gt(V::lit(0.414_213_57), middle, near))
    };
    let offset = by_range(V::lit(FRAC_PI_2), V::lit(FRAC_PI_4), zero);
    let t = by_range(zero - one, a - one, a) / by_range(a, a + one, one);
    let t2 = t * t;
    let p = poly!(t2, 8.053_744_5e-2, -1.387_768_6e-1, 1.997_771_1e-1, -3.333_294_9e-1);
    (offset + (p * t2).mul_add(t, t)).magnitude().with_sign(x)
}

#[inline(always)]
pub fn tanh<V: Single>(x: V) -> V {
    let one = V::lit(1.0);
    let a = x.magnitude();
    let z = a * a;
    let p = poly!(z, -5.704_988_7e-3, 2.063_908_9e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328_2e-1);
    let near = (p * z).mul_add(a, a);
    let far = one - V::lit(2.0) / (exp(a + a) + one);
    V::lit(0.625).select_gt(a, near, far).magnitude().with_sign(x)
}

#[cfg(test)]
mod tests {
    /// Every `step`th bit pattern, all special values; error in units of the last place of `want`.
    fn worst(step: u32, f: fn(f32) -> f32, want: fn(f64) -> f64) -> (f64, f32) {
        let special =
            [0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MIN_POSITIVE, 1e-45];
        let all = (0..=u32::MAX / step).map(|i| f32::from_bits(i * step)).chain(special);
        let mut worst = (0.0, 0.0);
        for x in all {
            let (got, want) = (f(x), want(x as f64));
            let rounded = want as f32;
            if rounded.is_nan() || rounded.is_infinite() {
                assert!(got == rounded || got.is_nan() && rounded.is_nan(), "{x:e}: {got} for {rounded}");
                continue;
            }
            let ulp = (f32::from_bits(rounded.abs().to_bits() + 1) as f64 - rounded.abs() as f64).abs();
            let error = (got as f64 - want).abs() / ulp;
            if error.is_nan() || error > worst.0 {
                worst = (error, x);
            }
        }
        worst
    }

    /// All functions, of single numbers and of the first lane of a register.
    macro_rules! check {
        ($($R:ty)?) => {
            check!($($R)?; exp 1.2, ln 1.0, exp2 1.2, log2 1.9, log10 2.1, ln_1p 1.6, atan 2.8, tanh 2.0)
        };
        (; $($name:ident $bound:literal),*) => {$(
            let (error, at) = worst(997, super::$name::<f32>, f64::$name);
            println!("{}: {error:.3} at {at:e}", stringify!($name));
            assert!(error <= $bound, "{}: {error} units in the last place at {at:e}", stringify!($name));
        )*};
        ($R:ty; $($name:ident $bound:literal),*) => {$(
            let (error, at) = worst(9973, |x| super::$name(<$R>::splat(x)).as_array()[0], f64::$name);
            println!("{} {}: {error:.3} at {at:e}", stringify!($R), stringify!($name));
            assert!(error <= $bound, "{}: {error} units in the last place at {at:e}", stringify!($name));
        )*};
    }

    #[test]
    fn within_stated_error_everywhere() {
        check!();
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn in_registers() {
        use crate::scalar::register::{Register, x86::*};
        check!(F32x4);
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            check!(F32x8);
        }
        if is_x86_feature_detected!("avx512dq") {
            check!(F32x16);
        }
    }

    #[test]
    fn the_check_sees_a_wrong_coefficient() {
        let off = |x: f32| super::exp(x) * (1.0 + 4e-7);
        assert!(worst(997, off, f64::exp).0 > 2.0);
    }
}
