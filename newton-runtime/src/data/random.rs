//! Random numbers that can be had from any place at once: a key and a stream name the numbers, not a history.
//!
//! ChaCha is counter-based, so the numbers of step 90 000 cost no more than those of step 0, and a resumed run
//! sees what an uninterrupted one would have. Everything drawn from it is computed here, so that no release of a
//! random-number library changes a data set.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::Split;

pub(super) struct Random(ChaCha8Rng);

impl Random {
    /// The numbers of `stream`, for a purpose, a seed and a part of the data. Distinct arguments give unrelated numbers.
    pub fn new(purpose: &[u8; 8], seed: u64, split: Split, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(purpose);
        key[8..16].copy_from_slice(&seed.to_le_bytes());
        key[16] = split as u8;
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(stream);
        Self(generator)
    }

    /// Uniform in `0..count`; the bias is below `count / 2^64`. Zero for `count = 0`.
    pub fn index(&mut self, count: usize) -> usize {
        ((u128::from(self.0.next_u64()) * count as u128) >> 64) as usize
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Nearly normal, mean 0, variance 1, never beyond 3.5: four uniforms, which needs no logarithm and so is the
    /// same on every platform.
    pub fn bell(&mut self) -> f32 {
        let sum: f32 = (0..4).map(|_| self.uniform()).sum();
        (sum - 2.0) * 3f32.sqrt()
    }
}
