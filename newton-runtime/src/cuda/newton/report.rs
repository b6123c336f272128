//! From what kernels note to the error that the CPU would give.

use super::arguments::{OUTCOME, REPORT};
use super::memory::Matrix;
use super::plan::Way;
use crate::Error;
use crate::cuda::CudaError;
use crate::cuda::gpu::{Gpu, Slice};
use crate::error::Quantity;
use crate::newton::{self, Newton};

/// Words of `Report`, in the order in which the CPU looks.
pub struct Report([u64; REPORT]);

/// A number that is not finite, and where.
struct Culprit {
    index: usize,
    value: f64,
}

impl Report {
    /// Waits for the device.
    pub fn read(gpu: &Gpu, words: Slice<'_, u64>) -> Result<Self, CudaError> {
        let mut report = Self([0; REPORT]);
        gpu.read(words, &mut report.0)?;
        Ok(report)
    }

    fn culprit(&self, word: usize) -> Option<Culprit> {
        let key = !self.0[word];
        let value = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][(key % 4).min(2) as usize];
        (self.0[word] != 0).then_some(Culprit { index: (key / 4) as usize, value })
    }

    fn in_samples(&self, word: usize, quantity: Quantity, per_sample: usize) -> Result<(), Error> {
        self.culprit(word).map_or(Ok(()), |Culprit { index, value }| {
            let (sample, entry) = (index / per_sample, index % per_sample);
            Err(Error::NonFinite { quantity, sample, entry, value })
        })
    }

    /// Predictions and gradients; `gradients` is what those are called.
    pub fn inputs(&self, gradients: Quantity, dim: usize) -> Result<(), Error> {
        self.in_samples(0, Quantity::Prediction, dim)?;
        self.in_samples(1, gradients, dim)
    }

    /// The curvature and its inverse; `explain` says why a sample's matrix, or the batch's only one, has none.
    pub fn curvature(
        &self,
        mean: Quantity,
        dim: usize,
        explain: impl FnOnce(usize) -> Error,
    ) -> Result<(), Error> {
        self.in_samples(2, Quantity::Hessian, dim * dim)?;
        if let Some(Culprit { index: entry, value }) = self.culprit(3) {
            return Err(Error::NonFiniteMean { quantity: mean, entry, value });
        }
        self.culprit(4).map_or(Ok(()), |Culprit { index, .. }| Err(explain(index)))
    }

    /// Directions, and z*.
    pub fn directions(&self, dim: usize) -> Result<(), Error> {
        self.in_samples(5, Quantity::Direction, dim)?;
        self.in_samples(6, Quantity::Direction, dim)
    }
}

/// `Outcome` of `device/newton/cholesky.cuh`.
struct Outcome {
    value: f64,
    scale: f64,
    converged: bool,
    pivot: usize,
}

impl Outcome {
    fn read(gpu: &Gpu, words: Slice<'_, u64>) -> Result<Self, CudaError> {
        let mut all = [0_u64; OUTCOME];
        gpu.read(words, &mut all)?;
        let [value, scale, both] = all;
        let (value, scale) = (f64::from_bits(value), f64::from_bits(scale));
        Ok(Self { value, scale, converged: both as u32 != 4, pivot: (both >> 32) as usize })
    }

    /// In the kernels' own words: where the CPU would just have managed.
    fn error(self, lambda: f64, dim: usize) -> Error {
        match self.converged {
            true => {
                let Self { value, scale, pivot, .. } = self;
                Error::Singular { lambda, pivot, dim, value, scale, hint: "" }
            }
            false => Error::NoConvergence { dim, eigenvalue: self.pivot },
        }
    }
}

/// Why the batch's matrix has no inverse: what the CPU says of the same matrix.
pub fn of_matrix(
    gpu: &Gpu,
    newton: &Newton,
    way: Way,
    samples: usize,
    epsilon: f64,
    matrix: &Matrix,
) -> Result<Error, CudaError> {
    let c = gpu.download(matrix.c.slice())?;
    let lambda = newton.lambda;
    let found = match way {
        Way::Woodbury { .. } => newton::precondition::kernel_error(c, matrix.size, lambda),
        Way::Gram { .. } => newton::precondition::fisher_error(c, matrix.size, samples, lambda, epsilon),
        _ => newton::precondition::hessian_error(c, matrix.size, lambda, newton.on_indefinite, epsilon),
    };
    Ok(match found {
        Some(error) => error,
        None => Outcome::read(gpu, matrix.outcome.slice())?.error(lambda, matrix.size),
    })
}

/// The same for a sample with its own Hessian, or with its own Fisher matrix, which has no outcome.
pub fn of_sample(
    gpu: &Gpu,
    newton: &Newton,
    (sample, dim): (usize, usize),
    epsilon: f64,
    evidence: Slice<'_, f64>,
    outcomes: Option<Slice<'_, u64>>,
) -> Result<Error, CudaError> {
    let numbers = gpu.download(evidence)?;
    let lambda = newton.lambda;
    let found = match outcomes {
        Some(_) => newton::precondition::hessian_error(numbers, dim, lambda, newton.on_indefinite, epsilon),
        None => newton::precondition::fisher_directions(numbers, dim, lambda, 1.0, epsilon).err(),
    };
    let source = match (found, outcomes) {
        (Some(error), _) => error,
        (None, Some(all)) => Outcome::read(gpu, all.range(sample * OUTCOME, OUTCOME))?.error(lambda, dim),
        (None, None) => Error::Singular { lambda, pivot: 0, dim, value: 0.0, scale: 0.0, hint: "" },
    };
    Ok(Error::InSample { sample, source: Box::new(source) })
}
