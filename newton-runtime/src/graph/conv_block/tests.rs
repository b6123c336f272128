//! The fused stack against its definition in float64, on every instruction set this machine has.

use pulp::Arch;

use super::layer::Layer;
use super::stack::Stack;
use crate::graph::op::Op;
use crate::graph::reference::{
    architectures, conv2d, deviation, max_pool, noise, on_thread_counts, relu, slopes, wide,
};
use crate::graph::window::Window;

/// Rounding of sums of up to 32 * 25 products of f32 (see `a_wrong_layer_is_far_outside_the_tolerance`).
const TOLERANCE: f64 = 2e-5;

fn layer(c_in: usize, c_out: usize, k: usize, pad: usize, h: usize, w: usize) -> Layer {
    Layer { c_in, c_out, k, pad, h, w }
}

/// A stack with its inputs (images, then weight and bias of each layer) and a gradient of its output.
struct Case {
    layers: Vec<Layer>,
    batch: usize,
    inputs: Vec<Vec<f32>>,
    grad_out: Vec<f32>,
}

impl Case {
    fn new(batch: usize, layers: &[Layer]) -> Self {
        let mut inputs = vec![noise(batch * layers[0].in_len(), 1)];
        for (i, l) in layers.iter().enumerate() {
            let fan_in = l.c_in * l.k * l.k;
            let scale = (fan_in as f32).sqrt().recip();
            let weight = noise(l.c_out * fan_in, 2 + i as u32);
            inputs.push(weight.into_iter().map(|v| v * scale).collect());
            inputs.push(noise(l.c_out, 12 + i as u32).into_iter().map(|v| v * 0.2).collect());
        }
        let grad_out = noise(batch * layers[layers.len() - 1].out_len(), 99);
        Self { layers: layers.to_vec(), batch, inputs, grad_out }
    }

    /// Output, and gradients of all inputs.
    fn run(&self, arch: Arch) -> (Vec<f32>, Vec<Vec<f32>>) {
        let stack = Stack::on(arch, self.layers.clone(), self.batch);
        let inputs: Vec<&[f32]> = self.inputs.iter().map(|v| &v[..]).collect();
        let mut out = vec![0.0; self.grad_out.len()];
        let saved = stack.forward(&inputs, &mut out, true);
        let mut untraced = vec![0.0; self.grad_out.len()];
        stack.forward(&inputs, &mut untraced, false);
        assert_eq!(out, untraced);
        let mut grads: Vec<Vec<f32>> = self.inputs.iter().map(|v| vec![0.0; v.len()]).collect();
        let mut slots: Vec<_> = grads.iter_mut().map(|v| Some(&mut v[..])).collect();
        stack.backward(saved, &inputs, &self.grad_out, &mut slots);
        (out, grads)
    }

    /// The definition, with input `which` replaced.
    fn define(&self, layers: &[Layer], which: usize, value: &[f64]) -> Vec<f64> {
        let input = |i: usize| if i == which { value.to_vec() } else { wide(&self.inputs[i]) };
        let mut x = input(0);
        for (i, l) in layers.iter().enumerate() {
            let window = Window { k: l.k, stride: 1, pad: l.pad };
            let full = conv2d(&x, [l.c_in, l.h, l.w], &input(1 + 2 * i), &input(2 + 2 * i), window);
            let sides = [window.positions(l.h), window.positions(l.w)];
            x = max_pool(&relu(&full), sides, Window { k: 2, stride: 2, pad: 0 });
        }
        x
    }

    /// Output, and slopes along some coordinates of each input, by the definition on `layers`.
    fn expect(&self, layers: &[Layer]) -> Vec<Vec<(usize, f64)>> {
        let out = self.define(layers, 0, &wide(&self.inputs[0]));
        let mut all = vec![out.into_iter().enumerate().collect()];
        for (i, input) in self.inputs.iter().enumerate() {
            let loss = |v: &[f64]| -> f64 {
                let y = self.define(layers, i, v);
                y.iter().zip(&self.grad_out).map(|(y, g)| y * f64::from(*g)).sum()
            };
            all.push(slopes(&wide(input), input.len().div_ceil(17), loss));
        }
        all
    }
}

/// Deviations of the output and of each input's gradient.
fn deviations(expected: &[Vec<(usize, f64)>], (out, grads): &(Vec<f32>, Vec<Vec<f32>>)) -> Vec<f64> {
    let found = std::iter::once(out).chain(grads);
    found.zip(expected).map(|(f, e)| deviation(f, e.iter().copied())).collect()
}

#[test]
fn output_and_gradients_match_the_definition() {
    let cases = [
        // The benchmark's layers on small images; tiles of 14 pixels with an overlap; odd sizes, whose last row and
        // column are dropped; channels that fill neither groups nor vectors; kernels of one pixel; no padding.
        Case::new(2, &[layer(1, 32, 5, 2, 4, 8), layer(32, 64, 5, 2, 2, 4)]),
        Case::new(2, &[layer(1, 32, 5, 2, 4, 40)]),
        Case::new(2, &[layer(3, 5, 3, 1, 7, 33)]),
        Case::new(1, &[layer(20, 40, 4, 0, 9, 10), layer(40, 3, 1, 0, 3, 3)]),
    ];
    for case in &cases {
        let expected = case.expect(&case.layers);
        for arch in architectures() {
            let deviations = deviations(&expected, &case.run(arch));
            assert!(deviations.iter().all(|d| *d < TOLERANCE), "{:?} {arch:?}: {deviations:?}", case.layers);
        }
    }
}

/// Negative control: the tolerance is tight enough to see a kernel shifted by one tap.
#[test]
fn a_wrong_layer_is_far_outside_the_tolerance() {
    let case = Case::new(2, &[layer(3, 5, 3, 1, 8, 10)]);
    let result = case.run(Arch::new());
    let shifted = {
        let mut wrong = Case::new(2, &case.layers);
        wrong.inputs[1].rotate_right(1);
        deviations(&wrong.expect(&case.layers), &result)
    };
    assert!(shifted.iter().all(|d| *d > 100.0 * TOLERANCE), "{shifted:?}");
}

/// Ties go to the first pixel, and where ReLU is flat nothing flows.
#[test]
fn ties_and_flat_windows_follow_pytorch() {
    let l = layer(1, 2, 1, 0, 2, 4);
    let stack = Stack::new(vec![l], 1);
    // Left window: all equal. Right window: NaN at the end. Second channel: -x, all below zero or NaN.
    let image = [1.0, 1.0, 2.0, 3.0, 1.0, 1.0, 2.0, f32::NAN];
    let (weight, bias) = ([1.0, -1.0], [0.0, 0.0]);
    let inputs: [&[f32]; 3] = [&image, &weight, &bias];
    let mut out = [9.0; 4];
    let saved = stack.forward(&inputs, &mut out, true);
    assert_eq!((out[0], out[2]), (1.0, 0.0));
    assert!(out[1].is_nan() && out[3].is_nan());
    let (mut dx, mut dw, mut db) = ([0.0; 8], [0.0; 2], [0.0; 2]);
    let grads: &mut [Option<&mut [f32]>] = &mut [Some(&mut dx), Some(&mut dw), Some(&mut db)];
    stack.backward(saved, &inputs, &[5.0, 0.0, 7.0, 0.0], grads);
    assert_eq!(dx, [5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(db, [5.0, 0.0]);
}

/// A pre-activation of exactly zero passes no gradient.
#[test]
fn the_derivative_of_relu_at_zero_is_zero() {
    let stack = Stack::new(vec![layer(1, 1, 1, 0, 2, 2)], 1);
    let inputs: [&[f32]; 3] = [&[0.0; 4], &[1.0], &[0.0]];
    let mut out = [9.0];
    let saved = stack.forward(&inputs, &mut out, true);
    let (mut dx, mut dw, mut db) = ([0.0; 4], [0.0; 1], [0.0; 1]);
    stack.backward(saved, &inputs, &[5.0], &mut [Some(&mut dx), Some(&mut dw), Some(&mut db)]);
    assert_eq!((out, dx, db), ([0.0], [0.0; 4], [0.0]));
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let case = Case::new(70, &[layer(1, 4, 3, 1, 6, 8), layer(4, 5, 3, 1, 3, 4)]);
    let results = on_thread_counts(|| case.run(Arch::new()));
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}
