//! The same computation on the CPU and on a GPU.
#![allow(dead_code)] // every test binary uses its part

use dfdx::prelude::Cuda;
use newton_runtime::graph::cuda_device;

/// The first GPU; `None`, and a word about it, if there is none and none is expected.
pub fn device() -> Option<Cuda> {
    match cuda_device(0, 0) {
        Ok(device) => Some(device),
        Err(error) if std::env::var_os("NEWTON_EXPECT_GPU").is_some() => panic!("{error}"),
        Err(error) => {
            eprintln!("skipped: no CUDA device ({error})");
            None
        }
    }
}

/// Numbers in [-1, 1) without a pattern.
pub fn noise(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9).wrapping_add(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / 2.0_f32.powi(31) - 1.0
    };
    // The first numbers of near seeds are near each other.
    (0..8).for_each(|_| {
        next();
    });
    (0..len).map(|_| next()).collect()
}

/// The largest difference, as a share of the largest number.
pub fn deviation(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(f32::MIN_POSITIVE, |m, v| m.max(v.abs()));
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    // NaN is far off.
    differences.fold(0.0, |m, d| if d > m || d.is_nan() { d } else { m }) / largest
}
