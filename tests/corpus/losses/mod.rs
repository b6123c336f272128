//! Losses of many kinds, written as their fields write them and not to suit the compiler.

// What people write, clippy would write otherwise.
#![allow(
    clippy::manual_clamp,
    clippy::manual_contains,
    clippy::manual_range_contains,
    clippy::manual_range_patterns,
    clippy::precedence
)]

pub mod branches;
pub mod chains;
pub mod composed;
pub mod fixed_points;
pub mod graphs;
pub mod grids;
pub mod helpers;
pub mod integers;
pub mod integrators;
pub mod kinematics;
pub mod likelihoods;
pub mod matrices;
pub mod packing;
pub mod polynomials;
pub mod ranking;
pub mod sequences;
pub mod signals;
pub mod transport;
