//! dfdx's own operations on a CUDA device against its CPU: its kernels, its just-in-time compilation, its calls of cuBLAS. On the emulated
//! device this is a test of the emulator; on a GPU, of dfdx.
#![cfg(feature = "cuda")]

use dfdx::prelude::*;
use newton_losses::graph::cuda_device;

/// The device to test on; none where there is none, unless one is expected.
fn device() -> Option<Cuda> {
    match cuda_device(0, 0) {
        Ok(device) => Some(device),
        Err(error) => {
            assert!(std::env::var_os("NEWTON_EXPECT_GPU").is_none(), "{error}");
            println!("skipped: {error}");
            None
        }
    }
}

/// Numbers between -1 and 1.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|i| ((i + 1000 * seed) as f64 * 0.618_033_988_749).fract() as f32 * 2.0 - 1.0).collect()
}

#[track_caller]
fn assert_close(what: &str, tolerance: f32, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (x, y)) in found.iter().zip(expected).enumerate() {
        assert!((x - y).abs() <= tolerance * (1.0 + y.abs()), "{what}, number {i}: {x} instead of {y}");
    }
}

/// Does the same on the CPU and on the device, and compares what comes out: vectors.
macro_rules! same {
    ($tolerance:expr, |$device:ident| $body:block) => {
        if let Some(cuda) = device() {
            let expected: Vec<Vec<f32>> = {
                let $device = Cpu::default();
                $body
            };
            let found: Vec<Vec<f32>> = {
                let $device = cuda;
                $body
            };
            assert_eq!(found.len(), expected.len());
            for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert_close(&format!("result {i}"), $tolerance, found, expected);
            }
        }
    };
}

#[test]
fn products_of_matrices() {
    same!(1e-5, |dev| {
        let a = dev.tensor_from_vec(numbers(37 * 53, 1), (37usize, 53usize));
        let b = dev.tensor_from_vec(numbers(53 * 41, 2), (53usize, 41usize));
        let product = a.leaky_trace().matmul(b.clone());
        let values = product.as_vec();
        let gradients = product.square().sum().backward();
        vec![values, gradients.get(&a).as_vec(), gradients.get(&b).as_vec()]
    });
}

#[test]
fn products_of_batches_and_of_turned_matrices() {
    same!(1e-5, |dev| {
        let a = dev.tensor_from_vec(numbers(5 * 7 * 6, 1), (5usize, 7usize, 6usize));
        let b = dev.tensor_from_vec(numbers(5 * 6 * 9, 2), (5usize, 6usize, 9usize));
        let c = dev.tensor_from_vec(numbers(7 * 4, 3), (7usize, 4usize));
        let product = a.leaky_trace().matmul(b.clone());
        let values = product.as_vec();
        let turned = product.permute::<(usize, usize, usize), Axes3<0, 2, 1>>().matmul(c.clone());
        let turned_values = turned.as_vec();
        let gradients = turned.square().sum().backward();
        let of = [gradients.get(&a).as_vec(), gradients.get(&b).as_vec(), gradients.get(&c).as_vec()];
        [vec![values, turned_values], of.to_vec()].concat()
    });
}

#[test]
fn functions_of_numbers() {
    same!(1e-5, |dev| {
        let a = dev.tensor_from_vec(numbers(300 * 7, 3), (300usize, 7usize));
        let b = dev.tensor_from_vec(numbers(300 * 7, 4), (300usize, 7usize));
        let x = (a.leaky_trace().exp().sqrt() + 1.5).ln().tanh().sigmoid().fast_gelu().abs().powi(2) * 3.0;
        let y = (x / (b.clone().square() + 0.5)).huber_error(b.clone(), 0.3);
        let values = y.as_vec();
        let gradients = y.mean().backward();
        vec![values, gradients.get(&a).as_vec(), gradients.get(&b).as_vec()]
    });
}

#[test]
fn reductions() {
    same!(1e-5, |dev| {
        let a = dev.tensor_from_vec(numbers(30 * 70 * 3, 3), (30usize, 70usize, 3usize));
        let rows = a.clone().sum::<(usize, usize), Axis<0>>().as_vec();
        let columns = a.clone().sum::<(usize, usize), Axis<1>>().as_vec();
        let last = a.clone().mean::<(usize, usize), Axis<2>>().as_vec();
        let largest = a.leaky_trace().max::<(usize, usize), Axis<1>>();
        let smallest = a.clone().min::<(usize, usize), Axis<0>>().as_vec();
        let of_largest = largest.square().sum().backward().get(&a).as_vec();
        let logarithms = a.leaky_trace().log_softmax::<Axis<1>>();
        let values = logarithms.as_vec();
        let gradients = logarithms.square().sum().backward();
        vec![rows, columns, last, smallest, of_largest, values, gradients.get(&a).as_vec()]
    });
}

#[test]
fn kernels_that_are_compiled_when_they_are_needed() {
    same!(1e-6, |dev| {
        let a = dev.tensor_from_vec(numbers(6 * 20, 3), (6usize, 20usize));
        let b = dev.tensor_from_vec(numbers(5 * 20, 4), (5usize, 20usize));
        let c = dev.tensor_from_vec(numbers(5 * 20, 5), (5usize, 20usize));
        let turned =
            a.leaky_trace().permute::<(usize, usize), Axes2<1, 0>>().reshape_like(&(4usize, 30usize));
        let reshaped = turned.as_vec();
        let of_turned = turned.square().sum().backward().get(&a).as_vec();
        let along = (a.leaky_trace(), b.clone()).concat_along(Axis::<0>);
        let joined = along.as_vec();
        let gradients = along.square().sum().backward();
        let stacked = [b.leaky_trace(), c.clone().put_tape(Default::default())].stack().square();
        let stack = stacked.as_vec();
        let of_stack = stacked.sum().backward().get(&b).as_vec();
        let wide: Tensor<(usize, usize), f64, _> = a.clone().to_dtype();
        let whole: Tensor<(usize, usize), i32, _> = (a.clone() * 100.0).to_dtype();
        let wide = wide.as_vec().iter().map(|x| *x as f32).collect();
        let whole = whole.as_vec().iter().map(|x| *x as f32).collect();
        let of_joined = [gradients.get(&a).as_vec(), gradients.get(&b).as_vec()];
        [vec![reshaped, of_turned, joined, stack, of_stack, wide, whole], of_joined.to_vec()].concat()
    });
}

#[test]
fn parts_of_tensors() {
    same!(1e-6, |dev| {
        let a = dev.tensor_from_vec(numbers(6 * 4, 3), (6usize, 4usize));
        let rows = dev.tensor_from_vec(vec![3usize, 1, 1, 5, 0], (5usize,));
        let gathered = a.leaky_trace().gather(rows);
        let values = gathered.as_vec();
        let gradients = gathered.square().sum().backward();
        let sliced = a.leaky_trace().slice((1..3, 2..));
        let slice = sliced.as_vec();
        let of_slice = sliced.square().sum().backward().get(&a).as_vec();
        vec![values, gradients.get(&a).as_vec(), slice, of_slice]
    });
}

#[test]
fn a_network_that_learns() {
    same!(1e-3, |dev| {
        type Net = (Linear<8, 32>, ReLU, (Linear<32, 32>, Tanh), Linear<32, 2>);
        let mut net = dev.build_module::<Net, f32>();
        let weights = |count, seed| numbers(count, seed).iter().map(|x| x * 0.3).collect::<Vec<f32>>();
        net.0.weight = dev.tensor_from_vec(weights(8 * 32, 1), (Const::<32>, Const::<8>));
        net.0.bias = dev.tensor_from_vec(weights(32, 2), (Const::<32>,));
        net.2.0.weight = dev.tensor_from_vec(weights(32 * 32, 3), (Const::<32>, Const::<32>));
        net.2.0.bias = dev.tensor_from_vec(weights(32, 4), (Const::<32>,));
        net.3.weight = dev.tensor_from_vec(weights(64, 5), (Const::<2>, Const::<32>));
        net.3.bias = dev.tensor_from_vec(weights(2, 6), (Const::<2>,));
        let x = dev.tensor_from_vec(numbers(64 * 8, 7), (64usize, Const::<8>));
        let y = dev.tensor_from_vec(numbers(64 * 2, 8), (64usize, Const::<2>));
        let mut optimizer = dfdx::optim::Adam::new(&net, AdamConfig { lr: 1e-2, ..Default::default() });
        let mut gradients = net.alloc_grads();
        let mut losses = Vec::new();
        for _ in 0..30 {
            let loss = mse_loss(net.forward_mut(x.trace(gradients)), y.clone());
            losses.push(loss.array());
            gradients = loss.backward();
            optimizer.update(&mut net, &gradients).unwrap();
            net.zero_grads(&mut gradients);
        }
        assert!(losses[29] < 0.7 * losses[0], "{losses:?}");
        vec![losses, net.forward(x).as_vec()]
    });
}
