//! Parameters of a convolution with batch norm, and of a residual block of two. They do nothing alone: a network runs all
//! of its layers as one op.

use dfdx::nn::NonMutableModule;
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::prelude::{Device, Dtype, Rank1, Rank4, Storage, Tensor};
use rand_distr::Normal;

use super::torch_uniform;
use crate::graph::{Backend, LayerError, ResidualLayer, Seen};

/// Share of the batch in the running statistics: PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// Convolution (I to O channels, K x K, no bias) and batch norm with running statistics.
///
/// The weight starts as torch's default, U(-b, b) with `b = 1 / sqrt(I K K)`; with `HIDDEN` as torchvision's residual
/// networks, N(0, 2 / (O K K)) (He et al., fan out). Scale 1, shift 0, running mean 0, running variance 1.
#[derive(Debug, Clone)]
pub struct ConvNorm<
    const I: usize,
    const O: usize,
    const K: usize,
    const HIDDEN: bool,
    E: Dtype,
    D: Storage<E>,
> {
    /// (O, I, K, K), torch's layout.
    pub weight: Tensor<Rank4<O, I, K, K>, E, D>,
    /// Batch norm's factor (O), torch's `weight`.
    pub scale: Tensor<Rank1<O>, E, D>,
    /// Batch norm's summand (O), torch's `bias`.
    pub shift: Tensor<Rank1<O>, E, D>,
    /// Mean (O) that evaluation normalises with. Saved, but not trained.
    pub running_mean: Tensor<Rank1<O>, E, D>,
    /// Variance (O) that evaluation normalises with. Saved, but not trained.
    pub running_variance: Tensor<Rank1<O>, E, D>,
}

impl<const I: usize, const O: usize, const K: usize, const HIDDEN: bool, D: Device<f32>>
    TensorCollection<f32, D> for ConvNorm<I, O, K, HIDDEN, f32, D>
{
    type To<E2: Dtype, D2: Device<E2>> = ConvNorm<I, O, K, HIDDEN, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, f32, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let weight = TensorOptions::reset_with(|t: &mut Tensor<Rank4<O, I, K, K>, f32, D>| {
            if !HIDDEN {
                return torch_uniform(t, I * K * K);
            }
            match Normal::new(0.0, (2.0 / (O * K * K) as f32).sqrt()) {
                Ok(normal) => t.try_fill_with_distr(normal),
                // Only for a weight without elements.
                Err(_) => t.try_fill_with_zeros(),
            }
        });
        visitor.visit_fields(
            (
                Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, weight),
                Self::tensor("scale", |s| &s.scale, |s| &mut s.scale, TensorOptions::reset_to_ones()),
                Self::tensor("shift", |s| &s.shift, |s| &mut s.shift, TensorOptions::reset_to_zeros()),
                Self::tensor(
                    "running_mean",
                    |s| &s.running_mean,
                    |s| &mut s.running_mean,
                    TensorOptions::detached(|t| t.try_fill_with_zeros()),
                ),
                Self::tensor(
                    "running_variance",
                    |s| &s.running_variance,
                    |s| &mut s.running_variance,
                    TensorOptions::detached(|t| t.try_fill_with_ones()),
                ),
            ),
            |(weight, scale, shift, running_mean, running_variance)| ConvNorm {
                weight,
                scale,
                shift,
                running_mean,
                running_variance,
            },
        )
    }
}

impl<const I: usize, const O: usize, const K: usize, const HIDDEN: bool, E: Dtype, D: Storage<E>>
    NonMutableModule for ConvNorm<I, O, K, HIDDEN, E, D>
{
}

impl<const I: usize, const O: usize, const K: usize, const HIDDEN: bool, D: Backend>
    ConvNorm<I, O, K, HIDDEN, f32, D>
{
    /// As an input of the network's op.
    pub(crate) fn layer(&self) -> ResidualLayer<D> {
        let vectors = [&self.scale, &self.shift, &self.running_mean, &self.running_variance];
        ResidualLayer::new(&self.weight, vectors)
    }

    /// Moves the running statistics towards what a batch showed of this layer of the network.
    pub(crate) fn follow(&mut self, seen: &Seen, layer: usize) -> Result<(), LayerError> {
        D::follow(seen, layer, MOMENTUM, [&mut self.running_mean, &mut self.running_variance])
    }
}

/// Residual block: two 3 x 3 convolutions with batch norm around an identity, ReLU after the first and after the sum.
#[derive(Debug, Clone)]
pub struct BasicBlock<const C: usize, E: Dtype, D: Storage<E>> {
    /// Sees the block's input.
    pub first: ConvNorm<C, C, 3, true, E, D>,
    /// Its output is added to the block's input.
    pub second: ConvNorm<C, C, 3, true, E, D>,
}

impl<const C: usize, D: Device<f32>> TensorCollection<f32, D> for BasicBlock<C, f32, D> {
    type To<E2: Dtype, D2: Device<E2>> = BasicBlock<C, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, f32, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("first", |s| &s.first, |s| &mut s.first),
                Self::module("second", |s| &s.second, |s| &mut s.second),
            ),
            |(first, second)| BasicBlock { first, second },
        )
    }
}

impl<const C: usize, E: Dtype, D: Storage<E>> NonMutableModule for BasicBlock<C, E, D> {}
