//! One step of several ranks: what their backward passes gave, averaged over the samples of all.

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut,
};
use dfdx::prelude::{Gradients, HasShape, Shape, Tensor};

use super::TrainError;
use super::optimizer::fill;
use crate::graph::{Backend, LayerError};
use crate::parallel::Collective;

/// Replaces the gradients of a network's parameters, its running statistics and a loss by their means over the samples of all ranks, of
/// which this one has `samples`: one sum, of everything. All ranks get the same bits. The mean of the loss.
pub(super) fn average<N: TensorCollection<f32, D>, D: Backend>(
    ranks: &dyn Collective,
    samples: usize,
    network: &mut N,
    gradients: &mut Gradients<f32, D>,
    loss: f32,
) -> Result<f32, TrainError> {
    // The count goes with the rest: in f32 it is exact up to 2^24 samples.
    let weight = samples as f32;
    let mut sums = vec![weight, weight * loss];
    walk(network, &mut Read { weight, gradients, sums: &mut sums })?;
    ranks.sum_f32(&mut sums)?;
    let total = sums[0];
    if total == 0.0 {
        return Err(crate::Error::EmptyBatch.into());
    }
    sums.iter_mut().for_each(|sum| *sum /= total);
    walk(network, &mut Write { gradients, means: &sums[2..] })?;
    Ok(sums[1])
}

fn walk<N: TensorCollection<f32, D>, D: Backend, V>(
    network: &mut N,
    visitor: &mut V,
) -> Result<(), TrainError>
where
    V: TensorVisitor<f32, D, Viewer = ViewTensorMut, Err = LayerError, E2 = f32, D2 = D>,
{
    N::iter_tensors(&mut RecursiveWalker { m: network, f: visitor })?;
    Ok(())
}

/// Appends what is to be averaged, in the network's order.
struct Read<'a, D: Backend> {
    weight: f32,
    gradients: &'a mut Gradients<f32, D>,
    sums: &'a mut Vec<f32>,
}

impl<D: Backend> TensorVisitor<f32, D> for Read<'_, D> {
    type Viewer = ViewTensorMut;
    type Err = LayerError;
    type E2 = f32;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, D>,
        tensor: &mut Tensor<S, f32, D>,
    ) -> Result<Option<Tensor<S, f32, D>>, LayerError> {
        let values = if options.do_gradient_update {
            // Zeros for a parameter that took no part.
            self.gradients.get_or_alloc_mut(tensor).map_err(Into::into)?;
            D::numbers(&self.gradients.get(&*tensor))?
        } else {
            D::numbers(tensor)?
        };
        self.sums.extend(values.iter().map(|value| self.weight * value));
        Ok(None)
    }
}

/// Puts the means where [`Read`] has them from.
struct Write<'a, 'b, D: Backend> {
    gradients: &'a mut Gradients<f32, D>,
    means: &'b [f32],
}

impl<D: Backend> TensorVisitor<f32, D> for Write<'_, '_, D> {
    type Viewer = ViewTensorMut;
    type Err = LayerError;
    type E2 = f32;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, D>,
        tensor: &mut Tensor<S, f32, D>,
    ) -> Result<Option<Tensor<S, f32, D>>, LayerError> {
        let (means, rest) = self.means.split_at(tensor.shape().num_elements());
        self.means = rest;
        if options.do_gradient_update {
            let means = tensor.device().try_tensor_from_vec(means.to_vec(), *tensor.shape());
            fill(self.gradients, tensor, means.map_err(Into::into)?).map_err(Into::into)?;
        } else {
            tensor.copy_from(means);
        }
        Ok(None)
    }
}

#[cfg(test)]
#[path = "across_tests.rs"]
mod tests;
