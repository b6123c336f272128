//! Checks of a loss's derivatives against differences: gradients against those of the values, Hessians against those of the
//! gradients, Hessians for symmetry.
//!
//! ```
//! use newton_runtime::gradcheck;
//! use newton_runtime::losses::SoftSort;
//!
//! let loss = SoftSort::<3>::new(0.5);
//! let descending = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
//! let check = gradcheck(&loss, &[0.2, -0.7, 1.1], &[descending])?;
//! assert!(check.passed(), "{check}");
//! # Ok::<(), newton_runtime::Error>(())
//! ```

use crate::Error;
use crate::loss::NewtonLoss;
use core::fmt;

/// What counts as right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerances {
    /// Largest relative error of a gradient's entry.
    pub gradient: f64,
    /// Largest relative error of a Hessian's entry.
    pub hessian: f64,
    /// Largest difference, relative to the Hessian's largest entry, of an entry and its mirror image.
    pub symmetry: f64,
    /// Largest step of the differences, relative to a prediction's size where that is above 1. Two smaller ones, by 8 and 64,
    /// are tried too; each entry takes the one that agrees best with its neighbour.
    pub step: f64,
}

impl Default for Tolerances {
    fn default() -> Self {
        Self { gradient: 1e-6, hessian: 1e-6, symmetry: 1e-10, step: 1e-3 }
    }
}

/// An entry of a gradient or a Hessian, next to what it should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// Index of the sample in the batch.
    pub sample: usize,
    /// Which number of the prediction.
    pub row: usize,
    /// Of a Hessian: which second one.
    pub column: Option<usize>,
    /// What the loss says.
    pub found: f64,
    /// What differences say; for symmetry, the mirror image.
    pub expected: f64,
    /// Their distance, relative to the largest entry of the sample.
    pub relative_error: f64,
    /// One-sided differences from the left and from the right disagree here: there is a kink or a jump nearby, and differences
    /// prove nothing.
    pub near_kink: bool,
}

/// What [`gradcheck`] found: the worst entry of each kind.
#[derive(Debug, Clone, PartialEq)]
pub struct GradCheck {
    /// Of all gradients.
    pub gradient: Entry,
    /// Of all Hessians; none if the loss has none.
    pub hessian: Option<Entry>,
    /// Least symmetric of all Hessians.
    pub symmetry: Option<Entry>,
    /// What counted as right.
    pub tolerances: Tolerances,
}

impl GradCheck {
    /// Everything is within its tolerance.
    pub fn passed(&self) -> bool {
        let within = |entry: Option<Entry>, tolerance| entry.is_none_or(|e| e.relative_error <= tolerance);
        within(Some(self.gradient), self.tolerances.gradient)
            && within(self.hessian, self.tolerances.hessian)
            && within(self.symmetry, self.tolerances.symmetry)
    }
}

impl fmt::Display for GradCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "gradient", "differences of the values give", &self.gradient, self.tolerances.gradient)?;
        let (Some(hessian), Some(symmetry)) = (&self.hessian, &self.symmetry) else {
            return write!(f, "\nHessian: the loss has none");
        };
        f.write_str("\n")?;
        line(f, "Hessian", "differences of the gradients give", hessian, self.tolerances.hessian)?;
        f.write_str("\n")?;
        line(f, "symmetry of the Hessian", "its mirror image is", symmetry, self.tolerances.symmetry)
    }
}

fn line(f: &mut fmt::Formatter<'_>, what: &str, expected: &str, e: &Entry, tolerance: f64) -> fmt::Result {
    if e.relative_error <= tolerance {
        return write!(f, "{what}: right, within {:.1e} of {tolerance:.1e} allowed", e.relative_error);
    }
    write!(f, "{what}: WRONG at sample {}, ", e.sample)?;
    match e.column {
        Some(column) => write!(f, "row {}, column {column}: ", e.row)?,
        None => write!(f, "entry {}: ", e.row)?,
    }
    write!(
        f,
        "it is {:?}, {expected} {:?} (relative error {:.1e}, allowed {tolerance:.1e})",
        e.found, e.expected, e.relative_error
    )?;
    if e.near_kink {
        f.write_str("; the point is close to a kink there, where differences prove nothing: move it")?;
    }
    Ok(())
}

/// Checks gradients and Hessians at the given predictions, row-major N x m, with [`Tolerances::default`].
///
/// Differences are of fourth order, in `f64`. The cost is 12 m evaluations of the batch's values and as many of its gradients.
pub fn gradcheck<L: NewtonLoss<f64>>(
    loss: &L,
    predictions: &[f64],
    labels: &[L::Label],
) -> Result<GradCheck, Error> {
    gradcheck_with(loss, predictions, labels, Tolerances::default())
}

/// [`gradcheck`] with other tolerances.
pub fn gradcheck_with<L: NewtonLoss<f64>>(
    loss: &L,
    predictions: &[f64],
    labels: &[L::Label],
    tolerances: Tolerances,
) -> Result<GradCheck, Error> {
    let Tolerances { gradient, hessian, symmetry, step } = tolerances;
    for (name, value) in
        [("gradient", gradient), ("hessian", hessian), ("symmetry", symmetry), ("step", step)]
    {
        if !(value.is_finite() && value > 0.0) {
            let expected = "a tolerance of gradcheck must be positive and finite";
            return Err(Error::Setting { name, value, expected });
        }
    }
    let (n, m) = (labels.len(), loss.dim());
    if n == 0 {
        return Err(Error::EmptyBatch);
    }
    let sizes = |what, found, expected: usize, why: &str| match found == expected {
        true => Ok(()),
        false => Err(Error::Mismatch { what, found, expected, why: why.to_owned() }),
    };
    let per_sample = format!("{n} labels, and the loss predicts {m} numbers per sample");
    sizes("predictions", predictions.len(), n * m, &per_sample)?;

    let values = |y: &[f64]| -> Result<Vec<f64>, Error> {
        let values = loss.values(y, labels)?;
        sizes("values", values.len(), n, "one per sample").map(|()| values)
    };
    let gradients = |y: &[f64]| -> Result<Vec<f64>, Error> {
        let gradients = loss.gradients(y, labels)?.gradients;
        sizes("gradients", gradients.len(), n * m, &per_sample).map(|()| gradients)
    };
    let here = Here { values: values(predictions)?, gradients: gradients(predictions)?, m };
    let by_values = Differences::of(&values, &here.values, predictions, m, step)?;
    let gradient = here.worst_gradient(&by_values);
    let hessians = match loss.hessians(predictions, labels) {
        Ok(hessians) => hessians,
        Err(Error::NoHessian) => {
            return Ok(GradCheck { gradient, hessian: None, symmetry: None, tolerances });
        }
        Err(error) => return Err(error),
    };
    sizes("Hessians", hessians.len(), n * m * m, "m x m per sample")?;
    let by_gradients = Differences::of(&gradients, &here.gradients, predictions, m, step)?;
    let hessian = here.worst_hessian(&hessians, &by_gradients);
    Ok(GradCheck {
        gradient,
        hessian: Some(hessian),
        symmetry: Some(here.least_symmetric(&hessians)),
        tolerances,
    })
}

/// Values and gradients at the point itself.
struct Here {
    values: Vec<f64>,
    gradients: Vec<f64>,
    m: usize,
}

/// Differences have rounding errors in proportion to what they are taken of: an error is relative to the largest entry, and to
/// at least this part of that.
const FLOOR: f64 = 1e-3;

/// What differences over the smallest step make of the rounding errors of numbers of size 1. Terms of that size may cancel to a value of
/// zero: a distance below this proves nothing.
const NOISE: f64 = 1e-11;

impl Here {
    fn worst_gradient(&self, differences: &Differences) -> Entry {
        let m = self.m;
        worst((0..self.gradients.len()).map(|at| {
            let (sample, row) = (at / m, at % m);
            let scale =
                largest((0..m).map(|k| differences.slopes[k][sample])).max(FLOOR * self.values[sample].abs());
            let expected = differences.slopes[row][sample];
            entry((sample, row, None), self.gradients[at], expected, scale, differences.kinks[row][sample])
        }))
    }

    fn worst_hessian(&self, hessians: &[f64], differences: &Differences) -> Entry {
        let m = self.m;
        worst((0..hessians.len()).map(|at| {
            let (sample, row, column) = (at / (m * m), at / m % m, at % m);
            let rows = sample * m..(sample + 1) * m;
            let slopes = differences.slopes.iter().flat_map(|s| s[rows.clone()].iter().copied());
            let scale = largest(slopes).max(FLOOR * largest(self.gradients[rows.clone()].iter().copied()));
            let at_row = sample * m + row;
            let expected = differences.slopes[column][at_row];
            let kink = differences.kinks[column][at_row];
            entry((sample, row, Some(column)), hessians[at], expected, scale, kink)
        }))
    }

    fn least_symmetric(&self, hessians: &[f64]) -> Entry {
        let m = self.m;
        worst((0..hessians.len()).map(|at| {
            let (sample, row, column) = (at / (m * m), at / m % m, at % m);
            let own = &hessians[sample * m * m..(sample + 1) * m * m];
            let scale = largest(own.iter().copied());
            entry((sample, row, Some(column)), own[row * m + column], own[column * m + row], scale, false)
        }))
    }
}

fn largest(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, |m, x| m.max(x.abs()))
}

fn entry(
    (sample, row, column): (usize, usize, Option<usize>),
    found: f64,
    expected: f64,
    scale: f64,
    near_kink: bool,
) -> Entry {
    let distance = (found - expected).abs();
    let relative_error = if distance <= NOISE { 0.0 } else { distance / scale };
    Entry { sample, row, column, found, expected, relative_error, near_kink }
}

/// The entry with the largest error; what is not a number is worse than all.
fn worst(entries: impl Iterator<Item = Entry>) -> Entry {
    let rank = |e: &Entry| if e.relative_error.is_nan() { f64::INFINITY } else { e.relative_error };
    entries
        .reduce(|worst, e| if rank(&e) > rank(&worst) { e } else { worst })
        .expect("a batch and a prediction have an entry")
}

/// Slopes of a function of the batch along each number of the prediction, all samples moved at once.
struct Differences {
    /// By the number that is moved, then by the function's results.
    slopes: Vec<Vec<f64>>,
    /// Whether the one-sided differences disagree.
    kinks: Vec<Vec<bool>>,
}

impl Differences {
    fn of(
        f: &impl Fn(&[f64]) -> Result<Vec<f64>, Error>,
        here: &[f64],
        predictions: &[f64],
        m: usize,
        step: f64,
    ) -> Result<Self, Error> {
        let (mut slopes, mut kinks) = (Vec::new(), Vec::new());
        for k in 0..m {
            let steps = [step, step / 8.0, step / 64.0];
            let [a, b, c] = steps.map(|step| Stencil::of(f, here, predictions, m, k, step));
            let (a, b, c) = (a?, b?, c?);
            let best = |i: usize| {
                let (coarse, middle, fine) = (a.slopes[i], b.slopes[i], c.slopes[i]);
                if (coarse - middle).abs() <= (middle - fine).abs() { middle } else { fine }
            };
            slopes.push((0..here.len()).map(best).collect());
            kinks.push((0..here.len()).map(|i| is_kink(&a, &b, i) || is_kink(&b, &c, i)).collect());
        }
        Ok(Self { slopes, kinks })
    }
}

/// Differences with one step.
struct Stencil {
    /// Central, of fourth order.
    slopes: Vec<f64>,
    /// Right minus left one-sided difference.
    jumps: Vec<f64>,
}

impl Stencil {
    fn of(
        f: &impl Fn(&[f64]) -> Result<Vec<f64>, Error>,
        here: &[f64],
        predictions: &[f64],
        m: usize,
        k: usize,
        step: f64,
    ) -> Result<Self, Error> {
        let size = |sample: usize| step * predictions[sample * m + k].abs().max(1.0);
        let moved = |steps: f64| {
            let mut y = predictions.to_vec();
            for (sample, y) in y.chunks_exact_mut(m).enumerate() {
                y[k] += steps * size(sample);
            }
            f(&y)
        };
        let (far_left, left, right, far_right) = (moved(-2.0)?, moved(-1.0)?, moved(1.0)?, moved(2.0)?);
        // The function has one or m results per sample.
        let per_sample = here.len() * m / predictions.len();
        let each = |of: &dyn Fn(usize) -> f64| -> Vec<f64> {
            (0..here.len()).map(|i| of(i) / size(i / per_sample)).collect()
        };
        Ok(Self {
            slopes: each(&|i| (far_left[i] - far_right[i] + 8.0 * (right[i] - left[i])) / 12.0),
            jumps: each(&|i| right[i] - 2.0 * here[i] + left[i]),
        })
    }
}

/// Where a function is smooth, the difference of its one-sided slopes shrinks with the step. At a kink it stays, and grows where
/// the function itself jumps; between two steps it vanishes.
fn is_kink(coarse: &Stencil, fine: &Stencil, i: usize) -> bool {
    let (jump, smaller) = (coarse.jumps[i].abs(), fine.jumps[i].abs());
    let strong = 1e-3 * coarse.slopes[i].abs().max(fine.slopes[i].abs());
    let shrinks = (4.0..16.0).contains(&(jump / smaller));
    jump.max(smaller) > strong && !shrinks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::Gradients;
    use crate::losses::{NeuralSort, descending};
    use crate::newton::Newton;

    /// l(y) = a^3 b + sin(b) + k |a|, each derivative off by what `wrong` adds.
    struct ByHand {
        kink: f64,
        wrong_gradient: f64,
        wrong_hessian: [f64; 4],
        has_hessian: bool,
    }

    const RIGHT: ByHand =
        ByHand { kink: 0.0, wrong_gradient: 0.0, wrong_hessian: [0.0; 4], has_hessian: true };

    impl NewtonLoss<f64> for ByHand {
        type Label = ();
        fn dim(&self) -> usize {
            2
        }
        fn newton(&self) -> Newton {
            Newton::hessian(1.0)
        }
        fn gradients(&self, y: &[f64], _: &[()]) -> Result<Gradients<f64>, Error> {
            let rows = y.as_chunks::<2>().0;
            Ok(Gradients {
                values: rows.iter().map(|[a, b]| a.powi(3) * b + b.sin() + self.kink * a.abs()).collect(),
                gradients: rows
                    .iter()
                    .flat_map(|[a, b]| {
                        let da = 3.0 * a * a * b + self.kink * a.signum();
                        [da, a.powi(3) + b.cos() + self.wrong_gradient]
                    })
                    .collect(),
            })
        }
        fn hessians(&self, y: &[f64], _: &[()]) -> Result<Vec<f64>, Error> {
            if !self.has_hessian {
                return Err(Error::NoHessian);
            }
            let row = |[a, b]: &[f64; 2]| {
                let h = [6.0 * a * b, 3.0 * a * a, 3.0 * a * a, -b.sin()];
                [0, 1, 2, 3].map(|i| h[i] + self.wrong_hessian[i])
            };
            Ok(y.as_chunks().0.iter().flat_map(row).collect())
        }
    }

    const POINTS: [f64; 4] = [0.7, -1.3, 2.0, 0.4];

    fn check(loss: &ByHand) -> GradCheck {
        gradcheck(loss, &POINTS, &[(), ()]).unwrap()
    }

    #[test]
    fn right_derivatives_pass() {
        let found = check(&RIGHT);
        assert!(found.passed(), "{found}");
        assert!(found.gradient.relative_error < 1e-10 && found.hessian.unwrap().relative_error < 1e-9);
        let text = found.to_string();
        assert_eq!(text.matches("right").count(), 3, "{text}");
        let found = check(&ByHand { has_hessian: false, ..RIGHT });
        assert!(found.passed() && found.hessian.is_none());
        assert!(found.to_string().contains("has none"));
    }

    #[test]
    fn a_wrong_gradient_is_named() {
        let found = check(&ByHand { wrong_gradient: 1e-4, ..RIGHT });
        assert!(!found.passed());
        // Relative to the largest entry, which is smaller in the first sample.
        let Entry { sample, row, column, near_kink, .. } = found.gradient;
        assert_eq!((sample, row, column, near_kink), (0, 1, None, false));
        assert!((found.gradient.found - found.gradient.expected - 1e-4).abs() < 1e-9);
        assert!(found.to_string().contains("gradient: WRONG at sample 0, entry 1"), "{found}");
        // A constant added to the gradient leaves its derivative alone.
        assert!(found.hessian.unwrap().relative_error < 1e-9);
        let lenient = Tolerances { gradient: 1e-2, ..Tolerances::default() };
        let loss = ByHand { wrong_gradient: 1e-4, ..RIGHT };
        assert!(gradcheck_with(&loss, &POINTS, &[(), ()], lenient).unwrap().passed());
    }

    #[test]
    fn a_wrong_hessian_is_named() {
        let found = check(&ByHand { wrong_hessian: [0.0, 0.0, 0.0, -1e-3], ..RIGHT });
        let Entry { row, column, .. } = found.hessian.unwrap();
        assert_eq!((row, column, found.passed()), (1, Some(1), false));
        assert!(found.symmetry.unwrap().relative_error < 1e-15);
        let found = check(&ByHand { wrong_hessian: [0.0, 1e-9, 0.0, 0.0], ..RIGHT });
        assert!(found.symmetry.unwrap().relative_error > 1e-10);
        assert!(found.to_string().contains("symmetry of the Hessian: WRONG"), "{found}");
        let found = check(&ByHand { wrong_hessian: [0.0, f64::NAN, 0.0, 0.0], ..RIGHT });
        assert!(!found.passed() && found.hessian.unwrap().found.is_nan());
    }

    #[test]
    fn kinks_are_pointed_out() {
        let loss = ByHand { kink: 1.0, ..RIGHT };
        for a in [0.0, 1e-6, 3e-5] {
            let found = gradcheck(&loss, &[a, 0.4], &[()]).unwrap();
            assert!(!found.passed(), "at {a}: {found}");
            let kink = found.gradient.near_kink || found.hessian.unwrap().near_kink;
            assert!(kink && found.to_string().contains("close to a kink"), "at {a}: {found}");
        }
        // The smallest of the steps stays on one side.
        for a in [-2e-4, 0.1] {
            let found = gradcheck(&loss, &[a, 0.4], &[()]).unwrap();
            assert!(found.passed(), "{found}");
        }
        // A steep but smooth place is none.
        let found = gradcheck(&ByHand { wrong_gradient: 1.0, ..RIGHT }, &[40.0, 7.0], &[()]).unwrap();
        assert!(!found.passed() && !found.gradient.near_kink, "{found}");
    }

    #[test]
    fn bundled_losses_pass_where_they_are_steep() {
        let y = [0.3, -0.2, 0.9, 0.1, -0.5, 0.35, 0.0, 0.71];
        let labels = [descending(&[1.0, 2.0, 3.0, 4.0]), descending(&[0.0, 1.0, -1.0, 5.0])];
        for tau in [2.0, 0.3] {
            let found = gradcheck(&NeuralSort::<4>::new(tau), &y, &labels).unwrap();
            assert!(found.passed(), "tau {tau}: {found}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_input_is_named() {
        assert_eq!(gradcheck(&RIGHT, &[], &[]), Err(Error::EmptyBatch));
        let error = gradcheck(&RIGHT, &[1.0; 3], &[()]).unwrap_err();
        assert!(matches!(error, Error::Mismatch { what: "predictions", found: 3, expected: 2, .. }));
        let no_step = Tolerances { step: 0.0, ..Tolerances::default() };
        let error = gradcheck_with(&RIGHT, &POINTS, &[(), ()], no_step).unwrap_err();
        assert!(matches!(error, Error::Setting { name: "step", .. }));
    }
}
