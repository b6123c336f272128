//! Convolutions as products.

use crate::cuda::{CudaError, Launch, Slice, SliceMut};

use super::super::plan::Product;
use super::{Kernels, fits, flat, warps};

impl Kernels<'_> {
    /// Rows `first`.. of what lies under a convolution's windows.
    pub(in super::super) fn columns(
        &self,
        product: &Product,
        input: Slice<'_, f32>,
        first: usize,
        rows: usize,
        out: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        fits(&[input.len()], product.input);
        fits(&[out.len()], rows * product.columns());
        fits(&[product.rows], first + rows);
        let shape = warps(rows);
        let (first, rows) = (first as u32, rows as u32);
        // SAFETY: the kernel reads pixels of `input`, for windows that it has, and writes `rows` rows.
        unsafe { self.launch("nl_columns", shape, &[&input, &product.sliding, &first, &rows, &out]) }
    }

    /// A kernel as the products take it; turned if `turned`, and then `product` is the turned convolution.
    pub(in super::super) fn pack(
        &self,
        product: &Product,
        turned: bool,
        weight: Slice<'_, f32>,
        packed: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        let length = product.weights();
        fits(&[weight.len(), packed.len()], length);
        let name = if turned { "nl_pack_turned_weight" } else { "nl_pack_weight" };
        let channels = if turned { product.outputs as u32 } else { product.sliding.channels };
        let (shape, taps, length) = (flat(length), product.sliding.k.pow(2), length as u32);
        // SAFETY: both have `length` weights, and so has every index that the kernel makes of another.
        unsafe { self.launch(name, shape, &[&weight, &length, &channels, &taps, &packed]) }
    }

    /// Adds the sum of packed gradients to a kernel's.
    pub(in super::super) fn add_weight_gradient(
        &self,
        product: &Product,
        packed: Slice<'_, f32>,
        parts: usize,
        gradient: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        let length = product.weights();
        fits(&[packed.len()], parts * length);
        fits(&[gradient.len()], length);
        // A block for every 32 weights.
        let shape = Launch { grid: [length.div_ceil(32) as u32, 1, 1], ..warps(1) };
        let channels = product.sliding.channels;
        let (taps, length, parts) = (product.sliding.k.pow(2), length as u32, parts as u32);
        // SAFETY: there are `parts` gradients, and one to add to; the shape is the kernel's.
        unsafe {
            self.launch(
                "nl_add_weight_gradient",
                shape,
                &[&packed, &parts, &length, &channels, &taps, &gradient],
            )
        }
    }
}
