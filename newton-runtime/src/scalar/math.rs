//! Single-precision elementary functions without branches or table look-ups, so that a loop over lanes vectorises.
//!
//! Argument reduction and minimax polynomials after Cephes (S. Moshier, "Methods and Programs for Mathematical Functions",
//! 1989); the whole range is covered: subnormal results and arguments, infinities, NaN. Largest errors, measured over all
//! binades by the tests below: `exp` 1.2, `exp2` 1.2, `ln` 1.0, `ln_1p` 1.6, `log2` 1.9, `log10` 2.1, `atan` 2.8, `tanh` 2.0
//! units in the last place. `exp2` of integers and `log2` of powers of two are exact.

// Coefficients as published.
#![allow(clippy::excessive_precision)]

#[inline(always)]
fn madd<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Horner's rule, highest power first.
macro_rules! poly {
    ($x:expr, $first:expr $(, $c:expr)*) => {{
        let p: f32 = $first;
        $(let p = madd::<FMA>(p, $x, $c);)*
        p
    }};
}

/// Adding 1.5 * 2^23 rounds to an integer and leaves that integer in the low bits.
const ROUND: f32 = 12_582_912.0;

#[inline(always)]
pub(super) fn exp<const FMA: bool>(x: f32) -> f32 {
    // Written as selects: a NaN passes through both.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let shifted = madd::<FMA>(x, core::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    // x - n ln 2, with ln 2 in two parts, the first exact in n * part.
    let r = madd::<FMA>(n, 2.121_944_4e-4, madd::<FMA>(n, -0.693_359_4, x));
    scaled_exp::<FMA>(r, shifted)
}

#[inline(always)]
pub(super) fn exp2<const FMA: bool>(x: f32) -> f32 {
    let x = if x > 129.0 { 129.0 } else { x };
    let x = if x < -151.0 { -151.0 } else { x };
    let shifted = x + ROUND;
    scaled_exp::<FMA>((x - (shifted - ROUND)) * core::f32::consts::LN_2, shifted)
}

/// 2^k e^r for |r| <= ln(2) / 2, where `shifted` is `ROUND` + k.
#[inline(always)]
fn scaled_exp<const FMA: bool>(r: f32, shifted: f32) -> f32 {
    let k = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let p = poly!(r, 1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5);
    let e = madd::<FMA>(p, r * r, r) + 1.0;
    // 2^k in two factors, both normal numbers, so that results may be subnormal or overflow.
    let half = k >> 1;
    let scale = |j: i32| f32::from_bits((j.wrapping_add(127) as u32) << 23);
    e * scale(half) * scale(k.wrapping_sub(half))
}

#[inline(always)]
pub(super) fn ln<const FMA: bool>(x: f32) -> f32 {
    let (e, z) = split(x);
    let y = madd::<FMA>(e, -2.121_944_4e-4, beyond_square::<FMA>(z));
    let y = madd::<FMA>(z * z, -0.5, y) + z;
    log_or_special(x, madd::<FMA>(e, 0.693_359_4, y))
}

#[inline(always)]
pub(super) fn log2<const FMA: bool>(x: f32) -> f32 {
    use core::f32::consts::LOG2_E;
    let (e, z) = split(x);
    // ln(1 + z) in two parts, times log2(e): an exact power of two has z = 0.
    let tail = madd::<FMA>(z * z, -0.5, beyond_square::<FMA>(z));
    log_or_special(x, madd::<FMA>(tail, LOG2_E, z * LOG2_E) + e)
}

#[inline(always)]
pub(super) fn log10<const FMA: bool>(x: f32) -> f32 {
    ln::<FMA>(x) * core::f32::consts::LOG10_E
}

/// x = 2^e (1 + z) with 1 + z in [sqrt(1/2), sqrt(2)), for positive finite x.
#[inline(always)]
fn split(x: f32) -> (f32, f32) {
    let tiny = x < f32::MIN_POSITIVE;
    let scaled = if tiny { x * 8_388_608.0 } else { x };
    let offset = if tiny { -23.0 } else { 0.0 };
    // Subtracting the bits of sqrt(1/2) aligns the exponent there.
    const SQRT_HALF: u32 = 0x3f35_04f3;
    let bits = scaled.to_bits().wrapping_sub(SQRT_HALF);
    let e = ((bits as i32) >> 23) as f32 + offset;
    (e, f32::from_bits((bits & 0x007f_ffff).wrapping_add(SQRT_HALF)) - 1.0)
}

/// ln(1 + z) - z + z^2 / 2.
#[inline(always)]
fn beyond_square<const FMA: bool>(z: f32) -> f32 {
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
fn log_or_special(x: f32, y: f32) -> f32 {
    let y = if x > f32::MAX { f32::INFINITY } else { y };
    let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
    if x >= 0.0 { y } else { f32::NAN }
}

#[inline(always)]
pub(super) fn ln_1p<const FMA: bool>(x: f32) -> f32 {
    // ln(u) with u = 1 + x rounded, corrected by the first-order effect of what rounding lost.
    let u = 1.0 + x;
    let y = ln::<FMA>(u);
    let lost = (x - (u - 1.0)) / u;
    // Only where u is an ordinary number is the correction one: at u = 0 and infinity it is 0/0.
    if u > 0.0 && u <= f32::MAX { y + lost } else { y }
}

#[inline(always)]
pub(super) fn atan<const FMA: bool>(x: f32) -> f32 {
    use core::f32::consts::{FRAC_PI_2, FRAC_PI_4};
    let a = x.abs();
    // tan(3 pi / 8) and tan(pi / 8) bound three ranges, each mapped to [-tan(pi / 8), tan(pi / 8)].
    let (far, middle) = (a > 2.414_213_6, a > 0.414_213_57);
    let offset = if far {
        FRAC_PI_2
    } else if middle {
        FRAC_PI_4
    } else {
        0.0
    };
    let numerator = if far {
        -1.0
    } else if middle {
        a - 1.0
    } else {
        a
    };
    let denominator = if far {
        a
    } else if middle {
        a + 1.0
    } else {
        1.0
    };
    let t = numerator / denominator;
    let t2 = t * t;
    let p = poly!(t2, 8.053_744_5e-2, -1.387_768_6e-1, 1.997_771_1e-1, -3.333_294_9e-1);
    (offset + madd::<FMA>(p * t2, t, t)).copysign(x)
}

#[inline(always)]
pub(super) fn tanh<const FMA: bool>(x: f32) -> f32 {
    let a = x.abs();
    let z = a * a;
    let p = poly!(z, -5.704_988_7e-3, 2.063_908_9e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328_2e-1);
    let near = madd::<FMA>(p * z, a, a);
    let far = 1.0 - 2.0 / (exp::<FMA>(a + a) + 1.0);
    let y = if a < 0.625 { near } else { far };
    y.copysign(x)
}

#[cfg(test)]
mod tests {
    /// Every 997th bit pattern, all special values, both FMA settings; error in units of the last place of `want`.
    fn worst(f: fn(f32) -> f32, want: fn(f64) -> f64, domain: fn(f32) -> bool) -> (f64, f32) {
        let special =
            [0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MIN_POSITIVE, 1e-45];
        let all = (0..=u32::MAX / 997).map(|i| f32::from_bits(i * 997)).chain(special);
        let mut worst = (0.0, 0.0);
        for x in all.filter(|x| domain(*x)) {
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

    #[test]
    fn within_stated_error_everywhere() {
        let any = |_: f32| true;
        for (name, f, g, bound) in [
            ("exp", super::exp::<false> as fn(f32) -> f32, f64::exp as fn(f64) -> f64, 1.2),
            ("exp fma", super::exp::<true>, f64::exp, 1.2),
            ("ln", super::ln::<false>, f64::ln, 1.0),
            ("ln fma", super::ln::<true>, f64::ln, 1.0),
            ("exp2", super::exp2::<false>, f64::exp2, 1.2),
            ("exp2 fma", super::exp2::<true>, f64::exp2, 1.2),
            ("log2", super::log2::<false>, f64::log2, 1.9),
            ("log2 fma", super::log2::<true>, f64::log2, 1.9),
            ("log10", super::log10::<false>, f64::log10, 2.1),
            ("log10 fma", super::log10::<true>, f64::log10, 2.1),
            ("ln_1p", super::ln_1p::<false>, f64::ln_1p, 1.6),
            ("ln_1p fma", super::ln_1p::<true>, f64::ln_1p, 1.6),
            ("atan", super::atan::<false>, f64::atan, 2.8),
            ("atan fma", super::atan::<true>, f64::atan, 2.8),
            ("tanh", super::tanh::<false>, f64::tanh, 2.0),
            ("tanh fma", super::tanh::<true>, f64::tanh, 2.0),
        ] {
            let (error, at) = worst(f, g, any);
            println!("{name}: {error:.3} at {at:e}");
            assert!(error <= bound, "{name}: {error} units in the last place at {at:e}");
        }
    }

    #[test]
    fn the_check_sees_a_wrong_coefficient() {
        let off = |x: f32| super::exp::<false>(x) * (1.0 + 4e-7);
        assert!(worst(off, f64::exp, |_| true).0 > 2.0);
    }
}
