//! The network's plan: sizes of its layers, and what the forward pass keeps for the backward pass.

use std::sync::Arc;

use pulp::Arch;

use super::conv::{Conv, lanes};
use super::norm::{Norm, Seen};
use super::{Window, Windows};
use crate::graph::buffers::Buffer;

/// Convolutions and poolings.
#[derive(Debug, Clone)]
pub(super) struct Sizes {
    /// The stem's, then two for every block.
    pub(super) convs: Vec<Conv>,
    /// After the stem.
    pub(super) pool: Windows,
    /// At the end.
    pub(super) adaptive: Windows,
}

impl Sizes {
    /// From (input channels, output channels, kernel) of every layer, and the size of an image. Some may be 0.
    pub(super) fn new(layers: &[(usize, usize, usize)], h: usize, w: usize, side: usize) -> Self {
        let (c_in, c_out, k) = layers[0];
        let window = Window { k, stride: 2, pad: k / 2 };
        let stem = Conv { c_in, c_out, pixel: c_in, window, h, w };
        let pool = Windows::sliding(Window { k: 3, stride: 2, pad: 1 }, stem.out_h(), stem.out_w());
        let (h, w) = pool.out();
        let mut convs = vec![stem];
        convs.extend(layers[1..].iter().map(|&(c_in, c_out, k)| {
            let window = Window { k, stride: 1, pad: k / 2 };
            Conv { c_in, c_out, pixel: lanes(c_in), window, h, w }
        }));
        Self { convs, pool, adaptive: Windows::adaptive(side, h, w) }
    }
}

/// Which statistics normalise.
pub(super) enum Mode {
    /// The batch's, handed to whoever holds the other end.
    Batch(Arc<Seen>),
    /// Running means and variances, which are inputs behind the parameters: two for every layer.
    Running,
}

/// The whole network as an [`Op`](crate::graph::op::Op).
///
/// Layer i convolves its input x_i to z_i. Then x_1 = pool(relu(norm(z_0))), and in a block of layers i and i + 1,
/// x_(i+1) = relu(norm(z_i)) and x_(i+2) = relu(norm(z_(i+1)) + x_i).
pub(super) struct Network {
    pub(super) sizes: Sizes,
    pub(super) batch: usize,
    pub(super) mode: Mode,
    /// The instructions to use: AVX-512, AVX2 or scalar on x86, found at run time.
    pub(super) arch: Arch,
}

impl Network {
    pub(super) fn new(sizes: Sizes, batch: usize, mode: Mode) -> Self {
        Self::on(Arch::new(), sizes, batch, mode)
    }

    /// The same with given instructions.
    pub(super) fn on(arch: Arch, sizes: Sizes, batch: usize, mode: Mode) -> Self {
        Self { sizes, batch, mode, arch }
    }

    /// The last layer's index.
    pub(super) fn last(&self) -> usize {
        self.sizes.convs.len() - 1
    }

    /// Whether layer i ends a block, that is, its output gets the block's input added.
    pub(super) fn ends_block(layer: usize) -> bool {
        layer > 0 && layer.is_multiple_of(2)
    }
}

/// Kept for the backward pass, image after image.
pub(super) struct Saved {
    /// Bordered inputs of every layer but the first (that one is made again from the images): `x[i - 1]` is layer i's.
    pub(super) x: Vec<Buffer<f32>>,
    /// Outputs of every layer's convolution, dense.
    pub(super) z: Vec<Buffer<f32>>,
    pub(super) norms: Vec<Norm>,
    /// Winners of the stem's pooling, and of the last.
    pub(super) winners: [Buffer<u8>; 2],
}
