//! Black boxes as nodes of a dfdx graph on a GPU, those of attributes included: values, gradients and steps as on the CPU.
#![cfg(all(feature = "cuda", feature = "dfdx"))]

use dfdx::prelude::{Cpu, Rank2, Tensor, TensorFrom, Trace};
use newton_macros::newton_loss;
use newton_runtime::graph::{self, Apply, Backend, LayerError, cuda_device};
use newton_runtime::newton::Newton;
use newton_runtime::smoothing::*;

const N: usize = 4;
const SAMPLES: usize = 3;
const SCORES: [[f32; N]; SAMPLES] = [[0.4, -0.1, 0.3, 1.0], [0.2, -0.5, 0.0, 0.1], [2.0, -1.0, 0.5, 0.6]];

/// How many are on the wrong side of 0.
#[newton_loss(hessian, lambda = 10.0, smoothing(gaussian, sigma = 0.5, samples = 20), crate = ::newton_runtime)]
fn wrong<const M: usize>(y: &[f32; M], label: &[bool; M]) -> f32 {
    y.iter().zip(label).filter(|(y, positive)| (**y > 0.0) != **positive).count() as f32
}

#[newton_loss(fisher, lambda = 1.0, smoothing(logistic, sigma = 0.5, samples = 20, antithetic), mse, crate = ::newton_runtime)]
fn ranks<const M: usize>(y: &[f32; M]) -> [f32; M] {
    std::array::from_fn(|i| y.iter().filter(|other| **other > y[i]).count() as f32)
}

#[newton_loss(hessian, lambda = 1.0, fenchel_young(gaussian, sigma = 0.5, samples = 20), crate = ::newton_runtime)]
fn cheapest<const M: usize>(y: &[f32; M]) -> [bool; M] {
    let least = (0..M).min_by(|a, b| y[*a].total_cmp(&y[*b])).unwrap_or(0);
    std::array::from_fn(|i| i == least)
}

/// A training step's value and gradient.
type Step = (f32, [[f32; N]; SAMPLES]);

/// Two training steps.
fn on<D, L>(device: &D, loss: &L, labels: &[L::Label]) -> Result<Vec<Step>, LayerError>
where
    D: Backend + TensorFrom<[[f32; N]; SAMPLES], Rank2<SAMPLES, N>, f32>,
    L: Apply,
{
    let x: Tensor<Rank2<SAMPLES, N>, f32, D> = device.tensor(SCORES);
    let step = || {
        let value = loss.apply(x.leaky_trace() * 2.0, labels)?;
        let shown = value.as_vec()[0];
        let gradient = graph::backward(value)?.get(&x).as_vec();
        let rows = std::array::from_fn(|i| std::array::from_fn(|j| gradient[i * N + j]));
        Ok((shown, rows))
    };
    (0..2).map(|_| step()).collect()
}

/// On both: they are alike, step by step.
#[track_caller]
fn alike<L: Apply>(of: impl Fn() -> L, labels: &[L::Label]) -> L {
    let loss = of();
    let Ok(device) = cuda_device(0, 0) else {
        assert!(std::env::var_os("NEWTON_EXPECT_GPU").is_none());
        println!("skipped: no CUDA device");
        return loss;
    };
    let found = on(&device, &loss, labels).unwrap();
    let expected = on(&Cpu::default(), &of(), labels).unwrap();
    for (found, expected) in found.iter().zip(&expected) {
        let all = |step: &Step| [&[step.0][..], step.1.as_flattened()].concat();
        let scale = all(expected).iter().fold(1e-6_f32, |m, x| m.max(x.abs()));
        for (f, e) in all(found).iter().zip(all(expected)) {
            assert!((f - e).abs() < 1e-4 * scale, "{found:?} and {expected:?}");
        }
    }
    // A control: steps differ in their noise.
    assert_ne!(found[0], found[1]);
    loss
}

#[test]
fn losses_of_attributes() {
    let labels = [[true, false, true, true], [false; N], [true; N]];
    let steps = alike(Wrong::<N>::new, &labels).smoothing().step();
    assert!(steps == 2 || cuda_device(0, 0).is_err());
    alike(Ranks::<N>::new, &[[0.0, 1.0, 2.0, 3.0]; SAMPLES]);
    alike(Cheapest::<N>::new, &[[true, false, false, false]; SAMPLES]);
}

#[test]
fn shortest_paths() {
    let paths = || GridPaths::<f32, [[f32; 2]; 2]>::new(2, 2).unwrap();
    let smoothing = || Smoothing::new(Noise::gaussian(0.5, 30));
    let labels = [[[1.0, 1.0], [0.0, 1.0]]; SAMPLES];
    let newton = Newton::hessian(1.0);
    alike(|| Smoothed::of(paths(), smoothing(), OfOptimizer::default()).newton(newton), &labels);
    alike(|| Smoothed::of(squared(paths()), smoothing(), OfLoss).newton(newton), &labels);
    let algorithm = || OfAlgorithm { loss: MeanSquaredError::new(4) };
    alike(|| Smoothed::of(paths(), smoothing(), algorithm()).newton(Newton::fisher(1.0)), &labels);
}

/// What is not a number is named, whatever is between the network and the loss, and the step is made again.
#[test]
fn failures() {
    let Ok(device) = cuda_device(0, 0) else { return };
    let loss = Cheapest::<2>::new();
    let x: Tensor<Rank2<2, 2>, f32, _> = device.tensor([[0.1, f32::NAN], [0.2, 0.3]]);
    let error = loss.apply(x.leaky_trace(), &[[true, false]; 2]).err().map(|error| error.to_string());
    let error = error.unwrap_or_default();
    assert!(error.contains("prediction of sample 0 is not finite at entry 1: NaN"), "{error}");
    assert_eq!(loss.smoothing().step(), 0);
}
