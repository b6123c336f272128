//! Seeded random inputs, and comparisons, for the Newton tests.

#![allow(dead_code)] // every test binary uses its part

use newton_runtime::newton::Matrix;

/// SplitMix64 (Steele, Lea and Flood 2014).
pub struct Rng(pub u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// Uniform in -1..1.
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 * 2.0_f64.powi(-52) - 1.0
    }

    pub fn vector(&mut self, len: usize) -> Vec<f64> {
        (0..len).map(|_| self.uniform()).collect()
    }

    /// Symmetric with entries in -1..1: about half of its eigenvalues are negative.
    pub fn indefinite(&mut self, dim: usize) -> Matrix {
        Matrix::symmetric(&self.vector(dim * dim), dim).unwrap()
    }

    /// `A^T A / dim + I / 10`.
    pub fn definite(&mut self, dim: usize) -> Matrix {
        let a = Matrix::from_rows(self.vector(dim * dim), dim).unwrap();
        let mut product = multiply(&a.transposed(), &a);
        product.as_mut_slice().iter_mut().for_each(|x| *x /= dim as f64);
        product.shifted(0.1)
    }

    /// Symmetric, indefinite for mixed weights, rows that sum to zero: the Hessian of a loss that only sees differences.
    pub fn ranking(&mut self, dim: usize, mixed: bool) -> Matrix {
        let mut h = Matrix::zeros(dim);
        for i in 0..dim {
            for j in 0..i {
                let weight = if mixed { self.uniform() } else { self.uniform().abs() };
                h[(i, i)] += weight;
                h[(j, j)] += weight;
                h[(i, j)] -= weight;
                h[(j, i)] -= weight;
            }
        }
        h
    }

    /// Rows that sum to zero, N x m.
    pub fn ranking_gradients(&mut self, samples: usize, dim: usize) -> Vec<f64> {
        let mut g = self.vector(samples * dim);
        for row in g.chunks_exact_mut(dim) {
            let mean = row.iter().sum::<f64>() / dim as f64;
            row.iter_mut().for_each(|x| *x -= mean);
        }
        g
    }
}

pub fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    let dim = a.dim();
    let mut product = Matrix::zeros(dim);
    for i in 0..dim {
        for k in 0..dim {
            let factor = a[(i, k)];
            for (x, b) in product.row_mut(i).iter_mut().zip(b.row(k)) {
                *x += factor * b;
            }
        }
    }
    product
}

/// `X A` for rows X.
pub fn rows_times(x: &[f64], a: &Matrix) -> Vec<f64> {
    let dim = a.dim();
    let mut out = Vec::with_capacity(x.len());
    for row in x.chunks_exact(dim) {
        out.extend((0..dim).map(|j| (0..dim).map(|k| row[k] * a[(k, j)]).sum::<f64>()));
    }
    out
}

/// `V^T diag(w) V` for eigenvectors as rows.
pub fn compose(values: &[f64], rows: &Matrix) -> Matrix {
    let mut scaled = rows.clone();
    for (k, w) in values.iter().enumerate() {
        scaled.row_mut(k).iter_mut().for_each(|x| *x *= w);
    }
    multiply(&rows.transposed(), &scaled)
}

/// Largest difference, relative to the largest expected number.
pub fn difference(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
    found.iter().zip(expected).fold(0.0_f64, |max, (a, b)| max.max((a - b).abs())) / scale
}

#[track_caller]
pub fn assert_close(what: &str, tolerance: f64, found: &[f64], expected: &[f64]) {
    let difference = difference(found, expected);
    assert!(difference < tolerance, "{what}: relative difference {difference:e}");
}

/// A check that cannot fail checks nothing: this wrong formula must be told from the right one.
#[track_caller]
pub fn assert_far(what: &str, wrong: &[f64], expected: &[f64]) {
    let difference = difference(wrong, expected);
    assert!(difference > 1e-4, "{what}: a wrong formula passes with relative difference {difference:e}");
}
