//! A step on both.

use newton_runtime::Error;
use newton_runtime::cuda::Gpu;
use newton_runtime::cuda::newton::{DeviceStep, HessianSlices};
use newton_runtime::newton::eigen::Eigen;
use newton_runtime::newton::{Curvature, Hessians, Matrix, Newton, OnIndefinite, Step, fisher, step};
use newton_runtime::scalar::Float;

/// The device; none, and a word about it, where there is no device and none is expected.
pub fn gpu() -> Option<Gpu> {
    match Gpu::open(0) {
        Ok(gpu) => Some(gpu),
        Err(error) if std::env::var_os("NEWTON_EXPECT_GPU").is_some() => panic!("{error}"),
        Err(_) => {
            eprintln!("skipped: no CUDA device");
            None
        }
    }
}

/// Hessians as the host has them.
#[derive(Clone, Copy)]
pub enum Given<'a, T> {
    None,
    Mean(&'a [f64]),
    PerSample(&'a [T]),
}

/// A batch of predictions and gradients of `dim` numbers.
#[derive(Clone)]
pub struct Sample<T> {
    pub dim: usize,
    pub y: Vec<T>,
    pub g: Vec<T>,
}

pub fn wide<T: Float>(x: &[T]) -> Vec<f64> {
    x.iter().map(|x| x.to_f64()).collect()
}

pub fn narrow<T: Float>(x: &[f64]) -> Vec<T> {
    x.iter().map(|x| T::from_f64(*x)).collect()
}

/// The step on the device, with what its check says, and what it would hand back for an upstream gradient of 1 on top of ones.
pub struct OnDevice<T> {
    pub step: Step<T>,
    pub check: Result<(), Error>,
    pub back: Vec<T>,
}

/// Enqueues a step and looks at it.
pub fn run<T: Float>(
    gpu: &Gpu,
    device: &mut DeviceStep<T>,
    batch: &Sample<T>,
    given: Given<'_, T>,
) -> OnDevice<T> {
    let (y, g) = (gpu.upload(&batch.y).unwrap(), gpu.upload(&batch.g).unwrap());
    match given {
        Given::None => device.enqueue(y.slice(), g.slice(), None),
        Given::Mean(h) => {
            let h = gpu.upload(h).unwrap();
            device.enqueue(y.slice(), g.slice(), Some(HessianSlices::Mean(h.slice())))
        }
        Given::PerSample(h) => {
            let h = gpu.upload(h).unwrap();
            device.enqueue(y.slice(), g.slice(), Some(HessianSlices::PerSample(h.slice())))
        }
    }
    .unwrap();
    let one = T::from_f64(1.0);
    let upstream = gpu.upload(&[one]).unwrap();
    let mut into = gpu.upload(&vec![one; batch.g.len()]).unwrap();
    device.backward(upstream.slice(), into.slice_mut()).unwrap();
    let step = Step {
        directions: gpu.download(device.directions()).unwrap(),
        z_star: gpu.download(device.z_star()).unwrap(),
        newton_losses: gpu.download(device.newton_losses()).unwrap(),
    };
    OnDevice { step, check: device.check(), back: gpu.download(into.slice()).unwrap() }
}

/// A new step for this batch alone.
pub fn run_once<T: Float>(gpu: &Gpu, newton: &Newton, batch: &Sample<T>, given: Given<'_, T>) -> OnDevice<T> {
    let mut device = DeviceStep::new(gpu, newton, batch.g.len() / batch.dim, batch.dim).unwrap();
    run(gpu, &mut device, batch, given)
}

/// The step on the CPU.
pub fn on_host<T: Float>(newton: &Newton, batch: &Sample<T>, given: Given<'_, T>) -> Result<Step<T>, Error> {
    let hessians = match given {
        Given::None => None,
        Given::Mean(h) => Some(Hessians::WideMean(h)),
        Given::PerSample(h) => Some(Hessians::PerSample(h)),
    };
    step(newton, &batch.y, &batch.g, batch.dim, hessians)
}

/// Condition of the matrix that is inverted: the largest by the smallest eigenvalue, after policy and lambda.
pub fn condition<T: Float>(newton: &Newton, batch: &Sample<T>, given: Given<'_, T>) -> f64 {
    let dim = batch.dim;
    let of = |matrix: &Matrix| {
        let change = |w: f64| match newton.on_indefinite {
            OnIndefinite::Clamp => w.max(0.0),
            OnIndefinite::Abs => w.abs(),
            _ => w,
        };
        let values = Eigen::values_of(matrix).unwrap();
        let sizes = values.iter().map(|w| (change(*w) + newton.lambda).abs());
        let (low, high) = sizes.fold((f64::INFINITY, 0.0_f64), |(low, high), w| (low.min(w), high.max(w)));
        let largest = values.iter().fold(0.0_f64, |max, w| max.max(w.abs()));
        high.max(largest) / low
    };
    match (newton.curvature, given) {
        (Curvature::None, _) => 1.0,
        (Curvature::Fisher, _) => of(&fisher(&batch.g, dim).unwrap()),
        (_, Given::Mean(h)) => of(&Matrix::symmetric(h, dim).unwrap()),
        (_, Given::PerSample(h)) => {
            let all = wide(h);
            let samples = (batch.g.len() / dim) as f64;
            let each = all.chunks_exact(dim * dim);
            let worst = each.clone().map(|h| of(&Matrix::symmetric(h, dim).unwrap())).fold(0.0, f64::max);
            let mut mean = vec![0.0; dim * dim];
            each.for_each(|h| mean.iter_mut().zip(h).for_each(|(mean, h)| *mean += h / samples));
            match newton.average {
                newton_runtime::newton::Average::Sample => worst,
                newton_runtime::newton::Average::Batch => of(&Matrix::symmetric(&mean, dim).unwrap()),
            }
        }
        (_, Given::None) => unreachable!("a Hessian step has Hessians"),
    }
}

/// Largest difference, relative to the largest expected number; NaN if one of them is.
pub fn off<T: Float>(found: &[T], expected: &[T]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let (found, expected) = (wide(found), wide(expected));
    let scale = expected.iter().fold(f64::MIN_POSITIVE, |max, x| max.max(x.abs()));
    let worse = |max: f64, x: f64| if x <= max { max } else { x };
    found.iter().zip(&expected).map(|(a, b)| (a - b).abs() / scale).fold(0.0, worse)
}

/// What a step may be off: rounding of a factorisation in double, and of its results.
pub fn tolerance<T: Float>(condition: f64, dim: usize) -> f64 {
    let rounding = if size_of::<T>() == 4 { 1.3e-7 } else { 0.0 };
    rounding + 1e-15 * (condition + 10.0) * (dim as f64 + 10.0)
}

/// The step is the CPU's, and another lambda's is not.
#[track_caller]
pub fn compare<T: Float>(gpu: &Gpu, newton: &Newton, batch: &Sample<T>, given: Given<'_, T>) {
    let found = run_once(gpu, newton, batch, given);
    let samples = batch.g.len() / batch.dim;
    let what = format!("{newton:?}, N = {samples}, m = {}, {} bytes", batch.dim, size_of::<T>());
    assert_eq!(found.check, Ok(()), "{what}");
    let expected = on_host(newton, batch, given).unwrap_or_else(|error| panic!("{what}: {error}"));
    let tolerance = tolerance::<T>(condition(newton, batch, given), batch.dim);
    let close = |part: &str, found: &[T], expected: &[T], tolerance: f64| {
        let off = off(found, expected);
        assert!(off <= tolerance, "{what}: {part} are off by {off:e}, more than {tolerance:e}");
    };
    close("directions", &found.step.directions, &expected.directions, tolerance);
    // Relative to the predictions or to the directions: they may cancel.
    let scaled = |z: &[T]| [z, &expected.directions, &batch.y].concat();
    close("z*", &scaled(&found.step.z_star), &scaled(&expected.z_star), tolerance);
    close("Newton losses", &found.step.newton_losses, &expected.newton_losses, 4.0 * tolerance);
    let one = T::from_f64(1.0);
    let back: Vec<T> = wide(&expected.backward(one)).iter().map(|d| T::from_f64(1.0 + d)).collect();
    close("gradients", &found.back, &back, tolerance.max(if size_of::<T>() == 4 { 3e-7 } else { 0.0 }));
    if newton.curvature != Curvature::None && newton.lambda > 0.0 {
        let other = newton.lambda(newton.lambda * 1.01 + 0.01);
        let wrong = run_once(gpu, &other, batch, given);
        let far = off(&wrong.step.directions, &expected.directions);
        assert!(far > tolerance, "{what}: another lambda passes with {far:e}");
    }
}
