//! Curvature at the network's output and the step it implies.
//!
//! For per-sample losses `l_i(y_i)` with gradients `g_i` (rows of `G`, N x m) and Hessians `H_i`:
//!
//! ```text
//! C    = 1/N sum_j H_j   (hessian)     or     C = 1/N sum_j g_j g_j^T   (fisher)
//! d_i  = (C + lambda I)^-1 g_i
//! z*_i = y_i - d_i                      l*(y) = 1/2 ||z* - y||^2
//! ```
//!
//! Scale: `l_i`, `g_i`, `H_i` are always per sample; the batch loss is their mean; a graph node back-propagates `d_i / N`.
//!
//! Everything here works on plain row-major slices of `f32` or `f64` and computes in `f64`: the matrices are small (m is the
//! number of the network's outputs), and a curvature that spans ten orders of magnitude leaves `f32` no digits.
//!
//! [`step()`] is the whole of it; the rooms below can be used alone:
//!
//! | module | what |
//! | --- | --- |
//! | [`settings`] | [`Newton`] and its policies |
//! | [`mod@fisher`] | `F = G^T G / N` |
//! | [`matrix`], [`lanes`] | a small owned square matrix; many right-hand sides at once |
//! | [`cholesky`], [`indefinite`], [`eigen`], [`woodbury`] | what inverts `C + lambda I` |
//! | [`precondition`] | which of them, and the policies for negative curvature |
//! | [`mod@step`] | directions, z*, Newton losses; `inject_fisher` |
//! | [`diagnostics`] | spectrum, condition, exploding samples |
//!
//! Source: Petersen et al., *Newton Losses: Using Curvature Information for Learning with Differentiable Algorithms*,
//! NeurIPS 2024 (arXiv 2410.19055): Definitions 1 and 2, Algorithms 1 and 2, Equation 27.

pub mod cholesky;
pub mod diagnostics;
pub mod eigen;
pub mod fisher;
pub mod indefinite;
pub(crate) mod input;
pub mod lanes;
pub mod matrix;
pub mod precondition;
pub mod settings;
pub mod step;
pub mod woodbury;

pub use diagnostics::Diagnostics;
pub use fisher::fisher;
pub(crate) use input::check_finite_mean;
pub use input::{check_finite, samples};
pub use matrix::Matrix;
pub use precondition::{Method, Preconditioner, directions_per_sample};
pub use settings::{Average, Curvature, Newton, OnIndefinite};
pub(crate) use step::step_by;
pub use step::{Hessians, Reduction, Step, directions, inject_fisher, step};
