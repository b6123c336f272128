//! Losses of black boxes on a device count steps as on the CPU, and name what goes wrong as it does.
#![cfg(feature = "cuda")]

mod cuda_support;

use cuda_support::{apart, evaluate, gpu, look, train, wide};
use newton_runtime::Error;
use newton_runtime::algorithms::DijkstraError;
use newton_runtime::cuda::algorithms::shortest_paths;
use newton_runtime::cuda::smoothing::{DeviceEstimator, DeviceRound};
use newton_runtime::cuda::{DeviceEvaluation, DeviceHessians, Gpu, Want};
use newton_runtime::error::Quantity;
use newton_runtime::loss::NewtonLoss;
use newton_runtime::newton::Newton;
use newton_runtime::smoothing::*;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};

type Path = [[f32; 3]; 2];
const LABELS: [Path; 2] = [[[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]; 2];
const COSTS: [f32; 12] = [1.0, 2.0, 3.0, 2.0, 1.0, 1.5, 0.3, 0.2, 0.5, 0.4, 0.2, 0.1];

fn optimizer() -> Smoothed<GridPaths<f32, Path>, OfOptimizer> {
    let paths = GridPaths::new(2, 3).unwrap();
    let smoothing = Smoothing::new(Noise::gaussian(0.5, 40));
    Smoothed::of(paths, smoothing, OfOptimizer::default()).newton(Newton::hessian(1.0))
}

#[test]
fn steps_are_counted_as_on_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let (device, host) = (optimizer(), optimizer());
    for step in 0..3 {
        assert_eq!(device.smoothing().step(), step);
        let seen = evaluate(&gpu, &device, &COSTS, &LABELS, look(Want::Gradients)).unwrap();
        assert_eq!(device.smoothing().step(), step);
        let found = evaluate(&gpu, &device, &COSTS, &LABELS, train(Want::MeanHessian)).unwrap();
        assert_eq!(found.gradients, seen.gradients);
        let expected = host.evaluate(&COSTS, &LABELS).unwrap();
        assert!(apart(&found.gradients, &wide(&expected.gradients)) < 1e-6);
        // A control: the next step's noise gives something else.
        let next = evaluate(&gpu, &device, &COSTS, &LABELS, look(Want::Gradients)).unwrap();
        assert!(apart(&next.gradients, &found.gradients) > 1e-3);
    }
}

#[test]
fn steps_that_fail_are_made_again() {
    let Some(gpu) = gpu() else { return };
    let loss = optimizer();
    loss.smoothing().set_step(7);
    // Out of reach, which is seen on the device.
    let costs = COSTS.map(|_| 1e10);
    let error = evaluate(&gpu, &loss, &costs, &LABELS, train(Want::Gradients)).unwrap_err();
    assert_eq!(error, loss.evaluate(&costs, &LABELS).unwrap_err());
    assert_eq!(loss.smoothing().step(), 7);
    // A batch that nobody asks about is made.
    let costs = gpu.upload(&COSTS).unwrap();
    let begin = || loss.on_device(&gpu, costs.slice(), &LABELS, train(Want::Gradients)).unwrap().unwrap();
    drop(begin());
    assert_eq!(loss.smoothing().step(), 8);
    // What is made of it fails: it is made again, unless another step has begun meanwhile.
    let (first, second) = (begin(), begin());
    (first.abandon.unwrap())();
    assert_eq!(loss.smoothing().step(), 10);
    (second.check)(&gpu).unwrap();
    assert_eq!(loss.smoothing().step(), 10);
    (second.abandon.unwrap())();
    assert_eq!(loss.smoothing().step(), 9);
    // So does a curvature that cannot be inverted.
    let flat = optimizer().newton(Newton::fisher(0.0));
    let error = DeviceEvaluation::of(&flat, &gpu, costs.slice(), &LABELS).unwrap().unwrap().check(&gpu);
    assert!(matches!(error, Err(Error::Singular { .. })), "{error:?}");
    assert!(matches!(flat.evaluate(&COSTS, &LABELS), Err(Error::Singular { .. })));
    assert_eq!(flat.smoothing().step(), 0);
    // What the black box itself says.
    let fails = AtomicBool::new(true);
    let moody = |y: &[f64], _: &()| if fails.load(Ordering::Relaxed) { Err("no") } else { Ok(y[0].round()) };
    let loss = SmoothedLoss::new(1, Noise::gaussian(1.0, 10), moody);
    assert!(evaluate(&gpu, &loss, &[0.3], &[()], train(Want::Gradients)).is_err());
    assert_eq!(loss.smoothing().step(), 0);
    fails.store(false, Ordering::Relaxed);
    assert!(evaluate(&gpu, &loss, &[0.3], &[()], train(Want::Gradients)).is_ok());
    assert_eq!(loss.smoothing().step(), 1);
}

/// The errors of both, in words: a NaN is not itself.
fn both<L: NewtonLoss<f32>>(gpu: &Gpu, loss: &L, y: &[f32], labels: &[L::Label], want: Want) -> [String; 2] {
    let host = match want {
        Want::Values | Want::Gradients => loss.gradients(y, labels).map(drop),
        Want::MeanHessian => loss.mean_hessian(y, labels).map(drop),
        Want::Hessians => loss.hessians(y, labels).map(drop),
    };
    let device = evaluate(gpu, loss, y, labels, look(want)).map(drop);
    [device, host].map(|result| format!("{:?}", result.expect_err("something is wrong")))
}

#[track_caller]
fn named<L: NewtonLoss<f32>>(gpu: &Gpu, loss: &L, y: &[f32], labels: &[L::Label], want: Want, part: &str) {
    let [device, host] = both(gpu, loss, y, labels, want);
    assert_eq!(device, host);
    assert!(host.contains(part), "{host}");
}

#[test]
fn failures_are_named_alike() {
    let Some(gpu) = gpu() else { return };
    let loss = optimizer();
    let wrong = |at: usize, x: f32| {
        let mut costs = COSTS;
        costs[at] = x;
        costs
    };
    named(&gpu, &loss, &wrong(8, f32::NAN), &LABELS, Want::Gradients, "Prediction, sample: 1, entry: 2");
    named(&gpu, &loss, &wrong(3, f32::INFINITY), &LABELS, Want::Hessians, "Prediction, sample: 0, entry: 3");
    let far = "sample: Some(1), perturbation: Some(0)";
    named(&gpu, &loss, &wrong(11, 2e10), &LABELS, Want::MeanHessian, far);
    named(&gpu, &loss, &COSTS[..7], &LABELS, Want::Gradients, "Mismatch");
    named(&gpu, &loss, &[], &[], Want::Gradients, "EmptyBatch");
    let mut labels = LABELS;
    labels[1][1][0] = f32::NAN;
    named(&gpu, &loss, &COSTS, &labels, Want::Gradients, "Label, sample: 1, entry: 3");
    // Of two, what comes first.
    named(&gpu, &loss, &wrong(0, f32::NAN), &labels, Want::Gradients, "Prediction");
    named(&gpu, &loss, &wrong(11, 2e10), &labels, Want::Gradients, far);
    // What was evaluated at the argument itself.
    let whole = Smoothed::of(
        squared(GridPaths::<f32, Path>::new(2, 3).unwrap()),
        Smoothing::new(Noise::gaussian(1e9, 2)),
        OfLoss,
    );
    let found = both(&gpu, &whole, &wrong(11, 2e10), &LABELS, Want::Gradients);
    assert_eq!(found[0], found[1]);
    named(&gpu, &whole, &COSTS, &labels, Want::Gradients, "label of sample 1 is not finite");
    let short = SmoothedAlgorithm::new(
        1,
        Noise::gaussian(1.0, 2),
        |y: &[f32], _: &Vec<f32>| [y[0]; 2],
        MeanSquaredError::new(2),
    );
    named(&gpu, &short, &[0.5], &[vec![1.0]], Want::Gradients, "Target");
    named(&gpu, &short, &[0.5], &[vec![1.0, 1.0]], Want::Hessians, "HessianOfAlgorithm");
    let even = Noise { antithetic: true, ..Noise::gaussian(1.0, 3) };
    let odd = optimizer().smoothed_by(Smoothing::new(even));
    named(&gpu, &odd, &COSTS, &LABELS, Want::Gradients, "an even number");
}

#[test]
fn so_are_those_of_functions_on_the_host() {
    let Some(gpu) = gpu() else { return };
    let (y, labels) = ([0.1_f32, 0.2, 0.3], [0_u8, 1, 2]);
    let noise = || Noise::gaussian(1.0, 5);
    let says = |y: &[f32], l: &u8| if *l == 2 { Err(format!("no {}", y.len())) } else { Ok(y[0]) };
    named(&gpu, &SmoothedLoss::new(1, noise(), says), &y, &labels, Want::Gradients, "Failed(\"no 1\")");
    let panics = |y: &[f32], l: &u8| [y[0]][usize::from(*l)];
    named(&gpu, &SmoothedLoss::new(1, noise(), panics), &y, &labels, Want::Gradients, "Panicked");
    let infinite = |_: &[f32], l: &u8| if *l == 1 { f32::INFINITY } else { 0.0 };
    named(
        &gpu,
        &SmoothedLoss::new(1, noise(), infinite),
        &y,
        &labels,
        Want::Gradients,
        "NonFinite { entry: 0",
    );
    let many = |y: &[f32], l: &u8| vec![y[0]; 1 + usize::from(*l)];
    named(&gpu, &SmoothedLoss::new(1, noise(), many), &y, &labels, Want::Gradients, "Length { found: 2");
    // It is not asked about what is no number.
    let asked = AtomicBool::new(false);
    let ask = |y: &[f32], _: &u8| {
        asked.store(true, Ordering::Relaxed);
        y[0]
    };
    let loss = SmoothedLoss::new(1, noise(), ask);
    named(&gpu, &loss, &[0.1, f32::NAN, 0.3], &labels, Want::Gradients, "Prediction, sample: 1");
    assert!(!asked.into_inner());
}

#[test]
fn so_are_estimates_that_are_not_finite() {
    let Some(gpu) = gpu() else { return };
    let (y, labels) = ([0.1_f32, 0.2, 0.3, 0.4], [(), ()]);
    let huge = |y: &[f32], _: &()| y[0].signum() * 1e30;
    let of = |sigma| {
        let smoothing = Smoothing::new(Noise::gaussian(sigma, 5)).covariate(Covariate::None);
        SmoothedLoss::new(2, Noise::gaussian(1.0, 1), huge).smoothed_by(smoothing)
    };
    named(&gpu, &of(1e-20), &y, &labels, Want::Gradients, "Gradient, sample: 0, entry: 0");
    named(&gpu, &of(1e-7), &y, &labels, Want::Hessians, "Hessian, sample: 0, entry: 0");
    let [device, host] = both(&gpu, &of(1e-160), &y, &labels, Want::MeanHessian);
    // The mean Hessian is computed after the gradient, which is not finite either.
    assert!(device.contains("Gradient") && host.contains("NonFiniteMean"), "{device} {host}");
    let wide = |y: &[f64], _: &()| y[0].signum() * 1e3;
    let loss = SmoothedLoss::new(2, Noise::gaussian(1e-154, 5), wide);
    let y = [1.0, 2.0, -0.1, 0.4];
    let flat = |y: &[f64]| evaluate(&gpu, &loss, y, &labels, look(Want::MeanHessian));
    assert!(flat(&y).is_ok(), "nothing changes within the noise");
    let error = flat(&[0.0, 2.0, -0.1, 0.4]).unwrap_err();
    assert!(matches!(error, Error::NonFiniteMean { quantity: Quantity::Hessian, entry: 0, .. }), "{error}");
}

#[test]
fn mean_squared_errors() {
    let Some(gpu) = gpu() else { return };
    let loss = MeanSquaredError::<[f64; 3]>::new(3);
    let (y, labels) = ([0.1, 0.2, 0.3, 4.0, -5.0, 6.0], [[1.0, 0.0, 0.5], [0.0; 3]]);
    let expected = loss.gradients(&y, &labels).unwrap();
    let found = evaluate(&gpu, &loss, &y, &labels, look(Want::Hessians)).unwrap();
    assert!(apart(&found.values, &expected.values) < 1e-15);
    assert!(apart(&found.gradients, &expected.gradients) < 1e-15);
    assert_eq!(found.hessians, loss.hessians(&y, &labels).unwrap());
    let found = evaluate(&gpu, &loss, &y, &labels, look(Want::MeanHessian)).unwrap();
    assert_eq!(found.hessians, NewtonLoss::<f64>::mean_hessian(&loss, &y, &labels).unwrap());
    let narrow = MeanSquaredError::<[f32; 2]>::new(2);
    named(
        &gpu,
        &narrow,
        &[0.0, 1.0, 2.0, f32::NAN],
        &[[0.0; 2]; 2],
        Want::Gradients,
        "Prediction, sample: 1, entry: 1",
    );
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(all) => all.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().expect("a number")],
    }
}

/// Numbers from the papers' formulas around Dijkstra's algorithm, with their noise.
#[test]
fn goldens() {
    let Some(gpu) = gpu() else { return };
    let golden: Value = serde_json::from_str(include_str!("golden/shortest_path_smoothing.json")).unwrap();
    let golden = &golden["smoothing"];
    let n = golden["n"].as_u64().unwrap() as usize;
    let noise = Noise::gaussian(golden["sigma"].as_f64().unwrap(), golden["S"].as_u64().unwrap() as usize);
    let (drawn, costs, label) = (numbers(&golden["Z"]), numbers(&golden["y"]), numbers(&golden["label"]));
    let moved = drawn.chunks(n * n).flat_map(|z| costs.iter().zip(z).map(|(c, z)| c + noise.scale * z));
    let arguments: Vec<f64> = moved.chain(costs.iter().copied()).collect();
    let arguments = gpu.upload(&arguments).unwrap();
    let mut paths = gpu.dirty::<f64>(arguments.len()).unwrap();
    let failure = shortest_paths(&gpu, n, n, arguments.slice(), paths.slice_mut()).unwrap();
    assert_eq!(failure.check(&gpu).unwrap(), Ok::<(), DijkstraError>(()));
    let found = gpu.download(paths.slice()).unwrap();
    let expected = [numbers(&golden["paths_perturbed"]), numbers(&golden["path_unperturbed"])].concat();
    assert_eq!(found, expected);

    let predictions = gpu.upload(&costs).unwrap();
    let round = |covariate, results: &[f64], outputs| {
        let (drawn, results) = (gpu.upload(&drawn).unwrap(), gpu.upload(results).unwrap());
        DeviceRound::of_results(
            &gpu,
            &noise,
            covariate,
            (predictions.slice(), n * n),
            drawn,
            (results, outputs),
        )
        .unwrap()
    };
    let near = |what: &str, found: &[f64], expected: &Value| {
        let off = apart(found, &numbers(expected));
        assert!(off < 1e-12, "{what}: off by {off:e}");
    };
    let symmetric = |value: &Value| {
        let (h, m) = (numbers(value), n * n);
        Value::from((0..m * m).map(|i| 0.5 * (h[i] + h[i % m * m + i / m])).collect::<Vec<f64>>())
    };
    let mean = |hessians| match hessians {
        Some(DeviceHessians::Mean(mean)) => gpu.download(mean.slice()).unwrap(),
        other => panic!("{other:?}"),
    };
    let error = |path: &[f64]| {
        path.iter().zip(&label).map(|(w, q)| (w - q) * (w - q)).sum::<f64>() / label.len() as f64
    };
    let errors: Vec<f64> = found.chunks(n * n).map(error).collect();
    for (covariate, gradient, hessian) in [
        (Covariate::None, "grad_plain", Some("hess_plain")),
        (Covariate::Unperturbed, "grad_cov", Some("hess_cov")),
        (Covariate::LeaveOneOut, "grad_loo", None),
    ] {
        let all = OfLoss.enqueue(&round(covariate, &errors, 1), &[()], Want::MeanHessian).unwrap();
        let expected = &golden["ss_of_loss"];
        near(gradient, &gpu.download(all.gradients.slice()).unwrap(), &expected[gradient]);
        if let Some(hessian) = hessian {
            near(hessian, &mean(all.hessians), &expected[hessian]);
        }
    }
    let expected = &golden["ss_of_algorithm"];
    let labels = [label.clone()];
    for (covariate, gradient) in [(Covariate::None, "grad_plain"), (Covariate::Unperturbed, "grad_cov")] {
        let of = OfAlgorithm { loss: MeanSquaredError::new(n * n) };
        let all = of.enqueue(&round(covariate, &found, n * n), &labels, Want::Gradients).unwrap();
        near(gradient, &gpu.download(all.gradients.slice()).unwrap(), &expected[gradient]);
        near("mse", &gpu.download(all.values.slice()).unwrap(), &expected["mse"]);
    }
    let expected = &golden["fenchel_young"];
    for (covariate, hessian) in [(Covariate::None, "hess_plain"), (Covariate::Unperturbed, "hess_cov")] {
        let of = OfOptimizer::default();
        let all = of.enqueue(&round(covariate, &found, n * n), &labels, Want::MeanHessian).unwrap();
        near("gradient", &gpu.download(all.gradients.slice()).unwrap(), &expected["grad"]);
        near(hessian, &mean(all.hessians), &symmetric(&expected[hessian]));
    }
}
