//! Max pooling.

use dfdx::prelude::{Dim, SplitTape, Tape, Tensor};
use rayon::prelude::*;

use super::buffers::Buffer;
use super::conv_block::Images;
#[cfg(feature = "cuda")]
use super::cuda::{convolution::Sliding, pooling};
use super::error::dims;
#[cfg(feature = "cuda")]
use super::op::CudaBackward;
use super::op::{Input, Op, contiguous, record};
use super::window::Window;
use super::{Backend, LayerError, Slide};
#[cfg(feature = "cuda")]
use crate::cuda::{Gpu, Slice, SliceMut};

struct MaxPool2d {
    window: Window,
    /// (H, W) of an image, and of its output.
    input: (usize, usize),
    output: (usize, usize),
}

/// Maximum over K x K windows: (B, C, H, W) to (B, C, (H + 2P - K) / S + 1, (W + 2P - K) / S + 1). The border never
/// wins; of equal maxima the first in row-major order gets the gradient; a NaN wins. PyTorch's rules.
///
/// # Errors
/// [`LayerError`] if the window does not fit, the padding exceeds K / 2 (a window could see the border only), or
/// K > 15.
pub fn max_pool2d<D: Backend, B: Dim, C: Dim, H: Dim, W: Dim, T: Tape<f32, D>>(
    images: Tensor<(B, C, H, W), f32, D, T>,
    kernel: usize,
    Slide { stride, padding }: Slide,
) -> Result<Images<T, D>, LayerError> {
    let op = "max_pool2d";
    let [batch, c, h, w] = dims(&images);
    let window = Window { k: kernel, stride, pad: padding };
    let output @ (oh, ow) = (window.positions(h), window.positions(w));
    if kernel > 15 {
        return Err(LayerError::Limit { op, what: "the window's side", found: kernel, most: 15 });
    }
    if padding > kernel / 2 {
        return Err(LayerError::Limit { op, what: "the padding", found: padding, most: kernel / 2 });
    }
    if batch * c * oh * ow == 0 {
        let why = "the window does not fit in the padded image, or a size is 0";
        return Err(LayerError::Empty { op, why, shape: vec![batch, c, h, w] });
    }
    let (images, tape) = contiguous(images)?.split_tape();
    let (device, input) = (images.device().clone(), Input::new(&images));
    drop(images);
    record(MaxPool2d { window, input: (h, w), output }, vec![input], (batch, c, oh, ow), &device, tape)
}

impl MaxPool2d {
    /// Pixel under tap (ky, kx) of window (oy, ox), if it is inside the image.
    fn pixel(&self, (oy, ox): (usize, usize), (ky, kx): (usize, usize)) -> Option<usize> {
        let Window { stride, pad, .. } = self.window;
        let (y, x) = ((oy * stride + ky).wrapping_sub(pad), (ox * stride + kx).wrapping_sub(pad));
        (y < self.input.0 && x < self.input.1).then(|| y * self.input.1 + x)
    }

    fn plane(&self) -> usize {
        self.input.0 * self.input.1
    }

    fn out_plane(&self) -> usize {
        self.output.0 * self.output.1
    }
}

impl Op for MaxPool2d {
    /// The winning tap of every window, `ky * k + kx`.
    type Saved = Buffer<u8>;

    const KEEPS_INPUTS: bool = false;

    fn forward(&self, inputs: &[&[f32]], out: &mut [f32], _: bool) -> Buffer<u8> {
        let k = self.window.k;
        let mut winners = Buffer::dirty(out.len());
        let planes = inputs[0].par_chunks_exact(self.plane());
        let outs = out.par_chunks_exact_mut(self.out_plane());
        outs.zip(winners.par_chunks_exact_mut(self.out_plane())).zip(planes).for_each(
            |((out, winners), plane)| {
                for (at, (value, winner)) in out.iter_mut().zip(winners).enumerate() {
                    let position = (at / self.output.1, at % self.output.1);
                    let mut best = None;
                    for tap in 0..k * k {
                        let Some(pixel) = self.pixel(position, (tap / k, tap % k)) else { continue };
                        let v = plane[pixel];
                        if best.is_none_or(|(b, _)| v > b || v.is_nan()) {
                            best = Some((v, tap));
                        }
                    }
                    // Never None: a padding of at most K / 2 leaves every window a pixel.
                    let (v, tap) = best.unwrap_or((f32::NEG_INFINITY, 0));
                    (*value, *winner) = (v, tap as u8);
                }
            },
        );
        winners
    }

    fn backward(
        &self,
        winners: Buffer<u8>,
        _: &[&[f32]],
        grad_out: &[f32],
        grad_inputs: &mut [Option<&mut [f32]>],
    ) {
        let [Some(grad)] = grad_inputs else { return };
        let k = self.window.k;
        let outs = grad_out.par_chunks_exact(self.out_plane());
        let winners = winners.par_chunks_exact(self.out_plane());
        grad.par_chunks_exact_mut(self.plane()).zip(outs.zip(winners)).for_each(|(grad, (outs, winners))| {
            for (at, (g, &winner)) in outs.iter().zip(winners).enumerate() {
                let (tap, position) = (usize::from(winner), (at / self.output.1, at % self.output.1));
                if let Some(pixel) = self.pixel(position, (tap / k, tap % k)) {
                    grad[pixel] += g;
                }
            }
        });
    }
    #[cfg(feature = "cuda")]
    fn cuda(
        &self,
        gpu: &Gpu,
        inputs: &[Slice<'_, f32>],
        out: SliceMut<'_, f32>,
        _: bool,
    ) -> Result<CudaBackward, LayerError> {
        let sliding = Sliding::new([1, self.input.0, self.input.1], self.window)?;
        let mut winners = gpu.dirty(out.len())?;
        pooling::max_pool(gpu, sliding, inputs[0], out, winners.slice_mut())?;
        Ok(Box::new(move |gpu, _, grad_out, grad_inputs| match grad_inputs[0].take() {
            Some(grad) => Ok(pooling::max_pool_backward(gpu, sliding, grad_out, winners.slice(), grad)?),
            None => Ok(()),
        }))
    }
}
