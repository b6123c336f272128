//! What `#[newton_loss]` code runs on, and the runtime to train with it.
//!
//! | module | what |
//! | --- | --- |
//! | [`loss`] | the trait of all losses: values, gradients, Hessians, z\* on plain slices |
//! | [`newton`] | curvature and its settings, factorisations, the step, diagnostics |
//! | [`losses`] | bundled: NeuralSort, SoftSort, sorting networks, relaxed Bellman-Ford |
//! | [`mod@gradcheck`] | derivatives of a loss against differences |
//! | [`algorithms`] | exact solvers to smooth a loss around, or to make labels with: Dijkstra on grids |
//! | [`smoothing`] | losses of black boxes: functions that are only evaluated, under noise |
//! | [`parallel`] | one batch on several processes: the curvature of all of them, MPI |
//! | [`builtins`] | the functions that the language knows |
//! | [`scalar`], [`kernel`] | the numbers of generated code, and the drivers that run it over batches |
//! | [`cuda`] | losses as CUDA C++ |
//! | `graph` | feature `dfdx`: losses on dfdx's tape, layers |
//! | `data`, `models`, `train` | feature `train`: MNIST and synthetic digits, Warcraft maps, networks, the sorting and shortest-path benchmarks |
//!
//! Depend on the crate `newton-losses`, which re-exports all of this together with the attribute.
// Unsafe code stands in small modules that say why: the choice of CPU features, their registers, the control of subnormal numbers, the
// matrix product, an empty asm, the CUDA driver.
#![deny(unsafe_code)]

// Generated code names this crate `::newton_losses`, whether it stands in a user's crate or in `losses/` here.
extern crate self as newton_losses;

pub mod algorithms;
pub mod builtins;
pub mod cuda;
pub mod error;
pub mod gradcheck;
pub mod kernel;
#[doc(hidden)]
pub mod lanes;
pub mod loss;
pub mod losses;
mod matmul;
pub mod newton;
pub mod parallel;
pub mod scalar;
pub mod smoothing;

#[cfg(feature = "dfdx")]
pub mod graph;

#[cfg(feature = "train")]
pub mod data;
#[cfg(feature = "train")]
pub mod models;
#[cfg(feature = "train")]
pub mod train;

pub use error::Error;
pub use gradcheck::gradcheck;
