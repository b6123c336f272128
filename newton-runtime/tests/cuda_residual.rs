//! The residual network on a GPU against the same network on the CPU, and against PyTorch.
#![cfg(all(feature = "cuda", feature = "train"))]

use std::sync::{Mutex, MutexGuard, PoisonError};

use comb_resnet_support::closed_form_weights_give_pytorchs_values_on;
use cuda_graph_support::{deviation, device, noise};
use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::optim::Adam;
use dfdx::prelude::*;
use network_support::collect;
use newton_runtime::cuda::{Buffer, CudaError, Gpu};
use newton_runtime::graph::{self, Backend, LayerError};
use newton_runtime::models::CombResNet;

mod comb_resnet_support;
mod cuda_graph_support;
mod network_support;

/// Of the largest entry.
const TOLERANCE: f32 = 2e-5;

type Net<D> = CombResNet<8, 3, 3, f32, D>;
type Images<D> = Tensor<(usize, usize, usize, usize), f32, D>;

/// One test at a time: one of them takes all of the device's memory.
fn alone() -> MutexGuard<'static, ()> {
    static DEVICE: Mutex<()> = Mutex::new(());
    DEVICE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn images<D: Backend>(device: &D, (batch, h, w): (usize, usize, usize), seed: u32) -> Images<D> {
    device.tensor_from_vec(noise(batch * 3 * h * w, seed), (batch, 3, h, w))
}

/// The same network on both devices, with scales that differ and one that turns a channel round.
fn networks(cuda: &Cuda) -> (Net<Cpu>, Net<Cuda>) {
    let mut net = Net::new(&Cpu::seed_from_u64(5)).expect("memory");
    let (a, b) = (&mut net.blocks.0, &mut net.blocks.1);
    let scales = [&mut net.stem.scale, &mut a.first.scale, &mut a.second.scale, &mut b.first.scale];
    for (i, scale) in scales.into_iter().enumerate() {
        let values: Vec<f32> = noise(8, 40 + i as u32).iter().map(|v| 1.0 + 0.3 * v).collect();
        scale.copy_from(&values);
    }
    let mut last = [1.0; 8];
    last[1] = -0.8;
    b.second.scale.copy_from(&last);
    let on_device = net.to_device(cuda);
    (net, on_device)
}

/// Output, then all gradients of the sum of the output weighted by noise.
fn trained<D: Backend>(net: &mut Net<D>, images: Images<D>) -> Vec<Vec<f32>>
where
    Net<D>: TensorCollection<f32, D>,
{
    let maps = net.try_forward_mut(images.leaky_trace()).expect("maps");
    let mut all = vec![maps.as_vec()];
    let weights = maps.device().tensor_from_vec(noise(all[0].len(), 77), *maps.shape());
    let grads = graph::backward((maps * weights).sum()).expect("gradients");
    all.extend(collect(net, Some(&grads)).into_iter().map(|(_, values)| values));
    all
}

/// Running means and variances of all layers.
fn running<D: Backend>(net: &Net<D>) -> Vec<Vec<f32>> {
    let (a, b) = (&net.blocks.0, &net.blocks.1);
    let mut all = vec![net.stem.running_mean.as_vec(), net.stem.running_variance.as_vec()];
    for layer in [&a.first, &a.second, &b.first, &b.second] {
        all.extend([layer.running_mean.as_vec(), layer.running_variance.as_vec()]);
    }
    all
}

fn worst(found: &[Vec<f32>], expected: &[Vec<f32>]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(f, e)| deviation(f, e)).fold(0.0, f32::max)
}

#[test]
fn outputs_and_gradients_are_the_cpu_s() {
    let _alone = alone();
    let Some(cuda) = device() else { return };
    for (i, size) in [(4, 24, 24), (2, 21, 13), (1, 17, 15), (3, 43, 40)].into_iter().enumerate() {
        let (mut cpu, mut gpu) = networks(&cuda);
        let expected = trained(&mut cpu, images(&Cpu::default(), size, i as u32));
        let found = trained(&mut gpu, images(&cuda, size, i as u32));
        assert_eq!(found.len(), 16);
        for (j, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let off = deviation(found, expected);
            assert!(off < TOLERANCE, "{size:?}: result {j} is off by {off:e}");
        }
        // The same again, to the last bit.
        let (_, mut again) = networks(&cuda);
        assert_eq!(trained(&mut again, images(&cuda, size, i as u32)), found);
    }
}

/// Negative control: each layer's parameters tell.
#[test]
fn other_parameters_give_other_results() {
    let _alone = alone();
    let Some(cuda) = device() else { return };
    let size = (4, 24, 24);
    let expected = trained(&mut networks(&cuda).0, images(&Cpu::default(), size, 0));
    type Channels = Tensor<Rank1<8>, f32, Cuda>;
    let changes: [fn(&mut Net<Cuda>) -> &mut Channels; 4] = [
        |net| &mut net.stem.scale,
        |net| &mut net.stem.shift,
        |net| &mut net.blocks.0.first.scale,
        |net| &mut net.blocks.1.second.shift,
    ];
    for change in changes {
        let (_, mut gpu) = networks(&cuda);
        let parameter = change(&mut gpu);
        let mut values = parameter.as_vec();
        values[3] += 0.01;
        parameter.copy_from(&values);
        let found = trained(&mut gpu, images(&cuda, size, 0));
        assert!(deviation(&found[0], &expected[0]) > 5.0 * TOLERANCE);
        assert!(worst(&found, &expected) > 10.0 * TOLERANCE);
    }
}

#[test]
fn running_statistics_and_evaluation_are_the_cpu_s() {
    let _alone = alone();
    let Some(cuda) = device() else { return };
    let (mut cpu, mut gpu) = networks(&cuda);
    let (begin, before) = (running(&gpu), gpu.clone());
    for step in 0..3 {
        let size = (2 + step as usize, 20, 18);
        cpu.try_forward_mut(images(&Cpu::default(), size, step).leaky_trace()).expect("maps");
        gpu.try_forward_mut(images(&cuda, size, step).leaky_trace()).expect("maps");
    }
    let (expected, found) = (running(&cpu), running(&gpu));
    assert!(worst(&found, &expected) < 1e-5, "{}", worst(&found, &expected));
    // A clone's statistics are its own.
    assert_eq!(running(&before), begin);
    assert!(worst(&found, &begin) > 0.01);
    // Negative control: the biased variance.
    let n = (2 * 10 * 9) as f32;
    let biased: Vec<f32> = found[1].iter().map(|v| v * (n - 1.0) / n).collect();
    assert!(deviation(&biased, &expected[1]) > 1e-4);

    for size in [(1, 24, 24), (5, 19, 22)] {
        let expected = cpu.try_forward(images(&Cpu::default(), size, 9)).expect("maps").as_vec();
        let found = gpu.try_forward(images(&cuda, size, 9)).expect("maps").as_vec();
        assert!(deviation(&found, &expected) < 1e-5, "{size:?}: {}", deviation(&found, &expected));
        let other = before.try_forward(images(&cuda, size, 9)).expect("maps").as_vec();
        assert!(deviation(&other, &expected) > 1e-2);
    }
    assert_eq!(running(&gpu), found, "evaluation moves no statistics");
}

#[test]
fn closed_form_weights_give_pytorchs_values() {
    let _alone = alone();
    let Some(cuda) = device() else { return };
    closed_form_weights_give_pytorchs_values_on(&cuda);
}

#[test]
fn adam_reduces_a_loss() {
    let _alone = alone();
    let Some(cuda) = device() else { return };
    let (_, mut net) = networks(&cuda);
    let images = images(&cuda, (4, 24, 24), 1);
    let target = cuda.tensor_from_vec(noise(36, 2), (4, 3, 3)) * 0.5 + 0.5;
    let mut optimizer = Adam::new(&net, AdamConfig { lr: 1e-2, ..Default::default() });
    let mut grads = net.alloc_grads();
    let mut losses = Vec::new();
    for _ in 0..20 {
        let maps = net.try_forward_mut(images.clone().traced(grads)).expect("four maps");
        let loss = (maps - target.clone()).square().mean();
        losses.push(loss.array());
        grads = graph::backward(loss).expect("gradients");
        optimizer.update(&mut net, &grads).expect("every trained tensor has a gradient");
        net.zero_grads(&mut grads);
    }
    assert!(losses[19] < 0.5 * losses[0], "{losses:?}");
}

#[test]
fn images_of_another_shape_are_refused() {
    let _alone = alone();
    let Some(cuda) = device() else { return };
    let mut net: CombResNet<4, 3, 2, f32, Cuda> = CombResNet::new(&cuda).expect("memory");
    let zeros = |shape: (usize, usize, usize, usize)| -> Images<Cuda> { cuda.zeros_like(&shape) };
    let refusal = |shape| net.try_forward(zeros(shape)).unwrap_err();
    assert!(matches!(refusal((2, 1, 16, 16)), LayerError::Size { found: 1, expected: 3, .. }));
    assert!(matches!(refusal((1, 3, 128, 128)), LayerError::Limit { found: 256, .. }));
    let dot = zeros((1, 3, 1, 1));
    net.try_forward(dot.clone()).expect("a map");
    let error = net.try_forward_mut(dot.leaky_trace()).unwrap_err();
    assert!(matches!(error, LayerError::Statistics { values: 1, .. }));
}

#[test]
fn memory_that_runs_out_is_an_error_and_comes_back() {
    let _alone = alone();
    let Some(cuda) = device() else { return };
    let gpu = Gpu::open(0).expect("a device");
    let (_, mut net) = networks(&cuda);
    let size = (8, 64, 64);
    let batch = images(&cuda, size, 3);
    let mut taken: Vec<Buffer<u8>> = Vec::new();
    let mut bytes = 1 << 30;
    while bytes >= 1 << 16 {
        match gpu.dirty(bytes) {
            Ok(buffer) => taken.push(buffer),
            Err(CudaError::OutOfMemory { .. }) => bytes /= 2,
            Err(error) => panic!("{error}"),
        }
    }
    let error = net.try_forward_mut(batch.clone().leaky_trace()).unwrap_err();
    assert!(matches!(error, LayerError::Cuda(CudaError::OutOfMemory { .. })), "{error}");
    drop(taken);
    assert!(net.try_forward_mut(batch.leaky_trace()).is_ok());
}
