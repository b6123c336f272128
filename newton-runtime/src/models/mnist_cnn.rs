//! The convolutional network of the four-digit MNIST benchmark (`MultiDigitMNISTNet` of diffsort, Petersen et al.).

use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection};
use dfdx::nn::{BuildModule, BuildOnDevice, Module, NonMutableModule};
use dfdx::prelude::{Const, Cpu, Device, Dim, Dtype, HasShape, ReshapeTo, Storage};
use dfdx::prelude::{Tape, Tensor};

use crate::graph::{Backend, ConvReluPool, ConvStack, LayerError, Linear, flatten, relu};

/// Scores images of four-digit numbers: (B, 1, 28, 112) to (B, 1). 855 041 parameters.
///
/// Conv 1 to 32 (5 x 5, padding 2), ReLU, pool 2, conv 32 to 64 (5 x 5, padding 2), ReLU, pool 2, flatten (12 544), linear
/// 64, ReLU, linear 1; no normalisation, no scaling of the output. Initialised as torch does by default, so that at
/// first all scores are nearly equal. The images get no gradient.
///
/// ```
/// use dfdx::optim::Adam;
/// use dfdx::prelude::*;
/// use newton_runtime::models::MnistCnn;
///
/// let device = Cpu::seed_from_u64(0);
/// let mut net = MnistCnn::new(&device)?;
/// let mut optimizer = Adam::new(&net, AdamConfig::default());
/// let mut grads = net.alloc_grads();
/// let images: Tensor<(usize, usize, usize, usize), f32, _> = device.sample_uniform_like(&(6, 1, 28, 112));
/// for _ in 0..2 {
///     let scores = net.try_scores(images.clone().traced(grads), 3)?; // two sets of three: (2, 3)
///     grads = scores.square().mean().backward();
///     optimizer.update(&mut net, &grads).expect("every parameter has a gradient");
///     net.zero_grads(&mut grads);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct MnistCnn<E: Dtype = f32, D: Storage<E> = Cpu> {
    /// Both convolutions, one op.
    pub convs: ConvStack<ConvReluPool<1, 32, 5, 2, false, E, D>, ConvReluPool<32, 64, 5, 2, true, E, D>>,
    /// 12 544 features to 64.
    pub hidden: Linear<12544, 64, E, D>,
    /// 64 to the score.
    pub output: Linear<64, 1, E, D>,
}

/// Builds a [`MnistCnn`] where dfdx wants a builder type, for instance inside a tuple.
#[derive(Debug, Clone, Copy, Default)]
pub struct MnistCnnBuilder;

impl<D: Device<f32>> BuildOnDevice<D, f32> for MnistCnnBuilder {
    type Built = MnistCnn<f32, D>;
}

impl<D: Device<f32>> TensorCollection<f32, D> for MnistCnn<f32, D> {
    type To<E2: Dtype, D2: Device<E2>> = MnistCnn<E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, f32, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("convs", |s| &s.convs, |s| &mut s.convs),
                Self::module("hidden", |s| &s.hidden, |s| &mut s.hidden),
                Self::module("output", |s| &s.output, |s| &mut s.output),
            ),
            |(convs, hidden, output)| MnistCnn { convs, hidden, output },
        )
    }
}

impl<E: Dtype, D: Storage<E>> NonMutableModule for MnistCnn<E, D> {}

impl<B, C, H, W, T, D> Module<Tensor<(B, C, H, W), f32, D, T>> for MnistCnn<f32, D>
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

impl<D: Backend> MnistCnn<f32, D> {
    /// Randomly initialised on `device`, from its random numbers.
    ///
    /// # Errors
    /// dfdx's, if memory runs out.
    pub fn new(device: &D) -> Result<Self, D::Err> {
        BuildModule::try_build(device)
    }

    /// Scores of N sets of n images: (N n, 1, 28, 112), set by set, to (N, n).
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
        if n == 0 || !batch.is_multiple_of(n) {
            return Err(LayerError::Sets { images: batch, n });
        }
        self.try_forward(images)?.try_reshape_like(&(batch / n, n)).map_err(Into::into)
    }
}
