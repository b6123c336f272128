//! `P A P^T = L D L^T` for symmetric indefinite matrices: Hessians plus lambda.
//!
//! Bunch and Kaufman's partial pivoting (*Some stable methods for calculating inertia and solving symmetric linear systems*,
//! 1977): D has 1 x 1 and 2 x 2 blocks; a 2 x 2 block is taken where every acceptable 1 x 1 pivot is too small.

use super::lanes::{LANES, Lanes, Solve, dot, sub};
use super::matrix::{Matrix, PivotError};

/// `(1 + sqrt(17)) / 8` balances the growth of one 2 x 2 step against two 1 x 1 steps.
const ALPHA: f64 = 0.640_388_203_202_207_6;

/// How many eigenvalues have which sign (Sylvester: those of D are as many as those of A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inertia {
    /// Positive eigenvalues.
    pub positive: usize,
    /// Negative eigenvalues.
    pub negative: usize,
}

/// A block of D^-1, on the diagonal at the index it stands for.
#[derive(Debug, Clone, Copy)]
enum Block {
    /// The reciprocal of a 1 x 1 pivot.
    One(f64),
    /// `[a b; b c]`, the inverse of a 2 x 2 pivot: this index and the next.
    Two(f64, f64, f64),
    /// Second index of a 2 x 2 pivot.
    Rest,
}

/// The factors of a symmetric matrix that need not be definite.
#[derive(Debug, Clone)]
pub struct Indefinite {
    /// L, unit lower triangular (the diagonal is not stored), rows contiguous for the forward sweep.
    lower: Matrix,
    /// L^T for the backward sweep.
    upper: Matrix,
    blocks: Vec<Block>,
    /// Row exchanges in the order they were made.
    swaps: Vec<(usize, usize)>,
    inertia: Inertia,
}

impl Indefinite {
    /// Factors a symmetric matrix, of which only the lower triangle is read. About `m^3 / 3` multiply-adds.
    ///
    /// # Errors
    /// [`PivotError`] for the first block of D with an eigenvalue that is not above `tolerance` times the largest absolute
    /// entry, in absolute value; the error's value is that eigenvalue.
    pub fn factor(matrix: &Matrix, tolerance: f64) -> Result<Self, PivotError> {
        let dim = matrix.dim();
        let scale = matrix.max_abs();
        let mut a = matrix.clone();
        let (mut blocks, mut swaps) = (Vec::with_capacity(dim), Vec::new());
        let mut inertia = Inertia::default();
        let check = |pivot: usize, value: f64| {
            let vanishes = value.is_nan() || value.abs() <= tolerance * scale;
            if vanishes { Err(PivotError { pivot, dim, value, scale }) } else { Ok(()) }
        };
        let mut k = 0;
        while k < dim {
            let (size, chosen) = choose(&a, k);
            let target = k + size - 1;
            if chosen != target {
                swap(&mut a, target, chosen);
                swaps.push((target, chosen));
            }
            if size == 1 {
                let pivot = a[(k, k)];
                check(k, pivot)?;
                if pivot > 0.0 {
                    inertia.positive += 1
                } else {
                    inertia.negative += 1
                }
                blocks.push(Block::One(1.0 / pivot));
                eliminate_one(&mut a, k);
            } else {
                let (p, q, r) = (a[(k, k)], a[(k + 1, k)], a[(k + 1, k + 1)]);
                check(k, smaller_eigenvalue(p, q, r))?;
                // The pivoting rule makes its determinant negative: one eigenvalue of either sign.
                inertia.positive += 1;
                inertia.negative += 1;
                let inverse = invert(p, q, r);
                blocks.extend([Block::Two(inverse.0, inverse.1, inverse.2), Block::Rest]);
                eliminate_two(&mut a, k, inverse);
            }
            k += size;
        }
        for i in 0..dim {
            a.row_mut(i)[i..].fill(0.0);
        }
        Ok(Self { upper: a.transposed(), lower: a, blocks, swaps, inertia })
    }

    /// Signs of the eigenvalues.
    pub fn inertia(&self) -> Inertia {
        self.inertia
    }
}

/// Size of the next pivot block and the row to bring to its last index.
fn choose(a: &Matrix, k: usize) -> (usize, usize) {
    let dim = a.dim();
    let diagonal = a[(k, k)].abs();
    let (mut column_max, mut r) = (0.0, k);
    for i in k + 1..dim {
        if a[(i, k)].abs() > column_max {
            (column_max, r) = (a[(i, k)].abs(), i);
        }
    }
    if r == k || diagonal >= ALPHA * column_max {
        return (1, k);
    }
    // Largest off-diagonal entry of row r, of which the lower triangle holds one part as row and one as column.
    let mut row_max = 0.0_f64;
    for j in k..r {
        row_max = row_max.max(a[(r, j)].abs());
    }
    for i in r + 1..dim {
        row_max = row_max.max(a[(i, r)].abs());
    }
    if diagonal >= ALPHA * column_max * (column_max / row_max) {
        (1, k)
    } else if a[(r, r)].abs() >= ALPHA * row_max {
        (1, r)
    } else {
        (2, r)
    }
}

/// Exchanges rows and columns `p < q` of the lower triangle, the finished part of L included.
fn swap(a: &mut Matrix, p: usize, q: usize) {
    let dim = a.dim();
    let (head, tail) = a.as_mut_slice().split_at_mut(q * dim);
    head[p * dim..p * dim + p].swap_with_slice(&mut tail[..p]);
    core::mem::swap(&mut head[p * dim + p], &mut tail[q]);
    for j in p + 1..q {
        core::mem::swap(&mut head[j * dim + p], &mut tail[j]);
    }
    for i in q + 1..dim {
        a.row_mut(i).swap(p, q);
    }
}

fn eliminate_one(a: &mut Matrix, k: usize) {
    let dim = a.dim();
    let pivot = a[(k, k)];
    let column: Vec<f64> = (k + 1..dim).map(|i| a[(i, k)]).collect();
    for i in k + 1..dim {
        let factor = column[i - k - 1] / pivot;
        let row = a.row_mut(i);
        row[k] = factor;
        for (x, c) in row[k + 1..=i].iter_mut().zip(&column) {
            *x -= factor * c;
        }
    }
}

fn eliminate_two(a: &mut Matrix, k: usize, (p, q, r): (f64, f64, f64)) {
    let dim = a.dim();
    let first: Vec<f64> = (k + 2..dim).map(|i| a[(i, k)]).collect();
    let second: Vec<f64> = (k + 2..dim).map(|i| a[(i, k + 1)]).collect();
    a[(k + 1, k)] = 0.0;
    for i in k + 2..dim {
        let (f, s) = (first[i - k - 2], second[i - k - 2]);
        let (u, v) = (p * f + q * s, q * f + r * s);
        let row = a.row_mut(i);
        (row[k], row[k + 1]) = (u, v);
        for ((x, f), s) in row[k + 2..=i].iter_mut().zip(&first).zip(&second) {
            *x -= u * f + v * s;
        }
    }
}

/// `[p q; q r]^-1`, divided by q first: the determinant of large entries would overflow.
fn invert(p: f64, q: f64, r: f64) -> (f64, f64, f64) {
    let (p, r) = (p / q, r / q);
    let t = 1.0 / (p * r - 1.0) / q;
    (r * t, -t, p * t)
}

/// The eigenvalue of `[p q; q r]` nearer to zero, from the determinant: the difference of the two terms would cancel.
fn smaller_eigenvalue(p: f64, q: f64, r: f64) -> f64 {
    let mean = 0.5 * (p + r);
    let larger = mean + (0.5 * (p - r)).hypot(q).copysign(mean);
    p * (r / larger) - q * (q / larger)
}

impl Solve for Indefinite {
    fn dim(&self) -> usize {
        self.lower.dim()
    }

    fn solve(&self, x: &mut [Lanes]) {
        let dim = self.dim();
        for &(p, q) in &self.swaps {
            x.swap(p, q);
        }
        for k in 1..dim {
            x[k] = sub(x[k], dot(&self.lower.row(k)[..k], &x[..k]));
        }
        for k in 0..dim {
            match self.blocks[k] {
                Block::One(reciprocal) => x[k] = x[k].map(|x| reciprocal * x),
                Block::Two(a, b, c) => {
                    for l in 0..LANES {
                        let (u, v) = (x[k][l], x[k + 1][l]);
                        (x[k][l], x[k + 1][l]) = (a * u + b * v, b * u + c * v);
                    }
                }
                Block::Rest => {}
            }
        }
        for k in (0..dim).rev() {
            x[k] = sub(x[k], dot(&self.upper.row(k)[k + 1..], &x[k + 1..]));
        }
        for &(p, q) in self.swaps.iter().rev() {
            x.swap(p, q);
        }
    }
}
