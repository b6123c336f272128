//! The same network on a GPU.
//!
//! Activations lie channels last, densely: a matrix with a row per pixel of the batch and a column per channel. A convolution is a product of
//! matrices, by cuBLAS, of which the left one, what lies under every window, is written in pieces of bounded size. Everything else is a
//! few kernels (`cuda/device/graph`): sums of a fixed order, gradients that every pixel gathers for itself, so that results depend on the
//! batch alone. Nothing here waits for the device.

mod backward;
mod convolve;
mod forward;
mod launch;
mod plan;
#[cfg(test)]
mod tests;

use crate::cuda::{Buffer, CudaError, Gpu, Slice, SliceMut};
use crate::graph::LayerError;
use crate::graph::op::CudaBackward;

use super::network::{Mode, Network};
use plan::Plan;

/// Floats of a piece of what lies under the windows: 128 MiB.
const COLUMNS: usize = 1 << 25;

/// What normalises a layer: `[mean, gamma / sqrt(variance + epsilon)]` of every channel, one behind the other.
type Norm = Buffer<f32>;

/// Kept for the backward pass.
pub(super) struct Saved {
    plan: Plan,
    /// Inputs of every layer but the first, whose are the images: `x[i - 1]` is layer i's.
    x: Vec<Buffer<f32>>,
    /// Outputs of every layer's convolution.
    z: Vec<Buffer<f32>>,
    norms: Vec<Norm>,
    /// `1 / sqrt(variance + epsilon)` of every layer.
    inverses: Vec<Buffer<f64>>,
    /// Winners of the stem's pooling, and of the last.
    winners: [Buffer<u8>; 2],
}

impl Network {
    /// [`Op::cuda`](crate::graph::op::Op::cuda).
    pub(super) fn run_cuda(
        &self,
        gpu: &Gpu,
        inputs: &[Slice<'_, f32>],
        out: SliceMut<'_, f32>,
    ) -> Result<CudaBackward, LayerError> {
        let saved = self.forward_cuda(gpu, inputs, out, COLUMNS)?;
        Ok(Box::new(move |gpu, inputs, grad_out, grad_inputs| match saved {
            Some(saved) => Ok(backward::backward(gpu, &saved, inputs, grad_out, grad_inputs)?),
            None => Ok(()),
        }))
    }

    /// The forward pass, in pieces of `most` floats: what the backward pass needs, unless running statistics are used: that is for evaluation,
    /// without gradients.
    fn forward_cuda(
        &self,
        gpu: &Gpu,
        inputs: &[Slice<'_, f32>],
        out: SliceMut<'_, f32>,
        most: usize,
    ) -> Result<Option<Saved>, CudaError> {
        match &self.mode {
            Mode::Batch(seen) => {
                let plan = Plan::new(&self.sizes, self.batch, most)?;
                let (saved, moments) = forward::of_batch(gpu, plan, inputs, out)?;
                // Only this op writes there, and it runs once.
                seen.device.get_or_init(|| moments);
                Ok(Some(saved))
            }
            Mode::Running => {
                forward::of_images(gpu, &self.sizes, self.batch, inputs, out, most)?;
                Ok(None)
            }
        }
    }
}
