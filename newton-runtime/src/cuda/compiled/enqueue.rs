//! Launches of a loss's kernels.
#![allow(unsafe_code)]

use super::super::CudaError;
use super::super::gpu::{Gpu, Launch, Parameter, Slice};
use super::super::parts::{DeviceHessians, Want};
use super::program::{Slots, Sweep};
use super::shape::{ATTEMPTS, Shape, WARP};
use super::workspace::{Outputs, STATUS, Workspace};
use crate::scalar::Float;

/// `nl::Batch<T>`, whatever T is: pointers have one size.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct Batch {
    predictions: u64,
    labels: u64,
    integers: u64,
    parameters: u64,
    active: u64,
    passive: u64,
    saved: u64,
    slots: Slots,
    /// C pads `nl::Scratch` to a multiple of its pointers.
    padding: u32,
    status: u64,
    samples: u32,
    padding_of_samples: u32,
    before: u64,
}

// SAFETY: `repr(C)`, field by field as device/kernels.cuh and device/tape.cuh have it, paddings named.
unsafe impl Parameter for Batch {}

/// `nl::Along<T>`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct Along {
    values: u64,
    gradients: u64,
}

// SAFETY: `repr(C)`, two pointers as device/kernels.cuh has them.
unsafe impl Parameter for Along {}

/// Which samples, and which attempt.
#[derive(Debug, Clone, Copy)]
struct Part {
    sweep: Sweep,
    attempt: usize,
    first: usize,
    samples: usize,
}

impl<T: Float> Workspace<T> {
    /// Enqueues everything that is wanted. Takes no memory and waits for nothing.
    pub fn enqueue(&mut self, gpu: &Gpu, outputs: &mut Outputs<T>) -> Result<(), CudaError> {
        gpu.copy(self.fresh.slice(), self.status.slice_mut())?;
        let values = outputs.values.slice_mut().pointer();
        let gradients = outputs.gradients.slice_mut().pointer();
        let along = Along { values, gradients };
        let program = self.program.clone();
        let into = match &mut outputs.hessians {
            None => return self.enqueue_numbers(gpu, along),
            Some(DeviceHessians::Mean(mean)) => mean.slice_mut().pointer(),
            Some(DeviceHessians::PerSample(all)) => all.slice_mut().pointer(),
        };
        let mean = self.want == Want::MeanHessian;
        let (chunk, sums) = (self.chunk as u32, self.sums.slice_mut().pointer());
        for attempt in 0..ATTEMPTS {
            let part = Part { sweep: Sweep::Duals, attempt, first: 0, samples: self.samples };
            let (shape, batch) = self.batch(gpu, part);
            let launch = shape.launch(mean);
            if mean {
                // SAFETY: `hessian_sums(batch, along, chunk, sums)`, blocks of 32 x at most 4 threads; there are chunks x dim x dim sums,
                // `samples` values and samples x dim gradients.
                unsafe { program.sums.launch(launch, &[&batch, &along, &chunk, &sums])? };
            } else {
                // SAFETY: `hessians(batch, along, hessians)`; there are samples x dim x dim, `samples` values and samples x dim gradients.
                unsafe { program.hessians.launch(launch, &[&batch, &along, &into])? };
            }
        }
        if mean {
            let dim = program.layout.dim;
            let chunks = self.samples.div_ceil(self.chunk) as u32;
            let (samples, dim_word) = (self.samples as u32, dim as u32);
            let launch = Launch::for_work(dim * dim, 128);
            // SAFETY: `mean_of_sums(sums, chunks, samples, dim, mean)`; there are dim x dim means.
            unsafe { program.mean.launch(launch, &[&sums, &chunks, &samples, &dim_word, &into])? };
        }
        Ok(())
    }

    /// Values, and gradients if they are wanted.
    fn enqueue_numbers(&self, gpu: &Gpu, Along { values, gradients }: Along) -> Result<(), CudaError> {
        for attempt in 0..ATTEMPTS {
            let part = Part { sweep: Sweep::Numbers, attempt, first: 0, samples: self.samples };
            let (shape, batch) = self.batch(gpu, part);
            let launch = shape.launch(false);
            if self.want == Want::Values {
                // SAFETY: `values(batch, values)`; there are `samples` values.
                unsafe { self.program.values.launch(launch, &[&batch, &values])? };
            } else {
                // SAFETY: `gradients(batch, values, gradients)`; there are samples x dim gradients.
                unsafe { self.program.gradients.launch(launch, &[&batch, &values, &gradients])? };
            }
        }
        Ok(())
    }

    /// One sample alone in one warp: what went wrong there is certain to be its own. Writes the gradient, or all of its Hessian, into memory
    /// of its own, which is returned.
    pub fn alone(&mut self, gpu: &Gpu, sample: usize, sweep: Sweep) -> Result<Vec<T>, CudaError> {
        gpu.copy(self.fresh.slice(), self.status.slice_mut())?;
        let dim = self.program.layout.dim;
        let mut value = gpu.dirty::<T>(1)?;
        let mut into = gpu.dirty::<T>(if sweep == Sweep::Duals { dim * dim } else { dim })?;
        let (value, pointer) = (value.slice_mut().pointer(), into.slice_mut().pointer());
        let part = Part { sweep, attempt: ATTEMPTS - 1, first: sample, samples: 1 };
        let (_, mut batch) = self.batch(gpu, part);
        // The first and only attempt, with the longest tapes.
        batch.before = 0;
        batch.status = self.status.slice_mut().pointer();
        let launch = Shape { blocks: 1, warps: 1 }.launch(false);
        match sweep {
            // SAFETY: `gradients(batch, values, gradients)` of one sample.
            Sweep::Numbers => unsafe { self.program.gradients.launch(launch, &[&batch, &value, &pointer])? },
            // SAFETY: `hessians(batch, along, hessians)` of one sample, with nothing along.
            Sweep::Duals => unsafe {
                self.program
                    .hessians
                    .launch(launch, &[&batch, &Along { values: 0, gradients: 0 }, &pointer])?;
            },
        }
        gpu.download(into.slice())
    }

    fn batch(&self, gpu: &Gpu, Part { sweep, attempt, first, samples }: Part) -> (Shape, Batch) {
        let layout = self.program.layout;
        let (shape, slots) =
            self.rooms[sweep as usize].attempt(gpu.multiprocessors(), attempt, self.program.parts(sweep));
        debug_assert!(shape.threads().is_multiple_of(WARP));
        let status = |attempt: usize| self.status.slice().range(attempt * STATUS, STATUS).pointer();
        let of = |all: Slice<'_, T>, each: usize| all.range(first * each, samples * each).pointer();
        let integers = self.integers.slice().range(first * layout.integers, samples * layout.integers);
        let batch = Batch {
            predictions: of(self.predictions.slice(), layout.dim),
            labels: of(self.labels.slice(), layout.numbers),
            integers: integers.pointer(),
            parameters: self.parameters.slice().pointer(),
            active: self.active.slice().pointer(),
            passive: self.passive.slice().pointer(),
            saved: self.saved.slice().pointer(),
            slots,
            padding: 0,
            status: status(attempt),
            samples: samples as u32,
            padding_of_samples: 0,
            before: if attempt == 0 { 0 } else { status(attempt - 1) },
        };
        (shape, batch)
    }
}
