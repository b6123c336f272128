//! The loss as a node of a graph on a GPU.

use dfdx::prelude::{Cuda, Rank0, Shape, Tape, Tensor};

use super::LayerError;
use crate::loss::NewtonLoss;

/// See [`Apply::apply`](super::Apply::apply). Evaluated by the CPU: the scores go there, and value and gradient come back.
pub(super) fn apply_cuda<L: NewtonLoss<f32>, S: Shape, T: Tape<f32, Cuda>>(
    loss: &L,
    scores: Tensor<S, f32, Cuda, T>,
    labels: &[L::Label],
) -> Result<Tensor<Rank0, f32, Cuda, T>, LayerError> {
    super::apply::on_host(loss, scores, labels)
}
