//! Batch normalisation: statistics of a batch, and the per-channel numbers of the forward and backward pass.
//!
//! With mean m and variance v of a channel over batch and pixels, `y = (z - m) gamma / sqrt(v + eps) + beta`. PyTorch's
//! rules: v is the biased variance (divided by the count n), the running variance follows the unbiased one (n - 1).

use std::sync::OnceLock;

/// Added to the variance.
pub(super) const EPSILON: f64 = 1e-5;

/// Count, mean and sum of squared deviations of every channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    pub(crate) count: f64,
    pub(crate) mean: Vec<f64>,
    pub(crate) squares: Vec<f64>,
}

impl Moments {
    pub(super) fn new(lanes: usize) -> Self {
        Self { count: 0.0, mean: vec![0.0; lanes], squares: vec![0.0; lanes] }
    }

    /// Moments of the union (Chan, Golub and LeVeque's update).
    pub(super) fn merge(&mut self, count: f64, mean: &[f64], squares: &[f64]) {
        let total = self.count + count;
        for c in 0..self.mean.len() {
            let delta = mean[c] - self.mean[c];
            self.mean[c] += delta * count / total;
            self.squares[c] += squares[c] + delta * delta * self.count * count / total;
        }
        self.count = total;
    }

    /// What normalisation divides by, before epsilon and the root.
    pub(super) fn biased_variance(&self, channel: usize) -> f64 {
        self.squares[channel] / self.count
    }

    /// What the running variance follows.
    pub(crate) fn unbiased_variance(&self, channel: usize) -> f64 {
        self.squares[channel] / (self.count - 1.0)
    }
}

/// What a batch showed of every layer's convolution, on the device that the network ran on.
#[derive(Debug, Default)]
pub struct Seen {
    pub(crate) host: OnceLock<Vec<Moments>>,
    /// Mean and unbiased variance of every channel, one behind the other.
    #[cfg(feature = "cuda")]
    pub(crate) device: OnceLock<Vec<crate::cuda::Buffer<f32>>>,
}

/// `y = (z - mean) * scale + shift` for every channel; zeros for the channels that fill up a group.
#[derive(Debug, Clone)]
pub(super) struct Norm {
    pub(super) mean: Vec<f32>,
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`.
    inverse: Vec<f64>,
}

impl Norm {
    /// From mean and (biased) variance of each channel of `gamma`.
    pub(super) fn new(
        lanes: usize,
        gamma: &[f32],
        beta: &[f32],
        statistics: impl Fn(usize) -> (f64, f64),
    ) -> Self {
        let zeros = || vec![0.0; lanes];
        let mut norm = Self { mean: zeros(), scale: zeros(), shift: zeros(), inverse: vec![0.0; lanes] };
        for (c, (gamma, beta)) in gamma.iter().zip(beta).enumerate() {
            let (mean, variance) = statistics(c);
            norm.inverse[c] = (variance + EPSILON).sqrt().recip();
            norm.mean[c] = mean as f32;
            norm.scale[c] = (f64::from(*gamma) * norm.inverse[c]) as f32;
            norm.shift[c] = *beta;
        }
        norm
    }

    /// From the statistics of the batch.
    pub(super) fn of_batch(gamma: &[f32], beta: &[f32], moments: &Moments) -> Self {
        Self::new(moments.mean.len(), gamma, beta, |c| (moments.mean[c], moments.biased_variance(c)))
    }

    /// The backward pass from the sums over batch and pixels of the gradients g at y (`sum`) and of `g (z - mean)`
    /// (`product`): both parameters' gradients, and what takes g to the gradient at z.
    pub(super) fn backward(&self, count: f64, sum: &[f64], product: &[f64]) -> NormGradient {
        let lanes = self.mean.len();
        let mut gradient = NormGradient {
            gamma: vec![0.0; lanes],
            beta: vec![0.0; lanes],
            slope: vec![0.0; lanes],
            level: vec![0.0; lanes],
        };
        for c in 0..lanes {
            let (scale, inverse) = (f64::from(self.scale[c]), self.inverse[c]);
            gradient.gamma[c] = (product[c] * inverse) as f32;
            gradient.beta[c] = sum[c] as f32;
            // dz = scale (g - mean of g - zhat * mean of g zhat), zhat = (z - mean) * inverse.
            gradient.slope[c] = (-scale * product[c] * inverse * inverse / count) as f32;
            gradient.level[c] = (-scale * sum[c] / count) as f32;
        }
        gradient
    }
}

/// Gradients of gamma and beta, and of z: `scale * g + slope * (z - mean) + level`.
#[derive(Debug, Clone)]
pub(super) struct NormGradient {
    pub(super) gamma: Vec<f32>,
    pub(super) beta: Vec<f32>,
    pub(super) slope: Vec<f32>,
    pub(super) level: Vec<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_moments_are_those_of_all_values() {
        let mut all = Moments::new(1);
        // {1, 3} and {5, 7, 9}: mean 5, squared deviations 16 + 4 + 0 + 4 + 16.
        all.merge(2.0, &[2.0], &[2.0]);
        all.merge(3.0, &[7.0], &[8.0]);
        assert_eq!((all.count, all.mean[0], all.squares[0]), (5.0, 5.0, 40.0));
        assert_eq!((all.biased_variance(0), all.unbiased_variance(0)), (8.0, 10.0));
    }
}
