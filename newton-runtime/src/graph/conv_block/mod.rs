//! Convolution + bias + ReLU + 2 x 2 max pooling as one op, and a stack of them as one op.
//!
//! Fusing pays three times. Between the layers of a stack an image stays in the cache, in the layout that the kernels
//! like, instead of passing through memory as a tensor of the whole batch. What the backward pass needs of a
//! convolution's output is one byte per window, its winner. And at most one output in four has a gradient, which the
//! backward kernels use (see `backward.rs`).

mod backward;
#[cfg(feature = "cuda")]
mod cuda;
mod forward;
mod layer;
mod stack;
#[cfg(test)]
mod tests;

use dfdx::prelude::{Cpu, Dim, Rank1, Rank4, SplitTape, Tape, Tensor};

pub(crate) use layer::Layer;

use super::error::{dims, same};
use super::op::{Input, contiguous, record};
use super::{Backend, LayerError};

/// Images of a batch: (B, C, H, W).
pub type Images<T, D = Cpu> = Tensor<(usize, usize, usize, usize), f32, D, T>;

/// Parameters of one convolution + ReLU + pool of a stack, with its sizes.
pub(crate) struct Block<D: Backend> {
    c_in: usize,
    c_out: usize,
    k: usize,
    pad: usize,
    weight: Input<D>,
    bias: Input<D>,
}

impl<D: Backend> Block<D> {
    /// `weight` (O, I, K, K), `bias` (O).
    pub(crate) fn new<const I: usize, const O: usize, const K: usize>(
        weight: &Tensor<Rank4<O, I, K, K>, f32, D>,
        bias: &Tensor<Rank1<O>, f32, D>,
        pad: usize,
    ) -> Self {
        Self { c_in: I, c_out: O, k: K, pad, weight: Input::new(weight), bias: Input::new(bias) }
    }
}

/// Runs the blocks one after the other: one node on the tape.
///
/// # Errors
/// [`LayerError`] if channels do not chain or an image becomes empty.
pub(crate) fn conv_blocks<D: Backend, B: Dim, C: Dim, H: Dim, W: Dim, T: Tape<f32, D>>(
    op: &'static str,
    images: Tensor<(B, C, H, W), f32, D, T>,
    input_gradient: bool,
    blocks: Vec<Block<D>>,
) -> Result<Images<T, D>, LayerError> {
    let shape @ [batch, mut c, mut h, mut w] = dims(&images);
    let mut layers = Vec::with_capacity(blocks.len());
    for block in &blocks {
        same(op, "the number of channels", c, block.c_in)?;
        let layer = Layer { c_in: c, c_out: block.c_out, k: block.k, pad: block.pad, h, w };
        (c, h, w) = (layer.c_out, layer.pooled_h(), layer.pooled_w());
        if batch * block.c_in * block.k * c * h * w == 0 {
            let why = "the image is smaller than kernel and window, or a size is 0";
            return Err(LayerError::Empty { op, why, shape: shape.to_vec() });
        }
        // Offsets in an image are kept in 32 bits.
        let most = u32::MAX as usize;
        if layer.bordered() > most {
            let what = "the size of a padded image";
            return Err(LayerError::Limit { op, what, found: layer.bordered(), most });
        }
        layers.push(layer);
    }
    let (images, tape) = contiguous(images)?.split_tape();
    let device = images.device().clone();
    let mut inputs = vec![if input_gradient { Input::new(&images) } else { Input::constant(&images) }];
    inputs.extend(blocks.into_iter().flat_map(|b| [b.weight, b.bias]));
    drop(images);
    record(stack::Stack::new(layers, batch), inputs, (batch, c, h, w), &device, tape)
}
