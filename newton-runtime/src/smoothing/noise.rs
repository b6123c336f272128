//! Noise that can be had again: a function of seed, step and sample.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Distribution, SmoothingError};

/// How the perturbations of one sample are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sampling {
    /// Independently.
    #[default]
    MonteCarlo,
    /// In every number, one in each of as many equally likely intervals as there are perturbations (randomised quasi-Monte-Carlo).
    LatinHypercube,
}

/// What perturbs the argument of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Noise {
    /// Of every number, at scale 1.
    pub distribution: Distribution,
    /// What it is multiplied by, in units of the argument: the paper's sigma.
    pub scale: f64,
    /// Perturbations of each sample.
    pub samples: usize,
    /// How they are spread.
    pub sampling: Sampling,
    /// Every second perturbation is the mirror image of the one before.
    pub antithetic: bool,
    /// Names the noise, together with step and sample.
    pub seed: u64,
}

impl Noise {
    /// Independent normal noise.
    pub fn gaussian(scale: f64, samples: usize) -> Self {
        Self {
            distribution: Distribution::Gaussian,
            scale,
            samples,
            sampling: Sampling::MonteCarlo,
            antithetic: false,
            seed: 0,
        }
    }

    /// # Errors
    /// [`SmoothingError::Setting`] for a scale that is not positive and finite, no samples, and an odd number of antithetic ones.
    pub fn validate(&self) -> Result<(), SmoothingError> {
        if !(self.scale.is_finite() && self.scale > 0.0) {
            let expected = "a positive, finite number";
            return Err(SmoothingError::Setting { name: "scale", value: self.scale, expected });
        }
        let value = self.samples as f64;
        if self.samples == 0 {
            return Err(SmoothingError::Setting { name: "samples", value, expected: "at least 1" });
        }
        if self.antithetic && !self.samples.is_multiple_of(2) {
            let expected = "an even number, for antithetic pairs";
            return Err(SmoothingError::Setting { name: "samples", value, expected });
        }
        Ok(())
    }

    /// The noise of one sample in one step, `samples` x `dim` row-major, at scale 1. It depends on nothing else: not on the batch, the
    /// threads or what was drawn before.
    pub fn draw(&self, step: u64, sample: u64, dim: usize) -> Vec<f64> {
        let mut key = [0; 32];
        key[..8].copy_from_slice(b"smoothng");
        key[8..16].copy_from_slice(&self.seed.to_le_bytes());
        key[16..24].copy_from_slice(&step.to_le_bytes());
        let mut random = ChaCha8Rng::from_seed(key);
        random.set_stream(sample);
        // Strictly between 0 and 1.
        let mut uniform = || ((random.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
        let drawn = if self.antithetic { self.samples / 2 } else { self.samples };
        let mut noise: Vec<f64> = (0..drawn * dim).map(|_| uniform()).collect();
        if self.sampling == Sampling::LatinHypercube {
            let mut order: Vec<usize> = (0..drawn).collect();
            for i in 0..dim {
                for k in (1..drawn).rev() {
                    order.swap(k, (uniform() * (k + 1) as f64) as usize);
                }
                for (s, interval) in order.iter().enumerate() {
                    let u = &mut noise[s * dim + i];
                    *u = (*interval as f64 + *u) / drawn as f64;
                }
            }
        }
        for u in &mut noise {
            *u = self.distribution.quantile(*u);
        }
        if self.antithetic {
            noise = noise.chunks(dim.max(1)).flat_map(|row| mirrored(self.distribution, row)).collect();
        }
        noise
    }
}

/// A row and its mirror image: about 0, or where the distribution is not symmetric about it, about the median.
fn mirrored(distribution: Distribution, row: &[f64]) -> Vec<f64> {
    let mirror = |z: f64| match distribution {
        // exp(-e^-z) = u and 1 - u
        Distribution::Gumbel => distribution.quantile((-(-(-z).exp()).exp_m1()).clamp(1e-300, 1.0 - 1e-16)),
        _ => -z,
    };
    row.iter().copied().chain(row.iter().map(|z| mirror(*z))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_named_by_seed_step_and_sample() {
        let noise = Noise::gaussian(0.1, 3);
        let first = noise.draw(5, 2, 4);
        assert_eq!(first.len(), 12);
        assert_eq!(first, noise.draw(5, 2, 4));
        for other in [noise.draw(6, 2, 4), noise.draw(5, 3, 4), Noise { seed: 1, ..noise }.draw(5, 2, 4)] {
            assert!(first.iter().zip(&other).all(|(a, b)| a != b));
        }
    }

    #[test]
    fn hypercubes_have_one_in_each_interval() {
        let noise = Noise {
            distribution: Distribution::Triangular,
            sampling: Sampling::LatinHypercube,
            ..Noise::gaussian(1.0, 8)
        };
        let drawn = noise.draw(0, 0, 3);
        for i in 0..3 {
            let mut intervals: Vec<usize> = (0..8)
                .map(|s| {
                    let z = drawn[3 * s + i];
                    let u = if z < 0.0 { 0.5 * (1.0 + z).powi(2) } else { 1.0 - 0.5 * (1.0 - z).powi(2) };
                    (8.0 * u) as usize
                })
                .collect();
            intervals.sort_unstable();
            assert_eq!(intervals, [0, 1, 2, 3, 4, 5, 6, 7]);
        }
    }

    #[test]
    fn antithetic_pairs() {
        for distribution in Distribution::ALL {
            let noise = Noise { antithetic: true, distribution, ..Noise::gaussian(1.0, 4) };
            let drawn = noise.draw(0, 0, 2);
            for pair in drawn.chunks(4) {
                for i in 0..2 {
                    let (a, b) = (pair[i], pair[2 + i]);
                    if distribution == Distribution::Gumbel {
                        let cdf = |z: f64| (-(-z).exp()).exp();
                        assert!((cdf(a) + cdf(b) - 1.0).abs() < 1e-12);
                    } else {
                        assert_eq!(a, -b);
                    }
                }
            }
        }
    }

    #[test]
    fn bad_settings() {
        let of = |noise: Noise| noise.validate().unwrap_err().to_string();
        assert_eq!(of(Noise::gaussian(0.0, 3)), "`scale` is 0, expected a positive, finite number");
        assert_eq!(of(Noise::gaussian(f64::NAN, 3)), "`scale` is NaN, expected a positive, finite number");
        assert_eq!(of(Noise::gaussian(0.1, 0)), "`samples` is 0, expected at least 1");
        let odd = Noise { antithetic: true, ..Noise::gaussian(0.1, 3) };
        assert_eq!(of(odd), "`samples` is 3, expected an even number, for antithetic pairs");
    }
}
