//! Dijkstra's algorithm under noise, as a loss.

use std::fmt;
use std::str::FromStr;

use super::CostLoss;
use super::loss::Grid;
use crate::graph::Backend;
use crate::newton::{Curvature, Newton};
use crate::smoothing::{
    GridPaths, MeanSquaredError, Noise, OfAlgorithm, OfLoss, OfOptimizer, Smoothed as Perturbed, Smoothing,
    SmoothingError, squared,
};
use crate::train::method::{UnknownName, by_name};
use crate::train::{TrainError, check};

/// Of [`PathLoss::Perturbed`](super::PathLoss::Perturbed).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PerturbedSettings {
    /// What is smoothed.
    pub smoothed: Smoothed,
    /// Scale of the normal noise on the costs.
    pub sigma: f64,
    /// Perturbations of each map.
    pub samples: usize,
    /// Of the noise.
    pub seed: u64,
}

/// What is smoothed: the paper's "SS of loss", "SS of algorithm" and "PO w/ FY loss".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Smoothed {
    /// The mean squared error of the path, which is the share of cells that are wrong.
    Loss,
    /// The path, with the mean squared error of what results. It has no Hessian.
    Algorithm,
    /// The path as the solution of an optimizer with its Fenchel-Young loss.
    Optimizer,
}

impl Smoothed {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Loss, Self::Algorithm, Self::Optimizer];

    /// As options write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "ss_loss",
            Self::Algorithm => "ss_algorithm",
            Self::Optimizer => "fenchel_young",
        }
    }
}

impl fmt::Display for Smoothed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Smoothed {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        by_name(name, &Self::ALL)
    }
}

impl PerturbedSettings {
    /// The paper's noise, with 10 samples; it has 3 and 30 as well.
    pub const fn paper(smoothed: Smoothed) -> Self {
        Self { smoothed, sigma: 0.1, samples: 10, seed: 0 }
    }

    pub(super) fn sized_at<const R: usize, const C: usize, D: Backend>(
        self,
        newton: Newton,
        step: u64,
    ) -> Result<Box<dyn CostLoss<D>>, TrainError> {
        check::positive("sigma", self.sigma)?;
        check::at_least_one(&[("samples", self.samples as u64)])?;
        check::at_most("samples", self.samples as u64, 100_000, "at most 100 000")?;
        let smoothing =
            Smoothing::new(Noise { seed: self.seed, ..Noise::gaussian(self.sigma, self.samples) })
                .at_step(step);
        let paths = GridPaths::<f32, [[f32; C]; R]>::new(R, C)?;
        Ok(match self.smoothed {
            Smoothed::Loss => {
                // The share of cells that are wrong.
                Box::new(Grid::<R, C, _>::new(
                    Perturbed::of(squared(paths), smoothing, OfLoss).newton(newton),
                ))
            }
            Smoothed::Algorithm if newton.curvature == Curvature::Hessian => {
                return Err(crate::Error::from(SmoothingError::HessianOfAlgorithm).into());
            }
            Smoothed::Algorithm => {
                let loss = OfAlgorithm { loss: MeanSquaredError::new(R * C) };
                Box::new(Grid::<R, C, _>::new(Perturbed::of(paths, smoothing, loss).newton(newton)))
            }
            Smoothed::Optimizer => {
                let loss = OfOptimizer::default();
                Box::new(Grid::<R, C, _>::new(Perturbed::of(paths, smoothing, loss).newton(newton)))
            }
        })
    }
}
