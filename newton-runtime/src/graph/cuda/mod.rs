//! The graph on dfdx's `Cuda` device.
//!
//! Everything is enqueued on the device's default stream, dfdx's own ops and ours alike, so that they are done in the order of the program.

mod backend;
mod device;
pub(crate) mod kernels;
mod tensor;

pub use device::cuda_device;
