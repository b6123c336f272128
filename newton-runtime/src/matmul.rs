//! Matrix products of slices: the one place that calls the `gemm` crate.
#![allow(unsafe_code)]

use crate::scalar::Float;

/// A matrix in a slice: `at(row, column) = data[row * row_stride + column * column_stride]`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T = f32> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T: Copy> Matrix<'a, T> {
    /// Rows of `columns` elements, `stride` apart.
    pub(crate) fn new(data: &'a [T], rows: usize, columns: usize, stride: usize) -> Self {
        Self { data, rows, columns, row_stride: stride, column_stride: 1 }
    }

    /// The same memory, rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// Elements from the first to one past the last, or `None` on overflow.
fn extent(rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> Option<usize> {
    if rows == 0 || columns == 0 {
        return Some(0);
    }
    let last = (rows - 1).checked_mul(row_stride)?.checked_add((columns - 1).checked_mul(column_stride)?)?;
    last.checked_add(1)
}

/// `c = a b`, or `c += a b` if `add`; `c` is row-major with rows `stride` apart. One thread: callers split the work in
/// fixed pieces, so that results do not depend on the number of threads.
///
/// # Panics
/// If the shapes do not chain, or a slice is shorter than its shape says (a bug: callers have checked).
pub(crate) fn matmul<T: Float>(a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T], stride: usize, add: bool) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert_eq!(k, b.rows, "inner dimensions");
    assert!(stride >= n, "rows of the result overlap");
    for (len, extent) in [
        (a.data.len(), extent(m, k, a.row_stride, a.column_stride)),
        (b.data.len(), extent(k, n, b.row_stride, b.column_stride)),
        (c.len(), extent(m, n, stride, 1)),
    ] {
        assert!(extent.is_some_and(|e| e <= len), "a slice is shorter than its matrix");
    }
    // SAFETY: gemm reads a(i, l), b(l, j) and reads and writes c(i, j) for i < m, j < n, l < k, at the offsets
    // i * row_stride + j * column_stride from the pointers given. The assertions above put the largest of these offsets
    // inside each slice, and strides are below isize::MAX because they index slices (or multiply an index that is only
    // ever 0). `c` is a unique borrow, so it overlaps neither `a` nor `b`, and its elements are distinct (stride >= n).
    // `Float` is f32 and f64, which are among gemm's element types.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            stride as isize,
            add,
            a.data.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            T::from_f64(1.0),
            T::from_f64(1.0),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strided_and_transposed_products() {
        // a = [[1, 2], [3, 4], [5, 6]] with rows 3 apart, b = its transpose.
        let data = [1.0, 2.0, 9.0, 3.0, 4.0, 9.0, 5.0, 6.0];
        let a = Matrix::new(&data, 3, 2, 3);
        let mut c = [100.0; 11];
        matmul(a, a.transposed(), &mut c, 4, false);
        assert_eq!(c, [5.0, 11.0, 17.0, 100.0, 11.0, 25.0, 39.0, 100.0, 17.0, 39.0, 61.0]);
        matmul(a, a.transposed(), &mut c, 4, true);
        assert_eq!(c[..3], [10.0, 22.0, 34.0]);
    }

    #[test]
    #[should_panic(expected = "shorter than its matrix")]
    fn short_slices_are_refused() {
        let a = [0.0; 6];
        matmul(Matrix::new(&a, 2, 3, 3), Matrix::new(&a, 3, 2, 2), &mut [0.0; 3], 2, false);
    }
}
