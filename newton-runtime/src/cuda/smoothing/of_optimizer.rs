//! Perturbed optimizers with their Fenchel-Young losses.
#![allow(unsafe_code)]

use super::super::CudaError;
use super::super::gpu::{Buffer, Slice};
use super::super::parts::Want;
use super::hessians::Factors;
use super::kernels::{Kernels, threads};
use super::round::{DeviceEstimator, DeviceRound, Estimates};
use super::squared::targets;
use super::sums::Partial;
use crate::Error;
use crate::scalar::Float;
use crate::smoothing::{Labelled, Numbers, OfOptimizer};

impl<T, L> DeviceEstimator<T, L> for OfOptimizer
where
    T: Float,
    L: Labelled,
    L::Target: Numbers<T>,
{
    fn enqueue(&self, round: &DeviceRound<'_, T>, labels: &[L], want: Want) -> Result<Estimates<T>, Error> {
        let (gpu, noise, table, sign) = (round.gpu, round.noise, round.table(), self.sign());
        let targets = gpu.upload(&targets::<T, _>(labels.iter().map(L::target), round.dim)?)?;
        let mut values = gpu.dirty::<T>(round.samples)?;
        let drawn = round.drawn.slice();
        let excess = Partial::of_excess(gpu, &table, round.predictions, targets.slice(), drawn, noise.scale)?;
        let factor = sign / noise.samples as f64;
        excess.finish_values(gpu, factor, values.slice_mut(), &round.findings)?;
        if want == Want::Values {
            return Ok(Estimates { values, gradients: gpu.dirty(0)?, hessians: None, check: None });
        }
        let means = table.means(gpu, &round.findings)?;
        let gradients = gradients(round, means.slice(), targets.slice(), sign)?;
        let mut hessians = None;
        if matches!(want, Want::MeanHessian | Want::Hessians) {
            let factors = Factors::Solutions { table, means: means.slice() };
            let mean = want == Want::MeanHessian;
            hessians = Some(factors.hessians(round, mean, None, -sign / noise.scale)?);
        }
        Ok(Estimates { values, gradients, hessians, check: None })
    }
}

/// `sign (target - mean)`.
fn gradients<T: Float>(
    round: &DeviceRound<'_, T>,
    means: Slice<'_, f64>,
    targets: Slice<'_, T>,
    sign: f64,
) -> Result<Buffer<T>, CudaError> {
    let count = round.samples * round.dim;
    assert_eq!((means.len(), targets.len()), (count, count), "means, targets");
    let mut gradients = round.gpu.dirty::<T>(count)?;
    let kernel = Kernels::of::<T>(round.gpu)?.typed("fenchel_young_gradients")?;
    let (length, findings, into) = (count as u64, round.findings.words(), gradients.slice_mut());
    // SAFETY: `fenchel_young_gradients(means, targets, count, sign, gradients, findings)`; all three have `count` numbers.
    unsafe {
        kernel.launch(threads(count), &[&means, &targets, &length, &sign, &into, &findings])?;
    };
    Ok(gradients)
}
