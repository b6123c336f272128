//! What a training run measures and leaves behind: metrics, their history over steps, tables and pictures.
#![forbid(unsafe_code)]

pub mod files;
mod history;
mod metrics;
mod plot;
mod stats;

pub use history::{History, HistoryError};
pub use metrics::{RankingAccuracy, RankingMetrics, argsort};
pub use plot::{Curve, Plot, PlotError, Point, Unit};
pub use stats::{Summary, mean, standard_deviation};
