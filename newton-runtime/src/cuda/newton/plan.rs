//! Which way a step goes, and how it is cut into launches. All of it follows from settings and sizes, so that the same batch gives the same
//! bits on every device.

use super::arguments::Problem;
use crate::cuda::CudaError;
use crate::newton::{Average, Curvature, Newton, OnIndefinite};

/// The most rows of a matrix.
pub const MOST: usize = 1024;
/// Side of the tiles that Gram matrices and updates are cut into.
pub const TILE: usize = 32;

/// What is done for a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    /// Directions are gradients.
    Plain,
    /// One Fisher matrix per sample.
    RankOne,
    /// `factor * G^T G`, m x m.
    Gram { factor: f64 },
    /// `factor * G G^T`, N x N.
    Woodbury { factor: f64 },
    /// The mean Hessian.
    Mean,
    /// One Hessian per sample.
    Each,
}

// `Policy` of `device/newton/eigen.cuh`.
pub const KEEP: u32 = 0;
pub const CLAMP: u32 = 1;
pub const ABS: u32 = 2;
/// Cholesky, and nothing else.
pub const REFUSE: u32 = 3;
/// Cholesky, or else eigenvalues that are not negative in truth.
pub const DEFINITE: u32 = 4;

/// Sums over a batch in chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    pub chunk: usize,
    pub chunks: usize,
}

impl Split {
    /// About `chunks` of them, each a multiple of `unit`.
    fn new(length: usize, chunks: usize, unit: usize) -> Self {
        let chunk = length.div_ceil(chunks.max(1)).next_multiple_of(unit);
        Self { chunk, chunks: length.div_ceil(chunk) }
    }

    /// For the Gram matrix of `length` vectors of `size` numbers.
    pub fn gram(size: usize, length: usize) -> Self {
        // Enough blocks for any device; no more than the memory for their sums is worth.
        Self::new(length, (512 / tiles(size)).clamp(1, 128).min(length.div_ceil(2 * TILE)), TILE)
    }

    /// For a mean of so many Hessians.
    pub fn hessians(samples: usize, entries: usize) -> Self {
        Self::new(samples, ((1 << 17) / entries).clamp(1, 128).min(samples.div_ceil(8)), 1)
    }
}

/// Tiles on and above the diagonal.
pub fn tiles(size: usize) -> usize {
    let side = size.div_ceil(TILE);
    side * (side + 1) / 2
}

/// The way, and the size of its matrix if there is one.
pub fn way(newton: &Newton, samples: usize, dim: usize, factor: f64) -> Result<(Way, usize), CudaError> {
    let way = match (newton.curvature, newton.average) {
        (Curvature::None, _) => (Way::Plain, 0),
        (Curvature::Fisher, Average::Sample) => (Way::RankOne, 0),
        (Curvature::Fisher, Average::Batch) if samples < dim && newton.lambda > 0.0 => {
            (Way::Woodbury { factor }, samples)
        }
        (Curvature::Fisher, Average::Batch) => (Way::Gram { factor }, dim),
        (Curvature::Hessian, Average::Batch) => (Way::Mean, dim),
        (Curvature::Hessian, Average::Sample) => (Way::Each, dim),
    };
    let within = |what, found, most| {
        if found > most { Err(CudaError::TooLarge { what, found, most }) } else { Ok(()) }
    };
    within("the size of the curvature", way.1, MOST)?;
    within("the number of samples", samples, 1 << 28)?;
    within("the length of a prediction", dim, 1 << 28)?;
    Ok(way)
}

/// What is to be done with the matrix.
pub fn problem(newton: &Newton, way: Way, size: usize, epsilon: f64) -> Problem {
    let pivots = 16.0 * size as f64;
    let (policy, tolerance) = match way {
        Way::Mean | Way::Each => {
            let policy = match newton.on_indefinite {
                OnIndefinite::Keep => KEEP,
                OnIndefinite::Clamp => CLAMP,
                OnIndefinite::Abs => ABS,
                OnIndefinite::Error => REFUSE,
            };
            // It depends on the matrix.
            (policy, -1.0)
        }
        _ if newton.lambda > 0.0 => (DEFINITE, size as f64 * f64::EPSILON),
        // F squares the gradients, and with them their rounding errors.
        _ => (REFUSE, (pivots * epsilon).powi(2).max(pivots * f64::EPSILON)),
    };
    Problem { lambda: newton.lambda, epsilon, tolerance, size: size as u32, policy }
}

/// How many matrices a policy works on: a second for eigenvectors, if they may be needed.
pub fn matrices(policy: u32) -> usize {
    if matches!(policy, CLAMP | ABS | DEFINITE) { 2 } else { 1 }
}

/// Up to this size, and for so few chunks, what makes the curvature factors it too.
pub const SMALL: usize = 32;
pub const FEW: usize = 8;

/// Threads of the block that factors a matrix.
pub fn factor_threads(size: usize) -> u32 {
    match size {
        0..=8 => 32,
        9..=16 => 64,
        17..=32 => 128,
        33..=64 => 256,
        65..=128 => 512,
        _ => 1024,
    }
}

/// Threads of a block that solves.
pub fn solve_threads(size: usize) -> u32 {
    match size {
        0..=64 => 32,
        65..=128 => 64,
        129..=512 => 128,
        _ => 256,
    }
}

/// Threads of a block that finishes a sample.
pub fn sample_threads(dim: usize) -> u32 {
    dim.next_multiple_of(32).clamp(32, 256) as u32
}

/// Doubles of shared memory that a block needs which factors, with so many of its two matrices.
pub fn workspace(size: usize, matrices: usize) -> usize {
    4 * size + size.div_ceil(2) + matrices * size * (size | 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_what_there_is() {
        for length in [1, 2, 31, 32, 33, 100, 1000, 10_007, 65_536] {
            for size in [1, 5, 32, 33, 144, 1024] {
                for split in [Split::gram(size, length), Split::hessians(length, size * size)] {
                    assert!(split.chunk * split.chunks >= length, "{split:?} of {length}");
                    assert!(split.chunk * (split.chunks - 1) < length, "{split:?} of {length}");
                    assert!(split.chunks <= 128);
                }
            }
        }
        assert_eq!(tiles(1), 1);
        assert_eq!(tiles(33), 3);
        assert_eq!(tiles(1024), 528);
    }

    #[test]
    fn ways() {
        let of = |newton: &Newton, samples, dim| way(newton, samples, dim, 1.0).map(|(_, size)| size);
        assert_eq!(of(&Newton::fisher(0.1), 3, 5), Ok(3));
        assert_eq!(of(&Newton::fisher(0.0), 3, 5), Ok(5));
        assert_eq!(of(&Newton::fisher(0.1), 70, 5000), Ok(70));
        assert!(of(&Newton::fisher(0.1), 5000, 1025).is_err());
        assert!(of(&Newton::hessian(0.1), 1, 1025).is_err());
        assert_eq!(of(&Newton::none(), 1, 5000), Ok(0));
    }
}
