//! What is subtracted from values before they are weighed.

use super::{Noise, Sampling, SmoothingError};

/// What is subtracted from the values: nothing in the mean, and a great deal of variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Covariate {
    /// Nothing.
    None,
    /// The value at the unperturbed argument (the paper's equations 15 and 16).
    #[default]
    Unperturbed,
    /// For each perturbation the mean of the others' values; of the other pairs' if they are antithetic. Samples of hypercubes and grids
    /// depend on each other: there it is the mean of all, next to unbiased from four on.
    LeaveOneOut,
}

impl Covariate {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Unperturbed, Self::LeaveOneOut];

    /// As attributes and options write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unperturbed => "unperturbed",
            Self::LeaveOneOut => "leave_one_out",
        }
    }

    /// # Errors
    /// [`SmoothingError::Setting`] for too few samples to leave one out.
    pub(super) fn validate(self, noise: &Noise) -> Result<(), SmoothingError> {
        let (least, expected) = match (noise.sampling, noise.antithetic) {
            (Sampling::MonteCarlo, false) => (2, "at least 2, to leave one out"),
            (Sampling::MonteCarlo, true) => (4, "at least 4, to leave a pair out"),
            (_, false) => (4, "at least 4, to leave one out of a hypercube or a grid"),
            (_, true) => (8, "at least 8, to leave a pair out of a hypercube or a grid"),
        };
        if self != Self::LeaveOneOut || noise.samples >= least {
            return Ok(());
        }
        Err(SmoothingError::Setting { name: "samples", value: noise.samples as f64, expected })
    }

    /// `(f_s - c_s) / S` for the values at all perturbations.
    pub(super) fn centre(self, noise: &Noise, values: &[f64], unperturbed: f64) -> Vec<f64> {
        let count = values.len() as f64;
        let mean = || values.iter().sum::<f64>() / count;
        match self {
            Self::None => values.iter().map(|f| f / count).collect(),
            Self::Unperturbed => values.iter().map(|f| (f - unperturbed) / count).collect(),
            Self::LeaveOneOut => match (noise.sampling, noise.antithetic) {
                // f_s minus the mean of the others is S / (S - 1) times f_s minus the mean of all.
                (Sampling::MonteCarlo, false) => {
                    let mean = mean();
                    values.iter().map(|f| (f - mean) / (count - 1.0).max(1.0)).collect()
                }
                // The same for the means of pairs, of which both values are part.
                (Sampling::MonteCarlo, true) => {
                    let (mean, pairs) = (mean(), values.len() / 2);
                    let grown = pairs as f64 / pairs.saturating_sub(1).max(1) as f64;
                    let of_pair = |s: usize| 0.5 * (values[s % pairs] + values[s % pairs + pairs]);
                    let weight = |(s, f): (usize, &f64)| {
                        let pair = of_pair(s);
                        (f - pair + grown * (pair - mean)) / count
                    };
                    values.iter().enumerate().map(weight).collect()
                }
                _ => {
                    let mean = mean();
                    values.iter().map(|f| (f - mean) / count).collect()
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoothing::Evaluations;

    /// The mean of many estimates from few samples is that of many samples: nothing is biased.
    #[test]
    fn few_samples_are_unbiased() {
        let (y, scale) = (0.4_f64, 0.7_f64);
        let density = (-0.5_f64 * (y / scale).powi(2)).exp() / (scale * (2.0 * std::f64::consts::PI).sqrt());
        let slope = -y / (scale * scale) * density;
        for covariate in Covariate::ALL {
            for sampling in [Sampling::MonteCarlo, Sampling::LatinHypercube, Sampling::Cartesian] {
                for (antithetic, samples) in [(false, 2), (false, 4), (true, 4), (true, 8)] {
                    let noise = Noise { sampling, antithetic, ..Noise::gaussian(scale, samples) };
                    if covariate.validate(&noise).is_err() {
                        continue;
                    }
                    let (mut gradient, mut hessian, rounds) = (0.0, [0.0], 60_000);
                    for round in 0..rounds {
                        let drawn = noise.draw(0, round, 1).unwrap();
                        let step = |x: f64| f64::from(u8::from(x > 0.0));
                        let values: Vec<f64> = drawn.iter().map(|z| step(y + scale * z)).collect();
                        let found = Evaluations::new(&noise, &drawn, &values, step(y)).unwrap();
                        gradient += found.gradient(covariate)[0] / rounds as f64;
                        found.add_hessian(covariate, 1.0 / rounds as f64, &mut hessian).unwrap();
                    }
                    let what = format!("{covariate:?} {sampling:?} {samples} {antithetic}");
                    assert!((gradient / density - 1.0).abs() < 0.03, "{what}: {gradient} and {density}");
                    assert!((hessian[0] / slope - 1.0).abs() < 0.06, "{what}: {hessian:?} and {slope}");
                }
            }
        }
    }
}
