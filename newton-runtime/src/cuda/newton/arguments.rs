//! What the launches take: structs that are laid out as the kernels', with pointers to memory that is as long as they read and write.
#![allow(unsafe_code)]

use crate::cuda::gpu::{Parameter, Slice, SliceMut};

/// Words of a `Report`.
pub const REPORT: usize = 9;
/// Words of an `Outcome`.
pub const OUTCOME: usize = 3;

/// `Problem` of `device/newton/factor.cuh`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct Problem {
    pub lambda: f64,
    pub epsilon: f64,
    pub tolerance: f64,
    pub size: u32,
    pub policy: u32,
}

/// `Batch` of `device/newton/finish.cuh`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct RawBatch {
    predictions: u64,
    gradients: u64,
    directions: u64,
    z_star: u64,
    losses: u64,
    report: u64,
    samples: u32,
    dim: u32,
}

/// `Kept` of `device/newton/factor.cuh`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct RawKept {
    c: u64,
    factors: u64,
    vectors: u64,
    permutation: u64,
    outcome: u64,
    report: u64,
}

/// `Large` of `device/newton/panels.cuh`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct RawLarge {
    pub to: RawKept,
    pub lambda: f64,
    pub tolerance: f64,
    pub size: u32,
    pub padding: u32,
}

// SAFETY: C's structs have the same fields in the same order, and no padding.
unsafe impl Parameter for Problem {}
// SAFETY: the same.
unsafe impl Parameter for RawBatch {}
// SAFETY: the same.
unsafe impl Parameter for RawKept {}
// SAFETY: the same; its padding is a field.
unsafe impl Parameter for RawLarge {}

/// What is read and written for a batch: N x m each, `losses` N.
pub struct Batch<'a, T> {
    /// None if only directions are wanted.
    pub wanted: Option<Wanted<'a, T>>,
    pub gradients: Slice<'a, T>,
    pub directions: SliceMut<'a, T>,
    pub report: SliceMut<'a, u64>,
    pub samples: usize,
    pub dim: usize,
}

/// What else than directions.
pub struct Wanted<'a, T> {
    pub predictions: Slice<'a, T>,
    pub z_star: SliceMut<'a, T>,
    pub losses: SliceMut<'a, T>,
}

impl<T> Batch<'_, T> {
    /// Its pointers: memory that is long enough, as is checked here.
    pub(super) fn raw(&self) -> RawBatch {
        let count = self.samples * self.dim;
        assert!(
            self.gradients.len() == count && self.directions.len() == count && self.report.len() == REPORT
        );
        let of = |wanted: &Wanted<'_, T>| {
            assert!(wanted.predictions.len() == count && wanted.z_star.len() == count);
            assert_eq!(wanted.losses.len(), self.samples);
            [wanted.predictions.pointer(), wanted.z_star.pointer(), wanted.losses.pointer()]
        };
        let [predictions, z_star, losses] = self.wanted.as_ref().map_or([0; 3], of);
        RawBatch {
            predictions,
            gradients: self.gradients.pointer(),
            directions: self.directions.pointer(),
            z_star,
            losses,
            report: self.report.pointer(),
            samples: self.samples as u32,
            dim: self.dim as u32,
        }
    }
}

/// The batch's matrix and its factors: `c` size x size, `factors` twice that, `vectors` 2 x size, `permutation` size.
pub struct Kept<'a> {
    pub c: SliceMut<'a, f64>,
    pub factors: SliceMut<'a, f64>,
    pub vectors: SliceMut<'a, f64>,
    pub permutation: SliceMut<'a, u32>,
    pub outcome: SliceMut<'a, u64>,
    pub size: usize,
}

impl Kept<'_> {
    /// Its pointers, checked.
    pub(super) fn raw(&self, report: &SliceMut<'_, u64>) -> RawKept {
        let size = self.size;
        assert!(self.c.len() == size * size && self.factors.len() == 2 * size * size);
        assert!(self.vectors.len() == 2 * size && self.permutation.len() == size);
        assert!(self.outcome.len() == OUTCOME && report.len() == REPORT);
        RawKept {
            c: self.c.pointer(),
            factors: self.factors.pointer(),
            vectors: self.vectors.pointer(),
            permutation: self.permutation.pointer(),
            outcome: self.outcome.pointer(),
            report: report.pointer(),
        }
    }
}
