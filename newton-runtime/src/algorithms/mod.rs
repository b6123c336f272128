//! Black-box algorithms: exact solvers that a loss is smoothed around, or that labels are made with.
#![forbid(unsafe_code)]

mod batch;
mod dijkstra;
mod error;
mod grid;
mod sweeps;

pub use batch::{BatchDijkstra, shortest_paths};
pub use dijkstra::Dijkstra;
pub use error::DijkstraError;
