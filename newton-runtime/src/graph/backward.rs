//! The backward pass with typed errors.

use std::cell::RefCell;

use dfdx::prelude::{Backward, Gradients, OwnedTape, Rank0, Tensor};

use super::{Backend, LayerError};

thread_local! {
    /// Why the backward pass that runs on this thread failed: dfdx's own error cannot say.
    static FAILURE: RefCell<Option<LayerError>> = const { RefCell::new(None) };
}

/// Notes why the backward pass fails; the first reason counts.
pub(super) fn failed(error: LayerError) {
    FAILURE.with_borrow_mut(|failure| {
        failure.get_or_insert(error);
    });
}

/// Back-propagates a scalar: dfdx's `backward`, with errors instead of panics.
///
/// # Errors
/// [`LayerError::Loss`] if an [`inject_fisher`](super::inject_fisher) node met a gradient that is not finite or a singular `F + lambda I`;
/// [`LayerError::Device`] or [`LayerError::Cuda`] if memory runs out or a kernel cannot be launched.
pub fn backward<D: Backend>(
    loss: Tensor<Rank0, f32, D, OwnedTape<f32, D>>,
) -> Result<Gradients<f32, D>, LayerError> {
    FAILURE.set(None);
    let outcome = D::guarded(|| loss.try_backward().map_err(Into::into));
    match FAILURE.take() {
        Some(error) => Err(error),
        None => outcome,
    }
}
