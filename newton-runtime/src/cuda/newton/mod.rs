//! The Newton step on a GPU: what [`crate::newton`] does for a batch, without the host.
//!
//! `DeviceStep` takes predictions, gradients and curvature where kernels left them and gives directions, z\* and Newton losses there, for every
//! curvature, average and policy; `DeviceInjection` is the backward of `inject_fisher` (both need the feature `cuda`; the kernels' text does
//! not). Matrices are in double, and have 1024 rows at most. All memory is allocated once; then a step is a few launches, and the host
//! neither waits nor looks: what went wrong lies on the device until somebody asks, and turns gradients into NaN until then.
//!
//! | curvature | what is factored | how |
//! | --- | --- | --- |
//! | Hessian | m x m | Bunch-Kaufman; for `clamp` and `abs` eigenvalues; for `error` Cholesky |
//! | Fisher | m x m, or N x N for N < m (Equation 27) | Cholesky; eigenvalues where rounding hides lambda from it |
//! | Fisher, one per sample | nothing | Sherman-Morrison |
//! | Hessian, one per sample | N matrices | as above, a block of threads each |

#[cfg(feature = "cuda")]
mod arguments;
#[cfg(feature = "cuda")]
mod inject;
#[cfg(feature = "cuda")]
mod launch;
#[cfg(feature = "cuda")]
mod memory;
#[cfg(feature = "cuda")]
mod plan;
#[cfg(feature = "cuda")]
mod report;
#[cfg(feature = "cuda")]
mod step;
mod text;

#[cfg(feature = "cuda")]
pub use inject::DeviceInjection;
#[cfg(feature = "cuda")]
pub use step::{DeviceStep, HessianSlices};
pub use text::kernels;
