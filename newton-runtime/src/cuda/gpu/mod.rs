//! A GPU: memory, modules, launches. All of the project's `unsafe` for CUDA is below this module, and in the few functions that launch kernels
//! and say why their arguments fit.
//!
//! Work goes to the device's legacy default stream, as dfdx's does: what is enqueued first is done first, and memory that is freed in
//! between stays valid for what was enqueued before. Nothing here waits for the device but what says so.
#![allow(unsafe_code)]

mod blas;
mod buffer;
mod cache;
mod capture;
mod compile;
mod device;
mod launch;

pub use blas::{Blas, Gemm};
pub use buffer::{Buffer, DeviceFloat, Element, Slice, SliceMut};
pub use capture::Graph;
pub use compile::Code;
pub use device::Gpu;
#[cfg(feature = "dfdx")]
pub(crate) use device::driver;
pub use launch::{Function, Launch, Module, Parameter};
