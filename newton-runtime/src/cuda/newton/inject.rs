//! `inject_fisher`.

use super::memory::Memory;
use crate::Error;
use crate::cuda::gpu::{Gpu, Slice, SliceMut};
use crate::error::Quantity;
use crate::newton::{Newton, Reduction, input};
use crate::scalar::Float;

/// The backward of an identity node that preconditions whatever comes back by its own Fisher matrix, for batches of one shape. See
/// [`crate::newton::inject_fisher`], which is the same on the CPU.
pub struct DeviceInjection<T: Float> {
    memory: Memory<T>,
}

impl<T: Float> DeviceInjection<T> {
    /// Allocates all that gradients of N = `samples` rows of m = `dim` numbers need.
    ///
    /// # Errors
    /// Those of [`DeviceStep::new`](super::DeviceStep::new).
    pub fn new(
        gpu: &Gpu,
        lambda: f64,
        samples: usize,
        dim: usize,
        reduction: Reduction,
    ) -> Result<Self, Error> {
        let factor = match reduction {
            Reduction::Mean => samples as f64,
            Reduction::Sum => 1.0 / samples as f64,
        };
        let memory = Memory::new(gpu, &Newton::fisher(lambda), (samples, dim), factor, false)?;
        Ok(Self { memory })
    }

    /// Enqueues `into += incoming (F + lambda I)^-1`, both row-major N x m. If anything is wrong, all of `into` becomes NaN.
    ///
    /// # Errors
    /// [`Error::Mismatch`]; the driver's.
    pub fn enqueue(&mut self, incoming: Slice<'_, T>, into: SliceMut<'_, T>) -> Result<(), Error> {
        let count = self.memory.samples * self.memory.dim;
        input::same_length("incoming gradient", incoming.len(), count, "N rows of m numbers each")?;
        input::same_length("gradient", into.len(), count, "one for each that comes in")?;
        self.memory.enqueue(incoming, incoming, None)?;
        let Memory { kernels, directions, report, .. } = &self.memory;
        Ok(kernels.add(directions.slice(), None, report.slice(), into)?)
    }

    /// Waits for the device and says what went wrong with the last gradients.
    ///
    /// # Errors
    /// Those of [`crate::newton::inject_fisher`]; what went wrong on the device.
    pub fn check(&self) -> Result<(), Error> {
        self.memory.check(Quantity::IncomingGradient)
    }
}
