//! The network of the shortest-path benchmark: PyTorch's float64 values for closed-form weights, initialisation, training.
#![cfg(feature = "train")]

use comb_resnet_support::{NAMES, closed_form_weights_give_pytorchs_values_on};
use dfdx::optim::Adam;
use dfdx::prelude::*;
use network_support::collect;
use newton_runtime::graph::LayerError;
use newton_runtime::models::{CombResNet, CombResNet18};

mod comb_resnet_support;
mod network_support;

#[test]
fn closed_form_weights_give_pytorchs_values() {
    closed_form_weights_give_pytorchs_values_on(&Cpu::default());
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
