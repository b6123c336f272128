//! The losses that the program `newton` is compiled for. They stand in the library, so that a change of the program does not compile them again.

use newton_runtime::newton::Newton;
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

/// A sorting loss for sets of `n`.
///
/// # Errors
/// [`TrainError::SetSize`] for sizes that are not compiled in, and those of the loss.
pub fn sorting(
    loss: SortingLoss,
    n: usize,
    arithmetic: Arithmetic,
    temperature: f64,
    newton: Newton,
) -> Result<Box<dyn RankingLoss>, TrainError> {
    match (arithmetic, n) {
        (Arithmetic::Paper, 3) => loss.sized::<3>(temperature, newton),
        (Arithmetic::Paper, 5) => loss.sized::<5>(temperature, newton),
        (Arithmetic::Paper, 10) => loss.sized::<10>(temperature, newton),
        (Arithmetic::Paper, 15) => loss.sized::<15>(temperature, newton),
        (Arithmetic::Paper, n) => Err(TrainError::SetSize { n, supported: &[3, 5, 10, 15] }),
        (Arithmetic::Stable, 5) => loss.stable::<5>(temperature, newton),
        (Arithmetic::Stable, 10) => loss.stable::<10>(temperature, newton),
        (Arithmetic::Wide, 5) => loss.wide::<5>(temperature, newton),
        (Arithmetic::Wide, 10) => loss.wide::<10>(temperature, newton),
        (_, n) => Err(TrainError::SetSize { n, supported: &[5, 10] }),
    }
}

/// A shortest-path loss for maps of 12 x 12 cells, for a run that has made `step` steps.
///
/// # Errors
/// Those of the loss.
pub fn shortest_path(loss: PathLoss, newton: Newton, step: u64) -> Result<Box<dyn CostLoss>, TrainError> {
    loss.sized_at::<12, 12>(newton, step)
}
