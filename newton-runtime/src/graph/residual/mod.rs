//! A small residual network as one op: convolution, batch norm, ReLU and max pooling, then blocks of two 3 x 3
//! convolutions around an identity, then adaptive max pooling and the mean over the channels.
//!
//! The statistics of batch norm need a convolution's output of the whole batch, so layers run one after the other, all
//! images of a layer in parallel. What is fused is everything between two convolutions: normalising, adding the
//! residual, ReLU and writing the next convolution's bordered input are one pass over an image that is in the cache,
//! right before that convolution; and backwards alike. Sums over the batch run in an order that depends on the batch
//! alone, so results do not depend on the number of threads. All that is the CPU's; a GPU's way of doing it is in `cuda`.

mod backward;
mod conv;
#[cfg(feature = "cuda")]
mod cuda;
mod elementwise;
mod forward;
mod kernels;
mod network;
mod norm;
mod pool;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use dfdx::prelude::{Cpu, Dim, Rank1, Rank4, SplitTape, Tape, Tensor};

pub(crate) use norm::Seen;

use super::error::{dims, same};
use super::op::{Input, contiguous, record};
use super::window::Window;
use super::{Backend, LayerError};
use network::{Mode, Network, Sizes};
use pool::{DEAD, Windows};

/// Costs of a batch of maps: (B, side, side).
pub type Maps<T, D = Cpu> = Tensor<(usize, usize, usize), f32, D, T>;

/// A convolution without bias and the batch norm behind it.
pub(crate) struct Layer<D: Backend> {
    c_in: usize,
    c_out: usize,
    k: usize,
    inputs: [Input<D>; 3],
    /// Running mean and variance.
    running: [Input<D>; 2],
}

impl<D: Backend> Layer<D> {
    /// `weight` (O, I, K, K); `gamma`, `beta`, `mean` and `variance` (O).
    pub(crate) fn new<const I: usize, const O: usize, const K: usize>(
        weight: &Tensor<Rank4<O, I, K, K>, f32, D>,
        [gamma, beta, mean, variance]: [&Tensor<Rank1<O>, f32, D>; 4],
    ) -> Self {
        let inputs = [Input::new(weight), Input::new(gamma), Input::new(beta)];
        Self { c_in: I, c_out: O, k: K, inputs, running: [Input::constant(mean), Input::constant(variance)] }
    }
}

/// What normalises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Statistics {
    /// The batch's own: training.
    OfBatch,
    /// The running ones.
    Running,
}

/// Runs the stem `layers[0]` (stride 2, padding K / 2, then a 3 x 3 max pool of stride 2) and a residual block for every
/// pair of layers after it (stride 1, padding K / 2) on images (B, I, H, W): costs (B, side, side), and the moments of
/// every layer's convolution if the batch's statistics were used. One node on the tape; the images get no gradient.
///
/// # Errors
/// [`LayerError`] if the channels differ, a size is 0, a pooling window is too large, or batch statistics are wanted of a
/// single value.
pub(crate) fn residual_maps<D: Backend, B: Dim, C: Dim, H: Dim, W: Dim, T: Tape<f32, D>>(
    images: Tensor<(B, C, H, W), f32, D, T>,
    layers: Vec<Layer<D>>,
    side: usize,
    statistics: Statistics,
) -> Result<(Maps<T, D>, Arc<Seen>), LayerError> {
    let op = "residual_maps";
    let [batch, c, h, w] = dims(&images);
    same(op, "the number of channels", c, layers[0].c_in)?;
    let shapes: Vec<_> = layers.iter().map(|l| (l.c_in, l.c_out, l.k)).collect();
    let sizes = Sizes::new(&shapes, h, w, side);
    let last = sizes.convs[sizes.convs.len() - 1];
    if batch * c * side * last.out_h() * last.out_w() * last.c_out == 0 {
        let why = "the image is smaller than kernel and window, or a size is 0";
        return Err(LayerError::Empty { op, why, shape: vec![batch, c, h, w] });
    }
    let (found, most) = (sizes.adaptive.largest(), usize::from(DEAD));
    if found > most {
        return Err(LayerError::Limit { op, what: "the size of a pooling window", found, most });
    }
    let values = batch * last.out_h() * last.out_w();
    if statistics == Statistics::OfBatch && values < 2 {
        return Err(LayerError::Statistics { op, values });
    }
    let (images, tape) = contiguous(images)?.split_tape();
    let device = images.device().clone();
    let mut inputs = vec![Input::constant(&images)];
    drop(images);
    let mut running = Vec::with_capacity(layers.len());
    for layer in layers {
        inputs.extend(layer.inputs);
        running.extend(layer.running);
    }
    let seen: Arc<Seen> = Arc::default();
    let mode = match statistics {
        Statistics::OfBatch => Mode::Batch(Arc::clone(&seen)),
        Statistics::Running => {
            inputs.extend(running);
            Mode::Running
        }
    };
    let maps = record(Network::new(sizes, batch, mode), inputs, (batch, side, side), &device, tape)?;
    Ok((maps, seen))
}
