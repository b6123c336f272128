//! Black-box algorithms: exact solvers that a loss is smoothed around, or that labels are made with.
#![forbid(unsafe_code)]

mod dijkstra;

pub use dijkstra::{Dijkstra, DijkstraError, shortest_paths};
