//! The fused convolution modules.

use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::nn::{BuildOnDevice, Module, NonMutableModule};
use dfdx::prelude::{Device, Dim, Dtype, Rank1, Rank4, Storage, Tape, Tensor};

use super::{builder, torch_uniform};
use crate::graph::conv_block::{Block, Images, conv_blocks};
use crate::graph::{Backend, LayerError};

/// Convolution (I to O channels, K x K, stride 1, zero padding P) with bias, ReLU, 2 x 2 max pooling, as one op:
/// (B, I, H, W) to (B, O, (H + 2P - K + 1) / 2, (W + 2P - K + 1) / 2).
///
/// With `INPUT_GRADIENT = false` it computes no gradient of its input: right for the first layer, whose input is data.
#[derive(Debug, Clone)]
pub struct ConvReluPool<
    const I: usize,
    const O: usize,
    const K: usize,
    const P: usize,
    const INPUT_GRADIENT: bool,
    E: Dtype,
    D: Storage<E>,
> {
    /// (O, I, K, K), torch's layout.
    pub weight: Tensor<Rank4<O, I, K, K>, E, D>,
    /// (O).
    pub bias: Tensor<Rank1<O>, E, D>,
}

impl<const I: usize, const O: usize, const K: usize, const P: usize, const G: bool, D: Device<f32>>
    BuildOnDevice<D, f32> for builder::ConvReluPool<I, O, K, P, G>
{
    type Built = ConvReluPool<I, O, K, P, G, f32, D>;
}

impl<const I: usize, const O: usize, const K: usize, const P: usize, const G: bool, D: Device<f32>>
    TensorCollection<f32, D> for ConvReluPool<I, O, K, P, G, f32, D>
{
    type To<E2: Dtype, D2: Device<E2>> = ConvReluPool<I, O, K, P, G, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, f32, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let weight = TensorOptions::reset_with(|t| torch_uniform(t, I * K * K));
        let bias = TensorOptions::reset_with(|t| torch_uniform(t, I * K * K));
        visitor.visit_fields(
            (
                Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, weight),
                Self::tensor("bias", |s| &s.bias, |s| &mut s.bias, bias),
            ),
            |(weight, bias)| ConvReluPool { weight, bias },
        )
    }
}

impl<const I: usize, const O: usize, const K: usize, const P: usize, const G: bool, D: Backend>
    ConvReluPool<I, O, K, P, G, f32, D>
{
    fn block(&self) -> Block<D> {
        Block::new(&self.weight, &self.bias, P)
    }
}

impl<const I: usize, const O: usize, const K: usize, const P: usize, const G: bool, E: Dtype, D: Storage<E>>
    NonMutableModule for ConvReluPool<I, O, K, P, G, E, D>
{
}

impl<B, C, H, W, T, D, const I: usize, const O: usize, const K: usize, const P: usize, const G: bool>
    Module<Tensor<(B, C, H, W), f32, D, T>> for ConvReluPool<I, O, K, P, G, f32, D>
where
    B: Dim,
    C: Dim,
    H: Dim,
    W: Dim,
    T: Tape<f32, D>,
    D: Backend,
{
    type Output = Images<T, D>;
    type Error = LayerError;

    fn try_forward(&self, x: Tensor<(B, C, H, W), f32, D, T>) -> Result<Images<T, D>, LayerError> {
        conv_blocks("conv_relu_pool", x, G, vec![self.block()])
    }
}

/// Two [`ConvReluPool`] in a row as one op: what is between them never leaves the cache.
#[derive(Debug, Clone)]
pub struct ConvStack<First, Second> {
    /// Sees the images.
    pub first: First,
    /// Sees the first one's output.
    pub second: Second,
}

impl<D: Device<f32>, First: BuildOnDevice<D, f32>, Second: BuildOnDevice<D, f32>> BuildOnDevice<D, f32>
    for builder::ConvStack<First, Second>
{
    type Built = ConvStack<First::Built, Second::Built>;
}

impl<D: Device<f32>, First: TensorCollection<f32, D>, Second: TensorCollection<f32, D>>
    TensorCollection<f32, D> for ConvStack<First, Second>
{
    type To<E2: Dtype, D2: Device<E2>> = ConvStack<First::To<E2, D2>, Second::To<E2, D2>>;

    fn iter_tensors<V: ModuleVisitor<Self, f32, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("first", |s| &s.first, |s| &mut s.first),
                Self::module("second", |s| &s.second, |s| &mut s.second),
            ),
            |(first, second)| ConvStack { first, second },
        )
    }
}

impl<First, Second> NonMutableModule for ConvStack<First, Second> {}

/// Kernel size and padding of both layers are free; their channels must chain.
type Pair<
    const I: usize,
    const M: usize,
    const O: usize,
    const K: usize,
    const P: usize,
    const G: bool,
    const K2: usize,
    const P2: usize,
    D,
> = ConvStack<ConvReluPool<I, M, K, P, G, f32, D>, ConvReluPool<M, O, K2, P2, true, f32, D>>;

impl<
    B,
    C,
    H,
    W,
    T,
    D,
    const I: usize,
    const M: usize,
    const O: usize,
    const K: usize,
    const P: usize,
    const G: bool,
    const K2: usize,
    const P2: usize,
> Module<Tensor<(B, C, H, W), f32, D, T>> for Pair<I, M, O, K, P, G, K2, P2, D>
where
    B: Dim,
    C: Dim,
    H: Dim,
    W: Dim,
    T: Tape<f32, D>,
    D: Backend,
{
    type Output = Images<T, D>;
    type Error = LayerError;

    fn try_forward(&self, x: Tensor<(B, C, H, W), f32, D, T>) -> Result<Images<T, D>, LayerError> {
        conv_blocks("conv_stack", x, G, vec![self.first.block(), self.second.block()])
    }
}
