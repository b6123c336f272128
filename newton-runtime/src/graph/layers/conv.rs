//! Convolution and pooling as modules.

use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::nn::{BuildOnDevice, Module, NonMutableModule, ZeroSizedModule};
use dfdx::prelude::{Device, Dim, Dtype, Rank1, Rank4, Storage, Tape, Tensor};

use super::{builder, torch_uniform};
use crate::graph::{Backend, Images, LayerError, Slide, conv2d, max_pool2d};

/// Convolution (I to O channels, K x K, stride S, zero padding P) with bias. See [`conv2d`].
///
/// With `INPUT_GRADIENT = false` it computes no gradient of its input: right for the first layer, whose input is data.
#[derive(Debug, Clone)]
pub struct Conv2d<
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize,
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

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, const G: bool, D>
    BuildOnDevice<D, f32> for builder::Conv2d<I, O, K, S, P, G>
where
    D: Device<f32>,
{
    type Built = Conv2d<I, O, K, S, P, G, f32, D>;
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, const G: bool, D>
    TensorCollection<f32, D> for Conv2d<I, O, K, S, P, G, f32, D>
where
    D: Device<f32>,
{
    type To<E2: Dtype, D2: Device<E2>> = Conv2d<I, O, K, S, P, G, E2, D2>;

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
            |(weight, bias)| Conv2d { weight, bias },
        )
    }
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize, const G: bool, E, D>
    NonMutableModule for Conv2d<I, O, K, S, P, G, E, D>
where
    E: Dtype,
    D: Storage<E>,
{
}

impl<
    B,
    C,
    H,
    W,
    T,
    D,
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize,
    const P: usize,
    const G: bool,
> Module<Tensor<(B, C, H, W), f32, D, T>> for Conv2d<I, O, K, S, P, G, f32, D>
where
    D: Backend,
    B: Dim,
    C: Dim,
    H: Dim,
    W: Dim,
    T: Tape<f32, D>,
{
    type Output = Images<T, D>;
    type Error = LayerError;

    fn try_forward(&self, x: Tensor<(B, C, H, W), f32, D, T>) -> Result<Images<T, D>, LayerError> {
        conv2d(x, &self.weight, &self.bias, Slide { stride: S, padding: P }, G)
    }
}

/// Max pooling of K x K windows, stride S, padding P, as a module. See [`max_pool2d`].
#[derive(Debug, Clone, Copy, Default)]
pub struct MaxPool2d<const K: usize, const S: usize = K, const P: usize = 0>;

impl<const K: usize, const S: usize, const P: usize> ZeroSizedModule for MaxPool2d<K, S, P> {}
impl<const K: usize, const S: usize, const P: usize> NonMutableModule for MaxPool2d<K, S, P> {}

impl<
    D: Backend,
    B: Dim,
    C: Dim,
    H: Dim,
    W: Dim,
    T: Tape<f32, D>,
    const K: usize,
    const S: usize,
    const P: usize,
> Module<Tensor<(B, C, H, W), f32, D, T>> for MaxPool2d<K, S, P>
{
    type Output = Images<T, D>;
    type Error = LayerError;

    fn try_forward(&self, x: Tensor<(B, C, H, W), f32, D, T>) -> Result<Images<T, D>, LayerError> {
        max_pool2d(x, K, Slide { stride: S, padding: P })
    }
}
