//! Matrix products of the layers, and how exact they are.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::cuda::{CudaError, Gemm, Gpu, Slice, SliceMut};

static TF32: AtomicBool = AtomicBool::new(false);

/// Whether convolutions and linear layers may round what they multiply to TF32 (10 bits of mantissa; sums stay f32), which tensor cores do several
/// times as fast. They are not allowed to unless this says so, for all GPUs of the process, from the next pass on. Losses, curvature and Newton
/// steps are never rounded so.
pub fn allow_tf32(allow: bool) {
    TF32.store(allow, Ordering::Relaxed);
}

/// Enqueues a product of a layer.
pub(crate) fn gemm(
    gpu: &Gpu,
    gemm: Gemm,
    a: Slice<'_, f32>,
    b: Slice<'_, f32>,
    c: SliceMut<'_, f32>,
) -> Result<(), CudaError> {
    let blas = if TF32.load(Ordering::Relaxed) { gpu.rough_blas() } else { gpu.blas() }?;
    blas.gemm(gpu, gemm, a, b, c)
}
