//! A device whose memory runs out, and one that is not there. In a process of its own: nobody else gets memory meanwhile.
#![cfg(all(feature = "cuda", feature = "train"))]

mod cuda_graph_support;

use cuda_graph_support::{device, noise};
use dfdx::prelude::*;
use newton_runtime::cuda::{Buffer, CudaError, Gpu};
use newton_runtime::graph::{LayerError, Linear, cuda_device, relu};
use newton_runtime::models::SmallCnn;
use newton_runtime::train::sorting::Scorer;
use newton_runtime::train::{TrainError, Trainer};

/// Takes all memory but crumbs, in ever smaller pieces.
fn hold(gpu: &Gpu) -> Vec<Buffer<u8>> {
    let mut held = Vec::new();
    let mut piece = gpu.memory().expect("a device").0;
    while piece > 1 << 10 {
        match gpu.dirty(piece) {
            Ok(buffer) => held.push(buffer),
            Err(CudaError::OutOfMemory { .. }) => piece /= 2,
            Err(error) => panic!("{error}"),
        }
    }
    held
}

fn is_out_of_memory(error: &LayerError) -> bool {
    matches!(error, LayerError::Cuda(CudaError::OutOfMemory { .. }))
}

#[test]
fn memory_that_runs_out_is_a_typed_error_and_the_process_goes_on() {
    let Some(cuda) = device() else { return };
    let gpu = Gpu::open(0).expect("a device");
    let images = cuda.tensor_from_vec(noise(30 * 14 * 56, 1), (30, 1, 14, 56));
    let network = SmallCnn::<f32, Cuda>::seeded(0, &cuda).expect("memory");
    let scores = |network: &SmallCnn<f32, Cuda>| network.scores(images.clone(), 3);
    let before = scores(&network).expect("memory").as_vec();
    let held = hold(&gpu);
    // In our ops, in making a network and in moving it.
    assert!(is_out_of_memory(&scores(&network).expect_err("no memory")));
    assert!(is_out_of_memory(&relu(images.clone()).expect_err("no memory")));
    assert!(is_out_of_memory(&SmallCnn::seeded(0, &cuda).expect_err("no memory")));
    drop(held);
    assert_eq!(scores(&network).expect("memory").as_vec(), before);

    // In a backward pass, which wants gradients.
    let loss = network.scores(images.leaky_trace(), 3).expect("memory").square().mean();
    let held = hold(&gpu);
    assert!(is_out_of_memory(&newton_runtime::graph::backward(loss).expect_err("no memory")));
    drop(held);

    // In an op of dfdx's, which panics where it copies a tensor.
    let mut trainer = Trainer::new(network, AdamConfig::default());
    let mut held = Vec::new();
    let error = trainer.step(|network, gradients| {
        let scores = network.scores(images.clone().traced(gradients), 3)?;
        held = hold(&gpu);
        let kept = scores.with_empty_tape();
        Ok((scores.exp() + kept).mean())
    });
    drop(held);
    let error = error.expect_err("no memory");
    assert!(matches!(&error, TrainError::Layer(error) if is_out_of_memory(error)), "{error}");

    // In an update: somebody else has the weights, so that dfdx copies them, and panics.
    let weight = cuda.tensor_from_vec(noise(1 << 16, 1), Rank2::<256, 256>::default());
    let layer: Linear<256, 256, f32, Cuda> = Linear { weight: weight.clone(), bias: cuda.zeros() };
    let mut trainer = Trainer::new(layer, AdamConfig::default());
    let x = cuda.tensor_from_vec(noise(256, 2), (1, 256));
    let mut held = Vec::new();
    let step = |trainer: &mut Trainer<_, _>, held: &mut Vec<_>, is_full: bool| {
        trainer.step(|layer: &mut Linear<256, 256, f32, Cuda>, gradients| {
            let loss = layer.try_forward(x.clone().traced(gradients))?.square().mean();
            if is_full {
                *held = hold(&gpu);
            }
            Ok(loss)
        })
    };
    step(&mut trainer, &mut held, false).expect("memory");
    let kept = trainer.network().clone();
    let error = step(&mut trainer, &mut held, true).expect_err("no memory");
    assert!(matches!(&error, TrainError::Layer(error) if is_out_of_memory(error)), "{error}");
    held.clear();
    assert!(step(&mut trainer, &mut held, false).expect("memory").loss.is_finite());
    drop((weight, kept));
}

#[test]
fn a_device_that_is_not_there_is_a_typed_error() {
    match cuda_device(1000, 0).expect_err("not so many devices") {
        CudaError::NoDevice { ordinal: 1000, count } => assert!(count < 1000),
        error => assert!(matches!(error, CudaError::NoDriver { .. }), "{error}"),
    }
}
