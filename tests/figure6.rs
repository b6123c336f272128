//! Figure 6 of the paper: gradients along a sweep of one score. In f64 they are tame; in f32, with PyTorch's cross-entropy,
//! they explode where an entry of the relaxed permutation saturates, and the stable losses do not.

mod support;

use newton_losses::loss::NewtonLoss;
use newton_losses::losses::{LOGISTIC, LogisticOddEven, NeuralSort, ascending, descending, stable};
use newton_losses::scalar::Float;
use serde_json::Value;
use support::{cast, deviation, json, largest, numbers, wide};

const N: usize = 5;
/// No f64 gradient of the figure is larger.
const TAME: f64 = 2.0;
/// What counts as an explosion in f32: the figure's go to thousands.
const EXPLODED: f64 = 100.0;

/// One curve: the scores of its points, and the gradients expected there.
struct Sweep {
    title: String,
    algorithm: String,
    parameter: f64,
    targets: [f64; N],
    scores: Vec<f64>,
    f64: Vec<f64>,
    f32: Vec<f64>,
}

fn sweeps() -> Vec<Sweep> {
    let read = |s: &Value| {
        let base = numbers(&s["base"]);
        let points = numbers(&s["x1"]);
        Sweep {
            title: format!("{} {} {base:?}", s["algorithm"], s["order"]),
            algorithm: s["algorithm"].as_str().unwrap().to_owned(),
            parameter: s["param"].as_f64().unwrap(),
            targets: numbers(&s["targets"]).try_into().unwrap(),
            scores: points.iter().flat_map(|&x1| [base[0], x1, base[2], base[3], base[4]]).collect(),
            f64: numbers(&s["grad_f64"]),
            f32: numbers(&s["grad_f32"]),
        }
    };
    let sweeps: Vec<Sweep> =
        json("tests/golden/fig6_sweep.json")["sweeps"].as_array().unwrap().iter().map(read).collect();
    // Two losses, two orders, two spreads.
    assert_eq!(sweeps.len(), 8);
    sweeps
}

fn gradients<T: Float, L: NewtonLoss<T, Label = [[T; N]; N]>>(
    loss: L,
    scores: &[f64],
    q: [[T; N]; N],
) -> Vec<f64> {
    let labels = vec![q; scores.len() / N];
    wide(&loss.gradients(&cast(scores), &labels).unwrap().gradients)
}

fn of_paper<T: Float>(sweep: &Sweep) -> Vec<f64> {
    match &*sweep.algorithm {
        "NeuralSort" => gradients(
            NeuralSort::<N>::new(sweep.parameter),
            &sweep.scores,
            descending::<T, N>(&sweep.targets),
        ),
        "LogisticDSN_odd_even" => gradients(
            LogisticOddEven::<N>::new(sweep.parameter),
            &sweep.scores,
            ascending::<T, N>(&sweep.targets),
        ),
        other => panic!("unknown algorithm {other}"),
    }
}

fn stable<T: Float>(sweep: &Sweep) -> Vec<f64> {
    if sweep.algorithm == "NeuralSort" {
        let loss = stable::NeuralSort::<N>::new(sweep.parameter);
        gradients(loss, &sweep.scores, descending::<T, N>(&sweep.targets))
    } else {
        let loss = stable::OddEven::<N, LOGISTIC>::new(sweep.parameter);
        gradients(loss, &sweep.scores, ascending::<T, N>(&sweep.targets))
    }
}

/// Largest deviation of a point's gradient, relative to the largest entry of that point.
fn worst_point(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.chunks(N).zip(expected.chunks(N)).map(|(a, b)| deviation(a, b)).fold(0.0, f64::max)
}

#[test]
fn f64_gradients_are_the_golden_ones() {
    for sweep in sweeps() {
        let found = of_paper::<f64>(&sweep);
        let off = worst_point(&found, &sweep.f64);
        println!("{}: off by {off:.1e}, largest {:.2}", sweep.title, largest(&found));
        let tolerance = if sweep.algorithm == "NeuralSort" { 1e-3 } else { 1e-6 };
        assert!(off <= tolerance, "{}: off by {off:e}", sweep.title);
        assert!(largest(&found) < TAME, "{}", sweep.title);

        let shifted: Vec<f64> = found[N..].iter().chain(&found[..N]).copied().collect();
        assert!(worst_point(&shifted, &sweep.f64) > 1e-2, "{}: the next point passes", sweep.title);
    }
}

#[test]
fn f32_gradients_explode_where_they_should() {
    let mut exploded = 0;
    for sweep in sweeps() {
        let (found, expected) = (of_paper::<f32>(&sweep), &sweep.f32);
        let points = |all: &[f64]| all.chunks(N).filter(|g| largest(g) > EXPLODED).count();
        let (ours, theirs) = (largest(&found), largest(expected));
        println!(
            "{}: largest {ours:.3e}, golden {theirs:.3e}; {} and {} points exploded",
            sweep.title,
            points(&found),
            points(expected)
        );
        if theirs > EXPLODED {
            exploded += 1;
            let ratio = ours / theirs;
            assert!((0.1..=10.0).contains(&ratio), "{}: {ours:e} for {theirs:e}", sweep.title);
            let ratio = points(&found) as f64 / points(expected) as f64;
            assert!((0.5..=2.0).contains(&ratio), "{}: {ratio} times as many points", sweep.title);
        } else {
            assert!(theirs < TAME && ours < TAME, "{}: {ours} for {theirs}", sweep.title);
        }
    }
    // NeuralSort at the large spread, the network at both.
    assert_eq!(exploded, 6);
}

#[test]
fn stable_losses_do_not_explode_in_f32() {
    for sweep in sweeps() {
        let (narrow, wide) = (stable::<f32>(&sweep), stable::<f64>(&sweep));
        let off = worst_point(&narrow, &wide);
        let (ours, theirs) = (largest(&narrow), largest(&sweep.f32));
        println!("{}: largest {ours:.3}, in f64 {:.3}, off by {off:.1e}", sweep.title, largest(&wide));
        // A network's 1 - alpha still rounds in f32, so its gradients are tame but not accurate.
        let (tame, accurate) = if sweep.algorithm == "NeuralSort" { (TAME, 1e-3) } else { (4.0, f64::MAX) };
        assert!(ours < tame, "{}: {ours}", sweep.title);
        assert!(off < accurate, "{}: f32 is off by {off:e}", sweep.title);
        assert!(theirs < EXPLODED || theirs > 100.0 * ours, "{}: {ours} for {theirs}", sweep.title);
    }
}
