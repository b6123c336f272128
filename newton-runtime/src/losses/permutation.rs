//! Permutation matrices from the true values of a set.

use crate::scalar::Float;

/// `[position][item]` with the largest value at position 0: the label of NeuralSort and SoftSort. Ties keep their order.
pub fn descending<T: Float, const N: usize>(values: &[f64; N]) -> [[T; N]; N] {
    let mut matrix = [[T::from_f64(0.0); N]; N];
    for (position, item) in order(values, |a, b| b.total_cmp(a)).into_iter().enumerate() {
        matrix[position][item] = T::from_f64(1.0);
    }
    matrix
}

/// `[item][position]` with the smallest value at position 0: the label of sorting networks. Ties keep their order.
pub fn ascending<T: Float, const N: usize>(values: &[f64; N]) -> [[T; N]; N] {
    let mut matrix = [[T::from_f64(0.0); N]; N];
    for (position, item) in order(values, f64::total_cmp).into_iter().enumerate() {
        matrix[item][position] = T::from_f64(1.0);
    }
    matrix
}

fn order<const N: usize>(values: &[f64; N], by: impl Fn(&f64, &f64) -> std::cmp::Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..N).collect();
    order.sort_by(|&i, &j| by(&values[i], &values[j]));
    order
}
