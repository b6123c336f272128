//! Convolutions as products of matrices, in chunks of the batch that bound the memory of their columns.
#![allow(unsafe_code)]

use std::ops::Range;

use super::kernels::{kernel, launch_rows, part, u32_of};
use super::products::gemm;
use crate::cuda::{CudaError, Gemm, Gpu, Launch, Parameter, Slice, SliceMut};
use crate::graph::window::Window;

/// Bytes of columns and products of a chunk, at most, if an image has not more.
const CHUNK_BYTES: usize = 256 << 20;
/// Parts that a channel's sum over the batch is made of, at most.
const SLICES: usize = 32;

/// A window over images, as kernels take it.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct Sliding {
    channels: u32,
    h: u32,
    w: u32,
    k: u32,
    stride: u32,
    pad: u32,
    oh: u32,
    ow: u32,
}

// SAFETY: eight numbers, as the kernels' `nl::graph::Window`.
unsafe impl Parameter for Sliding {}

impl Sliding {
    /// Over images (channels, h, w).
    pub(crate) fn new([channels, h, w]: [usize; 3], window: Window) -> Result<Self, CudaError> {
        let of = |x| u32_of("a side of an image", x);
        Ok(Self {
            channels: u32_of("the number of channels", channels)?,
            h: of(h)?,
            w: of(w)?,
            k: of(window.k)?,
            stride: of(window.stride)?,
            pad: of(window.pad)?,
            oh: of(window.positions(h))?,
            ow: of(window.positions(w))?,
        })
    }

    /// Positions of the window in an image.
    pub(crate) fn positions(&self) -> usize {
        self.oh as usize * self.ow as usize
    }

    /// Pixels of a channel.
    pub(crate) fn pixels(&self) -> usize {
        self.h as usize * self.w as usize
    }
}

/// A convolution of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Convolution {
    sliding: Sliding,
    c_out: usize,
    batch: usize,
    /// Of a chunk.
    most_bytes: usize,
}

impl Convolution {
    /// To `c_out` channels.
    pub(crate) fn new(sliding: Sliding, c_out: usize, batch: usize) -> Self {
        Self { sliding, c_out, batch, most_bytes: CHUNK_BYTES }
    }

    /// Weights of an output channel.
    fn taps(&self) -> usize {
        let Sliding { channels, k, .. } = self.sliding;
        channels as usize * k as usize * k as usize
    }

    fn image_len(&self) -> usize {
        self.sliding.channels as usize * self.sliding.pixels()
    }

    /// Images of a chunk: a function of the sizes alone.
    fn chunk(&self) -> usize {
        let bytes = (self.taps() + self.c_out) * self.sliding.positions() * size_of::<f32>();
        let chunks = self.batch.div_ceil((self.most_bytes / bytes.max(1)).max(1));
        self.batch.div_ceil(chunks.max(1)).max(1)
    }

    fn chunks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (chunk, batch) = (self.chunk(), self.batch);
        (0..batch).step_by(chunk).map(move |first| first..(first + chunk).min(batch))
    }

    /// Convolves the images with `weight`, and hands the products of every chunk, (c_out, its images, positions), to `finish`.
    pub(crate) fn forward(
        &self,
        gpu: &Gpu,
        images: Slice<'_, f32>,
        weight: Slice<'_, f32>,
        mut finish: impl FnMut(Range<usize>, Slice<'_, f32>) -> Result<(), CudaError>,
    ) -> Result<(), CudaError> {
        let widest = self.chunk() * self.sliding.positions();
        let mut columns = gpu.dirty(self.taps() * widest)?;
        let mut products = gpu.dirty(self.c_out * widest)?;
        for chunk in self.chunks() {
            let width = chunk.len() * self.sliding.positions();
            self.im2col(gpu, images, &chunk, columns.slice_mut())?;
            let product = Gemm::new(self.c_out, width, self.taps());
            gemm(gpu, product, weight, columns.slice(), products.slice_mut())?;
            finish(chunk, products.slice().range(0, self.c_out * width))?;
        }
        Ok(())
    }

    /// Adds the gradients of images and weight; `fill` writes those of a chunk's products.
    pub(crate) fn backward(
        &self,
        gpu: &Gpu,
        images: Slice<'_, f32>,
        weight: Slice<'_, f32>,
        mut grad_images: Option<SliceMut<'_, f32>>,
        mut grad_weight: Option<SliceMut<'_, f32>>,
        mut fill: impl FnMut(Range<usize>, SliceMut<'_, f32>) -> Result<(), CudaError>,
    ) -> Result<(), CudaError> {
        let widest = self.chunk() * self.sliding.positions();
        let mut columns = gpu.dirty(self.taps() * widest)?;
        let mut products = gpu.dirty(self.c_out * widest)?;
        for chunk in self.chunks() {
            let width = chunk.len() * self.sliding.positions();
            fill(chunk.clone(), part(products.slice_mut(), 0, self.c_out * width))?;
            if let Some(grad_weight) = &mut grad_weight {
                self.im2col(gpu, images, &chunk, columns.slice_mut())?;
                let product = Gemm { beta: 1.0, ..Gemm::new(self.c_out, self.taps(), width).transposed_b() };
                gemm(gpu, product, products.slice(), columns.slice(), grad_weight.reborrow())?;
            }
            if let Some(grad_images) = &mut grad_images {
                let product = Gemm::new(self.taps(), width, self.c_out).transposed_a();
                gemm(gpu, product, weight, products.slice(), columns.slice_mut())?;
                self.col2im(gpu, columns.slice(), &chunk, grad_images.reborrow())?;
            }
        }
        Ok(())
    }

    fn im2col(
        &self,
        gpu: &Gpu,
        images: Slice<'_, f32>,
        chunk: &Range<usize>,
        columns: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        let images = images.range(chunk.start * self.image_len(), chunk.len() * self.image_len());
        let work = chunk.len() * self.sliding.positions();
        assert!(columns.len() >= self.taps() * work, "room for columns");
        let (count, shape) = self.launch(chunk, work)?;
        // SAFETY: (window, images, columns, how many images), and the slices hold those of so many images, as was just seen.
        unsafe { kernel(gpu, "nl_im2col")?.launch(shape, &[&self.sliding, &images, &columns, &count]) }
    }

    fn col2im(
        &self,
        gpu: &Gpu,
        columns: Slice<'_, f32>,
        chunk: &Range<usize>,
        images: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        let images = part(images, chunk.start * self.image_len(), chunk.len() * self.image_len());
        assert!(columns.len() >= self.taps() * chunk.len() * self.sliding.positions(), "columns");
        let (count, shape) = self.launch(chunk, chunk.len() * self.sliding.pixels())?;
        // SAFETY: as above, with images that are written.
        unsafe { kernel(gpu, "nl_col2im")?.launch(shape, &[&self.sliding, &columns, &images, &count]) }
    }

    /// The number of images as kernels take it, and threads for `work` things in each channel.
    fn launch(&self, chunk: &Range<usize>, work: usize) -> Result<(u32, Launch), CudaError> {
        let positions = chunk.len() * self.sliding.positions();
        u32_of("the number of positions", positions)?;
        let shape = launch_rows(u32_of("the number of pixels", work)?, self.sliding.channels);
        Ok((u32_of("the number of images", chunk.len())?, shape))
    }
}

/// Products (channels, images, pixels) as images (images, channels, pixels), a bias added.
pub(crate) fn to_images(
    gpu: &Gpu,
    products: Slice<'_, f32>,
    bias: Slice<'_, f32>,
    images: SliceMut<'_, f32>,
    pixels: usize,
) -> Result<(), CudaError> {
    let (channels, count, pixels, shape) = planes(bias.len(), images.len(), pixels)?;
    assert_eq!(products.len(), images.len(), "lengths of images");
    // SAFETY: (products, bias, images, channels, how many images, pixels), and the lengths are products of these numbers.
    unsafe {
        kernel(gpu, "nl_to_images")?.launch(shape, &[&products, &bias, &images, &channels, &count, &pixels])
    }
}

/// The way back, without the bias.
pub(crate) fn from_images(
    gpu: &Gpu,
    images: Slice<'_, f32>,
    products: SliceMut<'_, f32>,
    channels: usize,
    pixels: usize,
) -> Result<(), CudaError> {
    let (channels, count, pixels, shape) = planes(channels, images.len(), pixels)?;
    assert_eq!(products.len(), images.len(), "lengths of images");
    // SAFETY: as above.
    unsafe { kernel(gpu, "nl_from_images")?.launch(shape, &[&images, &products, &channels, &count, &pixels]) }
}

/// Channels, images and pixels as kernels take them, and threads for all pixels of every channel.
fn planes(channels: usize, len: usize, pixels: usize) -> Result<(u32, u32, u32, Launch), CudaError> {
    assert!(channels * pixels > 0 && len.is_multiple_of(channels * pixels), "{len} numbers in whole images");
    let count = len / (channels * pixels);
    let work = u32_of("the number of pixels", count * pixels)?;
    let channels = u32_of("the number of channels", channels)?;
    let shape = launch_rows(work, channels);
    Ok((channels, u32_of("the number of images", count)?, u32_of("the number of pixels", pixels)?, shape))
}

/// Adds the sums of images (images, channels, pixels) by channel, of all numbers or of those whose winner is not 255.
pub(crate) fn add_channel_sums(
    gpu: &Gpu,
    images: Slice<'_, f32>,
    winners: Option<Slice<'_, u8>>,
    into: SliceMut<'_, f32>,
    pixels: usize,
) -> Result<(), CudaError> {
    let (channels, count, pixels, _) = planes(into.len(), images.len(), pixels)?;
    assert!(winners.is_none_or(|w| w.len() == images.len()), "a winner for each number");
    let winners = winners.map_or(0, |w| w.pointer());
    let slices = (count as usize).clamp(1, SLICES) as u32;
    let parts = gpu.dirty::<f32>(channels as usize * slices as usize)?;
    let shape = Launch { grid: [channels, slices, 1], block: [256, 1, 1], shared: 0 };
    // SAFETY: (images, winners or null, parts, channels, how many images, pixels), and the lengths are products of these numbers; the block
    // is the kernel's.
    unsafe {
        kernel(gpu, "nl_channel_sums")?
            .launch(shape, &[&images, &winners, &parts.slice(), &channels, &count, &pixels])?;
    }
    let shape = super::kernels::elements(channels as usize);
    // SAFETY: (parts, sums, channels, slices), and the lengths are these.
    unsafe { kernel(gpu, "nl_add_parts")?.launch(shape, &[&parts.slice(), &into, &channels, &slices]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::reference::noise;

    /// Products and gradients do not depend on how many images are done at a time, but for rounding of sums over the batch.
    #[test]
    fn chunks_are_put_together() {
        let Ok(gpu) = Gpu::open(0) else {
            assert!(std::env::var_os("NEWTON_EXPECT_GPU").is_none(), "no CUDA device");
            return eprintln!("skipped: no CUDA device");
        };
        let (shape, c_out, batch) = ([2, 5, 6], 3, 7);
        let sliding = Sliding::new(shape, Window { k: 3, stride: 1, pad: 1 }).unwrap();
        let image = (18 + c_out) * sliding.positions() * size_of::<f32>();
        let run = |images: usize| -> Vec<Vec<f32>> {
            let convolution =
                Convolution { most_bytes: images * image, ..Convolution::new(sliding, c_out, batch) };
            let x = gpu.upload(&noise(batch * 60, 1)).unwrap();
            let weight = gpu.upload(&noise(c_out * 18, 2)).unwrap();
            let gradient = gpu.upload(&noise(batch * c_out * 30, 3)).unwrap();
            let zeros = gpu.upload(&[0.0; 3]).unwrap();
            let mut out = gpu.dirty(batch * c_out * 30).unwrap();
            let mut chunks = Vec::new();
            convolution
                .forward(&gpu, x.slice(), weight.slice(), |chunk, products| {
                    chunks.push(chunk.len());
                    let images = part(out.slice_mut(), chunk.start * c_out * 30, chunk.len() * c_out * 30);
                    to_images(&gpu, products, zeros.slice(), images, 30)
                })
                .unwrap();
            assert!(chunks.iter().all(|len| *len <= images), "{chunks:?}, {images} at most");
            let (mut dx, mut dw) = (gpu.zeros(batch * 60).unwrap(), gpu.zeros(c_out * 18).unwrap());
            let slots = (Some(dx.slice_mut()), Some(dw.slice_mut()));
            convolution
                .backward(&gpu, x.slice(), weight.slice(), slots.0, slots.1, |chunk, products| {
                    let images = gradient.slice().range(chunk.start * c_out * 30, chunk.len() * c_out * 30);
                    from_images(&gpu, images, products, c_out, 30)
                })
                .unwrap();
            [&out, &dx, &dw].map(|buffer| gpu.download(buffer.slice()).unwrap()).into()
        };
        let whole = run(batch);
        for images in [1, 2, 3, 6] {
            for (found, expected) in run(images).iter().zip(&whole) {
                let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(off < 1e-5, "{images} at a time: {off:e}");
            }
        }
    }
}
