//! Smoothed losses.

use super::super::CudaError;
use super::super::gpu::{Buffer, Slice, SliceMut};
use super::super::parts::{DeviceHessians, Want};
use super::findings::Kind;
use super::hessians::Factors;
use super::round::{DeviceEstimator, DeviceRound, Estimates};
use super::sums::{Partial, centre};
use crate::Error;
use crate::scalar::Float;
use crate::smoothing::OfLoss;

impl<T: Float, L> DeviceEstimator<T, L> for OfLoss {
    fn enqueue(&self, round: &DeviceRound<'_, T>, _labels: &[L], want: Want) -> Result<Estimates<T>, Error> {
        let (gpu, table) = (round.gpu, round.table());
        let mut values = gpu.dirty::<T>(round.samples)?;
        let mut means = gpu.dirty::<f64>(round.samples)?;
        let mean = 1.0 / round.noise.samples as f64;
        let (wide, narrow) = (Some(means.slice_mut()), Some(values.slice_mut()));
        Partial::of_results(gpu, &table)?.finish(
            gpu,
            mean,
            wide,
            narrow,
            &round.findings,
            Some(Kind::Loss),
        )?;
        if want == Want::Values {
            return Ok(Estimates { values, gradients: gpu.dirty(0)?, hessians: None, check: None });
        }
        let weights = table.weights(gpu, centre(round.covariate, round.noise), means.slice())?;
        let gradients = scored(round, weights.slice())?;
        let hessians = match want {
            Want::Values | Want::Gradients => None,
            Want::MeanHessian => Some(hessians(round, weights.slice(), true)?),
            Want::Hessians => Some(hessians(round, weights.slice(), false)?),
        };
        Ok(Estimates { values, gradients, hessians, check: None })
    }
}

/// `sum_s weight_s nu'(z_s) / scale`, N x m.
pub(super) fn scored<T: Float>(
    round: &DeviceRound<'_, T>,
    weights: Slice<'_, f64>,
) -> Result<Buffer<T>, CudaError> {
    let (gpu, noise) = (round.gpu, round.noise);
    let mut gradients = gpu.dirty::<T>(round.samples * round.dim)?;
    let sizes = [round.samples, noise.samples, round.dim];
    let sums = Partial::of_noise(gpu, false, noise.distribution, (weights, round.drawn.slice()), sizes)?;
    let into = Some(gradients.slice_mut());
    sums.finish(gpu, 1.0 / noise.scale, None, into, &round.findings, Some(Kind::Gradient))?;
    Ok(gradients)
}

/// `sum_s weight_s (nu' nu'^T - nu'') / scale^2`: their mean over the batch, or all.
fn hessians<T: Float>(
    round: &DeviceRound<'_, T>,
    weights: Slice<'_, f64>,
    mean: bool,
) -> Result<DeviceHessians<T>, CudaError> {
    let (gpu, noise) = (round.gpu, round.noise);
    let [groups, rows] =
        if mean { [1, round.samples * noise.samples] } else { [round.samples, noise.samples] };
    let mut diagonals = gpu.dirty::<f64>(groups * round.dim)?;
    let noise_of = (weights, round.drawn.slice());
    let sums = Partial::of_noise(gpu, true, noise.distribution, noise_of, [groups, rows, round.dim])?;
    let none = None::<SliceMut<'_, T>>;
    sums.finish(gpu, 1.0, Some(diagonals.slice_mut()), none, &round.findings, None)?;
    let factor = 1.0 / (noise.scale * noise.scale);
    Factors::Loss { weights }.hessians(round, mean, Some(diagonals.slice()), factor)
}
