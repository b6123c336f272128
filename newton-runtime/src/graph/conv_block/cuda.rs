//! The stack on a GPU: layer by layer over the whole batch. Between a layer's convolution and the next there is one kernel, which adds the
//! bias, applies ReLU and pools.

use super::layer::Layer;
use crate::cuda::{Buffer, CudaError, Gpu, Slice, SliceMut};
use crate::graph::LayerError;
use crate::graph::cuda::convolution::{Convolution, Sliding, add_channel_sums};
use crate::graph::cuda::kernels::part;
use crate::graph::cuda::pooling::Pooled;
use crate::graph::op::CudaBackward;
use crate::graph::window::Window;

/// A layer on a batch.
#[derive(Clone, Copy)]
struct Step {
    layer: Layer,
    convolution: Convolution,
}

/// Kept for the backward pass: what every layer put out, the last one excepted, and its winners.
struct Kept {
    outputs: Vec<Buffer<f32>>,
    winners: Vec<Buffer<u8>>,
}

/// Runs the layers. `inputs` are images, then weight and bias of each.
pub(super) fn forward(
    layers: &[Layer],
    batch: usize,
    gpu: &Gpu,
    inputs: &[Slice<'_, f32>],
    mut out: SliceMut<'_, f32>,
) -> Result<CudaBackward, LayerError> {
    let steps = layers.iter().map(|layer| Step::new(*layer, batch)).collect::<Result<Vec<_>, _>>()?;
    let mut kept = Kept { outputs: Vec::new(), winners: Vec::new() };
    for (i, step) in steps.iter().enumerate() {
        let input = kept.outputs.last().map_or(inputs[0], Buffer::slice);
        let parameters = [inputs[1 + 2 * i], inputs[2 + 2 * i]];
        let mut winners = gpu.dirty(batch * step.layer.out_len())?;
        if i + 1 == steps.len() {
            step.forward(gpu, input, parameters, out.reborrow(), winners.slice_mut())?;
        } else {
            let mut output = gpu.dirty(batch * step.layer.out_len())?;
            step.forward(gpu, input, parameters, output.slice_mut(), winners.slice_mut())?;
            kept.outputs.push(output);
        }
        kept.winners.push(winners);
    }
    Ok(Box::new(move |gpu, inputs, grad_out, grad_inputs| {
        Ok(backward(&steps, &kept, gpu, inputs, grad_out, grad_inputs)?)
    }))
}

/// Goes back through the layers, last first.
fn backward(
    steps: &[Step],
    kept: &Kept,
    gpu: &Gpu,
    inputs: &[Slice<'_, f32>],
    grad_out: Slice<'_, f32>,
    grad_inputs: &mut [Option<SliceMut<'_, f32>>],
) -> Result<(), CudaError> {
    // The gradient of what the layer at hand put out.
    let mut gradient: Option<Buffer<f32>> = None;
    for (i, step) in steps.iter().enumerate().rev() {
        let [weight, bias] = [1 + 2 * i, 2 + 2 * i].map(|at| grad_inputs[at].take());
        let of_output = gradient.as_ref().map_or(grad_out, Buffer::slice);
        let input = i.checked_sub(1).map_or(inputs[0], |before| kept.outputs[before].slice());
        let mut of_input = (i > 0).then(|| gpu.zeros(input.len())).transpose()?;
        let images = match &mut of_input {
            Some(buffer) => Some(buffer.slice_mut()),
            None => grad_inputs[0].take(),
        };
        let winners = kept.winners[i].slice();
        let slots = [images, weight, bias];
        step.backward(gpu, input, inputs[1 + 2 * i], winners, of_output, slots)?;
        gradient = of_input;
    }
    Ok(())
}

impl Step {
    fn new(layer: Layer, batch: usize) -> Result<Self, CudaError> {
        let Layer { c_in, c_out, k, pad, h, w } = layer;
        let sliding = Sliding::new([c_in, h, w], Window { k, stride: 1, pad })?;
        Ok(Self { layer, convolution: Convolution::new(sliding, c_out, batch) })
    }

    /// The products of so many images, and what becomes of them.
    fn pooled(&self, count: usize) -> Pooled {
        let Layer { c_out: channels, k, pad, h, w, .. } = self.layer;
        let window = Window { k, stride: 1, pad };
        Pooled { channels, count, h: window.positions(h), w: window.positions(w) }
    }

    fn forward(
        &self,
        gpu: &Gpu,
        images: Slice<'_, f32>,
        [weight, bias]: [Slice<'_, f32>; 2],
        mut out: SliceMut<'_, f32>,
        mut winners: SliceMut<'_, u8>,
    ) -> Result<(), CudaError> {
        let len = self.layer.out_len();
        self.convolution.forward(gpu, images, weight, |chunk, products| {
            let (start, len) = (chunk.start * len, chunk.len() * len);
            let (out, winners) = (part(out.reborrow(), start, len), part(winners.reborrow(), start, len));
            self.pooled(chunk.len()).forward(gpu, products, bias, out, winners)
        })
    }

    /// Adds the gradients of images, weight and bias.
    fn backward(
        &self,
        gpu: &Gpu,
        images: Slice<'_, f32>,
        weight: Slice<'_, f32>,
        winners: Slice<'_, u8>,
        gradient: Slice<'_, f32>,
        [grad_images, grad_weight, grad_bias]: [Option<SliceMut<'_, f32>>; 3],
    ) -> Result<(), CudaError> {
        let len = self.layer.out_len();
        self.convolution.backward(gpu, images, weight, grad_images, grad_weight, |chunk, products| {
            let (start, len) = (chunk.start * len, chunk.len() * len);
            let (gradient, winners) = (gradient.range(start, len), winners.range(start, len));
            self.pooled(chunk.len()).backward(gpu, gradient, winners, products)
        })?;
        if let Some(grad_bias) = grad_bias {
            add_channel_sums(gpu, gradient, Some(winners), grad_bias, len / self.layer.c_out)?;
        }
        Ok(())
    }
}
