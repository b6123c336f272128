//! The losses that the program `newton` is compiled for. They stand in the library, so that a change of the program does not compile them again.

use dfdx::prelude::Cpu;
use newton_runtime::Error;
use newton_runtime::graph::Backend;
use newton_runtime::loss::NewtonLoss;
use newton_runtime::newton::Newton;
use newton_runtime::scalar::Float;
use newton_runtime::train::TrainError;
use newton_runtime::train::shortest_path::{CostLoss, PathLoss};
use newton_runtime::train::sorting::{RankingLoss, SortingLoss};

/// How a sorting loss is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// As in the paper: f32, PyTorch's cross-entropy.
    Paper,
    /// f32, a stable cross-entropy.
    Stable,
    /// f64, PyTorch's cross-entropy.
    Wide,
}

/// A device that they are compiled for. Methods, not generic functions: those would be compiled with the program.
pub trait Compiled: Backend {
    /// A sorting loss for sets of `n`.
    ///
    /// # Errors
    /// [`TrainError::SetSize`] for sizes that are not compiled in, and those of the loss.
    fn sorting(
        loss: SortingLoss,
        n: usize,
        arithmetic: Arithmetic,
        temperature: f64,
        newton: Newton,
    ) -> Result<Box<dyn RankingLoss<Self>>, TrainError>;

    /// A shortest-path loss for maps of 12 x 12 cells, for a run that has made `step` steps.
    ///
    /// # Errors
    /// Those of the loss.
    fn shortest_path(
        loss: PathLoss,
        newton: Newton,
        step: u64,
    ) -> Result<Box<dyn CostLoss<Self>>, TrainError>;
}

macro_rules! compiled {
    ($device:ty) => {
        impl Compiled for $device {
            fn sorting(
                loss: SortingLoss,
                n: usize,
                arithmetic: Arithmetic,
                temperature: f64,
                newton: Newton,
            ) -> Result<Box<dyn RankingLoss<Self>>, TrainError> {
                match (arithmetic, n) {
                    (Arithmetic::Paper, 3) => loss.sized_on::<3, Self>(temperature, newton),
                    (Arithmetic::Paper, 5) => loss.sized_on::<5, Self>(temperature, newton),
                    (Arithmetic::Paper, 10) => loss.sized_on::<10, Self>(temperature, newton),
                    (Arithmetic::Paper, 15) => loss.sized_on::<15, Self>(temperature, newton),
                    (Arithmetic::Paper, n) => Err(TrainError::SetSize { n, supported: &[3, 5, 10, 15] }),
                    (Arithmetic::Stable, 5) => loss.stable::<5, Self>(temperature, newton),
                    (Arithmetic::Stable, 10) => loss.stable::<10, Self>(temperature, newton),
                    (Arithmetic::Wide, 5) => loss.wide::<5, Self>(temperature, newton),
                    (Arithmetic::Wide, 10) => loss.wide::<10, Self>(temperature, newton),
                    (_, n) => Err(TrainError::SetSize { n, supported: &[5, 10] }),
                }
            }

            fn shortest_path(
                loss: PathLoss,
                newton: Newton,
                step: u64,
            ) -> Result<Box<dyn CostLoss<Self>>, TrainError> {
                loss.sized_at::<12, 12, Self>(newton, step)
            }
        }
    };
}

compiled!(Cpu);
#[cfg(feature = "cuda")]
compiled!(dfdx::prelude::Cuda);

/// Gradients of a sorting loss at many scores, and the directions of the Newton step over all of them, N x 5: for the paper's Figure 6.
///
/// # Errors
/// [`TrainError`] for numbers that are not finite, or a curvature that cannot be inverted.
pub fn gradients_of_five(
    loss: SortingLoss,
    temperature: f64,
    newton: Newton,
    in_f64: bool,
    scores: &[f64],
    targets: [f64; 5],
) -> Result<(Vec<f64>, Vec<f64>), TrainError> {
    use newton_runtime::losses::{
        CauchyOddEven, LogisticOddEven, NeuralSort, SoftSort, ascending, descending,
    };
    macro_rules! of {
        ($loss:ident, $order:ident) => {{
            let loss = $loss::<5>::new(temperature)
                .curvature(newton.curvature)
                .lambda(newton.lambda)
                .on_indefinite(newton.on_indefinite);
            if in_f64 {
                both::<f64, _>(&loss, scores, $order(&targets))
            } else {
                both::<f32, _>(&loss, scores, $order(&targets))
            }
        }};
    }
    Ok(match loss {
        SortingLoss::NeuralSort => of!(NeuralSort, descending),
        SortingLoss::SoftSort => of!(SoftSort, descending),
        SortingLoss::LogisticDsn => of!(LogisticOddEven, ascending),
        SortingLoss::CauchyDsn => of!(CauchyOddEven, ascending),
    }?)
}

fn both<T: Float, L: NewtonLoss<T, Label = [[T; 5]; 5]>>(
    loss: &L,
    scores: &[f64],
    label: [[T; 5]; 5],
) -> Result<(Vec<f64>, Vec<f64>), Error> {
    let scores: Vec<T> = scores.iter().map(|score| T::from_f64(*score)).collect();
    let all = loss.evaluate(&scores, &vec![label; scores.len() / 5])?;
    let wide = |values: &[T]| values.iter().map(|value| value.to_f64()).collect();
    Ok((wide(&all.gradients), wide(&all.step.directions)))
}
