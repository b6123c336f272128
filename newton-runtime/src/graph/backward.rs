//! The backward pass with typed errors.

use std::cell::RefCell;

use dfdx::prelude::{Backward, Gradients, OwnedTape, Rank0, Tensor};

use super::{Backend, LayerError};
#[cfg(feature = "cuda")]
use crate::cuda::{Check, Gpu};

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

#[cfg(feature = "cuda")]
thread_local! {
    /// What this thread's backward pass enqueued, to be asked about when all of it is.
    static LATER: RefCell<Vec<(Gpu, Check)>> = const { RefCell::new(Vec::new()) };
}

/// Has the end of the backward pass ask how something went.
#[cfg(feature = "cuda")]
pub(super) fn check_later(gpu: &Gpu, check: Check) {
    /// Who calls dfdx's own `backward` never asks.
    const MOST: usize = 16;
    LATER.with_borrow_mut(|later| {
        if later.len() >= MOST {
            drop(later.remove(0));
        }
        later.push((gpu.clone(), check));
    });
}

/// Waits for what was enqueued, and says what went wrong first.
#[cfg(feature = "cuda")]
fn ask() -> Result<(), LayerError> {
    let later = LATER.take();
    later.into_iter().try_for_each(|(gpu, check)| Ok(check(&gpu)?))
}

/// Back-propagates a scalar: dfdx's `backward`, with errors instead of panics.
///
/// # Errors
/// [`LayerError::Loss`] if an [`inject_fisher`](super::inject_fisher) node met a gradient that is not finite or a singular `F + lambda I`, and, on
/// a GPU, for what went wrong with a loss: this waits for the device to know;
/// [`LayerError::Device`] or [`LayerError::Cuda`] if memory runs out or a kernel cannot be launched.
pub fn backward<D: Backend>(
    loss: Tensor<Rank0, f32, D, OwnedTape<f32, D>>,
) -> Result<Gradients<f32, D>, LayerError> {
    FAILURE.set(None);
    #[cfg(feature = "cuda")]
    LATER.take();
    let outcome = D::guarded(|| loss.try_backward().map_err(Into::into));
    if let Some(error) = FAILURE.take() {
        return Err(error);
    }
    let gradients = outcome?;
    #[cfg(feature = "cuda")]
    ask()?;
    Ok(gradients)
}
