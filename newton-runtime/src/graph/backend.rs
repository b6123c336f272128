//! The devices that a graph can live on, and what our ops need of them beside what dfdx offers.

use std::mem::take;

use dfdx::prelude::{
    Cpu, CpuError, Device, Gradients, HasShape, NoneTape, PutTape, Rank0, Shape, Tape, Tensor,
};
use dfdx::prelude::{Storage, TensorFromVec};

use super::LayerError;
use super::buffers::Buffer;
use super::op::{Input, Op, contiguous};
use super::residual::Seen;
use crate::loss::NewtonLoss;

/// A device of dfdx that has our ops: `Cpu`, and `Cuda` with feature `cuda`.
pub trait Backend: Engine {}

impl Backend for Cpu {}

/// A buffer of a device.
pub type Memory<D> = <D as Storage<f32>>::Vec;

/// The part of [`Backend`] that is not for users: only this crate knows devices.
pub trait Engine: Device<f32, Err: Into<LayerError>> {
    /// Whether it is the machine that the program runs on.
    const IS_HOST: bool;

    /// The values of an op's input.
    type Values: 'static;

    /// Those of a contiguous tensor.
    fn values<S: Shape, T>(tensor: &Tensor<S, f32, Self, T>) -> Self::Values;

    /// See [`record`](super::op::record).
    fn record<O: Op, S: Shape, T: Tape<f32, Self>>(
        &self,
        op: O,
        inputs: Vec<Input<Self>>,
        shape: S,
        tape: T,
    ) -> Result<Tensor<S, f32, Self, T>, LayerError>
    where
        Self: Backend;

    /// See [`Apply::apply`](super::Apply::apply); there are as many labels as rows.
    fn apply<L: NewtonLoss<f32>, S: Shape, T: Tape<f32, Self>>(
        loss: &L,
        scores: Tensor<S, f32, Self, T>,
        labels: &[L::Label],
    ) -> Result<Tensor<Rank0, f32, Self, T>, LayerError>
    where
        Self: Backend;

    /// The numbers of a tensor, row-major.
    fn numbers<S: Shape, T>(tensor: &Tensor<S, f32, Self, T>) -> Result<Vec<f32>, LayerError>;

    /// Moves running mean and variance of a layer by `share` towards what a batch showed: its mean, and its unbiased variance.
    fn follow<S: Shape>(
        seen: &Seen,
        layer: usize,
        share: f64,
        running: [&mut Tensor<S, f32, Self>; 2],
    ) -> Result<(), LayerError>;

    /// Calls what may panic in dfdx where memory runs out: a typed error instead. Other panics go on.
    fn guarded<R>(call: impl FnOnce() -> Result<R, LayerError>) -> Result<R, LayerError>;

    /// dfdx's error that stops a backward pass; what it was for is told apart from it.
    fn stop(error: &LayerError) -> Self::Err;
}

/// A copy of a tensor's values.
pub struct Copied(pub(super) Buffer<f32>);

impl Engine for Cpu {
    const IS_HOST: bool = true;
    type Values = Copied;

    fn values<S: Shape, T>(tensor: &Tensor<S, f32, Cpu, T>) -> Copied {
        let mut values = Buffer::dirty(tensor.shape().num_elements());
        tensor.copy_into(&mut values);
        Copied(values)
    }

    fn record<O: Op, S: Shape, T: Tape<f32, Cpu>>(
        &self,
        op: O,
        mut inputs: Vec<Input<Cpu>>,
        shape: S,
        mut tape: T,
    ) -> Result<Tensor<S, f32, Cpu, T>, LayerError> {
        let mut values = vec![0.0; shape.num_elements()];
        let slices: Vec<&[f32]> = inputs.iter().map(|i| &*i.values.0).collect();
        let saved = op.forward(&slices, &mut values, T::OWNS_TAPE);
        let out = self.try_tensor_from_vec(values, shape)?;
        if T::OWNS_TAPE {
            if !O::KEEPS_INPUTS {
                inputs.iter_mut().for_each(|i| i.values.0 = Buffer::dirty(0));
            }
            let ghost = out.ghost();
            tape.add_backward_op(move |grads: &mut Gradients<f32, Cpu>| {
                // Two buffers of one `Gradients` cannot be borrowed at once: they are moved out and put back.
                let grad_out = take(&mut **grads.get_or_alloc_mut(&ghost)?);
                let mut taken = Vec::with_capacity(inputs.len());
                for input in &inputs {
                    taken.push(
                        input.slot.as_ref().map(|slot| slot(grads).map(|v| take(&mut **v))).transpose()?,
                    );
                }
                let slices: Vec<&[f32]> = inputs.iter().map(|i| &*i.values.0).collect();
                let mut grad_inputs: Vec<_> = taken.iter_mut().map(|v| v.as_deref_mut()).collect();
                op.backward(saved, &slices, &grad_out, &mut grad_inputs);
                for (input, buffer) in inputs.iter().zip(taken) {
                    if let (Some(slot), Some(buffer)) = (&input.slot, buffer) {
                        **slot(grads)? = buffer;
                    }
                }
                **grads.get_or_alloc_mut(&ghost)? = grad_out;
                Ok(())
            });
        }
        Ok(out.put_tape(tape))
    }

    fn apply<L: NewtonLoss<f32>, S: Shape, T: Tape<f32, Cpu>>(
        loss: &L,
        scores: Tensor<S, f32, Cpu, T>,
        labels: &[L::Label],
    ) -> Result<Tensor<Rank0, f32, Cpu, T>, LayerError> {
        super::apply::on_host(loss, scores, labels)
    }

    fn numbers<S: Shape, T>(tensor: &Tensor<S, f32, Cpu, T>) -> Result<Vec<f32>, LayerError> {
        // In the order of memory, once that is row-major; `as_vec` is slower, and panics where there are none.
        let tensor = contiguous(tensor.retaped::<NoneTape>())?;
        let mut numbers = vec![0.0; tensor.shape().num_elements()];
        tensor.copy_into(&mut numbers);
        Ok(numbers)
    }

    fn follow<S: Shape>(
        seen: &Seen,
        layer: usize,
        share: f64,
        [mean, variance]: [&mut Tensor<S, f32, Cpu>; 2],
    ) -> Result<(), LayerError> {
        let Some(moments) = seen.host.get().map(|all| &all[layer]) else { return Ok(()) };
        let blend = |running: &mut Tensor<S, f32, Cpu>, batch: &dyn Fn(usize) -> f64| {
            let mut values = running.as_vec();
            for (c, value) in values.iter_mut().enumerate() {
                *value = ((1.0 - share) * f64::from(*value) + share * batch(c)) as f32;
            }
            running.copy_from(&values);
        };
        blend(mean, &|c| moments.mean[c]);
        blend(variance, &|c| moments.unbiased_variance(c));
        Ok(())
    }

    fn guarded<R>(call: impl FnOnce() -> Result<R, LayerError>) -> Result<R, LayerError> {
        call()
    }

    fn stop(_: &LayerError) -> CpuError {
        CpuError::OutOfMemory
    }
}
