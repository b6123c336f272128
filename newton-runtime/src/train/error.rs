//! Why a training run ended early.

use dfdx::optim::OptimizerUpdateError;
use dfdx::prelude::CpuError;

use super::HistoryError;
use crate::algorithms::DijkstraError;
use crate::cuda::CudaError;
use crate::data::DataError;
use crate::graph::LayerError;

/// Why training failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A set size that nothing was compiled for.
    #[error("sets of {n} numbers are not supported: the sizes compiled in are {supported:?}")]
    SetSize {
        /// The size asked for.
        n: usize,
        /// The sizes there are.
        supported: &'static [usize],
    },
    /// A setting outside its range.
    #[error("`{name}` is {value}, expected {expected}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// Network, loss or Newton step failed; numbers that are not finite are named by sample and entry.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// The data cannot be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// No path could be found through predicted costs.
    #[error(transparent)]
    Path(#[from] DijkstraError),
    /// Parameters of the network took no part in the loss.
    #[error("parameters without a gradient: {0}")]
    UnusedParameters(String),
    /// A measurement does not fit the table.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The run cannot go on from that checkpoint.
    #[error(transparent)]
    Checkpoint(Box<super::CheckpointError>),
    /// Processes that train together could not talk to each other, or cannot share a batch.
    #[error(transparent)]
    Collective(#[from] crate::parallel::CollectiveError),
    /// What was predicted cannot be drawn.
    #[error(transparent)]
    Picture(#[from] super::PictureError),
    /// Whoever watches the run gave up, for instance because a file could not be written.
    #[error(transparent)]
    Observer(Box<dyn std::error::Error + Send + Sync>),
}

impl From<CpuError> for TrainError {
    fn from(error: CpuError) -> Self {
        Self::Layer(error.into())
    }
}

impl From<crate::Error> for TrainError {
    fn from(error: crate::Error) -> Self {
        Self::Layer(error.into())
    }
}

impl From<CudaError> for TrainError {
    fn from(error: CudaError) -> Self {
        Self::Layer(error.into())
    }
}

impl<E: Into<LayerError>> From<OptimizerUpdateError<E>> for TrainError {
    fn from(error: OptimizerUpdateError<E>) -> Self {
        match error {
            OptimizerUpdateError::DeviceError(error) => Self::Layer(error.into()),
            OptimizerUpdateError::UnusedParams(unused) => Self::UnusedParameters(format!("{unused:?}")),
        }
    }
}
