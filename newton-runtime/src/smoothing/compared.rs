//! The loss of an algorithm's result, as one black box.

use rayon::prelude::*;

use super::oracle::{Arguments, Failure, Oracle, all_finite};
use crate::scalar::Float;

/// An [`Oracle`] of one number: see [`compared`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared<O, F> {
    oracle: O,
    function: F,
}

/// `function(oracle(y), label)`: makes a loss of an algorithm, to be smoothed as a whole. What the algorithm has for whole batches is
/// kept.
pub fn compared<T, O, F>(oracle: O, function: F) -> Compared<O, F>
where
    T: Float,
    O: Oracle<T>,
    F: Fn(&[T], &O::Label) -> T + Sync,
{
    Compared { oracle, function }
}

impl<T, O, F> Oracle<T> for Compared<O, F>
where
    T: Float,
    O: Oracle<T>,
    F: Fn(&[T], &O::Label) -> T + Sync,
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
        let outputs = self.oracle.outputs().max(1);
        let mut solutions = vec![T::from_f64(f64::NAN); arguments.len() * outputs];
        self.oracle.evaluate_all(arguments, &mut solutions)?;
        all_finite(&solutions, outputs)?;
        let rows = results.par_iter_mut().zip(solutions.par_chunks(outputs)).enumerate();
        rows.for_each(|(row, (result, solution))| *result = (self.function)(solution, arguments.label(row)));
        Ok(())
    }
}
