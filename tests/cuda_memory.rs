//! A device whose memory runs out. Alone in its process: others would find none either.
#![cfg(feature = "cuda")]

#[path = "support/cuda/mod.rs"]
mod cuda;

use cuda::device::{gpu, parts};
use newton_losses::Error;
use newton_losses::cuda::{CudaError, Request, Want};
use newton_losses::losses::SoftSort;
use newton_losses::prelude::*;

/// What does not fit is not taken; what was taken for it is free again.
#[test]
fn memory_that_runs_out() {
    let Some(gpu) = gpu() else { return };
    let (_, total) = gpu.memory().unwrap();
    let error = gpu.zeros::<u8>(total + 1).unwrap_err();
    assert!(matches!(error, CudaError::OutOfMemory { bytes, .. } if bytes == total + 1), "{error}");
    // Little is left.
    let held = gpu.dirty::<u8>(gpu.memory().unwrap().0 - (16 << 20)).unwrap();
    let loss = SoftSort::<5>::new(0.1);
    let label = [[0.0_f32; 5]; 5];
    let request = Request { want: Want::Hessians, training: false };
    let error = gpu
        .upload(&[0.5_f32; 5].repeat(400_000))
        .map_err(Error::from)
        .and_then(|y| loss.on_device(&gpu, y.slice(), &vec![label; 400_000], request).map(drop))
        .unwrap_err();
    assert!(matches!(error, Error::Cuda(CudaError::OutOfMemory { .. })), "{error}");
    drop(held);
    let found = parts(&loss, &gpu, &[0.5_f32; 5], &[label], Want::Hessians);
    (found.check)(&gpu).unwrap();
}
