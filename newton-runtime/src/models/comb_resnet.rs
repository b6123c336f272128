//! The network of the shortest-path benchmark on terrain maps: the first block of ResNet18, as used by Vlastelica et al.
//! (*Differentiation of Blackbox Combinatorial Solvers*, ICLR 2020, `CombResnet18`) and by the Newton Losses paper.

use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection};
use dfdx::nn::{BuildModule, BuildOnDevice, Module, ModuleMut};
use dfdx::prelude::{Cpu, Device, Dim, Dtype, NoneTape, OwnedTape, Storage, Tensor};

use crate::graph::{
    Backend, BasicBlock, ConvNorm, LayerError, Maps, ResidualLayer, Statistics, residual_maps,
};

/// The benchmark's size: maps (B, 3, 96, 96) to costs (B, 12, 12). 157 504 parameters.
pub type CombResNet18<E = f32, D = Cpu> = CombResNet<64, 7, 12, E, D>;

/// Builds a [`CombResNet18`] where dfdx wants a builder type.
pub type CombResNet18Builder = CombResNetBuilder<64, 7, 12>;

/// Colour images to the costs of a grid: (B, 3, H, W) to (B, SIDE, SIDE), never negative.
///
/// Conv 3 to C (K x K, stride 2, padding K / 2), batch norm, ReLU, max pool 3 (stride 2, padding 1), two residual blocks of
/// 3 x 3 convolutions with batch norm, adaptive max pool to SIDE x SIDE, mean over the channels. No convolution has a bias.
/// Initialised as torchvision does, but for the first convolution, which has torch's default. The images get no gradient.
///
/// Batch norm makes training and evaluation differ, as in dfdx's own: `try_forward_mut` of images **with a tape** normalises
/// with the batch's statistics and moves the running ones (momentum 0.1), `try_forward` of images **without** one normalises
/// with the running statistics.
///
/// ```
/// use dfdx::optim::Adam;
/// use dfdx::prelude::*;
/// use newton_runtime::models::CombResNet18;
///
/// let device = Cpu::seed_from_u64(0);
/// let mut net = CombResNet18::new(&device)?;
/// let mut optimizer = Adam::new(&net, AdamConfig::default());
/// let mut grads = net.alloc_grads();
/// let maps: Tensor<(usize, usize, usize, usize), f32, _> = device.sample_normal_like(&(2, 3, 96, 96));
/// for _ in 0..2 {
///     let costs = net.try_forward_mut(maps.clone().traced(grads))?; // (2, 12, 12)
///     grads = costs.square().mean().backward();
///     optimizer.update(&mut net, &grads).expect("every parameter has a gradient");
///     net.zero_grads(&mut grads);
/// }
/// assert!(net.try_forward(maps)?.as_vec().iter().all(|cost| *cost >= 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// On a CPU channels are computed in groups of 32: other widths cost as much as the next multiple. On a GPU nothing waits for the device, the running
/// statistics included, and a batch may have up to 2^31 numbers in a layer's output.
#[derive(Debug, Clone)]
pub struct CombResNet<const C: usize, const K: usize, const SIDE: usize, E: Dtype = f32, D: Storage<E> = Cpu>
{
    /// Sees the images.
    pub stem: ConvNorm<3, C, K, false, E, D>,
    /// The two residual blocks.
    pub blocks: (BasicBlock<C, E, D>, BasicBlock<C, E, D>),
}

/// Builds a [`CombResNet`] where dfdx wants a builder type, for instance inside a tuple.
#[derive(Debug, Clone, Copy, Default)]
pub struct CombResNetBuilder<const C: usize, const K: usize, const SIDE: usize>;

impl<const C: usize, const K: usize, const SIDE: usize, D: Device<f32>> BuildOnDevice<D, f32>
    for CombResNetBuilder<C, K, SIDE>
{
    type Built = CombResNet<C, K, SIDE, f32, D>;
}

impl<const C: usize, const K: usize, const SIDE: usize, D: Device<f32>> TensorCollection<f32, D>
    for CombResNet<C, K, SIDE, f32, D>
{
    type To<E2: Dtype, D2: Device<E2>> = CombResNet<C, K, SIDE, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, f32, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("stem", |s| &s.stem, |s| &mut s.stem),
                Self::module("block0", |s| &s.blocks.0, |s| &mut s.blocks.0),
                Self::module("block1", |s| &s.blocks.1, |s| &mut s.blocks.1),
            ),
            |(stem, first, second)| CombResNet { stem, blocks: (first, second) },
        )
    }
}

impl<const C: usize, const K: usize, const SIDE: usize, D: Backend> CombResNet<C, K, SIDE, f32, D> {
    /// Randomly initialised on `device`, from its random numbers.
    ///
    /// # Errors
    /// dfdx's, if memory runs out.
    pub fn new(device: &D) -> Result<Self, D::Err> {
        BuildModule::try_build(device)
    }

    fn layers(&self) -> Vec<ResidualLayer<D>> {
        let (a, b) = &self.blocks;
        let mut layers = vec![self.stem.layer()];
        layers.extend([&a.first, &a.second, &b.first, &b.second].map(ConvNorm::layer));
        layers
    }
}

/// Evaluation, with the running statistics.
///
/// # Errors
/// [`LayerError`] if the images have not 3 channels, or one of their sizes is 0.
impl<const C: usize, const K: usize, const SIDE: usize, D: Backend, B: Dim, I: Dim, H: Dim, W: Dim>
    Module<Tensor<(B, I, H, W), f32, D, NoneTape>> for CombResNet<C, K, SIDE, f32, D>
{
    type Output = Maps<NoneTape, D>;
    type Error = LayerError;

    fn try_forward(&self, images: Tensor<(B, I, H, W), f32, D>) -> Result<Self::Output, LayerError> {
        Ok(residual_maps(images, self.layers(), SIDE, Statistics::Running)?.0)
    }
}

/// Training, with the batch's statistics, which the running ones follow.
///
/// # Errors
/// The same as evaluation's, and if there is but one value per channel in the batch.
impl<const C: usize, const K: usize, const SIDE: usize, D: Backend, B: Dim, I: Dim, H: Dim, W: Dim>
    ModuleMut<Tensor<(B, I, H, W), f32, D, OwnedTape<f32, D>>> for CombResNet<C, K, SIDE, f32, D>
{
    type Output = Maps<OwnedTape<f32, D>, D>;
    type Error = LayerError;

    fn try_forward_mut(
        &mut self,
        images: Tensor<(B, I, H, W), f32, D, OwnedTape<f32, D>>,
    ) -> Result<Self::Output, LayerError> {
        let (maps, seen) = residual_maps(images, self.layers(), SIDE, Statistics::OfBatch)?;
        let (a, b) = &mut self.blocks;
        self.stem.follow(&seen, 0)?;
        let layers = [&mut a.first, &mut a.second, &mut b.first, &mut b.second];
        for (i, layer) in layers.into_iter().enumerate() {
            layer.follow(&seen, 1 + i)?;
        }
        Ok(maps)
    }
}
