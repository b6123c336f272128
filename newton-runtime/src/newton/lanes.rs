//! Many right-hand sides at once.
//!
//! A triangular solve for one right-hand side is a chain of dot products, which strict floating point forbids to vectorise.
//! Eight at once have no such chain: every coefficient of the factor is loaded once and multiplies a block of eight numbers.
//! With eight f64, that is four SSE2 registers, two of AVX2 or one of AVX-512, and plain loops are enough for LLVM.

use super::matrix::Matrix;
use crate::scalar::Float;

/// Right-hand sides solved together.
pub const LANES: usize = 8;

/// One unknown of [`LANES`] right-hand sides.
pub type Lanes = [f64; LANES];

/// Something that applies an inverse: a factorisation.
pub trait Solve {
    /// Size of the matrix.
    fn dim(&self) -> usize;

    /// Replaces the right-hand sides by the solutions; `x[k]` holds unknown k of all lanes, `x.len()` is [`Solve::dim`].
    fn solve(&self, x: &mut [Lanes]);

    /// Row-major N x m right-hand sides to row-major N x m solutions.
    fn solve_rows<T: Float>(&self, rows: &[T]) -> Vec<f64>
    where
        Self: Sized,
    {
        let dim = self.dim();
        let mut out = vec![0.0; rows.len()];
        let mut x = vec![[0.0; LANES]; dim];
        for (rows, out) in rows.chunks(LANES * dim).zip(out.chunks_mut(LANES * dim)) {
            for (lane, row) in rows.chunks_exact(dim).enumerate() {
                for k in 0..dim {
                    x[k][lane] = row[k].to_f64();
                }
            }
            // Lanes beyond the last row hold the previous block's solutions: finite or not, they are never read.
            self.solve(&mut x);
            for (lane, row) in out.chunks_exact_mut(dim).enumerate() {
                for k in 0..dim {
                    row[k] = x[k][lane];
                }
            }
        }
        out
    }

    /// The same where the right-hand sides are the columns of a row-major `dim` x `width` matrix.
    fn solve_columns(&self, columns: &[f64], width: usize) -> Vec<f64>
    where
        Self: Sized,
    {
        let mut out = columns.to_vec();
        let mut x = vec![[0.0; LANES]; self.dim()];
        for start in (0..width).step_by(LANES) {
            let used = LANES.min(width - start);
            for (x, row) in x.iter_mut().zip(columns.chunks_exact(width)) {
                x[..used].copy_from_slice(&row[start..start + used]);
            }
            self.solve(&mut x);
            for (x, row) in x.iter().zip(out.chunks_exact_mut(width)) {
                row[start..start + used].copy_from_slice(&x[..used]);
            }
        }
        out
    }

    /// The inverse itself, for inspection.
    fn inverse(&self) -> Matrix
    where
        Self: Sized,
    {
        let dim = self.dim();
        let mut inverse = Matrix::zeros(dim);
        inverse.as_mut_slice().copy_from_slice(&self.solve_rows(Matrix::identity(dim).as_slice()));
        inverse
    }
}

/// `sum_k coefficients[k] x[k]`, lane by lane, in the order of k.
pub(super) fn dot(coefficients: &[f64], x: &[Lanes]) -> Lanes {
    let mut sum = [0.0; LANES];
    for (c, x) in coefficients.iter().zip(x) {
        for l in 0..LANES {
            sum[l] += c * x[l];
        }
    }
    sum
}

/// `x - y`, lane by lane.
pub(super) fn sub(x: Lanes, y: Lanes) -> Lanes {
    core::array::from_fn(|l| x[l] - y[l])
}

/// `c x`, lane by lane.
pub(super) fn scale(c: f64, x: Lanes) -> Lanes {
    x.map(|x| c * x)
}
