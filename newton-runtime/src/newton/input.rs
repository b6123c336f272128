//! Checks at the door: lengths and non-finite numbers, each named.

use crate::Error;
use crate::error::Quantity;
use crate::scalar::Float;

/// N of a row-major N x m slice.
///
/// # Errors
/// [`Error::EmptyBatch`] without elements, [`Error::Mismatch`] when the length is not a multiple of `dim` (or `dim` is 0).
pub fn samples(what: &'static str, found: usize, dim: usize) -> Result<usize, Error> {
    if found == 0 {
        Err(Error::EmptyBatch)
    } else if dim == 0 || !found.is_multiple_of(dim) {
        let expected = found.checked_div(dim).unwrap_or(0) * dim;
        Err(Error::Mismatch { what, found, expected, why: format!("N rows of m = {dim} numbers each") })
    } else {
        Ok(found / dim)
    }
}

pub(crate) fn same_length(what: &'static str, found: usize, expected: usize, why: &str) -> Result<(), Error> {
    if found == expected {
        Ok(())
    } else {
        Err(Error::Mismatch { what, found, expected, why: why.to_owned() })
    }
}

/// Refuses NaN and infinities in `values`, rows of `per_sample` numbers.
///
/// # Errors
/// [`Error::NonFinite`] with the first culprit's sample and its entry within the sample.
pub fn check_finite<T: Float>(quantity: Quantity, values: &[T], per_sample: usize) -> Result<(), Error> {
    match first_bad(values) {
        None => Ok(()),
        Some(at) => {
            let (sample, entry) = (at / per_sample.max(1), at % per_sample.max(1));
            Err(Error::NonFinite { quantity, sample, entry, value: values[at].to_f64() })
        }
    }
}

/// The same for a mean over the batch, where no sample can be named any more.
pub(crate) fn check_finite_mean<T: Float>(quantity: Quantity, values: &[T]) -> Result<(), Error> {
    match first_bad(values) {
        None => Ok(()),
        Some(entry) => Err(Error::NonFiniteMean { quantity, entry, value: values[entry].to_f64() }),
    }
}

fn first_bad<T: Float>(values: &[T]) -> Option<usize> {
    // `0 x` is NaN for NaN and infinities, else 0. Summed in lanes, the usual answer comes eight numbers at a time.
    let (blocks, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for block in blocks {
        for l in 0..8 {
            sums[l] += 0.0 * block[l].to_f64();
        }
    }
    let good = sums.iter().all(|sum| *sum == 0.0) && rest.iter().all(|x| x.is_finite());
    if good { None } else { values.iter().position(|x| !x.is_finite()) }
}

pub(super) fn widen<T: Float>(values: &[T]) -> Vec<f64> {
    values.iter().map(|x| x.to_f64()).collect()
}

/// Relative rounding error of the numbers handed in.
pub(crate) fn epsilon<T: Float>() -> f64 {
    let f64_like = T::from_f64(1.0 + f64::EPSILON).to_f64() > 1.0;
    if f64_like { f64::EPSILON } else { f32::EPSILON.into() }
}
