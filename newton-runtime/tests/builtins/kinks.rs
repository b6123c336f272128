//! Where functions have no derivative, or are at their limits.

use newton_runtime::builtins::*;
use newton_runtime::scalar::{Dual, Float, Real, Scalar};

/// Functions that are checked here alone.
pub const NAMES: &[&str] = &["floor", "ceil", "round", "trunc", "signum"];

type D = Dual<f64, 1>;

fn dual(x: f64) -> D {
    Dual { value: x, tangents: [1.0] }
}

fn gradient<const N: usize>(adjoint: impl Fn(f64, &mut [f64; N])) -> [f64; N] {
    let mut x_ = [0.0; N];
    adjoint(1.0, &mut x_);
    x_
}

#[test]
fn steps_are_those_of_rust() {
    let points = [-2.5_f32, -1.7, -0.5, -0.0, 0.0, 0.2, 0.5, 1.5, 2.5, 8_388_609.0, f32::INFINITY];
    let lanes = |x: f32| <f32 as Float>::Plain::splat(x);
    for x in points {
        for (found, wide, expected) in [
            (lanes(x).floor(), Real::floor(f64::from(x)), x.floor()),
            (lanes(x).ceil(), Real::ceil(f64::from(x)), x.ceil()),
            (lanes(x).round(), Real::round(f64::from(x)), x.round()),
            (lanes(x).trunc(), Real::trunc(f64::from(x)), x.trunc()),
            (lanes(x).signum(), Real::signum(f64::from(x)), x.signum()),
        ] {
            for lane in 0..<f32 as Float>::Plain::LANES {
                assert_eq!(found.lane(lane), expected, "at {x}");
            }
            assert_eq!(wide, f64::from(expected), "at {x}");
        }
    }
    assert!(lanes(f32::NAN).signum().lane(3).is_nan());
}

#[test]
fn ties_share_the_derivative() {
    let x = [2.0, -1.0, 2.0, -1.0, 2.0];
    let third = 1.0 / 3.0;
    assert_eq!(gradient(|y_, x_| max_reverse(&x, y_, x_)), [third, 0.0, third, 0.0, third]);
    assert_eq!(gradient(|y_, x_| min_reverse(&x, y_, x_)), [0.0, 0.5, 0.0, 0.5, 0.0]);
    let x = x.map(dual);
    assert!((max(&x).tangents[0] - 1.0).abs() < 1e-15, "all move together");
    let mut one = x.map(|x| D::constant(x.value));
    one[0].tangents[0] = 1.0;
    assert_eq!((max(&one).value, max(&one).tangents), (2.0, [third]));
}

#[test]
fn lengths_have_sub_gradient_zero_at_the_origin() {
    let zero = [0.0; 3];
    assert_eq!(norm(&zero), 0.0);
    assert_eq!(gradient(|y_, x_| norm_reverse(&zero, 0.0, y_, x_)), [0.0; 3]);
    let y = norm(&[dual(0.0); 3]);
    assert_eq!((y.value, y.tangents), (0.0, [0.0]));
    let mut x_ = [D::zero(); 3];
    norm_reverse(&[dual(0.0); 3], y, D::one(), &mut x_);
    assert!(x_.iter().all(|x| x.value == 0.0 && x.tangents[0] == 0.0), "{x_:?}");

    let origin = Scalar::hypot(dual(0.0), dual(0.0));
    assert_eq!((origin.value, origin.tangents), (0.0, [0.0]));
    assert_eq!((hypot_d(0.0, 0.0), hypot_d2(0.0, 0.0)), (0.0, 0.0));
    assert_eq!((atan2_d(0.0, 0.0), atan2_d2(0.0, 0.0)), (0.0, 0.0));
    // No overflow where squares would.
    assert!((atan2_d(1e30_f32, 1e30) - 5e-31).abs() < 1e-36);
}

#[test]
fn powers_of_zero() {
    for p in [1.0, 2.0, 3.5] {
        let y = dual(0.0).pow(D::constant(p));
        assert_eq!(y.value, 0.0);
        let y = D::constant(0.0).pow(dual(p));
        assert_eq!((y.value, y.tangents), (0.0, [0.0]), "by the exponent {p}");
        let d2 = pow_d2(D::constant(0.0), dual(p));
        assert_eq!((d2.value, d2.tangents), (0.0, [0.0]));
    }
    assert_eq!(pow_d(0.0, 2.0), 0.0);
}

#[test]
fn kinks_take_the_documented_side() {
    assert_eq!([relu_d(-1.0), relu_d(0.0), relu_d(2.0)], [0.0, 0.0, 1.0]);
    assert_eq!([huber_d(-2.0, 1.0), huber_d(1.0, 1.0), huber_d(0.4, 1.0)], [-1.0, 1.0, 0.4]);
    assert_eq!(huber_d(dual(1.0), 1.0).tangents, [1.0]);
    assert_eq!(huber_d(dual(1.5), 1.0).tangents, [0.0]);
    assert_eq!(dual(2.0).fract().tangents, [1.0]);
}

#[test]
fn large_arguments_do_not_overflow() {
    let x = [1000.0_f32, 999.0, -1000.0];
    assert!((smooth_max(&x, 1.0) - 1000.3133).abs() < 1e-3);
    assert!((smooth_min(&x, 1.0) + 1000.0).abs() < 1e-3);
    assert_eq!(smooth_max(&x, 1e-3), 1000.0);
    let mut x_ = [0.0; 3];
    smooth_max_reverse(&x, 1e-3, 1.0, &mut x_);
    assert_eq!(x_, [1.0, 0.0, 0.0]);
    assert_eq!(softmin(&x), [0.0, 0.0, 1.0]);
    // Small losses of confident predictions survive large logits.
    assert!((cross_entropy(&[1000.0_f32, 990.0, 900.0], 0_usize) - 4.54e-5).abs() < 1e-7);
    assert!((cross_entropy(&[1000.0_f32, 990.0, 900.0], &[1.0, 0.0, 0.0]) - 4.54e-5).abs() < 1e-7);
    for x in [-1e4_f32, -200.0, 200.0, 1e4] {
        assert_eq!(log_sigmoid(x), x.min(0.0));
        assert_eq!(logaddexp(x, 0.0), x.max(0.0));
    }
}

#[test]
fn logaddexp_takes_infinities() {
    let low = f32::NEG_INFINITY;
    assert_eq!([logaddexp(low, 2.0), logaddexp(2.0, low), logaddexp(low, low)], [2.0, 2.0, low]);
    assert_eq!([logaddexp_d(low, 2.0), logaddexp_d(2.0, low), logaddexp_d(low, low)], [0.0, 1.0, 0.5]);
    assert!(logaddexp(f32::NAN, 1.0).is_nan() && logaddexp(1.0, f32::NAN).is_nan());
}

#[test]
fn powers_of_two_and_their_logarithms_are_exact() {
    for k in -140..128 {
        let power = 2.0_f64.powi(k) as f32;
        assert_eq!((Scalar::log2(power), Scalar::exp2(k as f32)), (k as f32, power));
    }
}

/// A user's function and generated code agree on what `T: Float` and lanes give.
#[test]
fn element_types_are_their_own_lanes() {
    fn all<T: Float>(x: f64) -> [f64; 4] {
        let x = T::from_f64(x);
        [x.asinh(), x.cbrt(), x.exp2(), Scalar::atan2(x, T::one())].map(|x| x.to_f64())
    }
    for (narrow, wide) in all::<f32>(0.75).into_iter().zip(all::<f64>(0.75)) {
        assert!((narrow - wide).abs() < 2e-7);
    }
}
