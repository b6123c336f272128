//! What `#[newton_loss]` code runs on, and the runtime to train with it.

// Generated code names this crate `::newton_losses`, whether it stands in a user's crate or in `losses/` here.
extern crate self as newton_losses;

pub mod builtins;
pub mod error;
pub mod kernel;
pub mod loss;
pub mod losses;
pub mod newton;
pub mod scalar;

#[cfg(feature = "dfdx")]
pub mod graph;

#[cfg(feature = "train")]
pub mod data;
#[cfg(feature = "train")]
pub mod models;
#[cfg(feature = "train")]
pub mod train;

pub use error::Error;
