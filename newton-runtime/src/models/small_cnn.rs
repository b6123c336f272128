//! A smaller network for the four-digit benchmark: for a first look on a laptop, not for results.

use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection};
use dfdx::nn::{BuildModule, BuildOnDevice, Module, NonMutableModule};
use dfdx::prelude::{Const, Cpu, Device, Dim, Dtype, HasShape, ReshapeTo, Storage, Tape, Tensor};

use crate::graph::{Backend, ConvReluPool, ConvStack, LayerError, Linear, flatten, relu};

/// Scores images at half the resolution: (B, 1, 14, 56) to (B, 1). 99 393 parameters.
///
/// The layers of [`MnistCnn`](super::MnistCnn) with half the channels: 16 and 32, flatten (1344), linear 64, ReLU,
/// linear 1; initialised as torch does by default. A fifteenth of the arithmetic. The images get no gradient.
#[derive(Debug, Clone)]
pub struct SmallCnn<E: Dtype = f32, D: Storage<E> = Cpu> {
    /// Both convolutions, one op.
    pub convs: ConvStack<ConvReluPool<1, 16, 5, 2, false, E, D>, ConvReluPool<16, 32, 5, 2, true, E, D>>,
    /// 1344 features to 64.
    pub hidden: Linear<1344, 64, E, D>,
    /// 64 to the score.
    pub output: Linear<64, 1, E, D>,
}

/// Builds a [`SmallCnn`] where dfdx wants a builder type.
#[derive(Debug, Clone, Copy, Default)]
pub struct SmallCnnBuilder;

impl<D: Device<f32>> BuildOnDevice<D, f32> for SmallCnnBuilder {
    type Built = SmallCnn<f32, D>;
}

impl<D: Device<f32>> TensorCollection<f32, D> for SmallCnn<f32, D> {
    type To<E2: Dtype, D2: Device<E2>> = SmallCnn<E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, f32, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("convs", |s| &s.convs, |s| &mut s.convs),
                Self::module("hidden", |s| &s.hidden, |s| &mut s.hidden),
                Self::module("output", |s| &s.output, |s| &mut s.output),
            ),
            |(convs, hidden, output)| SmallCnn { convs, hidden, output },
        )
    }
}

impl<E: Dtype, D: Storage<E>> NonMutableModule for SmallCnn<E, D> {}

impl<B, C, H, W, T, D> Module<Tensor<(B, C, H, W), f32, D, T>> for SmallCnn<f32, D>
where
    D: Backend,
    B: Dim,
    C: Dim,
    H: Dim,
    W: Dim,
    T: Tape<f32, D>,
{
    type Output = Tensor<(usize, Const<1>), f32, D, T>;
    type Error = LayerError;

    fn try_forward(&self, images: Tensor<(B, C, H, W), f32, D, T>) -> Result<Self::Output, LayerError> {
        let features = flatten(self.convs.try_forward(images)?)?;
        let hidden = relu(self.hidden.try_forward(features)?)?;
        self.output.try_forward(hidden)
    }
}

impl<D: Backend> SmallCnn<f32, D> {
    /// Randomly initialised on `device`, from its random numbers.
    ///
    /// # Errors
    /// dfdx's, if memory runs out.
    pub fn new(device: &D) -> Result<Self, D::Err> {
        BuildModule::try_build(device)
    }

    /// Scores of N sets of n images: (N n, 1, 14, 56), set by set, to (N, n).
    ///
    /// # Errors
    /// [`LayerError`] if the images have another shape, or do not make whole sets of `n`.
    pub fn try_scores<B, C, H, W, T>(
        &self,
        images: Tensor<(B, C, H, W), f32, D, T>,
        n: usize,
    ) -> Result<Tensor<(usize, usize), f32, D, T>, LayerError>
    where
        B: Dim,
        C: Dim,
        H: Dim,
        W: Dim,
        T: Tape<f32, D>,
    {
        let batch = images.shape().0.size();
        let sets = batch.checked_div(n).unwrap_or(0);
        if sets * n != batch {
            return Err(LayerError::Sets { images: batch, n });
        }
        self.try_forward(images)?.try_reshape_like(&(sets, n)).map_err(Into::into)
    }
}
