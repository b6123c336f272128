//! A small owned square matrix of `f64`, row-major.

use core::ops::{Index, IndexMut};

use super::input;
use crate::Error;
use crate::scalar::Float;

/// Square, row-major, a few to a few hundred rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    dim: usize,
    entries: Vec<f64>,
}

impl Matrix {
    /// `dim` x `dim` zeros.
    pub fn zeros(dim: usize) -> Self {
        Self { dim, entries: vec![0.0; dim * dim] }
    }

    /// Ones on the diagonal.
    pub fn identity(dim: usize) -> Self {
        let mut this = Self::zeros(dim);
        this.add_diagonal(1.0);
        this
    }

    /// Takes `dim * dim` numbers, row-major.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for another count.
    pub fn from_rows(entries: Vec<f64>, dim: usize) -> Result<Self, Error> {
        input::same_length("matrix", entries.len(), dim * dim, "m rows of m numbers")?;
        Ok(Self { dim, entries })
    }

    /// `(A + A^T) / 2` of row-major numbers: rounding leaves Hessians a little lopsided, and a factorisation that reads one
    /// triangle would see another matrix than one that reads both.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when there are not `dim * dim` numbers.
    pub fn symmetric<T: Float>(entries: &[T], dim: usize) -> Result<Self, Error> {
        let mut this = Self::from_rows(input::widen(entries), dim)?;
        for i in 0..dim {
            for j in 0..i {
                // Halved first: the sum of two large entries must not overflow.
                let mean = 0.5 * this[(i, j)] + 0.5 * this[(j, i)];
                this[(i, j)] = mean;
                this[(j, i)] = mean;
            }
        }
        Ok(this)
    }

    /// Rows (and columns).
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.entries[i * self.dim..(i + 1) * self.dim]
    }

    /// Row `i`, to write.
    pub fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.entries[i * self.dim..(i + 1) * self.dim]
    }

    /// All entries, row-major.
    pub fn as_slice(&self) -> &[f64] {
        &self.entries
    }

    /// All entries, row-major, to write.
    pub fn as_mut_slice(&mut self) -> &mut [f64] {
        &mut self.entries
    }

    /// All entries, row-major.
    pub fn into_vec(self) -> Vec<f64> {
        self.entries
    }

    /// Adds `lambda I`.
    pub fn add_diagonal(&mut self, lambda: f64) {
        for i in 0..self.dim {
            self.entries[i * (self.dim + 1)] += lambda;
        }
    }

    /// `A + lambda I`.
    #[must_use]
    pub fn shifted(&self, lambda: f64) -> Self {
        let mut this = self.clone();
        this.add_diagonal(lambda);
        this
    }

    /// Largest absolute entry: the scale that rounding errors are measured against. 0 for an empty matrix.
    pub fn max_abs(&self) -> f64 {
        self.entries.iter().fold(0.0, |max, x| x.abs().max(max))
    }

    /// `A^T`.
    #[must_use]
    pub fn transposed(&self) -> Self {
        Self { dim: self.dim, entries: transpose(&self.entries, self.dim, self.dim) }
    }
}

/// Row-major `rows` x `columns` to row-major `columns` x `rows`.
pub(super) fn transpose(entries: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    let mut out = vec![0.0; entries.len()];
    for i in 0..rows {
        for j in 0..columns {
            out[j * rows + i] = entries[i * columns + j];
        }
    }
    out
}

impl Index<(usize, usize)> for Matrix {
    type Output = f64;

    fn index(&self, (row, column): (usize, usize)) -> &f64 {
        &self.entries[row * self.dim + column]
    }
}

impl IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (row, column): (usize, usize)) -> &mut f64 {
        &mut self.entries[row * self.dim + column]
    }
}

/// A factorisation met a pivot that is zero up to rounding (or negative, where only positive ones are allowed).
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("pivot {pivot} of {dim} is {value:e}: zero or negative next to the largest entry, {scale:e}")]
pub struct PivotError {
    /// Which pivot, counted in elimination order.
    pub pivot: usize,
    /// Size of the matrix.
    pub dim: usize,
    /// The pivot's value.
    pub value: f64,
    /// Largest absolute entry of the matrix that was factored.
    pub scale: f64,
}
