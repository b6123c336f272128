//! Hessians as sums of products of rows: one matrix product for a whole batch.

use rayon::prelude::*;

use crate::matmul::{Matrix, matmul};

/// Rows that one product sums over: fixed, so that sums never depend on the number of threads.
const ROWS: usize = 512;

/// A matrix as `left^T right - diag(diagonal)`; its rows are one for each perturbation.
pub struct Factors {
    dim: usize,
    /// Rows x m.
    pub left: Vec<f64>,
    /// Rows x m.
    pub right: Vec<f64>,
    /// One for each sample, m numbers.
    pub diagonals: Vec<f64>,
}

/// The part that belongs to one sample.
pub struct SampleFactors<'a> {
    /// S x m.
    pub left: &'a mut [f64],
    /// S x m.
    pub right: &'a mut [f64],
    /// m.
    pub diagonal: &'a mut [f64],
}

impl Factors {
    /// Zeros, for so many samples of so many perturbations.
    pub fn new(samples: usize, perturbations: usize, dim: usize) -> Self {
        let rows = vec![0.0; samples * perturbations * dim];
        Self { dim, left: rows.clone(), right: rows, diagonals: vec![0.0; samples * dim] }
    }

    /// The samples' parts.
    pub fn samples(&mut self) -> impl IndexedParallelIterator<Item = SampleFactors<'_>> {
        let dim = self.dim.max(1);
        let rows = (self.left.len() * dim / self.diagonals.len().max(1)).max(1);
        let both = self.left.par_chunks_mut(rows).zip(self.right.par_chunks_mut(rows));
        both.zip(self.diagonals.par_chunks_mut(dim)).map(|((left, right), diagonal)| SampleFactors {
            left,
            right,
            diagonal,
        })
    }

    /// Adds the matrix to an m x m one.
    pub fn add_to(&self, into: &mut [f64]) {
        let dim = self.dim.max(1);
        let block = ROWS * dim;
        let blocks = self.left.par_chunks(block).zip(self.right.par_chunks(block));
        let products: Vec<Vec<f64>> = blocks
            .map(|(left, right)| {
                let mut product = vec![0.0; dim * dim];
                let of = |rows| Matrix::new(rows, left.len() / dim, dim, dim);
                matmul(of(left).transposed(), of(right), &mut product, dim, false);
                product
            })
            .collect();
        for product in products {
            into.iter_mut().zip(product).for_each(|(sum, x)| *sum += x);
        }
        for diagonal in self.diagonals.chunks(dim) {
            for (i, x) in diagonal.iter().enumerate() {
                into[i * dim + i] -= x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_over_many_rows() {
        let (samples, perturbations, dim) = (3, 400, 2);
        let mut factors = Factors::new(samples, perturbations, dim);
        factors.samples().enumerate().for_each(|(i, of)| {
            of.left.fill(1.0);
            of.right.iter_mut().enumerate().for_each(|(j, x)| *x = (j % 2) as f64);
            of.diagonal.fill(i as f64);
        });
        let mut sum = [1.0; 4];
        factors.add_to(&mut sum);
        assert_eq!(sum, [1.0 - 3.0, 1201.0, 1.0, 1201.0 - 3.0]);
    }
}
