//! What goes wrong is named as on the CPU, and hands back nothing but NaN; the next step is as if nothing had been.

use crate::newton_support::Rng;
use crate::support::{Given, Sample, gpu, narrow, on_host, run};
use newton_runtime::Error;
use newton_runtime::cuda::newton::{DeviceInjection, DeviceStep, HessianSlices};
use newton_runtime::cuda::{CudaError, Gpu};
use newton_runtime::error::Quantity;
use newton_runtime::newton::{Average, Matrix, Newton, OnIndefinite, Reduction, inject_fisher};
use newton_runtime::scalar::Float;

const LIMITS: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

/// The same error on both; NaN equals NaN.
#[track_caller]
fn same<T: Float>(gpu: &Gpu, newton: &Newton, batch: &Sample<T>, given: Given<'_, T>) -> Error {
    let samples = batch.g.len() / batch.dim;
    let mut device = DeviceStep::<T>::new(gpu, newton, samples, batch.dim).unwrap();
    let found = run(gpu, &mut device, batch, given);
    let expected = on_host(newton, batch, given).expect_err("it fails on the CPU");
    let error = found.check.expect_err("it fails on the device");
    assert_eq!(format!("{error:?}"), format!("{expected:?}"));
    assert!(found.back.iter().all(|x| x.to_f64().is_nan()), "{error}: {:?} is handed back", found.back);
    // Nothing of it is left.
    let good =
        Sample { y: narrow(&vec![0.5; batch.y.len()]), g: narrow(&vec![0.25; batch.g.len()]), ..*batch };
    let unit: Vec<T> = narrow(Matrix::identity(batch.dim).as_slice()).repeat(samples);
    if newton.lambda > 0.0 || !matches!(given, Given::None) {
        let given = if matches!(given, Given::None) { given } else { Given::PerSample(&unit) };
        let again = run(gpu, &mut device, &good, given);
        assert_eq!(again.check, Ok(()));
        assert!(again.back.iter().all(|x| x.is_finite()));
    }
    error
}

fn batch<T: Float>(seed: u64, samples: usize, dim: usize) -> Sample<T> {
    let mut rng = Rng(seed);
    Sample { dim, y: narrow(&rng.vector(samples * dim)), g: narrow(&rng.vector(samples * dim)) }
}

fn at(quantity: Quantity, sample: usize, entry: usize, error: &Error) {
    assert!(
        matches!(error, Error::NonFinite { quantity: q, sample: s, entry: e, .. } if (*q, *s, *e) == (quantity, sample, entry)),
        "{error:?}"
    );
}

fn every_setting() -> [Newton; 5] {
    [
        Newton::none(),
        Newton::fisher(0.1),
        Newton::fisher(0.1).average(Average::Sample),
        Newton::hessian(0.1),
        Newton::hessian(0.1).average(Average::Sample).on_indefinite(OnIndefinite::Abs),
    ]
}

fn inputs<T: Float>(gpu: &Gpu) {
    for (samples, dim) in [(1, 3), (40, 5), (3, 7), (2, 33)] {
        let unit: Vec<T> = narrow(Matrix::identity(dim).as_slice()).repeat(samples);
        let last = samples * dim - 1;
        for newton in every_setting() {
            let given = if newton.curvature == newton_runtime::newton::Curvature::Hessian {
                Given::PerSample(&unit)
            } else {
                Given::None
            };
            for (i, limit) in LIMITS.into_iter().enumerate() {
                let bad = T::from_f64(limit);
                // The first one counts, of any kind; predictions come before gradients.
                let mut both = batch::<T>(1, samples, dim);
                (both.g[0], both.y[last], both.y[last - i]) = (bad, T::from_f64(f64::NAN), bad);
                let error = same(gpu, &newton, &both, given);
                at(Quantity::Prediction, (last - i) / dim, (last - i) % dim, &error);
                let mut one = batch::<T>(2, samples, dim);
                (one.g[last], one.g[last / 2 + 1]) = (bad, bad);
                let error = same(gpu, &newton, &one, given);
                at(Quantity::Gradient, (last / 2 + 1) / dim, (last / 2 + 1) % dim, &error);
            }
        }
    }
}

#[test]
fn predictions_and_gradients() {
    let Some(gpu) = gpu() else { return };
    inputs::<f32>(&gpu);
    inputs::<f64>(&gpu);
}

#[test]
fn hessians() {
    let Some(gpu) = gpu() else { return };
    let (samples, dim) = (20, 6);
    let batch = batch::<f32>(3, samples, dim);
    for limit in LIMITS {
        let mut all: Vec<f32> =
            Matrix::identity(dim).as_slice().iter().map(|x| *x as f32).collect::<Vec<_>>().repeat(samples);
        all[17 * 36 + 3] = limit as f32;
        all[4 * 36 + 31] = limit as f32;
        for average in [Average::Batch, Average::Sample] {
            for policy in [OnIndefinite::Keep, OnIndefinite::Clamp, OnIndefinite::Error] {
                let newton = Newton::hessian(0.1).average(average).on_indefinite(policy);
                at(Quantity::Hessian, 4, 31, &same(&gpu, &newton, &batch, Given::PerSample(&all)));
            }
        }
        let mut mean = Matrix::identity(dim);
        mean[(4, 2)] = limit;
        for policy in [OnIndefinite::Keep, OnIndefinite::Abs, OnIndefinite::Error] {
            let newton = Newton::hessian(0.1).on_indefinite(policy);
            let error = same(&gpu, &newton, &batch, Given::Mean(mean.as_slice()));
            assert!(
                matches!(error, Error::NonFiniteMean { quantity: Quantity::Hessian, entry: 16, .. }),
                "{error:?}"
            );
        }
    }
}

#[test]
fn fishers_that_overflow() {
    let Some(gpu) = gpu() else { return };
    for (samples, dim) in [(9, 4), (3, 40), (1, 1)] {
        let mut large = batch::<f64>(4, samples, dim);
        large.g[samples * dim - 1] = -1e200;
        let newton = Newton::fisher(0.1);
        let error = same(&gpu, &newton, &large, Given::None);
        assert!(matches!(error, Error::NonFiniteMean { quantity: Quantity::Fisher, .. }), "{error:?}");
        let error = same(&gpu, &newton.average(Average::Sample), &large, Given::None);
        assert!(matches!(error, Error::InSample { sample, .. } if sample == samples - 1), "{error:?}");
    }
}

#[test]
fn singular_hessians() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(5);
    for dim in [1, 2, 5, 31, 40] {
        let batch = batch::<f32>(6, 3, dim);
        let rank_one: Vec<f64> = {
            let v: Vec<f64> = (0..dim).map(|i| (i % 5) as f64 - 1.0).collect();
            v.iter().flat_map(|x| v.iter().map(move |y| x * y)).collect()
        };
        let ranking = rng.ranking(dim, true).into_vec();
        for c in [vec![0.0; dim * dim], rank_one, ranking] {
            if dim == 1 && c[0] != 0.0 {
                continue;
            }
            for policy in [OnIndefinite::Keep, OnIndefinite::Clamp, OnIndefinite::Abs, OnIndefinite::Error] {
                let newton = Newton::hessian(0.0).on_indefinite(policy);
                let error = same(&gpu, &newton, &batch, Given::Mean(&c));
                assert!(matches!(error, Error::Singular { .. } | Error::Indefinite { .. }), "{error:?}");
                // The same matrix for the second sample alone.
                let mut all: Vec<f32> = narrow::<f32>(Matrix::identity(dim).as_slice()).repeat(3);
                all[dim * dim..][..dim * dim].copy_from_slice(&narrow::<f32>(&c));
                let error = same(&gpu, &newton.average(Average::Sample), &batch, Given::PerSample(&all));
                assert!(matches!(error, Error::InSample { sample: 1, .. }), "{error:?}");
            }
        }
    }
}

#[test]
fn indefinite_hessians_that_are_refused() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(7);
    for dim in [1, 2, 8, 33, 65] {
        let mut c = rng.indefinite(dim);
        if dim == 1 {
            c[(0, 0)] = -0.7;
        }
        let batch = batch::<f64>(8, 4, dim);
        let newton = Newton::hessian(0.01).on_indefinite(OnIndefinite::Error);
        let error = same(&gpu, &newton, &batch, Given::Mean(c.as_slice()));
        assert!(matches!(error, Error::Indefinite { .. }), "{error:?}");
        let all = [rng.definite(dim), rng.definite(dim), c.clone(), c].map(Matrix::into_vec).concat();
        let error = same(&gpu, &newton.average(Average::Sample), &batch, Given::PerSample(&all));
        assert!(
            matches!(&error, Error::InSample { sample: 2, source } if matches!(**source, Error::Indefinite { .. })),
            "{error:?}"
        );
    }
}

/// Small integers, and powers of two of them: sums are exact, and all fields the same.
#[test]
fn singular_fishers() {
    let Some(gpu) = gpu() else { return };
    for (samples, dim) in [(8, 2), (16, 5), (4, 8), (64, 33), (1, 3)] {
        let mut batch = batch::<f32>(9, samples, dim);
        for (i, row) in batch.g.chunks_exact_mut(dim).enumerate() {
            row.iter_mut().enumerate().for_each(|(j, g)| *g = ((i * 7 + j * 3) % 5) as f32);
            // The last two are the same.
            row[dim - 1] = row[dim - 2];
        }
        let error = same(&gpu, &Newton::fisher(0.0), &batch, Given::None);
        assert!(matches!(error, Error::Singular { .. }), "{error:?}");
        let newton = Newton::fisher(0.0).average(Average::Sample);
        let error = same(&gpu, &newton, &batch, Given::None);
        assert!(matches!(error, Error::InSample { sample: 0, .. }), "{error:?}");
    }
    // One number has a direction without lambda, unless it is 0.
    let zero = Sample { dim: 1, y: vec![0.0; 3], g: vec![2.0, 0.0, 0.0] };
    let error = same(&gpu, &Newton::fisher(0.0).average(Average::Sample), &zero, Given::None);
    assert!(matches!(error, Error::InSample { sample: 1, .. }), "{error:?}");
}

#[test]
fn results_that_the_type_cannot_hold() {
    let Some(gpu) = gpu() else { return };
    let batch = Sample { dim: 2, y: vec![0.0_f32; 4], g: vec![0.0, 0.0, 1.0, 1e20] };
    let newton = Newton::hessian(1e-30);
    at(Quantity::Direction, 1, 1, &same(&gpu, &newton, &batch, Given::Mean(&[0.0; 4])));
    // The direction fits, z* does not; a direction that does not comes first.
    let mut far = Sample { dim: 2, y: vec![3e38_f32, 0.0, 0.0, 0.0], g: vec![-3e38, 1.0, 1.0, 1.0] };
    at(Quantity::Direction, 0, 0, &same(&gpu, &Newton::none(), &far, Given::None));
    far.g[3] = 1e20;
    at(Quantity::Direction, 0, 0, &same(&gpu, &Newton::none(), &far, Given::None));
    let lambda = 1e-10;
    let error = same(
        &gpu,
        &newton.lambda(lambda),
        &Sample { g: vec![-3e28, 0.0, 0.0, 1e30], ..far },
        Given::Mean(&[0.0; 4]),
    );
    at(Quantity::Direction, 1, 1, &error);
}

#[test]
fn injections() {
    let Some(gpu) = gpu() else { return };
    for (samples, dim) in [(6, 3), (2, 9)] {
        for (which, value) in [(5, f64::NAN), (0, 1e200), (1, f64::INFINITY)] {
            let mut incoming = batch::<f64>(10, samples, dim).g;
            incoming[which] = value;
            let mut device = DeviceInjection::<f64>::new(&gpu, 0.5, samples, dim, Reduction::Mean).unwrap();
            let (from, mut into) = (gpu.upload(&incoming).unwrap(), gpu.zeros(samples * dim).unwrap());
            device.enqueue(from.slice(), into.slice_mut()).unwrap();
            let expected = inject_fisher(0.5, &incoming, dim, Reduction::Mean).unwrap_err();
            let found = device.check().unwrap_err();
            assert_eq!(format!("{found:?}"), format!("{expected:?}"));
            assert!(gpu.download(into.slice()).unwrap().iter().all(|x| x.is_nan()));
        }
    }
}

#[test]
fn shapes_that_do_not_fit() {
    let Some(gpu) = gpu() else { return };
    let of = |newton: &Newton, samples, dim| DeviceStep::<f32>::new(&gpu, newton, samples, dim).err();
    for lambda in [-1.0, f64::NAN, f64::INFINITY] {
        let error = of(&Newton::fisher(lambda), 3, 3);
        assert!(matches!(error, Some(Error::Setting { name: "lambda", .. })), "{error:?}");
        assert!(DeviceInjection::<f32>::new(&gpu, lambda, 3, 3, Reduction::Sum).is_err());
    }
    assert_eq!(of(&Newton::hessian(1.0), 0, 3), Some(Error::EmptyBatch));
    for newton in [Newton::hessian(1.0), Newton::fisher(1.0), Newton::hessian(1.0).average(Average::Sample)] {
        let error = of(&newton, 2000, 1025);
        assert!(
            matches!(error, Some(Error::Cuda(CudaError::TooLarge { found: 1025, most: 1024, .. }))),
            "{error:?}"
        );
    }
    // A matrix of the samples is small enough, and no matrix is needed at all.
    for newton in [Newton::fisher(1.0), Newton::none(), Newton::fisher(1.0).average(Average::Sample)] {
        assert_eq!(of(&newton, 2, 3000), None);
    }

    // A terabyte; what was allocated before it failed is free again.
    let error = of(&Newton::none(), 1 << 28, 1 << 10);
    assert!(matches!(error, Some(Error::Cuda(CudaError::OutOfMemory { .. }))), "{error:?}");

    let newton = Newton::hessian(1.0);
    let mut device = DeviceStep::<f32>::new(&gpu, &newton, 4, 3).unwrap();
    let (y, short) = (gpu.zeros::<f32>(12).unwrap(), gpu.zeros::<f32>(9).unwrap());
    let mean = gpu.upload(Matrix::identity(3).as_slice()).unwrap();
    let mean = Some(HessianSlices::Mean(mean.slice()));
    let found = device.enqueue(y.slice(), short.slice(), mean);
    assert!(matches!(found, Err(Error::Mismatch { what: "gradients", found: 9, expected: 12, .. })));
    let found = device.enqueue(short.slice(), y.slice(), mean);
    assert!(matches!(found, Err(Error::Mismatch { what: "predictions", .. })));
    assert_eq!(device.enqueue(y.slice(), y.slice(), None), Err(Error::NoHessian));
    let wrong = Some(HessianSlices::PerSample(y.slice()));
    let found = device.enqueue(y.slice(), y.slice(), wrong);
    assert!(matches!(found, Err(Error::Mismatch { what: "hessians", found: 12, expected: 36, .. })));
    let mut device = DeviceStep::<f32>::new(&gpu, &newton.average(Average::Sample), 4, 3).unwrap();
    let found = device.enqueue(y.slice(), y.slice(), mean);
    assert!(matches!(found, Err(Error::Mismatch { what: "hessians", found: 9, expected: 36, .. })));
    let mut into = gpu.zeros::<f32>(9).unwrap();
    let found = device.backward(y.slice().range(0, 1), into.slice_mut());
    assert!(matches!(found, Err(Error::Mismatch { found: 9, expected: 12, .. })));
}

/// One sample's Hessian is the mean, whatever it is averaged over.
#[test]
fn a_batch_of_one() {
    let Some(gpu) = gpu() else { return };
    let batch = batch::<f32>(11, 1, 4);
    let newton = Newton::hessian(0.0).average(Average::Sample);
    let unit = Matrix::identity(4);
    crate::support::compare(&gpu, &newton, &batch, Given::Mean(unit.as_slice()));
    crate::support::compare(&gpu, &newton, &batch, Given::PerSample(&narrow(unit.as_slice())));
    assert!(matches!(same(&gpu, &newton, &batch, Given::Mean(&[0.0; 16])), Error::Singular { .. }));
    assert!(matches!(same(&gpu, &newton, &batch, Given::PerSample(&[0.0; 16])), Error::InSample { .. }));
}
