//! The device, and its errors.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use cudarc::driver::DriverError;
use cudarc::driver::sys::CUresult;
use dfdx::prelude::Cuda;

use crate::cuda::{CudaError, Gpu};
use crate::error::panic_message;
use crate::graph::LayerError;

/// dfdx's device of a GPU, with random numbers from `seed`.
///
/// dfdx's own `Cuda::default()` and `Cuda::seed_from_u64` panic on a machine without driver or GPU; this says what is missing.
///
/// dfdx panics as well where a copy of a tensor finds no memory: in its ops (`exp` of a tensor that is used elsewhere, too), in updates of a
/// parameter that somebody else has, in `Gradients::get`, and in `as_vec` and `array` where the device has failed before.
/// [`graph::backward`](crate::graph::backward()) and `Trainer::step` turn the first two into [`CudaError::OutOfMemory`]; in calls of your own
/// they are panics. Our ops never panic where memory runs out.
///
/// # Errors
/// [`CudaError::NoDriver`], [`CudaError::NoDevice`], [`CudaError::Blas`] if cuBLAS is missing, and what the driver says.
pub fn cuda_device(ordinal: usize, seed: u64) -> Result<Cuda, CudaError> {
    let gpu = Gpu::open(ordinal)?;
    // cuBLAS is loaded by the first call, and dfdx makes one.
    gpu.blas()?;
    Cuda::try_build(ordinal, seed).map_err(|error| of_dfdx(error, 0))
}

/// dfdx's error, in a call that asked for so many bytes; 0 if that is not known.
pub(super) fn of_dfdx(error: dfdx::prelude::CudaError, bytes: usize) -> CudaError {
    match error {
        dfdx::prelude::CudaError::Driver(DriverError(CUresult::CUDA_ERROR_OUT_OF_MEMORY)) => {
            out_of_memory(bytes)
        }
        dfdx::prelude::CudaError::Driver(error) => crate::cuda::driver("in dfdx")(error),
        dfdx::prelude::CudaError::Blas(error) => CudaError::Blas { call: "in dfdx", code: error.0 as u32 },
        dfdx::prelude::CudaError::Cpu(error) => {
            CudaError::Driver { call: "in dfdx", code: 0, message: error.to_string() }
        }
    }
}

fn out_of_memory(bytes: usize) -> CudaError {
    let (free, total) = cudarc::driver::result::mem_get_info().unwrap_or((0, 0));
    CudaError::OutOfMemory { bytes, free, total }
}

impl From<dfdx::prelude::CudaError> for LayerError {
    fn from(error: dfdx::prelude::CudaError) -> Self {
        of_dfdx(error, 0).into()
    }
}

/// Calls dfdx, which panics where a copy of a tensor (such as one that an optimizer changes while somebody else has it) finds no memory:
/// that is a typed error. Other panics go on.
pub(super) fn guarded<R>(call: impl FnOnce() -> Result<R, LayerError>) -> Result<R, LayerError> {
    // What was half changed is the caller's to drop, as it would have been without this.
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|payload| {
        if panic_message(&*payload).contains("CUDA_ERROR_OUT_OF_MEMORY") {
            return Err(out_of_memory(0).into());
        }
        resume_unwind(payload)
    })
}
