//! The kernels of the layers, and the small ones' launches.
#![allow(unsafe_code)]

use std::sync::Arc;

use crate::cuda::{Code, CudaError, Function, Gpu, Launch, Module, Slice, SliceMut, layers};

/// Threads of a block.
const THREADS: u32 = 256;

/// All kernels.
pub(crate) fn module(gpu: &Gpu) -> Result<Arc<Module>, CudaError> {
    gpu.module(&Code { name: "layers", location: None, key: "newton layers".to_owned(), text: &layers })
}

/// A kernel of this name.
pub(crate) fn kernel(gpu: &Gpu, name: &str) -> Result<Function, CudaError> {
    module(gpu)?.function(name)
}

/// Threads for elements that are independent of each other.
pub(crate) fn elements(count: usize) -> Launch {
    Launch::for_work(count, THREADS)
}

/// Threads for `rows` rows of `work` elements that are independent of each other; a kernel goes on with rows beyond the grid.
pub(crate) fn launch_rows(work: u32, rows: u32) -> Launch {
    // Blocks enough to fill a card many times over.
    let [blocks, ..] = elements(work as usize).grid;
    Launch { grid: [blocks, rows.clamp(1, 1 << 15), 1], block: [THREADS, 1, 1], shared: 0 }
}

/// A number as kernels count, with room for a step beyond it.
pub(crate) fn u32_of(what: &'static str, x: usize) -> Result<u32, CudaError> {
    let most = i32::MAX as usize;
    if x <= most { Ok(x as u32) } else { Err(CudaError::TooLarge { what, found: x, most }) }
}

/// `len` elements from `start` on.
pub(crate) fn part<T>(slice: SliceMut<'_, T>, start: usize, len: usize) -> SliceMut<'_, T> {
    slice.split_at(start).1.split_at(len).0
}

/// `y = max(x, 0)`; a NaN stays one.
pub(crate) fn relu(gpu: &Gpu, x: Slice<'_, f32>, y: SliceMut<'_, f32>) -> Result<(), CudaError> {
    let count = x.len();
    assert_eq!(y.len(), count, "lengths of a ReLU");
    // SAFETY: (input, output, count), both of `count` elements.
    unsafe { kernel(gpu, "nl_relu")?.launch(elements(count), &[&x, &y, &(count as u64)]) }
}

/// Adds `dy` to `dx` where `x` is positive or NaN.
pub(crate) fn relu_backward(
    gpu: &Gpu,
    x: Slice<'_, f32>,
    dy: Slice<'_, f32>,
    dx: SliceMut<'_, f32>,
) -> Result<(), CudaError> {
    let count = x.len();
    assert!(dy.len() == count && dx.len() == count, "lengths of a ReLU");
    // SAFETY: (input, gradient, sum, count), all of `count` elements.
    unsafe { kernel(gpu, "nl_relu_backward")?.launch(elements(count), &[&x, &dy, &dx, &(count as u64)]) }
}

/// `into += factor[0] x`.
pub(crate) fn add_scaled(
    gpu: &Gpu,
    into: SliceMut<'_, f32>,
    factor: Slice<'_, f32>,
    x: Slice<'_, f32>,
) -> Result<(), CudaError> {
    let count = x.len();
    assert!(into.len() == count && factor.len() > 0, "lengths of a sum");
    // SAFETY: (sum, factor, summand, count): one factor, the others of `count` elements.
    unsafe { kernel(gpu, "nl_add_scaled")?.launch(elements(count), &[&into, &factor, &x, &(count as u64)]) }
}

/// Writes `row` to every row of `out`.
pub(crate) fn fill_rows(gpu: &Gpu, row: Slice<'_, f32>, out: SliceMut<'_, f32>) -> Result<(), CudaError> {
    let (columns, count) = (row.len(), out.len());
    assert!(count == 0 || columns > 0, "rows of no columns");
    // SAFETY: (row, output, columns, count), of `columns` and `count` elements.
    unsafe {
        kernel(gpu, "nl_fill_rows")?
            .launch(elements(count), &[&row, &out, &(columns as u64), &(count as u64)])
    }
}

/// Adds the sum of each of `x`'s columns, as many as `into` has elements.
pub(crate) fn add_column_sums(
    gpu: &Gpu,
    x: Slice<'_, f32>,
    into: SliceMut<'_, f32>,
) -> Result<(), CudaError> {
    let columns = into.len();
    if columns == 0 {
        return Ok(());
    }
    assert!(x.len().is_multiple_of(columns), "{} elements in {columns} columns", x.len());
    let most = u32::MAX as usize;
    let blocks = columns.div_ceil(32);
    let Ok(grid) = u32::try_from(blocks) else {
        return Err(CudaError::TooLarge { what: "the number of columns", found: columns, most });
    };
    let shape = Launch { grid: [grid, 1, 1], block: [32, 8, 1], shared: 0 };
    let rows = (x.len() / columns) as u64;
    // SAFETY: (matrix, sums, rows, columns), of `rows * columns` and `columns` elements; the shape is the kernel's.
    unsafe { kernel(gpu, "nl_add_column_sums")?.launch(shape, &[&x, &into, &rows, &(columns as u64)]) }
}

/// `(1 - share) x + share y`, in double.
pub(crate) fn blend(
    gpu: &Gpu,
    x: Slice<'_, f32>,
    y: Slice<'_, f32>,
    share: f64,
    out: SliceMut<'_, f32>,
) -> Result<(), CudaError> {
    let count = x.len();
    assert!(y.len() == count && out.len() == count, "lengths of a blend");
    // SAFETY: (first, second, share, output, count), all of `count` elements.
    unsafe { kernel(gpu, "nl_blend")?.launch(elements(count), &[&x, &y, &share, &out, &(count as u64)]) }
}
