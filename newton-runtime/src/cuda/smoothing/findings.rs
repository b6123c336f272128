//! The first numbers of a batch that are not finite.
#![allow(unsafe_code)]

use super::super::CudaError;
use super::super::gpu::{Buffer, Gpu, Launch, Slice};
use super::kernels::{Kernels, threads};
use crate::scalar::Float;

/// In what they are found: `nl::smoothing::Kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Prediction = 0,
    Result = 1,
    Loss = 2,
    Gradient = 3,
    Hessian = 4,
}

/// None of them.
pub(super) const NOTHING: u32 = 5;
const KINDS: usize = 5;

/// Of every kind the first, as kernels note it.
#[derive(Debug)]
pub(super) struct Findings {
    words: Buffer<u64>,
}

/// Where numbers lie that may have to be named.
pub(super) struct Named<'a, T: Float> {
    pub predictions: Slice<'a, T>,
    pub results: Option<Slice<'a, T>>,
    pub values: Option<Slice<'a, T>>,
    pub gradients: Option<Slice<'a, T>>,
    pub mean: Option<Slice<'a, f64>>,
    pub each: Option<Slice<'a, T>>,
}

/// An index and the number.
pub(super) type Found = Option<(usize, f64)>;

impl Findings {
    /// Nothing yet.
    pub fn new(gpu: &Gpu) -> Result<Self, CudaError> {
        Ok(Self { words: gpu.upload(&[u64::MAX; 2 * KINDS])? })
    }

    /// For kernels, which note what they find by atomic operations: shared, though written.
    pub fn words(&self) -> Slice<'_, u64> {
        self.words.slice()
    }

    /// Looks through numbers.
    pub fn look<T: Float>(&self, gpu: &Gpu, kind: Kind, all: Slice<'_, T>) -> Result<(), CudaError> {
        let kernel = Kernels::of::<T>(gpu)?.typed("expect_finite")?;
        let (count, kind) = (all.len() as u64, kind as u32);
        // SAFETY: `expect_finite(all, count, findings, kind)`.
        unsafe { kernel.launch(threads(all.len()), &[&all, &count, &self.words(), &kind]) }
    }

    /// Copies what is to be named.
    pub fn name<T: Float>(&self, gpu: &Gpu, named: &Named<'_, T>) -> Result<(), CudaError> {
        let kernel = Kernels::of::<T>(gpu)?.typed("name_findings")?;
        let pointer = |all: Option<Slice<'_, T>>| all.map_or(0, |all| all.pointer());
        let (results, values) = (pointer(named.results), pointer(named.values));
        let (gradients, each) = (pointer(named.gradients), pointer(named.each));
        let (predictions, mean) = (named.predictions, named.mean.map_or(0, |all| all.pointer()));
        let one = Launch { grid: [1, 1, 1], block: [32, 1, 1], shared: 0 };
        // SAFETY: `name_findings(predictions, results, values, gradients, mean, each, findings)`; numbers are looked up where kernels
        // found them, and not in what is null.
        unsafe {
            kernel.launch(one, &[&predictions, &results, &values, &gradients, &mean, &each, &self.words()])
        }
    }

    /// Waits for the device.
    pub fn read(&self, gpu: &Gpu) -> Result<[Found; KINDS], CudaError> {
        let mut words = [0; 2 * KINDS];
        gpu.read(self.words.slice(), &mut words)?;
        Ok(std::array::from_fn(|kind| {
            let (at, value) = (words[2 * kind], words[2 * kind + 1]);
            (at != u64::MAX).then(|| (at as usize, f64::from_bits(value)))
        }))
    }
}
