//! Fully connected layer: `y = x W^T + b`.

use dfdx::prelude::{Const, Dim, HasShape, Rank1, Rank2, SplitTape, Tape, Tensor};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use super::cuda::{kernels, products::gemm};
use super::error::same;
#[cfg(feature = "cuda")]
use super::op::CudaBackward;
use super::op::{Input, Op, contiguous, record};
use super::{Backend, LayerError};
#[cfg(feature = "cuda")]
use crate::cuda::{Gemm, Gpu, Slice, SliceMut};
use crate::matmul::{Matrix, matmul};

/// Rows of a batch, and columns of a weight, that one product handles: fixed, so that sums never depend on the number
/// of threads.
const ROWS: usize = 64;
const COLUMNS: usize = 512;

struct Linear {
    features: usize,
    outputs: usize,
}

/// `x` (B, I) times the transpose of `weight` (O, I), plus `bias` (O): (B, O).
///
/// # Errors
/// [`LayerError::Size`] if `x` has not I columns, [`LayerError::Empty`] if it has no rows.
pub fn linear<D: Backend, B: Dim, F: Dim, const I: usize, const O: usize, T: Tape<f32, D>>(
    x: Tensor<(B, F), f32, D, T>,
    weight: &Tensor<Rank2<O, I>, f32, D>,
    bias: &Tensor<Rank1<O>, f32, D>,
) -> Result<Tensor<(B, Const<O>), f32, D, T>, LayerError> {
    let (batch, features) = *x.shape();
    same("linear", "the number of features", features.size(), I)?;
    if batch.size() * I * O == 0 {
        let shape = vec![batch.size(), I];
        return Err(LayerError::Empty { op: "linear", why: "the batch or the layer is empty", shape });
    }
    let (x, tape) = contiguous(x)?.split_tape();
    let inputs = vec![Input::new(&x), Input::new(weight), Input::new(bias)];
    record(Linear { features: I, outputs: O }, inputs, (batch, Const), &x.device().clone(), tape)
}

impl Op for Linear {
    type Saved = ();

    fn forward(&self, inputs: &[&[f32]], out: &mut [f32], _: bool) {
        let (i, o) = (self.features, self.outputs);
        let weight = Matrix::new(inputs[1], o, i, i).transposed();
        out.par_chunks_mut(ROWS * o).zip(inputs[0].par_chunks(ROWS * i)).for_each(|(y, x)| {
            let rows = y.len() / o;
            y.chunks_exact_mut(o).for_each(|row| row.copy_from_slice(inputs[2]));
            matmul(Matrix::new(x, rows, i, i), weight, y, o, true);
        });
    }

    fn backward(&self, (): (), inputs: &[&[f32]], grad_out: &[f32], grad_inputs: &mut [Option<&mut [f32]>]) {
        let (i, o, batch) = (self.features, self.outputs, grad_out.len() / self.outputs);
        let gy = Matrix::new(grad_out, batch, o, o);
        let [dx, dw, db] = grad_inputs else { unreachable!("a linear layer has three inputs") };
        if let Some(dx) = dx {
            dx.par_chunks_mut(ROWS * i).zip(grad_out.par_chunks(ROWS * o)).for_each(|(dx, gy)| {
                let gy = Matrix::new(gy, gy.len() / o, o, o);
                matmul(gy, Matrix::new(inputs[1], o, i, i), dx, i, true);
            });
        }
        if let Some(dw) = dw {
            // Column blocks of dW = gy^T x: each sums over the whole batch on one thread, in a block of its own that
            // is then added to the rows of dW.
            let blocks: Vec<(usize, Vec<f32>)> = (0..i)
                .into_par_iter()
                .step_by(COLUMNS)
                .map(|begin| {
                    let n = COLUMNS.min(i - begin);
                    let mut block = vec![0.0; o * n];
                    matmul(
                        gy.transposed(),
                        Matrix::new(&inputs[0][begin..], batch, n, i),
                        &mut block,
                        n,
                        false,
                    );
                    (begin, block)
                })
                .collect();
            for (begin, block) in blocks {
                let n = block.len() / o;
                for (row, sums) in dw.chunks_exact_mut(i).zip(block.chunks_exact(n)) {
                    row[begin..begin + n].iter_mut().zip(sums).for_each(|(d, s)| *d += s);
                }
            }
        }
        if let Some(db) = db {
            for row in grad_out.chunks_exact(o) {
                db.iter_mut().zip(row).for_each(|(d, g)| *d += g);
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
        let (i, o, batch) = (self.features, self.outputs, out.len() / self.outputs);
        kernels::fill_rows(gpu, inputs[2], out.reborrow())?;
        let product = Gemm { beta: 1.0, ..Gemm::new(batch, o, i).transposed_b() };
        gemm(gpu, product, inputs[0], inputs[1], out)?;
        Ok(Box::new(move |gpu, inputs, grad_out, grad_inputs| {
            let [dx, dw, db] = grad_inputs else { unreachable!("a linear layer has three inputs") };
            if let Some(dx) = dx.take() {
                let product = Gemm { beta: 1.0, ..Gemm::new(batch, i, o) };
                gemm(gpu, product, grad_out, inputs[1], dx)?;
            }
            if let Some(dw) = dw.take() {
                let product = Gemm { beta: 1.0, ..Gemm::new(o, i, batch).transposed_a() };
                gemm(gpu, product, grad_out, inputs[0], dw)?;
            }
            if let Some(db) = db.take() {
                kernels::add_column_sums(gpu, grad_out, db)?;
            }
            Ok(())
        }))
    }
}
