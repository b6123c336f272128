//! dfdx modules around the ops: with parameters, torch's default initialisation, Adam, `alloc_grads`, save and load.
//!
//! All of them fail with [`LayerError`], so they chain in dfdx's tuples.

mod conv;
mod conv_norm;
mod fused;

use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::nn::{BuildOnDevice, Module, NonMutableModule, ZeroSizedModule};
use dfdx::prelude::{Const, Device, Dim, Dtype, Rank1, Rank2, Shape, Storage, Tape, Tensor};
use rand_distr::Uniform;

pub use conv::{Conv2d, MaxPool2d};
pub use conv_norm::{BasicBlock, ConvNorm};
pub use fused::{ConvReluPool, ConvStack};

use super::{Backend, LayerError, flatten, linear, relu};

/// Types to build the modules with: `device.build_module::<builder::Linear<64, 1>, f32>()`.
pub mod builder {
    /// Builds a [`Conv2d`](super::Conv2d).
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Conv2d<
        const I: usize,
        const O: usize,
        const K: usize,
        const S: usize = 1,
        const P: usize = 0,
        const INPUT_GRADIENT: bool = true,
    >;

    /// Builds a [`ConvReluPool`](super::ConvReluPool).
    #[derive(Debug, Clone, Copy, Default)]
    pub struct ConvReluPool<
        const I: usize,
        const O: usize,
        const K: usize,
        const P: usize,
        const INPUT_GRADIENT: bool = true,
    >;

    /// Builds a [`ConvStack`](super::ConvStack) of two builders.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct ConvStack<First, Second>(core::marker::PhantomData<(First, Second)>);

    /// Builds a [`Linear`](super::Linear).
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Linear<const I: usize, const O: usize>;
}

/// Fills a parameter as torch does: U(-1/sqrt(fan_in), 1/sqrt(fan_in)).
fn torch_uniform<S: Shape, D: Device<f32>>(
    tensor: &mut Tensor<S, f32, D>,
    fan_in: usize,
) -> Result<(), D::Err> {
    let bound = 1.0 / (fan_in as f32).sqrt();
    tensor.try_fill_with_distr(Uniform::new(-bound, bound))
}

/// `y = x W^T + b`: (B, I) to (B, O). See [`linear`].
#[derive(Debug, Clone)]
pub struct Linear<const I: usize, const O: usize, E: Dtype, D: Storage<E>> {
    /// (O, I), torch's layout.
    pub weight: Tensor<Rank2<O, I>, E, D>,
    /// (O).
    pub bias: Tensor<Rank1<O>, E, D>,
}

impl<const I: usize, const O: usize, D: Device<f32>> BuildOnDevice<D, f32> for builder::Linear<I, O> {
    type Built = Linear<I, O, f32, D>;
}

impl<const I: usize, const O: usize, D: Device<f32>> TensorCollection<f32, D> for Linear<I, O, f32, D> {
    type To<E2: Dtype, D2: Device<E2>> = Linear<I, O, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, f32, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let weight = TensorOptions::reset_with(|t| torch_uniform(t, I));
        let bias = TensorOptions::reset_with(|t| torch_uniform(t, I));
        visitor.visit_fields(
            (
                Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, weight),
                Self::tensor("bias", |s| &s.bias, |s| &mut s.bias, bias),
            ),
            |(weight, bias)| Linear { weight, bias },
        )
    }
}

impl<const I: usize, const O: usize, E: Dtype, D: Storage<E>> NonMutableModule for Linear<I, O, E, D> {}

impl<D: Backend, B: Dim, F: Dim, T: Tape<f32, D>, const I: usize, const O: usize>
    Module<Tensor<(B, F), f32, D, T>> for Linear<I, O, f32, D>
{
    type Output = Tensor<(B, Const<O>), f32, D, T>;
    type Error = LayerError;

    fn try_forward(&self, x: Tensor<(B, F), f32, D, T>) -> Result<Self::Output, LayerError> {
        linear(x, &self.weight, &self.bias)
    }
}

/// [`relu`] as a module.
#[derive(Debug, Clone, Copy, Default)]
pub struct Relu;

impl ZeroSizedModule for Relu {}
impl NonMutableModule for Relu {}

impl<D: Backend, S: Shape, T: Tape<f32, D>> Module<Tensor<S, f32, D, T>> for Relu {
    type Output = Tensor<S, f32, D, T>;
    type Error = LayerError;

    fn try_forward(&self, x: Tensor<S, f32, D, T>) -> Result<Self::Output, LayerError> {
        relu(x)
    }
}

/// [`flatten`] as a module: (B, C, H, W) to (B, C H W).
#[derive(Debug, Clone, Copy, Default)]
pub struct Flatten;

impl ZeroSizedModule for Flatten {}
impl NonMutableModule for Flatten {}

impl<D: Backend, B: Dim, C: Dim, H: Dim, W: Dim, T: Tape<f32, D>> Module<Tensor<(B, C, H, W), f32, D, T>>
    for Flatten
{
    type Output = Tensor<(B, usize), f32, D, T>;
    type Error = LayerError;

    fn try_forward(&self, x: Tensor<(B, C, H, W), f32, D, T>) -> Result<Self::Output, LayerError> {
        flatten(x)
    }
}
