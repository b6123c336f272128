//! Black boxes: what is known of a function that is only ever evaluated.

use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::Numbers;
use crate::error::panic_message;
use crate::scalar::Float;

/// A function of m numbers and a label to k numbers. Nothing is asked of it but its values.
///
/// [`each`] makes one of a closure for one argument; [`batched`] of a closure that takes all arguments of a batch, a call into a
/// solver that has its own threads, say.
pub trait Oracle<T: Float>: Sync {
    /// What it is given of each sample beside the argument; `()` for nothing.
    type Label: Sync;

    /// What errors call it.
    fn name(&self) -> &'static str {
        "the black box"
    }

    /// m: how many numbers it takes.
    fn dim(&self) -> usize;

    /// k: how many numbers it gives.
    fn outputs(&self) -> usize;

    /// Its value at every argument, rows of k numbers, in the same order. `results` comes filled with NaN: what is left unwritten is
    /// found out.
    ///
    /// # Errors
    /// The first failure, in the order of the arguments.
    fn evaluate_all(
        &self,
        arguments: &Arguments<'_, T, Self::Label>,
        results: &mut [T],
    ) -> Result<(), Failure>;

    /// Its form for GPUs; none: losses on a GPU copy their arguments to the host, have them evaluated there and copy the results back.
    #[cfg(feature = "cuda")]
    fn for_device(&self) -> Option<&dyn crate::cuda::smoothing::DeviceOracle<T, Self::Label>> {
        None
    }
}

/// Where to evaluate a black box: the perturbed arguments of all samples of a batch, one sample after the other, equally many of each.
#[derive(Debug)]
pub struct Arguments<'a, T, L> {
    values: &'a [T],
    labels: &'a [L],
    dim: usize,
}

impl<T, L> Clone for Arguments<'_, T, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, L> Copy for Arguments<'_, T, L> {}

impl<'a, T, L> Arguments<'a, T, L> {
    /// `values`: rows of `dim` numbers, equally many for each of `labels`.
    pub fn new(values: &'a [T], labels: &'a [L], dim: usize) -> Self {
        Self { values, labels, dim: dim.max(1) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All numbers, row-major, rows of m.
    pub fn values(&self) -> &'a [T] {
        self.values
    }

    /// The labels of the samples; each goes with [`per_sample`](Self::per_sample) rows.
    pub fn labels(&self) -> &'a [L] {
        self.labels
    }

    /// How many arguments belong to one sample.
    pub fn per_sample(&self) -> usize {
        self.len() / self.labels.len().max(1)
    }

    /// An argument, m numbers. Panics if there is none of this number.
    pub fn row(&self, row: usize) -> &'a [T] {
        &self.values[row * self.dim..][..self.dim]
    }

    /// The label that goes with an argument. Panics if there is none of this number.
    pub fn label(&self, row: usize) -> &'a L {
        &self.labels[row / self.per_sample().max(1)]
    }

    /// All arguments with their labels.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [T], &'a L)> {
        let this = *self;
        (0..self.len()).map(move |row| (this.row(row), this.label(row)))
    }
}

/// Why a black box gave no results.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// At which argument; `None` if it was the call as a whole.
    pub row: Option<usize>,
    /// What went wrong.
    pub reason: Reason,
}

/// What went wrong in a black box.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// It said so.
    Failed(String),
    /// It panicked, saying this.
    Panicked(String),
    /// It returned too few or too many numbers.
    Length {
        /// How many it returned.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// It returned a NaN or an infinity.
    NonFinite {
        /// Which of the numbers it returned.
        entry: usize,
        /// The number itself.
        value: f64,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(message) => write!(f, "failed: {message}"),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Length { found, expected } => write!(f, "returned {found} numbers, expected {expected}"),
            Self::NonFinite { entry, value } => {
                write!(f, "returned {value} at entry {entry}, expected finite numbers")
            }
        }
    }
}

impl Failure {
    /// The failure to evaluate one argument, in the black box's own words.
    pub fn at(row: usize, message: impl fmt::Display) -> Self {
        Self { row: Some(row), reason: Reason::Failed(format!("{message:#}")) }
    }

    /// The failure of a call as a whole.
    pub fn whole(message: impl fmt::Display) -> Self {
        Self { row: None, reason: Reason::Failed(format!("{message:#}")) }
    }
}

/// No NaN and no infinity among results, rows of `outputs` numbers.
pub(super) fn all_finite<T: Float>(results: &[T], outputs: usize) -> Result<(), Failure> {
    let Some(at) = results.iter().position(|x| !Float::is_finite(*x)) else { return Ok(()) };
    let reason = Reason::NonFinite { entry: at % outputs, value: results[at].to_f64() };
    Err(Failure { row: Some(at / outputs), reason })
}

/// Evaluates `f` at every argument, on all cores: the body of an [`Oracle::evaluate_all`] for functions of one argument.
///
/// # Errors
/// The first failure in the order of the arguments: a panic, an `Err`, or not as many numbers as a row of `results` has.
pub fn evaluate_each<T: Float, L: Sync, R: Numbers<T>>(
    arguments: &Arguments<'_, T, L>,
    results: &mut [T],
    f: impl Fn(&[T], &L) -> R + Sync,
) -> Result<(), Failure> {
    let expected = results.len() / arguments.len().max(1);
    let one = |row: usize, result: &mut [T]| -> Result<(), Reason> {
        // The function is called again after a panic; what it left half done is its own, and the batch is given up.
        let written =
            catch_unwind(AssertUnwindSafe(|| f(arguments.row(row), arguments.label(row)).write(result)));
        match written
            .map_err(|payload| Reason::Panicked(panic_message(&*payload)))?
            .map_err(Reason::Failed)?
        {
            found if found == expected => Ok(()),
            found => Err(Reason::Length { found, expected }),
        }
    };
    // What comes after a failure is not worth evaluating; what comes before may hold the first.
    let first = AtomicUsize::new(usize::MAX);
    let failures = results.par_chunks_mut(expected.max(1)).enumerate().filter_map(|(row, result)| {
        if row > first.load(Ordering::Relaxed) {
            return None;
        }
        let reason = one(row, result).err()?;
        first.fetch_min(row, Ordering::Relaxed);
        Some(Failure { row: Some(row), reason })
    });
    match failures.min_by_key(|failure| failure.row) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

/// An [`Oracle`] of a function of one argument: see [`each`].
pub struct Each<T, L, R, F> {
    dim: usize,
    outputs: usize,
    function: F,
    signature: PhantomData<fn(&[T], &L) -> R>,
}

/// A function of an argument and a label, called on all cores. It takes `dim` numbers and returns `outputs` numbers, as whatever
/// [`Numbers`] there are.
///
/// ```
/// use newton_runtime::smoothing::{Arguments, Oracle, each};
///
/// let order = each(3, 3, |y: &[f64], _: &()| {
///     let mut order = [0, 1, 2];
///     order.sort_by(|a, b| y[*a].total_cmp(&y[*b]));
///     order
/// });
/// let mut results = [0.0; 6];
/// order.evaluate_all(&Arguments::new(&[0.3, 0.1, 0.2, 1.0, 2.0, 3.0], &[()], 3), &mut results).unwrap();
/// assert_eq!(results, [1.0, 2.0, 0.0, 0.0, 1.0, 2.0]);
/// ```
pub fn each<T, L, R, F>(dim: usize, outputs: usize, function: F) -> Each<T, L, R, F>
where
    T: Float,
    L: Sync,
    R: Numbers<T>,
    F: Fn(&[T], &L) -> R + Sync,
{
    Each { dim, outputs, function, signature: PhantomData }
}

impl<T, L, R, F> Oracle<T> for Each<T, L, R, F>
where
    T: Float,
    L: Sync,
    R: Numbers<T>,
    F: Fn(&[T], &L) -> R + Sync,
{
    type Label = L;

    fn dim(&self) -> usize {
        self.dim
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn evaluate_all(&self, arguments: &Arguments<'_, T, L>, results: &mut [T]) -> Result<(), Failure> {
        evaluate_each(arguments, results, &self.function)
    }
}

/// An [`Oracle`] of a function of all arguments: see [`batched`].
pub struct Batched<T, L, F> {
    dim: usize,
    outputs: usize,
    function: F,
    signature: PhantomData<fn(&[T], &L)>,
}

/// A function that takes all arguments of a batch in one call and writes the results, rows of `outputs` numbers in the same order.
///
/// ```
/// use newton_runtime::smoothing::{Arguments, Failure, Oracle, batched};
///
/// // A solver in another process, on another machine, with its own threads: here, sums.
/// let sums = batched(2, 1, |arguments: &Arguments<f32, ()>, results: &mut [f32]| {
///     for ((row, _), sum) in arguments.iter().zip(results) {
///         *sum = row[0] + row[1];
///     }
///     Ok::<(), Failure>(())
/// });
/// let mut results = [0.0; 2];
/// sums.evaluate_all(&Arguments::new(&[1.0, 2.0, 3.0, 4.0], &[()], 2), &mut results).unwrap();
/// assert_eq!(results, [3.0, 7.0]);
/// ```
pub fn batched<T, L, F>(dim: usize, outputs: usize, function: F) -> Batched<T, L, F>
where
    T: Float,
    L: Sync,
    F: Fn(&Arguments<'_, T, L>, &mut [T]) -> Result<(), Failure> + Sync,
{
    Batched { dim, outputs, function, signature: PhantomData }
}

impl<T, L, F> Oracle<T> for Batched<T, L, F>
where
    T: Float,
    L: Sync,
    F: Fn(&Arguments<'_, T, L>, &mut [T]) -> Result<(), Failure> + Sync,
{
    type Label = L;

    fn dim(&self) -> usize {
        self.dim
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn evaluate_all(&self, arguments: &Arguments<'_, T, L>, results: &mut [T]) -> Result<(), Failure> {
        (self.function)(arguments, results)
    }
}

impl<T: Float, O: Oracle<T>> Oracle<T> for &O {
    type Label = O::Label;

    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn outputs(&self) -> usize {
        (**self).outputs()
    }

    fn evaluate_all(&self, arguments: &Arguments<'_, T, O::Label>, results: &mut [T]) -> Result<(), Failure> {
        (**self).evaluate_all(arguments, results)
    }

    #[cfg(feature = "cuda")]
    fn for_device(&self) -> Option<&dyn crate::cuda::smoothing::DeviceOracle<T, O::Label>> {
        (**self).for_device()
    }
}
