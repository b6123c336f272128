//! The step of a batch.

use super::memory::Memory;
use crate::Error;
use crate::cuda::gpu::{Buffer, Gpu, Slice, SliceMut};
use crate::error::Quantity;
use crate::newton::{Newton, input};
use crate::scalar::Float;

/// Second derivatives of the per-sample losses on the device. Row-major; asymmetric rounding is averaged away.
#[derive(Debug, Clone, Copy)]
pub enum HessianSlices<'a, T> {
    /// `1/N sum_i H_i`, m x m: summed in double, of numbers that are known no better than `T`.
    Mean(Slice<'a, f64>),
    /// All `H_i`, N x m x m.
    PerSample(Slice<'a, T>),
}

/// The Newton step for batches of one shape. See [`crate::newton::step()`], which is the same on the CPU.
///
/// A step is enqueued: neither the host nor the device waits. Results are there for what is enqueued next, until the next step. What went wrong
/// is noted on the device, for [`check`](Self::check); [`backward`](Self::backward) hands back nothing but NaN after it.
pub struct DeviceStep<T: Float> {
    memory: Memory<T>,
}

impl<T: Float> DeviceStep<T> {
    /// Allocates all that steps of N = `samples` predictions of m = `dim` numbers need, and compiles the kernels if nobody did before.
    ///
    /// # Errors
    /// [`Error::Setting`] for a bad lambda; [`Error::EmptyBatch`]; [`CudaError::TooLarge`](crate::cuda::CudaError) for a matrix of more than 1024 rows (of m; for
    /// Fisher curvature of N, if that is less and lambda positive); `CudaError::OutOfMemory`, `CudaError::NoCompiler`.
    pub fn new(gpu: &Gpu, newton: &Newton, samples: usize, dim: usize) -> Result<Self, Error> {
        let factor = 1.0 / samples as f64;
        Ok(Self { memory: Memory::new(gpu, newton, (samples, dim), factor, true)? })
    }

    /// N.
    pub fn samples(&self) -> usize {
        self.memory.samples
    }

    /// m.
    pub fn dim(&self) -> usize {
        self.memory.dim
    }

    /// Enqueues the step of a batch: `predictions` and per-sample `gradients` are row-major N x m; `hessians` are read for
    /// [`Curvature::Hessian`](crate::newton::Curvature) only. It allocates nothing, and may be captured in a CUDA graph.
    ///
    /// # Errors
    /// [`Error::Mismatch`], [`Error::NoHessian`]; the driver's.
    pub fn enqueue(
        &mut self,
        predictions: Slice<'_, T>,
        gradients: Slice<'_, T>,
        hessians: Option<HessianSlices<'_, T>>,
    ) -> Result<(), Error> {
        let count = self.memory.samples * self.memory.dim;
        input::same_length("predictions", predictions.len(), count, "N rows of m numbers each")?;
        input::same_length("gradients", gradients.len(), count, "one for each prediction")?;
        self.memory.enqueue(predictions, gradients, hessians)
    }

    /// `d_i = (C + lambda I)^-1 g_i`, N x m: the gradient of sample i's Newton loss.
    pub fn directions(&self) -> Slice<'_, T> {
        self.memory.directions.slice()
    }

    /// `z*_i = y_i - d_i`, N x m.
    pub fn z_star(&self) -> Slice<'_, T> {
        self.wanted().0.slice()
    }

    /// `1/2 |d_i|^2`, N numbers. For display: they overflow to infinity before the directions do.
    pub fn newton_losses(&self) -> Slice<'_, T> {
        self.wanted().1.slice()
    }

    fn wanted(&self) -> &(Buffer<T>, Buffer<T>) {
        self.memory.more.as_ref().expect("made with them")
    }

    /// Enqueues what a node of the batch's mean Newton loss hands back to the network: `into += upstream[0] / N * d_i`, N x m. If anything was
    /// wrong with the step, all of `into` becomes NaN: whoever ignores the error must not train on half a gradient.
    ///
    /// # Errors
    /// [`Error::Mismatch`]; the driver's.
    pub fn backward(&self, upstream: Slice<'_, T>, into: SliceMut<'_, T>) -> Result<(), Error> {
        let Memory { samples, dim, .. } = self.memory;
        input::same_length("upstream gradient", upstream.len(), 1, "the batch has one loss")?;
        input::same_length("gradient", into.len(), samples * dim, "one for each prediction")?;
        let upstream = Some((upstream, samples as f64));
        Ok(self.memory.kernels.add(self.directions(), upstream, self.memory.report.slice(), into)?)
    }

    /// Waits for the device and says what went wrong with the last step.
    ///
    /// # Errors
    /// Those of [`crate::newton::step()`], with the same sample, entry and numbers; what went wrong on the device.
    pub fn check(&self) -> Result<(), Error> {
        self.memory.check(Quantity::Gradient)
    }
}
