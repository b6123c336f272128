//! Our own ops on dfdx's tape, with dfdx's public interface only.
//!
//! An op is one small type that knows its name, its forward and its backward pass on plain slices. [`record`] does the
//! rest: it reads the input tensors, makes the output tensor, and puts a node on the tape that hands `backward` the
//! gradient buffers themselves, without copies.
//!
//! ```
//! use dfdx::prelude::*;
//! use newton_runtime::graph::op::{Input, Op, record};
//!
//! struct Square;
//!
//! impl Op for Square {
//!     type Saved = ();
//!     fn forward(&self, x: &[&[f32]], out: &mut [f32], _traced: bool) {
//!         out.iter_mut().zip(x[0]).for_each(|(y, x)| *y = x * x);
//!     }
//!     fn backward(&self, (): (), x: &[&[f32]], grad_out: &[f32], grads: &mut [Option<&mut [f32]>]) {
//!         let Some(dx) = &mut grads[0] else { return };
//!         dx.iter_mut().zip(x[0]).zip(grad_out).for_each(|((d, x), g)| *d += 2.0 * x * g);
//!     }
//! }
//!
//! let device = Cpu::default();
//! let x = device.tensor([1.0, -3.0]);
//! let (values, tape) = x.leaky_trace().split_tape();
//! let y = record(Square, vec![Input::new(&values)], *values.shape(), &device, tape)?;
//! assert_eq!(y.sum().backward().get(&x).array(), [2.0, -6.0]);
//! # Ok::<(), newton_runtime::graph::LayerError>(())
//! ```
//!
//! On a GPU the same op needs a form of its own, `Op::cuda`, which enqueues kernels; without one it is a typed error there.

use dfdx::prelude::{Cpu, Gradients, ReshapeTo, Shape, Tape, Tensor};

use super::backend::Memory;
use super::{Backend, LayerError};
#[cfg(feature = "cuda")]
use crate::cuda::{Gpu, Slice, SliceMut};

/// A differentiable function of f32 tensors. All slices are row-major and contiguous.
pub trait Op: 'static {
    /// What the forward pass keeps for the backward pass, beside the inputs.
    type Saved: 'static;

    /// Whether `backward` reads the inputs' values; if not they are not kept (it sees empty slices).
    const KEEPS_INPUTS: bool = true;

    /// Writes every element of `out`, which comes zeroed. `traced` says whether a backward pass may follow.
    fn forward(&self, inputs: &[&[f32]], out: &mut [f32], traced: bool) -> Self::Saved;

    /// **Adds** the gradient of each input to its buffer; `None` where the input needs none.
    fn backward(
        &self,
        saved: Self::Saved,
        inputs: &[&[f32]],
        grad_out: &[f32],
        grad_inputs: &mut [Option<&mut [f32]>],
    );

    /// The forward pass on a GPU: enqueues what writes every element of `out`, which comes zeroed, and returns the backward pass with what
    /// it keeps. Nothing here waits for the device.
    ///
    /// # Errors
    /// [`LayerError::NoCuda`] if the op has no such form, which is so unless it brings one; what launches and memory say.
    #[cfg(feature = "cuda")]
    fn cuda(
        &self,
        gpu: &Gpu,
        inputs: &[Slice<'_, f32>],
        out: SliceMut<'_, f32>,
        traced: bool,
    ) -> Result<CudaBackward, LayerError> {
        let _ = (gpu, inputs, out, traced);
        Err(LayerError::NoCuda { op: std::any::type_name::<Self>() })
    }
}

/// A backward pass on a GPU, as [`Op::backward`]: from (GPU, inputs, gradient of the output, gradients of the inputs) it enqueues what **adds**
/// to the latter. It runs once at most, and not at all without a tape.
#[cfg(feature = "cuda")]
pub type CudaBackward = Box<
    dyn FnOnce(
        &Gpu,
        &[Slice<'_, f32>],
        Slice<'_, f32>,
        &mut [Option<SliceMut<'_, f32>>],
    ) -> Result<(), LayerError>,
>;

/// Finds a tensor's gradient buffer. dfdx's ghost tensors have no public name, so closures carry them.
pub(super) type Slot<D> =
    Box<dyn Fn(&mut Gradients<f32, D>) -> Result<&mut Memory<D>, <D as dfdx::prelude::HasErr>::Err>>;

/// An input of an op: its values, and where its gradient goes.
pub struct Input<D: Backend = Cpu> {
    pub(super) values: D::Values,
    pub(super) slot: Option<Slot<D>>,
}

impl<D: Backend> Input<D> {
    /// An input whose gradient is wanted. The tensor must be contiguous (see dfdx's `try_contiguous`): a gradient
    /// buffer has the layout of its tensor.
    pub fn new<S: Shape, T>(tensor: &Tensor<S, f32, D, T>) -> Self {
        let ghost = tensor.ghost();
        let slot: Slot<D> = Box::new(move |grads| grads.get_or_alloc_mut(&ghost));
        Self { slot: Some(slot), ..Self::constant(tensor) }
    }

    /// An input without a gradient, such as the images. Contiguous as well.
    pub fn constant<S: Shape, T>(tensor: &Tensor<S, f32, D, T>) -> Self {
        Self { values: D::values(tensor), slot: None }
    }
}

/// Runs `op` and records it on `tape`.
///
/// # Errors
/// dfdx's, if the output cannot be made; on a GPU what `Op::cuda` says. Shapes are the caller's business: an op's slices are as long as its
/// caller says.
pub fn record<D: Backend, O: Op, S: Shape, T: Tape<f32, D>>(
    op: O,
    inputs: Vec<Input<D>>,
    shape: S,
    device: &D,
    tape: T,
) -> Result<Tensor<S, f32, D, T>, LayerError> {
    device.record(op, inputs, shape, tape)
}

/// The tensor in contiguous layout, the copy (if any) recorded on its tape.
///
/// # Errors
/// dfdx's.
pub fn contiguous<D: Backend, S: Shape, T: Tape<f32, D>>(
    tensor: Tensor<S, f32, D, T>,
) -> Result<Tensor<S, f32, D, T>, LayerError> {
    ReshapeTo::try_contiguous(tensor).map_err(Into::into)
}
