//! Convolution of any stride and padding: im2col and a matrix product per image, images in parallel.

use dfdx::prelude::{Dim, Rank1, Rank4, SplitTape, Tape, Tensor};
use rayon::prelude::*;

use super::buffers::Buffer;
use super::conv_block::Images;
#[cfg(feature = "cuda")]
use super::cuda::convolution::{Convolution, Sliding, add_channel_sums, from_images, to_images};
#[cfg(feature = "cuda")]
use super::cuda::kernels::part;
use super::error::{dims, same};
#[cfg(feature = "cuda")]
use super::op::CudaBackward;
use super::op::{Input, Op, contiguous, record};
use super::reduce::{chunk_len, sum_chunks};
use super::window::Window;
use super::{Backend, LayerError, Slide};
#[cfg(feature = "cuda")]
use crate::cuda::{Gpu, Slice, SliceMut};
use crate::matmul::{Matrix, matmul};

struct Conv2d {
    window: Window,
    /// (C, H, W) of an image.
    shape: [usize; 3],
    c_out: usize,
    /// Output pixels of an image.
    pixels: usize,
    batch: usize,
}

/// Cross-correlation of `images` (B, I, H, W) with `weight` (O, I, K, K), plus `bias` (O):
/// (B, O, (H + 2P - K) / S + 1, (W + 2P - K) / S + 1) with stride S and zero padding P.
///
/// `input_gradient` says whether the images need a gradient; for data it is wasted work.
///
/// # Errors
/// [`LayerError`] if the channels disagree, or the kernel does not fit in the padded image.
pub fn conv2d<D, B: Dim, C: Dim, H: Dim, W: Dim, T, const I: usize, const O: usize, const K: usize>(
    images: Tensor<(B, C, H, W), f32, D, T>,
    weight: &Tensor<Rank4<O, I, K, K>, f32, D>,
    bias: &Tensor<Rank1<O>, f32, D>,
    Slide { stride, padding }: Slide,
    input_gradient: bool,
) -> Result<Images<T, D>, LayerError>
where
    D: Backend,
    T: Tape<f32, D>,
{
    let [batch, c, h, w] = dims(&images);
    same("conv2d", "the number of channels", c, I)?;
    let window = Window { k: K, stride, pad: padding };
    let (oh, ow) = (window.positions(h), window.positions(w));
    if batch * c * O * oh * ow == 0 {
        let why = "the kernel does not fit in the padded image, or a size is 0";
        return Err(LayerError::Empty { op: "conv2d", why, shape: vec![batch, c, h, w] });
    }
    let (images, tape) = contiguous(images)?.split_tape();
    let device = images.device().clone();
    let input = if input_gradient { Input::new(&images) } else { Input::constant(&images) };
    drop(images);
    let op = Conv2d { window, shape: [c, h, w], c_out: O, pixels: oh * ow, batch };
    record(op, vec![input, Input::new(weight), Input::new(bias)], (batch, O, oh, ow), &device, tape)
}

impl Conv2d {
    /// Rows of the column matrix: weights of one output channel.
    fn taps(&self) -> usize {
        self.shape[0] * self.window.k * self.window.k
    }

    fn image_len(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Op for Conv2d {
    type Saved = ();

    fn forward(&self, inputs: &[&[f32]], out: &mut [f32], _: bool) {
        let (taps, pixels) = (self.taps(), self.pixels);
        let weight = Matrix::new(inputs[1], self.c_out, taps, taps);
        let images = inputs[0].par_chunks_exact(self.image_len());
        out.par_chunks_exact_mut(self.c_out * pixels).zip(images).for_each_init(
            || Buffer::dirty(taps * pixels),
            |columns, (out, image)| {
                self.window.im2col(self.shape, image, columns);
                for (channel, &b) in out.chunks_exact_mut(pixels).zip(inputs[2]) {
                    channel.fill(b);
                }
                matmul(weight, Matrix::new(columns, taps, pixels, pixels), out, pixels, true);
            },
        );
    }

    fn backward(&self, (): (), inputs: &[&[f32]], grad_out: &[f32], grad_inputs: &mut [Option<&mut [f32]>]) {
        let (taps, pixels, c_out) = (self.taps(), self.pixels, self.c_out);
        let (image_len, out_len) = (self.image_len(), c_out * pixels);
        let [grad_images, grad_weight, grad_bias] = grad_inputs else {
            unreachable!("a convolution has three inputs")
        };
        let weight = Matrix::new(inputs[1], c_out, taps, taps);
        let chunk = chunk_len(self.batch);
        let chunks = self.batch.div_ceil(chunk);
        let mut grad_images: Vec<Option<&mut [f32]>> = match grad_images.take() {
            Some(g) => g.chunks_mut(chunk * image_len).map(Some).collect(),
            None => (0..chunks).map(|_| None).collect(),
        };
        let sums_len = c_out * taps + c_out;
        let mut sums = Buffer::zeros(chunks * sums_len);
        let images = inputs[0].par_chunks(chunk * image_len);
        let grads = grad_out.par_chunks(chunk * out_len);
        sums.par_chunks_exact_mut(sums_len)
            .zip(grad_images.par_iter_mut())
            .zip(images.zip(grads))
            .for_each_init(
                || Buffer::dirty(taps * pixels),
                |columns, ((sums, grad_images), (images, grads))| {
                    let (dw, db) = sums.split_at_mut(c_out * taps);
                    let pairs = images.chunks_exact(image_len).zip(grads.chunks_exact(out_len));
                    for (n, (image, grad)) in pairs.enumerate() {
                        let gy = Matrix::new(grad, c_out, pixels, pixels);
                        self.window.im2col(self.shape, image, columns);
                        matmul(gy, Matrix::new(columns, taps, pixels, pixels).transposed(), dw, taps, true);
                        for (d, channel) in db.iter_mut().zip(grad.chunks_exact(pixels)) {
                            *d += channel.iter().sum::<f32>();
                        }
                        if let Some(grad_images) = grad_images {
                            matmul(weight.transposed(), gy, columns, pixels, false);
                            let target = &mut grad_images[n * image_len..][..image_len];
                            self.window.col2im(self.shape, columns, target);
                        }
                    }
                },
            );
        let (dw, db) = sum_chunks(&mut sums, sums_len).split_at(c_out * taps);
        for (grad, sum) in [(grad_weight, dw), (grad_bias, db)] {
            if let Some(grad) = grad {
                grad.iter_mut().zip(sum).for_each(|(g, s)| *g += s);
            }
        }
    }
    #[cfg(feature = "cuda")]
    fn cuda(
        &self,
        gpu: &Gpu,
        inputs: &[Slice<'_, f32>],
        mut out: SliceMut<'_, f32>,
        _: bool,
    ) -> Result<CudaBackward, LayerError> {
        let (pixels, c_out, out_len) = (self.pixels, self.c_out, self.c_out * self.pixels);
        let sliding = Sliding::new(self.shape, self.window)?;
        let convolution = Convolution::new(sliding, c_out, self.batch);
        convolution.forward(gpu, inputs[0], inputs[1], |chunk, products| {
            let images = part(out.reborrow(), chunk.start * out_len, chunk.len() * out_len);
            to_images(gpu, products, inputs[2], images, pixels)
        })?;
        Ok(Box::new(move |gpu, inputs, grad_out, grad_inputs| {
            let [images, weight, bias] = grad_inputs else { unreachable!("a convolution has three inputs") };
            convolution.backward(
                gpu,
                inputs[0],
                inputs[1],
                images.take(),
                weight.take(),
                |chunk, products| {
                    let images = grad_out.range(chunk.start * out_len, chunk.len() * out_len);
                    from_images(gpu, images, products, c_out, pixels)
                },
            )?;
            if let Some(bias) = bias.take() {
                add_channel_sums(gpu, grad_out, None, bias, pixels)?;
            }
            Ok(())
        }))
    }
}
