//! Noise on the device.
#![allow(unsafe_code)]

use super::super::CudaError;
use super::super::gpu::{Buffer, Gpu, Parameter, Slice};
use super::findings::Findings;
use super::kernels::{Kernels, blocks, threads, word};
use crate::Error;
use crate::scalar::Float;
use crate::smoothing::{Distribution, Noise, Sampling};

/// `nl::smoothing::Noise`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct DeviceNoise {
    seed: u64,
    step: u64,
    scale: f64,
    samples: u32,
    drawn: u32,
    dim: u32,
    distribution: u32,
    sampling: u32,
    intervals: u32,
}

// SAFETY: `repr(C)`, field by field as device/smoothing/chacha.cuh has it; there is no padding.
unsafe impl Parameter for DeviceNoise {}

impl DeviceNoise {
    /// Of noise that is known to be valid.
    fn new(noise: &Noise, step: u64, dim: usize) -> Result<Self, CudaError> {
        Ok(Self {
            seed: noise.seed,
            step,
            scale: noise.scale,
            samples: word("the number of perturbations", noise.samples)?,
            drawn: word("the number of perturbations", noise.drawn())?,
            dim: word("the number of predictions", dim)?,
            distribution: noise.distribution as u32,
            sampling: noise.sampling as u32,
            intervals: word("the number of intervals", noise.intervals(dim).unwrap_or(1))?,
        })
    }
}

/// What was drawn, and where the black box is to be evaluated.
pub(super) struct Perturbed<T: Float> {
    /// N x S x m, at scale 1.
    pub drawn: Buffer<f64>,
    /// N x (S or S + 1) x m.
    pub arguments: Buffer<T>,
}

/// Draws the noise of a step and perturbs predictions of `dim` numbers. Settings are known to be valid.
pub(super) fn perturb<T: Float>(
    gpu: &Gpu,
    noise: &Noise,
    step: u64,
    predictions: Slice<'_, T>,
    dim: usize,
    unperturbed: bool,
    findings: &Findings,
) -> Result<Perturbed<T>, CudaError> {
    let samples = predictions.len() / dim;
    let rows = noise.samples + usize::from(unperturbed);
    let mut arguments = gpu.dirty::<T>(samples * rows * dim)?;
    let into = arguments.slice_mut().pointer();
    let perturbed = Some((predictions, rows, into, findings));
    Ok(Perturbed { drawn: fill(gpu, noise, step, samples, dim, perturbed)?, arguments })
}

/// The noise of `samples` samples in a step, samples x S x `dim` at scale 1: what [`Noise::draw`] gives on the CPU, up to the last digits
/// of the quantiles.
///
/// # Errors
/// Those of [`Noise::validate`]; [`CudaError::OutOfMemory`].
pub fn draw(gpu: &Gpu, noise: &Noise, step: u64, samples: usize, dim: usize) -> Result<Buffer<f64>, Error> {
    noise.validate(dim)?;
    Ok(fill::<f64>(gpu, noise, step, samples, dim, None)?)
}

/// The first words of the stream that a sample's noise is made of.
#[doc(hidden)]
pub fn random_words(
    gpu: &Gpu,
    seed: u64,
    step: u64,
    sample: u64,
    count: usize,
) -> Result<Buffer<u64>, CudaError> {
    let noise = DeviceNoise::new(&Noise { seed, ..Noise::gaussian(1.0, 1) }, step, 1)?;
    let mut words = gpu.dirty(count)?;
    let kernel = Kernels::of::<f64>(gpu)?.function("stream")?;
    let length = word("the number of words", count)?;
    // SAFETY: `stream(noise, sample, count, words)`; there are `count` words.
    unsafe { kernel.launch(threads(count), &[&noise, &sample, &length, &words.slice_mut()])? };
    Ok(words)
}

/// Of a distribution, at probabilities: quantiles, their mirror images, and the quantiles' scores and curvatures, one after the other.
#[doc(hidden)]
pub fn functions_of(
    gpu: &Gpu,
    distribution: Distribution,
    probabilities: &[f64],
) -> Result<Buffer<f64>, CudaError> {
    let (count, from) = (probabilities.len(), gpu.upload(probabilities)?);
    let mut into = gpu.dirty(4 * count)?;
    let kernel = Kernels::of::<f64>(gpu)?.function("functions_of")?;
    let (distribution, length) = (distribution as u32, word("the number of probabilities", count)?);
    // SAFETY: `functions_of(distribution, count, x, y)`; there are `count` numbers and four times as many results.
    unsafe {
        kernel.launch(threads(count), &[&distribution, &length, &from.slice(), &into.slice_mut()])?;
    };
    Ok(into)
}

/// `perturbed`: predictions, arguments of each sample, where they go, and what finds predictions that are not finite.
fn fill<T: Float>(
    gpu: &Gpu,
    noise: &Noise,
    step: u64,
    samples: usize,
    dim: usize,
    perturbed: Option<(Slice<'_, T>, usize, u64, &Findings)>,
) -> Result<Buffer<f64>, CudaError> {
    let kernels = Kernels::of::<T>(gpu)?;
    let device = DeviceNoise::new(noise, step, dim)?;
    let count = word("the number of samples", samples)?;
    let order = order(gpu, &kernels, noise, &device, samples)?;
    let order = order.as_ref().map_or(0, |order| order.slice().pointer());
    let mut drawn = gpu.dirty::<f64>(samples * noise.samples * dim)?;
    let [mut predictions, mut arguments, mut findings] = [0; 3];
    let mut rows = device.samples;
    if let Some((of, rows_of_sample, into, found)) = perturbed {
        (predictions, arguments, findings) = (of.pointer(), into, found.words().pointer());
        rows = word("the number of perturbations", rows_of_sample)?;
    }
    let launch = threads(samples * (noise.drawn() * dim).div_ceil(8));
    let kernel = kernels.typed("perturb")?;
    let into = drawn.slice_mut();
    // SAFETY: `perturb(noise, samples, rows, order, predictions, drawn, arguments, findings)`; there are samples x S x dim numbers to be drawn,
    // samples x dim predictions and samples x rows x dim arguments, or neither, and an order of samples x drawn x dim for hypercubes.
    unsafe {
        kernel
            .launch(launch, &[&device, &count, &rows, &order, &predictions, &into, &arguments, &findings])?;
    };
    Ok(drawn)
}

/// The order of a Latin hypercube's intervals.
fn order(
    gpu: &Gpu,
    kernels: &Kernels,
    noise: &Noise,
    device: &DeviceNoise,
    samples: usize,
) -> Result<Option<Buffer<u32>>, CudaError> {
    if !matches!(noise.sampling, Sampling::LatinHypercube | Sampling::LatinHypercubeMidpoints) {
        return Ok(None);
    }
    let dim = device.dim as usize;
    let mut order = gpu.dirty::<u32>(samples * noise.drawn() * dim)?;
    let count = word("the number of samples", samples)?;
    let (shuffle, compose) = (kernels.function("shuffle")?, kernels.function("compose")?);
    let into = order.slice_mut();
    // SAFETY: `shuffle(noise, samples, order)`; the order has samples x drawn x dim elements.
    unsafe { shuffle.launch(threads(samples * dim), &[device, &count, &into])? };
    let side = noise.drawn().next_multiple_of(32).min(256) as u32;
    // SAFETY: `compose(noise, samples, order)`: the same.
    unsafe { compose.launch(blocks(samples, side, 1), &[device, &count, &into])? };
    Ok(Some(order))
}
