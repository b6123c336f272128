//! Walks through networks, for the tests against PyTorch.

use dfdx::nn::tensor_collection::{RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor};
use dfdx::nn::tensor_collection::{ViewTensorMut, ViewTensorRef};
use dfdx::prelude::*;

/// Sets trained tensor t to `a sin(0.7 + 1.3 k + 0.11 t)`, batch norm's scales to 1 + 0.1 sin(..): the golden files' rule.
/// `names` are torch's, in its order, which is also ours.
struct ClosedForm<'a> {
    names: &'a [&'a str],
    at: usize,
}

impl<D: Device<f32>> TensorVisitor<f32, D> for ClosedForm<'_> {
    type Viewer = ViewTensorMut;
    type Err = D::Err;
    type E2 = f32;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, D>,
        tensor: &mut Tensor<S, f32, D>,
    ) -> Result<Option<Tensor<S, f32, D>>, D::Err> {
        if options.do_gradient_update {
            let sizes: Vec<usize> = tensor.shape().concrete().into_iter().collect();
            let fan_in: usize = if sizes.len() > 1 { sizes[1..].iter().product() } else { 8 };
            let name = self.names[self.at];
            let is_scale = name.contains("bn") && name.ends_with("weight");
            let (base, a) = if is_scale { (1.0, 0.1) } else { (0.0, (fan_in as f64).sqrt().recip()) };
            let rule = |k: usize| base + a * (0.7 + 1.3 * k as f64 + 0.11 * self.at as f64).sin();
            let values: Vec<f32> = (0..sizes.iter().product()).map(|k| rule(k) as f32).collect();
            tensor.copy_from(&values);
            self.at += 1;
        }
        Ok(None)
    }
}

/// Gives a network the golden files' weights.
pub fn set_closed_form<D: Device<f32>, M: TensorCollection<f32, D>>(net: &mut M, names: &[&str]) {
    let mut form = ClosedForm { names, at: 0 };
    M::iter_tensors(&mut RecursiveWalker { m: net, f: &mut form }).expect("the walk cannot fail");
}

/// A trained tensor's shape, and its values or gradient.
pub type Found = (Vec<usize>, Vec<f32>);

struct Collect<'a, D: Device<f32>>(Option<&'a Gradients<f32, D>>, Vec<Found>);

impl<D: Device<f32>> TensorVisitor<f32, D> for Collect<'_, D> {
    type Viewer = ViewTensorRef;
    type Err = D::Err;
    type E2 = f32;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, D>,
        tensor: &Tensor<S, f32, D>,
    ) -> Result<Option<Tensor<S, f32, D>>, D::Err> {
        if options.do_gradient_update {
            let values = self.0.map_or_else(|| tensor.as_vec(), |grads| grads.get(tensor).as_vec());
            self.1.push((tensor.shape().concrete().into_iter().collect(), values));
        }
        Ok(None)
    }
}

/// Every trained tensor with its shape, or its gradient if there are any.
pub fn collect<D: Device<f32>, M: TensorCollection<f32, D>>(
    net: &M,
    grads: Option<&Gradients<f32, D>>,
) -> Vec<Found> {
    let mut found = Collect(grads, Vec::new());
    M::iter_tensors(&mut RecursiveWalker { m: net, f: &mut found }).expect("the walk cannot fail");
    found.1
}
