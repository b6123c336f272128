//! Newton Losses: write a relaxed algorithm once as a Rust function, and train through it with its own curvature.
#![forbid(unsafe_code)]

pub use newton_macros::newton_loss;
pub use newton_runtime::*;
