//! A compiled loss with its Newton step, recorded once for batches of a size: a batch is then one launch.
//!
//! What is recorded has its memory for itself. Batches of the same loss, size and settings take turns with it, through a pool: two that are
//! under way at once have one each.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::compiled::{Outputs, Workspace};
use super::gpu::{Gpu, Graph, Slice};
use super::newton::DeviceStep;
use super::node::{borrowed, wanted};
use crate::Error;
use crate::kernel::Kernel;
use crate::loss::{check_lengths, check_parameters};
use crate::newton::Newton;
use crate::scalar::Float;

/// Whose turn it can be: device, text, settings and size.
type Key = (usize, String, String, usize);

/// [`Recorded`] of either element type.
type Free = Box<dyn Any + Send>;

/// Those that are not under way.
static POOL: Mutex<Option<HashMap<Key, Vec<Free>>>> = Mutex::new(None);

/// Of one size are kept at most so many: more than are under way at once in any program that waits for its steps.
const KEPT: usize = 4;

/// A batch's memory, and what is done with it.
pub(crate) struct Recorded<T: Float> {
    pub outputs: Outputs<T>,
    pub step: DeviceStep<T>,
    workspace: Workspace<T>,
    graph: Graph,
    settings: Newton,
}

/// One that is under way: back to the pool at the end.
pub(crate) struct Lease<T: Float> {
    key: Key,
    recorded: Option<Recorded<T>>,
}

impl<T: Float> Recorded<T> {
    /// Computes a first batch, which shows how much memory it takes, and records what was done. None if the loss has no text.
    fn new<K: Kernel>(
        loss: &K,
        gpu: &Gpu,
        predictions: Slice<'_, T>,
        labels: &[K::Label<T>],
    ) -> Result<Option<Self>, Error> {
        let settings = loss.newton();
        let want = wanted(&settings);
        loop {
            let Some(mut workspace) = Workspace::<T>::new(gpu, loss, labels.len(), want)? else {
                return Ok(None);
            };
            let mut outputs = Outputs::new(gpu, labels.len(), K::DIM, want)?;
            let mut step = DeviceStep::new(gpu, &settings, labels.len(), K::DIM)?;
            workspace.load(gpu, loss, labels)?;
            gpu.copy(predictions, workspace.predictions.slice_mut())?;
            workspace.enqueue(gpu, &mut outputs)?;
            if !workspace.look(gpu)? {
                continue;
            }
            // Once without recording: a driver loads kernels when they are launched first, and must not while it records.
            enqueue_step(&workspace, &outputs, &mut step)?;
            let graph = gpu.record(|| {
                workspace.enqueue(gpu, &mut outputs)?;
                enqueue_step(&workspace, &outputs, &mut step)
            })?;
            return Ok(Some(Self { outputs, step, workspace, graph, settings }));
        }
    }

    /// The next batch.
    fn enqueue<K: Kernel>(
        &mut self,
        loss: &K,
        gpu: &Gpu,
        predictions: Slice<'_, T>,
        labels: Option<&[K::Label<T>]>,
    ) -> Result<(), Error> {
        if let Some(labels) = labels {
            self.workspace.load(gpu, loss, labels)?;
        }
        gpu.copy(predictions, self.workspace.predictions.slice_mut())?;
        Ok(self.graph.launch()?)
    }

    /// Waits, and says what went wrong.
    pub fn check(&mut self, gpu: &Gpu) -> Result<(), Error> {
        self.workspace.check(gpu)?;
        self.step.check()
    }
}

fn enqueue_step<T: Float>(
    workspace: &Workspace<T>,
    outputs: &Outputs<T>,
    step: &mut DeviceStep<T>,
) -> Result<(), Error> {
    let hessians = outputs.hessians.as_ref().map(borrowed);
    step.enqueue(workspace.predictions.slice(), outputs.gradients.slice(), hessians)
}

impl<T: Float> Lease<T> {
    /// One that is free, or a new one; with a batch under way.
    pub fn take<K: Kernel>(
        loss: &K,
        gpu: &Gpu,
        predictions: Slice<'_, T>,
        labels: &[K::Label<T>],
    ) -> Result<Option<Self>, Error> {
        check_lengths(K::NAME, K::DIM, predictions.len(), labels.len())?;
        check_parameters(loss)?;
        let settings = loss.newton();
        settings.validate()?;
        let Some(text) = super::compiled::identity::<K, T>(loss) else { return Ok(None) };
        let key = (gpu.ordinal(), text, format!("{settings:?}"), labels.len());
        let free = {
            let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
            pool.get_or_insert_default().get_mut(&key).and_then(Vec::pop)
        };
        let free = free.and_then(|free| free.downcast::<Recorded<T>>().ok());
        let recorded = match free {
            Some(mut free) => {
                free.enqueue(loss, gpu, predictions, Some(labels))?;
                Some(*free)
            }
            None => Recorded::new(loss, gpu, predictions, labels)?,
        };
        Ok(recorded.map(|recorded| Self { key, recorded: Some(recorded) }))
    }

    pub fn get(&self) -> &Recorded<T> {
        // It is there until this is dropped.
        self.recorded.as_ref().expect("a lease has what it leases")
    }

    /// Waits, and says what went wrong.
    pub fn check(mut self, gpu: &Gpu) -> Result<(), Error> {
        self.recorded.as_mut().map_or(Ok(()), |recorded| recorded.check(gpu))
    }
}

impl<T: Float> Drop for Lease<T> {
    fn drop(&mut self) {
        let Some(recorded) = self.recorded.take() else { return };
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = pool.get_or_insert_default().entry(self.key.clone()).or_default();
        if kept.len() < KEPT {
            kept.push(Box::new(recorded));
        }
    }
}

/// A loss with its Newton step, recorded for batches of one size: each is one launch, whose results replace those of the one before.
///
/// ```no_run
/// use newton_runtime::cuda::{Gpu, RecordedNode};
/// use newton_runtime::losses::SoftSort;
///
/// let gpu = Gpu::open(0)?;
/// let loss = SoftSort::<3>::new(0.1);
/// let order = [[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]];
/// let mut scores = gpu.upload(&[0.3_f32, 0.1, 0.2])?;
/// let mut node = RecordedNode::new(&loss, &gpu, scores.slice(), &order)?.expect("a loss of the attribute");
/// gpu.write(&[0.2, 0.1, 0.3], scores.slice_mut())?;
/// node.enqueue(scores.slice())?; // the same labels again; `set_labels` has others
/// let z_star = gpu.download(node.step().z_star())?;
/// node.check()?;
/// # Ok::<(), newton_runtime::Error>(())
/// ```
pub struct RecordedNode<'a, K: Kernel, T: Float> {
    loss: &'a K,
    gpu: Gpu,
    recorded: Recorded<T>,
}

impl<'a, K: Kernel, T: Float> RecordedNode<'a, K, T> {
    /// Computes a first batch and records how. None if the loss has no text for CUDA.
    ///
    /// # Errors
    /// Those of [`DeviceEvaluation::of`](super::DeviceEvaluation::of); what the driver says of recording.
    pub fn new(
        loss: &'a K,
        gpu: &Gpu,
        predictions: Slice<'_, T>,
        labels: &[K::Label<T>],
    ) -> Result<Option<Self>, Error> {
        check_lengths(K::NAME, K::DIM, predictions.len(), labels.len())?;
        check_parameters(loss)?;
        loss.newton().validate()?;
        let recorded = Recorded::new(loss, gpu, predictions, labels)?;
        Ok(recorded.map(|recorded| Self { loss, gpu: gpu.clone(), recorded }))
    }

    /// Other labels, as many as before.
    ///
    /// # Errors
    /// [`Error::Mismatch`]; the driver's.
    pub fn set_labels(&mut self, labels: &[K::Label<T>]) -> Result<(), Error> {
        self.same("labels", labels.len(), 1)?;
        Ok(self.recorded.workspace.load(&self.gpu, self.loss, labels)?)
    }

    /// The next predictions, as many as before.
    ///
    /// # Errors
    /// [`Error::Mismatch`]; the driver's.
    pub fn enqueue(&mut self, predictions: Slice<'_, T>) -> Result<(), Error> {
        self.same("predictions", predictions.len(), K::DIM)?;
        self.recorded.enqueue(self.loss, &self.gpu, predictions, None)
    }

    fn same(&self, what: &'static str, found: usize, each: usize) -> Result<(), Error> {
        let expected = self.recorded.workspace.samples * each;
        let why = "the batch was recorded with as many".to_owned();
        if found == expected { Ok(()) } else { Err(Error::Mismatch { what, found, expected, why }) }
    }

    /// `l_i`, N numbers.
    pub fn values(&self) -> Slice<'_, T> {
        self.recorded.outputs.values.slice()
    }

    /// `g_i`, N x m.
    pub fn gradients(&self) -> Slice<'_, T> {
        self.recorded.outputs.gradients.slice()
    }

    /// Directions, z\* and Newton losses.
    pub fn step(&self) -> &DeviceStep<T> {
        &self.recorded.step
    }

    /// Curvature, lambda and policies that were recorded.
    pub fn newton(&self) -> &Newton {
        &self.recorded.settings
    }

    /// Waits, and says what went wrong with the last batch.
    ///
    /// # Errors
    /// Those of [`NewtonLoss::evaluate`](crate::loss::NewtonLoss::evaluate).
    pub fn check(&mut self) -> Result<(), Error> {
        self.recorded.check(&self.gpu)
    }
}
