//! What a loss is to the runtime: the trait that `#[newton_loss]` implements and that a hand-written loss can.

use crate::Error;
use crate::newton::Newton;
use crate::scalar::Float;

/// Values and gradients of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients<T> {
    /// `l_i`, one per sample.
    pub values: Vec<T>,
    /// `g_i`, row-major N x m.
    pub gradients: Vec<T>,
}

/// A loss on predictions of `dim` numbers, batches of it on plain slices of `T` = `f32` or `f64`.
pub trait NewtonLoss<T: Float>: Sync {
    /// The reference of one sample (a permutation matrix, a path, ...).
    type Label: Sync;

    /// m: how many numbers one prediction has.
    fn dim(&self) -> usize;

    /// Curvature, lambda and policies.
    fn newton(&self) -> Newton;

    /// `l_i` and `g_i` of a batch: `predictions` is N x m row-major, `labels` has N elements.
    fn gradients(&self, predictions: &[T], labels: &[Self::Label]) -> Result<Gradients<T>, Error>;
}
