//! Ops on a GPU against the same ops on the CPU: values, and the gradients of all inputs.
#![cfg(all(feature = "cuda", feature = "dfdx"))]

mod cuda_graph_support;

use cuda_graph_support::{Results, device, gradient, noise};
use dfdx::prelude::*;
use newton_runtime::graph::{Backend, LayerError, flatten, linear, relu};

const TOLERANCE: f32 = 1e-5;

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

#[test]
fn wrong_sizes_are_the_same_errors_as_on_the_cpu() {
    let Some(cuda) = device() else { return };
    let x: Tensor<(usize, usize), f32, _> = cuda.zeros_like(&(2, 4));
    let (w, b) = (cuda.zeros::<Rank2<3, 5>>(), cuda.zeros::<Rank1<3>>());
    assert!(matches!(linear(x, &w, &b), Err(LayerError::Size { found: 4, expected: 5, .. })));
}
