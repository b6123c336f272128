//! The launches. Each method takes what a kernel takes, checks that it is as long as the kernel reads and writes, and enqueues it.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use super::arguments::{Batch, Kept, OUTCOME, Problem, REPORT, RawKept, RawLarge};
use super::plan::{self, Split, TILE};
use crate::cuda::CudaError;
use crate::cuda::gpu::{Code, Function, Gpu, Launch, Slice, SliceMut};
use crate::scalar::Float;

/// As in `device/newton/gram.cuh`.
const TILE_THREADS: u32 = (TILE * TILE / 4) as u32;

/// The compiled kernels for a type of numbers.
pub struct Kernels<T> {
    gram_rows: Function,
    gram_columns: Function,
    hessian_chunks: Function,
    curvature_of: Function,
    factor_one: Function,
    factor_small: Function,
    cholesky_panel: Function,
    cholesky_update: Function,
    /// For one and for four right-hand sides at a time.
    rows: [Function; 2],
    columns: [Function; 2],
    solve_every: Function,
    solve_rank_one: Function,
    evidence_of: Function,
    finish_step: Function,
    add_directions: Function,
    /// Bytes of shared memory that a block which factors may have.
    shared: u32,
    numbers: PhantomData<T>,
}

/// What is tried, after all that any device has: H100 and H200, A100, and GPUs for desktops; less what kernels declare themselves.
const SHARED: [u32; 3] = [230_000, 165_000, 99_000];
/// What needs no asking, with room for the same.
const SHARED_ALWAYS: u32 = 47_000;

fn grid(blocks: usize) -> u32 {
    // Kernels go on with what is beyond the grid.
    blocks.clamp(1, 1 << 16) as u32
}

impl<T: Float> Kernels<T> {
    /// Compiles them, if nobody did before.
    pub fn new(gpu: &Gpu) -> Result<Self, CudaError> {
        let element = T::ELEMENT;
        let module = gpu.module(&Code {
            name: "the Newton step",
            location: None,
            key: format!("newton-{}", element.name()),
            text: &|| super::kernels(element),
        })?;
        let of = |name| module.function(name);
        let (factor_one, solve_every) = (of("factor_one")?, of("solve_every")?);
        // Always the same for a device: another instance's launches must not be cut short.
        let allowed =
            |bytes: &u32| factor_one.allow_shared(*bytes).is_ok() && solve_every.allow_shared(*bytes).is_ok();
        let shared = SHARED.into_iter().find(allowed).unwrap_or(SHARED_ALWAYS);
        Ok(Self {
            gram_rows: of("gram_rows")?,
            gram_columns: of("gram_columns")?,
            hessian_chunks: of("hessian_chunks")?,
            curvature_of: of("curvature_of")?,
            factor_small: of("factor_small")?,
            cholesky_panel: of("cholesky_panel")?,
            cholesky_update: of("cholesky_update")?,
            rows: [of("rows_one")?, of("rows_four")?],
            columns: [of("columns_one")?, of("columns_four")?],
            solve_rank_one: of("solve_rank_one")?,
            evidence_of: of("evidence_of")?,
            finish_step: of("finish_step")?,
            add_directions: of("add_directions")?,
            factor_one,
            solve_every,
            shared,
            numbers: PhantomData,
        })
    }

    /// How many of its matrices, up to `most`, a block has room for in shared memory, with so many doubles more.
    fn matrices(&self, size: usize, most: usize, more: usize) -> usize {
        let fits = |n: &usize| 8 * (plan::workspace(size, *n) + more) <= self.shared as usize;
        (1..=most).rev().find(fits).unwrap_or(0)
    }

    /// Chunks of the Gram matrix of `gradients`, N x m: m x m of its rows, N x N of its columns.
    pub fn gram(
        &self,
        gradients: Slice<'_, T>,
        columns: bool,
        size: usize,
        split: Split,
        sums: SliceMut<'_, f64>,
    ) -> Result<(), CudaError> {
        let length = gradients.len() / size;
        assert!(split.chunk * split.chunks >= length && split.chunk * split.chunks < length + split.chunk);
        assert_eq!(sums.len(), split.chunks * size * size);
        let kernel = if columns { &self.gram_columns } else { &self.gram_rows };
        let shape = Launch {
            grid: [plan::tiles(size) as u32, split.chunks as u32, 1],
            block: [TILE_THREADS, 1, 1],
            shared: 0,
        };
        let (size, length, chunk) = (size as u32, length as u32, split.chunk as u32);
        // SAFETY: the kernel's parameters; it reads size x length gradients and writes a matrix for each chunk, which is what there is.
        unsafe { kernel.launch(shape, &[&gradients, &size, &length, &chunk, &sums]) }
    }

    /// Chunks of the mean of `hessians`, `entries` numbers each.
    pub fn hessian_chunks(
        &self,
        hessians: Slice<'_, T>,
        entries: usize,
        split: Split,
        sums: SliceMut<'_, f64>,
        report: SliceMut<'_, u64>,
    ) -> Result<(), CudaError> {
        let samples = hessians.len() / entries;
        assert!(split.chunk * split.chunks >= samples && sums.len() == split.chunks * entries);
        assert_eq!(report.len(), REPORT);
        let shape = Launch {
            grid: [grid(entries.div_ceil(256)), split.chunks as u32, 1],
            block: [256, 1, 1],
            shared: 0,
        };
        let (samples, entries, chunk) = (samples as u32, entries as u32, split.chunk as u32);
        // SAFETY: the kernel's parameters; it reads `entries` numbers of each sample and writes as many for each chunk.
        unsafe { self.hessian_chunks.launch(shape, &[&hessians, &samples, &entries, &chunk, &sums, &report]) }
    }

    /// C from the sums of chunks, and its largest entries into the report.
    #[allow(clippy::too_many_arguments)]
    pub fn curvature(
        &self,
        sums: Slice<'_, f64>,
        size: usize,
        factor: f64,
        lambda: f64,
        c: SliceMut<'_, f64>,
        report: SliceMut<'_, u64>,
    ) -> Result<(), CudaError> {
        let entries = size * size;
        let chunks = sums.len() / entries;
        assert!(chunks > 0 && chunks * entries == sums.len() && c.len() == entries && report.len() == REPORT);
        let lanes = if chunks > 8 { 32 } else { 1 };
        let blocks = (entries * lanes).div_ceil(256).min(1024);
        let shape = Launch { grid: [blocks as u32, 1, 1], block: [256, 1, 1], shared: 0 };
        let (chunks, lanes, size) = (chunks as u32, lanes as u32, size as u32);
        // SAFETY: the kernel's parameters; it reads all sums and writes a matrix.
        unsafe {
            self.curvature_of.launch(shape, &[&sums, &chunks, &lanes, &size, &factor, &lambda, &c, &report])
        }
    }

    /// Factors the batch's matrix `c`, by one block, or, if Cholesky's factorisation may do and it is large, by many.
    pub fn factor(
        &self,
        problem: Problem,
        to: &Kept<'_>,
        report: &SliceMut<'_, u64>,
    ) -> Result<(), CudaError> {
        let (size, raw) = (to.size, to.raw(report));
        assert_eq!(problem.size as usize, size);
        let matrices = self.matrices(size, plan::matrices(problem.policy), 0);
        let is_large = matrices == 0 && matches!(problem.policy, plan::REFUSE | plan::DEFINITE);
        if is_large {
            self.factor_large(problem, raw)?;
            if problem.policy == plan::REFUSE {
                return Ok(());
            }
        }
        let shape = factor_shape(size, matrices, 0, 1);
        let (matrices, only_failed) = (matrices as u32, u32::from(is_large));
        // SAFETY: the kernel's parameters; what it reads and writes is as long as `raw` has checked, and its block has the shared memory that its
        // workspace takes.
        unsafe { self.factor_one.launch(shape, &[&problem, &matrices, &only_failed, &raw]) }
    }

    /// Makes C of the sums of few chunks, and factors it, if it is small. The report begins here.
    pub fn factor_sums(
        &self,
        problem: Problem,
        sums: Slice<'_, f64>,
        factor: f64,
        to: &Kept<'_>,
        report: &SliceMut<'_, u64>,
    ) -> Result<(), CudaError> {
        let (size, raw) = (to.size, to.raw(report));
        let chunks = sums.len() / (size * size);
        assert!(problem.size as usize == size && chunks * size * size == sums.len() && chunks > 0);
        let matrices = plan::matrices(problem.policy);
        assert!(size <= plan::SMALL && self.matrices(size, matrices, 0) == matrices);
        let shape = factor_shape(size, matrices, 0, 1);
        let (matrices, chunks) = (matrices as u32, chunks as u32);
        // SAFETY: the same, and it reads all sums.
        unsafe { self.factor_small.launch(shape, &[&problem, &sums, &chunks, &factor, &matrices, &raw]) }
    }

    /// Cholesky's factorisation, panel by panel. The second of the two matrices is what is left.
    fn factor_large(&self, problem: Problem, to: RawKept) -> Result<(), CudaError> {
        let Problem { lambda, tolerance, size, .. } = problem;
        let large = RawLarge { to, lambda, tolerance, size, padding: 0 };
        let last = u32::from(problem.policy == plan::REFUSE);
        for from in (0..size).step_by(TILE) {
            let left = size.saturating_sub(from + TILE as u32) as usize;
            let shape = Launch { grid: [grid(left.div_ceil(128)), 1, 1], block: [128, 1, 1], shared: 0 };
            // SAFETY: the kernel's parameters; its pointers are of matrices and vectors of this size, as `Kept::raw` has checked.
            unsafe { self.cholesky_panel.launch(shape, &[&large, &from, &last]) }?;
            if left > 0 {
                let tiles = plan::tiles(left) as u32;
                let shape = Launch { grid: [tiles, 1, 1], block: [TILE_THREADS, 1, 1], shared: 0 };
                // SAFETY: the same.
                unsafe { self.cholesky_update.launch(shape, &[&large, &from]) }?;
            }
        }
        Ok(())
    }

    /// Directions by the batch's factors: of rows, which are finished at once, or of columns, which go to `wide`, N x m.
    pub fn solve(
        &self,
        batch: &Batch<'_, T>,
        problem: Problem,
        from: &Kept<'_>,
        wide: Option<SliceMut<'_, f64>>,
    ) -> Result<(), CudaError> {
        let (size, raw, kept) = (from.size, batch.raw(), from.raw(&batch.report));
        let (count, expected) = match wide {
            Some(_) => (batch.dim, batch.samples),
            None => (batch.samples, batch.dim),
        };
        assert_eq!(size, expected);
        // Eigenvectors need coordinates beside the solutions.
        let bytes = |at_a_time: usize| 8 * size * at_a_time * plan::matrices(problem.policy);
        let at_a_time = if count > 1024 && bytes(4) <= SHARED_ALWAYS as usize { 4 } else { 1 };
        let shape = Launch {
            grid: [grid(count.div_ceil(at_a_time)), 1, 1],
            block: [plan::solve_threads(size), 1, 1],
            shared: bytes(at_a_time) as u32,
        };
        let which = usize::from(at_a_time == 4);
        match wide {
            // SAFETY: the kernel's parameters; what it reads and writes is as long as `raw` has checked, and its block has shared memory for its
            // right-hand sides.
            None => unsafe { self.rows[which].launch(shape, &[&raw, &kept]) },
            Some(wide) => {
                assert_eq!(wide.len(), batch.samples * batch.dim);
                // SAFETY: the same, and `wide` is N x m.
                unsafe { self.columns[which].launch(shape, &[&raw, &kept, &wide]) }
            }
        }
    }

    /// Directions where every sample has its own Hessian. `spare` has two matrices for each of `blocks` blocks, or none if shared memory
    /// will do.
    pub fn solve_every(
        &self,
        batch: &Batch<'_, T>,
        hessians: Slice<'_, T>,
        problem: Problem,
        spare: (SliceMut<'_, f64>, usize),
        outcomes: SliceMut<'_, u64>,
    ) -> Result<(), CudaError> {
        let (size, raw) = (batch.dim, batch.raw());
        let (spare, blocks) = spare;
        let (matrices, wanted) = self.matrices_of_each(size, problem.policy);
        assert!(problem.size as usize == size && hessians.len() == batch.samples * size * size);
        assert_eq!(outcomes.len(), batch.samples * OUTCOME);
        assert!(matrices == wanted || spare.len() == blocks * 2 * size * size);
        let shape = factor_shape(size, matrices, 2 * size, blocks);
        let matrices = matrices as u32;
        // SAFETY: the kernel's parameters; what it reads and writes is as long as was checked, each block has its part of `spare` if it needs
        // one, and the shared memory that its workspace and two vectors take.
        unsafe { self.solve_every.launch(shape, &[&raw, &hessians, &problem, &matrices, &spare, &outcomes]) }
    }

    /// How many of a block's matrices are in shared memory where every sample has its own, and how many it needs.
    pub fn matrices_of_each(&self, size: usize, policy: u32) -> (usize, usize) {
        let wanted = plan::matrices(policy);
        (self.matrices(size, wanted, 2 * size), wanted)
    }

    /// Directions for one Fisher matrix per sample.
    pub fn rank_one(&self, batch: &Batch<'_, T>, lambda: f64) -> Result<(), CudaError> {
        let raw = batch.raw();
        // SAFETY: the kernel's parameters; `raw` has checked them.
        unsafe { self.solve_rank_one.launch(per_sample(batch), &[&raw, &lambda]) }
    }

    /// What is left of a step: of `wide` directions, N x m, or of gradients that are directions themselves.
    pub fn finish(&self, batch: &Batch<'_, T>, wide: Option<Slice<'_, f64>>) -> Result<(), CudaError> {
        let raw = batch.raw();
        let wide = wide.map_or(0, |wide| {
            assert_eq!(wide.len(), batch.samples * batch.dim);
            wide.pointer()
        });
        // SAFETY: the kernel's parameters; `raw` has checked them, and `wide` is null or N x m.
        unsafe { self.finish_step.launch(per_sample(batch), &[&raw, &wide]) }
    }

    /// Keeps the numbers of the first sample that could not be solved.
    pub fn evidence(
        &self,
        numbers: Slice<'_, T>,
        report: Slice<'_, u64>,
        evidence: SliceMut<'_, f64>,
    ) -> Result<(), CudaError> {
        let count = evidence.len();
        assert!(numbers.len().is_multiple_of(count) && report.len() == REPORT);
        let shape = Launch { grid: [grid(count.div_ceil(256).min(64)), 1, 1], block: [256, 1, 1], shared: 0 };
        let count = count as u64;
        // SAFETY: the kernel's parameters; the report names one of the samples, and each has `count` numbers.
        unsafe { self.evidence_of.launch(shape, &[&numbers, &count, &report, &evidence]) }
    }

    /// `into += upstream[0] / divisor * directions`, or without a factor.
    pub fn add(
        &self,
        directions: Slice<'_, T>,
        upstream: Option<(Slice<'_, T>, f64)>,
        report: Slice<'_, u64>,
        into: SliceMut<'_, T>,
    ) -> Result<(), CudaError> {
        assert!(directions.len() == into.len() && report.len() == REPORT);
        let (upstream, divisor) = upstream.map_or((0, 1.0), |(upstream, divisor)| {
            assert!(upstream.len() > 0);
            (upstream.pointer(), divisor)
        });
        let count = directions.len() as u64;
        let shape = Launch::for_work(directions.len(), 256);
        // SAFETY: the kernel's parameters; it reads and writes `count` numbers, and one of `upstream` unless that is null.
        unsafe {
            self.add_directions.launch(shape, &[&directions, &upstream, &divisor, &count, &report, &into])
        }
    }
}

/// A block works in shared memory: vectors, so many of its matrices, and so many doubles more.
fn factor_shape(size: usize, matrices: usize, more: usize, blocks: usize) -> Launch {
    let shared = 8 * (plan::workspace(size, matrices) + more);
    Launch { grid: [grid(blocks), 1, 1], block: [plan::factor_threads(size), 1, 1], shared: shared as u32 }
}

fn per_sample<T>(batch: &Batch<'_, T>) -> Launch {
    Launch { grid: [grid(batch.samples), 1, 1], block: [plan::sample_threads(batch.dim), 1, 1], shared: 0 }
}
