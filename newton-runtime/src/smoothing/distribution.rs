//! What noise is drawn from.

use std::fmt;
use std::str::FromStr;

use statrs::function::erf::erfc_inv;

use super::SmoothingError;
use crate::builtins::abs_d;

/// A distribution of the noise on every number, independent and of scale 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Distribution {
    /// Normal, variance 1.
    #[default]
    Gaussian,
    /// Distribution function 1 / (1 + e^-z).
    Logistic,
    /// Distribution function exp(-e^-z): what perturbs a maximum into a softmax. Its mean is 0.577, not 0.
    Gumbel,
    /// Density 1 / (pi (1 + z^2)).
    Cauchy,
    /// Density e^-|z| / 2.
    Laplace,
    /// Density 1 - |z| between -1 and 1.
    Triangular,
}

impl Distribution {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Gaussian, Self::Logistic, Self::Gumbel, Self::Cauchy, Self::Laplace, Self::Triangular];

    /// As attributes and options write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gaussian => "gaussian",
            Self::Logistic => "logistic",
            Self::Gumbel => "gumbel",
            Self::Cauchy => "cauchy",
            Self::Laplace => "laplace",
            Self::Triangular => "triangular",
        }
    }

    /// The number below which noise lies with probability `u`, 0 < u < 1.
    pub fn quantile(self, u: f64) -> f64 {
        match self {
            Self::Gaussian => -std::f64::consts::SQRT_2 * erfc_inv(2.0 * u),
            Self::Logistic => u.ln() - (-u).ln_1p(),
            Self::Gumbel => -(-u.ln()).ln(),
            Self::Cauchy => (std::f64::consts::PI * (u - 0.5)).tan(),
            Self::Laplace if u < 0.5 => (2.0 * u).ln(),
            Self::Laplace => -(2.0 * (1.0 - u)).ln(),
            Self::Triangular if u < 0.5 => (2.0 * u).sqrt() - 1.0,
            Self::Triangular => 1.0 - (2.0 * (1.0 - u)).sqrt(),
        }
    }

    /// `nu'(z)`, with `exp(-nu)` the density.
    pub fn score(self, z: f64) -> f64 {
        match self {
            Self::Gaussian => z,
            Self::Logistic => (0.5 * z).tanh(),
            Self::Gumbel => -(-z).exp_m1(),
            Self::Cauchy => 2.0 * z / (1.0 + z * z),
            Self::Laplace => abs_d(z),
            Self::Triangular => abs_d(z) / (1.0 - z.abs()),
        }
    }

    /// `nu''(z)`, which the Hessian takes.
    ///
    /// # Errors
    /// [`SmoothingError::NoCurvature`] where the score jumps.
    pub fn curvature(self, z: f64) -> Result<f64, SmoothingError> {
        match self {
            Self::Gaussian => Ok(1.0),
            Self::Logistic => {
                let cosh = (0.5 * z).cosh();
                Ok(0.5 / (cosh * cosh))
            }
            Self::Gumbel => Ok((-z).exp()),
            Self::Cauchy => {
                let square = 1.0 + z * z;
                Ok(2.0 * (1.0 - z * z) / (square * square))
            }
            Self::Laplace | Self::Triangular => Err(SmoothingError::NoCurvature(self)),
        }
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Distribution {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|of| of.name() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("`{name}` is none of {known}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Means of the density's derivatives over its quantiles: E nu' = 0, E (nu'^2 - nu'') = 0, and E z nu' = 1, which a wrong factor
    /// would miss.
    #[test]
    fn scores_are_those_of_the_density() {
        let n = 400_000;
        for of in Distribution::ALL {
            let z = (0..n).map(|i| of.quantile((i as f64 + 0.5) / n as f64));
            let (mut mean, mut slope, mut second) = (0.0, 0.0, 0.0);
            for z in z {
                let score = of.score(z);
                mean += score / n as f64;
                slope += z * score / n as f64;
                second += of.curvature(z).map_or(0.0, |c| (score * score - c) / n as f64);
            }
            assert!(mean.abs() < 0.02, "{of}: E nu' is {mean}");
            assert!((slope - 1.0).abs() < 0.02, "{of}: E z nu' is {slope}");
            assert!(second.abs() < 0.02, "{of}: E nu'^2 - nu'' is {second}");
        }
    }

    #[test]
    fn quantiles() {
        for (of, at, z) in [
            (Distribution::Gaussian, 0.975, 1.959_963_984_540_054),
            (Distribution::Logistic, 0.75, 3.0_f64.ln()),
            (Distribution::Gumbel, (-1.0_f64).exp(), 0.0),
            (Distribution::Cauchy, 0.75, 1.0),
            (Distribution::Laplace, 0.25, -(2.0_f64.ln())),
            (Distribution::Triangular, 0.125, -0.5),
        ] {
            assert!((of.quantile(at) - z).abs() < 1e-12, "{of}: {}", of.quantile(at));
            assert_eq!(of.name().parse(), Ok(of));
        }
        assert_eq!(
            "normal".parse::<Distribution>().unwrap_err(),
            "`normal` is none of gaussian, logistic, gumbel, cauchy, laplace, triangular"
        );
    }
}
