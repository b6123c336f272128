//! Every curvature, average and policy, in both types of numbers, at sizes around those of warps and tiles.

use crate::newton_support::Rng;
use crate::support::{Given, Sample, compare, gpu, narrow};
use newton_runtime::cuda::Gpu;
use newton_runtime::newton::{Average, Newton, OnIndefinite};
use newton_runtime::scalar::Float;

const SMALL: [(usize, usize); 15] = [
    (1, 1),
    (2, 1),
    (1, 5),
    (7, 2),
    (33, 3),
    (100, 5),
    (1000, 5),
    (2, 8),
    (33, 8),
    (2, 31),
    (100, 31),
    (33, 32),
    (7, 33),
    (100, 33),
    (33, 64),
];

fn batch<T: Float>(rng: &mut Rng, samples: usize, dim: usize) -> Sample<T> {
    Sample { dim, y: narrow(&rng.vector(samples * dim)), g: narrow(&rng.vector(samples * dim)) }
}

fn policies() -> [OnIndefinite; 4] {
    [OnIndefinite::Keep, OnIndefinite::Clamp, OnIndefinite::Abs, OnIndefinite::Error]
}

fn hessians<T: Float>(gpu: &Gpu, samples: usize, dim: usize, seed: u64) {
    let mut rng = Rng(seed);
    let batch = batch::<T>(&mut rng, samples, dim);
    for policy in policies() {
        // The policy `error` takes what is definite; all others must be right for what is not.
        let one = |rng: &mut Rng| match policy {
            OnIndefinite::Error => rng.definite(dim),
            _ => rng.indefinite(dim),
        };
        let newton = Newton::hessian(0.1).on_indefinite(policy);
        let mean = one(&mut rng);
        compare(gpu, &newton, &batch, Given::Mean(mean.as_slice()));
        if samples * dim * dim > 20_000 {
            continue;
        }
        let all: Vec<f64> = (0..samples).flat_map(|_| one(&mut rng).into_vec()).collect();
        let all: Vec<T> = narrow(&all);
        for average in [Average::Batch, Average::Sample] {
            compare(gpu, &newton.average(average), &batch, Given::PerSample(&all));
        }
    }
}

#[test]
fn hessians_in_double() {
    let Some(gpu) = gpu() else { return };
    for (i, (samples, dim)) in SMALL.into_iter().enumerate() {
        hessians::<f64>(&gpu, samples, dim, 100 + i as u64);
    }
}

#[test]
fn hessians_in_float() {
    let Some(gpu) = gpu() else { return };
    for (i, (samples, dim)) in SMALL.into_iter().enumerate() {
        hessians::<f32>(&gpu, samples, dim, 200 + i as u64);
    }
}

fn fishers<T: Float>(gpu: &Gpu, samples: usize, dim: usize, seed: u64) {
    let mut rng = Rng(seed);
    let batch = batch::<T>(&mut rng, samples, dim);
    compare(gpu, &Newton::none(), &batch, Given::None);
    for lambda in [1e-3, 0.1, 10.0] {
        for average in [Average::Batch, Average::Sample] {
            compare(gpu, &Newton::fisher(lambda).average(average), &batch, Given::None);
        }
    }
    if samples > 2 * dim {
        compare(gpu, &Newton::fisher(0.0), &batch, Given::None);
    }
}

#[test]
fn fishers_in_double() {
    let Some(gpu) = gpu() else { return };
    for (i, (samples, dim)) in SMALL.into_iter().enumerate() {
        fishers::<f64>(&gpu, samples, dim, 300 + i as u64);
    }
}

#[test]
fn fishers_in_float() {
    let Some(gpu) = gpu() else { return };
    for (i, (samples, dim)) in SMALL.into_iter().enumerate() {
        fishers::<f32>(&gpu, samples, dim, 400 + i as u64);
    }
}

/// A batch that is cut into many chunks, and right-hand sides that are solved four at a time.
#[test]
fn large_batches() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(500);
    for (samples, dim) in [(4097, 5), (1501, 32)] {
        let batch = batch::<f64>(&mut rng, samples, dim);
        let mean = rng.indefinite(dim);
        for policy in [OnIndefinite::Keep, OnIndefinite::Abs] {
            let newton = Newton::hessian(0.1).on_indefinite(policy);
            compare(&gpu, &newton, &batch, Given::Mean(mean.as_slice()));
        }
        compare(&gpu, &Newton::fisher(0.1), &batch, Given::None);
    }
    let batch = batch::<f32>(&mut rng, 1100, 3);
    let all: Vec<f32> = (0..1100).flat_map(|_| narrow(rng.definite(3).as_slice())).collect();
    compare(&gpu, &Newton::hessian(0.1), &batch, Given::PerSample(&all));
}

#[test]
fn lopsided_hessians_are_symmetrised() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(550);
    for (samples, dim) in [(3, 2), (4, 7), (3, 40)] {
        let batch = batch::<f64>(&mut rng, samples, dim);
        for policy in [OnIndefinite::Keep, OnIndefinite::Clamp, OnIndefinite::Abs] {
            let newton = Newton::hessian(0.3).on_indefinite(policy);
            let all = rng.vector(samples * dim * dim);
            compare(&gpu, &newton, &batch, Given::Mean(&all[..dim * dim]));
            compare(&gpu, &newton, &batch, Given::PerSample(&all));
            compare(&gpu, &newton.average(Average::Sample), &batch, Given::PerSample(&all));
        }
    }
}

/// The sizes of the shortest-path benchmark.
#[test]
fn grids_of_12_by_12() {
    let Some(gpu) = gpu() else { return };
    let (samples, dim, mut rng) = (70, 144, Rng(600));
    let batch = batch::<f32>(&mut rng, samples, dim);
    for policy in policies() {
        let c = if policy == OnIndefinite::Error { rng.definite(dim) } else { rng.indefinite(dim) };
        let newton = Newton::hessian(0.1).on_indefinite(policy);
        compare(&gpu, &newton, &batch, Given::Mean(c.as_slice()));
    }
    compare(&gpu, &Newton::fisher(0.1), &batch, Given::None);
    compare(&gpu, &Newton::fisher(0.1).average(Average::Sample), &batch, Given::None);
}
