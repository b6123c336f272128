//! Estimates from values of a loss.

use rayon::prelude::*;

use super::factors::{Factors, SampleFactors};
use super::{Covariate, Noise, SmoothingError, length};

/// Values of a function at perturbed arguments of one sample.
#[derive(Debug, Clone, Copy)]
pub struct Evaluations<'a> {
    noise: &'a Noise,
    drawn: &'a [f64],
    values: &'a [f64],
    unperturbed: f64,
}

impl<'a> Evaluations<'a> {
    /// `drawn`: [`Noise::draw`], S x m at scale 1; `values`: `f(y + scale z_s)`, S; `unperturbed`: `f(y)`, not read without
    /// [`Covariate::Unperturbed`].
    ///
    /// # Errors
    /// [`SmoothingError`] for settings out of range, lengths that do not fit and values that are not finite.
    pub fn new(
        noise: &'a Noise,
        drawn: &'a [f64],
        values: &'a [f64],
        unperturbed: f64,
    ) -> Result<Self, SmoothingError> {
        let dim = drawn.len().checked_div(noise.samples).unwrap_or(0);
        noise.validate(dim)?;
        length("values at perturbed arguments", values.len(), noise.samples)?;
        length("noise", drawn.len(), dim * noise.samples)?;
        if let Some(perturbation) = values.iter().chain([&unperturbed]).position(|value| !value.is_finite()) {
            let value = values.get(perturbation).copied().unwrap_or(unperturbed);
            return Err(SmoothingError::NonFinite { perturbation, value });
        }
        Ok(Self::checked(noise, drawn, values, unperturbed))
    }

    /// Of what is known to fit.
    pub(super) fn checked(noise: &'a Noise, drawn: &'a [f64], values: &'a [f64], unperturbed: f64) -> Self {
        Self { noise, drawn, values, unperturbed }
    }

    /// The mean of the values: an estimate of the smoothed function.
    pub fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    /// Gradient of the smoothed function, m: `1/S sum_s (f_s - c) nu'(z_s) / scale`.
    pub fn gradient(&self, covariate: Covariate) -> Vec<f64> {
        scored(self.noise, self.drawn, &self.weights(covariate))
    }

    /// Adds `factor` times the Hessian of the smoothed function to an m x m matrix: `1/S sum_s (f_s - c) (nu' nu'^T - nu'') / scale^2`.
    ///
    /// # Errors
    /// [`SmoothingError::NoCurvature`] for noise that has none, [`SmoothingError::Length`] for a matrix of another size.
    pub fn add_hessian(
        &self,
        covariate: Covariate,
        factor: f64,
        into: &mut [f64],
    ) -> Result<(), SmoothingError> {
        let dim = self.drawn.len() / self.noise.samples;
        length("the Hessian", into.len(), dim * dim)?;
        let mut factors = Factors::new(1, self.noise.samples, dim);
        factors.samples().try_for_each(|of| self.factor_hessian(covariate, factor, of))?;
        factors.add_to(into);
        Ok(())
    }

    /// The same as factors of a sum.
    pub(super) fn factor_hessian(
        &self,
        covariate: Covariate,
        factor: f64,
        SampleFactors { left, right, diagonal }: SampleFactors<'_>,
    ) -> Result<(), SmoothingError> {
        let (distribution, dim) = (self.noise.distribution, diagonal.len().max(1));
        distribution.curvature(0.0)?;
        let scale = factor / (self.noise.scale * self.noise.scale);
        let rows = left.chunks_mut(dim).zip(right.chunks_mut(dim)).zip(self.drawn.chunks(dim));
        for (((left, right), drawn), weight) in rows.zip(self.weights(covariate)) {
            let weight = weight * scale;
            for i in 0..dim {
                right[i] = distribution.score(drawn[i]);
                left[i] = weight * right[i];
                diagonal[i] += weight * distribution.curvature(drawn[i])?;
            }
        }
        Ok(())
    }

    /// `(f_s - c) / S`.
    fn weights(&self, covariate: Covariate) -> Vec<f64> {
        covariate.centre(self.noise, self.values, self.unperturbed)
    }
}

/// `sum_s weight_s nu'(z_s) / scale`.
pub(super) fn scored(noise: &Noise, drawn: &[f64], weights: &[f64]) -> Vec<f64> {
    let dim = drawn.len() / noise.samples;
    let mut sum = vec![0.0; dim];
    for (row, weight) in drawn.chunks(dim.max(1)).zip(weights) {
        for (sum, z) in sum.iter_mut().zip(row) {
            *sum += weight * noise.distribution.score(*z) / noise.scale;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoothing::{Distribution, Sampling};

    /// f(y) = y^T A y / 2 + b y has gradient A (y + E e) + b and Hessian A under any noise: a wrong factor would show.
    #[test]
    fn quadratics() {
        let (a, b, y) = ([[2.0, -0.5], [-0.5, 1.0]], [0.3, -0.7], [0.4, -0.2]);
        let f = |x: [f64; 2]| {
            let ax = [a[0][0] * x[0] + a[0][1] * x[1], a[1][0] * x[0] + a[1][1] * x[1]];
            0.5 * (x[0] * ax[0] + x[1] * ax[1]) + b[0] * x[0] + b[1] * x[1]
        };
        for (distribution, mean) in [
            (Distribution::Gaussian, 0.0),
            (Distribution::Logistic, 0.0),
            (Distribution::Gumbel, 0.577_215_66),
        ] {
            for (covariate, antithetic) in [
                (Covariate::None, false),
                (Covariate::Unperturbed, false),
                (Covariate::Unperturbed, true),
                (Covariate::LeaveOneOut, false),
            ] {
                let sampling = Sampling::LatinHypercube;
                let noise =
                    Noise { distribution, antithetic, sampling, seed: 1, ..Noise::gaussian(0.7, 200_000) };
                let drawn = noise.draw(0, 0, 2).unwrap();
                let values: Vec<f64> =
                    drawn.chunks(2).map(|z| f([y[0] + 0.7 * z[0], y[1] + 0.7 * z[1]])).collect();
                let evaluations = Evaluations::new(&noise, &drawn, &values, f(y)).unwrap();
                let gradient = evaluations.gradient(covariate);
                let mut hessian = [0.0; 4];
                evaluations.add_hessian(covariate, 1.0, &mut hessian).unwrap();
                let at = y.map(|y| y + 0.7 * mean);
                for i in 0..2 {
                    let exact = a[i][0] * at[0] + a[i][1] * at[1] + b[i];
                    assert!((gradient[i] - exact).abs() < 0.05, "{distribution} {covariate:?}: {gradient:?}");
                    for j in 0..2 {
                        let off = (hessian[2 * i + j] - a[i][j]).abs();
                        assert!(off < 0.15, "{distribution} {covariate:?} {antithetic}: {hessian:?}");
                    }
                }
            }
        }
    }

    /// Distribution function, density, and the density's slope.
    fn density(of: Distribution, z: f64) -> (f64, f64, f64) {
        let e = (-z).exp();
        match of {
            Distribution::Gaussian => {
                let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
                (0.5 * statrs::function::erf::erfc(-z / 2.0_f64.sqrt()), density, -z * density)
            }
            Distribution::Logistic => {
                let below = 1.0 / (1.0 + e);
                let density = below * (1.0 - below);
                (below, density, density * (1.0 - 2.0 * below))
            }
            Distribution::Gumbel => ((-e).exp(), e * (-e).exp(), e * (e - 1.0) * (-e).exp()),
            Distribution::Cauchy => {
                let (pi, square) = (std::f64::consts::PI, 1.0 + z * z);
                (0.5 + z.atan() / pi, 1.0 / (pi * square), -2.0 * z / (pi * square * square))
            }
            Distribution::Laplace => {
                let half = 0.5 * (-z.abs()).exp();
                (if z < 0.0 { half } else { 1.0 - half }, half, -half * z.signum())
            }
            Distribution::Triangular => {
                let rest = 1.0 - z.abs();
                (if z < 0.0 { 0.5 * rest * rest } else { 1.0 - 0.5 * rest * rest }, rest, -z.signum())
            }
        }
    }

    /// The mean of a step under noise is the noise's distribution function, its derivatives density and slope.
    #[test]
    fn steps() {
        let step = |x: f64| f64::from(u8::from(x > 0.0));
        let (y, scale) = (0.3, 0.7);
        for distribution in Distribution::ALL {
            for sampling in Sampling::ALL {
                for antithetic in [false, true] {
                    let noise =
                        Noise { distribution, sampling, antithetic, ..Noise::gaussian(scale, 100_000) };
                    let drawn = noise.draw(0, 7, 1).unwrap();
                    let values: Vec<f64> = drawn.iter().map(|z| step(y + scale * z)).collect();
                    let evaluations = Evaluations::new(&noise, &drawn, &values, step(y)).unwrap();
                    let (below, density, slope) = density(distribution, -y / scale);
                    let what = format!("{distribution} {} {antithetic}", sampling.name());
                    let near = |found: f64, exact: f64, within: f64| {
                        assert!((found - exact).abs() < within, "{what}: {found} and {exact}");
                    };
                    near(evaluations.mean(), 1.0 - below, 0.006);
                    // The variance of the triangle's score is infinite.
                    let within = if distribution == Distribution::Triangular { 0.08 } else { 0.02 };
                    for covariate in Covariate::ALL {
                        near(evaluations.gradient(covariate)[0], density / scale, within);
                        let mut hessian = [0.0];
                        let found = evaluations.add_hessian(covariate, 1.0, &mut hessian);
                        match distribution {
                            Distribution::Laplace | Distribution::Triangular => assert!(found.is_err()),
                            _ => near(hessian[0], -slope / (scale * scale), 0.06),
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit() {
        let noise = Noise::gaussian(0.1, 3);
        let drawn = noise.draw(0, 0, 2).unwrap();
        let of =
            |values: &[f64], at: f64| Evaluations::new(&noise, &drawn, values, at).unwrap_err().to_string();
        assert_eq!(of(&[0.0; 2], 0.0), "values at perturbed arguments: 2 numbers, expected 3");
        assert_eq!(
            of(&[0.0, f64::NAN, 0.0], 0.0),
            "the function returned NaN for perturbation 1, expected a finite number"
        );
        let laplace = Noise { distribution: Distribution::Laplace, ..noise.clone() };
        let evaluations = Evaluations::new(&laplace, &drawn, &[0.0; 3], 0.0).unwrap();
        let error = evaluations.add_hessian(Covariate::None, 1.0, &mut [0.0; 4]).unwrap_err();
        assert!(error.to_string().starts_with("laplace noise has no Hessian estimate"), "{error}");
    }
}
