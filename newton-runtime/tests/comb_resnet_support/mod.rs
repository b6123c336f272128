//! The benchmark's network with closed-form weights: PyTorch's float64 values.

use std::collections::HashMap;

use dfdx::prelude::*;
use newton_runtime::graph::Backend;
use newton_runtime::models::CombResNet18;
use serde::Deserialize;

use crate::network_support::{collect, set_closed_form};

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
pub const NAMES: [&str; 15] = [
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
    let text = include_str!("../golden/comb_resnet18.json");
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

fn images<D: Backend>(device: &D) -> Tensor<(usize, usize, usize, usize), f32, D> {
    let pixel = |k: usize| ((0.013 * k as f64).sin() + 0.5 * (0.0007 * k as f64).cos()) as f32;
    device.tensor_from_vec((0..2 * 3 * 96 * 96).map(pixel).collect(), (2, 3, 96, 96))
}

/// Output, gradients, running statistics and evaluation of the benchmark's network on a device.
pub fn closed_form_weights_give_pytorchs_values_on<D: Backend>(device: &D) {
    let golden = golden();
    let mut net: CombResNet18<f32, D> = CombResNet18::new(device).expect("memory");
    set_closed_form(&mut net, &NAMES);
    let params = collect(&net, None);
    assert_eq!(params.len(), NAMES.len());
    assert_eq!(params.iter().map(|p| p.1.len()).sum::<usize>(), golden.n_params);

    let maps = net.try_forward_mut(images(device).leaky_trace()).expect("two maps");
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
    let evaluated = net.try_forward(images(device)).expect("two maps").as_vec();
    let expected = golden.out_eval_after_one_train_forward.concat().concat();
    close(&evaluated, &expected, 1e-6, "output in evaluation");

    // Negative control: a running variance that followed the biased one is five times beyond its tolerance. (In the
    // output it would be 1.3e-6: too little to tell there.)
    let n = 2.0 * 48.0 * 48.0;
    let biased: Vec<f32> =
        seen.running_variance.as_vec().iter().map(|v| 0.9 + (v - 0.9) * (n - 1.0) / n).collect();
    assert!(error(&biased[..3], &running.running_var_first3) > 5e-7);
}
