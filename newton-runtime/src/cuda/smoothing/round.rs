//! One round of evaluations on a device, and what is made of it.

use super::super::CudaError;
use super::super::gpu::{Buffer, Gpu, Slice};
use super::super::parts::{Check, DeviceHessians, Want};
use super::findings::Findings;
use super::sums::Table;
use crate::Error;
use crate::scalar::Float;
use crate::smoothing::{Covariate, Noise};

/// The results of a black box at the perturbed arguments of a batch of N samples, and its noise: [`Round`](crate::smoothing::Round) on a
/// device.
#[derive(Debug)]
pub struct DeviceRound<'a, T: Float> {
    /// Where it lies.
    pub gpu: &'a Gpu,
    /// What was drawn.
    pub noise: &'a Noise,
    /// What is subtracted from the values.
    pub covariate: Covariate,
    /// The unperturbed arguments, N x m.
    pub predictions: Slice<'a, T>,
    /// N.
    pub samples: usize,
    /// m.
    pub dim: usize,
    /// k.
    pub outputs: usize,
    /// Rows of results of each sample: S, or S + 1 if the black box was evaluated at the unperturbed argument, too.
    pub rows: usize,
    /// N x S x m, at scale 1.
    pub drawn: Buffer<f64>,
    /// N x rows x k.
    pub results: Buffer<T>,
    pub(super) findings: Findings,
}

/// Values, gradients and Hessians from a round, enqueued.
pub struct Estimates<T: Float> {
    /// N.
    pub values: Buffer<T>,
    /// N x m; no elements where only values are wanted.
    pub gradients: Buffer<T>,
    /// If they are wanted.
    pub hessians: Option<DeviceHessians<T>>,
    /// Waits for the device and says what went wrong, if there is something to be said that the numbers do not show.
    pub check: Option<Check>,
}

/// An [`Estimator`](crate::smoothing::Estimator) that has a form for GPUs.
pub trait DeviceEstimator<T: Float, L> {
    /// Enqueues what is wanted of a round. Nothing is waited for.
    ///
    /// # Errors
    /// For labels that do not fit, and the device's.
    fn enqueue(&self, round: &DeviceRound<'_, T>, labels: &[L], want: Want) -> Result<Estimates<T>, Error>;
}

impl<'a, T: Float> DeviceRound<'a, T> {
    /// From noise and results that are there already. What is not finite is not found out.
    ///
    /// # Errors
    /// The device's.
    ///
    /// # Panics
    /// If there is no noise for each of the predictions' samples, or not S or S + 1 rows of results.
    #[doc(hidden)]
    pub fn of_results(
        gpu: &'a Gpu,
        noise: &'a Noise,
        covariate: Covariate,
        (predictions, dim): (Slice<'a, T>, usize),
        drawn: Buffer<f64>,
        (results, outputs): (Buffer<T>, usize),
    ) -> Result<Self, CudaError> {
        let samples = predictions.len() / dim;
        let rows = results.len() / (samples * outputs);
        assert!(rows == noise.samples || rows == noise.samples + 1, "{rows} rows of results");
        assert_eq!(results.len(), samples * rows * outputs, "results");
        assert_eq!(drawn.len(), samples * noise.samples * dim, "noise");
        let findings = Findings::new(gpu)?;
        Ok(Self { gpu, noise, covariate, predictions, samples, dim, outputs, rows, drawn, results, findings })
    }

    pub(super) fn table(&self) -> Table<'_, T> {
        Table {
            all: self.results.slice(),
            samples: self.samples,
            perturbations: self.noise.samples,
            rows: self.rows,
            outputs: self.outputs,
        }
    }
}
