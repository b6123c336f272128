//! ReLU and flatten.

use dfdx::prelude::{Dim, HasShape, ReshapeTo, Shape, SplitTape, Tape, Tensor};

#[cfg(feature = "cuda")]
use super::cuda::kernels;
#[cfg(feature = "cuda")]
use super::op::CudaBackward;
use super::op::{Input, Op, contiguous, record};
use super::{Backend, LayerError};
#[cfg(feature = "cuda")]
use crate::cuda::{Gpu, Slice, SliceMut};

struct Relu;

/// `max(x, 0)` element by element; the derivative at 0 is 0, a NaN stays one.
///
/// # Errors
/// dfdx's.
pub fn relu<D: Backend, S: Shape, T: Tape<f32, D>>(
    x: Tensor<S, f32, D, T>,
) -> Result<Tensor<S, f32, D, T>, LayerError> {
    let (x, tape) = contiguous(x)?.split_tape();
    let (shape, device) = (*x.shape(), x.device().clone());
    record(Relu, vec![Input::new(&x)], shape, &device, tape)
}

impl Op for Relu {
    type Saved = ();

    fn forward(&self, inputs: &[&[f32]], out: &mut [f32], _: bool) {
        for (y, &x) in out.iter_mut().zip(inputs[0]) {
            *y = if x <= 0.0 { 0.0 } else { x };
        }
    }

    fn backward(&self, (): (), inputs: &[&[f32]], grad_out: &[f32], grad_inputs: &mut [Option<&mut [f32]>]) {
        let [Some(dx)] = grad_inputs else { return };
        for ((d, &x), g) in dx.iter_mut().zip(inputs[0]).zip(grad_out) {
            *d += if x <= 0.0 { 0.0 } else { *g };
        }
    }

    #[cfg(feature = "cuda")]
    fn cuda(
        &self,
        gpu: &Gpu,
        inputs: &[Slice<'_, f32>],
        out: SliceMut<'_, f32>,
        _: bool,
    ) -> Result<CudaBackward, LayerError> {
        kernels::relu(gpu, inputs[0], out)?;
        Ok(Box::new(|gpu, inputs, grad_out, grad_inputs| match grad_inputs[0].take() {
            Some(dx) => Ok(kernels::relu_backward(gpu, inputs[0], grad_out, dx)?),
            None => Ok(()),
        }))
    }
}

/// (B, C, H, W) to (B, C H W), in this order; shares the memory and its gradient.
///
/// # Errors
/// dfdx's.
pub fn flatten<D: Backend, B: Dim, C: Dim, H: Dim, W: Dim, T: Tape<f32, D>>(
    x: Tensor<(B, C, H, W), f32, D, T>,
) -> Result<Tensor<(B, usize), f32, D, T>, LayerError> {
    let (b, c, h, w) = *x.shape();
    let x = contiguous(x)?;
    x.try_reshape_like(&(b, c.size() * h.size() * w.size())).map_err(Into::into)
}
