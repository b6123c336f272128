//! The mean squared error on a device.
#![allow(unsafe_code)]

use super::super::CudaError;
use super::super::gpu::{Gpu, Slice, SliceMut};
use super::super::parts::{DeviceHessians, Parts, Request, Want};
use super::check::finite;
use super::findings::{Findings, Kind, Named};
use super::kernels::{Kernels, threads, warps, word};
use crate::Error;
use crate::error::Quantity;
use crate::scalar::Float;
use crate::smoothing::{Numbers, target};

/// The numbers of all targets, N x `dim`.
pub(super) fn targets<'a, T: Float, N: Numbers<T> + 'a>(
    all: impl Iterator<Item = &'a N>,
    dim: usize,
) -> Result<Vec<T>, Error> {
    let mut numbers = Vec::new();
    for (sample, of) in all.enumerate() {
        numbers.extend(target::<T>(of, dim, sample)?);
    }
    Ok(numbers)
}

/// `1/k sum_o (y_o - w_o)^2` of every row of results, equally many for each row of targets.
pub(super) fn squared_errors<T: Float>(
    gpu: &Gpu,
    results: Slice<'_, T>,
    targets: Slice<'_, T>,
    outputs: usize,
    errors: SliceMut<'_, T>,
) -> Result<(), CudaError> {
    let rows = errors.len() * outputs / targets.len().max(1);
    assert_eq!(results.len(), errors.len() * outputs, "results");
    assert_eq!(rows * targets.len(), results.len(), "targets");
    let kernel = Kernels::of::<T>(gpu)?.typed("squared_errors")?;
    let (all, width) = (errors.len() as u64, word("the number of results", outputs)?);
    let rows = word("the number of perturbations", rows)?;
    // SAFETY: `squared_errors(results, targets, all, rows, outputs, errors)`; lengths were just seen to fit.
    unsafe { kernel.launch(warps(errors.len()), &[&results, &targets, &all, &rows, &width, &errors]) }
}

/// Of a batch, as a loss: predictions of `dim` numbers, as many targets.
pub(crate) fn squared_error_parts<T: Float>(
    gpu: &Gpu,
    predictions: Slice<'_, T>,
    labels: &[impl Numbers<T>],
    dim: usize,
    request: Request,
) -> Result<Parts<T>, Error> {
    let (samples, want) = (predictions.len() / dim.max(1), request.want);
    let (targets, findings) = (gpu.upload(&targets(labels.iter(), dim)?)?, Findings::new(gpu)?);
    let mut values = gpu.dirty::<T>(samples)?;
    squared_errors(gpu, predictions, targets.slice(), dim, values.slice_mut())?;
    findings.look(gpu, Kind::Prediction, predictions)?;
    findings.look(gpu, Kind::Loss, values.slice())?;
    let kernels = Kernels::of::<T>(gpu)?;
    let mut gradients = gpu.dirty::<T>(if want == Want::Values { 0 } else { samples * dim })?;
    if want != Want::Values {
        let (count, width) = (gradients.len() as u64, word("the number of predictions", dim)?);
        let kernel = kernels.typed("squared_error_gradients")?;
        let (of, into, found) = (targets.slice(), gradients.slice_mut(), findings.words());
        // SAFETY: `squared_error_gradients(predictions, targets, count, outputs, gradients, findings)`; all three have `count` numbers.
        unsafe {
            kernel.launch(threads(count as usize), &[&predictions, &of, &count, &width, &into, &found])?;
        }
    }
    let hessians = match want {
        Want::Values | Want::Gradients => None,
        Want::MeanHessian => {
            let mut mean = gpu.dirty::<f64>(dim * dim)?;
            diagonal(gpu, dim, mean.slice_mut())?;
            Some(DeviceHessians::Mean(mean))
        }
        Want::Hessians => {
            let mut all = gpu.dirty::<T>(samples * dim * dim)?;
            diagonal(gpu, dim, all.slice_mut())?;
            Some(DeviceHessians::PerSample(all))
        }
    };
    findings.name(
        gpu,
        &Named {
            predictions,
            results: None,
            values: Some(values.slice()),
            gradients: Some(gradients.slice()),
            mean: None,
            each: None,
        },
    )?;
    let check = Box::new(move |gpu: &Gpu| {
        let found = findings.read(gpu)?;
        finite(Quantity::Prediction, found[Kind::Prediction as usize], dim)?;
        finite(Quantity::Loss, found[Kind::Loss as usize], 1)?;
        finite(Quantity::Gradient, found[Kind::Gradient as usize], dim)
    });
    Ok(Parts { values, gradients, hessians, check, abandon: None })
}

/// Its Hessians: 2 / m on the diagonal.
fn diagonal<T: Float>(gpu: &Gpu, dim: usize, hessians: SliceMut<'_, T>) -> Result<(), CudaError> {
    let kernel = Kernels::of::<T>(gpu)?.typed("squared_error_hessians")?;
    let (count, width) = (hessians.len() as u64, word("the number of predictions", dim)?);
    // SAFETY: `squared_error_hessians(count, dim, hessians)`; there are `count` numbers.
    unsafe { kernel.launch(threads(hessians.len()), &[&count, &width, &hessians]) }
}
