//! `A = V diag(w) V^T` for symmetric matrices: what `clamp`, `abs` and the diagnostics look at.
//!
//! Householder reflections to a tridiagonal matrix, then the implicitly shifted QL iteration (Wilkinson and Reinsch, *Handbook
//! for Automatic Computation* II, 1971, contributions II/2 and II/4). Eigenvectors are kept as rows: a plane rotation then
//! mixes two contiguous rows and vectorises.

use super::lanes::{Lanes, Solve, dot, scale};
use super::matrix::{Matrix, PivotError};
use crate::Error;

/// Two or three iterations per eigenvalue are usual; thirty was the Handbook's limit.
const MOST_ITERATIONS: usize = 60;

/// From here on what is below the rounding errors of the whole matrix counts as nothing. Before, only what is nothing next to its neighbours
/// does, which keeps small eigenvalues of graded matrices accurate; but where many eigenvalues are 0, neighbours are nothing but
/// rounding errors themselves, and mix without end.
const PATIENCE: usize = 8;

/// Eigenvalues, ascending, and orthonormal eigenvectors.
#[derive(Debug, Clone)]
pub struct Eigen {
    /// Eigenvalues, ascending.
    pub values: Vec<f64>,
    /// Row k is the eigenvector of `values[k]`.
    pub vectors: Matrix,
}

impl Eigen {
    /// Decomposes a symmetric matrix. About `3 m^3` multiply-adds more than [`Eigen::values_of`].
    ///
    /// # Errors
    /// [`Error::NoConvergence`], which finite matrices have not been seen to cause.
    pub fn of(matrix: &Matrix) -> Result<Self, Error> {
        let dim = matrix.dim();
        let (mut a, unit) = normalised(matrix);
        let reflections = tridiagonalise(&mut a);
        let mut rows = reflections.basis(&a).transposed();
        let (mut values, mut off) = (reflections.diagonal, reflections.off_diagonal);
        iterate(&mut values, &mut off, Some(&mut rows))?;
        let mut order: Vec<usize> = (0..dim).collect();
        order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
        let mut vectors = Matrix::zeros(dim);
        for (to, &from) in order.iter().enumerate() {
            vectors.row_mut(to).copy_from_slice(rows.row(from));
        }
        Ok(Self { values: order.iter().map(|&i| values[i] * unit).collect(), vectors })
    }

    /// The eigenvalues alone, ascending.
    ///
    /// # Errors
    /// As [`Eigen::of`].
    pub fn values_of(matrix: &Matrix) -> Result<Vec<f64>, Error> {
        let (mut a, unit) = normalised(matrix);
        let reflections = tridiagonalise(&mut a);
        let (mut values, mut off) = (reflections.diagonal, reflections.off_diagonal);
        iterate(&mut values, &mut off, None)?;
        values.sort_by(f64::total_cmp);
        Ok(values.iter().map(|x| x * unit).collect())
    }
}

/// Squares of the entries are summed below: bring the largest to 1 so that none overflows.
fn normalised(matrix: &Matrix) -> (Matrix, f64) {
    let unit = matrix.max_abs();
    let mut a = matrix.clone();
    if unit > 0.0 {
        for x in a.as_mut_slice() {
            *x /= unit;
        }
    }
    (a, unit)
}

/// A tridiagonal matrix and the reflections `I - factors[k] v_k v_k^T` that led to it; `v_k` is left in row k, columns k+1.. .
struct Tridiagonal {
    diagonal: Vec<f64>,
    off_diagonal: Vec<f64>,
    factors: Vec<f64>,
}

fn tridiagonalise(a: &mut Matrix) -> Tridiagonal {
    let dim = a.dim();
    let mut off_diagonal = vec![0.0; dim];
    let mut factors = vec![0.0; dim];
    for k in 0..dim.saturating_sub(1) {
        let (head, tail) = a.as_mut_slice().split_at_mut((k + 1) * dim);
        // Row k equals column k: v is read and stored contiguously.
        let v = &mut head[k * dim + k + 1..];
        let rest = v[1..].iter().map(|x| x * x).sum::<f64>();
        // (Entries below 1e-146 of the largest are nothing, and the reciprocal of their squares would overflow.)
        if rest < f64::MIN_POSITIVE / f64::EPSILON {
            off_diagonal[k] = v[0];
            continue;
        }
        let norm = (v[0] * v[0] + rest).sqrt();
        // Away from zero: v[0] and norm add up instead of cancelling.
        let target = -norm.copysign(v[0]);
        off_diagonal[k] = target;
        v[0] -= target;
        let factor = 2.0 / (v[0] * v[0] + rest);
        factors[k] = factor;
        // A <- H A H = A - v w^T - w v^T with p = factor A v and w = p - factor/2 (p . v) v.
        let size = v.len();
        let mut w = vec![0.0; size];
        for (i, row) in tail.chunks_exact(dim).enumerate() {
            add_scaled(&mut w, factor * v[i], &row[k + 1..]);
        }
        let half = 0.5 * factor * w.iter().zip(&*v).map(|(p, v)| p * v).sum::<f64>();
        add_scaled(&mut w, -half, v);
        for (i, row) in tail.chunks_exact_mut(dim).enumerate() {
            let (vi, wi) = (v[i], w[i]);
            for ((x, v), w) in row[k + 1..].iter_mut().zip(&*v).zip(&w) {
                *x -= vi * w + wi * v;
            }
        }
    }
    let diagonal = (0..dim).map(|k| a[(k, k)]).collect();
    Tridiagonal { diagonal, off_diagonal, factors }
}

fn add_scaled(to: &mut [f64], factor: f64, x: &[f64]) {
    for (to, x) in to.iter_mut().zip(x) {
        *to += factor * x;
    }
}

impl Tridiagonal {
    /// `Q = H_0 H_1 ...` with `A = Q T Q^T`: the last reflection first, so that only the trailing block is touched.
    fn basis(&self, a: &Matrix) -> Matrix {
        let dim = a.dim();
        let mut q = Matrix::identity(dim);
        let mut sums = vec![0.0; dim];
        for k in (0..dim.saturating_sub(1)).rev() {
            let factor = self.factors[k];
            if factor == 0.0 {
                continue;
            }
            let v = &a.row(k)[k + 1..];
            let sums = &mut sums[k + 1..];
            sums.fill(0.0);
            for (i, vi) in v.iter().enumerate() {
                add_scaled(sums, *vi, &q.row(k + 1 + i)[k + 1..]);
            }
            for (i, vi) in v.iter().enumerate() {
                add_scaled(&mut q.row_mut(k + 1 + i)[k + 1..], -factor * vi, sums);
            }
        }
        q
    }
}

/// Diagonalises the tridiagonal matrix in place; `off[k]` couples k and k + 1. The rotations are applied to `rows`.
fn iterate(diagonal: &mut [f64], off: &mut [f64], mut rows: Option<&mut Matrix>) -> Result<(), Error> {
    let dim = diagonal.len();
    let size = diagonal.iter().zip(&*off).map(|(d, e)| d.abs() + e.abs()).fold(0.0, f64::max);
    for low in 0..dim {
        for iteration in 0.. {
            // The matrix has been scaled to 1: what is below epsilon squared is nothing, next to zeros too.
            let least = if iteration < PATIENCE { f64::EPSILON } else { size };
            let high = (low..dim)
                .find(|&k| {
                    let neighbours = diagonal[k].abs() + diagonal.get(k + 1).map_or(0.0, |x| x.abs());
                    k + 1 == dim || off[k].abs() <= f64::EPSILON * (neighbours + least)
                })
                .unwrap_or(dim - 1);
            if high == low {
                break;
            }
            if iteration == MOST_ITERATIONS {
                return Err(Error::NoConvergence { dim, eigenvalue: low });
            }
            sweep(diagonal, off, low, high, rows.as_deref_mut());
        }
    }
    Ok(())
}

/// One QL step on the block `low..=high`, shifted by the eigenvalue of its leading 2 x 2 block nearer to `diagonal[low]`.
fn sweep(diagonal: &mut [f64], off: &mut [f64], low: usize, high: usize, mut rows: Option<&mut Matrix>) {
    let half_gap = (diagonal[low + 1] - diagonal[low]) / (2.0 * off[low]);
    let root = half_gap.hypot(1.0).copysign(half_gap);
    let mut g = diagonal[high] - diagonal[low] + off[low] / (half_gap + root);
    let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
    for k in (low..high).rev() {
        let (bulge, rest) = (sine * off[k], cosine * off[k]);
        let norm = bulge.hypot(g);
        off[k + 1] = norm;
        if norm == 0.0 {
            // The block has split: what remains is done in the next steps.
            diagonal[k + 1] -= shift;
            off[high] = 0.0;
            return;
        }
        (sine, cosine) = (bulge / norm, g / norm);
        g = diagonal[k + 1] - shift;
        let mixed = (diagonal[k] - g) * sine + 2.0 * cosine * rest;
        shift = sine * mixed;
        diagonal[k + 1] = g + shift;
        g = cosine * mixed - rest;
        if let Some(rows) = rows.as_deref_mut() {
            rotate(rows, k, sine, cosine);
        }
    }
    diagonal[low] -= shift;
    off[low] = g;
    off[high] = 0.0;
}

fn rotate(rows: &mut Matrix, k: usize, sine: f64, cosine: f64) {
    let dim = rows.dim();
    let (first, second) = rows.as_mut_slice()[k * dim..(k + 2) * dim].split_at_mut(dim);
    for (x, y) in first.iter_mut().zip(second) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

/// The inverse of `V diag(w) V^T`, for eigenvalues that a policy has changed.
#[derive(Debug, Clone)]
pub struct Spectral {
    /// V^T: eigenvectors as rows.
    rows: Matrix,
    /// V.
    columns: Matrix,
    reciprocals: Vec<f64>,
}

impl Spectral {
    /// `V diag(change(w)) V^T`, ready to solve.
    ///
    /// # Errors
    /// [`PivotError`] (its pivot is the eigenvalue's index) when the changed eigenvalue nearest to zero is not above
    /// `tolerance` times `scale`.
    pub fn new(
        eigen: Eigen,
        scale: f64,
        tolerance: f64,
        change: impl Fn(f64) -> f64,
    ) -> Result<Self, PivotError> {
        let dim = eigen.values.len();
        let mut reciprocals = Vec::with_capacity(dim);
        for (pivot, &w) in eigen.values.iter().enumerate() {
            let value = change(w);
            if value.is_nan() || value.abs() <= tolerance * scale {
                return Err(PivotError { pivot, dim, value, scale });
            }
            reciprocals.push(1.0 / value);
        }
        Ok(Self { columns: eigen.vectors.transposed(), rows: eigen.vectors, reciprocals })
    }
}

impl Solve for Spectral {
    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn solve(&self, x: &mut [Lanes]) {
        let coordinates: Vec<Lanes> =
            (0..self.dim()).map(|k| scale(self.reciprocals[k], dot(self.rows.row(k), x))).collect();
        for (k, x) in x.iter_mut().enumerate() {
            *x = dot(self.columns.row(k), &coordinates);
        }
    }
}
