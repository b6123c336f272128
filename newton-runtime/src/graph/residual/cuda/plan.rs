//! Sizes as kernels take them.

use crate::cuda::{CudaError, Parameter};

use super::super::conv::Conv;
use super::super::network::Sizes;
use super::super::pool::Windows;
use super::launch::TILE;

/// `Sliding` of `columns.cuh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Sliding {
    pub channels: u32,
    height: u32,
    width: u32,
    image: u32,
    row: u32,
    pixel: u32,
    channel: u32,
    pub k: u32,
    stride: u32,
    pad: u32,
    out_height: u32,
    out_width: u32,
}

/// `Pooling` of `residual_pool.cuh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Pooling {
    images: u32,
    height: u32,
    width: u32,
    pub channels: u32,
    out_height: u32,
    out_width: u32,
}

#[allow(unsafe_code)]
mod parameters {
    // SAFETY: the kernels' struct has the same fields, all of them `unsigned int`.
    unsafe impl super::Parameter for super::Sliding {}
    // SAFETY: the same.
    unsafe impl super::Parameter for super::Pooling {}
}

/// A convolution of the whole batch, or the one that takes its output's gradient back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Product {
    pub sliding: Sliding,
    /// Windows of all images.
    pub rows: usize,
    /// Output channels.
    pub outputs: usize,
    /// Numbers of the input.
    pub input: usize,
}

impl Product {
    /// What lies under a window.
    pub(super) fn columns(&self) -> usize {
        self.sliding.k as usize * self.sliding.k as usize * self.sliding.channels as usize
    }

    /// Weights.
    pub(super) fn weights(&self) -> usize {
        self.outputs * self.columns()
    }

    /// Numbers of the output.
    pub(super) fn output(&self) -> usize {
        self.rows * self.outputs
    }
}

/// The network for a number of images.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Of every layer.
    pub products: Vec<Product>,
    /// Of every layer but the first.
    pub turned: Vec<Product>,
    /// After the stem.
    pub pool: Pooling,
    /// At the end.
    pub adaptive: Pooling,
    /// Floats of a piece of what lies under the windows.
    pub most: usize,
}

impl Plan {
    /// # Errors
    /// [`CudaError::TooLarge`] for what 31 bits cannot count.
    pub(super) fn new(sizes: &Sizes, images: usize, most: usize) -> Result<Plan, CudaError> {
        let (first, last) = (sizes.convs[0], sizes.convs[sizes.convs.len() - 1]);
        let channels_last = |conv: &Conv| [conv.w * conv.c_in, conv.c_in, 1];
        let mut products = vec![product(&first, images, [first.w, 1, first.h * first.w])?];
        let mut turned = Vec::new();
        for conv in &sizes.convs[1..] {
            products.push(product(conv, images, channels_last(conv))?);
            let back = conv.turned();
            turned.push(product(&back, images, channels_last(&back))?);
        }
        let pool = pooling(&sizes.pool, images, &first)?;
        let adaptive = pooling(&sizes.adaptive, images, &last)?;
        Ok(Plan { products, turned, pool, adaptive, most })
    }
}

impl Pooling {
    /// Windows of all images.
    pub(super) fn cells(&self) -> usize {
        self.images as usize * self.out_height as usize * self.out_width as usize
    }

    /// Numbers of what is pooled.
    pub(super) fn input(&self) -> usize {
        self.images as usize * self.height as usize * self.width as usize * self.channels as usize
    }

    /// Maxima.
    pub(super) fn output(&self) -> usize {
        self.cells() * self.channels as usize
    }
}

/// Kernels count in 32 bits, and step over the end.
fn count(what: &'static str, factors: &[usize]) -> Result<u32, CudaError> {
    let most = i32::MAX as usize;
    let found = factors.iter().fold(1, |product: usize, factor| product.saturating_mul(*factor));
    if found > most {
        return Err(CudaError::TooLarge { what, found, most });
    }
    Ok(found as u32)
}

/// `row`, `pixel` and `channel` are the distances in an image.
fn product(conv: &Conv, images: usize, [row, pixel, channel]: [usize; 3]) -> Result<Product, CudaError> {
    let (out_h, out_w, k) = (conv.out_h(), conv.out_w(), conv.window.k);
    // All other sizes are factors of these.
    count("a layer's input", &[images, conv.c_in, conv.h, conv.w])?;
    count("a layer's output", &[images, conv.c_out, out_h, out_w])?;
    count("a layer's kernel", &[conv.c_out, conv.c_in, k, k])?;
    let tiles = (conv.c_out.div_ceil(TILE), usize::from(u16::MAX));
    if tiles.0 > tiles.1 {
        let (what, found, most) = ("the number of channels", conv.c_out, tiles.1 * TILE);
        return Err(CudaError::TooLarge { what, found, most });
    }
    count("a layer's padded image", &[conv.h + 2 * conv.window.pad, conv.w + 2 * conv.window.pad])?;
    let image = (conv.c_in * conv.h * conv.w) as u32;
    let sliding = Sliding {
        channels: conv.c_in as u32,
        height: conv.h as u32,
        width: conv.w as u32,
        image,
        row: row as u32,
        pixel: pixel as u32,
        channel: channel as u32,
        k: k as u32,
        stride: conv.window.stride as u32,
        pad: conv.window.pad as u32,
        out_height: out_h as u32,
        out_width: out_w as u32,
    };
    let (rows, input) = (images * out_h * out_w, images * image as usize);
    Ok(Product { sliding, rows, outputs: conv.c_out, input })
}

fn pooling(windows: &Windows, images: usize, conv: &Conv) -> Result<Pooling, CudaError> {
    let (out_h, out_w) = windows.out();
    count("a pooling's output", &[images, out_h, out_w, conv.c_out])?;
    Ok(Pooling {
        images: images as u32,
        height: conv.out_h() as u32,
        width: conv.out_w() as u32,
        channels: conv.c_out as u32,
        out_height: out_h as u32,
        out_width: out_w as u32,
    })
}
