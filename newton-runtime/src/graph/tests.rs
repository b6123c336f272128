//! The plain ops on dfdx's tape against their definitions in float64, and what they refuse.

use dfdx::nn::{BuildOnDevice, Module};
use dfdx::prelude::*;

use super::reference::{self, deviation, noise, on_thread_counts, slopes, wide};
use super::window::Window;
use super::{LayerError, Slide, builder, conv2d, flatten, linear, max_pool2d, relu};

/// Rounding of sums of up to 100 products of f32.
const TOLERANCE: f64 = 1e-5;

type Batch = Tensor<(usize, usize, usize, usize), f32, Cpu>;

fn images(device: &Cpu, shape @ (b, c, h, w): (usize, usize, usize, usize), seed: u32) -> Batch {
    device.tensor_from_vec(noise(b * c * h * w, seed), shape)
}

/// The cotangent as part of the loss, so that `backward` starts from a scalar.
fn weighted<S: Shape, T: Tape<f32, Cpu>>(y: Tensor<S, f32, Cpu, T>, g: &[f32]) -> Tensor<Rank0, f32, Cpu, T> {
    let n = y.shape().num_elements();
    let g = y.device().tensor_from_vec(g[..n].to_vec(), (n,));
    (y.reshape_like(&(n,)) * g).sum()
}

fn dot(y: &[f64], g: &[f32]) -> f64 {
    y.iter().zip(g).map(|(y, g)| y * f64::from(*g)).sum()
}

#[test]
fn conv2d_matches_its_definition() {
    let device = Cpu::default();
    let (shape, g) = ([3, 7, 9], noise(2000, 5));
    let x = images(&device, (3, 3, 7, 9), 1);
    let w = device.tensor_from_vec(noise(4 * 3 * 9, 2), Rank4::<4, 3, 3, 3>::default());
    let b = device.tensor_from_vec(noise(4, 3), Rank1::<4>::default());
    let (xv, wv, bv) = (wide(&x.as_vec()), wide(&w.as_vec()), wide(&b.as_vec()));
    for (stride, padding) in [(1, 0), (1, 1), (2, 1), (3, 2)] {
        let slide = Slide { stride, padding };
        let window = Window { k: 3, stride, pad: padding };
        let y = conv2d(x.leaky_trace(), &w, &b, slide, true).unwrap();
        let expected = reference::conv2d(&xv, shape, &wv, &bv, window);
        assert!(deviation(&y.as_vec(), expected.into_iter().enumerate()) < TOLERANCE);
        let grads = weighted(y, &g).backward();
        let f = |x: &[f64], w: &[f64], b: &[f64]| dot(&reference::conv2d(x, shape, w, b, window), &g);
        let dx = deviation(&grads.get(&x).as_vec(), slopes(&xv, 7, |x| f(x, &wv, &bv)));
        let dw = deviation(&grads.get(&w).as_vec(), slopes(&wv, 5, |w| f(&xv, w, &bv)));
        let db = deviation(&grads.get(&b).as_vec(), slopes(&bv, 1, |b| f(&xv, &wv, b)));
        assert!([dx, dw, db].iter().all(|d| *d < TOLERANCE), "{slide:?}: {dx:e} {dw:e} {db:e}");
        // Negative control: a kernel turned by 180 degrees (convolution for cross-correlation) is far off.
        let turned: Vec<f64> = wv.chunks_exact(9).flat_map(|k| k.iter().rev().copied()).collect();
        let wrong = deviation(&grads.get(&x).as_vec(), slopes(&xv, 7, |x| f(x, &turned, &bv)));
        assert!(wrong > 0.1);
    }
}

#[test]
fn max_pool2d_matches_its_definition_and_breaks_ties_like_pytorch() {
    let device = Cpu::default();
    let g = noise(1000, 6);
    let x = images(&device, (2, 3, 7, 8), 4);
    let xv = wide(&x.as_vec());
    for (k, stride, padding) in [(2, 2, 0), (3, 2, 1), (3, 1, 0), (1, 3, 0)] {
        let window = Window { k, stride, pad: padding };
        let y = max_pool2d(x.leaky_trace(), k, Slide { stride, padding }).unwrap();
        let expected = reference::max_pool(&xv, [7, 8], window);
        assert!(deviation(&y.as_vec(), expected.into_iter().enumerate()) < 1e-12);
        let grads = weighted(y, &g).backward();
        let slopes = slopes(&xv, 1, |x| dot(&reference::max_pool(x, [7, 8], window), &g));
        assert!(deviation(&grads.get(&x).as_vec(), slopes) < TOLERANCE);
    }
    let tie = device.tensor([[[[1.0, 1.0], [1.0, 1.0]]]]);
    let y = max_pool2d(tie.leaky_trace(), 2, Slide { stride: 2, padding: 0 }).unwrap();
    assert_eq!(y.sum().backward().get(&tie).array(), [[[[1.0, 0.0], [0.0, 0.0]]]]);
}

#[test]
fn linear_relu_and_flatten_match_their_definitions() {
    let device = Cpu::default();
    let g = noise(200, 7);
    // More rows than one product handles, so that chunks meet.
    let x: Tensor<(usize, usize, usize, usize), f32, _> = images(&device, (70, 1, 2, 3), 8);
    let w = device.tensor_from_vec(noise(2 * 6, 9), Rank2::<2, 6>::default());
    let b = device.tensor_from_vec(noise(2, 10), Rank1::<2>::default());
    let y = relu(linear(flatten(x.leaky_trace()).unwrap(), &w, &b).unwrap()).unwrap();
    let f = |x: &[f64], w: &[f64], b: &[f64]| -> Vec<f64> {
        let row = |x: &[f64], o: usize| b[o] + x.iter().zip(&w[o * 6..]).map(|(x, w)| x * w).sum::<f64>();
        x.chunks_exact(6).flat_map(|x| [row(x, 0).max(0.0), row(x, 1).max(0.0)]).collect()
    };
    let (xv, wv, bv) = (wide(&x.as_vec()), wide(&w.as_vec()), wide(&b.as_vec()));
    assert!(deviation(&y.as_vec(), f(&xv, &wv, &bv).into_iter().enumerate()) < TOLERANCE);
    let grads = weighted(y, &g).backward();
    let dx = slopes(&xv, 3, |x| dot(&f(x, &wv, &bv), &g));
    let dw = slopes(&wv, 1, |w| dot(&f(&xv, w, &bv), &g));
    let db = slopes(&bv, 1, |b| dot(&f(&xv, &wv, b), &g));
    assert!(deviation(&grads.get(&x).as_vec(), dx) < TOLERANCE);
    assert!(deviation(&grads.get(&w).as_vec(), dw) < TOLERANCE);
    assert!(deviation(&grads.get(&b).as_vec(), db) < TOLERANCE);

    let kink = device.tensor([-1.0, 0.0, 2.0]);
    let at_kink = relu(kink.leaky_trace()).unwrap().sum().backward();
    assert_eq!(at_kink.get(&kink).array(), [0.0, 0.0, 1.0]);
}

/// A tensor used twice gets both gradients, and a permuted one gets its gradient in its own layout.
#[test]
fn gradients_accumulate_and_follow_the_layout() {
    let device = Cpu::default();
    let x = device.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]]);
    let traced = x.leaky_trace().permute::<Rank2<3, 2>, _>();
    let once = relu(traced.with_empty_tape()).unwrap();
    let twice = relu(traced).unwrap();
    let g = device.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let grads = (twice * g + once).sum().backward();
    assert_eq!(grads.get(&x).array(), [[2.0, 0.0, 6.0], [3.0, 5.0, 0.0]]);
}

#[test]
fn wrong_shapes_are_typed_errors() {
    let device = Cpu::default();
    let x = images(&device, (1, 2, 4, 4), 1);
    let conv = device.build_module::<builder::Conv2d<3, 4, 3>, f32>();
    let error = conv.try_forward(x.clone()).unwrap_err();
    assert_eq!(error.to_string(), "conv2d: the number of channels is 2, expected 3");
    let large = device.build_module::<builder::Conv2d<2, 4, 5>, f32>();
    assert!(matches!(large.try_forward(x.clone()), Err(LayerError::Empty { .. })));
    let block = device.build_module::<builder::ConvReluPool<2, 4, 4, 0>, f32>();
    assert!(matches!(block.try_forward(x.clone()), Err(LayerError::Empty { .. })));
    let still = Slide { stride: 0, padding: 0 };
    assert!(matches!(max_pool2d(x.clone(), 2, still), Err(LayerError::Empty { .. })));
    let wide_border = Slide { stride: 1, padding: 2 };
    assert!(matches!(max_pool2d(x.clone(), 3, wide_border), Err(LayerError::Limit { .. })));
    let head = device.build_module::<builder::Linear<31, 2>, f32>();
    assert!(matches!(head.try_forward(flatten(x).unwrap()), Err(LayerError::Size { found: 32, .. })));
    let nothing = device.zeros_like(&(0usize, 2usize, 4usize, 4usize));
    let head = device.build_module::<builder::Linear<32, 2>, f32>();
    let empty = flatten(nothing.clone()).unwrap();
    assert!(matches!(head.try_forward(empty), Err(LayerError::Empty { .. })));
    assert!(matches!(block.try_forward(nothing), Err(LayerError::Empty { .. })));
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let results = on_thread_counts(|| {
        let device = Cpu::default();
        let x = images(&device, (70, 2, 8, 8), 1);
        type Net = (
            builder::Conv2d<2, 3, 3, 1, 1>,
            super::MaxPool2d<2>,
            super::Flatten,
            builder::Linear<48, 5>,
            super::Relu,
        );
        let net = <Net as BuildOnDevice<Cpu, f32>>::build_on_device(&device);
        let y = net.try_forward(x.leaky_trace()).unwrap();
        let values = y.as_vec();
        let grads = y.square().mean().backward();
        let of =
            [grads.get(&x).as_vec(), grads.get(&net.0.weight).as_vec(), grads.get(&net.3.weight).as_vec()];
        (values, of)
    });
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}
