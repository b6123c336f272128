//! Constants that a user wrote as `f32`, in `f64`.
//!
//! A loss is written for `f32` and compiled for `f64` as well. There its literals are exact, but `const H: f32 = 0.1` or
//! `std::f32::consts::PI` reach generated code as rounded numbers, wrong from the eighth digit on. What was meant is known,
//! though: the shortest decimal number that rounds to this `f32`, or the mathematical constant.

use core::f64::consts as exact;

/// The mathematical constants of `std::f32::consts`.
const KNOWN: [f64; 20] = [
    exact::PI,
    exact::TAU,
    exact::E,
    exact::FRAC_PI_2,
    exact::FRAC_PI_3,
    exact::FRAC_PI_4,
    exact::FRAC_PI_6,
    exact::FRAC_PI_8,
    exact::FRAC_1_PI,
    exact::FRAC_2_PI,
    exact::FRAC_2_SQRT_PI,
    exact::SQRT_2,
    exact::FRAC_1_SQRT_2,
    exact::LN_2,
    exact::LN_10,
    exact::LOG2_E,
    exact::LOG10_E,
    exact::LOG2_10,
    exact::LOG10_2,
    0.577_215_664_901_532_9,
];

/// The number that was meant by an `f32` constant.
pub fn meant(x: f32) -> f64 {
    let wide = f64::from(x);
    // Integers and halves, quarters, ... with few digits are exact.
    if x == 0.0 || !x.is_finite() || (wide * 1024.0).fract() == 0.0 {
        return wide;
    }
    for known in KNOWN {
        for known in [known, -known] {
            if x == known as f32 {
                return known;
            }
        }
    }
    // Rust prints the shortest decimal number that rounds to it.
    let mut text = Digits::default();
    match core::fmt::write(&mut text, format_args!("{x:e}")) {
        Ok(()) => text.parse().unwrap_or(wide),
        Err(_) => wide,
    }
}

/// A short text on the stack.
#[derive(Default)]
struct Digits {
    bytes: [u8; 32],
    len: usize,
}

impl core::fmt::Write for Digits {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + s.len()).ok_or(core::fmt::Error)?;
        room.copy_from_slice(s.as_bytes());
        self.len += s.len();
        Ok(())
    }
}

impl Digits {
    fn parse(&self) -> Option<f64> {
        core::str::from_utf8(&self.bytes[..self.len]).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn constants_are_what_was_written() {
        assert_eq!(meant(0.1), 0.1);
        assert_eq!(meant(-1e-10), -1e-10);
        assert_eq!(meant(9.81), 9.81);
        assert_eq!(meant(std::f32::consts::PI), std::f64::consts::PI);
        assert_eq!(meant(-std::f32::consts::LN_2), -std::f64::consts::LN_2);
        for exact in [0.0, 0.5, -3.0, 1e10, f32::INFINITY, f32::MAX] {
            assert_eq!(meant(exact), f64::from(exact));
        }
        assert!(meant(f32::NAN).is_nan());
        // What it rounds to is always the number itself.
        for i in 1..2000_u32 {
            let x = f32::from_bits(i.wrapping_mul(2_654_435_761) & 0x7f7f_ffff);
            assert_eq!(meant(x) as f32, x);
        }
    }
}
