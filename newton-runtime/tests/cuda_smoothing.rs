//! Losses of black boxes on a device are the CPU's, for the same noise.
#![cfg(feature = "cuda")]

mod cuda_support;

use cuda_support::{apart, evaluate, gpu, look, wide};
use newton_runtime::Error;
use newton_runtime::cuda::{Gpu, Want};
use newton_runtime::loss::NewtonLoss;
use newton_runtime::newton::Newton;
use newton_runtime::scalar::Float;
use newton_runtime::smoothing::*;

/// Everything that a loss gives, against the CPU.
#[track_caller]
fn alike<T: Float, L: NewtonLoss<T>>(
    gpu: &Gpu,
    loss: &L,
    predictions: &[T],
    labels: &[L::Label],
    hessian: bool,
    what: &str,
) {
    let within = if size_of::<T>() == 4 { 2e-6 } else { 1e-13 };
    let expected = loss.gradients(predictions, labels).unwrap();
    let (values, gradients) = (wide(&expected.values), wide(&expected.gradients));
    let check = |name: &str, found: &[f64], expected: &[f64]| {
        let off = apart(found, expected);
        assert!(off < within, "{what}, {name}: off by {off:e}\n{found:?}\n{expected:?}");
        // A control: one number that is a little off would have been seen.
        let mut wrong = found.to_vec();
        let largest = wrong.iter_mut().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
        *largest *= 1.0 + 4.0 * within;
        assert!(*largest == 0.0 || apart(&wrong, expected) > within, "{what}, {name}");
    };
    for want in [Want::Values, Want::Gradients, Want::MeanHessian, Want::Hessians] {
        if !hessian && matches!(want, Want::MeanHessian | Want::Hessians) {
            continue;
        }
        let found = evaluate(gpu, loss, predictions, labels, look(want)).unwrap();
        check("values", &found.values, &values);
        match want {
            Want::Values => assert!(found.gradients.is_empty()),
            _ => check("gradients", &found.gradients, &gradients),
        }
        match want {
            Want::MeanHessian => {
                let mean = loss.mean_hessian(predictions, labels).unwrap();
                check("mean Hessian", &found.hessians, &mean);
            }
            Want::Hessians => {
                let all = wide(&loss.hessians(predictions, labels).unwrap());
                check("Hessians", &found.hessians, &all);
            }
            _ => assert!(found.hessians.is_empty()),
        }
        // Sums have one order.
        assert_eq!(evaluate(gpu, loss, predictions, labels, look(want)).unwrap(), found, "{what}");
    }
}

const DIM: usize = 3;
const BATCH: [f64; 15] = [0.4, -0.1, 0.3, 1.0, 0.2, -0.5, 0.0, 0.1, 2.0, -1.0, 0.5, 0.6, 0.3, 0.2, 0.1];

/// Not differentiable: how often two numbers are in the wrong order, and how far a rounded sum is off.
fn misorder(y: &[f64], label: &f64) -> f64 {
    let pairs = (0..DIM).flat_map(|i| (0..i).map(move |j| (j, i)));
    pairs.filter(|(j, i)| y[*j] < y[*i]).count() as f64 + (y.iter().sum::<f64>().round() - label).abs()
}

fn ranks(y: &[f64], _: &[f64; DIM]) -> [usize; DIM] {
    [0, 1, 2].map(|i| y.iter().filter(|other| **other > y[i]).count())
}

fn cheapest(y: &[f64], _: &[f64; DIM]) -> [bool; DIM] {
    let least = (0..DIM).min_by(|a, b| y[*a].total_cmp(&y[*b])).unwrap();
    std::array::from_fn(|i| i == least)
}

/// Noise of every kind.
fn kinds(samples: usize) -> impl Iterator<Item = Smoothing> {
    let all = Covariate::ALL.into_iter().flat_map(|covariate| {
        Sampling::ALL
            .into_iter()
            .flat_map(move |sampling| [false, true].map(|antithetic| (covariate, sampling, antithetic)))
    });
    all.enumerate().map(move |(i, (covariate, sampling, antithetic))| {
        // The four that have Hessians, in turn.
        let distribution = Distribution::ALL[i % 4];
        let samples = if antithetic { 2 * samples } else { samples };
        let noise = Noise { distribution, sampling, antithetic, seed: 3, ..Noise::gaussian(0.6, samples) };
        Smoothing::new(noise).covariate(covariate).at_step(9)
    })
}

fn name(smoothing: &Smoothing) -> String {
    format!("{:?} {:?}", smoothing.noise, smoothing.covariate)
}

#[test]
fn losses() {
    let Some(gpu) = gpu() else { return };
    let labels = [1.0, 0.0, 2.0, 1.0, 1.0];
    for smoothing in kinds(27) {
        let what = name(&smoothing);
        let loss = SmoothedLoss::new(DIM, Noise::gaussian(1.0, 1), misorder).smoothed_by(smoothing);
        alike(&gpu, &loss, &BATCH, &labels, true, &what);
    }
    for distribution in [Distribution::Laplace, Distribution::Triangular] {
        let noise = Noise { distribution, ..Noise::gaussian(0.6, 20) };
        let loss = SmoothedLoss::new(DIM, noise, misorder);
        alike(&gpu, &loss, &BATCH, &labels, false, distribution.name());
        let error = evaluate(&gpu, &loss, &BATCH, &labels, look(Want::MeanHessian)).unwrap_err();
        assert_eq!(error, loss.mean_hessian(&BATCH, &labels).unwrap_err());
    }
}

#[test]
fn algorithms() {
    let Some(gpu) = gpu() else { return };
    let labels = [[0.0, 1.0, 2.0], [1.0, 0.0, 2.0], [2.0, 1.0, 0.5], [0.0, 0.0, 0.0], [1.0, 2.0, 0.0]];
    for smoothing in kinds(27) {
        let what = name(&smoothing);
        let loss = SmoothedAlgorithm::new(DIM, Noise::gaussian(1.0, 1), ranks, MeanSquaredError::new(DIM));
        alike(&gpu, &loss.smoothed_by(smoothing), &BATCH, &labels, false, &what);
    }
    let loss = SmoothedAlgorithm::new(DIM, Noise::gaussian(0.5, 9), ranks, MeanSquaredError::new(DIM));
    for want in [Want::MeanHessian, Want::Hessians] {
        let error = evaluate(&gpu, &loss, &BATCH, &labels, look(want)).unwrap_err();
        assert_eq!(error, SmoothingError::HessianOfAlgorithm.into());
    }
    // A loss that has no form for devices is taken on the host.
    let loss = SmoothedAlgorithm::new(DIM, Noise::gaussian(0.5, 9), ranks, Halved);
    alike(&gpu, &loss, &BATCH, &labels, false, "a loss by hand");
}

/// `1/2 ||y - w||^2`, by hand.
struct Halved;

impl NewtonLoss<f64> for Halved {
    type Label = [f64; DIM];

    fn dim(&self) -> usize {
        DIM
    }

    fn newton(&self) -> Newton {
        Newton::none()
    }

    fn gradients(&self, y: &[f64], w: &[[f64; DIM]]) -> Result<newton_runtime::loss::Gradients<f64>, Error> {
        let gradients: Vec<f64> = y.iter().zip(w.as_flattened()).map(|(y, w)| y - w).collect();
        let values = gradients.chunks(DIM).map(|g| 0.5 * g.iter().map(|g| g * g).sum::<f64>()).collect();
        Ok(newton_runtime::loss::Gradients { values, gradients })
    }
}

#[test]
fn optimizers() {
    let Some(gpu) = gpu() else { return };
    let labels = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.5, 0.0, 0.5]];
    for smoothing in kinds(27) {
        let what = name(&smoothing);
        let loss = PerturbedOptimizer::new(DIM, Noise::gaussian(1.0, 1), cheapest).smoothed_by(smoothing);
        alike(&gpu, &loss, &BATCH, &labels, true, &what);
        alike(&gpu, &loss.maximizing(), &BATCH, &labels, true, &what);
    }
    for distribution in [Distribution::Laplace, Distribution::Triangular] {
        let noise = Noise { distribution, ..Noise::gaussian(0.6, 20) };
        let loss = PerturbedOptimizer::new(DIM, noise, cheapest);
        alike(&gpu, &loss, &BATCH, &labels, true, distribution.name());
    }
}

/// Sizes that fill no tile, and some that fill many; more rows than one sum takes.
#[test]
fn sizes() {
    let Some(gpu) = gpu() else { return };
    for (dim, samples, perturbations) in [(1, 1, 2), (1, 3, 700), (33, 2, 5), (70, 3, 40), (32, 1, 300)] {
        let y: Vec<f64> = (0..samples * dim).map(|i| (i * 7 % 11) as f64 / 11.0).collect();
        let order = move |y: &[f64], _: &Vec<f64>| {
            (0..dim).map(|i| y.iter().filter(|other| **other < y[i]).count()).collect::<Vec<_>>()
        };
        let sum = |y: &[f64], label: &Vec<f64>| {
            y.iter().zip(label).map(|(y, w)| (y.round() - w).abs()).sum::<f64>()
        };
        let labels: Vec<Vec<f64>> = vec![(0..dim).map(|i| (i % 3) as f64).collect(); samples];
        let noise = Noise::gaussian(0.5, perturbations);
        let what = format!("{dim} {samples} {perturbations}");
        alike(&gpu, &SmoothedLoss::new(dim, noise.clone(), sum), &y, &labels, true, &what);
        let algorithm = SmoothedAlgorithm::new(dim, noise.clone(), order, MeanSquaredError::new(dim));
        alike(&gpu, &algorithm, &y, &labels, false, &what);
        alike(&gpu, &PerturbedOptimizer::new(dim, noise, order), &y, &labels, true, &what);
    }
}

const ROWS: usize = 4;
const COLUMNS: usize = 5;
type Path = [[f32; COLUMNS]; ROWS];

fn terrain<T: Float>(samples: usize) -> Vec<T> {
    let cost = |i: usize| [0.8, 1.2, 5.3, 7.7, 0.2][(i * i + 3 * i) % 11 % 5];
    (0..samples * ROWS * COLUMNS).map(|i| T::from_f64(cost(i))).collect()
}

fn paths(samples: usize) -> Vec<Path> {
    let mut path = [[0.0; COLUMNS]; ROWS];
    (0..ROWS).for_each(|i| path[i][i] = 1.0);
    path[ROWS - 1][COLUMNS - 1] = 1.0;
    vec![path; samples]
}

fn grid<T: Float>() -> GridPaths<T, Path> {
    GridPaths::new(ROWS, COLUMNS).unwrap()
}

/// Shortest paths, which are found on the device.
#[test]
fn shortest_paths() {
    let Some(gpu) = gpu() else { return };
    let labels = paths(5);
    for covariate in Covariate::ALL {
        let smoothing = || Smoothing::new(Noise::gaussian(0.3, 30)).covariate(covariate).at_step(2);
        let what = covariate.name();
        let cells = ROWS * COLUMNS;
        let loss = Smoothed::of(squared(grid::<f32>()), smoothing(), OfLoss);
        alike(&gpu, &loss, &terrain::<f32>(5), &labels, true, what);
        let algorithm = OfAlgorithm { loss: MeanSquaredError::new(cells) };
        let loss = Smoothed::of(grid::<f32>(), smoothing(), algorithm);
        alike(&gpu, &loss, &terrain::<f32>(5), &labels, false, what);
        let loss = Smoothed::of(grid::<f32>(), smoothing(), OfOptimizer::default());
        alike(&gpu, &loss, &terrain::<f32>(5), &labels, true, what);
        let loss = Smoothed::of(grid::<f64>(), smoothing(), OfOptimizer::default());
        alike(&gpu, &loss, &terrain::<f64>(5), &labels, true, what);
    }
    // What is known to be a mean squared error is one.
    let error = |path: &[f32], label: &Path| {
        let off = path.iter().zip(label.as_flattened()).map(|(p, w)| (p - w) * (p - w));
        off.sum::<f32>() / (ROWS * COLUMNS) as f32
    };
    let smoothing = Smoothing::new(Noise::gaussian(0.3, 30));
    let known = Smoothed::of(squared(grid::<f32>()), smoothing.clone(), OfLoss);
    let closure = Smoothed::of(compared(grid::<f32>(), error), smoothing, OfLoss);
    let all = known.gradients(&terrain(5), &labels).unwrap();
    assert_eq!(all, closure.gradients(&terrain(5), &labels).unwrap());
    let found = evaluate(&gpu, &known, &terrain(5), &labels, look(Want::MeanHessian)).unwrap();
    assert_eq!(evaluate(&gpu, &closure, &terrain(5), &labels, look(Want::MeanHessian)).unwrap(), found);
}
