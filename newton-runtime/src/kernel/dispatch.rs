//! The processor features that a kernel is compiled for, chosen at run time.
//!
//! A generic driver marked `#[inline(always)]` is instantiated inside functions that carry `#[target_feature]`, so everything
//! generated on top of it is compiled with those features although users set no RUSTFLAGS. Closures and iterators would not
//! do: their bodies are functions of their own, compiled without the features.
//!
//! Each level costs the time to compile all of a loss's kernels once more. A build with debug assertions, which is not for speed,
//! has the baseline only.
#![allow(unsafe_code)]

use crate::scalar::{Float, Real};

/// A piece of work that is compiled once per feature level. Implement `run` with `#[inline(always)]`.
pub trait Task<T: Float> {
    /// Does it, on lanes of type `P`.
    fn run<P: Real<Elem = T>>(&self, index: usize);
}

/// What the processor can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// What every processor of the target has.
    Baseline,
    /// x86-64 with AVX2 and fused multiply-add.
    Avx2,
    /// x86-64 with AVX-512 (F, DQ, BW, VL).
    Avx512,
}

impl Level {
    /// Of this machine; `NEWTON_LEVEL=baseline|avx2` lowers it, for tests and comparisons.
    pub fn detect() -> Level {
        static LEVEL: std::sync::OnceLock<Level> = std::sync::OnceLock::new();
        *LEVEL.get_or_init(|| {
            let found = Self::of_processor();
            match std::env::var("NEWTON_LEVEL").as_deref() {
                Ok("baseline") => Level::Baseline,
                Ok("avx2") if found == Level::Avx512 => Level::Avx2,
                _ => found,
            }
        })
    }

    #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
    fn of_processor() -> Level {
        let fma = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let wide = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl");
        match (fma, wide) {
            (true, true) => Level::Avx512,
            (true, false) => Level::Avx2,
            _ => Level::Baseline,
        }
    }

    #[cfg(not(all(target_arch = "x86_64", not(debug_assertions))))]
    fn of_processor() -> Level {
        Level::Baseline
    }

    /// Runs a piece of a task at this level.
    pub fn run<T: Float, W: Task<T>>(self, task: &W, index: usize) {
        match self {
            // SAFETY: a level above the baseline is only ever made by `detect`, which found its features on this processor.
            #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
            Level::Avx512 => unsafe { avx512(task, index) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
            Level::Avx2 => unsafe { avx2(task, index) },
            _ => baseline(task, index),
        }
    }
}

#[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
fn avx512<T: Float, W: Task<T>>(task: &W, index: usize) {
    task.run::<T::Fused>(index);
}

#[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
#[target_feature(enable = "avx2,fma")]
fn avx2<T: Float, W: Task<T>>(task: &W, index: usize) {
    task.run::<T::Fused>(index);
}

fn baseline<T: Float, W: Task<T>>(task: &W, index: usize) {
    if cfg!(target_arch = "aarch64") { task.run::<T::Fused>(index) } else { task.run::<T::Plain>(index) }
}
