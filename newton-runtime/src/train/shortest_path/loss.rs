//! The losses of the shortest-path benchmark, with the paper's hyper-parameters, behind one object.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use dfdx::prelude::{Cpu, OwnedTape};

use super::{PerturbedSettings, Smoothed};
use crate::Error;
use crate::graph::{Apply, Backend, LayerError, Maps};
use crate::loss::NewtonLoss;
use crate::losses::{BellmanFord, BellmanFordWhile};
use crate::newton::diagnostics::{Diagnostics, EXPLODING_FACTOR};
use crate::newton::{Curvature, Newton};
use crate::parallel::{Across, Collective, CollectiveError};
use crate::train::method::{Method, UnknownName, by_name};
use crate::train::{Loss, TrainError, check};

/// How a path is learned from.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum PathLoss {
    /// A relaxed Bellman-Ford algorithm (Petersen et al., AlgoVision).
    BellmanFord(BellmanFordSettings),
    /// Dijkstra's algorithm under noise.
    Perturbed(PerturbedSettings),
}

/// Of [`PathLoss::BellmanFord`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BellmanFordSettings {
    /// How the way back ends.
    pub looping: Looping,
    /// How paths are compared.
    pub metric: Metric,
    /// The relaxation's inverse temperature.
    pub beta: f64,
    /// Rounds of the distances and steps of the way back: the most cells of a path beside the source.
    pub rounds: usize,
}

/// How the way back from the target ends: the paper's "For" and "While".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Looping {
    /// After a fixed number of steps.
    For,
    /// When the source is reached.
    While,
}

/// How the relaxed path is compared with the label; the mean over the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// The absolute difference.
    L1,
    /// The squared difference.
    L2Squared,
}

impl Looping {
    /// Both.
    pub const ALL: [Self; 2] = [Self::For, Self::While];
}

impl Metric {
    /// Both.
    pub const ALL: [Self; 2] = [Self::L1, Self::L2Squared];
}

impl fmt::Display for Looping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::For => "for",
            Self::While => "while",
        })
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::L1 => "l1",
            Self::L2Squared => "l2sq",
        })
    }
}

impl FromStr for Looping {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        by_name(name, &Self::ALL)
    }
}

impl FromStr for Metric {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        by_name(name, &Self::ALL)
    }
}

/// The paper's best: For, squared, beta 10, 18 rounds.
impl Default for BellmanFordSettings {
    fn default() -> Self {
        Self { looping: Looping::For, metric: Metric::L2Squared, beta: 10.0, rounds: 18 }
    }
}

impl From<BellmanFordSettings> for PathLoss {
    fn from(settings: BellmanFordSettings) -> Self {
        Self::BellmanFord(settings)
    }
}

impl From<PerturbedSettings> for PathLoss {
    fn from(settings: PerturbedSettings) -> Self {
        Self::Perturbed(settings)
    }
}

impl Default for PathLoss {
    fn default() -> Self {
        Self::BellmanFord(BellmanFordSettings::default())
    }
}

/// As reports write it: "bellman_ford for l2sq, beta = 10, 18 rounds".
impl fmt::Display for PathLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BellmanFord(BellmanFordSettings { looping, metric, beta, rounds }) => {
                write!(f, "{} {looping} {metric}, beta = {beta}, {rounds} rounds", self.name())
            }
            Self::Perturbed(PerturbedSettings { sigma, samples, .. }) => {
                write!(f, "{}, gaussian noise, sigma = {sigma}, {samples} samples", self.name())
            }
        }
    }
}

impl PathLoss {
    /// As options write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BellmanFord(_) => "bellman_ford",
            Self::Perturbed(PerturbedSettings { smoothed, .. }) => smoothed.name(),
        }
    }

    /// The methods that it allows.
    pub const fn methods(self) -> &'static [Method] {
        match self {
            Self::Perturbed(PerturbedSettings { smoothed: Smoothed::Algorithm, .. }) => {
                &[Method::Baseline, Method::Fisher]
            }
            _ => &Method::ALL,
        }
    }

    /// The paper's lambda (its Table 5, for the losses under noise); 0 for the baseline, which has none.
    pub const fn lambda(self, method: Method) -> f64 {
        match (method, self) {
            (Method::Baseline, _) => 0.0,
            (_, Self::BellmanFord(BellmanFordSettings { metric: Metric::L1, .. })) => 1000.0,
            (_, Self::BellmanFord(_)) => 3000.0,
            (Method::Fisher, Self::Perturbed(PerturbedSettings { smoothed: Smoothed::Loss, .. })) => 0.1,
            (_, Self::Perturbed(_)) => 1000.0,
        }
    }

    /// The paper's learning rate at the beginning. For Bellman-Ford it is not published: this is ours.
    pub const fn learning_rate(self) -> f64 {
        match self {
            Self::Perturbed(PerturbedSettings { smoothed: Smoothed::Optimizer, .. }) => 1e-2,
            _ => 1e-3,
        }
    }

    /// The loss for grids of `R` x `C` cells.
    ///
    /// Every size is compiled on its own, which takes its time: a program names those it needs.
    ///
    /// # Errors
    /// [`TrainError::Setting`] for a beta or sigma that is not positive, no rounds or no samples; for a bad lambda, that of
    /// [`Newton::validate`]; for the Hessian of a smoothed algorithm, that there is none.
    pub fn sized<const R: usize, const C: usize>(
        self,
        newton: Newton,
    ) -> Result<Box<dyn CostLoss>, TrainError> {
        self.sized_on::<R, C, Cpu>(newton)
    }

    /// [`PathLoss::sized`] for costs on another device.
    ///
    /// # Errors
    /// The same.
    pub fn sized_on<const R: usize, const C: usize, D: Backend>(
        self,
        newton: Newton,
    ) -> Result<Box<dyn CostLoss<D>>, TrainError> {
        self.sized_at::<R, C, D>(newton, 0)
    }

    /// [`PathLoss::sized_on`] for a run that has made `step` steps: noise goes on from there.
    ///
    /// # Errors
    /// The same.
    pub fn sized_at<const R: usize, const C: usize, D: Backend>(
        self,
        newton: Newton,
        step: u64,
    ) -> Result<Box<dyn CostLoss<D>>, TrainError> {
        newton.validate()?;
        let BellmanFordSettings { looping, metric, beta, rounds } = match self {
            Self::BellmanFord(settings) => settings,
            Self::Perturbed(settings) => return settings.sized_at::<R, C, D>(newton, step),
        };
        check::positive("beta", beta)?;
        check::at_least_one(&[("rounds", rounds as u64)])?;
        check::at_most("rounds", rounds as u64, 10_000, "at most 10 000")?;
        macro_rules! grid {
            ($loss:ident) => {
                Box::new(Grid::<R, C, _>::new(
                    $loss::<R, C>::new(beta, rounds, rounds, metric == Metric::L2Squared)
                        .curvature(newton.curvature)
                        .lambda(newton.lambda)
                        .average(newton.average)
                        .on_indefinite(newton.on_indefinite),
                ))
            };
        }
        Ok(match looping {
            Looping::For => grid!(BellmanFord),
            Looping::While => grid!(BellmanFordWhile),
        })
    }
}

/// A loss on the costs of maps, given the cheapest paths. `paths` is (batch, cells) row-major, 1 on the path.
pub trait CostLoss<D: Backend = Cpu> {
    /// Cells of a map.
    fn cells(&self) -> usize;

    /// The loss on the costs' tape, (batch, rows, columns) to a scalar: see [`Apply::apply`].
    ///
    /// # Errors
    /// As [`Apply::apply`].
    fn apply(&self, costs: Maps<OwnedTape<f32, D>, D>, paths: &[f32]) -> Result<Loss<D>, LayerError>;

    /// What the Newton step does to the gradients at `costs`, (batch, cells) row-major.
    ///
    /// # Errors
    /// As [`NewtonLoss::diagnose`].
    fn diagnose(&self, costs: &[f32], paths: &[f32]) -> Result<Diagnostics, Error>;

    /// Which curvature, which lambda.
    fn newton(&self) -> Newton;

    /// From now on, a batch is spread over these ranks: see [`Across`].
    ///
    /// # Errors
    /// [`CollectiveError::Unshared`], unless it is implemented.
    fn set_ranks(&mut self, ranks: Arc<dyn Collective>) -> Result<(), CollectiveError> {
        let _ = ranks;
        Err(CollectiveError::Unshared)
    }
}

/// A loss on grids whose label is the path as a grid.
pub(super) struct Grid<const R: usize, const C: usize, L>(Across<L>);

impl<const R: usize, const C: usize, L> Grid<R, C, L> {
    pub fn new(loss: L) -> Self {
        Self(Across::alone(loss))
    }
}

/// The grids that lie one after the other.
fn grids<const R: usize, const C: usize>(cells: &[f32]) -> &[[[f32; C]; R]] {
    cells.as_chunks::<C>().0.as_chunks::<R>().0
}

impl<const R: usize, const C: usize, D: Backend, L: NewtonLoss<f32, Label = [[f32; C]; R]>> CostLoss<D>
    for Grid<R, C, L>
{
    fn cells(&self) -> usize {
        R * C
    }

    fn apply(&self, costs: Maps<OwnedTape<f32, D>, D>, paths: &[f32]) -> Result<Loss<D>, LayerError> {
        self.0.apply(costs, grids(paths))
    }

    fn diagnose(&self, costs: &[f32], paths: &[f32]) -> Result<Diagnostics, Error> {
        self.0.diagnose(costs, grids(paths), EXPLODING_FACTOR)
    }

    fn newton(&self) -> Newton {
        let newton = self.0.newton();
        // lambda means nothing without a curvature.
        if newton.curvature == Curvature::None { Newton::none() } else { newton }
    }

    fn set_ranks(&mut self, ranks: Arc<dyn Collective>) -> Result<(), CollectiveError> {
        self.0.set_ranks(ranks);
        Ok(())
    }
}
