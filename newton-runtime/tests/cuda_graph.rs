//! Ops on a GPU against the same ops on the CPU: values, and the gradients of all inputs.
#![cfg(all(feature = "cuda", feature = "dfdx"))]

mod cuda_graph_support;

use cuda_graph_support::{deviation, device, noise};
use dfdx::prelude::*;
use newton_runtime::graph::{
    self, Backend, Conv2d, ConvReluPool, ConvStack, LayerError, Slide, conv2d, flatten, linear, max_pool2d,
    relu,
};

const TOLERANCE: f32 = 1e-5;

/// Finds a tensor's gradient.
type Gradient<'a, D> = &'a dyn Fn(&Gradients<f32, D>) -> Vec<f32>;

/// Output and gradients of one device.
#[derive(Debug, Clone, PartialEq)]
struct Results(Vec<Vec<f32>>);

impl Results {
    /// The output `y`, and the gradients of `parameters` for a loss that is the dot product of `y` with noise.
    fn of<S: Shape, D: graph::Backend>(
        y: Tensor<S, f32, D, OwnedTape<f32, D>>,
        parameters: &[Gradient<'_, D>],
    ) -> Self {
        let n = y.shape().num_elements();
        let mut all = vec![y.as_vec()];
        let weights = y.device().tensor_from_vec(noise(n, 77), (n,));
        let loss = (y.reshape_like(&(n,)) * weights).sum();
        let gradients = graph::backward(loss).expect("a backward pass");
        all.extend(parameters.iter().map(|of| of(&gradients)));
        Self(all)
    }

    /// All numbers are near each other; the negative control is that what is a little off is not.
    fn assert_near(&self, expected: &Self, tolerance: f32, what: &str) {
        assert_eq!(self.0.len(), expected.0.len());
        for (i, (found, expected)) in self.0.iter().zip(&expected.0).enumerate() {
            let off = deviation(found, expected);
            assert!(off < tolerance, "{what}: result {i} is off by {off:e}");
            let mut wrong = expected.clone();
            let largest = (0..wrong.len()).max_by(|&a, &b| wrong[a].abs().total_cmp(&wrong[b].abs()));
            wrong[largest.expect("numbers")] *= 1.0 + 3.0 * tolerance;
            assert!(deviation(&wrong, expected) > tolerance, "{what}: result {i} is compared with nothing");
        }
    }
}

/// A tensor's gradient, for [`Results::of`].
macro_rules! gradient {
    ($tensor:expr) => {
        &|gradients| gradients.get(&$tensor).as_vec()
    };
}

fn linear_and_relu<D: Backend>(device: &D, batch: usize) -> Results {
    let x = device.tensor_from_vec(noise(batch * 35, 1), (batch, 5, 1, 7));
    let w = device.tensor_from_vec(noise(3 * 35, 2), Rank2::<3, 35>::default());
    let b = device.tensor_from_vec(noise(3, 3), Rank1::<3>::default());
    let y = relu(linear(flatten(x.leaky_trace()).unwrap(), &w, &b).unwrap()).unwrap();
    Results::of(y, &[gradient!(x), gradient!(w), gradient!(b)])
}

#[test]
fn linear_layers_flatten_and_relu_are_the_cpu_s() {
    let Some(cuda) = device() else { return };
    for batch in [1, 2, 33, 70] {
        let expected = linear_and_relu(&Cpu::default(), batch);
        linear_and_relu(&cuda, batch).assert_near(&expected, TOLERANCE, &format!("batch {batch}"));
    }
}

#[test]
fn relu_is_flat_at_zero_and_passes_nan() {
    let Some(cuda) = device() else { return };
    let x = cuda.tensor([-1.0, 0.0, 2.0, -0.0]);
    let gradients = relu(x.leaky_trace()).unwrap().sum().backward();
    assert_eq!(gradients.get(&x).array(), [0.0, 0.0, 1.0, 0.0]);
    let x = cuda.tensor([f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
    let y = relu(x).unwrap().array();
    assert!(y[0].is_nan() && y[1] == f32::INFINITY && y[2] == 0.0, "{y:?}");
}

/// A tensor used twice gets both gradients, and a permuted one gets its gradient in its own layout.
#[test]
fn gradients_accumulate_and_follow_the_layout() {
    let Some(cuda) = device() else { return };
    let x = cuda.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]]);
    let traced = x.leaky_trace().permute::<Rank2<3, 2>, _>();
    let once = relu(traced.with_empty_tape()).unwrap();
    let twice = relu(traced).unwrap();
    let g = cuda.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let gradients = (twice * g + once).sum().backward();
    assert_eq!(gradients.get(&x).array(), [[2.0, 0.0, 6.0], [3.0, 5.0, 0.0]]);
}

/// A convolution of 3 to 4 channels, 3 x 3.
fn convolved<D: Backend>(device: &D, (batch, h, w): (usize, usize, usize), slide: Slide) -> Results {
    let x = device.tensor_from_vec(noise(batch * 3 * h * w, 1), (batch, 3, h, w));
    let weight = device.tensor_from_vec(noise(4 * 3 * 9, 2), Rank4::<4, 3, 3, 3>::default());
    let bias = device.tensor_from_vec(noise(4, 3), Rank1::<4>::default());
    let y = conv2d(x.leaky_trace(), &weight, &bias, slide, true).unwrap();
    Results::of(y, &[gradient!(x), gradient!(weight), gradient!(bias)])
}

#[test]
fn convolutions_of_any_stride_and_padding_are_the_cpu_s() {
    let Some(cuda) = device() else { return };
    for (stride, padding) in [(1, 0), (1, 1), (2, 1), (3, 2)] {
        for size in [(1, 3, 3), (3, 7, 9), (40, 5, 4)] {
            let slide = Slide { stride, padding };
            let expected = convolved(&Cpu::default(), size, slide);
            convolved(&cuda, size, slide).assert_near(&expected, TOLERANCE, &format!("{size:?}, {slide:?}"));
        }
    }
}

/// The first layer of a network: its images get no gradient.
#[test]
fn a_convolution_without_input_gradient_has_the_others() {
    let Some(cuda) = device() else { return };
    let x = cuda.tensor_from_vec(noise(2 * 2 * 36, 1), (2, 2, 6, 6));
    let (weight, bias) = (cuda.ones::<Rank4<3, 2, 3, 3>>(), cuda.ones::<Rank1<3>>());
    let y = conv2d(x.leaky_trace(), &weight, &bias, Slide { stride: 1, padding: 0 }, false).unwrap();
    let gradients = y.sum().backward();
    assert_eq!(gradients.get(&bias).array(), [2.0 * 16.0; 3]);
}

fn pooled<D: Backend>(device: &D, (batch, h, w): (usize, usize, usize), k: usize, slide: Slide) -> Results {
    let x = device.tensor_from_vec(noise(batch * 3 * h * w, 4), (batch, 3, h, w));
    Results::of(max_pool2d(x.leaky_trace(), k, slide).unwrap(), &[gradient!(x)])
}

#[test]
fn max_pooling_is_the_cpu_s() {
    let Some(cuda) = device() else { return };
    for (k, stride, padding) in [(2, 2, 0), (3, 2, 1), (3, 1, 0), (1, 3, 0), (3, 3, 1), (15, 1, 7)] {
        for size in [(1, 15, 15), (3, 17, 18)] {
            let slide = Slide { stride, padding };
            let expected = pooled(&Cpu::default(), size, k, slide);
            pooled(&cuda, size, k, slide).assert_near(
                &expected,
                TOLERANCE,
                &format!("{size:?}, {k}, {slide:?}"),
            );
        }
    }
}

#[test]
fn max_pooling_breaks_ties_and_treats_nan_like_pytorch() {
    let Some(cuda) = device() else { return };
    let pool = Slide { stride: 2, padding: 0 };
    let tie = cuda.tensor([[[[1.0, 1.0], [1.0, 1.0]]]]);
    let y = max_pool2d(tie.leaky_trace(), 2, pool).unwrap();
    assert_eq!(y.sum().backward().get(&tie).array(), [[[[1.0, 0.0], [0.0, 0.0]]]]);
    let nan = cuda.tensor([[[[1.0, f32::NAN], [2.0, f32::INFINITY]]]]);
    assert!(max_pool2d(nan, 2, pool).unwrap().as_vec()[0].is_nan());
    let low = cuda.tensor([[[[f32::NEG_INFINITY, -2.0], [-3.0, -4.0]]]]);
    assert_eq!(max_pool2d(low, 2, pool).unwrap().as_vec(), [-2.0]);
}

type Stack<D> = ConvStack<ConvReluPool<2, 5, 5, 2, true, f32, D>, ConvReluPool<5, 3, 3, 0, true, f32, D>>;

fn stacked<D: Backend>(device: &D, (batch, h, w): (usize, usize, usize)) -> Results {
    let x = device.tensor_from_vec(noise(batch * 2 * h * w, 1), (batch, 2, h, w));
    let stack: Stack<D> = ConvStack {
        first: ConvReluPool {
            weight: device.tensor_from_vec(noise(5 * 2 * 25, 2), Default::default()),
            bias: device.tensor_from_vec(noise(5, 3), Default::default()),
        },
        second: ConvReluPool {
            weight: device.tensor_from_vec(noise(3 * 5 * 9, 4), Default::default()),
            bias: device.tensor_from_vec(noise(3, 5), Default::default()),
        },
    };
    let y = stack.try_forward(x.leaky_trace()).unwrap();
    let (first, second) = (&stack.first, &stack.second);
    Results::of(
        y,
        &[
            gradient!(x),
            gradient!(first.weight),
            gradient!(first.bias),
            gradient!(second.weight),
            gradient!(second.bias),
        ],
    )
}

#[test]
fn fused_convolutions_are_the_cpu_s() {
    let Some(cuda) = device() else { return };
    for size in [(1, 8, 8), (3, 11, 13), (40, 9, 8)] {
        let expected = stacked(&Cpu::default(), size);
        stacked(&cuda, size).assert_near(&expected, TOLERANCE, &format!("{size:?}"));
    }
}

#[test]
fn fused_convolutions_treat_ties_zeros_and_nan_like_pytorch() {
    let Some(cuda) = device() else { return };
    let block = |weight: f32, bias: f32| ConvReluPool::<1, 1, 1, 0, true, f32, Cuda> {
        weight: cuda.tensor([[[[weight]]]]),
        bias: cuda.tensor([bias]),
    };
    let x = cuda.ones_like(&(1, 1, 2, 2));
    let gradient = |block: &ConvReluPool<1, 1, 1, 0, true, f32, Cuda>| {
        let y = block.try_forward(x.leaky_trace()).unwrap();
        let gradients = y.sum().backward();
        (gradients.get(&x).as_vec(), gradients.get(&block.bias).as_vec())
    };
    assert_eq!(gradient(&block(2.0, 0.0)), (vec![2.0, 0.0, 0.0, 0.0], vec![1.0]));
    // A maximum of zero has no gradient.
    assert_eq!(gradient(&block(1.0, -1.0)), (vec![0.0; 4], vec![0.0]));
    assert!(block(1.0, f32::NAN).try_forward(x.clone()).unwrap().as_vec()[0].is_nan());
}

#[test]
fn wrong_sizes_are_the_same_errors_as_on_the_cpu() {
    let Some(cuda) = device() else { return };
    let x: Tensor<(usize, usize), f32, _> = cuda.zeros_like(&(2, 4));
    let (w, b) = (cuda.zeros::<Rank2<3, 5>>(), cuda.zeros::<Rank1<3>>());
    assert!(matches!(linear(x, &w, &b), Err(LayerError::Size { found: 4, expected: 5, .. })));

    let x = cuda.zeros_like(&(1, 2, 4, 4));
    let conv: Conv2d<3, 4, 3, 1, 0, true, f32, Cuda> = Conv2d { weight: cuda.zeros(), bias: cuda.zeros() };
    let error = conv.try_forward(x.clone()).unwrap_err();
    assert_eq!(error.to_string(), "conv2d: the number of channels is 2, expected 3");
    let large: ConvReluPool<2, 4, 5, 0, true, f32, Cuda> =
        ConvReluPool { weight: cuda.zeros(), bias: cuda.zeros() };
    assert!(matches!(large.try_forward(x.clone()), Err(LayerError::Empty { .. })));
    let wide_border = Slide { stride: 1, padding: 2 };
    assert!(matches!(max_pool2d(x, 3, wide_border), Err(LayerError::Limit { .. })));
    let nothing = cuda.zeros_like(&(0, 2, 8, 8));
    assert!(matches!(large.try_forward(nothing), Err(LayerError::Empty { .. })));
}
