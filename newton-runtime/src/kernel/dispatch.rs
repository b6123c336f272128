//! The processor features that a kernel is compiled for, chosen at run time.
//!
//! A generic driver marked `#[inline(always)]` is instantiated inside functions that carry `#[target_feature]`, so everything
//! generated on top of it is compiled with those features although users set no RUSTFLAGS. Closures and iterators would not
//! do: their bodies are functions of their own, compiled without the features.
//!
//! Each level costs the time to compile all of a loss's kernels once more. A build with debug assertions, which is not for speed,
//! has the baseline only.
#![allow(unsafe_code)]

#[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
use crate::scalar::Lanes;
#[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
use crate::scalar::register::{F32x8, F32x16, F64x4, F64x8};
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

    /// How many samples its lanes hold.
    pub fn lanes<T: Float>(self) -> usize {
        match self {
            Level::Avx512 => 64 / size_of::<T>(),
            Level::Avx2 => 32 / size_of::<T>(),
            Level::Baseline => T::Plain::LANES,
        }
    }

    /// Runs a piece of a task at this level.
    pub fn run<T: Float, W: Task<T>>(self, task: &W, index: usize) {
        match self {
            // SAFETY: a level above the baseline is only ever made by `detect`, which found its features on this processor.
            #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
            Level::Avx512 => unsafe { T::avx512(task, index) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
            Level::Avx2 => unsafe { T::avx2(task, index) },
            _ => baseline::run(task, index),
        }
    }
}

/// The lanes of each level, named nowhere else: who has them may use a level's instructions.
///
/// A supertrait of [`Float`] that nothing outside this crate can name.
pub trait Levels: Sized {
    /// # Safety
    /// The processor has AVX2 and FMA.
    #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
    unsafe fn avx2<W: Task<Self>>(task: &W, index: usize)
    where
        Self: Float;
    /// # Safety
    /// The processor has AVX-512 F, DQ, BW and VL, AVX2 and FMA.
    #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
    unsafe fn avx512<W: Task<Self>>(task: &W, index: usize)
    where
        Self: Float;
}

macro_rules! levels {
    ($($t:ident: $avx2:ident $avx512:ident),*) => {$(
        impl Levels for $t {
            #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
            unsafe fn avx2<W: Task<$t>>(task: &W, index: usize) {
                // SAFETY: what the caller promises.
                unsafe { avx2::run::<Lanes<$avx2, { size_of::<$avx2>() / size_of::<$t>() }>, W>(task, index) }
            }
            #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
            unsafe fn avx512<W: Task<$t>>(task: &W, index: usize) {
                // SAFETY: what the caller promises.
                unsafe { avx512::run::<Lanes<$avx512, { size_of::<$avx512>() / size_of::<$t>() }>, W>(task, index) }
            }
        }
    )*};
}
levels!(f32: F32x8 F32x16, f64: F64x4 F64x8);

// Modules of their own: rustc compiles the generic functions of a module one after another, and those of several in parallel.

mod baseline {
    use super::{Float, Task};

    pub fn run<T: Float, W: Task<T>>(task: &W, index: usize) {
        task.run::<T::Plain>(index);
    }
}

#[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
mod avx2 {
    use super::{Real, Task};

    #[target_feature(enable = "avx2,fma")]
    pub fn run<P: Real, W: Task<P::Elem>>(task: &W, index: usize) {
        task.run::<P>(index);
    }
}

#[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
mod avx512 {
    use super::{Real, Task};

    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
    pub fn run<P: Real, W: Task<P::Elem>>(task: &W, index: usize) {
        task.run::<P>(index);
    }
}
