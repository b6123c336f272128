//! The four losses of the sorting benchmark, with the paper's hyper-parameters, behind one object.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use dfdx::prelude::{Cpu, OwnedTape, Tensor};

use crate::Error;
use crate::graph::{Apply, Backend, LayerError};
use crate::loss::NewtonLoss;
use crate::losses::{self, CauchyOddEven, LogisticOddEven, NeuralSort, SoftSort};
use crate::newton::diagnostics::{Diagnostics, EXPLODING_FACTOR};
use crate::newton::{Curvature, Newton};
use crate::parallel::{Across, Collective, CollectiveError};
use crate::train::method::{Method, UnknownName, by_name};
use crate::train::{Loss, TrainError, check};

/// Which relaxation of sorting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortingLoss {
    /// NeuralSort (Grover et al.); its hyper-parameter is the temperature tau.
    NeuralSort,
    /// SoftSort (Prillo and Eisenschlos); the temperature tau.
    SoftSort,
    /// Odd-even sorting network with logistic comparators (Petersen et al.); the steepness beta.
    LogisticDsn,
    /// Odd-even sorting network with Cauchy comparators; the steepness beta.
    CauchyDsn,
}

/// The paper's hyper-parameters of one loss and size (its Table 4).
struct Paper {
    temperature: f64,
    hessian: f64,
    fisher: f64,
}

impl SortingLoss {
    /// In the order of the paper's tables.
    pub const ALL: [Self; 4] = [Self::NeuralSort, Self::SoftSort, Self::LogisticDsn, Self::CauchyDsn];

    /// As options write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeuralSort => "neural_sort",
            Self::SoftSort => "soft_sort",
            Self::LogisticDsn => "logistic_dsn",
            Self::CauchyDsn => "cauchy_dsn",
        }
    }

    /// What the hyper-parameter is called: "tau" or "beta".
    pub const fn temperature_name(self) -> &'static str {
        match self {
            Self::NeuralSort | Self::SoftSort => "tau",
            Self::LogisticDsn | Self::CauchyDsn => "beta",
        }
    }

    /// The paper's tau or beta. It has n = 5 and 10; smaller sets use the former's, larger ones the latter's.
    pub const fn temperature(self, n: usize) -> f64 {
        self.paper(n).temperature
    }

    /// The paper's lambda, for n as in [`SortingLoss::temperature`]; 0 for the baseline, which has none.
    pub const fn lambda(self, n: usize, method: Method) -> f64 {
        let paper = self.paper(n);
        match method {
            Method::Baseline => 0.0,
            Method::Hessian => paper.hessian,
            Method::Fisher => paper.fisher,
        }
    }

    /// A lambda for some thousand steps or less: the paper's, but for the Hessian of sorting networks, whose eigenvalues are far above the
    /// paper's 0.1 early in training. Measured: `benches/where_curvature_helps`.
    pub const fn lambda_of_short_runs(self, n: usize, method: Method) -> f64 {
        match (self, method) {
            (Self::LogisticDsn | Self::CauchyDsn, Method::Hessian) => 1.0,
            _ => self.lambda(n, method),
        }
    }

    const fn paper(self, n: usize) -> Paper {
        let (temperature, hessian, fisher) = match (self, n <= 7) {
            (Self::NeuralSort, true) => (1.0, 0.01, 0.1),
            (Self::NeuralSort, false) => (1.0, 0.01, 100.0),
            (Self::SoftSort, true) => (0.1, 10.0, 10.0),
            (Self::SoftSort, false) => (0.1, 1.0, 100.0),
            (Self::LogisticDsn, _) => (10.0, 0.1, 0.1),
            (Self::CauchyDsn, true) => (10.0, 0.1, 0.1),
            (Self::CauchyDsn, false) => (100.0, 0.1, 0.1),
        };
        Paper { temperature, hessian, fisher }
    }

    /// The loss for sets of `N` numbers. All have PyTorch's cross-entropy, as the paper's baselines do.
    ///
    /// Every size is compiled on its own, which takes its time: a program names those it needs.
    ///
    /// # Errors
    /// [`TrainError::Setting`] for a temperature that is not positive; for a bad lambda, that of [`Newton::validate`].
    pub fn sized<const N: usize>(
        self,
        temperature: f64,
        newton: Newton,
    ) -> Result<Box<dyn RankingLoss>, TrainError> {
        self.sized_on::<N, Cpu>(temperature, newton)
    }

    /// [`SortingLoss::sized`] for scores on another device.
    ///
    /// # Errors
    /// The same.
    pub fn sized_on<const N: usize, D: Backend>(
        self,
        temperature: f64,
        newton: Newton,
    ) -> Result<Box<dyn RankingLoss<D>>, TrainError> {
        check::positive(self.temperature_name(), temperature)?;
        newton.validate()?;
        macro_rules! ranking {
            ($loss:ident, $order:ident) => {{
                let loss = $loss::<N>::new(temperature)
                    .curvature(newton.curvature)
                    .lambda(newton.lambda)
                    .average(newton.average)
                    .on_indefinite(newton.on_indefinite);
                Box::new(Ranking { loss: Across::alone(loss), order: losses::$order::<f32, N> })
            }};
        }
        Ok(match self {
            Self::NeuralSort => ranking!(NeuralSort, descending),
            Self::SoftSort => ranking!(SoftSort, descending),
            Self::LogisticDsn => ranking!(LogisticOddEven, ascending),
            Self::CauchyDsn => ranking!(CauchyOddEven, ascending),
        })
    }
}

impl fmt::Display for SortingLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for SortingLoss {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        by_name(name, &Self::ALL)
    }
}

/// A loss on scores of sets, given the true numbers. N sets of n: `numbers` is (N, n) row-major.
pub trait RankingLoss<D: Backend = Cpu> {
    /// Numbers in a set.
    fn n(&self) -> usize;

    /// The loss on the scores' tape, (N, n) to a scalar: see [`Apply::apply`].
    ///
    /// # Errors
    /// As [`Apply::apply`].
    fn apply(
        &self,
        scores: Tensor<(usize, usize), f32, D, OwnedTape<f32, D>>,
        numbers: &[u32],
    ) -> Result<Loss<D>, LayerError>;

    /// What the Newton step does to the gradients at `scores`, (N, n) row-major.
    ///
    /// # Errors
    /// As [`NewtonLoss::diagnose`].
    fn diagnose(&self, scores: &[f32], numbers: &[u32]) -> Result<Diagnostics, Error>;

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

pub(super) struct Ranking<const N: usize, L> {
    pub loss: Across<L>,
    pub order: fn(&[f64; N]) -> [[f32; N]; N],
}

impl<const N: usize, L> Ranking<N, L> {
    fn labels(&self, numbers: &[u32]) -> Vec<[[f32; N]; N]> {
        numbers.as_chunks::<N>().0.iter().map(|set| (self.order)(&set.map(f64::from))).collect()
    }
}

impl<const N: usize, D: Backend, L: NewtonLoss<f32, Label = [[f32; N]; N]>> RankingLoss<D> for Ranking<N, L> {
    fn n(&self) -> usize {
        N
    }

    fn apply(
        &self,
        scores: Tensor<(usize, usize), f32, D, OwnedTape<f32, D>>,
        numbers: &[u32],
    ) -> Result<Loss<D>, LayerError> {
        self.loss.apply(scores, &self.labels(numbers))
    }

    fn diagnose(&self, scores: &[f32], numbers: &[u32]) -> Result<Diagnostics, Error> {
        self.loss.diagnose(scores, &self.labels(numbers), EXPLODING_FACTOR)
    }

    fn newton(&self) -> Newton {
        let newton = self.loss.newton();
        // lambda means nothing without a curvature.
        if newton.curvature == Curvature::None { Newton::none() } else { newton }
    }

    fn set_ranks(&mut self, ranks: Arc<dyn Collective>) -> Result<(), CollectiveError> {
        self.loss.set_ranks(ranks);
        Ok(())
    }
}
