//! Sums over perturbations.
#![allow(unsafe_code)]

use super::super::CudaError;
use super::super::gpu::{Buffer, Gpu, Launch, Slice, SliceMut};
use super::findings::{Findings, Kind, NOTHING};
use super::kernels::{Kernels, blocks, threads, warps, word};
use crate::scalar::Float;
use crate::smoothing::{Covariate, Distribution, Noise, Sampling};

/// Columns and lines of a block: `nl::smoothing::COLUMNS`, `LINES`.
const COLUMNS: usize = 32;
const LINES: u32 = 8;

/// Numbers of every sample's perturbations: N x rows x k, of which S rows are of perturbed arguments; one more is of the argument itself.
#[derive(Clone, Copy)]
pub(super) struct Table<'a, V> {
    pub all: Slice<'a, V>,
    pub samples: usize,
    pub perturbations: usize,
    pub rows: usize,
    pub outputs: usize,
}

/// `nl::smoothing::Centre`.
pub(super) fn centre(covariate: Covariate, noise: &Noise) -> u32 {
    match (covariate, noise.sampling, noise.antithetic) {
        (Covariate::None, ..) => 0,
        (Covariate::Unperturbed, ..) => 1,
        (Covariate::LeaveOneOut, Sampling::MonteCarlo, false) => 3,
        (Covariate::LeaveOneOut, Sampling::MonteCarlo, true) => 4,
        (Covariate::LeaveOneOut, ..) => 2,
    }
}

/// Sums of chunks of rows: groups x chunks x columns.
pub(super) struct Partial {
    sums: Buffer<f64>,
    groups: usize,
    chunks: usize,
    columns: usize,
}

/// How rows are cut, and the launch that sums them.
struct Cut {
    chunk: usize,
    chunks: usize,
    launch: Launch,
}

impl Cut {
    /// It depends on the sizes alone, and the sums on nothing else.
    fn of(groups: usize, rows: usize, columns: usize) -> Cut {
        let chunk = rows.div_ceil(256).max(256);
        let chunks = rows.div_ceil(chunk);
        Cut {
            chunk,
            chunks,
            launch: blocks(groups * chunks * columns.div_ceil(COLUMNS), COLUMNS as u32, LINES),
        }
    }
}

impl Partial {
    fn new(gpu: &Gpu, groups: usize, cut: &Cut, columns: usize) -> Result<Self, CudaError> {
        Ok(Self { sums: gpu.dirty(groups * cut.chunks * columns)?, groups, chunks: cut.chunks, columns })
    }

    /// Of results.
    pub fn of_results<V: Float>(gpu: &Gpu, table: &Table<'_, V>) -> Result<Self, CudaError> {
        let cut = Cut::of(table.samples, table.perturbations, table.outputs);
        let mut this = Self::new(gpu, table.samples, &cut, table.outputs)?;
        let [perturbations, rows, outputs, samples] = table.words()?;
        let (chunk, kernel) = (cut.chunk as u32, Kernels::of::<V>(gpu)?.typed("result_sums")?);
        let into = this.sums.slice_mut();
        // SAFETY: `result_sums(results, per_sample, rows, outputs, samples, chunk, partial)`; there are samples x rows x outputs results and
        // samples x chunks x outputs sums.
        unsafe {
            kernel.launch(
                cut.launch,
                &[&table.all, &perturbations, &rows, &outputs, &samples, &chunk, &into],
            )?;
        };
        Ok(this)
    }

    /// Of `weight score(z)`, or, `curved`, `weight curvature(z)`: weights are groups x rows, noise groups x rows x columns.
    pub fn of_noise(
        gpu: &Gpu,
        curved: bool,
        distribution: Distribution,
        (weights, drawn): (Slice<'_, f64>, Slice<'_, f64>),
        [groups, rows, columns]: [usize; 3],
    ) -> Result<Self, CudaError> {
        assert_eq!((weights.len(), drawn.len()), (groups * rows, groups * rows * columns), "weights, noise");
        let cut = Cut::of(groups, rows, columns);
        let mut this = Self::new(gpu, groups, &cut, columns)?;
        let (group_count, column_count) = (word("groups", groups)?, word("columns", columns)?);
        let (row_count, chunk) = (rows as u64, word("rows of a chunk", cut.chunk)?);
        let name = if curved { "curvature_sums" } else { "score_sums" };
        let (distribution, kernel) = (distribution as u32, Kernels::of::<f64>(gpu)?.function(name)?);
        let into = this.sums.slice_mut();
        // SAFETY: `score_sums(weights, drawn, distribution, groups, rows, columns, chunk, partial)`, and the other one; lengths were just
        // seen to fit, and there are groups x chunks x columns sums.
        unsafe {
            kernel.launch(
                cut.launch,
                &[&weights, &drawn, &distribution, &group_count, &row_count, &column_count, &chunk, &into],
            )?;
        };
        Ok(this)
    }

    /// Of what solutions cost less than targets.
    pub fn of_excess<T: Float>(
        gpu: &Gpu,
        table: &Table<'_, T>,
        predictions: Slice<'_, T>,
        targets: Slice<'_, T>,
        drawn: Slice<'_, f64>,
        scale: f64,
    ) -> Result<Self, CudaError> {
        let numbers = table.samples * table.outputs;
        assert_eq!((predictions.len(), targets.len()), (numbers, numbers), "predictions, targets");
        assert_eq!(drawn.len(), numbers * table.perturbations, "noise");
        let cut = Cut::of(table.samples, table.perturbations, table.outputs);
        let mut this = Self::new(gpu, table.samples, &cut, table.outputs)?;
        let [perturbations, rows, outputs, samples] = table.words()?;
        let (chunk, kernel) = (cut.chunk as u32, Kernels::of::<T>(gpu)?.typed("excess_sums")?);
        let into = this.sums.slice_mut();
        // SAFETY: `excess_sums(results, per_sample, rows, dim, predictions, targets, drawn, scale, samples, chunk, partial)`; lengths were
        // just seen to fit, and there are samples x chunks x dim sums.
        unsafe {
            kernel.launch(
                cut.launch,
                &[
                    &table.all,
                    &perturbations,
                    &rows,
                    &outputs,
                    &predictions,
                    &targets,
                    &drawn,
                    &scale,
                    &samples,
                    &chunk,
                    &into,
                ],
            )?;
        };
        Ok(this)
    }

    /// `factor` times the sums, groups x columns: wide, as T, or both. Those of T are expected to be finite if a kind is named.
    pub fn finish<T: Float>(
        &self,
        gpu: &Gpu,
        factor: f64,
        wide: Option<SliceMut<'_, f64>>,
        narrow: Option<SliceMut<'_, T>>,
        findings: &Findings,
        kind: Option<Kind>,
    ) -> Result<(), CudaError> {
        let numbers = self.groups * self.columns;
        let lengths = [wide.as_ref().map(SliceMut::len), narrow.as_ref().map(SliceMut::len)];
        assert!(
            lengths.into_iter().flatten().all(|length| length == numbers),
            "{lengths:?} for {numbers} sums"
        );
        let (groups, columns) = (word("groups", self.groups)?, word("columns", self.columns)?);
        let (chunks, kind) = (self.chunks as u64, kind.map_or(NOTHING, |kind| kind as u32));
        let (wide, narrow) = (wide.map_or(0, |x| x.pointer()), narrow.map_or(0, |x| x.pointer()));
        let kernel = Kernels::of::<T>(gpu)?.typed("finish_sums")?;
        let (sums, findings) = (self.sums.slice(), findings.words());
        // SAFETY: `finish_sums(partial, groups, chunks, columns, factor, wide, narrow, findings, kind)`; lengths were just seen to fit.
        unsafe {
            kernel.launch(
                threads(numbers),
                &[&sums, &groups, &chunks, &columns, &factor, &wide, &narrow, &findings, &kind],
            )
        }
    }

    /// Fenchel-Young values from sums of excess: `factor` times the sum over columns.
    pub fn finish_values<T: Float>(
        &self,
        gpu: &Gpu,
        factor: f64,
        values: SliceMut<'_, T>,
        findings: &Findings,
    ) -> Result<(), CudaError> {
        assert_eq!(values.len(), self.groups, "values");
        let (samples, dim) = (word("samples", self.groups)?, word("columns", self.columns)?);
        let (chunks, kernel) = (self.chunks as u64, Kernels::of::<T>(gpu)?.typed("fenchel_young_values")?);
        let (sums, findings) = (self.sums.slice(), findings.words());
        // SAFETY: `fenchel_young_values(partial, samples, chunks, dim, factor, values, findings)`; there is a value for each sample.
        unsafe {
            kernel.launch(warps(self.groups), &[&sums, &samples, &chunks, &dim, &factor, &values, &findings])
        }
    }
}

impl<V> Table<'_, V> {
    /// As kernels take them: perturbations, rows, outputs, samples.
    pub fn words(&self) -> Result<[u32; 4], CudaError> {
        assert_eq!(self.all.len(), self.samples * self.rows * self.outputs, "results");
        Ok([
            word("the number of perturbations", self.perturbations)?,
            word("the number of perturbations", self.rows)?,
            word("the number of results", self.outputs)?,
            word("the number of samples", self.samples)?,
        ])
    }
}

impl<V: Float> Table<'_, V> {
    /// The means of single numbers' perturbations (k of them for each sample), N x k.
    pub fn means(&self, gpu: &Gpu, findings: &Findings) -> Result<Buffer<f64>, CudaError> {
        let mut means = gpu.dirty(self.samples * self.outputs)?;
        let factor = 1.0 / self.perturbations as f64;
        let none = None::<SliceMut<'_, V>>;
        Partial::of_results(gpu, self)?.finish(gpu, factor, Some(means.slice_mut()), none, findings, None)?;
        Ok(means)
    }

    /// Of single numbers: `(f_s - c_s) / S`, N x S.
    pub fn weights(&self, gpu: &Gpu, centre: u32, means: Slice<'_, f64>) -> Result<Buffer<f64>, CudaError> {
        assert_eq!((self.outputs, means.len()), (1, self.samples), "single numbers");
        let count = self.samples * self.perturbations;
        let mut weights = gpu.dirty(count)?;
        let [perturbations, rows, _, samples] = self.words()?;
        let kernel = Kernels::of::<V>(gpu)?.typed("weigh")?;
        let into = weights.slice_mut();
        // SAFETY: `weigh(values, per_sample, rows, centre, means, samples, weights)`; there are samples x per_sample weights.
        unsafe {
            kernel.launch(
                threads(count),
                &[&self.all, &perturbations, &rows, &centre, &means, &samples, &into],
            )?;
        };
        Ok(weights)
    }

    /// Products of all rows with their sample's `upstream`, N x k: N x rows.
    pub fn along(&self, gpu: &Gpu, upstream: Slice<'_, V>) -> Result<Buffer<f64>, CudaError> {
        assert_eq!(upstream.len(), self.samples * self.outputs, "the gradient of the loss");
        let mut along = gpu.dirty(self.samples * self.rows)?;
        let [_, rows, outputs, samples] = self.words()?;
        let kernel = Kernels::of::<V>(gpu)?.typed("dot_rows")?;
        let into = along.slice_mut();
        // SAFETY: `dot_rows(results, upstream, samples, rows, outputs, along)`; there are samples x rows products.
        unsafe {
            kernel.launch(
                warps(self.samples * self.rows),
                &[&self.all, &upstream, &samples, &rows, &outputs, &into],
            )?;
        };
        Ok(along)
    }
}
