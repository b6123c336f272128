//! The network of the shortest-path benchmark: PyTorch's float64 values for closed-form weights, initialisation, training.
#![cfg(feature = "train")]

use std::collections::HashMap;

use dfdx::optim::Adam;
use dfdx::prelude::*;
use network_support::{collect, set_closed_form};
use newton_runtime::graph::LayerError;
use newton_runtime::models::{CombResNet, CombResNet18};
use serde::Deserialize;

mod network_support;

#[derive(Deserialize)]
struct Golden {
    comb_resnet18: Network,
}

#[derive(Deserialize)]
struct Network {
    out_train: Vec<Vec<Vec<f64>>>,
    out_eval_after_one_train_forward: Vec<Vec<Vec<f64>>>,
    bn1_after_one_train_forward: Running,
    params: HashMap<String, Param>,
    n_params: usize,
}

#[derive(Deserialize)]
struct Running {
    running_mean_first3: Vec<f64>,
    running_var_first3: Vec<f64>,
}

#[derive(Deserialize)]
struct Param {
    shape: Vec<usize>,
    grad_l2: f64,
}

/// torch's names of our trained tensors, in its order, which is also ours.
const NAMES: [&str; 15] = [
    "conv1.weight",
    "bn1.weight",
    "bn1.bias",
    "layer1.0.conv1.weight",
    "layer1.0.bn1.weight",
    "layer1.0.bn1.bias",
    "layer1.0.conv2.weight",
    "layer1.0.bn2.weight",
    "layer1.0.bn2.bias",
    "layer1.1.conv1.weight",
    "layer1.1.bn1.weight",
    "layer1.1.bn1.bias",
    "layer1.1.conv2.weight",
    "layer1.1.bn2.weight",
    "layer1.1.bn2.bias",
];

fn golden() -> Network {
    let text = include_str!("golden/comb_resnet18.json");
    serde_json::from_str::<Golden>(text).expect("a golden file").comb_resnet18
}

/// Largest error, relative to the largest of the expected numbers.
fn error(found: &[f32], expected: &[f64]) -> f64 {
    let scale = expected.iter().fold(0.0f64, |s, e| s.max(e.abs()));
    let worst = found.iter().zip(expected).fold(0.0f64, |w, (f, e)| w.max((f64::from(*f) - e).abs()));
    worst / scale
}

fn close(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    let error = error(found, expected);
    assert!(error <= tolerance, "{what}: off by {error:e} of the largest value");
}

fn images(device: &Cpu) -> Tensor<(usize, usize, usize, usize), f32, Cpu> {
    let pixel = |k: usize| ((0.013 * k as f64).sin() + 0.5 * (0.0007 * k as f64).cos()) as f32;
    device.tensor_from_vec((0..2 * 3 * 96 * 96).map(pixel).collect(), (2, 3, 96, 96))
}

#[test]
fn closed_form_weights_give_pytorchs_values() {
    let (golden, device) = (golden(), Cpu::default());
    let mut net = CombResNet18::new(&device).expect("memory");
    set_closed_form(&mut net, &NAMES);
    let params = collect(&net, None);
    assert_eq!(params.len(), NAMES.len());
    assert_eq!(params.iter().map(|p| p.1.len()).sum::<usize>(), golden.n_params);

    let maps = net.try_forward_mut(images(&device).leaky_trace()).expect("two maps");
    close(&maps.as_vec(), &golden.out_train.concat().concat(), 2e-5, "output in training");
    let weights: Vec<f32> = (0..288).map(|k| k as f32 / 288.0).collect();
    let weights = device.tensor_from_vec(weights, (2usize, 12usize, 12usize));
    let grads = (maps * weights).sum::<Rank0, _>().backward();
    let mut errors = Vec::new();
    for (name, (shape, found)) in NAMES.into_iter().zip(collect(&net, Some(&grads))) {
        let expected = &golden.params[name];
        assert_eq!(shape, expected.shape, "{name}");
        let length = found.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        errors.push((name, (length / expected.grad_l2 - 1.0).abs()));
    }
    // The images are smooth, so pooling windows hold near-ties that single precision decides either way. The stem's
    // gradients feel it most, the first block's a little; the tiny network in the unit tests has the tight test.
    for (name, error) in errors {
        let tolerance = match name {
            _ if !name.starts_with("layer1") => 5e-3,
            "layer1.0.conv1.weight" | "layer1.0.bn1.weight" | "layer1.0.bn1.bias" => 3e-4,
            _ => 1e-5,
        };
        assert!(error < tolerance, "norm of the gradient of {name}: off by {error:e}");
    }

    let (running, seen) = (&golden.bn1_after_one_train_forward, &net.stem);
    close(&seen.running_mean.as_vec()[..3], &running.running_mean_first3, 1e-5, "running mean");
    close(&seen.running_variance.as_vec()[..3], &running.running_var_first3, 1e-7, "running variance");
    let evaluated = net.try_forward(images(&device)).expect("two maps").as_vec();
    let expected = golden.out_eval_after_one_train_forward.concat().concat();
    close(&evaluated, &expected, 1e-6, "output in evaluation");

    // Negative control: a running variance that followed the biased one is five times beyond its tolerance. (In the
    // output it would be 1.3e-6: too little to tell there.)
    let n = 2.0 * 48.0 * 48.0;
    let biased: Vec<f32> =
        seen.running_variance.as_vec().iter().map(|v| 0.9 + (v - 0.9) * (n - 1.0) / n).collect();
    assert!(error(&biased[..3], &running.running_var_first3) > 5e-7);
}

#[test]
fn initialisation_is_torchvisions() {
    let net = CombResNet18::new(&Cpu::seed_from_u64(3)).expect("memory");
    let variance = |v: &[f32]| v.iter().map(|v| v * v).sum::<f32>() / v.len() as f32;
    for (name, (_, values)) in NAMES.into_iter().zip(collect(&net, None)) {
        if name == "conv1.weight" {
            // U(-b, b) with b = 1 / sqrt(3 * 49).
            assert!(values.iter().all(|v| v.abs() <= 147.0f32.sqrt().recip()));
            assert!((variance(&values) * 3.0 * 147.0 - 1.0).abs() < 0.05);
        } else if name.contains("conv") {
            assert!((variance(&values) * 576.0 / 2.0 - 1.0).abs() < 0.05, "{name}");
        } else {
            assert!(values.iter().all(|v| *v == if name.ends_with("bias") { 0.0 } else { 1.0 }), "{name}");
        }
    }
}

#[test]
fn adam_reduces_a_loss_and_leaves_the_running_statistics_alone() {
    let device = Cpu::seed_from_u64(1);
    let mut net: CombResNet<8, 3, 3> = CombResNet::new(&device).expect("memory");
    let images: Tensor<(usize, usize, usize, usize), f32, _> = device.sample_normal_like(&(4, 3, 24, 24));
    let target = device.sample_uniform_like(&(4usize, 3usize, 3usize));
    let mut optimizer = Adam::new(&net, AdamConfig { lr: 1e-2, ..Default::default() });
    let mut grads = net.alloc_grads();
    let mut losses = Vec::new();
    for _ in 0..40 {
        let maps = net.try_forward_mut(images.clone().traced(grads)).expect("four maps");
        let running = net.stem.running_variance.as_vec();
        let loss = (maps - target.clone()).square().mean();
        losses.push(loss.array());
        grads = loss.backward();
        optimizer.update(&mut net, &grads).expect("every trained tensor has a gradient");
        assert_eq!(net.stem.running_variance.as_vec(), running);
        net.zero_grads(&mut grads);
    }
    assert!(losses[39] < 0.2 * losses[0], "{losses:?}");
}

#[test]
fn images_of_another_shape_are_refused() {
    let device = Cpu::default();
    let mut net: CombResNet<4, 3, 2> = CombResNet::new(&device).expect("memory");
    let grey: Tensor<(usize, usize, usize, usize), f32, _> = device.zeros_like(&(2, 1, 16, 16));
    assert!(matches!(net.try_forward(grey), Err(LayerError::Size { found: 1, expected: 3, .. })));
    let none: Tensor<(usize, usize, usize, usize), f32, _> = device.zeros_like(&(0, 3, 16, 16));
    assert!(matches!(net.try_forward(none), Err(LayerError::Empty { .. })));
    let flat: Tensor<(usize, usize, usize, usize), f32, _> = device.zeros_like(&(2, 3, 0, 16));
    assert!(matches!(net.try_forward(flat), Err(LayerError::Empty { .. })));
    let huge: Tensor<(usize, usize, usize, usize), f32, _> = device.zeros_like(&(1, 3, 128, 128));
    assert!(matches!(net.try_forward(huge), Err(LayerError::Limit { found: 256, .. })));
    let dot: Tensor<(usize, usize, usize, usize), f32, _> = device.zeros_like(&(1, 3, 1, 1));
    assert!(net.try_forward(dot.clone()).is_ok());
    let error = net.try_forward_mut(dot.leaky_trace()).unwrap_err();
    assert!(matches!(error, LayerError::Statistics { values: 1, .. }));
}
