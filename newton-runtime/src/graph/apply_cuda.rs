//! The loss as a node of a graph on a GPU.
//!
//! Forward and backward pass only enqueue: between the network's output and its gradient nothing waits for the device. What went wrong
//! there is known when [`backward`](super::backward()) has enqueued everything else and asks. Until then what went wrong is not a number, in
//! the value and in the gradient.

use std::cell::Cell;

use dfdx::prelude::{Cuda, Rank0, Shape, SplitTape, Tape, Tensor};

use super::LayerError;
use super::backend::Engine;
use super::backward::check_later;
use super::op::{CudaBackward, Input, Op, contiguous, record};
use crate::cuda::{DeviceEvaluation, Gpu, Parts, Request, Slice, SliceMut, Want, node};
use crate::loss::NewtonLoss;

/// See [`Apply::apply`](super::Apply::apply). A loss without a form for GPUs is evaluated by the CPU: the scores go there, and value and
/// gradient come back.
pub(super) fn apply_cuda<L: NewtonLoss<f32>, S: Shape, T: Tape<f32, Cuda>>(
    loss: &L,
    scores: Tensor<S, f32, Cuda, T>,
    labels: &[L::Label],
) -> Result<Tensor<Rank0, f32, Cuda, T>, LayerError> {
    let scores = contiguous(scores)?;
    let found = {
        let numbers = Cuda::values(&scores);
        let gpu = numbers.gpu()?;
        let predictions = numbers.slice()?;
        if T::OWNS_TAPE {
            DeviceEvaluation::of(loss, &gpu, predictions, labels)?.map(|all| Node::Traced(Box::new(all)))
        } else {
            let request = Request { want: Want::Values, training: false };
            loss.on_device(&gpu, predictions, labels, request)?.map(Node::Untraced)
        }
    };
    let Some(node) = found else { return super::apply::on_host(loss, scores, labels) };
    let (scores, tape) = scores.split_tape();
    let input = Input::new(&scores);
    record(OnDevice(Cell::new(Some(node))), vec![input], (), scores.device(), tape)
}

enum Node {
    Traced(Box<DeviceEvaluation<f32>>),
    Untraced(Parts<f32>),
}

/// A batch that was enqueued, until it is on the tape.
struct OnDevice(Cell<Option<Node>>);

impl Op for OnDevice {
    type Saved = ();
    const KEEPS_INPUTS: bool = false;

    fn forward(&self, _: &[&[f32]], out: &mut [f32], _: bool) {
        // It is recorded for GPUs only.
        out.fill(f32::NAN);
    }

    fn backward(&self, (): (), _: &[&[f32]], _: &[f32], grads: &mut [Option<&mut [f32]>]) {
        grads.iter_mut().flatten().for_each(|grad| grad.fill(f32::NAN));
    }

    fn cuda(
        &self,
        gpu: &Gpu,
        _: &[Slice<'_, f32>],
        out: SliceMut<'_, f32>,
        _: bool,
    ) -> Result<CudaBackward, LayerError> {
        match self.0.take() {
            Some(Node::Traced(node)) => {
                node::mean(gpu, node.values(), out)?;
                Ok(Box::new(move |gpu, _, grad_out, grads| {
                    if let Some(into) = grads[0].take() {
                        node.step().backward(grad_out, into)?;
                    }
                    check_later(gpu, Box::new(move |gpu| (*node).check(gpu)));
                    Ok(())
                }))
            }
            Some(Node::Untraced(parts)) => {
                node::mean(gpu, parts.values.slice(), out)?;
                // Nothing comes after it that could ask.
                (parts.check)(gpu)?;
                Ok(Box::new(|_, _, _, _| Ok(())))
            }
            None => Err(LayerError::NoCuda { op: "the loss" }),
        }
    }
}
