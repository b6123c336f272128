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
    /// In every number, one in each of as many equally likely intervals as there are perturbations, anywhere in it (randomised
    /// quasi-Monte-Carlo).
    LatinHypercube,
    /// The same in the middle of each interval: which interval meets which is all that is random. Biased for few perturbations.
    LatinHypercubeMidpoints,
    /// One in every cell of a grid with k equally likely intervals for every number, anywhere in it: k^m perturbations, so for few
    /// numbers only (randomised quasi-Monte-Carlo).
    Cartesian,
}

impl Sampling {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::MonteCarlo, Self::LatinHypercube, Self::LatinHypercubeMidpoints, Self::Cartesian];

    /// As attributes and options write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MonteCarlo => "monte_carlo",
            Self::LatinHypercube => "latin_hypercube",
            Self::LatinHypercubeMidpoints => "latin_hypercube_midpoints",
            Self::Cartesian => "cartesian",
        }
    }
}

const MOST_SAMPLES: usize = 10_000_000;

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
    /// The second half of the perturbations are the mirror images of the first.
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

    /// Whether it can be drawn for arguments of `dim` numbers.
    ///
    /// # Errors
    /// [`SmoothingError::Setting`] for a scale that is not positive and finite, no samples, an odd number of antithetic ones, and
    /// Cartesian ones (pairs of them, if antithetic) that are not k^`dim`.
    pub fn validate(&self, dim: usize) -> Result<(), SmoothingError> {
        if !(self.scale.is_finite() && self.scale > 0.0) {
            let expected = "a positive, finite number";
            return Err(SmoothingError::Setting { name: "sigma", value: self.scale, expected });
        }
        let of_samples =
            |expected| Err(SmoothingError::Setting { name: "samples", value: self.samples as f64, expected });
        match (self.samples, self.antithetic, self.sampling) {
            (0, ..) => of_samples("at least 1"),
            // What is beyond is a mistyped number, and would end never or in an allocation failure.
            (many, ..) if many > MOST_SAMPLES => of_samples("at most 10 000 000"),
            (odd, true, _) if odd % 2 == 1 => of_samples("an even number, for antithetic pairs"),
            (_, false, Sampling::Cartesian) if self.intervals(dim).is_none() => {
                of_samples("k^m, for a grid of k intervals in each of m numbers")
            }
            (_, true, Sampling::Cartesian) if self.intervals(dim).is_none() => {
                of_samples("2 k^m, for pairs on a grid of k intervals in each of m numbers")
            }
            _ => Ok(()),
        }
    }

    /// Perturbations that are drawn and not mirrored.
    pub(crate) fn drawn(&self) -> usize {
        if self.antithetic { self.samples / 2 } else { self.samples }
    }

    /// k, if as many are drawn as k^`dim`.
    pub(crate) fn intervals(&self, dim: usize) -> Option<usize> {
        let power = |k: usize| u32::try_from(dim).ok().and_then(|dim| k.checked_pow(dim));
        (1..=self.drawn())
            .take_while(|k| power(*k).is_some_and(|p| p <= self.drawn()))
            .find(|k| power(*k) == Some(self.drawn()))
    }

    /// The noise of one sample in one step, `samples` x `dim` row-major, at scale 1. It depends on nothing else: not on the batch, the
    /// threads or what was drawn before.
    ///
    /// # Errors
    /// Those of [`validate`](Self::validate).
    pub fn draw(&self, step: u64, sample: u64, dim: usize) -> Result<Vec<f64>, SmoothingError> {
        self.validate(dim)?;
        let mut noise = vec![0.0; self.samples * dim];
        self.fill(step, sample, dim, &mut noise);
        Ok(noise)
    }

    /// The same into an array of that length, settings known to be valid.
    pub(super) fn fill(&self, step: u64, sample: u64, dim: usize, noise: &mut [f64]) {
        let mut key = [0; 32];
        key[..8].copy_from_slice(b"smoothng");
        key[8..16].copy_from_slice(&self.seed.to_le_bytes());
        key[16..24].copy_from_slice(&step.to_le_bytes());
        let mut random = ChaCha8Rng::from_seed(key);
        random.set_stream(sample);
        // Strictly between 0 and 1.
        let mut uniform = || ((random.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
        let drawn = self.drawn();
        let (noise, mirrored) = noise.split_at_mut(drawn * dim);
        noise.fill_with(&mut uniform);
        match self.sampling {
            Sampling::MonteCarlo => {}
            Sampling::LatinHypercube | Sampling::LatinHypercubeMidpoints => {
                if self.sampling == Sampling::LatinHypercubeMidpoints {
                    noise.fill(0.5);
                }
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
            Sampling::Cartesian => {
                let k = self.intervals(dim).unwrap_or(1);
                for (s, row) in noise.chunks_mut(dim.max(1)).enumerate() {
                    let mut digits = s;
                    for u in row {
                        *u = ((digits % k) as f64 + *u) / k as f64;
                        digits /= k;
                    }
                }
            }
        }
        for u in noise.iter_mut() {
            *u = self.distribution.quantile(*u);
        }
        if self.antithetic {
            for (mirrored, z) in mirrored.iter_mut().zip(noise.iter()) {
                *mirrored = mirror(self.distribution, *z);
            }
        }
    }
}

/// The mirror image about 0, or where the distribution is not symmetric about it, about the median.
fn mirror(distribution: Distribution, z: f64) -> f64 {
    match distribution {
        // exp(-e^-z) = u and 1 - u
        Distribution::Gumbel => distribution.quantile((-(-(-z).exp()).exp_m1()).clamp(1e-300, 1.0 - 1e-16)),
        _ => -z,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_named_by_seed_step_and_sample() {
        let noise = Noise::gaussian(0.1, 3);
        let first = noise.draw(5, 2, 4).unwrap();
        assert_eq!(first.len(), 12);
        assert_eq!(first, noise.draw(5, 2, 4).unwrap());
        for other in [noise.draw(6, 2, 4), noise.draw(5, 3, 4), Noise { seed: 1, ..noise }.draw(5, 2, 4)] {
            let other = other.unwrap();
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
        let drawn = noise.draw(0, 0, 3).unwrap();
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
            let drawn = noise.draw(0, 0, 2).unwrap();
            for i in 0..4 {
                {
                    let (a, b) = (drawn[i], drawn[4 + i]);
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
        let of = |noise: Noise| noise.validate(2).unwrap_err().to_string();
        assert_eq!(of(Noise::gaussian(0.0, 3)), "`sigma` is 0, expected a positive, finite number");
        assert_eq!(of(Noise::gaussian(f64::NAN, 3)), "`sigma` is NaN, expected a positive, finite number");
        assert_eq!(of(Noise::gaussian(0.1, 0)), "`samples` is 0, expected at least 1");
        let many = of(Noise::gaussian(0.1, 1_000_000_000_000));
        assert_eq!(many, "`samples` is 1000000000000, expected at most 10 000 000");
        let odd = Noise { antithetic: true, ..Noise::gaussian(0.1, 3) };
        assert_eq!(of(odd), "`samples` is 3, expected an even number, for antithetic pairs");
        let cartesian = Noise { sampling: Sampling::Cartesian, ..Noise::gaussian(0.1, 8) };
        assert_eq!(
            of(cartesian.clone()),
            "`samples` is 8, expected k^m, for a grid of k intervals in each of m numbers"
        );
        assert_eq!(cartesian.validate(3), Ok(()));
        assert_eq!(Noise { antithetic: true, ..cartesian.clone() }.validate(2), Ok(()));
        assert!(cartesian.draw(0, 0, 200).is_err());
    }

    #[test]
    fn grids_have_one_in_each_cell() {
        let noise = Noise { sampling: Sampling::Cartesian, ..Noise::gaussian(1.0, 9) };
        let drawn = noise.draw(0, 0, 2).unwrap();
        // The thirds of a normal distribution end at -0.43 and 0.43.
        let third = |z: f64| usize::from(z > -0.430_727) + usize::from(z > 0.430_727);
        let mut cells: Vec<_> = drawn.chunks(2).map(|z| 3 * third(z[0]) + third(z[1])).collect();
        cells.sort_unstable();
        assert_eq!(cells, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn midpoints() {
        let noise = Noise { sampling: Sampling::LatinHypercubeMidpoints, ..Noise::gaussian(1.0, 2) };
        let mut drawn = noise.draw(3, 1, 1).unwrap();
        drawn.sort_by(f64::total_cmp);
        assert!((drawn[0] + 0.674_489_75).abs() < 1e-8 && (drawn[1] - 0.674_489_75).abs() < 1e-8);
    }
}
