//! The builtins: diffsort's six distributions against its own numbers; first and second derivatives of all of them.

mod support;

use newton_losses::builtins::*;
use newton_losses::scalar::{Dual, Float, Scalar};
use support::{json, numbers};

type D = Dual<f64, 1>;

fn dual(x: f64) -> D {
    Dual { value: x, tangents: [1.0] }
}

/// Difference, relative to numbers above 1.
fn off(found: f64, expected: f64) -> f64 {
    assert!(found.is_finite() && expected.is_finite(), "{found} for {expected}");
    (found - expected).abs() / expected.abs().max(1.0)
}

/// Central difference of fourth order; about eleven digits for the functions here.
fn slope(f: impl Fn(f64) -> f64, x: f64) -> f64 {
    let h = 2e-4;
    (8.0 * (f(x + h) - f(x - h)) - (f(x + 2.0 * h) - f(x - 2.0 * h))) / (12.0 * h)
}

const SLOPE: f64 = 1e-8;

#[track_caller]
fn assert_slope(what: &str, x: f64, found: f64, f: impl Fn(f64) -> f64) {
    let expected = slope(f, x);
    assert!(off(found, expected) < SLOPE, "{what} at {x}: {found}, by differences {expected}");
    assert!(off(found * 1.0001 + 1e-5, expected) > SLOPE, "{what} at {x}: a wrong slope passes");
}

/// Names, in the golden file, of functions of x_b - x_a.
macro_rules! distributions {
    ($t:ty) => {
        [
            ("logistic", (|d, beta, _| sigmoid(beta * d)) as fn($t, $t, $t) -> $t),
            ("logistic_phi", |d, beta, lambda| sigmoid(beta * d / (d.abs() + 1e-10).powf(lambda))),
            ("gaussian", |d, beta, _| normal_cdf(beta * d)),
            ("reciprocal", |d, beta, _| reciprocal_cdf(beta * d)),
            ("cauchy", |d, beta, _| cauchy_cdf(beta * d)),
            ("optimal", |d, beta, _| optimal_cdf(beta * d)),
        ]
    };
}

#[test]
fn distributions_are_those_of_diffsort() {
    let golden = json("tests/golden/dsn_alpha.json");
    let (beta, lambda) = (golden["beta"].as_f64().unwrap(), golden["art_lambda"].as_f64().unwrap());
    let points = numbers(&golden["b_minus_a"]);
    assert_eq!(points.len(), 9);
    for ((name, wide), (_, narrow)) in distributions!(f64).into_iter().zip(distributions!(f32)) {
        let expected = numbers(&golden[name]);
        let mut other_steepness = 0.0_f64;
        for (&d, &alpha) in points.iter().zip(&expected) {
            let found = wide(d, beta, lambda);
            assert!((found - alpha).abs() <= 1e-12, "{name} at {d}: {found} for {alpha}");
            let found = f64::from(narrow(d as f32, beta as f32, lambda as f32));
            assert!((found - alpha).abs() <= 3e-7, "{name} at {d} in f32: {found} for {alpha}");
            if name.starts_with("logistic") {
                // Where the network's f32 gradients come from: alpha's lower tail keeps its digits.
                let found = wide(d, beta, lambda) / alpha - 1.0;
                assert!(found.abs() < 1e-12, "{name} at {d}: relative {found:e}");
                let found = f64::from(narrow(d as f32, beta as f32, lambda as f32)) / alpha - 1.0;
                assert!(found.abs() < 1e-5, "{name} at {d} in f32: relative {found:e}");
            }
            other_steepness = other_steepness.max((wide(d, 0.5 * beta, lambda) - alpha).abs());
        }
        assert!(other_steepness > 1e-2, "{name}: half the steepness passes");
        for (other, f) in distributions!(f64).into_iter().filter(|(other, _)| *other != name) {
            let apart = points.iter().zip(&expected).map(|(&d, a)| (f(d, beta, lambda) - a).abs());
            assert!(apart.fold(0.0, f64::max) > 1e-2, "{other} passes for {name}");
        }
    }
}

/// A function and its derivative, as the compiler pairs them.
trait Function {
    const NAME: &'static str;
    fn f<S: Scalar>(x: S) -> S;
    fn d<S: Scalar>(x: S) -> S;
}

fn check<F: Function>(points: &[f64]) {
    let name = F::NAME;
    for &x in points {
        let (f, d) = (F::f::<f64>, F::d::<f64>);
        assert_slope(name, x, d(x), f);
        let by_dual = F::f(dual(x));
        assert_eq!(by_dual.value, f(x), "{name} at {x}: another value on duals");
        assert!(off(by_dual.tangents[0], d(x)) < 1e-14, "{name} at {x}: tangent and derivative differ");

        let second = F::d(dual(x));
        assert_eq!(second.value, d(x), "{name}_d at {x}: another value on duals");
        assert_slope(&format!("{name}_d"), x, second.tangents[0], d);

        // The same formulas in f32, and on f32 lanes' scalar twin.
        let narrow = x as f32;
        let (value, derivative) = (F::f(narrow), F::d(narrow));
        let exact = f64::from(narrow);
        assert!(off(value.into(), f(exact)) < 1e-6, "{name} at {x} in f32: {value}");
        assert!(off(derivative.into(), d(exact)) < 1e-6, "{name}_d at {x} in f32: {derivative}");
    }
}

macro_rules! functions {
    ($($test:ident: $type:ident, |$x:ident| $f:expr, $d:expr, $points:expr;)*) => {$(
        struct $type;
        impl Function for $type {
            const NAME: &'static str = stringify!($test);
            fn f<S: Scalar>($x: S) -> S {
                $f
            }
            fn d<S: Scalar>($x: S) -> S {
                $d
            }
        }
        #[test]
        fn $test() {
            check::<$type>(&$points);
        }
    )*};
}

const LINE: [f64; 9] = [-6.0, -2.3, -1.0, -0.31, 0.0, 0.17, 0.8, 2.0, 5.5];
/// Away from 0, where |x| has a kink.
const HALVES: [f64; 8] = [-6.0, -2.3, -1.0, -0.31, 0.17, 0.8, 2.0, 5.5];

functions! {
    sigmoid_derivatives: Sigmoid, |x| sigmoid(x), sigmoid_d(sigmoid(x)), LINE;
    logistic_cdf_derivatives: LogisticCdf, |x| logistic_cdf(x), logistic_cdf_d(logistic_cdf(x)), LINE;
    cauchy_cdf_derivatives: CauchyCdf, |x| cauchy_cdf(x), cauchy_cdf_d(x), LINE;
    erf_derivatives: Erf, |x| erf(x), erf_d(x), LINE;
    normal_cdf_derivatives: NormalCdf, |x| normal_cdf(x), normal_cdf_d(x), LINE;
    reciprocal_cdf_derivatives: ReciprocalCdf, |x| reciprocal_cdf(x), reciprocal_cdf_d(x), HALVES;
    softplus_derivatives: Softplus, |x| softplus(x), softplus_d(x), LINE;
    // The middle is linear, the tails begin at one quarter.
    optimal_cdf_derivatives: OptimalCdf, |x| optimal_cdf(x), optimal_cdf_d(x), [-4.0, -0.5, -0.3, 0.3, 0.7, 6.0];
    optimal_cdf_middle: OptimalMiddle, |x| optimal_cdf(x), optimal_cdf_d(x), [-0.2, -0.03, 0.06, 0.24];
    // Unsaturated, PyTorch's formulas are the derivatives; both labels, and one in between.
    cross_entropy_of_0: Bce0, |x| binary_cross_entropy(x, S::Passive::lit(0.0)),
        binary_cross_entropy_d(x, S::Passive::lit(0.0)), [0.1, 0.5, 0.9];
    cross_entropy_of_1: Bce1, |x| binary_cross_entropy(x, S::Passive::lit(1.0)),
        binary_cross_entropy_d(x, S::Passive::lit(1.0)), [0.1, 0.5, 0.9];
    cross_entropy_between: BceSoft, |x| binary_cross_entropy(x, S::Passive::lit(0.3)),
        binary_cross_entropy_d(x, S::Passive::lit(0.3)), [0.1, 0.3, 0.9];
    // The language's methods: their rules on duals against the derivative written out.
    exp: Exp, |x| x.exp(), x.exp(), [-3.0, 0.0, 1.5];
    exp_m1: ExpM1, |x| x.exp_m1(), x.exp(), [-3.0, 0.0, 1.5];
    ln: Ln, |x| x.ln(), x.recip(), [0.2, 1.0, 7.0];
    ln_1p: Ln1p, |x| x.ln_1p(), (x + S::one()).recip(), [-0.7, 0.0, 6.0];
    sqrt: Sqrt, |x| x.sqrt(), x.sqrt().recip() * S::Passive::lit(0.5), [0.2, 1.0, 7.0];
    recip: Recip, |x| x.recip(), -(x * x).recip(), [-2.0, 0.3, 4.0];
    sin: Sin, |x| x.sin(), x.cos(), LINE;
    cos: Cos, |x| x.cos(), -x.sin(), LINE;
    tan: Tan, |x| x.tan(), x.tan() * x.tan() + S::one(), [-1.0, 0.0, 0.8];
    atan: Atan, |x| x.atan(), (x * x + S::one()).recip(), LINE;
    tanh: Tanh, |x| x.tanh(), S::one() - x.tanh() * x.tanh(), LINE;
    powi: Powi, |x| x.powi(3), x.powi(2) * S::Passive::lit(3.0), LINE;
    powi_negative: PowiNegative, |x| x.powi(-2), x.powi(-3) * S::Passive::lit(-2.0), [-2.0, 0.4, 3.0];
    powf: Powf, |x| x.powf(S::Passive::lit(0.75)), x.powf(S::Passive::lit(-0.25)) * S::Passive::lit(0.75),
        [0.2, 1.0, 7.0];
    quotient: Quotient, |x| x / (x * x + S::one()),
        (S::one() - x * x) / ((x * x + S::one()) * (x * x + S::one())), LINE;
}

/// A function of four numbers and its adjoint, as the compiler pairs them.
trait OnArray {
    const NAME: &'static str;
    fn f<S: Scalar>(x: &[S; 4]) -> [S; 4];
    /// Adjoint of the argument for that of the result.
    fn reverse<S: Scalar>(x: &[S; 4], y_: &[S; 4], x_: &mut [S; 4]);
}

const WEIGHTS: [f64; 4] = [0.7, -1.1, 0.4, 2.0];

fn check_array<F: OnArray>() {
    let name = F::NAME;
    let point = [0.3, -0.9, 1.4, 0.8];
    let seeds = |x: [f64; 4], k: usize| -> [D; 4] {
        std::array::from_fn(|j| Dual { value: x[j], tangents: [f64::from(u8::from(j == k))] })
    };
    let value = |x: &[f64; 4]| -> f64 { F::f(x).iter().zip(WEIGHTS).map(|(y, w)| y * w).sum() };
    let gradient = |x: &[f64; 4]| {
        let mut x_ = [0.0; 4];
        F::reverse(x, &WEIGHTS, &mut x_);
        x_
    };
    let found = gradient(&point);
    for k in 0..4 {
        let moved = |t: f64| std::array::from_fn(|j| if j == k { t } else { point[j] });
        assert_slope(name, point[k], found[k], |t| value(&moved(t)));
        let by_dual: f64 = F::f(&seeds(point, k)).iter().zip(WEIGHTS).map(|(y, w)| y.tangents[0] * w).sum();
        assert!(off(by_dual, found[k]) < 1e-14, "{name}: tangent and adjoint of {k} differ");
        let mut column = [D::zero(); 4];
        F::reverse(&seeds(point, k), &WEIGHTS.map(D::lit), &mut column);
        for i in 0..4 {
            assert_eq!(column[i].value, found[i], "{name}: another adjoint on duals");
            assert_slope(&format!("{name}, adjoint {i}"), point[k], column[i].tangents[0], |t| {
                gradient(&moved(t))[i]
            });
        }
    }
    // Adjoints are added to what is there.
    let mut twice = found;
    F::reverse(&point, &WEIGHTS, &mut twice);
    for i in 0..4 {
        assert!(off(twice[i], 2.0 * found[i]) < 1e-14, "{name}: the adjoint replaces another");
    }
}

macro_rules! on_arrays {
    ($($test:ident: $type:ident, |$x:ident, $y_:ident, $x_:ident| $f:expr, $reverse:expr;)*) => {$(
        struct $type;
        impl OnArray for $type {
            const NAME: &'static str = stringify!($test);
            fn f<S: Scalar>($x: &[S; 4]) -> [S; 4] {
                $f
            }
            #[allow(unused_variables)] // not every adjoint reads the argument
            fn reverse<S: Scalar>($x: &[S; 4], $y_: &[S; 4], $x_: &mut [S; 4]) {
                $reverse
            }
        }
        #[test]
        fn $test() {
            check_array::<$type>();
        }
    )*};
}

/// A number in an array's first place.
fn first<S: Scalar>(x: S) -> [S; 4] {
    [x, S::zero(), S::zero(), S::zero()]
}

on_arrays! {
    softmax_adjoint: Softmax, |x, y_, x_| softmax(x), softmax_reverse(&softmax(x), y_, x_);
    log_softmax_adjoint: LogSoftmax, |x, y_, x_| log_softmax(x), log_softmax_reverse(&log_softmax(x), y_, x_);
    logsumexp_adjoint: LogSumExp, |x, y_, x_| first(logsumexp(x)), logsumexp_reverse(x, logsumexp(x), y_[0], x_);
    sum_adjoint: Sum, |x, y_, x_| first(sum(x)), sum_reverse(y_[0], x_);
    mean_adjoint: Mean, |x, y_, x_| first(mean(x)), mean_reverse(y_[0], x_);
    sort_adjoint: Sort, |x, y_, x_| sort(x), gather_reverse(&lanes::argsort(x), y_, x_);
    sort_desc_adjoint: SortDesc, |x, y_, x_| sort_desc(x), gather_reverse(&lanes::argsort_desc(x), y_, x_);
}

#[test]
fn sorts_are_stable_and_ordered() {
    let x = [2.0, -1.0, 2.0, 0.5];
    assert_eq!((sort(&x), argsort(&x)), ([-1.0, 0.5, 2.0, 2.0], [1_usize, 3, 0, 2]));
    assert_eq!((sort_desc(&x), argsort_desc(&x)), ([2.0, 2.0, 0.5, -1.0], [0_usize, 2, 3, 1]));
    // NaN goes last either way.
    let x = [1.0, f64::NAN, 3.0];
    assert_eq!((argsort(&x), argsort_desc(&x)), ([0_usize, 2, 1], [2_usize, 0, 1]));
}

#[test]
fn large_arguments_do_not_overflow() {
    let x = [1000.0_f32, 999.0, -1000.0];
    let p = softmax(&x);
    assert!((p[0] - 0.731_058_6).abs() < 1e-6 && p[2] == 0.0, "{p:?}");
    assert!((logsumexp(&x) - 1000.3133).abs() < 1e-3);
    assert!(log_softmax(&x).iter().all(|y| y.is_finite()));
    for x in [-1e4_f32, -200.0, 200.0, 1e4] {
        assert_eq!(sigmoid(x), if x > 0.0 { 1.0 } else { 0.0 });
        assert_eq!(softplus(x), x.max(0.0));
        let all = [cauchy_cdf(x), normal_cdf(x), reciprocal_cdf(x), optimal_cdf(x), erf(x)];
        assert!(all.iter().all(|f| f.is_finite() && f.abs() <= 1.0), "at {x}: {all:?}");
    }
}

#[test]
fn kinks_follow_pytorch() {
    assert_eq!([abs_d(-2.0), abs_d(0.0), abs_d(3.0)], [-1.0, 0.0, 1.0]);
    assert_eq!([max_d(1.0, 2.0), max_d(2.0, 2.0), max_d(3.0, 2.0)], [0.0, 0.5, 1.0]);
    assert_eq!([min_d(1.0, 2.0), min_d(2.0, 2.0), min_d(3.0, 2.0)], [1.0, 0.5, 0.0]);
    let tangents = |y: D| y.tangents[0];
    assert_eq!(tangents(dual(0.0).abs()), 0.0);
    // Both sides are x: one half of each makes 1.
    assert_eq!(tangents(Scalar::max(dual(2.0), dual(2.0))), 1.0);
    assert_eq!(tangents(Scalar::max(dual(2.0), D::constant(2.0))), 0.5);
    assert_eq!(tangents(Scalar::min(dual(2.0), D::constant(2.0))), 0.5);
    assert_eq!(reciprocal_cdf_d(dual(0.0)).tangents[0], 0.0);
}

/// PyTorch's value, gradient and second derivative, in f64.
fn pytorch(p: f64, q: f64) -> [f64; 3] {
    let log = |x: f64| x.max(-100.0);
    let eps = 1e-12;
    [
        -(q * log(p.ln()) + (1.0 - q) * log((-p).ln_1p())),
        (p - q) / (p * (1.0 - p)).max(eps),
        (p * p - 2.0 * p * q + q) / ((p + eps).powi(2) * (1.0 - p + eps).powi(2)),
    ]
}

fn cross_entropy<T: Float>(p: f64, q: f64) -> [f64; 3] {
    let p = Dual { value: T::from_f64(p), tangents: [T::from_f64(1.0)] };
    let q = T::from_f64(q);
    let (value, derivative) = (binary_cross_entropy(p, q), binary_cross_entropy_d(p, q));
    assert_eq!(value.tangents[0].to_f64(), derivative.value.to_f64());
    [value.value, derivative.value, derivative.tangents[0]].map(Float::to_f64)
}

#[test]
fn cross_entropy_is_pytorchs_where_it_saturates() {
    // Squares below the smallest f32 vanish.
    let close = |a: f64, b: f64, tolerance: f64| (a - b).abs() <= tolerance * b.abs().max(1e-30);
    // The largest f32 below 1, and neighbours.
    let below = f64::from(1.0 - f32::EPSILON / 2.0);
    for p in [0.0, 1e-30, 1e-13, 1e-12, 1e-6, 0.5, below, 1.0] {
        for q in [0.0, 0.25, 1.0] {
            let expected = pytorch(p, q);
            let (wide, narrow) = (cross_entropy::<f64>(p, q), cross_entropy::<f32>(p, q));
            for k in 0..3 {
                let what = ["value", "derivative", "second derivative"][k];
                let (e, w, n) = (expected[k], wide[k], narrow[k]);
                assert!(close(w, e, 1e-12), "{what} at p = {p}, q = {q}: {w:e} for {e:e}");
                // p^2 - 2 p q + q cancels in f32, in PyTorch too.
                let cancelled = f64::from(f32::EPSILON) / ((p + 1e-12) * (1.0 - p + 1e-12)).powi(2);
                let lost = k == 2 && p > 0.99 && (n - e).abs() <= cancelled;
                assert!(close(n, e, 2e-5) || lost, "{what} at p = {p}, q = {q} in f32: {n:e} for {e:e}");
            }
        }
    }
    // In numbers: the clamped value, and derivatives that are not the clamped value's.
    assert_eq!(cross_entropy::<f64>(0.0, 1.0)[..2], [100.0, -1e12]);
    assert_eq!(cross_entropy::<f64>(1.0, 0.0)[..2], [100.0, 1e12]);
    assert_eq!(cross_entropy::<f32>(1.0, 1.0)[..2], [0.0, 0.0]);
    assert_eq!(cross_entropy::<f64>(1e-50, 1.0)[0], 100.0);
    assert!((cross_entropy::<f64>(1e-13, 1.0)[0] - 29.933_606).abs() < 1e-6);
    // 1 / p would be 1e13.
    assert!(close(cross_entropy::<f64>(1e-13, 1.0)[1], -1e12, 1e-9));
    // The f32 explosion: 1 - p is one rounding step.
    assert!(close(cross_entropy::<f32>(below, 0.0)[1], 2_f64.powi(24), 1e-6));
}
