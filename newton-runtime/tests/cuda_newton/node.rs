//! What a graph's node is made of: gradients handed back, in order, again and again.

use crate::newton_support::Rng;
use crate::support::{Given, Sample, gpu, narrow, off, on_host, run, run_once};
use newton_runtime::cuda::newton::{DeviceInjection, DeviceStep, HessianSlices};
use newton_runtime::newton::{Average, Newton, OnIndefinite, Reduction, inject_fisher};

#[test]
fn the_same_batch_gives_the_same_bits() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(41);
    for (samples, dim) in [(300, 5), (70, 40), (9, 50)] {
        let of = |rng: &mut Rng| Sample::<f32> {
            dim,
            y: narrow(&rng.vector(samples * dim)),
            g: narrow(&rng.vector(samples * dim)),
        };
        let (batch, other) = (of(&mut rng), of(&mut rng));
        let all: Vec<f32> = narrow(&rng.vector(samples * dim * dim));
        for newton in [
            Newton::fisher(0.1),
            Newton::hessian(0.1),
            Newton::hessian(0.1).on_indefinite(OnIndefinite::Abs),
            Newton::hessian(0.1).average(Average::Sample),
        ] {
            let mut device = DeviceStep::new(&gpu, &newton, samples, dim).unwrap();
            let first = run(&gpu, &mut device, &batch, Given::PerSample(&all)).step;
            let between = run(&gpu, &mut device, &other, Given::PerSample(&all)).step;
            assert_ne!(first.directions, between.directions);
            assert_eq!(first, run(&gpu, &mut device, &batch, Given::PerSample(&all)).step);
            assert_eq!(first, run_once(&gpu, &newton, &batch, Given::PerSample(&all)).step);
        }
    }
}

#[test]
fn gradients_are_added_to_what_is_there() {
    let Some(gpu) = gpu() else { return };
    let (samples, dim, mut rng) = (12, 7, Rng(42));
    let batch =
        Sample::<f32> { dim, y: narrow(&rng.vector(samples * dim)), g: narrow(&rng.vector(samples * dim)) };
    let c = rng.indefinite(dim);
    let newton = Newton::hessian(0.2);
    let (y, g, h) =
        (gpu.upload(&batch.y).unwrap(), gpu.upload(&batch.g).unwrap(), gpu.upload(c.as_slice()).unwrap());
    let mut device = DeviceStep::new(&gpu, &newton, samples, dim).unwrap();
    device.enqueue(y.slice(), g.slice(), Some(HessianSlices::Mean(h.slice()))).unwrap();
    let upstream = gpu.upload(&[-3.0_f32]).unwrap();
    let before: Vec<f32> = narrow(&rng.vector(samples * dim));
    let mut into = gpu.upload(&before).unwrap();
    device.backward(upstream.slice(), into.slice_mut()).unwrap();
    device.backward(upstream.slice(), into.slice_mut()).unwrap();
    let expected = on_host(&newton, &batch, Given::Mean(c.as_slice())).unwrap().backward(-3.0);
    let sum: Vec<f32> = before.iter().zip(&expected).map(|(b, d)| b + d + d).collect();
    let found = gpu.download(into.slice()).unwrap();
    assert!(off(&found, &sum) < 1e-6);
    let once: Vec<f32> = before.iter().zip(&expected).map(|(b, d)| b + d).collect();
    assert!(off(&found, &once) > 1e-2);
}

#[test]
fn injections_are_the_cpus() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(43);
    for (samples, dim) in [(1, 1), (40, 5), (3, 12), (50, 33)] {
        for reduction in [Reduction::Mean, Reduction::Sum] {
            let scale = if reduction == Reduction::Mean { 1.0 / samples as f64 } else { 1.0 };
            let incoming: Vec<f64> = rng.vector(samples * dim).iter().map(|x| scale * x).collect();
            let incoming: Vec<f32> = narrow(&incoming);
            let mut device = DeviceInjection::new(&gpu, 0.3, samples, dim, reduction).unwrap();
            let from = gpu.upload(&incoming).unwrap();
            let before: Vec<f32> = narrow(&rng.vector(samples * dim));
            let mut into = gpu.upload(&before).unwrap();
            device.enqueue(from.slice(), into.slice_mut()).unwrap();
            assert_eq!(device.check(), Ok(()));
            let of = |lambda| {
                let d = inject_fisher(lambda, &incoming, dim, reduction).unwrap();
                before.iter().zip(d).map(|(b, d)| b + d).collect::<Vec<f32>>()
            };
            let found = gpu.download(into.slice()).unwrap();
            assert!(off(&found, &of(0.3)) < 1e-6, "N = {samples}, m = {dim}, {reduction:?}");
            assert!(off(&found, &of(0.6)) > 1e-5, "N = {samples}, m = {dim}, {reduction:?}");
        }
    }
}
