//! Matrix products by cuBLAS.

use std::sync::Arc;

use cudarc::cublas::result::CublasError;
use cudarc::cublas::{CudaBlas, result, sys};
use cudarc::driver::CudaDevice;

use super::{Gpu, Slice, SliceMut};
use crate::cuda::CudaError;

/// cuBLAS on a device. It works on the default stream.
pub struct Blas {
    handle: CudaBlas,
}

/// `C = alpha A B + beta C` for row-major f32 matrices: A is m x k, B is k x n, C is m x n.
#[derive(Debug, Clone, Copy)]
pub struct Gemm {
    /// Rows of C.
    pub m: usize,
    /// Columns of C.
    pub n: usize,
    /// What is summed over.
    pub k: usize,
    /// A lies transposed, as k x m.
    pub transpose_a: bool,
    /// B lies transposed, as n x k.
    pub transpose_b: bool,
    /// Elements from a row of A, as it lies, to the next.
    pub stride_a: usize,
    /// Of B.
    pub stride_b: usize,
    /// Of C.
    pub stride_c: usize,
    /// Factor of the product.
    pub alpha: f32,
    /// Factor of what was there; with 0 it is not read.
    pub beta: f32,
    /// Products of this kind, and elements from one to the next of A, B and C (0: the same for all).
    pub batch: usize,
    /// Of A.
    pub next_a: usize,
    /// Of B.
    pub next_b: usize,
    /// Of C.
    pub next_c: usize,
}

impl Gemm {
    /// The product of dense matrices as they lie.
    pub fn new(m: usize, n: usize, k: usize) -> Self {
        Self {
            m,
            n,
            k,
            transpose_a: false,
            transpose_b: false,
            stride_a: k,
            stride_b: n,
            stride_c: n,
            alpha: 1.0,
            beta: 0.0,
            batch: 1,
            next_a: 0,
            next_b: 0,
            next_c: 0,
        }
    }

    /// A lies dense and transposed.
    #[must_use]
    pub fn transposed_a(self) -> Self {
        Self { transpose_a: true, stride_a: self.m, ..self }
    }

    /// B lies dense and transposed.
    #[must_use]
    pub fn transposed_b(self) -> Self {
        Self { transpose_b: true, stride_b: self.k, ..self }
    }

    /// Elements that A, B and C must have.
    fn lengths(&self) -> [usize; 3] {
        let last = self.batch.saturating_sub(1);
        let of = |rows: usize, columns: usize, stride: usize, next: usize| {
            if rows * columns == 0 { 0 } else { last * next + (rows - 1) * stride + columns }
        };
        let (a, b) = match (self.transpose_a, self.transpose_b) {
            (false, false) => ((self.m, self.k), (self.k, self.n)),
            (true, false) => ((self.k, self.m), (self.k, self.n)),
            (false, true) => ((self.m, self.k), (self.n, self.k)),
            (true, true) => ((self.k, self.m), (self.n, self.k)),
        };
        [
            of(a.0, a.1, self.stride_a, self.next_a),
            of(b.0, b.1, self.stride_b, self.next_b),
            of(self.m, self.n, self.stride_c, self.next_c),
        ]
    }
}

impl Blas {
    pub(super) fn new(cuda: &Arc<CudaDevice>) -> Result<Blas, CudaError> {
        let handle = CudaBlas::new(Arc::clone(cuda)).map_err(blas("opening cuBLAS"))?;
        Ok(Blas { handle })
    }

    /// Whether products of f32 may be rounded to TF32 (10 bits of mantissa, several times as fast on tensor cores). They are not unless
    /// this says so.
    ///
    /// # Errors
    /// cuBLAS's.
    pub fn allow_tf32(&self, allow: bool) -> Result<(), CudaError> {
        let mode = match allow {
            true => sys::cublasMath_t::CUBLAS_TF32_TENSOR_OP_MATH,
            false => sys::cublasMath_t::CUBLAS_DEFAULT_MATH,
        };
        // SAFETY: the handle exists.
        unsafe { sys::cublasSetMathMode(*self.handle.handle(), mode) }
            .result()
            .map_err(blas("setting its mode"))
    }

    /// Enqueues products.
    ///
    /// # Errors
    /// [`CudaError::TooLarge`] beyond 2^31 rows or columns; cuBLAS's.
    ///
    /// # Panics
    /// If a matrix does not lie within its slice.
    pub fn gemm(
        &self,
        gpu: &Gpu,
        gemm: Gemm,
        a: Slice<'_, f32>,
        b: Slice<'_, f32>,
        c: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        let lengths = gemm.lengths();
        assert!(
            lengths[0] <= a.len() && lengths[1] <= b.len() && lengths[2] <= c.len(),
            "{gemm:?} of {} and {} elements into {}",
            a.len(),
            b.len(),
            c.len()
        );
        if gemm.m * gemm.n * gemm.batch == 0 {
            return Ok(());
        }
        gpu.bind()?;
        let int = |what, x: usize| {
            i32::try_from(x).map_err(|_| CudaError::TooLarge { what, found: x, most: i32::MAX as usize })
        };
        let transposed =
            |yes| if yes { sys::cublasOperation_t::CUBLAS_OP_T } else { sys::cublasOperation_t::CUBLAS_OP_N };
        let what = "a matrix's size";
        let (m, n, k) = (int(what, gemm.m)?, int(what, gemm.n)?, int(what, gemm.k)?);
        let (lda, ldb) = (int(what, gemm.stride_a.max(1))?, int(what, gemm.stride_b.max(1))?);
        let (ldc, batch) = (int(what, gemm.stride_c)?, int("the number of products", gemm.batch)?);
        // Row-major matrices are column-major ones transposed: C^T = B^T A^T.
        // SAFETY: all matrices lie within their slices, as was just seen; `c` is borrowed mutably, so it overlaps with none.
        unsafe {
            result::sgemm_strided_batched(
                *self.handle.handle(),
                transposed(gemm.transpose_b),
                transposed(gemm.transpose_a),
                n,
                m,
                k,
                &gemm.alpha,
                b.pointer() as *const f32,
                ldb,
                gemm.next_b as i64,
                a.pointer() as *const f32,
                lda,
                gemm.next_a as i64,
                &gemm.beta,
                c.pointer() as *mut f32,
                ldc,
                gemm.next_c as i64,
                batch,
            )
        }
        .map_err(blas("a matrix product"))
    }
}

fn blas(call: &'static str) -> impl Fn(CublasError) -> CudaError {
    move |error| CudaError::Blas { call, code: error.0 as u32 }
}
