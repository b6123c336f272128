//! Launches of the pooling kernels.
#![allow(unsafe_code)]

use super::convolution::Sliding;
use super::kernels::{kernel, launch_rows, u32_of};
use crate::cuda::{CudaError, Gpu, Slice, SliceMut};

/// Products of a convolution, (channels, images, h, w), and what comes of them by bias, ReLU and pooling of 2 x 2.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pooled {
    pub channels: usize,
    pub count: usize,
    pub h: usize,
    pub w: usize,
}

impl Pooled {
    fn products_len(&self) -> usize {
        self.channels * self.count * self.h * self.w
    }

    fn images_len(&self) -> usize {
        self.channels * self.count * (self.h / 2) * (self.w / 2)
    }

    fn sizes(&self) -> Result<[u32; 4], CudaError> {
        u32_of("the number of positions", self.count * self.h * self.w)?;
        let of = |x| u32_of("a size of images", x);
        Ok([of(self.channels)?, of(self.count)?, of(self.h)?, of(self.w)?])
    }

    /// Images (images, channels, h / 2, w / 2), and the winner of each window; 255 where ReLU is flat.
    pub(crate) fn forward(
        &self,
        gpu: &Gpu,
        products: Slice<'_, f32>,
        bias: Slice<'_, f32>,
        images: SliceMut<'_, f32>,
        winners: SliceMut<'_, u8>,
    ) -> Result<(), CudaError> {
        let [channels, count, h, w] = self.sizes()?;
        let pooled = self.images_len();
        assert!(products.len() == self.products_len() && bias.len() == self.channels, "lengths of products");
        assert!(images.len() == pooled && winners.len() == pooled, "lengths of pooled images");
        let shape = launch_rows((pooled / self.channels) as u32, channels);
        // SAFETY: (products, bias, images, winners, channels, images, h, w), and the lengths are products of these numbers, as was just seen.
        unsafe {
            kernel(gpu, "nl_bias_relu_pool")?
                .launch(shape, &[&products, &bias, &images, &winners, &channels, &count, &h, &w])
        }
    }

    /// The gradient of the products.
    pub(crate) fn backward(
        &self,
        gpu: &Gpu,
        images: Slice<'_, f32>,
        winners: Slice<'_, u8>,
        products: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        let [channels, count, h, w] = self.sizes()?;
        let pooled = self.images_len();
        assert!(images.len() == pooled && winners.len() == pooled, "lengths of pooled images");
        assert_eq!(products.len(), self.products_len(), "lengths of products");
        let shape = launch_rows(count * h * w, channels);
        // SAFETY: (images, winners, products, channels, images, h, w), and the lengths are products of these numbers, as was just seen.
        unsafe {
            kernel(gpu, "nl_bias_relu_pool_backward")?
                .launch(shape, &[&images, &winners, &products, &channels, &count, &h, &w])
        }
    }
}

/// Max pooling of every plane, and the winning tap of every window.
pub(crate) fn max_pool(
    gpu: &Gpu,
    sliding: Sliding,
    planes: Slice<'_, f32>,
    out: SliceMut<'_, f32>,
    winners: SliceMut<'_, u8>,
) -> Result<(), CudaError> {
    let count = planes.len() / sliding.pixels();
    let len = count * sliding.positions();
    assert!(out.len() == len && winners.len() == len, "lengths of pooled images");
    let count = u32_of("the number of planes", count)?;
    let shape = launch_rows(u32_of("the number of positions", sliding.positions())?, count);
    u32_of("the number of pixels", sliding.pixels())?;
    // SAFETY: (window, planes, output, winners, how many planes), and the slices have so many, as was just seen.
    unsafe { kernel(gpu, "nl_max_pool")?.launch(shape, &[&sliding, &planes, &out, &winners, &count]) }
}

/// Adds the gradients of the planes.
pub(crate) fn max_pool_backward(
    gpu: &Gpu,
    sliding: Sliding,
    out: Slice<'_, f32>,
    winners: Slice<'_, u8>,
    planes: SliceMut<'_, f32>,
) -> Result<(), CudaError> {
    let count = planes.len() / sliding.pixels();
    let len = count * sliding.positions();
    assert!(out.len() == len && winners.len() == len, "lengths of pooled images");
    let count = u32_of("the number of planes", count)?;
    let shape = launch_rows(u32_of("the number of pixels", sliding.pixels())?, count);
    u32_of("the number of positions", sliding.positions())?;
    // SAFETY: as above, with planes that are written.
    unsafe {
        kernel(gpu, "nl_max_pool_backward")?.launch(shape, &[&sliding, &out, &winners, &planes, &count])
    }
}
