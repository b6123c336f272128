//! The shortest-path benchmark: networks that see a map and are told the cheapest path over it, never what a cell costs.
//!
//! [`compare`] trains one network per [`Method`](super::Method), from the same weights, on the same batches. The loss is
//! the same object for all, only its curvature differs. What counts is the perfect match: whether the path that is
//! cheapest by the network's costs is the label, cell by cell.
//!
//! ```no_run
//! use newton_runtime::data::warcraft::Warcraft;
//! use newton_runtime::models::CombResNet18;
//! use newton_runtime::train::shortest_path::{PathLoss, Settings, compare};
//!
//! let settings = Settings::paper(PathLoss::default());
//! // Warcraft::load(folder)? where the files are
//! let maps = Warcraft::synthetic(0);
//! let build = |newton| settings.loss.sized::<12, 12>(newton);
//! let comparison = compare::<CombResNet18>(&settings, &maps, build, &mut ())?;
//! println!("{comparison}");
//! # Ok::<(), newton_runtime::train::TrainError>(())
//! ```
//!
//! Source: Petersen et al., *Newton Losses*, section 4.2 and appendix C; data, network and metric as in Vlastelica et
//! al., *Differentiation of Blackbox Combinatorial Solvers*.

mod benchmark;
mod compare;
mod loss;
mod network;
mod perturbed;
mod predict;
mod report;
mod session;
mod settings;

pub use compare::{Comparison, compare, compare_on};
pub use loss::{BellmanFordSettings, CostLoss, Looping, Metric, PathLoss};
pub use network::{CostNetwork, MapImages, TapedMaps};
pub use perturbed::{PerturbedSettings, Smoothed};
pub use predict::{PathResult, Prediction, evaluate};
pub use report::{Gain, Verdict};
pub use session::session;
pub use settings::{EVALUATION_MAPS, MethodSettings, Settings};
