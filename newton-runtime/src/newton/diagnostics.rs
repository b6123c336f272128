//! What a batch's curvature looks like, and what the step does to its gradients.

use core::fmt;

use super::eigen::Eigen;
use super::matrix::Matrix;
use super::{Newton, OnIndefinite, input};
use crate::Error;
use crate::scalar::Float;

/// Norms of a batch of vectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norms {
    /// Median Euclidean norm (the mean of the middle two for an even count).
    pub median: f64,
    /// Largest norm.
    pub max: f64,
    /// Share of samples, in 0..=1, whose norm exceeds [`Diagnostics::exploding_factor`] times the median.
    pub exploding: f64,
}

/// Of one batch; made by [`Diagnostics::of`].
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostics {
    /// Eigenvalues of C, ascending, before the policy and lambda.
    pub spectrum: Vec<f64>,
    /// The Tikhonov term.
    pub lambda: f64,
    /// Condition number of the inverted matrix, `max |w| / min |w|` over the eigenvalues w of `C + lambda I` after the policy;
    /// infinite if one is zero.
    pub condition: f64,
    /// Share of directions, in 0..=1, in which C is negative beyond rounding (m times the epsilon of its type times the largest
    /// eigenvalue in absolute value): the null direction of a ranking loss does not count.
    pub negative: f64,
    /// Share of directions, in 0..=1, in which the inverted matrix is negative: there the step goes up the loss.
    pub flipped: f64,
    /// Norms of the gradients.
    pub gradients: Norms,
    /// Norms of the directions.
    pub directions: Norms,
    /// From how many medians on a sample counts as exploding.
    pub exploding_factor: f64,
}

/// Paper-scale explosions are 10^3 and more; a batch of ordinary norms stays within a few tens of its median.
pub const EXPLODING_FACTOR: f64 = 100.0;

impl Diagnostics {
    /// Looks at the m x m `curvature` C (the mean Hessian, or [`fisher()`](super::fisher())), and at N x m gradients and the
    /// directions made of them. A sample explodes when its norm exceeds `exploding_factor` (say, [`EXPLODING_FACTOR`]) times the
    /// batch's median norm; with a median of zero, when it is not zero.
    ///
    /// # Errors
    /// [`Error::Mismatch`], [`Error::EmptyBatch`], [`Error::NonFiniteMean`] for C.
    pub fn of<C: Float, T: Float>(
        settings: &Newton,
        curvature: &[C],
        dim: usize,
        gradients: &[T],
        directions: &[T],
        exploding_factor: f64,
    ) -> Result<Self, Error> {
        input::samples("gradients", gradients.len(), dim)?;
        input::same_length("directions", directions.len(), gradients.len(), "one for each gradient")?;
        let matrix = Matrix::symmetric(curvature, dim)?;
        input::check_finite_mean(crate::error::Quantity::Hessian, matrix.as_slice())?;
        let spectrum = Eigen::values_of(&matrix)?;
        let largest = spectrum.iter().fold(0.0_f64, |max, w| max.max(w.abs()));
        let rounding = dim as f64 * input::epsilon::<C>() * largest;
        let inverted = spectrum.iter().map(|&w| {
            settings.lambda
                + match settings.on_indefinite {
                    OnIndefinite::Keep | OnIndefinite::Error => w,
                    OnIndefinite::Clamp => w.max(0.0),
                    OnIndefinite::Abs => w.abs(),
                }
        });
        let (low, high) = inverted
            .clone()
            .fold((f64::INFINITY, 0.0_f64), |(low, high), w| (low.min(w.abs()), high.max(w.abs())));
        let share = |count: usize| count as f64 / dim as f64;
        Ok(Self {
            lambda: settings.lambda,
            condition: if low > 0.0 { high / low } else { f64::INFINITY },
            negative: share(spectrum.iter().filter(|&&w| w < -rounding).count()),
            flipped: share(inverted.filter(|&w| w < -rounding).count()),
            gradients: norms(gradients, dim, exploding_factor),
            directions: norms(directions, dim, exploding_factor),
            exploding_factor,
            spectrum,
        })
    }
}

fn norms<T: Float>(vectors: &[T], dim: usize, exploding_factor: f64) -> Norms {
    let mut norms: Vec<f64> =
        vectors.chunks_exact(dim).map(|v| v.iter().fold(0.0_f64, |norm, x| norm.hypot(x.to_f64()))).collect();
    norms.sort_by(f64::total_cmp);
    let count = norms.len();
    let median = 0.5 * norms[(count - 1) / 2] + 0.5 * norms[count / 2];
    let exploding = norms.iter().filter(|&&x| x > exploding_factor * median).count() as f64 / count as f64;
    Norms { median, max: norms[count - 1], exploding }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = (self.spectrum.first().unwrap_or(&0.0), self.spectrum.last().unwrap_or(&0.0));
        writeln!(f, "eigenvalues of C      {low:.3e} .. {high:.3e}  (m = {})", self.spectrum.len())?;
        writeln!(
            f,
            "negative directions   {:.1} %, step flipped in {:.1} %",
            100.0 * self.negative,
            100.0 * self.flipped
        )?;
        writeln!(f, "condition             {:.3e}  (lambda = {})", self.condition, self.lambda)?;
        writeln!(
            f,
            "norm                  {:>10}  {:>10}  over {} medians",
            "median", "max", self.exploding_factor
        )?;
        for (name, norms) in [("  gradient", self.gradients), ("  direction", self.directions)] {
            let share = 100.0 * norms.exploding;
            writeln!(f, "{name:<20}  {:>10.3e}  {:>10.3e}  {share:.1} %", norms.median, norms.max)?;
        }
        Ok(())
    }
}
