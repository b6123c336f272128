//! [`Backend`] for `Cuda`.
#![allow(unsafe_code)]

use dfdx::prelude::{Cuda, Gradients, PutTape, Rank0, Shape, Tape, Tensor, ZerosTensor};

use super::device::{guarded, of_dfdx};
use super::kernels;
use super::tensor::{Numbers, numbers_mut};
use crate::cuda::{CudaError, Gpu, Slice, SliceMut};
use crate::graph::backend::Engine;
use crate::graph::backward::failed;
use crate::graph::op::{CudaBackward, Input, Op, Slot, contiguous};
use crate::graph::residual::Seen;
use crate::graph::{Backend, LayerError, apply_cuda};
use crate::loss::NewtonLoss;

impl Backend for Cuda {}

impl Engine for Cuda {
    const IS_HOST: bool = false;
    type Values = Numbers;

    fn values<S: Shape, T>(tensor: &Tensor<S, f32, Cuda, T>) -> Numbers {
        Numbers::of(tensor)
    }

    fn record<O: Op, S: Shape, T: Tape<f32, Cuda>>(
        &self,
        op: O,
        inputs: Vec<Input<Cuda>>,
        shape: S,
        mut tape: T,
    ) -> Result<Tensor<S, f32, Cuda, T>, LayerError> {
        let bytes = shape.num_elements() * size_of::<f32>();
        let mut out = self.try_zeros_like(&shape).map_err(|error| of_dfdx(error, bytes))?;
        let gpu = Numbers::of(&out).gpu()?;
        let slices = inputs.iter().map(|i| i.values.slice()).collect::<Result<Vec<_>, _>>()?;
        // SAFETY: the tensor was just made, and is not handed out before.
        let target = unsafe { numbers_mut(&mut out) }?;
        let backward = op.cuda(&gpu, &slices, target, T::OWNS_TAPE)?;
        if T::OWNS_TAPE {
            let ghost = out.ghost();
            let slot: Slot<Cuda> = Box::new(move |grads| grads.get_or_alloc_mut(&ghost));
            let (inputs, slots): (Vec<_>, Vec<_>) =
                inputs.into_iter().map(|input| (O::KEEPS_INPUTS.then_some(input.values), input.slot)).unzip();
            let node = Node { gpu, out: slot, inputs, slots };
            tape.add_backward_op(move |grads| {
                node.backward(backward, grads).map_err(|error| {
                    let stop = Cuda::stop(&error);
                    failed(error);
                    stop
                })
            });
        }
        Ok(out.put_tape(tape))
    }

    fn apply<L: NewtonLoss<f32>, S: Shape, T: Tape<f32, Cuda>>(
        loss: &L,
        scores: Tensor<S, f32, Cuda, T>,
        labels: &[L::Label],
    ) -> Result<Tensor<Rank0, f32, Cuda, T>, LayerError> {
        apply_cuda::apply_cuda(loss, scores, labels)
    }

    fn numbers<S: Shape, T>(tensor: &Tensor<S, f32, Cuda, T>) -> Result<Vec<f32>, LayerError> {
        let tensor = contiguous(tensor.retaped::<dfdx::prelude::NoneTape>())?;
        let numbers = Numbers::of(&tensor);
        Ok(numbers.gpu()?.download(numbers.slice()?)?)
    }

    fn follow<S: Shape>(
        seen: &Seen,
        layer: usize,
        share: f64,
        running: [&mut Tensor<S, f32, Cuda>; 2],
    ) -> Result<(), LayerError> {
        let Some(batch) = seen.device.get().map(|all| all[layer].slice()) else { return Ok(()) };
        let channels = batch.len() / 2;
        for (running, start) in running.into_iter().zip([0, channels]) {
            let old = Numbers::of(running);
            // A new tensor: somebody else may have the old one.
            let mut new = running.device().try_zeros_like(&*running)?;
            // SAFETY: the tensor was just made, and is not handed out before.
            let target = unsafe { numbers_mut(&mut new) }?;
            kernels::blend(&old.gpu()?, old.slice()?, batch.range(start, channels), share, target)?;
            *running = new;
        }
        Ok(())
    }

    fn guarded<R>(call: impl FnOnce() -> Result<R, LayerError>) -> Result<R, LayerError> {
        guarded(call)
    }

    fn stop(error: &LayerError) -> dfdx::prelude::CudaError {
        use cudarc::driver::DriverError;
        use cudarc::driver::sys::CUresult;
        dfdx::prelude::CudaError::Driver(DriverError(match error {
            LayerError::Cuda(CudaError::OutOfMemory { .. }) => CUresult::CUDA_ERROR_OUT_OF_MEMORY,
            _ => CUresult::CUDA_ERROR_UNKNOWN,
        }))
    }
}

/// What the backward pass of an op needs.
struct Node {
    gpu: Gpu,
    /// The output's gradient.
    out: Slot<Cuda>,
    /// `None`: not kept.
    inputs: Vec<Option<Numbers>>,
    slots: Vec<Option<Slot<Cuda>>>,
}

impl Node {
    fn backward(&self, backward: CudaBackward, grads: &mut Gradients<f32, Cuda>) -> Result<(), LayerError> {
        let grad_out = raw(&self.out, grads)?;
        let slots = self.slots.iter().map(|slot| slot.as_ref().map(|slot| raw(slot, grads)).transpose());
        let slots = slots.collect::<Result<Vec<_>, _>>()?;
        let empty = self.gpu.dirty(0)?;
        let inputs = self.inputs.iter().map(|i| i.as_ref().map_or(Ok(empty.slice()), Numbers::slice));
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        // SAFETY: gradient buffers stay where they are until they are dropped, and `grads` is borrowed; each tensor has one of its own.
        let grad_out = unsafe { Slice::from_raw(grad_out.0, grad_out.1) };
        // SAFETY: the same. A tensor that is an input twice has one buffer in two places: what kernels add to it, they add one after the other.
        let slots =
            slots.into_iter().map(|s| s.map(|(pointer, len)| unsafe { SliceMut::from_raw(pointer, len) }));
        backward(&self.gpu, &inputs, grad_out, &mut slots.collect::<Vec<_>>())
    }
}

/// A gradient buffer's address and length; zeros if it is new.
fn raw(slot: &Slot<Cuda>, grads: &mut Gradients<f32, Cuda>) -> Result<(u64, usize), LayerError> {
    let mut buffer = SliceMut::of(slot(grads)?);
    let buffer = buffer.reborrow();
    Ok((buffer.pointer(), buffer.len()))
}
