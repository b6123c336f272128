//! The sorting benchmark: networks that see only the order of four-digit numbers, trained through relaxed sorting.
//!
//! [`compare`] trains one network per [`Method`](super::Method), from the same weights, on the same batches. The loss is
//! the same object for all, only its curvature differs.
//!
//! ```no_run
//! use newton_runtime::data::Digits;
//! use newton_runtime::models::SmallCnn;
//! use newton_runtime::train::sorting::{Settings, SortingLoss, compare};
//!
//! let settings = Settings::quick(SortingLoss::SoftSort, 5);
//! let soft_sort = |newton| settings.loss.sized::<5>(settings.temperature, newton);
//! let comparison = compare::<SmallCnn>(&settings, &Digits::synthetic(0), soft_sort, &mut ())?;
//! println!("{comparison}");
//! # Ok::<(), newton_runtime::train::TrainError>(())
//! ```
//!
//! Source: Petersen et al., *Newton Losses*, section 4.1 and appendix C; data and metrics as in diffsort's experiments.

mod benchmark;
mod compare;
mod loss;
mod picture;
mod report;
mod scorer;
mod session;
mod settings;
mod variants;

pub use super::{BestOutcome, Effect, Observer, Outcome, Stopped};
pub use benchmark::evaluate;
pub use compare::{Comparison, compare, compare_on};
pub use loss::{RankingLoss, SortingLoss};
pub use scorer::{Images, Scorer, Scores};
pub use session::session;
pub use settings::{EVALUATION_SETS, Lambdas, Settings};
pub use variants::scaled;
