//! The compiled losses from predictions and labels to z*, against numbers made with the original authors' losses (float64).

mod support;

use newton_losses::loss::NewtonLoss;
use newton_losses::losses::{CauchyOddEven, LogisticOddEven, NeuralSort, SoftSort};
use newton_losses::newton::{Average, Curvature};
use newton_losses::scalar::Float;
use serde_json::Value;
use support::{assert_close, assert_far, cast, json, matrices, numbers, wide};

const N: usize = 5;

/// Relative to the largest entry.
struct Tolerance {
    /// Losses, gradients, Hessians, curvatures.
    derivatives: f64,
    /// Directions and z*: C + lambda I has condition numbers of up to a hundred.
    step: f64,
}

const F64: Tolerance = Tolerance { derivatives: 1e-9, step: 1e-9 };
/// 1 - p cancels seven digits, in the golden numbers too.
const SATURATED: Tolerance = Tolerance { derivatives: 1e-8, step: 5e-8 };
const F32: Tolerance = Tolerance { derivatives: 1e-5, step: 1e-4 };

/// Everything the golden file has for one loss, which `build` makes with a curvature and a lambda.
fn check<T: Float, L: NewtonLoss<T, Label = [[T; N]; N]>>(
    run: &str,
    tolerance: &Tolerance,
    build: impl Fn(Curvature, f64) -> L,
) {
    let golden = json("newton-runtime/tests/golden/newton.json");
    let find = |r: &&Value| r["name"] == run;
    let expected = golden["runs"].as_array().unwrap().iter().find(find).expect("the run is there");
    let at = |key: &str| numbers(&expected[key]);
    let y: Vec<T> = cast(&numbers(&golden["Y"]));
    let mut q: Vec<[[T; N]; N]> = matrices(&at("Q"));
    let loss = build(Curvature::Hessian, 1.0);

    let found = loss.gradients(&y, &q).unwrap();
    assert_close("losses", tolerance.derivatives, &wide(&found.values), &at("losses"));
    assert_close("gradients", tolerance.derivatives, &wide(&found.gradients), &at("grad_per_sample"));
    let hessians = loss.hessians(&y, &q).unwrap();
    assert_close("Hessians", tolerance.derivatives, &wide(&hessians), &at("hessian_per_sample"));
    let mean = loss.mean_hessian(&y, &q).unwrap();
    assert_close("mean Hessian", tolerance.derivatives, &mean, &at("hessian_mean"));
    let diagnostics = loss.diagnose(&y, &q, 100.0).unwrap();
    let eigenvalues = at("hessian_mean_eigvals");
    assert_close("spectrum", tolerance.derivatives, &diagnostics.spectrum, &eigenvalues);
    let fisher = build(Curvature::Fisher, 1.0).batch_curvature(&y, &q).unwrap().unwrap();
    assert_close("Fisher", tolerance.derivatives, &fisher, &at("fisher"));
    let none = build(Curvature::None, 1.0);
    assert!(none.batch_curvature(&y, &q).unwrap().is_none());
    assert_eq!(none.evaluate(&y, &q).unwrap().step.directions, found.gradients);

    for by in expected["by_lambda"].as_array().unwrap() {
        let lambda = by["lam"].as_f64().unwrap();
        let mut both = Vec::new();
        for (curvature, name) in [(Curvature::Hessian, "hessian"), (Curvature::Fisher, "fisher")] {
            let what = |quantity: &str| format!("{run}, {name}, lambda {lambda}: {quantity}");
            let at = |key: &str| numbers(&by[key]);
            let all = build(curvature, lambda).evaluate(&y, &q).unwrap();
            let mean = expected["batch_mean_loss"].as_f64().unwrap();
            assert!((all.mean.to_f64() - mean).abs() <= tolerance.derivatives, "{}", what("batch mean"));
            let z_star = wide(&all.step.z_star);
            assert_close(&what("z*"), tolerance.step, &z_star, &at(&format!("z_star_{name}")));
            let directions = wide(&all.step.directions);
            assert_close(
                &what("direction"),
                tolerance.step,
                &directions,
                &at(&format!("newton_grad_{name}")),
            );
            let losses = at(&format!("newton_loss_{name}_per_sample"));
            assert_close(&what("Newton loss"), tolerance.step, &wide(&all.step.newton_losses), &losses);
            both.push(directions);
        }
        // At lambda = 100 there is next to no curvature left to see.
        if lambda < 100.0 {
            assert_far("fisher for hessian", &both[1], &both[0]);
        }
        let other = build(Curvature::Hessian, 2.0 * lambda).evaluate(&y, &q).unwrap();
        assert_far("another lambda", &wide(&other.step.directions), &both[0]);
    }

    // The labels of their neighbours.
    q.rotate_left(1);
    let wrong = loss.gradients(&y, &q).unwrap();
    assert_far("losses of wrong labels", &wide(&wrong.values), &at("losses"));
    assert_far("gradients of wrong labels", &wide(&wrong.gradients), &at("grad_per_sample"));
}

macro_rules! run {
    ($test:ident, $type:ty, $tolerance:ident, $run:literal, $loss:expr) => {
        #[test]
        fn $test() {
            check::<$type, _>($run, &$tolerance, |c, lambda| $loss.curvature(c).lambda(lambda));
        }
    };
}
run!(neural_sort, f64, F64, "neuralsort_tau1", NeuralSort::<N>::new(1.0));
run!(neural_sort_f32, f32, F32, "neuralsort_tau1", NeuralSort::<N>::new(1.0));
run!(soft_sort, f64, SATURATED, "softsort_tau0.1", SoftSort::<N>::new(0.1));
run!(logistic_odd_even, f64, F64, "dsn_logistic_beta10", LogisticOddEven::<N>::new(10.0));
run!(cauchy_odd_even, f64, F64, "dsn_cauchy_beta10", CauchyOddEven::<N>::new(10.0));
run!(cauchy_odd_even_f32, f32, F32, "dsn_cauchy_beta10", CauchyOddEven::<N>::new(10.0));

/// Where an entry of the relaxed permutation saturates in f32 (as it does in PyTorch) a sample's numbers are others; the
/// rest must be right.
fn check_unsaturated<L: NewtonLoss<f32, Label = [[f32; N]; N]>>(name: &str, loss: &L, samples: &[usize]) {
    let golden = json("newton-runtime/tests/golden/newton.json");
    let find = |r: &&Value| r["name"] == name;
    let run = golden["runs"].as_array().unwrap().iter().find(find).expect("the run is there");
    let y: Vec<f32> = cast(&numbers(&golden["Y"]));
    let q: Vec<[[f32; N]; N]> = matrices(&numbers(&run["Q"]));
    let found = loss.gradients(&y, &q).unwrap();
    let hessians = loss.hessians(&y, &q).unwrap();
    for &i in samples {
        let value = [run["losses"][i].as_f64().unwrap()];
        assert_close("loss", 1e-5, &wide(&found.values[i..=i]), &value);
        let gradient = numbers(&run["grad_per_sample"][i]);
        assert_close("gradient", 1e-4, &wide(&found.gradients[i * N..(i + 1) * N]), &gradient);
        let hessian = numbers(&run["hessian_per_sample"][i]);
        assert_close("Hessian", 1e-2, &wide(&hessians[i * N * N..(i + 1) * N * N]), &hessian);
    }
    // 1 - p is 0 where it should be 1e-9 or 1e-10: the logarithm is clamped, at -100.
    let saturated = f64::from(found.values[3]) - run["losses"][3].as_f64().unwrap();
    assert!((saturated - 3.1).abs() < 0.1, "sample 3 is off by {saturated}");
}

#[test]
fn soft_sort_f32() {
    check_unsaturated("softsort_tau0.1", &SoftSort::<N>::new(0.1), &[0, 2, 4, 5]);
}

#[test]
fn logistic_odd_even_f32() {
    check_unsaturated("dsn_logistic_beta10", &LogisticOddEven::<N>::new(10.0), &[2, 4, 5]);
}

/// One matrix per sample is another step than one for the batch; for a batch of one it is the same.
#[test]
fn averages_over_the_batch_unless_told() {
    let golden = json("newton-runtime/tests/golden/newton.json");
    let y = numbers(&golden["Y"]);
    let q: Vec<[[f64; N]; N]> = matrices(&numbers(&golden["runs"][0]["Q"]));
    for curvature in [Curvature::Hessian, Curvature::Fisher] {
        let batch = NeuralSort::<N>::new(1.0).curvature(curvature).lambda(0.1);
        let sample = batch.clone().average(Average::Sample);
        let (a, b) = (batch.z_star(&y, &q).unwrap(), sample.z_star(&y, &q).unwrap());
        assert_far("average over the batch", &b, &a);
        for i in 0..q.len() {
            let one = batch.z_star(&y[i * N..(i + 1) * N], &q[i..=i]).unwrap();
            assert_close("batch of one", 1e-12, &b[i * N..(i + 1) * N], &one);
        }
    }
}
