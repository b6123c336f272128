//! What tests of losses on a device share.
#![allow(dead_code)]

use newton_runtime::Error;
use newton_runtime::cuda::{DeviceHessians, Gpu, Parts, Request, Want};
use newton_runtime::loss::NewtonLoss;
use newton_runtime::scalar::Float;

/// None, and tests are skipped, where there is no device, unless one is expected.
pub fn gpu() -> Option<Gpu> {
    match Gpu::open(0) {
        Ok(gpu) => Some(gpu),
        Err(error) => {
            assert!(std::env::var_os("NEWTON_EXPECT_GPU").is_none(), "{error}");
            println!("skipped: no CUDA device");
            None
        }
    }
}

/// What a device gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub values: Vec<f64>,
    pub gradients: Vec<f64>,
    /// Their mean, or all, or none.
    pub hessians: Vec<f64>,
}

pub fn wide<T: Float>(numbers: &[T]) -> Vec<f64> {
    numbers.iter().map(|x| x.to_f64()).collect()
}

/// A loss on the device, which has to have a form for it.
pub fn evaluate<T: Float, L: NewtonLoss<T>>(
    gpu: &Gpu,
    loss: &L,
    predictions: &[T],
    labels: &[L::Label],
    request: Request,
) -> Result<Found, Error> {
    let predictions = gpu.upload(predictions)?;
    let parts = loss.on_device(gpu, predictions.slice(), labels, request)?;
    let Parts { values, gradients, hessians, check, .. } = parts.expect("it has a form for devices");
    check(gpu)?;
    Ok(Found {
        values: wide(&gpu.download(values.slice())?),
        gradients: wide(&gpu.download(gradients.slice())?),
        hessians: match hessians {
            None => vec![],
            Some(DeviceHessians::Mean(mean)) => gpu.download(mean.slice())?,
            Some(DeviceHessians::PerSample(all)) => wide(&gpu.download(all.slice())?),
        },
    })
}

/// Leaves the step as it is.
pub fn look(want: Want) -> Request {
    Request { want, training: false }
}

/// Moves on.
pub fn train(want: Want) -> Request {
    Request { want, training: true }
}

/// How far two numbers are apart; a NaN is as far as can be, which `max` would not see.
pub fn distance(a: f64, b: f64) -> f64 {
    let off = (a - b).abs();
    if off.is_nan() && a != b { f64::INFINITY } else { off }
}

/// The largest difference, in units of the largest number.
pub fn apart(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1e-300_f64, |m, x| m.max(x.abs()));
    found.iter().zip(expected).fold(0.0, |most, (a, b)| most.max(distance(*a, *b) / scale))
}
