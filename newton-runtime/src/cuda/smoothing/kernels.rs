//! The compiled kernels.

use std::sync::Arc;

use super::super::gpu::{Code, Function, Gpu, Launch, Module};
use super::super::{CudaError, Element, black_boxes};
use crate::scalar::Float;

/// Threads of a block.
pub(super) const THREADS: u32 = 128;

/// The module, for numbers of one type.
pub(super) struct Kernels {
    module: Arc<Module>,
    suffix: &'static str,
}

impl Kernels {
    pub fn of<T: Float>(gpu: &Gpu) -> Result<Self, CudaError> {
        let text = black_boxes::smoothing;
        let code = Code { name: "smoothing", location: None, key: "smoothing".to_owned(), text: &text };
        let suffix = match T::ELEMENT {
            Element::F32 => "f32",
            Element::F64 => "f64",
        };
        Ok(Self { module: gpu.module(&code)?, suffix })
    }

    /// A kernel that is there for both types.
    pub fn typed(&self, name: &str) -> Result<Function, CudaError> {
        self.module.function(&format!("{name}_{}", self.suffix))
    }

    /// A kernel that is there once.
    pub fn function(&self, name: &str) -> Result<Function, CudaError> {
        self.module.function(name)
    }
}

/// A launch for so many pieces of work, a thread each.
pub(super) fn threads(work: usize) -> Launch {
    Launch::for_work(work, THREADS)
}

/// A launch for so many pieces of work, a warp each.
pub(super) fn warps(work: usize) -> Launch {
    Launch::for_work(work.saturating_mul(32), THREADS)
}

/// A launch for so many pieces of work, a block of `x` x `y` threads each.
pub(super) fn blocks(work: usize, x: u32, y: u32) -> Launch {
    Launch { grid: [work.clamp(1, 1 << 20) as u32, 1, 1], block: [x, y, 1], shared: 0 }
}

/// A size that kernels count in 32 bits.
pub(super) fn word(what: &'static str, size: usize) -> Result<u32, CudaError> {
    let most = u32::MAX as usize - 1;
    match u32::try_from(size) {
        Ok(word) if size <= most => Ok(word),
        _ => Err(CudaError::TooLarge { what, found: size, most }),
    }
}
