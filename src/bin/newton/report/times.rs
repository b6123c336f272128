//! Time of a step and how it compares with the baseline's: the paper's Tables 6 to 8.

use super::groups::{Column, Family};
use super::welch::Sample;

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepTime {
    /// Over runs: the median of each run's steps, in seconds.
    pub sample: Sample,
    /// Over the baseline's mean; `None` without one.
    pub ratio: Option<f64>,
}

impl Family<'_> {
    /// A row of the table. All lambdas of a column are taken together: a step costs the same with each.
    pub fn times(&self, columns: &[Column]) -> Vec<Option<StepTime>> {
        let sample = |column: Column| {
            let runs = self.of(column).flat_map(|group| &group.runs);
            let times = runs.filter_map(|run| run.result.as_ref()?.time.seconds_per_step);
            Sample::of(&times.collect::<Vec<_>>())
        };
        let baseline = self.baseline().and_then(|group| sample(group.column()));
        let cell = |column: &Column| {
            let sample = sample(*column)?;
            let ratio =
                baseline.map(|baseline| sample.mean / baseline.mean).filter(|ratio| ratio.is_finite());
            Some(StepTime { sample, ratio })
        };
        columns.iter().map(cell).collect()
    }
}

impl StepTime {
    /// `12.3 ± 0.4`, in milliseconds.
    pub fn milliseconds(&self) -> String {
        let (mean, deviation) = (1e3 * self.sample.mean, 1e3 * self.sample.deviation);
        // Three digits of the mean.
        let decimals = (2.0 - mean.abs().max(1e-9).log10().floor()).clamp(0.0, 4.0) as usize;
        let text = format!("{mean:.decimals$}");
        if deviation.is_finite() { format!("{text} \u{b1} {deviation:.decimals$}") } else { text }
    }

    /// `1.25 × baseline, 3 runs`.
    pub fn details(&self, is_baseline: bool) -> String {
        let runs = if self.sample.count == 1 { "run" } else { "runs" };
        let runs = format!("{} {runs}", self.sample.count);
        match self.ratio.filter(|_| !is_baseline) {
            Some(ratio) => format!("{ratio:.2} \u{d7} baseline, {runs}"),
            None => runs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_the_ratio() {
        let of = |values: &[f64], ratio| StepTime { sample: Sample::of(values).expect("values"), ratio };
        let cell = of(&[0.0123, 0.0125], Some(1.2345));
        assert_eq!(cell.milliseconds(), "12.4 \u{b1} 0.1");
        assert_eq!(cell.details(false), "1.23 \u{d7} baseline, 2 runs");
        assert_eq!(cell.details(true), "2 runs");
        assert_eq!(of(&[0.000_456_7], None).milliseconds(), "0.457");
        assert_eq!(of(&[1.2345], None).milliseconds(), "1234");
        assert_eq!(of(&[0.0], None).milliseconds(), "0.0000");
    }
}
