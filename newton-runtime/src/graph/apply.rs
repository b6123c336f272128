//! The loss as a node of a dfdx graph.

use dfdx::prelude::{Cpu, HasShape, Rank0, Shape, SplitTape, Tape, Tensor};

use super::LayerError;
use super::op::{Input, Op, contiguous, record};
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
    fn apply<S: Shape, T: Tape<f32, Cpu>>(
        &self,
        scores: Tensor<S, f32, Cpu, T>,
        labels: &[Self::Label],
    ) -> Result<Tensor<Rank0, f32, Cpu, T>, LayerError>;
}

impl<L: NewtonLoss<f32>> Apply for L {
    fn apply<S: Shape, T: Tape<f32, Cpu>>(
        &self,
        scores: Tensor<S, f32, Cpu, T>,
        labels: &[L::Label],
    ) -> Result<Tensor<Rank0, f32, Cpu, T>, LayerError> {
        let shape = scores.shape().concrete();
        let batch = shape.into_iter().next().unwrap_or(0);
        if batch != labels.len() {
            let why = "one label for each row of the scores".to_owned();
            return Err(Error::Mismatch { what: "labels", found: labels.len(), expected: batch, why }.into());
        }
        let (scores, tape) = contiguous(scores)?.split_tape();
        let mut predictions = vec![0.0; scores.shape().num_elements()];
        scores.copy_into(&mut predictions);
        let (mean, gradient) = if T::OWNS_TAPE {
            let all = self.evaluate(&predictions, labels)?;
            (all.mean, all.step.backward(1.0))
        } else {
            let values = self.values(&predictions, labels)?;
            let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
            (mean as f32, Vec::new())
        };
        let node = Node { mean, gradient };
        record(node, vec![Input::new(&scores)], (), scores.device(), tape)
    }
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
}
