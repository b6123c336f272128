//! Plain algorithms, relaxed, against AlgoVision in float64 (`expected/*.json`, made by `expected.py`): values, gradients and
//! Hessians in f64 and f32, ragged batches, and the plain functions themselves.

// Conditions of every form.
#![allow(clippy::neg_cmp_op_on_partial_ord, clippy::manual_range_contains)]

mod cases;
mod conditions;
#[path = "../support/cuda/mod.rs"]
mod cuda;
#[path = "../support/expected.rs"]
mod expected;
mod loops;
mod picking;
mod sorting;
mod tables;

use expected::{Sample, assert_close, deviation, wide};
use newton_losses::kernel::Kernel;
use newton_losses::loss::NewtonLoss;

/// Relative, f64; derivatives relative to their largest entry.
const EXACT: f64 = 1e-9;
/// The same for f32: value, gradient, Hessian.
const SINGLE: [f64; 3] = [1e-4, 1e-3, 1e-2];

/// The settings of an algorithm, each with its samples.
fn settings(name: &str) -> Vec<Vec<Sample>> {
    let file = expected::file(&format!("tests/relaxed/expected/{name}.json"));
    file["settings"].as_array().expect("settings").iter().map(expected::samples).collect()
}

/// Everything about one algorithm. `build` reads hyper-parameters, the `label`s (the same text for both element types) and `plain`, the
/// function itself, what they need.
fn check<L, A: Sync, B: Sync>(
    name: &str,
    build: impl Fn(&Sample) -> L,
    label64: impl Fn(&Sample) -> A,
    label32: impl Fn(&Sample) -> B,
    plain: impl Fn(&Sample) -> f32,
) where
    L: NewtonLoss<f64, Label = A> + NewtonLoss<f32, Label = B>,
{
    let settings = settings(name);
    for (which, samples) in settings.iter().enumerate() {
        let loss = build(&samples[0]);
        for (i, sample) in samples.iter().enumerate() {
            let what = |of: &str| format!("{name}, setting {which}, sample {i}, {of}");
            let hard = [f64::from(plain(sample))];
            assert_close(&what("the function itself"), SINGLE[0], &hard, &sample.numbers("plain"));

            let (value, gradient, hessian) =
                (sample.numbers("value"), sample.numbers("gradient"), sample.numbers("hessian"));
            let (y, label) = (sample.numbers("y"), [label64(sample)]);
            let found = loss.gradients(&y, &label).unwrap();
            assert_close(&what("value"), EXACT, &found.values, &value);
            assert_close(&what("gradient"), EXACT, &found.gradients, &gradient);
            assert_close(&what("Hessian"), EXACT, &loss.hessians(&y, &label).unwrap(), &hessian);

            let (y, label) = (sample.prediction32(), [label32(sample)]);
            let found = loss.gradients(&y, &label).unwrap();
            assert_close(&what("value in f32"), SINGLE[0], &wide(&found.values), &value);
            assert_close(&what("gradient in f32"), SINGLE[1], &wide(&found.gradients), &gradient);
            let found = loss.hessians(&y, &label).unwrap();
            assert_close(&what("Hessian in f32"), SINGLE[2], &wide(&found), &hessian);
        }
        ragged(name, &loss, samples, &label64);
    }

    // Negative control: the numbers of another setting are others.
    for pair in settings.windows(2) {
        let (loss, sample) = (build(&pair[1][0]), &pair[0][0]);
        let found = loss.gradients(&sample.numbers("y"), &[label64(sample)]).unwrap();
        assert!(deviation(&found.values, &sample.numbers("value")) > 1e6 * EXACT, "{name}");
    }
}

/// The same as CUDA, on the host, against the CPU's f64.
fn check_cuda<L: Kernel>(name: &str, build: impl Fn(&Sample) -> L, label: impl Fn(&Sample) -> L::Label<f64>) {
    for (which, samples) in settings(name).iter().enumerate() {
        cuda::compare::compare(&format!("{name}, setting {which}"), &build(&samples[0]), |i| {
            let sample = &samples[(i * i + i / 3) % samples.len()];
            (sample.numbers("y"), label(sample))
        });
    }
}

/// Batches whose samples stop and branch differently: bit for bit as if each were alone.
fn ragged<A: Sync>(
    name: &str,
    loss: &impl NewtonLoss<f64, Label = A>,
    samples: &[Sample],
    label: &impl Fn(&Sample) -> A,
) {
    let m = loss.dim();
    let alone: Vec<_> = samples
        .iter()
        .map(|sample| {
            let (y, label) = (sample.numbers("y"), [label(sample)]);
            (loss.gradients(&y, &label).unwrap(), loss.hessians(&y, &label).unwrap())
        })
        .collect();
    for n in [2, 7, 8, 9, 21] {
        let which: Vec<usize> = (0..n).map(|i| (i * i + i / 3 + n) % samples.len()).collect();
        let y: Vec<f64> = which.iter().flat_map(|&k| samples[k].numbers("y")).collect();
        let labels: Vec<A> = which.iter().map(|&k| label(&samples[k])).collect();
        let all = loss.gradients(&y, &labels).unwrap();
        let hessians = loss.hessians(&y, &labels).unwrap();
        for (i, &k) in which.iter().enumerate() {
            let (single, hessian) = &alone[k];
            assert_eq!(all.values[i], single.values[0], "{name}: sample {i} of {n}");
            assert_eq!(all.gradients[i * m..(i + 1) * m], single.gradients, "{name}: sample {i} of {n}");
            assert_eq!(hessians[i * m * m..(i + 1) * m * m], *hessian, "{name}: sample {i} of {n}");
        }
    }
}

/// Negative control: the t-conorms are told apart.
#[test]
fn another_t_conorm_gives_other_numbers() {
    let sample = &settings("fence_hamacher")[0][0];
    let loss = conditions::FenceYager::new(sample.get::<f64>("beta"));
    let found = loss.gradients(&sample.numbers("y"), &[()]).unwrap();
    assert!(deviation(&found.values, &sample.numbers("value")) > 1e6 * EXACT);
}

/// Every expectation is tested.
#[test]
fn nothing_is_left_out() {
    assert_eq!(expected::cases("tests/relaxed/cases.rs"), expected::names("tests/relaxed/expected"));
}
