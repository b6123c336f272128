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

use std::mem::take;

use dfdx::prelude::{Cpu, CpuError, Gradients, HasShape, PutTape, Shape, Tape, Tensor, TensorFromVec};

use super::LayerError;
use super::buffers::Buffer;

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
}

/// Finds a tensor's gradient buffer. dfdx's ghost tensors have no public name, so closures carry them.
type Slot = Box<dyn Fn(&mut Gradients<f32, Cpu>) -> Result<&mut Vec<f32>, CpuError>>;

/// An input of an op: its values, and where its gradient goes.
pub struct Input {
    values: Buffer<f32>,
    slot: Option<Slot>,
}

impl Input {
    /// An input whose gradient is wanted. The tensor must be contiguous (see dfdx's `try_contiguous`): a gradient
    /// buffer has the layout of its tensor.
    pub fn new<S: Shape, T>(tensor: &Tensor<S, f32, Cpu, T>) -> Self {
        let ghost = tensor.ghost();
        let slot: Slot = Box::new(move |grads| grads.get_or_alloc_mut(&ghost).map(|v| &mut **v));
        Self { slot: Some(slot), ..Self::constant(tensor) }
    }

    /// An input without a gradient, such as the images. Contiguous as well.
    pub fn constant<S: Shape, T>(tensor: &Tensor<S, f32, Cpu, T>) -> Self {
        let mut values = Buffer::dirty(tensor.shape().num_elements());
        tensor.copy_into(&mut values);
        Self { values, slot: None }
    }
}

/// Runs `op` and records it on `tape`.
///
/// # Errors
/// dfdx's, if the output cannot be made. Shapes are the caller's business: an op's slices are as long as its caller
/// says.
pub fn record<O: Op, S: Shape, T: Tape<f32, Cpu>>(
    op: O,
    mut inputs: Vec<Input>,
    shape: S,
    device: &Cpu,
    mut tape: T,
) -> Result<Tensor<S, f32, Cpu, T>, LayerError> {
    let mut values = vec![0.0; shape.num_elements()];
    let slices: Vec<&[f32]> = inputs.iter().map(|i| &*i.values).collect();
    let saved = op.forward(&slices, &mut values, T::OWNS_TAPE);
    let out = device.try_tensor_from_vec(values, shape)?;
    if T::OWNS_TAPE {
        if !O::KEEPS_INPUTS {
            inputs.iter_mut().for_each(|i| i.values = Buffer::dirty(0));
        }
        let ghost = out.ghost();
        tape.add_backward_op(move |grads| {
            // Two buffers of one `Gradients` cannot be borrowed at once: they are moved out and put back.
            let grad_out = take(&mut **grads.get_or_alloc_mut(&ghost)?);
            let mut taken = Vec::with_capacity(inputs.len());
            for input in &inputs {
                taken.push(input.slot.as_ref().map(|slot| slot(grads).map(take)).transpose()?);
            }
            let slices: Vec<&[f32]> = inputs.iter().map(|i| &*i.values).collect();
            let mut grad_inputs: Vec<_> = taken.iter_mut().map(|v| v.as_deref_mut()).collect();
            op.backward(saved, &slices, &grad_out, &mut grad_inputs);
            for (input, buffer) in inputs.iter().zip(taken) {
                if let (Some(slot), Some(buffer)) = (&input.slot, buffer) {
                    *slot(grads)? = buffer;
                }
            }
            **grads.get_or_alloc_mut(&ghost)? = grad_out;
            Ok(())
        });
    }
    Ok(out.put_tape(tape))
}

/// The tensor in contiguous layout, the copy (if any) recorded on its tape.
///
/// # Errors
/// dfdx's.
pub fn contiguous<S: Shape, T: Tape<f32, Cpu>>(
    tensor: Tensor<S, f32, Cpu, T>,
) -> Result<Tensor<S, f32, Cpu, T>, LayerError> {
    Ok(dfdx::prelude::ReshapeTo::try_contiguous(tensor)?)
}
