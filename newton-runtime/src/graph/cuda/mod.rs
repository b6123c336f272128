//! The graph on dfdx's `Cuda` device.
//!
//! Everything is enqueued on the device's default stream, dfdx's own ops and ours alike, so that they are done in the order of the program.

mod backend;
pub(crate) mod convolution;
mod device;
pub(crate) mod kernels;
pub(crate) mod pooling;
pub(crate) mod products;
mod tensor;

pub use device::cuda_device;
pub use products::allow_tf32;
