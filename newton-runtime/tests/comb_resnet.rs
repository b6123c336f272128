//! The network of the shortest-path benchmark: PyTorch's float64 values for closed-form weights, initialisation, training.
#![cfg(feature = "train")]

use std::collections::HashMap;

use dfdx::nn::tensor_collection::{RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor};
use dfdx::nn::tensor_collection::{ViewTensorMut, ViewTensorRef};
use dfdx::optim::Adam;
use dfdx::prelude::*;
use newton_runtime::graph::LayerError;
use newton_runtime::models::{CombResNet, CombResNet18};
use serde::Deserialize;

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

/// Sets trained tensor t to `a sin(0.7 + 1.3 k + 0.11 t)`, batch norm's scales to 1 + 0.1 sin(..): the golden file's rule.
struct ClosedForm(usize);

impl TensorVisitor<f32, Cpu> for ClosedForm {
    type Viewer = ViewTensorMut;
    type Err = CpuError;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, Cpu>,
        tensor: &mut Tensor<S, f32, Cpu>,
    ) -> Result<Option<Tensor<S, f32, Cpu>>, CpuError> {
        if options.do_gradient_update {
            let sizes: Vec<usize> = tensor.shape().concrete().into_iter().collect();
            let fan_in: usize = if sizes.len() > 1 { sizes[1..].iter().product() } else { 8 };
            let is_scale = NAMES[self.0].contains("bn") && NAMES[self.0].ends_with("weight");
            let (base, a) = if is_scale { (1.0, 0.1) } else { (0.0, (fan_in as f64).sqrt().recip()) };
            let rule = |k: usize| base + a * (0.7 + 1.3 * k as f64 + 0.11 * self.0 as f64).sin();
            let values: Vec<f32> = (0..sizes.iter().product()).map(|k| rule(k) as f32).collect();
            tensor.copy_from(&values);
            self.0 += 1;
        }
        Ok(None)
    }
}

/// Collects every trained tensor with its shape, or its gradient if there are any.
struct Collect<'a>(Option<&'a Gradients<f32, Cpu>>, Vec<(Vec<usize>, Vec<f32>)>);

impl TensorVisitor<f32, Cpu> for Collect<'_> {
    type Viewer = ViewTensorRef;
    type Err = CpuError;
    type E2 = f32;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, Cpu>,
        tensor: &Tensor<S, f32, Cpu>,
    ) -> Result<Option<Tensor<S, f32, Cpu>>, CpuError> {
        if options.do_gradient_update {
            let values = self.0.map_or_else(|| tensor.as_vec(), |grads| grads.get(tensor).as_vec());
            self.1.push((tensor.shape().concrete().into_iter().collect(), values));
        }
        Ok(None)
    }
}

fn collect(net: &CombResNet18, grads: Option<&Gradients<f32, Cpu>>) -> Vec<(Vec<usize>, Vec<f32>)> {
    let mut found = Collect(grads, Vec::new());
    CombResNet18::iter_tensors(&mut RecursiveWalker { m: net, f: &mut found }).expect("the walk cannot fail");
    found.1
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
    CombResNet18::iter_tensors(&mut RecursiveWalker { m: &mut net, f: &mut ClosedForm(0) })
        .expect("cannot fail");
    let params = collect(&net, None);
    assert_eq!(params.len(), NAMES.len());
    assert_eq!(params.iter().map(|p| p.1.len()).sum::<usize>(), golden.n_params);

    let maps = net.try_forward_mut(images(&device).leaky_trace()).expect("two maps");
    println!("train {:e}", error(&maps.as_vec(), &golden.out_train.concat().concat()));
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
    println!("{errors:?}");
    assert!(errors.iter().all(|(_, e)| *e < 1e-2), "norms of the gradients: {errors:?}");

    let (running, seen) = (&golden.bn1_after_one_train_forward, &net.stem);
    close(&seen.running_mean.as_vec()[..3], &running.running_mean_first3, 1e-5, "running mean");
    close(&seen.running_variance.as_vec()[..3], &running.running_var_first3, 1e-7, "running variance");
    let evaluated = net.try_forward(images(&device)).expect("two maps").as_vec();
    let expected = golden.out_eval_after_one_train_forward.concat().concat();
    println!("eval {:e}", error(&evaluated, &expected));
    println!("var {:e}", error(&seen.running_variance.as_vec()[..3], &running.running_var_first3));
    close(&evaluated, &expected, 1e-5, "output in evaluation");

    // Negative control: a running variance that followed the biased one is visibly off, far beyond the tolerance.
    let values = (2 * 48 * 48) as f32;
    let mut biased = net.stem.running_variance.as_vec();
    biased.iter_mut().for_each(|v| *v = 0.9 + (*v - 0.9) * (values - 1.0) / values);
    assert!(error(&biased[..3], &running.running_var_first3) > 3e-7);
}
