//! Golden files and comparisons, for the tests of this folder.

#![allow(dead_code)] // every test binary uses its part

use newton_losses::scalar::Float;
use serde_json::Value;

/// A JSON file, by its path in the repository.
pub fn json(path: &str) -> Value {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("the golden file is there"))
        .expect("it is JSON")
}

/// All numbers of an array of any rank, row-major.
pub fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(all) => all.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().expect("a number")],
    }
}

/// Square matrices, one after the other.
pub fn matrices<T: Float, const N: usize>(flat: &[f64]) -> Vec<[[T; N]; N]> {
    let cast = cast(flat);
    cast.as_chunks::<N>().0.as_chunks().0.to_vec()
}

/// Rounded to the element type.
pub fn cast<T: Float>(values: &[f64]) -> Vec<T> {
    values.iter().map(|x| T::from_f64(*x)).collect()
}

/// In f64, whatever the element type.
pub fn wide<T: Float>(values: &[T]) -> Vec<f64> {
    values.iter().map(|x| x.to_f64()).collect()
}

/// Largest absolute value.
pub fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |m, x| m.max(x.abs()))
}

/// Largest deviation, relative to the largest entry of what is expected.
pub fn deviation(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = largest(expected).max(1e-300);
    // `max` would drop a NaN.
    assert!(found.iter().all(|x| x.is_finite()), "not finite: {found:?}");
    found.iter().zip(expected).map(|(a, b)| (a - b).abs() / scale).fold(0.0, f64::max)
}

#[track_caller]
pub fn assert_close(what: &str, tolerance: f64, found: &[f64], expected: &[f64]) {
    let deviation = deviation(found, expected);
    assert!(deviation <= tolerance, "{what}: off by {deviation:e}, relative to the largest entry");
}

/// A check that cannot fail checks nothing: these must be told apart.
#[track_caller]
pub fn assert_far(what: &str, wrong: &[f64], expected: &[f64]) {
    let deviation = deviation(wrong, expected);
    assert!(deviation > 1e-2, "{what}: the wrong numbers deviate by {deviation:e} only");
}
