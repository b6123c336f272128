//! Losses of many kinds, written as their fields write them and not to suit the compiler.

pub mod chains;
pub mod fixed_points;
pub mod graphs;
pub mod grids;
pub mod helpers;
pub mod integrators;
pub mod ranking;
pub mod transport;
