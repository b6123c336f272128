//! The MNIST network: PyTorch's float64 values for closed-form weights, initialisation, and a few steps of Adam.
#![cfg(feature = "train")]

use std::collections::HashMap;

use dfdx::optim::Adam;
use dfdx::prelude::*;
use network_support::set_closed_form;
use newton_runtime::graph::LayerError;
use newton_runtime::models::MnistCnn;
use serde::Deserialize;

mod network_support;

#[derive(Deserialize)]
struct Golden {
    mnist_cnn: Network,
}

#[derive(Deserialize)]
struct Network {
    output: Vec<Vec<f64>>,
    params: HashMap<String, Param>,
    n_params: usize,
}

#[derive(Deserialize)]
struct Param {
    first3: Vec<f64>,
    grad_l2: f64,
    grad_first3: Vec<f64>,
}

/// torch's names of our parameters, in its order, which is also ours.
const NAMES: [&str; 8] = [
    "conv1.weight",
    "conv1.bias",
    "conv2.weight",
    "conv2.bias",
    "fc1.weight",
    "fc1.bias",
    "fc2.weight",
    "fc2.bias",
];

fn golden(text: &str) -> Network {
    serde_json::from_str::<Golden>(text).expect("a golden file").mnist_cnn
}

/// Every parameter, or its gradient if there are any.
fn collect(net: &MnistCnn, grads: Option<&Gradients<f32, Cpu>>) -> Vec<Vec<f32>> {
    network_support::collect(net, grads).into_iter().map(|(_, values)| values).collect()
}

fn closed_form(device: &Cpu) -> MnistCnn {
    let mut net = MnistCnn::new(device).expect("memory");
    set_closed_form(&mut net, &NAMES);
    net
}

/// Relative to the largest of the expected numbers.
fn close(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    let scale = expected.iter().fold(0.0f64, |s, e| s.max(e.abs()));
    for (f, e) in found.iter().zip(expected) {
        let error = (f64::from(*f) - e).abs();
        assert!(
            error <= tolerance * scale,
            "{what}: {f} instead of {e}, off by {:e} of {scale}",
            error / scale
        );
    }
}

/// Scores of two sets of three images, and the gradients of sum(y * [[1, 2, 3], [4, 5, 6]]).
fn run(net: &MnistCnn, device: &Cpu, pixel: impl Fn(u64) -> f64) -> (Vec<f32>, Vec<Vec<f32>>) {
    let pixels: Vec<f32> = (0..6 * 28 * 112).map(|k| pixel(k) as f32).collect();
    let images = device.tensor_from_vec(pixels, (6usize, 1usize, 28usize, 112usize));
    let scores = net.try_scores(images.leaky_trace(), 3).expect("six images are two sets of three");
    let values = scores.as_vec();
    let weights = device.tensor_from_vec((1..=6u8).map(f32::from).collect::<Vec<_>>(), (2usize, 3usize));
    let grads = (scores * weights).sum::<Rank0, _>().backward();
    (values, collect(net, Some(&grads)))
}

/// Compares with PyTorch: `tolerances` for the norm and the first entries of each parameter's gradient.
fn compare(golden: &Network, scores: &[f32], grads: &[Vec<f32>], tolerances: impl Fn(&str) -> [f64; 2]) {
    // 64 hidden units, each a sum of 12 544 products: rounding of the order of sqrt(12544) ulp at worst.
    close(scores, &golden.output.concat(), 2e-6, "output");
    for (name, found) in NAMES.into_iter().zip(grads) {
        let (expected, [norm, first]) = (&golden.params[name], tolerances(name));
        let length = found.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        close(&[length as f32], &[expected.grad_l2], norm, &format!("norm of the gradient of {name}"));
        close(found, &expected.grad_first3, first, &format!("gradient of {name}"));
    }
}

/// The reference file. Its images are smooth, so many pooling windows hold near-ties that single precision decides
/// either way, moving gradients to a neighbouring pixel. The first convolution feels it: perturbing PyTorch's float64
/// activations by 1e-7 to 2e-7 moves these entries by up to 1.8 % and the norms by 1.2e-3 (second convolution: 6e-5 and
/// 2e-4). The test below is the tight one.
#[test]
fn closed_form_weights_give_pytorchs_outputs_and_gradients() {
    let golden = golden(include_str!("golden/models.json"));
    let device = Cpu::default();
    let net = closed_form(&device);
    let params = collect(&net, None);
    assert_eq!(params.iter().map(Vec::len).sum::<usize>(), golden.n_params);
    for (name, values) in NAMES.into_iter().zip(&params) {
        close(values, &golden.params[name].first3, 1e-7, name);
    }
    let smooth = |k| 0.5 + 0.5 * (0.01 * k as f64).sin() * (0.003 * k as f64).cos();
    let (scores, grads) = run(&net, &device, smooth);
    compare(&golden, &scores, &grads, |name| match name {
        "conv1.weight" => [2e-3, 3e-2],
        "conv1.bias" => [2e-3, 2e-3],
        "conv2.weight" | "conv2.bias" => [4e-4, 2e-4],
        _ => [1e-6, 1e-6],
    });
}

/// On rough images PyTorch's own float32 gradients are within 7e-6 of float64 (convolutions) and 1e-7 (linear layers).
#[test]
fn gradients_on_rough_images_are_as_close_as_pytorchs() {
    let golden = golden(include_str!("golden/mnist_cnn_rough.json"));
    let device = Cpu::default();
    let rough = |k: u64| f64::from((k.wrapping_mul(2_654_435_761) as u32) >> 24) / 256.0;
    let (scores, grads) = run(&closed_form(&device), &device, rough);
    let tolerance = |name: &str| if name.starts_with("conv") { [1e-5, 3e-5] } else { [1e-6, 1e-6] };
    compare(&golden, &scores, &grads, tolerance);
}

#[test]
fn initialisation_is_torchs() {
    let net = MnistCnn::new(&Cpu::seed_from_u64(3)).expect("memory");
    let fan_in: [f32; 8] = [25.0, 25.0, 800.0, 800.0, 12544.0, 12544.0, 64.0, 64.0];
    for ((name, values), fan_in) in NAMES.into_iter().zip(collect(&net, None)).zip(fan_in) {
        let bound = fan_in.sqrt().recip();
        assert!(values.iter().all(|v| v.abs() <= bound), "{name} within {bound}");
        if values.len() > 500 {
            // U(-b, b) has variance b^2 / 3; 800 samples see it within 15 %.
            let variance = values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32;
            assert!((variance * 3.0 / bound.powi(2) - 1.0).abs() < 0.15, "{name}: variance {variance}");
        }
    }
}

#[test]
fn adam_reduces_a_loss() {
    let device = Cpu::seed_from_u64(1);
    let mut net = MnistCnn::new(&device).expect("memory");
    let images: Tensor<(usize, usize, usize, usize), f32, _> = device.sample_uniform_like(&(6, 1, 28, 112));
    let target = device.tensor([[0.5, -0.5, 0.0], [1.0, -1.0, 0.2]]).reshape_like(&(2usize, 3usize));
    let mut optimizer = Adam::new(&net, AdamConfig { lr: 1e-3, ..Default::default() });
    let mut grads = net.alloc_grads();
    let mut losses = Vec::new();
    for _ in 0..25 {
        let scores = net.try_scores(images.clone().traced(grads), 3).expect("two sets of three");
        let loss = (scores - target.clone()).square().mean();
        losses.push(loss.array());
        grads = loss.backward();
        optimizer.update(&mut net, &grads).expect("every parameter has a gradient");
        net.zero_grads(&mut grads);
    }
    assert!(losses[24] < 0.5 * losses[0], "{losses:?}");
}

#[test]
fn images_of_another_shape_are_refused() {
    let device = Cpu::default();
    let net = MnistCnn::new(&device).expect("memory");
    let small = device.zeros_like(&(6usize, 1usize, 28usize, 28usize));
    assert!(matches!(net.try_forward(small), Err(LayerError::Size { .. })));
    let images: Tensor<(usize, usize, usize, usize), f32, _> = device.zeros_like(&(5, 1, 28, 112));
    for n in [0, 2] {
        assert!(matches!(net.try_scores(images.clone(), n), Err(LayerError::Sets { images: 5, .. })));
    }
}
