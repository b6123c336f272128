//! A tiny network against its definition in float64, on every instruction set this machine has.

use std::sync::Arc;

use pulp::Arch;

use super::network::{Mode, Network, Sizes};
use super::norm::Seen;
use crate::graph::op::Op;
use crate::graph::reference::{
    Variance, adaptive_max_pool, architectures, batch_norm, conv2d, deviation, max_pool, noise,
    on_thread_counts, relu, slopes, wide,
};
use crate::graph::window::Window;

/// Rounding of f32 through five layers of batch norm (see `a_wrong_variance_is_far_outside_the_tolerance`).
pub(super) const TOLERANCE: f64 = 5e-5;

/// Sizes of a network with two blocks, its inputs (images; weight, gamma, beta of every layer) and a cotangent.
pub(super) struct Case {
    layers: Vec<(usize, usize, usize)>,
    batch: usize,
    image: [usize; 3],
    side: usize,
    pub(super) inputs: Vec<Vec<f32>>,
    pub(super) grad_out: Vec<f32>,
}

impl Case {
    pub(super) fn new(batch: usize, width: usize, k: usize, [h, w]: [usize; 2], side: usize) -> Self {
        let mut layers = vec![(3, width, k)];
        layers.extend([(width, width, 3); 4]);
        let mut inputs = vec![noise(batch * 3 * h * w, 1)];
        for (i, (c_in, c_out, k)) in layers.iter().copied().enumerate() {
            let i = i as u32;
            let scale = ((c_in * k * k) as f32).sqrt().recip();
            inputs.push(noise(c_out * c_in * k * k, 2 + i).into_iter().map(|v| v * scale).collect());
            // One channel is turned round: its order of pixels must come from behind batch norm.
            let gamma = noise(c_out, 12 + i).into_iter().enumerate();
            inputs.push(gamma.map(|(c, v)| if c == 1 { -0.8 } else { 1.0 + 0.3 * v }).collect());
            inputs.push(noise(c_out, 22 + i).into_iter().map(|v| 0.3 * v).collect());
        }
        let grad_out = noise(batch * side * side, 99);
        Self { layers, batch, image: [3, h, w], side, inputs, grad_out }
    }

    pub(super) fn network(&self, arch: Arch, mode: Mode) -> Network {
        let [_, h, w] = self.image;
        Network::on(arch, Sizes::new(&self.layers, h, w, self.side), self.batch, mode)
    }

    /// Output, and gradients of all parameters, in training.
    pub(super) fn run(&self, arch: Arch) -> (Vec<f32>, Vec<Vec<f32>>) {
        let network = self.network(arch, Mode::Batch(Arc::default()));
        let inputs: Vec<&[f32]> = self.inputs.iter().map(|v| &v[..]).collect();
        let mut out = vec![0.0; self.grad_out.len()];
        let saved = network.forward(&inputs, &mut out, true);
        let mut grads: Vec<Vec<f32>> = self.inputs[1..].iter().map(|v| vec![0.0; v.len()]).collect();
        let slots = grads.iter_mut().map(|v| Some(&mut v[..]));
        let mut slots: Vec<_> = std::iter::once(None).chain(slots).collect();
        network.backward(saved, &inputs, &self.grad_out, &mut slots);
        (out, grads)
    }

    /// The definition, with input `which` replaced.
    fn define(&self, variance: Variance, which: usize, value: &[f64]) -> Vec<f64> {
        let input = |i: usize| if i == which { value.to_vec() } else { wide(&self.inputs[i]) };
        let layer = |i: usize, x: &[f64], shape: [usize; 3]| {
            let (_, c_out, k) = self.layers[i];
            let window = Window { k, stride: if i == 0 { 2 } else { 1 }, pad: k / 2 };
            let z = conv2d(x, shape, &input(1 + 3 * i), &vec![0.0; c_out], window);
            let (h, w) = (window.positions(shape[1]), window.positions(shape[2]));
            (batch_norm(&z, h * w, &input(2 + 3 * i), &input(3 + 3 * i), variance), [h, w])
        };
        let (stem, sides) = layer(0, &input(0), self.image);
        let window = Window { k: 3, stride: 2, pad: 1 };
        let mut x = max_pool(&relu(&stem), sides, window);
        let (c, [h, w]) = (self.layers[0].1, sides.map(|s| window.positions(s)));
        for block in 0..2 {
            let inner = relu(&layer(1 + 2 * block, &x, [c, h, w]).0);
            let outer = layer(2 + 2 * block, &inner, [c, h, w]).0;
            x = relu(&outer.iter().zip(&x).map(|(a, b)| a + b).collect::<Vec<_>>());
        }
        let pooled = adaptive_max_pool(&x, [h, w], self.side);
        let cells = self.side * self.side;
        let mean = |at: usize| {
            let map = &pooled[at / cells * c * cells..][..c * cells];
            map.iter().skip(at % cells).step_by(cells).sum::<f64>() / c as f64
        };
        (0..self.batch * cells).map(mean).collect()
    }

    /// Deviations of the output and of each parameter's gradient from the definition.
    pub(super) fn deviations(
        &self,
        variance: Variance,
        (out, grads): &(Vec<f32>, Vec<Vec<f32>>),
    ) -> Vec<f64> {
        let expected = self.define(variance, 0, &wide(&self.inputs[0]));
        let mut all = vec![deviation(out, expected.into_iter().enumerate())];
        for (i, grad) in grads.iter().enumerate() {
            let loss = |v: &[f64]| -> f64 {
                let y = self.define(variance, 1 + i, v);
                y.iter().zip(&self.grad_out).map(|(y, g)| y * f64::from(*g)).sum()
            };
            let values = wide(&self.inputs[1 + i]);
            all.push(deviation(grad, slopes(&values, values.len().div_ceil(17), loss)));
        }
        all
    }
}

/// The benchmark's shape in small; odd sizes with overlapping adaptive windows; more channels than a group.
pub(super) fn cases() -> [Case; 3] {
    [Case::new(3, 4, 7, [16, 16], 2), Case::new(2, 3, 3, [21, 13], 4), Case::new(2, 33, 3, [9, 12], 3)]
}

#[test]
fn output_and_gradients_match_the_definition() {
    for case in &cases() {
        for arch in architectures() {
            let deviations = case.deviations(Variance::Biased, &case.run(arch));
            assert!(deviations.iter().all(|d| *d < TOLERANCE), "{:?} {arch:?}: {deviations:?}", case.layers);
        }
    }
}

/// Negative control: the tolerance sees the unbiased variance in place of the biased one.
#[test]
fn a_wrong_variance_is_far_outside_the_tolerance() {
    let case = Case::new(3, 4, 7, [16, 16], 2);
    let deviations = case.deviations(Variance::Unbiased, &case.run(Arch::new()));
    // The last shift's gradient does not depend on the variance.
    let (_, others) = deviations.split_last().unwrap();
    assert!(others.iter().all(|d| *d > 20.0 * TOLERANCE), "{deviations:?}");
}

/// With the batch's own statistics as the running ones, evaluation is the same function as training.
#[test]
fn evaluation_with_the_batchs_statistics_gives_the_same_output() {
    let case = Case::new(3, 4, 7, [18, 14], 3);
    let seen: Arc<Seen> = Arc::default();
    let mut inputs: Vec<&[f32]> = case.inputs.iter().map(|v| &v[..]).collect();
    let (mut trained, mut evaluated) = (case.grad_out.clone(), case.grad_out.clone());
    case.network(Arch::new(), Mode::Batch(Arc::clone(&seen))).forward(&inputs, &mut trained, true);
    let statistics = seen.host.get().unwrap().iter().flat_map(|m| {
        let variance = (0..m.mean.len()).map(|c| m.biased_variance(c) as f32).collect();
        [m.mean.iter().map(|v| *v as f32).collect::<Vec<_>>(), variance]
    });
    let statistics: Vec<_> = statistics.collect();
    inputs.extend(statistics.iter().map(|v| &v[..]));
    case.network(Arch::new(), Mode::Running).forward(&inputs, &mut evaluated, false);
    assert!(deviation(&evaluated, wide(&trained).into_iter().enumerate()) < 1e-6);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let case = Case::new(70, 3, 3, [10, 8], 2);
    let results = on_thread_counts(|| case.run(Arch::new()));
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}
