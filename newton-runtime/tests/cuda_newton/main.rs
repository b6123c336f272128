//! The Newton step on a GPU against the CPU's: every curvature, average and policy, typed errors and all.
#![cfg(feature = "cuda")]

mod every_way;
mod faults;
mod goldens;
mod hard;
mod large;
#[path = "../newton_support/mod.rs"]
mod newton_support;
mod node;
mod support;
