//! The loss as a node of a dfdx graph.

use dfdx::prelude::{HasShape, Rank0, Shape, SplitTape, Tape, Tensor};

use super::op::{Input, Op, contiguous, record};
use super::{Backend, LayerError};
use crate::error::Error;
use crate::loss::NewtonLoss;

/// Puts a loss on a dfdx tape. Implemented for every [`NewtonLoss`] on `f32`.
pub trait Apply: NewtonLoss<f32> {
    /// The batch-mean loss as a scalar on the scores' tape. Its value is the mean of `l_i`; what it back-propagates into the
    /// scores is the gradient of the batch-mean *Newton* loss, `(C + lambda I)^-1 g_i / N` (with curvature `none`, `g_i / N`).
    ///
    /// `scores` has shape (N, ...) with m numbers per sample; `labels` has N elements. Without a tape no curvature is computed.
    ///
    /// # Errors
    /// [`LayerError::Loss`] for a batch that does not fit, numbers that are not finite (named by sample and entry) and
    /// curvature that cannot be inverted.
    fn apply<D: Backend, S: Shape, T: Tape<f32, D>>(
        &self,
        scores: Tensor<S, f32, D, T>,
        labels: &[Self::Label],
    ) -> Result<Tensor<Rank0, f32, D, T>, LayerError>;
}

impl<L: NewtonLoss<f32>> Apply for L {
    fn apply<D: Backend, S: Shape, T: Tape<f32, D>>(
        &self,
        scores: Tensor<S, f32, D, T>,
        labels: &[L::Label],
    ) -> Result<Tensor<Rank0, f32, D, T>, LayerError> {
        let shape = scores.shape().concrete();
        let batch = shape.into_iter().next().unwrap_or(0);
        if batch != labels.len() {
            let why = "one label for each row of the scores".to_owned();
            return Err(Error::Mismatch { what: "labels", found: labels.len(), expected: batch, why }.into());
        }
        D::apply(self, scores, labels)
    }
}

/// The loss evaluated by the CPU, wherever the scores are.
pub(super) fn on_host<D: Backend, L: NewtonLoss<f32>, S: Shape, T: Tape<f32, D>>(
    loss: &L,
    scores: Tensor<S, f32, D, T>,
    labels: &[L::Label],
) -> Result<Tensor<Rank0, f32, D, T>, LayerError> {
    let (scores, tape) = contiguous(scores)?.split_tape();
    let predictions = D::numbers(&scores)?;
    let (mean, gradient) = if T::OWNS_TAPE {
        let all = loss.evaluate(&predictions, labels)?;
        (all.mean, all.step.backward(1.0))
    } else {
        let values = loss.values(&predictions, labels)?;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
        (mean as f32, Vec::new())
    };
    let node = Node { mean, gradient };
    record(node, vec![Input::new(&scores)], (), scores.device(), tape)
}

/// A value and the gradient it was given.
struct Node {
    mean: f32,
    gradient: Vec<f32>,
}

impl Op for Node {
    type Saved = ();
    const KEEPS_INPUTS: bool = false;

    fn forward(&self, _inputs: &[&[f32]], out: &mut [f32], _traced: bool) {
        out[0] = self.mean;
    }

    fn backward(&self, (): (), _: &[&[f32]], grad_out: &[f32], grad_inputs: &mut [Option<&mut [f32]>]) {
        if let Some(into) = grad_inputs[0].as_deref_mut() {
            for (into, d) in into.iter_mut().zip(&self.gradient) {
                *into += grad_out[0] * d;
            }
        }
    }

    #[cfg(feature = "cuda")]
    fn cuda(
        &self,
        gpu: &crate::cuda::Gpu,
        _: &[crate::cuda::Slice<'_, f32>],
        out: crate::cuda::SliceMut<'_, f32>,
        _: bool,
    ) -> Result<super::op::CudaBackward, LayerError> {
        gpu.write(&[self.mean], out)?;
        let gradient = gpu.upload(&self.gradient)?;
        Ok(Box::new(move |gpu, _, grad_out, grad_inputs| match grad_inputs[0].take() {
            Some(into) => Ok(super::cuda::kernels::add_scaled(gpu, into, grad_out, gradient.slice())?),
            None => Ok(()),
        }))
    }
}
