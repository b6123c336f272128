//! Forward pass: layer by layer.

use crate::cuda::{Buffer, CudaError, Gpu, Slice, SliceMut};

use super::super::network::{Network, Sizes};
use super::convolve::convolve;
use super::launch::{Kernels, Matrix, Normed};
use super::plan::{Plan, Product};
use super::{Norm, Saved};

/// Mean and unbiased variance of every channel of a layer's convolution, which the running statistics follow.
pub(super) type Followed = Buffer<f32>;

/// A layer's weight, gamma and beta.
fn layer<'a>(inputs: &[Slice<'a, f32>], i: usize) -> [Slice<'a, f32>; 3] {
    [inputs[1 + 3 * i], inputs[2 + 3 * i], inputs[3 + 3 * i]]
}

impl Product {
    /// What a convolution writes.
    pub(super) fn matrix(&self) -> Matrix {
        Matrix { rows: self.rows, channels: self.outputs }
    }
}

/// Training: with the statistics of the batch.
pub(super) fn of_batch(
    gpu: &Gpu,
    plan: Plan,
    inputs: &[Slice<'_, f32>],
    out: SliceMut<'_, f32>,
) -> Result<(Saved, Vec<Followed>), CudaError> {
    let kernels = Kernels::new(gpu)?;
    let last = plan.products.len() - 1;
    let winners = [gpu.dirty(plan.pool.output())?, gpu.dirty(plan.adaptive.output())?];
    let mut saved = Saved { plan, x: vec![], z: vec![], norms: vec![], inverses: vec![], winners };
    let mut moments = Vec::with_capacity(last + 1);
    for i in 0..=last {
        let [weight, gamma, beta] = layer(inputs, i);
        let product = saved.plan.products[i];
        let input = if i == 0 { inputs[0] } else { saved.x[i - 1].slice() };
        let z = convolution(&kernels, &product, saved.plan.most, input, weight)?;
        let (norm, inverse, followed) = normalise(&kernels, product.matrix(), z.slice(), gamma)?;
        saved.z.push(z);
        saved.norms.push(norm);
        saved.inverses.push(inverse);
        moments.push(followed);
        let skip = Network::ends_block(i).then(|| saved.x[i - 2].slice());
        let normed = Normed { z: saved.z[i].slice(), norm: saved.norms[i].slice(), beta, skip };
        if i < last {
            let x = next(&kernels, &saved.plan, i, normed, saved.winners[0].slice_mut())?;
            saved.x.push(x);
        }
    }
    let [.., beta] = layer(inputs, last);
    let skip = Some(saved.x[last - 2].slice());
    let normed = Normed { z: saved.z[last].slice(), norm: saved.norms[last].slice(), beta, skip };
    kernels.pool_adaptive(&saved.plan.adaptive, normed, out, saved.winners[1].slice_mut())?;
    Ok((saved, moments))
}

/// Evaluation: with running statistics, some images at a time through all layers.
pub(super) fn of_images(
    gpu: &Gpu,
    sizes: &Sizes,
    batch: usize,
    inputs: &[Slice<'_, f32>],
    mut out: SliceMut<'_, f32>,
    most: usize,
) -> Result<(), CudaError> {
    let kernels = Kernels::new(gpu)?;
    let layers = sizes.convs.len();
    let mut weights = Vec::with_capacity(layers);
    let mut norms = Vec::with_capacity(layers);
    // One image's plan has all there is to know about kernels.
    let one = Plan::new(sizes, 1, most)?;
    for i in 0..layers {
        let [weight, gamma, _] = layer(inputs, i);
        weights.push(packed(&kernels, &one.products[i], false, weight)?);
        let statistics = [inputs[1 + 3 * layers + 2 * i], inputs[2 + 3 * layers + 2 * i]];
        let mut norm = gpu.dirty(2 * gamma.len())?;
        kernels.norm_of_running(statistics, gamma, norm.slice_mut())?;
        norms.push(norm);
    }
    let largest = one.products.iter().map(Product::output).max().unwrap_or(1);
    let piece = (most / largest).clamp(1, batch);
    let (image, cells) = (one.products[0].input, one.adaptive.cells());
    for first in (0..batch).step_by(piece) {
        let images = piece.min(batch - first);
        let plan = Plan::new(sizes, images, most)?;
        let input = inputs[0].range(first * image, images * image);
        let (target, behind) = out.split_at(images * cells);
        evaluate(&kernels, &plan, input, inputs, (&weights, &norms), target)?;
        out = behind;
    }
    Ok(())
}

fn evaluate(
    kernels: &Kernels<'_>,
    plan: &Plan,
    images: Slice<'_, f32>,
    inputs: &[Slice<'_, f32>],
    (weights, norms): (&[Buffer<f32>], &[Norm]),
    out: SliceMut<'_, f32>,
) -> Result<(), CudaError> {
    let gpu = kernels.gpu;
    let last = plan.products.len() - 1;
    let mut winners = gpu.dirty(plan.pool.output().max(plan.adaptive.output()))?;
    // Inputs of the block's first layer, and of the current one.
    let (mut block, mut x): (Option<Buffer<f32>>, Option<Buffer<f32>>) = (None, None);
    for i in 0..=last {
        let product = &plan.products[i];
        let [_, _, beta] = layer(inputs, i);
        let mut z = gpu.dirty(product.output())?;
        let input = x.as_ref().map_or(images, Buffer::slice);
        convolve(kernels, product, plan.most, input, weights[i].slice(), z.slice_mut())?;
        let skip = Network::ends_block(i).then_some(block.as_ref()).flatten().map(Buffer::slice);
        let normed = Normed { z: z.slice(), norm: norms[i].slice(), beta, skip };
        if i == last {
            return kernels.pool_adaptive(&plan.adaptive, normed, out, winners.slice_mut());
        }
        let output = next(kernels, plan, i, normed, winners.slice_mut())?;
        let before = x.replace(output);
        // What goes into a block's first layer is added to its second one's output.
        if !Network::ends_block(i) {
            block = before;
        }
    }
    Ok(())
}

/// The input of the layer after `i`.
fn next(
    kernels: &Kernels<'_>,
    plan: &Plan,
    i: usize,
    normed: Normed<'_>,
    winners: SliceMut<'_, u8>,
) -> Result<Buffer<f32>, CudaError> {
    let mut x = kernels.gpu.dirty(plan.products[i + 1].input)?;
    match i {
        0 => kernels.pool(&plan.pool, normed, x.slice_mut(), winners)?,
        _ => kernels.activate(plan.products[i].matrix(), normed, x.slice_mut())?,
    }
    Ok(x)
}

/// A kernel as products take it.
pub(super) fn packed(
    kernels: &Kernels<'_>,
    product: &Product,
    turned: bool,
    weight: Slice<'_, f32>,
) -> Result<Buffer<f32>, CudaError> {
    let mut packed = kernels.gpu.dirty(product.weights())?;
    kernels.pack(product, turned, weight, packed.slice_mut())?;
    Ok(packed)
}

/// A convolution.
fn convolution(
    kernels: &Kernels<'_>,
    product: &Product,
    most: usize,
    input: Slice<'_, f32>,
    weight: Slice<'_, f32>,
) -> Result<Buffer<f32>, CudaError> {
    let packed = packed(kernels, product, false, weight)?;
    let mut z = kernels.gpu.dirty(product.output())?;
    convolve(kernels, product, most, input, packed.slice(), z.slice_mut())?;
    Ok(z)
}

/// What normalises with the batch's statistics.
fn normalise(
    kernels: &Kernels<'_>,
    matrix: Matrix,
    z: Slice<'_, f32>,
    gamma: Slice<'_, f32>,
) -> Result<(Norm, Buffer<f64>, Followed), CudaError> {
    let gpu = kernels.gpu;
    let mut parts = gpu.dirty(matrix.parts())?;
    kernels.moments(matrix, z, parts.slice_mut())?;
    let (mut norm, mut inverse) = (gpu.dirty(2 * matrix.channels)?, gpu.dirty(matrix.channels)?);
    let mut followed = gpu.dirty(2 * matrix.channels)?;
    let targets = (norm.slice_mut(), inverse.slice_mut(), followed.slice_mut());
    kernels.norm_of_batch(matrix, parts.slice(), gamma, targets.0, targets.1, targets.2)?;
    Ok((norm, inverse, followed))
}
