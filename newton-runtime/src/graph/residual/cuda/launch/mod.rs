//! Launches of the network's kernels. They are safe to call: each sees to it that its slices have the lengths that the kernel goes through.
#![allow(unsafe_code)]

mod norm;
mod pool;
mod product;

use std::sync::Arc;

use crate::cuda::{CudaError, Gpu, Launch, Module, Parameter, Slice};
use crate::graph::cuda::kernels::module;

use super::plan::Pooling;

/// Threads of a block.
const THREADS: u32 = 256;
/// Warps of a block, and lines of a tile.
const WARPS: u32 = 8;
/// Columns of a tile: `TILE` of `residual_norm.cuh`.
pub(super) const TILE: usize = 32;
/// Rows whose sums are taken together: `SEGMENT`.
const SEGMENT: usize = 256;

/// A pointer to nothing, where a kernel may do without.
const NULL: u64 = 0;

/// Activations of a layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix {
    pub rows: usize,
    pub channels: usize,
}

impl Matrix {
    pub(super) fn len(self) -> usize {
        self.rows * self.channels
    }

    /// Sums of every segment: two for each channel.
    pub(super) fn parts(self) -> usize {
        2 * self.rows.div_ceil(SEGMENT) * self.channels
    }

    fn tiles(self) -> u32 {
        self.channels.div_ceil(TILE) as u32
    }
}

/// What normalises a layer, and what is normalised.
#[derive(Debug, Clone, Copy)]
pub(super) struct Normed<'a> {
    pub z: Slice<'a, f32>,
    pub norm: Slice<'a, f32>,
    pub beta: Slice<'a, f32>,
    /// What is added.
    pub skip: Option<Slice<'a, f32>>,
}

/// A device, and the kernels compiled for it.
pub(super) struct Kernels<'a> {
    pub gpu: &'a Gpu,
    module: Arc<Module>,
}

impl<'a> Kernels<'a> {
    /// # Errors
    /// The compiler's and the driver's.
    pub(super) fn new(gpu: &'a Gpu) -> Result<Self, CudaError> {
        Ok(Kernels { gpu, module: module(gpu)? })
    }

    /// # Safety
    /// [`crate::cuda::Function::launch`]'s.
    unsafe fn launch(
        &self,
        name: &str,
        shape: Launch,
        parameters: &[&dyn Parameter],
    ) -> Result<(), CudaError> {
        let function = self.module.function(name)?;
        // SAFETY: the caller's promise.
        unsafe { function.launch(shape, parameters) }
    }
}

impl Normed<'_> {
    fn check(&self, matrix: Matrix) {
        fits(&[self.z.len(), self.skip.map_or(matrix.len(), |skip| skip.len())], matrix.len());
        fits(&[self.norm.len()], 2 * matrix.channels);
        fits(&[self.beta.len()], matrix.channels);
    }

    fn skip_pointer(&self) -> u64 {
        self.skip.map_or(NULL, |skip| skip.pointer())
    }
}

/// What is pooled.
fn pooled(pooling: &Pooling) -> Matrix {
    let channels = pooling.channels as usize;
    Matrix { rows: pooling.input() / channels, channels }
}

/// What the launches rest on; an error in this library if it does not hold.
fn fits(found: &[usize], wanted: usize) {
    assert!(found.iter().all(|found| *found >= wanted), "{found:?} elements where a kernel takes {wanted}");
}

/// A thread for every number.
fn flat(work: usize) -> Launch {
    Launch::for_work(work, THREADS)
}

/// A warp for every row.
fn warps(rows: usize) -> Launch {
    Launch { block: [32, WARPS, 1], ..Launch::for_work(rows, WARPS) }
}

/// A block for every segment and tile.
fn segments(matrix: Matrix) -> Launch {
    let segments = matrix.rows.div_ceil(SEGMENT) as u32;
    Launch { grid: [segments, matrix.tiles(), 1], block: [TILE as u32, WARPS, 1], shared: 0 }
}

/// A block for every tile.
fn tiles(matrix: Matrix) -> Launch {
    Launch { grid: [1, matrix.tiles(), 1], block: [TILE as u32, WARPS, 1], shared: 0 }
}
