//! `inject_fisher`: the paper's Algorithm 2 in front of any loss.

use std::cell::RefCell;

use dfdx::prelude::{Cpu, CpuError, Gradients, HasShape, Rank0, Shape, SplitTape, Tape, Tensor};

use super::LayerError;
use super::op::{Input, Op, contiguous, record};
use crate::error::Error;
use crate::newton::{self, Reduction};

/// The identity, whose backward pass multiplies the incoming gradient by `(F + lambda I)^-1`, F being the Fisher matrix of that
/// very gradient. `scores` has shape (N, ...); what follows must reduce the batch by its *mean*, as the paper's Algorithm 2
/// presumes (for a sum use [`inject_fisher_of_sum`]).
///
/// Run the backward pass with [`backward`], which turns a failure into a typed error.
///
/// # Errors
/// [`LayerError::Loss`] for a lambda that is negative or not finite, or an empty batch.
pub fn inject_fisher<S: Shape, T: Tape<f32, Cpu>>(
    scores: Tensor<S, f32, Cpu, T>,
    lambda: f64,
) -> Result<Tensor<S, f32, Cpu, T>, LayerError> {
    inject(scores, lambda, Reduction::Mean)
}

/// [`inject_fisher`] in front of a loss that is the *sum* over the batch.
///
/// # Errors
/// As [`inject_fisher`].
pub fn inject_fisher_of_sum<S: Shape, T: Tape<f32, Cpu>>(
    scores: Tensor<S, f32, Cpu, T>,
    lambda: f64,
) -> Result<Tensor<S, f32, Cpu, T>, LayerError> {
    inject(scores, lambda, Reduction::Sum)
}

fn inject<S: Shape, T: Tape<f32, Cpu>>(
    scores: Tensor<S, f32, Cpu, T>,
    lambda: f64,
    reduction: Reduction,
) -> Result<Tensor<S, f32, Cpu, T>, LayerError> {
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

thread_local! {
    /// Why the backward pass that runs on this thread failed: dfdx's own error cannot say.
    static FAILURE: RefCell<Option<Error>> = const { RefCell::new(None) };
}

/// Back-propagates a scalar: dfdx's `backward`, with errors instead of panics.
///
/// # Errors
/// [`LayerError::Loss`] if an [`inject_fisher`] node met a gradient that is not finite or a singular `F + lambda I`;
/// [`LayerError::Device`] if memory runs out.
pub fn backward<T: Tape<f32, Cpu>>(
    loss: Tensor<Rank0, f32, Cpu, T>,
) -> Result<Gradients<f32, Cpu>, LayerError>
where
    Tensor<Rank0, f32, Cpu, T>: dfdx::prelude::Backward<f32, Cpu, Err = CpuError>,
{
    FAILURE.set(None);
    let outcome = dfdx::prelude::Backward::try_backward(loss);
    match FAILURE.take() {
        Some(error) => Err(error.into()),
        None => Ok(outcome?),
    }
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
                FAILURE.with_borrow_mut(|failure| {
                    failure.get_or_insert(error);
                });
            }
        }
    }
}
