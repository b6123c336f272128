//! Runs generated code over batches: samples across SIMD lanes, blocks of samples across threads.
//!
//! [`Kernel`] is what `#[newton_loss]` implements: one sample's value and gradient, generic over the scalar. `run` feeds it
//! lanes for gradients and duals of lanes for Hessians; `dispatch` compiles that for the processor found at run time.
//! Work is cut into chunks that depend on the batch alone, and sums are taken in their order, so results do not depend on the
//! number of threads.

pub(crate) mod dispatch;
mod run;
mod subnormal;
mod threads;
mod workspace;

pub use run::{gradients, hessian_vector_products, hessians, mean_hessian};

pub(crate) use run::tangents;

use crate::cuda::Source;
use crate::newton::Newton;
use crate::scalar::{Data, Float, Real, Scalar, Tape};

/// A loss as generated code: implemented by `#[newton_loss]`. Use it through [`crate::loss::NewtonLoss`].
pub trait Kernel: Sync {
    /// The labels of one sample, as arrays of `T`; a tuple if the function has several, `()` if none.
    type Label<T: Float>: Data<T>;
    /// The user's function.
    const NAME: &'static str;
    /// m: how many numbers a prediction has.
    const DIM: usize;

    /// Curvature, lambda and policies.
    fn newton(&self) -> Newton;
    /// Names and values of the hyper-parameters.
    fn parameters(&self) -> impl Iterator<Item = (&'static str, f64)>;
    /// How many numbers its variables hold: what it takes of the stack, up to a factor.
    fn size(&self) -> usize;
    /// The loss of one sample; adds its gradient to `adjoint`. Both `prediction` and `adjoint` have `DIM` elements, `label`
    /// as many as the labels have numbers, `integers` as many as they have integers and conditions.
    fn value_and_gradient<S, P>(
        &self,
        prediction: &[S],
        label: &[P],
        integers: &[P::Index],
        adjoint: &mut [S],
        tape: &mut Tape<S>,
    ) -> S
    where
        S: Scalar<Passive = P>,
        P: Real;
    /// The text for CUDA; none without the feature `cuda-source`.
    fn cuda(&self) -> Option<Source> {
        None
    }
}
