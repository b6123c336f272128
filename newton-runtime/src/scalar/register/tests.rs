//! Every operation of every register this processor has, against the same on single numbers.

use super::{Loops, Register};
use crate::scalar::{Elementary, Float};

/// Ordinary and special numbers, two at a time.
fn pairs() -> impl Iterator<Item = (f64, f64)> {
    const NUMBERS: [f64; 11] =
        [0.0, -0.0, 1.0, -1.0, 0.37, -2.5, 1e30, -1e-30, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    NUMBERS.into_iter().flat_map(|a| NUMBERS.map(|b| (a, b)))
}

fn same<T: Float>(a: T, b: T) -> bool {
    let (a, b) = (a.to_f64(), b.to_f64());
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// The first operation that differs, if one does. `a` is put in one lane, `b` in all.
fn difference<R: Register<L>, const L: usize>(wrong: impl Fn(R) -> R) -> Option<&'static str> {
    for (x, y) in pairs() {
        for lane in [0, L - 1] {
            let (x, y) = (R::Elem::from_f64(x), R::Elem::from_f64(y));
            let mut lanes = [R::Elem::from_f64(0.25); L];
            lanes[lane] = x;
            let (a, b) = (R::from_array(lanes), R::splat(y));
            let at = |r: R| wrong(r).as_array()[lane];
            let one = R::splat(R::Elem::from_f64(1.0));
            let (first, second) = (R::splat(x), R::splat(y));
            let (t, u) = ([a, b], [b, one]);
            let tangents = |f: fn(&mut [R; 2], &[R; 2], R, R)| {
                let mut t = t;
                f(&mut t, &u, a, one);
                at(t[0])
            };
            let zero = R::Elem::from_f64(0.0);
            let numbers = [
                ("array", at(a), x),
                ("add", at(a + b), x + y),
                ("sub", at(a - b), x - y),
                ("mul", at(a * b), x * y),
                ("div", at(a / b), x / y),
                ("mul_add", at(a.mul_add(one, b)), x + y),
                ("recip", at(a.recip()), R::Elem::from_f64(1.0) / x),
                ("abs", at(a.abs()), Elementary::abs(x)),
                ("sqrt", at(a.sqrt()), Elementary::sqrt(x)),
                ("select_gt", at(a.select_gt(b, first, second)), if x > y { x } else { y }),
                ("min", at(a.min(b)), if x < y { x } else { y }),
                ("max", at(a.max(b)), if x > y { x } else { y }),
                ("select", at(R::select(a.is_lt(b), first, second)), if x < y { x } else { y }),
                ("select le", at(R::select(a.is_le(b), one, R::splat(zero))), truth(x <= y)),
                ("add_tangents", tangents(|t, u, _, _| R::add_tangents(t, u)), x + y),
                ("sub_tangents", tangents(|t, u, _, _| R::sub_tangents(t, u)), x - y),
                ("scale_tangents", tangents(|t, _, a, _| R::scale_tangents(t, a)), x * x),
                ("combine_tangents", tangents(|t, u, _, o| R::combine_tangents(t, u, o, o)), x + y),
                ("add_scaled_tangents", tangents(|t, u, _, o| R::add_scaled_tangents(t, u, o)), y + x),
                (
                    "add_combined_tangents",
                    tangents(|t, u, a, o| {
                        R::add_combined_tangents(t, u, &[a, a], o, R::splat(R::Elem::from_f64(0.0)))
                    }),
                    y + (x * zero + x),
                ),
            ];
            for (name, found, wanted) in numbers {
                if !same(found, wanted) {
                    return Some(name);
                }
            }
            let masks = [
                ("is_lt", a.is_lt(b)[lane], x < y),
                ("is_le", a.is_le(b)[lane], x <= y),
                ("is_eq", a.is_eq(b)[lane], x == y),
            ];
            for (name, found, wanted) in masks {
                if found != -(wanted as i32) {
                    return Some(name);
                }
            }
        }
    }
    None
}

fn truth<T: Float>(holds: bool) -> T {
    T::from_f64(holds as u8 as f64)
}

#[test]
fn of_all_processors() {
    assert_eq!(difference::<super::PlainF32, { size_of::<super::PlainF32>() / 4 }>(|r| r), None);
    assert_eq!(difference::<super::PlainF64, { size_of::<super::PlainF64>() / 8 }>(|r| r), None);
    assert_eq!(difference::<Loops<f32, 16>, 16>(|r| r), None);
    assert_eq!(difference::<Loops<f64, 8>, 8>(|r| r), None);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn of_this_processor() {
    use super::x86::*;
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        assert_eq!(difference::<F32x8, 8>(|r| r), None);
        assert_eq!(difference::<F64x4, 4>(|r| r), None);
    }
    if is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl") {
        assert_eq!(difference::<F32x16, 16>(|r| r), None);
        assert_eq!(difference::<F64x8, 8>(|r| r), None);
    }
}

#[test]
fn a_wrong_lane_is_seen() {
    let last_lane_off = |mut r: Loops<f32, 16>| {
        r.as_mut_array()[15] += 1.0;
        r
    };
    assert_eq!(difference::<Loops<f32, 16>, 16>(last_lane_off), Some("array"));
}
