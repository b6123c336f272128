//! The mean squared error of an algorithm's result, as one black box.

use rayon::prelude::*;

use super::algorithm::target;
use super::oracle::{Arguments, Failure, Oracle, all_finite};
use super::{Labelled, Numbers};
use crate::scalar::Float;

/// An [`Oracle`] of one number: see [`squared`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Squared<O> {
    oracle: O,
}

/// `1/k sum_o (w_o - q_o)^2` of an algorithm's result w and the label's target q: makes a loss of an algorithm, to be smoothed as a whole.
///
/// It is [`compared`](super::compared) with a function that is known: on a GPU it is evaluated there, if the algorithm is.
///
/// ```
/// use newton_runtime::loss::NewtonLoss;
/// use newton_runtime::smoothing::{GridPaths, Noise, OfLoss, Smoothed, Smoothing, squared};
///
/// // The share of cells in which the cheapest path through 2 x 2 cells is wrong.
/// let wrong = squared(GridPaths::<f32, [[f32; 2]; 2]>::new(2, 2)?);
/// let loss = Smoothed::of(wrong, Smoothing::new(Noise::gaussian(0.1, 10)), OfLoss);
/// let all = loss.gradients(&[1.0, 1.0, 9.0, 1.0], &[[[1.0, 0.0], [1.0, 1.0]]])?;
/// assert_eq!(all.values, [0.25]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn squared<O>(oracle: O) -> Squared<O> {
    Squared { oracle }
}

/// The numbers of all labels' targets, N x k.
pub(crate) fn targets<T, L>(labels: &[L], outputs: usize, per_sample: usize) -> Result<Vec<T>, Failure>
where
    T: Float,
    L: Labelled,
    L::Target: Numbers<T>,
{
    let mut all = Vec::with_capacity(labels.len() * outputs);
    for (sample, label) in labels.iter().enumerate() {
        let one = target(label.target(), outputs, sample);
        all.extend(one.map_err(|error| Failure::at(sample * per_sample, error))?);
    }
    Ok(all)
}

impl<T, O> Oracle<T> for Squared<O>
where
    T: Float,
    O: Oracle<T>,
    O::Label: Labelled,
    <O::Label as Labelled>::Target: Numbers<T>,
{
    type Label = O::Label;

    fn name(&self) -> &'static str {
        self.oracle.name()
    }

    fn dim(&self) -> usize {
        self.oracle.dim()
    }

    fn outputs(&self) -> usize {
        1
    }

    fn evaluate_all(&self, arguments: &Arguments<'_, T, O::Label>, results: &mut [T]) -> Result<(), Failure> {
        let (outputs, per_sample) = (self.oracle.outputs().max(1), arguments.per_sample().max(1));
        let mut solutions = vec![T::from_f64(f64::NAN); arguments.len() * outputs];
        self.oracle.evaluate_all(arguments, &mut solutions)?;
        all_finite(&solutions, outputs)?;
        let targets: Vec<T> = targets(arguments.labels(), outputs, per_sample)?;
        let rows = results.par_iter_mut().zip(solutions.par_chunks(outputs)).enumerate();
        rows.for_each(|(row, (result, solution))| {
            let target = &targets[row / per_sample * outputs..][..outputs];
            let off = solution.iter().zip(target).map(|(w, q)| w.to_f64() - q.to_f64());
            *result = T::from_f64(off.map(|d| d * d).sum::<f64>() / outputs as f64);
        });
        Ok(())
    }

    #[cfg(feature = "cuda")]
    fn for_device(&self) -> Option<&dyn crate::cuda::smoothing::DeviceOracle<T, O::Label>> {
        self.oracle.for_device().map(|_| self as _)
    }
}

#[cfg(feature = "cuda")]
impl<O> Squared<O> {
    pub(crate) fn inner(&self) -> &O {
        &self.oracle
    }
}
