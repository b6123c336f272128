//! Settings that would train nothing, and what is said of them.

use super::{Method, TrainError};

/// Each of the named numbers is at least 1.
pub(super) fn at_least_one(numbers: &[(&'static str, u64)]) -> Result<(), TrainError> {
    match numbers.iter().find(|(_, value)| *value == 0) {
        Some((name, _)) => Err(TrainError::Setting { name, value: 0.0, expected: "at least 1" }),
        None => Ok(()),
    }
}

/// What is beyond `most` is a mistyped number, and would end never or in an allocation failure.
pub(super) fn at_most(
    name: &'static str,
    value: u64,
    most: u64,
    expected: &'static str,
) -> Result<(), TrainError> {
    if value <= most { Ok(()) } else { Err(TrainError::Setting { name, value: value as f64, expected }) }
}

/// At least one method, each once.
pub(super) fn methods(methods: &[Method]) -> Result<(), TrainError> {
    at_least_one(&[("methods", methods.len() as u64)])?;
    if methods.iter().enumerate().any(|(i, method)| methods[..i].contains(method)) {
        let value = methods.len() as f64;
        return Err(TrainError::Setting { name: "methods", value, expected: "every method once" });
    }
    Ok(())
}

/// Above 0 and finite.
pub(super) fn positive(name: &'static str, value: f64) -> Result<(), TrainError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(TrainError::Setting { name, value, expected: "a positive number" })
}
