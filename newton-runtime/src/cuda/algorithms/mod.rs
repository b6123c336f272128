//! [`crate::algorithms`] on a device.

mod paths;

pub use paths::{PathFailure, shortest_paths};
