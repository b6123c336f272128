//! `inject_fisher`: the paper's Algorithm 2 in front of any loss.

use dfdx::prelude::{HasShape, Shape, SplitTape, Tape, Tensor};

#[cfg(feature = "cuda")]
use super::backward::check_later;
use super::backward::failed;
#[cfg(feature = "cuda")]
use super::op::CudaBackward;
use super::op::{Input, Op, contiguous, record};
use super::{Backend, LayerError};
#[cfg(feature = "cuda")]
use crate::cuda::newton::DeviceInjection;
#[cfg(feature = "cuda")]
use crate::cuda::{Gpu, Slice, SliceMut};
use crate::error::Error;
use crate::newton::{self, Reduction};

/// The identity, whose backward pass multiplies the incoming gradient by `(F + lambda I)^-1`, F being the Fisher matrix of that
/// very gradient. `scores` has shape (N, ...); what follows must reduce the batch by its *mean*, as the paper's Algorithm 2
/// presumes (for a sum use [`inject_fisher_of_sum`]).
///
/// Run the backward pass with [`backward`](super::backward()), which turns a failure into a typed error.
///
/// # Errors
/// [`LayerError::Loss`] for a lambda that is negative or not finite, or an empty batch.
pub fn inject_fisher<D: Backend, S: Shape, T: Tape<f32, D>>(
    scores: Tensor<S, f32, D, T>,
    lambda: f64,
) -> Result<Tensor<S, f32, D, T>, LayerError> {
    inject(scores, lambda, Reduction::Mean)
}

/// [`inject_fisher`] in front of a loss that is the *sum* over the batch.
///
/// # Errors
/// As [`inject_fisher`].
pub fn inject_fisher_of_sum<D: Backend, S: Shape, T: Tape<f32, D>>(
    scores: Tensor<S, f32, D, T>,
    lambda: f64,
) -> Result<Tensor<S, f32, D, T>, LayerError> {
    inject(scores, lambda, Reduction::Sum)
}

fn inject<D: Backend, S: Shape, T: Tape<f32, D>>(
    scores: Tensor<S, f32, D, T>,
    lambda: f64,
    reduction: Reduction,
) -> Result<Tensor<S, f32, D, T>, LayerError> {
    newton::Newton::fisher(lambda).validate()?;
    let shape = *scores.shape();
    let batch = shape.concrete().into_iter().next().unwrap_or(0);
    if batch == 0 || shape.num_elements() == 0 {
        return Err(Error::EmptyBatch.into());
    }
    let (scores, tape) = contiguous(scores)?.split_tape();
    let op = Inject { lambda, dim: shape.num_elements() / batch, reduction };
    record(op, vec![Input::new(&scores)], shape, scores.device(), tape)
}

struct Inject {
    lambda: f64,
    dim: usize,
    reduction: Reduction,
}

impl Op for Inject {
    type Saved = ();
    const KEEPS_INPUTS: bool = false;

    fn forward(&self, inputs: &[&[f32]], out: &mut [f32], _traced: bool) {
        out.copy_from_slice(inputs[0]);
    }

    fn backward(&self, (): (), _: &[&[f32]], grad_out: &[f32], grad_inputs: &mut [Option<&mut [f32]>]) {
        let Some(into) = grad_inputs[0].as_deref_mut() else { return };
        match newton::inject_fisher(self.lambda, grad_out, self.dim, self.reduction) {
            Ok(gradient) => into.iter_mut().zip(&gradient).for_each(|(into, g)| *into += g),
            Err(error) => {
                // Whoever ignores the error must not train on half a gradient.
                into.fill(f32::NAN);
                failed(error.into());
            }
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
        let Inject { lambda, dim, reduction } = *self;
        let mut injection = DeviceInjection::new(gpu, lambda, out.len() / dim, dim, reduction)?;
        gpu.copy(inputs[0], out)?;
        Ok(Box::new(move |gpu, _, grad_out, grad_inputs| {
            let Some(into) = grad_inputs[0].take() else { return Ok(()) };
            injection.enqueue(grad_out, into)?;
            check_later(gpu, Box::new(move |_| injection.check()));
            Ok(())
        }))
    }
}
