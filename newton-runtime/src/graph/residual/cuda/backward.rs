//! Backward pass, layer by layer from the last.

use crate::cuda::{Buffer, CudaError, Gpu, Slice, SliceMut};

use super::super::network::Network;
use super::Saved;
use super::convolve::{add_weight_gradient, convolve};
use super::forward::packed;
use super::launch::Kernels;

/// Adds the gradients of all inputs that want one, from that of the result.
pub(super) fn backward(
    gpu: &Gpu,
    saved: &Saved,
    inputs: &[Slice<'_, f32>],
    grad_out: Slice<'_, f32>,
    grad_inputs: &mut [Option<SliceMut<'_, f32>>],
) -> Result<(), CudaError> {
    let pass = Pass { kernels: Kernels::new(gpu)?, saved, inputs };
    let plan = &saved.plan;
    let mut gradient = gpu.dirty(plan.adaptive.input())?;
    let winners = saved.winners[1].slice();
    pass.kernels.pool_adaptive_gradient(&plan.adaptive, grad_out, winners, gradient.slice_mut())?;
    // At the output of a block's second layer, for the identity, while the first one is gone through.
    let mut identity = None;
    for i in (1..plan.products.len()).rev() {
        let at_z = pass.normalisation(i, &mut gradient, Network::ends_block(i), grad_inputs)?;
        pass.weight(i, at_z.as_ref().unwrap_or(&gradient).slice(), grad_inputs)?;
        let mut before = pass.input(i, at_z.as_ref().unwrap_or(&gradient).slice())?;
        let add = if Network::ends_block(i) { None } else { identity.take() };
        let activation = saved.x[i - 1].slice();
        pass.kernels.mask(activation, add.as_ref().map(Buffer::slice), before.slice_mut())?;
        let done = std::mem::replace(&mut gradient, before);
        if Network::ends_block(i) {
            identity = Some(done);
        }
    }
    let mut at_stem = gpu.dirty(plan.pool.input())?;
    let winners = saved.winners[0].slice();
    pass.kernels.pool_gradient(&plan.pool, gradient.slice(), winners, at_stem.slice_mut())?;
    drop(gradient);
    pass.normalisation(0, &mut at_stem, false, grad_inputs)?;
    pass.weight(0, at_stem.slice(), grad_inputs)
}

struct Pass<'a> {
    kernels: Kernels<'a>,
    saved: &'a Saved,
    inputs: &'a [Slice<'a, f32>],
}

impl Pass<'_> {
    /// Layer i's gradients of gamma and beta, and that at its convolution's output: in place of `gradient`, or, if that is to stay, apart.
    fn normalisation(
        &self,
        i: usize,
        gradient: &mut Buffer<f32>,
        stays: bool,
        grad_inputs: &mut [Option<SliceMut<'_, f32>>],
    ) -> Result<Option<Buffer<f32>>, CudaError> {
        let (kernels, gpu) = (&self.kernels, self.kernels.gpu);
        let (z, norm) = (self.saved.z[i].slice(), self.saved.norms[i].slice());
        let matrix = self.saved.plan.products[i].matrix();
        let (mut parts, mut spread) = (gpu.dirty(matrix.parts())?, gpu.dirty(2 * matrix.channels)?);
        kernels.gradient_sums(matrix, gradient.slice(), z, norm, parts.slice_mut())?;
        let inverse = self.saved.inverses[i].slice();
        let [gamma, beta] = [2, 3].map(|input| 3 * i + input);
        let (before, behind) = grad_inputs.split_at_mut(beta);
        let gradients =
            [before[gamma].as_mut().map(SliceMut::reborrow), behind[0].as_mut().map(SliceMut::reborrow)];
        kernels.norm_gradient(matrix, parts.slice(), (norm, inverse), gradients, spread.slice_mut())?;
        let along = (z, norm, spread.slice());
        if !stays {
            kernels.spread(matrix, along, None, gradient.slice_mut())?;
            return Ok(None);
        }
        let mut at_z = gpu.dirty(matrix.len())?;
        kernels.spread(matrix, along, Some(gradient.slice()), at_z.slice_mut())?;
        Ok(Some(at_z))
    }

    /// Layer i's gradient of the weight.
    fn weight(
        &self,
        i: usize,
        at_z: Slice<'_, f32>,
        grad_inputs: &mut [Option<SliceMut<'_, f32>>],
    ) -> Result<(), CudaError> {
        let Some(gradient) = &mut grad_inputs[1 + 3 * i] else { return Ok(()) };
        let (plan, input) =
            (&self.saved.plan, if i == 0 { self.inputs[0] } else { self.saved.x[i - 1].slice() });
        add_weight_gradient(&self.kernels, &plan.products[i], plan.most, input, at_z, gradient.reborrow())
    }

    /// The gradient at layer i's input, i at least 1.
    fn input(&self, i: usize, at_z: Slice<'_, f32>) -> Result<Buffer<f32>, CudaError> {
        let (kernels, plan) = (&self.kernels, &self.saved.plan);
        let turned = &plan.turned[i - 1];
        let weight = packed(kernels, turned, true, self.inputs[1 + 3 * i])?;
        let mut gradient = kernels.gpu.dirty(turned.output())?;
        convolve(kernels, turned, plan.most, at_z, weight.slice(), gradient.slice_mut())?;
        Ok(gradient)
    }
}
