//! Losses of `#[newton_loss]` on a device: compiled once, enqueued for every batch.
//!
//! A thread computes a sample, or a sample and a few columns of its Hessian. What the forward sweep leaves for the reverse sweep lies in
//! scratch memory that threads share evenly. How much a thread needs may depend on labels and predictions, so a launch is followed by two
//! more with 8 and 64 times as much for each of fewer threads, which do nothing where the first one had enough: no batch waits for the host
//! to look. What was needed is known for the next batch. Only the first batch of a loss is looked at in between.

mod check;
mod enqueue;
mod program;
mod shape;
mod workspace;

pub(crate) use program::identity;
pub(crate) use workspace::{Outputs, Workspace, parts};
