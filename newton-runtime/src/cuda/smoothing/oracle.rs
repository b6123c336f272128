//! Black boxes that are evaluated on a device.

use super::super::CudaError;
use super::super::algorithms::shortest_paths;
use super::super::gpu::{Gpu, Slice, SliceMut};
use super::squared::squared_errors;
use crate::scalar::Float;
use crate::smoothing::{Failure, GridPaths, Labelled, Numbers, Oracle, Squared, targets};

/// Waits for the device and says whether the black box failed, at which argument and why.
pub type Outcome = Box<dyn FnOnce(&Gpu) -> Result<Result<(), Failure>, CudaError>>;

/// An [`Oracle`] that has a form for GPUs. What it enqueues it enqueues on the device's default stream.
pub trait DeviceOracle<T: Float, L> {
    /// Enqueues the evaluation of all arguments, rows of m numbers, equally many for each of `labels`, into rows of k numbers. Where it fails it
    /// writes NaN, and [`Outcome`] says so.
    ///
    /// # Errors
    /// The device's.
    fn enqueue(
        &self,
        gpu: &Gpu,
        arguments: Slice<'_, T>,
        labels: &[L],
        results: SliceMut<'_, T>,
    ) -> Result<Outcome, CudaError>;
}

impl<T: Float + From<bool>, L: Sync> DeviceOracle<T, L> for GridPaths<T, L> {
    fn enqueue(
        &self,
        gpu: &Gpu,
        arguments: Slice<'_, T>,
        _labels: &[L],
        results: SliceMut<'_, T>,
    ) -> Result<Outcome, CudaError> {
        debug_assert_eq!(Oracle::<T>::dim(self), Oracle::<T>::outputs(self));
        let (rows, columns) = self.size();
        let failure = shortest_paths(gpu, rows, columns, arguments, results)?;
        Ok(Box::new(move |gpu| {
            let found = failure.read(gpu)?;
            Ok(found.map_or(Ok(()), |(row, error)| Err(Failure::at(row, error))))
        }))
    }
}

/// There is none unless the algorithm has one.
impl<T, O> DeviceOracle<T, O::Label> for Squared<O>
where
    T: Float,
    O: Oracle<T>,
    O::Label: Labelled,
    <O::Label as Labelled>::Target: Numbers<T>,
{
    fn enqueue(
        &self,
        gpu: &Gpu,
        arguments: Slice<'_, T>,
        labels: &[O::Label],
        mut results: SliceMut<'_, T>,
    ) -> Result<Outcome, CudaError> {
        let failed = |failure| Box::new(move |_: &Gpu| Ok(Err(failure))) as Outcome;
        let Some(algorithm) = self.inner().for_device() else {
            return Ok(failed(Failure::whole("it has no form for GPUs")));
        };
        let outputs = self.inner().outputs().max(1);
        let mut solutions = gpu.dirty::<T>(results.len() * outputs)?;
        let outcome = algorithm.enqueue(gpu, arguments, labels, solutions.slice_mut())?;
        let per_sample = results.len() / labels.len().max(1);
        let targets = match targets::<T, _>(labels, outputs, per_sample) {
            Ok(targets) => gpu.upload(&targets)?,
            Err(failure) => {
                gpu.write(&vec![T::from_f64(f64::NAN); results.len()], results.reborrow())?;
                return Ok(Box::new(move |gpu| Ok(outcome(gpu)?.and(Err(failure)))));
            }
        };
        squared_errors(gpu, solutions.slice(), targets.slice(), outputs, results)?;
        Ok(outcome)
    }
}
