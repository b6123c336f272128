//! Hessians: sums of products of rows.
#![allow(unsafe_code)]

use super::super::CudaError;
use super::super::gpu::{Buffer, Function, Slice};
use super::super::parts::DeviceHessians;
use super::findings::Findings;
use super::kernels::{Kernels, blocks, threads, word};
use super::round::DeviceRound;
use super::sums::{Table, centre};
use crate::scalar::Float;

/// `nl::smoothing::TILE`, `SIDE`, `DEPTH`.
const TILE: usize = 32;
const SIDE: u32 = 16;
const DEPTH: usize = 16;

/// Numbers of all samples' products that are kept at a time.
const MOST_NUMBERS: usize = 1 << 25;

/// What is multiplied.
pub(super) enum Factors<'a, T: Float> {
    /// `weight score` and `score`; weights are N x S.
    Loss { weights: Slice<'a, f64> },
    /// Centred solutions and scores; means are N x m.
    Solutions { table: Table<'a, T>, means: Slice<'a, f64> },
}

/// Rows that one product sums over, and in how many parts: by the sizes alone.
fn cut(rows: usize, dim: usize) -> (usize, usize) {
    let tiles = dim.div_ceil(TILE);
    let pairs = tiles * (tiles + 1) / 2;
    // Small matrices are cut into more parts, for as many blocks.
    let chunks = (1024 / pairs).clamp(1, rows.div_ceil(128));
    let chunk = rows.div_ceil(chunks).next_multiple_of(DEPTH);
    (chunk, rows.div_ceil(chunk))
}

impl<T: Float> Factors<'_, T> {
    /// The mean over the batch, or all of them: `factor` times (the products minus the diagonals). Diagonals are m numbers of the batch, or
    /// N x m.
    pub fn hessians(
        &self,
        round: &DeviceRound<'_, T>,
        mean: bool,
        diagonals: Option<Slice<'_, f64>>,
        factor: f64,
    ) -> Result<DeviceHessians<T>, CudaError> {
        let (gpu, samples, dim) = (round.gpu, round.samples, round.dim);
        let rows = round.noise.samples;
        if mean {
            let mut out = gpu.dirty::<f64>(dim * dim)?;
            let group = Group { first: 0, count: 1, rows: samples * rows };
            let partial = self.products(round, group)?;
            let kernel = Kernels::of::<f64>(gpu)?.typed("finish_products")?;
            let into = out.slice_mut().pointer();
            let to = Finish { dim, diagonals, factor: factor / samples as f64, into };
            finish(&kernel, &partial, group, &to, &round.findings)?;
            return Ok(DeviceHessians::Mean(out));
        }
        let mut out = gpu.dirty::<T>(samples * dim * dim)?;
        let kernel = Kernels::of::<T>(gpu)?.typed("finish_products")?;
        let at_once = (MOST_NUMBERS / (dim * dim)).max(1);
        for first in (0..samples).step_by(at_once) {
            let group = Group { first, count: at_once.min(samples - first), rows };
            let partial = self.products(round, group)?;
            let into = out.slice_mut().pointer();
            let to = Finish { dim, diagonals, factor, into };
            finish(&kernel, &partial, group, &to, &round.findings)?;
        }
        Ok(DeviceHessians::PerSample(out))
    }

    fn products(&self, round: &DeviceRound<'_, T>, group: Group) -> Result<Partial, CudaError> {
        let (gpu, dim) = (round.gpu, round.dim);
        let (chunk, chunks) = if group.count == 1 { cut(group.rows, dim) } else { (group.rows, 1) };
        let mut sums = gpu.dirty::<f64>(group.count * chunks * dim * dim)?;
        let tiles = dim.div_ceil(TILE);
        let launch = blocks(group.count * chunks * tiles * (tiles + 1) / 2, SIDE, SIDE);
        let (drawn, distribution) = (round.drawn.slice(), round.noise.distribution as u32);
        assert_eq!(drawn.len(), round.samples * round.noise.samples * dim, "noise");
        let (first_row, rows, chunk) = ((group.first * group.rows) as u64, group.rows as u64, chunk as u64);
        let (groups, width) = (word("groups", group.count)?, word("the number of predictions", dim)?);
        let into = sums.slice_mut();
        match self {
            Factors::Loss { weights } => {
                assert_eq!(weights.len(), round.samples * round.noise.samples, "weights");
                let kernel = Kernels::of::<T>(gpu)?.function("loss_products")?;
                // SAFETY: `loss_products(weights, drawn, distribution, first_row, groups, rows, dim, chunk, partial)`; there are N x S weights
                // and N x S x dim numbers of noise, among which the groups' rows lie, and groups x chunks x dim x dim sums.
                unsafe {
                    kernel.launch(
                        launch,
                        &[weights, &drawn, &distribution, &first_row, &groups, &rows, &width, &chunk, &into],
                    )?;
                }
            }
            Factors::Solutions { table, means } => {
                assert_eq!(means.len(), round.samples * dim, "means");
                assert_eq!(table.outputs, dim, "solutions");
                let [perturbations, rows_of_sample, ..] = table.words()?;
                let centre = centre(round.covariate, round.noise);
                let kernel = Kernels::of::<T>(gpu)?.typed("solution_products")?;
                // SAFETY: `solution_products(results, per_sample, rows, dim, means, drawn, centre, distribution, first_row, groups, rows_of_group,
                // chunk, partial)`: as above, with N x rows x dim results, and N x dim means.
                unsafe {
                    kernel.launch(
                        launch,
                        &[
                            &table.all,
                            &perturbations,
                            &rows_of_sample,
                            &width,
                            means,
                            &drawn,
                            &centre,
                            &distribution,
                            &first_row,
                            &groups,
                            &rows,
                            &chunk,
                            &into,
                        ],
                    )?;
                }
            }
        }
        Ok(Partial { sums, chunks })
    }
}

/// Matrices that are computed at once, each from so many rows.
#[derive(Clone, Copy)]
struct Group {
    first: usize,
    count: usize,
    rows: usize,
}

struct Partial {
    sums: Buffer<f64>,
    chunks: usize,
}

/// What is made of products.
struct Finish<'a> {
    dim: usize,
    diagonals: Option<Slice<'a, f64>>,
    factor: f64,
    /// Hessians of all groups.
    into: u64,
}

/// `kernel` is for the type of numbers that `into` has.
fn finish(
    kernel: &Function,
    partial: &Partial,
    group: Group,
    &Finish { dim, diagonals, factor, into }: &Finish<'_>,
    findings: &Findings,
) -> Result<(), CudaError> {
    if let Some(diagonals) = &diagonals {
        assert!(diagonals.len() >= (group.first + group.count) * dim, "diagonals");
    }
    let diagonals = diagonals.map_or(0, |all| all.pointer());
    let (groups, width) = (word("groups", group.count)?, word("the number of predictions", dim)?);
    let (chunks, first) = (partial.chunks as u64, group.first as u64);
    let (sums, findings) = (partial.sums.slice(), findings.words());
    // SAFETY: `finish_products(partial, diagonals, groups, chunks, dim, factor, first, out, findings)`; there are groups x chunks x dim x dim
    // sums, `into` has room for the groups up to the last of these, and so do the diagonals, if there are any.
    unsafe {
        kernel.launch(
            threads(group.count * dim * dim),
            &[&sums, &diagonals, &groups, &chunks, &width, &factor, &first, &into, &findings],
        )
    }
}
