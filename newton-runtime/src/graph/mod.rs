//! The dfdx side of the project: ops on its tape, and the layers that stable dfdx lacks.
#![deny(unsafe_code)]

mod apply;
#[cfg(feature = "cuda")]
mod apply_cuda;
mod backend;
mod backward;
mod buffers;
mod conv2d;
mod conv_block;
#[cfg(feature = "cuda")]
mod cuda;
mod error;
mod inject;
mod layers;
mod linear;
mod max_pool2d;
pub mod op;
mod pointwise;
mod reduce;
#[cfg(test)]
mod reference;
mod residual;
#[cfg(test)]
mod tests;
mod window;

pub use apply::Apply;
pub use backend::Backend;
#[cfg(feature = "train")]
pub(crate) use backend::Engine;
pub use backward::backward;
pub use buffers::release_buffers;
pub use conv_block::Images;
pub use conv2d::conv2d;
#[cfg(feature = "cuda")]
pub use cuda::{allow_tf32, cuda_device};
pub use error::LayerError;
pub use inject::{inject_fisher, inject_fisher_of_sum};
pub use layers::{
    BasicBlock, Conv2d, ConvNorm, ConvReluPool, ConvStack, Flatten, Linear, MaxPool2d, Relu, builder,
};
pub use linear::linear;
pub use max_pool2d::max_pool2d;
pub use pointwise::{flatten, relu};
pub use residual::Maps;
pub(crate) use residual::{Layer as ResidualLayer, Seen, Statistics, residual_maps};

/// How a window moves over an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slide {
    /// Pixels from one position to the next, at least 1.
    pub stride: usize,
    /// Width of the border around the image.
    pub padding: usize,
}
