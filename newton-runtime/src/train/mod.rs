//! What a training run measures and leaves behind: metrics, their history over steps, tables and pictures.
//!
//! ```
//! use newton_runtime::train::{History, Plot, RankingMetrics, Unit};
//!
//! let mut history = History::new(["em", "ew", "em5"]);
//! for step in [100, 200] {
//!     let mut metrics = RankingMetrics::new(3);
//!     metrics.add(&[0.1, 0.9, 0.5], &[17, 8200, 3121]); // scores and targets, (batch, n)
//!     let accuracy = metrics.accuracy();
//!     history.record("NeuralSort", 1, step, &[accuracy.em, accuracy.ew, accuracy.em5])?;
//! }
//! let curves = history.curves("em").expect("a column of the table");
//! let picture = Plot::new("Sets of 3", "exact match", Unit::Percent).subtitle("validation").svg(&curves)?;
//! assert!(picture.starts_with("<svg"));
//! // history.save_csv(path)?; plot.save(&curves, path)?; write files that are whole or not there
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod across;
mod check;
pub mod checkpoint;
mod compare;
mod error;
pub mod events;
pub mod files;
mod history;
mod map_picture;
mod method;
mod metrics;
mod optimizer;
mod path_metrics;
mod plot;
pub mod session;
pub mod shortest_path;
pub mod sorting;
mod stats;
mod trainer;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use compare::{BestOutcome, Effect, Observer, ObserverError, Outcome, Stopped};
pub use error::TrainError;
pub use history::{History, HistoryError};
pub use map_picture::{MapPicture, PictureError};
pub use method::{Method, UnknownName};
pub use metrics::{RankingAccuracy, RankingMetrics, argsort};
pub use optimizer::{Optimizer, Rule};
pub use path_metrics::{PathAccuracy, PathMetrics};
pub use plot::{Curve, Plot, PlotError, Point, Unit};
pub use session::Session;
pub use stats::{Summary, mean, standard_deviation};
pub use trainer::{Loss, StepReport, Trainer};
