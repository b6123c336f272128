//! Means and spreads over seeds.

/// Arithmetic mean; NaN of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation of a sample, with n - 1; NaN of fewer than two values.
pub fn standard_deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return f64::NAN;
    }
    // Around the mean, not as a difference of squares: accuracies of seeds lie close together.
    let mean = mean(values);
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// What a table says of one number over several seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// How many values.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (n - 1); NaN for one value.
    pub standard_deviation: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Summary {
    /// Of the values; `None` if there are none. A NaN among them makes mean and spread NaN.
    pub fn of(values: &[f64]) -> Option<Self> {
        let min = values.iter().copied().reduce(f64::min)?;
        let max = values.iter().copied().reduce(f64::max)?;
        let standard_deviation = standard_deviation(values);
        Some(Self { count: values.len(), mean: mean(values), standard_deviation, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_known_numbers() {
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        assert_eq!(mean(&values), 5.0);
        // Sum of squares 32; with n instead of n - 1 it would be exactly 2.
        assert!((standard_deviation(&values) - (32f64 / 7.0).sqrt()).abs() < 1e-15);
        let summary = Summary::of(&values).expect("not empty");
        assert_eq!((summary.count, summary.min, summary.max), (8, 2.0, 9.0));
    }

    #[test]
    fn a_small_spread_on_a_large_mean_survives() {
        let values = [1e9, 1e9 + 1.0, 1e9 + 2.0];
        assert_eq!(standard_deviation(&values), 1.0);
    }

    #[test]
    fn too_few_values_have_no_spread() {
        assert!(mean(&[]).is_nan() && standard_deviation(&[1.0]).is_nan());
        assert_eq!(Summary::of(&[]), None);
    }
}
