//! What a step has on the device, and the launches that fill it.

use super::arguments::{Batch, Kept, OUTCOME, Problem, REPORT, Wanted};
use super::launch::Kernels;
use super::plan::{self, Split, Way};
use super::report::{self, Report};
use super::step::HessianSlices;
use crate::Error;
use crate::cuda::CudaError;
use crate::cuda::gpu::{Buffer, Gpu, Slice};
use crate::error::Quantity;
use crate::newton::input;
use crate::newton::{Curvature, Newton};
use crate::scalar::Float;

/// The batch's only matrix.
pub struct Matrix {
    pub size: usize,
    pub c: Buffer<f64>,
    pub outcome: Buffer<u64>,
    problem: Problem,
    split: Split,
    sums: Buffer<f64>,
    factors: Buffer<f64>,
    vectors: Buffer<f64>,
    permutation: Buffer<u32>,
    /// Directions before they are finished, N x m: they come by columns.
    wide: Option<Buffer<f64>>,
}

impl Matrix {
    fn new(
        gpu: &Gpu,
        newton: &Newton,
        way: Way,
        size: usize,
        shape: (usize, usize),
        epsilon: f64,
    ) -> Result<Self, CudaError> {
        let (samples, dim) = shape;
        let entries = size * size;
        let split = match way {
            Way::Woodbury { .. } => Split::gram(size, dim),
            Way::Gram { .. } => Split::gram(size, samples),
            _ => Split::hessians(samples, entries),
        };
        let wide = match way {
            Way::Woodbury { .. } => Some(gpu.dirty(samples * dim)?),
            _ => None,
        };
        Ok(Self {
            size,
            c: gpu.dirty(entries)?,
            outcome: gpu.zeros(OUTCOME)?,
            problem: plan::problem(newton, way, size, epsilon),
            split,
            sums: gpu.dirty(split.chunks * entries)?,
            factors: gpu.dirty(2 * entries)?,
            vectors: gpu.dirty(2 * size)?,
            permutation: gpu.dirty(size)?,
            wide,
        })
    }

    /// Enqueues a step with it.
    fn enqueue<T: Float>(
        &mut self,
        gpu: &Gpu,
        kernels: &Kernels<T>,
        way: Way,
        batch: &mut Batch<'_, T>,
        hessians: Option<HessianSlices<'_, T>>,
    ) -> Result<(), CudaError> {
        let (size, split, problem) = (self.size, self.split, self.problem);
        let (mut factor, mut given, mut begun) = (1.0, None, false);
        match (way, hessians) {
            (Way::Gram { factor: by } | Way::Woodbury { factor: by }, _) => {
                factor = by;
                let columns = matches!(way, Way::Woodbury { .. });
                kernels.gram(batch.gradients, columns, size, split, self.sums.slice_mut())?;
            }
            (_, Some(HessianSlices::Mean(h))) => given = Some(h),
            (_, Some(HessianSlices::PerSample(h))) => {
                gpu.clear(batch.report.reborrow())?;
                begun = true;
                let report = batch.report.reborrow();
                kernels.hessian_chunks(h, size * size, split, self.sums.slice_mut(), report)?;
            }
            (_, None) => {}
        }
        let sums = given.unwrap_or(self.sums.slice());
        let mut kept = Kept {
            c: self.c.slice_mut(),
            factors: self.factors.slice_mut(),
            vectors: self.vectors.slice_mut(),
            permutation: self.permutation.slice_mut(),
            outcome: self.outcome.slice_mut(),
            size,
        };
        if !begun && size <= plan::SMALL && sums.len() <= plan::FEW * size * size {
            kernels.factor_sums(problem, sums, factor, &kept, &batch.report)?;
        } else {
            if !begun {
                gpu.clear(batch.report.reborrow())?;
            }
            let c = kept.c.reborrow();
            kernels.curvature(sums, size, factor, problem.lambda, c, batch.report.reborrow())?;
            kernels.factor(problem, &kept, &batch.report)?;
        }
        match &mut self.wide {
            None => kernels.solve(batch, problem, &kept, None),
            Some(wide) => {
                kernels.solve(batch, problem, &kept, Some(wide.slice_mut()))?;
                kernels.finish(batch, Some(wide.slice()))
            }
        }
    }
}

/// A Hessian for every sample.
struct Each {
    problem: Problem,
    /// Two matrices for each of so many blocks, if they are needed.
    spare: Buffer<f64>,
    blocks: usize,
    outcomes: Buffer<u64>,
}

impl Each {
    fn new<T: Float>(
        gpu: &Gpu,
        kernels: &Kernels<T>,
        newton: &Newton,
        samples: usize,
        dim: usize,
    ) -> Result<Self, CudaError> {
        let problem = plan::problem(newton, Way::Each, dim, input::epsilon::<T>());
        let (matrices, wanted) = kernels.matrices_of_each(dim, problem.policy);
        let (blocks, spare) = match matrices == wanted {
            true => (samples, 0),
            false => {
                let blocks = samples.min(gpu.multiprocessors() as usize);
                (blocks, blocks * 2 * dim * dim)
            }
        };
        let (spare, outcomes) = (gpu.dirty(spare)?, gpu.zeros(samples * OUTCOME)?);
        Ok(Self { problem, spare, blocks, outcomes })
    }
}

/// All that a step needs.
pub struct Memory<T: Float> {
    pub gpu: Gpu,
    pub kernels: Kernels<T>,
    pub samples: usize,
    pub dim: usize,
    pub report: Buffer<u64>,
    pub directions: Buffer<T>,
    /// z* and Newton losses, if they are wanted.
    pub more: Option<(Buffer<T>, Buffer<T>)>,
    newton: Newton,
    way: Way,
    matrix: Option<Matrix>,
    each: Option<Each>,
    /// What the first sample that failed had, where each has its own matrix.
    evidence: Option<Buffer<f64>>,
    /// Which way the last step went.
    went: Way,
}

impl<T: Float> Memory<T> {
    /// For batches of this shape. `factor` is what a Fisher matrix multiplies `G^T G` by; `more` says whether z* and losses are wanted.
    pub fn new(
        gpu: &Gpu,
        newton: &Newton,
        (samples, dim): (usize, usize),
        factor: f64,
        more: bool,
    ) -> Result<Self, Error> {
        newton.validate()?;
        if samples == 0 || dim == 0 {
            return Err(Error::EmptyBatch);
        }
        let (way, size) = plan::way(newton, samples, dim, factor)?;
        let kernels = Kernels::new(gpu)?;
        let of = |way| Matrix::new(gpu, newton, way, size, (samples, dim), input::epsilon::<T>());
        let (matrix, each, evidence) = match way {
            Way::Plain => (None, None, 0),
            Way::RankOne => (None, None, dim),
            Way::Each => {
                // One sample's Hessian is the mean, too.
                let mean = if samples == 1 { Some(of(Way::Mean)?) } else { None };
                (mean, Some(Each::new(gpu, &kernels, newton, samples, dim)?), dim * dim)
            }
            _ => (Some(of(way)?), None, 0),
        };
        let count = samples * dim;
        Ok(Self {
            gpu: gpu.clone(),
            kernels,
            samples,
            dim,
            report: gpu.zeros(REPORT)?,
            directions: gpu.zeros(count)?,
            more: if more { Some((gpu.zeros(count)?, gpu.zeros(samples)?)) } else { None },
            newton: *newton,
            way,
            matrix,
            each,
            evidence: if evidence > 0 { Some(gpu.zeros(evidence)?) } else { None },
            went: way,
        })
    }

    /// The way with these Hessians, if they are what it takes.
    fn way_with(&self, hessians: Option<HessianSlices<'_, T>>) -> Result<Way, Error> {
        if self.newton.curvature != Curvature::Hessian {
            return Ok(self.way);
        }
        let (samples, entries) = (self.samples, self.dim * self.dim);
        match (hessians.ok_or(Error::NoHessian)?, self.way) {
            (HessianSlices::PerSample(h), way) => {
                input::same_length("hessians", h.len(), samples * entries, "one m x m matrix per sample")?;
                Ok(way)
            }
            (HessianSlices::Mean(h), Way::Each) if samples > 1 => {
                let why = "average = sample needs the Hessians of all samples, not their mean".to_owned();
                let (found, expected) = (h.len(), samples * entries);
                Err(Error::Mismatch { what: "hessians", found, expected, why })
            }
            (HessianSlices::Mean(h), _) => {
                input::same_length("matrix", h.len(), entries, "m rows of m numbers")?;
                Ok(Way::Mean)
            }
        }
    }

    /// Enqueues a step. `predictions` are read where z* is wanted.
    pub fn enqueue(
        &mut self,
        predictions: Slice<'_, T>,
        gradients: Slice<'_, T>,
        hessians: Option<HessianSlices<'_, T>>,
    ) -> Result<(), Error> {
        let way = self.way_with(hessians)?;
        self.went = way;
        let (gpu, kernels, lambda) = (&self.gpu, &self.kernels, self.newton.lambda);
        if matches!(way, Way::Plain | Way::RankOne | Way::Each) {
            gpu.clear(self.report.slice_mut())?;
        }
        let mut batch = Batch {
            wanted: self.more.as_mut().map(|(z_star, losses)| Wanted {
                predictions,
                z_star: z_star.slice_mut(),
                losses: losses.slice_mut(),
            }),
            gradients,
            directions: self.directions.slice_mut(),
            report: self.report.slice_mut(),
            samples: self.samples,
            dim: self.dim,
        };
        match (way, &mut self.matrix, &mut self.each, hessians) {
            (Way::RankOne, ..) => kernels.rank_one(&batch, lambda)?,
            (Way::Each, _, Some(each), Some(HessianSlices::PerSample(h))) => {
                let spare = (each.spare.slice_mut(), each.blocks);
                kernels.solve_every(&batch, h, each.problem, spare, each.outcomes.slice_mut())?;
            }
            (_, Some(matrix), _, hessians) => matrix.enqueue(gpu, kernels, way, &mut batch, hessians)?,
            _ => kernels.finish(&batch, None)?,
        }
        if let Some(evidence) = self.evidence.as_mut().map(Buffer::slice_mut) {
            let numbers = match hessians {
                Some(HessianSlices::PerSample(h)) if way == Way::Each => h,
                _ => gradients,
            };
            if way != Way::Mean {
                kernels.evidence(numbers, batch.report.as_slice(), evidence)?;
            }
        }
        Ok(())
    }

    /// Waits for the device. `gradients` is what those are called.
    pub fn check(&self, gradients: Quantity) -> Result<(), Error> {
        let (gpu, newton, dim) = (&self.gpu, &self.newton, self.dim);
        let report = Report::read(gpu, self.report.slice())?;
        report.inputs(gradients, dim)?;
        let mean = match newton.curvature {
            Curvature::Fisher => Quantity::Fisher,
            _ => Quantity::Hessian,
        };
        let epsilon = input::epsilon::<T>();
        report.curvature(mean, dim, |sample| {
            let explained = match (self.went, &self.matrix, &self.evidence) {
                (Way::RankOne | Way::Each, _, Some(evidence)) => {
                    let outcomes = self.each.as_ref().map(|each| each.outcomes.slice());
                    report::of_sample(gpu, newton, (sample, dim), epsilon, evidence.slice(), outcomes)
                }
                (way, Some(matrix), _) => report::of_matrix(gpu, newton, way, self.samples, epsilon, matrix),
                _ => unreachable!("without a matrix there is none that could not be factored"),
            };
            explained.unwrap_or_else(Error::from)
        })?;
        report.directions(dim)
    }
}
