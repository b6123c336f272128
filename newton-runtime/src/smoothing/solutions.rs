//! Estimates from results of an algorithm.

use rayon::prelude::*;

use super::evaluations::scored;
use super::factors::{Factors, SampleFactors};
use super::{Covariate, Noise, SmoothingError, length};

/// Results of an algorithm at perturbed arguments of one sample.
#[derive(Debug, Clone, Copy)]
pub struct Solutions<'a> {
    noise: &'a Noise,
    drawn: &'a [f64],
    perturbed: &'a [f64],
    unperturbed: &'a [f64],
}

impl<'a> Solutions<'a> {
    /// `drawn`: [`Noise::draw`], S x m at scale 1; `perturbed`: results `w(y + scale z_s)`, S x k; `unperturbed`: `w(y)`, k.
    ///
    /// # Errors
    /// [`SmoothingError`] for settings out of range, lengths that do not fit and numbers that are not finite.
    pub fn new(
        noise: &'a Noise,
        drawn: &'a [f64],
        perturbed: &'a [f64],
        unperturbed: &'a [f64],
    ) -> Result<Self, SmoothingError> {
        let dim = drawn.len().checked_div(noise.samples).unwrap_or(0);
        noise.validate(dim)?;
        length("results at perturbed arguments", perturbed.len(), noise.samples * unperturbed.len())?;
        length("noise", drawn.len(), dim * noise.samples)?;
        if let Some(at) = perturbed.iter().chain(unperturbed).position(|value| !value.is_finite()) {
            let value = perturbed.get(at).copied().unwrap_or_else(|| unperturbed[at - perturbed.len()]);
            let perturbation = at / unperturbed.len();
            return Err(SmoothingError::NonFinite { perturbation, value });
        }
        Ok(Self::checked(noise, drawn, perturbed, unperturbed))
    }

    /// Of what is known to fit.
    pub(super) fn checked(
        noise: &'a Noise,
        drawn: &'a [f64],
        perturbed: &'a [f64],
        unperturbed: &'a [f64],
    ) -> Self {
        Self { noise, drawn, perturbed, unperturbed }
    }

    /// The mean of the results, k: the smoothed algorithm.
    pub fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.unperturbed.len()];
        for result in self.results() {
            for (mean, w) in mean.iter_mut().zip(result) {
                *mean += w / self.noise.samples as f64;
            }
        }
        mean
    }

    /// From the gradient of a loss with respect to the smoothed algorithm's result, k, to that with respect to its argument, m. The
    /// Jacobian is not built.
    ///
    /// # Errors
    /// [`SmoothingError::Length`] for a gradient of another length.
    pub fn gradient(&self, covariate: Covariate, upstream: &[f64]) -> Result<Vec<f64>, SmoothingError> {
        length("the gradient of the loss", upstream.len(), self.unperturbed.len())?;
        let along = |result: &[f64]| result.iter().zip(upstream).map(|(w, g)| w * g).sum::<f64>();
        let values: Vec<f64> = self.results().map(along).collect();
        let weights = covariate.centre(self.noise, &values, along(self.unperturbed));
        Ok(scored(self.noise, self.drawn, &weights))
    }

    /// Gradient of the Fenchel-Young loss of an optimizer that minimises `<y, w>`, m: `target - mean`.
    ///
    /// # Errors
    /// [`SmoothingError::Length`] if results are not as long as arguments.
    pub fn fenchel_young_gradient(&self, target: &[f64]) -> Result<Vec<f64>, SmoothingError> {
        length("the target", target.len(), self.dim())?;
        length("a result", self.unperturbed.len(), self.dim())?;
        Ok(self.mean().iter().zip(target).map(|(mean, w)| w - mean).collect())
    }

    /// Adds `factor` times the Hessian of the Fenchel-Young loss to an m x m matrix: minus the Jacobian of the smoothed optimizer,
    /// `-1/S sum_s (w_s - c) nu'(z_s)^T / scale`, and, `symmetric`, its mean with its transpose. In expectation it is symmetric
    /// and has no negative curvature; an estimate is neither.
    ///
    /// # Errors
    /// [`SmoothingError::Length`] if results are not as long as arguments, or for a matrix of another size.
    pub fn add_fenchel_young_hessian(
        &self,
        covariate: Covariate,
        symmetric: bool,
        factor: f64,
        into: &mut [f64],
    ) -> Result<(), SmoothingError> {
        let dim = self.dim();
        length("the Hessian", into.len(), dim * dim)?;
        let mut factors = Factors::new(1, self.noise.samples, dim);
        factors.samples().try_for_each(|of| self.factor_fenchel_young_hessian(covariate, factor, of))?;
        let mut hessian = vec![0.0; dim * dim];
        factors.add_to(&mut hessian);
        for i in 0..dim {
            for j in 0..dim {
                let transposed = if symmetric { hessian[j * dim + i] } else { hessian[i * dim + j] };
                into[i * dim + j] += 0.5 * (hessian[i * dim + j] + transposed);
            }
        }
        Ok(())
    }

    /// The same, not symmetric, as factors of a sum.
    pub(super) fn factor_fenchel_young_hessian(
        &self,
        covariate: Covariate,
        factor: f64,
        SampleFactors { left, right, .. }: SampleFactors<'_>,
    ) -> Result<(), SmoothingError> {
        let dim = self.dim().max(1);
        length("a result", self.unperturbed.len(), self.dim())?;
        for (right, drawn) in right.iter_mut().zip(self.drawn) {
            *right = self.noise.distribution.score(*drawn);
        }
        let scale = -factor / self.noise.scale;
        let mut values = vec![0.0; self.noise.samples];
        for i in 0..self.dim() {
            for (value, result) in values.iter_mut().zip(self.results()) {
                *value = result[i];
            }
            let weights = covariate.centre(self.noise, &values, self.unperturbed[i]);
            for (left, weight) in left.chunks_mut(dim).zip(weights) {
                left[i] = scale * weight;
            }
        }
        Ok(())
    }

    fn dim(&self) -> usize {
        self.drawn.len() / self.noise.samples
    }

    fn results(&self) -> impl Iterator<Item = &[f64]> {
        self.perturbed.chunks(self.unperturbed.len().max(1))
    }
}
