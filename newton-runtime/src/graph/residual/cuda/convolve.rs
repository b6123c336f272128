//! Convolutions as matrix products, in pieces of bounded size.

use crate::cuda::{CudaError, Gemm, Slice, SliceMut};
use crate::graph::cuda::products::gemm;

use super::launch::Kernels;
use super::plan::Product;

/// Rows of the products of which a weight's gradient is the sum: enough products to fill a card, whose sum has a fixed order.
const PART: usize = 512;

/// Rows of a piece of the columns.
pub(super) fn piece(product: &Product, most: usize) -> usize {
    (most / product.columns()).clamp(1, product.rows)
}

/// The same where products for a weight's gradient are made of it: rows, and how many products.
pub(super) fn gradient_piece(product: &Product, most: usize) -> (usize, usize) {
    let part = PART * product.columns() + product.weights();
    let rows = ((most / part).max(1) * PART).min(product.rows);
    (rows, rows.div_ceil(PART))
}

/// Writes a convolution of all images: `packed` is its kernel.
pub(super) fn convolve(
    kernels: &Kernels<'_>,
    product: &Product,
    most: usize,
    input: Slice<'_, f32>,
    packed: Slice<'_, f32>,
    out: SliceMut<'_, f32>,
) -> Result<(), CudaError> {
    let (gpu, length, outputs) = (kernels.gpu, product.columns(), product.outputs);
    let piece = piece(product, most);
    let mut columns = gpu.dirty(piece * length)?;
    let mut rest = out;
    for first in (0..product.rows).step_by(piece) {
        let rows = piece.min(product.rows - first);
        kernels.columns(product, input, first, rows, columns.slice_mut())?;
        let (out, behind) = rest.split_at(rows * outputs);
        let shape = Gemm::new(rows, outputs, length).transposed_b();
        gemm(gpu, shape, columns.slice(), packed, out)?;
        rest = behind;
    }
    Ok(())
}

/// Adds a convolution's gradient to that of its kernel, from that at its output.
pub(super) fn add_weight_gradient(
    kernels: &Kernels<'_>,
    product: &Product,
    most: usize,
    input: Slice<'_, f32>,
    at_output: Slice<'_, f32>,
    mut gradient: SliceMut<'_, f32>,
) -> Result<(), CudaError> {
    let (gpu, length, outputs) = (kernels.gpu, product.columns(), product.outputs);
    let (piece, parts) = gradient_piece(product, most);
    let mut columns = gpu.dirty(piece * length)?;
    let mut packed = gpu.dirty(parts * product.weights())?;
    for first in (0..product.rows).step_by(piece) {
        let rows = piece.min(product.rows - first);
        kernels.columns(product, input, first, rows, columns.slice_mut())?;
        let at_output = at_output.range(first * outputs, rows * outputs);
        // All parts of PART rows at once, then what is left.
        let (whole, left) = (rows / PART, rows % PART);
        let (done, behind) = packed.slice_mut().split_at(whole * product.weights());
        let shape = Gemm {
            batch: whole,
            next_a: PART * outputs,
            next_b: PART * length,
            next_c: product.weights(),
            ..Gemm::new(outputs, length, PART).transposed_a()
        };
        if whole > 0 {
            gemm(gpu, shape, at_output, columns.slice(), done)?;
        }
        if left > 0 {
            let at_output = at_output.range(whole * PART * outputs, left * outputs);
            let columns = columns.slice();
            let columns = columns.range(whole * PART * length, left * length);
            let shape = Gemm::new(outputs, length, left).transposed_a();
            gemm(gpu, shape, at_output, columns, behind)?;
        }
        let parts = rows.div_ceil(PART);
        kernels.add_weight_gradient(product, packed.slice(), parts, gradient.reborrow())?;
    }
    Ok(())
}
