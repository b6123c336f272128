//! A loss with its Newton step on a device: values, gradients, curvature, directions, z\*.
#![allow(unsafe_code)]

use super::gpu::{Code, Gpu, Launch, Slice, SliceMut};
use super::newton::{DeviceStep, HessianSlices};
use super::parts::{Abandon, Check, DeviceHessians, Parts, Request, Want};
use super::recorded::Lease;
use super::{Buffer, CudaError};
use crate::Error;
use crate::loss::NewtonLoss;
use crate::newton::{Average, Curvature, Newton};
use crate::scalar::Float;

/// What was enqueued for a batch that lies on a device. Nothing has waited for it yet.
///
/// ```no_run
/// use newton_runtime::cuda::{DeviceEvaluation, Gpu};
/// use newton_runtime::losses::SoftSort;
///
/// let gpu = Gpu::open(0)?;
/// let loss = SoftSort::<3>::new(0.1);
/// let scores = gpu.upload(&[0.3_f32, 0.1, 0.2])?;
/// let order = [[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]];
/// let all = DeviceEvaluation::of(&loss, &gpu, scores.slice(), &order)?.expect("a loss of the attribute");
/// let z_star = gpu.download(all.step().z_star())?;
/// all.check(&gpu)?; // waits: numbers that are not finite, a curvature that cannot be inverted
/// # Ok::<(), newton_runtime::Error>(())
/// ```
pub struct DeviceEvaluation<T: Float>(Form<T>);

enum Form<T: Float> {
    Enqueued {
        values: Buffer<T>,
        gradients: Buffer<T>,
        step: Box<DeviceStep<T>>,
        check: Check,
        abandon: Option<Abandon>,
    },
    Recorded(Box<Lease<T>>),
}

/// What a training step wants of a loss with these settings.
pub(crate) fn wanted(settings: &Newton) -> Want {
    match (settings.curvature, settings.average) {
        (Curvature::Hessian, Average::Batch) => Want::MeanHessian,
        (Curvature::Hessian, Average::Sample) => Want::Hessians,
        (Curvature::Fisher | Curvature::None, _) => Want::Gradients,
    }
}

/// Second derivatives as a step takes them.
pub(crate) fn borrowed<T: Float>(hessians: &DeviceHessians<T>) -> HessianSlices<'_, T> {
    match hessians {
        DeviceHessians::Mean(mean) => HessianSlices::Mean(mean.slice()),
        DeviceHessians::PerSample(all) => HessianSlices::PerSample(all.slice()),
    }
}

impl<T: Float> DeviceEvaluation<T> {
    /// Enqueues a batch: N predictions of m numbers, row-major, and as many labels. None if the loss has no form for devices. As
    /// [`NewtonLoss::evaluate`], on the device's default stream; one launch where nodes are recorded ([`Gpu::record_nodes`]).
    ///
    /// # Errors
    /// What can be seen without waiting: lengths that do not fit, settings out of range, a loss that does not compile, memory that runs out.
    pub fn of<L: NewtonLoss<T>>(
        loss: &L,
        gpu: &Gpu,
        predictions: Slice<'_, T>,
        labels: &[L::Label],
    ) -> Result<Option<Self>, Error> {
        if gpu.records_nodes()
            && let Some(batch) = loss.recorded(gpu, predictions, labels)?
        {
            return Ok(Some(Self(Form::Recorded(Box::new(batch.0)))));
        }
        let settings = loss.newton();
        settings.validate()?;
        let request = Request { want: wanted(&settings), training: true };
        let Some(parts) = loss.on_device(gpu, predictions, labels, request)? else { return Ok(None) };
        let Parts { values, gradients, hessians, check, abandon } = parts;
        let step = || -> Result<_, Error> {
            let mut step = Box::new(DeviceStep::new(gpu, &settings, labels.len(), loss.dim())?);
            step.enqueue(predictions, gradients.slice(), hessians.as_ref().map(borrowed))?;
            Ok(step)
        };
        match step() {
            Ok(step) => Ok(Some(Self(Form::Enqueued { values, gradients, step, check, abandon }))),
            Err(error) => {
                abandon.into_iter().for_each(|abandon| abandon());
                Err(error)
            }
        }
    }

    /// `l_i`, N numbers.
    pub fn values(&self) -> Slice<'_, T> {
        match &self.0 {
            Form::Enqueued { values, .. } => values.slice(),
            Form::Recorded(lease) => lease.get().outputs.values.slice(),
        }
    }

    /// `g_i`, N x m.
    pub fn gradients(&self) -> Slice<'_, T> {
        match &self.0 {
            Form::Enqueued { gradients, .. } => gradients.slice(),
            Form::Recorded(lease) => lease.get().outputs.gradients.slice(),
        }
    }

    /// Directions, z\* and Newton losses.
    pub fn step(&self) -> &DeviceStep<T> {
        match &self.0 {
            Form::Enqueued { step, .. } => step,
            Form::Recorded(lease) => &lease.get().step,
        }
    }

    /// Waits, and says what went wrong: first with the loss, then with its step.
    ///
    /// # Errors
    /// Those of [`NewtonLoss::evaluate`].
    pub fn check(self, gpu: &Gpu) -> Result<(), Error> {
        match self.0 {
            Form::Enqueued { step, check, abandon, .. } => {
                check(gpu)?;
                step.check().inspect_err(|_| abandon.into_iter().for_each(|abandon| abandon()))
            }
            Form::Recorded(lease) => lease.check(gpu),
        }
    }
}

/// A loss's recorded batch, opaque to losses by hand.
pub struct RecordedBatch<T: Float>(pub(crate) Lease<T>);

/// Enqueues the mean of a batch's values into one number.
pub(crate) fn mean<T: Float>(
    gpu: &Gpu,
    values: Slice<'_, T>,
    into: SliceMut<'_, f32>,
) -> Result<(), CudaError> {
    assert!(into.len() == 1 && values.len() > 0, "the mean of {} numbers into {}", values.len(), into.len());
    let code = Code { name: "node", location: None, key: "newton node".to_owned(), text: &super::node_text };
    let module = gpu.module(&code)?;
    let function = module.function(&format!("mean_of_values_{}", T::ELEMENT.name()))?;
    let launch = Launch { grid: [1, 1, 1], block: [256, 1, 1], shared: 0 };
    // SAFETY: `mean_of_values(values, samples, mean)` in one block of `MEAN_THREADS` threads.
    unsafe { function.launch(launch, &[&values, &(values.len() as u32), &into]) }
}
