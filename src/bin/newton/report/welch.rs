//! Means over seeds, confidence intervals, and Welch's t-test. The paper tests at 5 %, two-sided.

use newton_losses::train::{mean, standard_deviation};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Errors of the first kind that a test may make.
pub const LEVEL: f64 = 0.05;

/// Numbers of several seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// How many.
    pub count: usize,
    pub mean: f64,
    /// With n - 1; NaN for one value.
    pub deviation: f64,
}

/// A test of two means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Welch {
    /// The difference of the means over its standard error.
    pub t: f64,
    pub standard_error: f64,
    /// By Welch and Satterthwaite.
    pub degrees_of_freedom: f64,
    /// Two-sided.
    pub p: f64,
}

impl Sample {
    /// `None` of nothing.
    pub fn of(values: &[f64]) -> Option<Self> {
        (!values.is_empty()).then(|| Self {
            count: values.len(),
            mean: mean(values),
            deviation: standard_deviation(values),
        })
    }

    /// Half the width of the 95 % confidence interval of the mean; `None` for one value.
    pub fn half_width(&self) -> Option<f64> {
        let error = self.deviation / (self.count as f64).sqrt();
        half_width(error, self.count.checked_sub(1)? as f64)
    }

    /// The test of `self` against `other`; `None` where there is none: less than two values on a side, or no spread on either.
    pub fn welch(&self, other: &Self) -> Option<Welch> {
        let of_mean = |sample: &Self| sample.deviation * sample.deviation / sample.count as f64;
        let (a, b) = (of_mean(self), of_mean(other));
        // NaN is the deviation of one value.
        if (a + b).is_nan() || a + b == 0.0 {
            return None;
        }
        let standard_error = (a + b).sqrt();
        let t = (self.mean - other.mean) / standard_error;
        let degrees_of_freedom =
            (a + b) * (a + b) / (a * a / (self.count - 1) as f64 + b * b / (other.count - 1) as f64);
        let student = StudentsT::new(0.0, 1.0, degrees_of_freedom).ok()?;
        let p = 2.0 * student.cdf(-t.abs());
        p.is_finite().then_some(Welch { t, standard_error, degrees_of_freedom, p })
    }
}

impl Welch {
    /// Half the width of the 95 % confidence interval of the difference.
    pub fn half_width(&self) -> Option<f64> {
        half_width(self.standard_error, self.degrees_of_freedom)
    }

    /// Whether the means differ at 5 %.
    pub fn significant(&self) -> bool {
        self.p < LEVEL
    }
}

/// Of a 95 % confidence interval, by Student.
fn half_width(standard_error: f64, degrees_of_freedom: f64) -> Option<f64> {
    let student = StudentsT::new(0.0, 1.0, degrees_of_freedom).ok()?;
    standard_error.is_finite().then(|| student.inverse_cdf(1.0 - LEVEL / 2.0) * standard_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::of(values).expect("values")
    }

    #[test]
    fn as_worked_out_by_hand() {
        // Means 3 and 6, variances 2.5 and 10 of five each: t = -3 / sqrt(0.5 + 2), df = 2.5^2 / (0.25 / 4 + 4 / 4).
        let test =
            sample(&[1.0, 2.0, 3.0, 4.0, 5.0]).welch(&sample(&[2.0, 4.0, 6.0, 8.0, 10.0])).expect("a spread");
        assert!((test.t + 3.0 / 2.5_f64.sqrt()).abs() < 1e-14);
        assert!((test.degrees_of_freedom - 6.25 / 1.0625).abs() < 1e-14);
        // p from numerical integration of the density with 5.88 degrees of freedom.
        assert!((test.p - 0.107_531_19).abs() < 1e-6 && !test.significant(), "{test:?}");
    }

    #[test]
    fn two_degrees_of_freedom_have_a_closed_form() {
        // Equal variances of two each: df = 2, where the density's integral is t / sqrt(2 + t^2).
        let test = sample(&[0.8, 0.82]).welch(&sample(&[0.7, 0.72])).expect("a spread");
        assert!((test.degrees_of_freedom - 2.0).abs() < 1e-9);
        assert!((test.p - (1.0 - test.t / (2.0 + test.t * test.t).sqrt())).abs() < 1e-9, "{test:?}");
        assert!(test.significant());
        // The interval's quantile for one degree of freedom is tan(pi 0.475).
        let half = sample(&[0.0, 2.0]).half_width().expect("two values");
        assert!((half - (std::f64::consts::PI * 0.475).tan()).abs() < 1e-6, "{half}");
    }

    #[test]
    fn nothing_is_claimed_without_a_spread() {
        assert_eq!(Sample::of(&[]), None);
        assert_eq!(sample(&[0.5]).half_width(), None);
        assert_eq!(sample(&[0.5]).welch(&sample(&[0.1, 0.2])), None);
        assert_eq!(sample(&[0.5, 0.5]).welch(&sample(&[0.1, 0.1])), None);
        let same = sample(&[0.1, 0.2, 0.3]).welch(&sample(&[0.3, 0.1, 0.2])).expect("a spread");
        assert!((same.p - 1.0).abs() < 1e-9 && !same.significant());
    }
}
