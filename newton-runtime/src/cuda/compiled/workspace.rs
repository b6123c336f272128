//! All memory that a batch takes, so that enqueueing takes none.

use std::sync::Arc;

use super::super::CudaError;
use super::super::gpu::{Buffer, Gpu, Slice};
use super::super::parts::{Check, DeviceHessians, Parts, Request, Want};
use super::program::{Program, Sweep};
use super::shape::{self, ATTEMPTS, Room};
use crate::Error;
use crate::kernel::Kernel;
use crate::loss::{check_lengths, check_parameters};
use crate::scalar::{Data, Float};

/// Words of an attempt's `nl::Status`.
pub(super) const STATUS: usize = 10;

/// A batch of a compiled loss.
pub(crate) struct Workspace<T: Float> {
    pub program: Arc<Program>,
    pub samples: usize,
    pub want: Want,
    pub predictions: Buffer<T>,
    pub labels: Buffer<T>,
    pub integers: Buffer<i32>,
    pub parameters: Buffer<T>,
    /// Of chunks of samples.
    pub sums: Buffer<f64>,
    pub chunk: usize,
    /// Of every attempt.
    pub status: Buffer<u32>,
    /// What they are before a launch.
    pub fresh: Buffer<u32>,
    /// For numbers, and for duals if there are any.
    pub rooms: [Room; 2],
    pub active: Buffer<T>,
    pub passive: Buffer<T>,
    pub saved: Buffer<i32>,
}

/// What a batch's launches write.
pub(crate) struct Outputs<T: Float> {
    pub values: Buffer<T>,
    /// No elements where only values are wanted.
    pub gradients: Buffer<T>,
    pub hessians: Option<DeviceHessians<T>>,
}

impl<T: Float> Outputs<T> {
    pub fn new(gpu: &Gpu, samples: usize, dim: usize, want: Want) -> Result<Outputs<T>, CudaError> {
        Ok(Outputs {
            values: gpu.dirty(samples)?,
            gradients: gpu.dirty(if want == Want::Values { 0 } else { samples * dim })?,
            hessians: match want {
                Want::MeanHessian => Some(DeviceHessians::Mean(gpu.dirty(dim * dim)?)),
                Want::Hessians => Some(DeviceHessians::PerSample(gpu.dirty(samples * dim * dim)?)),
                Want::Values | Want::Gradients => None,
            },
        })
    }
}

/// The statuses before a launch.
fn fresh() -> Vec<u32> {
    let mut status = [0; STATUS];
    status[..3].fill(u32::MAX);
    status.repeat(ATTEMPTS)
}

impl<T: Float> Workspace<T> {
    pub fn new<K: Kernel>(
        gpu: &Gpu,
        kernel: &K,
        samples: usize,
        want: Want,
    ) -> Result<Option<Workspace<T>>, Error> {
        let dim = K::DIM;
        let duals = matches!(want, Want::MeanHessian | Want::Hessians);
        let multiprocessors = gpu.multiprocessors();
        let tangents = shape::tangents(multiprocessors, samples, dim);
        let Some(program) = Program::of::<K, T>(gpu, kernel, tangents)? else { return Ok(None) };
        let most = u32::MAX as usize / dim.max(1) / 2;
        if samples > most {
            return Err(CudaError::TooLarge { what: "the number of samples", found: samples, most }.into());
        }
        let layout = program.layout;
        let chunk = shape::chunk(samples, dim);
        let chunks = samples.div_ceil(chunk);
        let blocks = dim.div_ceil(tangents);
        let jobs = match want {
            Want::MeanHessian => chunks * blocks * shape::WARP,
            _ => samples * blocks,
        };
        let room = |sweep, jobs, parts| {
            let slots = program.needs(sweep).slots;
            Room::new(gpu, shape::threads(multiprocessors, jobs), slots, parts, size_of::<T>())
        };
        let none = Room { threads: 0, elements: [0; 3] };
        let rooms = [
            room(Sweep::Numbers, samples, 1),
            if duals { room(Sweep::Duals, jobs, 1 + tangents) } else { none },
        ];
        let scratch = |i: usize| rooms[0].elements[i].max(rooms[1].elements[i]);
        Ok(Some(Workspace {
            samples,
            want,
            predictions: gpu.dirty(samples * dim)?,
            labels: gpu.dirty(samples * layout.numbers)?,
            integers: gpu.dirty(samples * layout.integers)?,
            parameters: gpu.dirty(kernel.parameters().count())?,
            sums: gpu.dirty(if want == Want::MeanHessian { chunks * dim * dim } else { 0 })?,
            chunk,
            status: gpu.dirty(fresh().len())?,
            fresh: gpu.upload(&fresh())?,
            rooms,
            active: gpu.dirty(scratch(0))?,
            passive: gpu.dirty(scratch(1))?,
            saved: gpu.dirty(scratch(2))?,
            program,
        }))
    }

    /// What the batch is computed with: values and gradients come along with Hessians.
    pub fn sweep(&self) -> Sweep {
        match self.want {
            Want::Values | Want::Gradients => Sweep::Numbers,
            Want::MeanHessian | Want::Hessians => Sweep::Duals,
        }
    }

    pub fn room(&self) -> &Room {
        &self.rooms[self.sweep() as usize]
    }

    /// Elements of an active number.
    pub fn parts(&self) -> usize {
        self.program.parts(self.sweep())
    }

    /// Labels and hyper-parameters of the host's.
    pub fn load<K: Kernel>(
        &mut self,
        gpu: &Gpu,
        kernel: &K,
        labels: &[K::Label<T>],
    ) -> Result<(), CudaError> {
        let layout = self.program.layout;
        if layout.numbers + layout.integers > 0 {
            let mut numbers = vec![T::default(); labels.len() * layout.numbers];
            let mut integers = vec![0; labels.len() * layout.integers];
            for (i, label) in labels.iter().enumerate() {
                label.write(
                    &mut numbers[i * layout.numbers..][..layout.numbers],
                    &mut integers[i * layout.integers..][..layout.integers],
                );
            }
            gpu.write(&numbers, self.labels.slice_mut())?;
            gpu.write(&integers, self.integers.slice_mut())?;
        }
        let parameters: Vec<T> = kernel.parameters().map(|(_, value)| T::from_f64(value)).collect();
        gpu.write(&parameters, self.parameters.slice_mut())
    }
}

/// What a loss gives for a batch, enqueued; none if it has no text.
pub(crate) fn parts<K: Kernel, T: Float>(
    kernel: &K,
    gpu: &Gpu,
    predictions: Slice<'_, T>,
    labels: &[K::Label<T>],
    request: Request,
) -> Result<Option<Parts<T>>, Error> {
    let samples = labels.len();
    check_lengths(K::NAME, K::DIM, predictions.len(), samples)?;
    check_parameters(kernel)?;
    loop {
        let Some(mut workspace) = Workspace::<T>::new(gpu, kernel, samples, request.want)? else {
            return Ok(None);
        };
        workspace.load(gpu, kernel, labels)?;
        gpu.copy(predictions, workspace.predictions.slice_mut())?;
        let mut outputs = Outputs::new(gpu, samples, K::DIM, request.want)?;
        workspace.enqueue(gpu, &mut outputs)?;
        if workspace.is_known() || workspace.look(gpu)? {
            let Outputs { values, gradients, hessians } = outputs;
            let check: Check = Box::new(move |gpu| workspace.check(gpu));
            return Ok(Some(Parts { values, gradients, hessians, check, abandon: None }));
        }
    }
}
