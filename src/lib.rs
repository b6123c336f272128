//! Newton Losses: write a relaxed algorithm once as a Rust function, and train through it with its own curvature.
//!
//! ```
//! use newton_losses::prelude::*;
//!
//! /// Squares that only count as long as all before them were trusted.
//! #[newton_loss(hessian, lambda = 0.1)]
//! fn drift<const N: usize>(y: &[f32; N], target: &[f32; N], beta: f32) -> f32 {
//!     let mut trust = 1.0;
//!     let mut loss = 0.0;
//!     for i in 0..N {
//!         let d = y[i] - target[i];
//!         trust *= sigmoid(beta * d);
//!         loss += trust * d * d;
//!     }
//!     loss / N as f32
//! }
//!
//! // The function stays callable; `Drift` is the loss.
//! assert!(drift(&[1.0, 2.0], &[0.0, 0.0], 3.0) > 0.0);
//!
//! let loss = Drift::<2>::new(3.0);
//! let (y, targets) = ([1.0_f64, 2.0, 0.5, -0.5], [[0.0, 0.0], [1.0, 1.0]]);
//! let all = loss.evaluate(&y, &targets)?;
//! println!("losses {:?}, gradients {:?}, z* {:?}", all.values, all.gradients, all.step.z_star);
//! # Ok::<(), newton_losses::Error>(())
//! ```
//!
//! All else is in the [`guide`].
#![forbid(unsafe_code)]

#[cfg(any(doc, doctest))]
pub mod guide;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli_losses;

pub use newton_macros::{newton_fn, newton_loss};
pub use newton_runtime::*;

/// What a module with losses in it needs: the attribute, the builtins, the trait and its settings.
pub mod prelude {
    pub use crate::{newton_fn, newton_loss};
    pub use newton_runtime::builtins::*;
    pub use newton_runtime::gradcheck::gradcheck;
    #[cfg(feature = "dfdx")]
    pub use newton_runtime::graph::Apply;
    pub use newton_runtime::loss::NewtonLoss;
    pub use newton_runtime::newton::{Average, Curvature, Newton, OnIndefinite};
}
