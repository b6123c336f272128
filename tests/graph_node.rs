//! Losses and `inject_fisher` as nodes of a dfdx graph, against gradients solved for here.

mod support;

use dfdx::optim::{Adam, AdamConfig};
use dfdx::prelude::*;
use newton_losses::graph::{inject_fisher, inject_fisher_of_sum};
use newton_losses::losses::{CauchyOddEven, NeuralSort, ascending, descending};
use newton_losses::prelude::{Apply, Average, Curvature, NewtonLoss};
use support::{assert_close, assert_far, wide};

const N: usize = 4;
const SAMPLES: usize = 6;
const LAMBDA: f64 = 0.05;
/// What f32 leaves of a solved system.
const CLOSE: f64 = 1e-4;

type Scores = Tensor<(usize, Const<N>), f32, Cpu>;
type Label = [[f32; N]; N];

fn numbers() -> Vec<f32> {
    (0..SAMPLES * N).map(|i| (1.7 * i as f32 + 0.3).sin() * 1.5).collect()
}

fn scores(device: &Cpu) -> Scores {
    device.tensor_from_vec(numbers(), (SAMPLES, Const::<N>))
}

fn labels() -> Vec<Label> {
    let values = |i: usize| std::array::from_fn(|j| (2.9 * (i * N + j) as f64).cos());
    (0..SAMPLES).map(|i| descending(&values(i))).collect()
}

fn loss(curvature: Curvature) -> NeuralSort<N> {
    NeuralSort::<N>::new(1.0).curvature(curvature).lambda(LAMBDA)
}

/// `(matrix + lambda I)^-1 x` for one sample, by elimination.
fn solve(matrix: &[f64], lambda: f64, x: &[f64]) -> Vec<f64> {
    let n = x.len();
    let mut rows: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let mut row = matrix[i * n..(i + 1) * n].to_vec();
            row[i] += lambda;
            row.push(x[i]);
            row
        })
        .collect();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| rows[i][k].abs().total_cmp(&rows[j][k].abs())).unwrap();
        rows.swap(k, pivot);
        let top = rows[k].clone();
        for (i, row) in rows.iter_mut().enumerate() {
            if i != k {
                let factor = row[k] / top[k];
                row.iter_mut().zip(&top).for_each(|(a, b)| *a -= factor * b);
            }
        }
    }
    (0..n).map(|i| rows[i][n] / rows[i][i]).collect()
}

/// `1/N sum_i g_i g_i^T`.
fn fisher(gradients: &[f64]) -> Vec<f64> {
    let mut matrix = vec![0.0; N * N];
    for g in gradients.chunks(N) {
        for i in 0..N {
            for j in 0..N {
                matrix[i * N + j] += g[i] * g[j] / (gradients.len() / N) as f64;
            }
        }
    }
    matrix
}

fn solve_all(matrix: &[f64], lambda: f64, rows: &[f64]) -> Vec<f64> {
    rows.chunks(N).flat_map(|g| solve(matrix, lambda, g)).collect()
}

fn scaled(x: &[f64], factor: f64) -> Vec<f64> {
    x.iter().map(|x| factor * x).collect()
}

/// What the node has to hand back, `d_i / N`, for curvature averaged over the batch or per sample.
fn expected(curvature: Curvature, average: Average) -> Vec<f64> {
    let y = wide(&numbers());
    let q: Vec<[[f64; N]; N]> = labels().iter().map(|q| q.map(|row| row.map(f64::from))).collect();
    let plain = loss(curvature);
    let g = plain.gradients(&y, &q).unwrap().gradients;
    let h = plain.hessians(&y, &q).unwrap();
    let mean: Vec<f64> =
        (0..N * N).map(|k| h.chunks(N * N).map(|h| h[k]).sum::<f64>() / SAMPLES as f64).collect();
    let each = |i: usize| {
        let g = &g[i * N..(i + 1) * N];
        let matrix = match curvature {
            Curvature::Hessian => h[i * N * N..(i + 1) * N * N].to_vec(),
            _ => fisher(g),
        };
        solve(&matrix, LAMBDA, g)
    };
    let directions = match (curvature, average) {
        (Curvature::None, _) => g,
        (_, Average::Sample) => (0..SAMPLES).flat_map(each).collect(),
        (Curvature::Hessian, _) => solve_all(&mean, LAMBDA, &g),
        (Curvature::Fisher, _) => solve_all(&fisher(&g), LAMBDA, &g),
    };
    scaled(&directions, 1.0 / SAMPLES as f64)
}

fn gradient<S: Shape>(grads: &Gradients<f32, Cpu>, of: &Tensor<S, f32, Cpu>) -> Vec<f64> {
    wide(&grads.get(of).as_vec())
}

#[test]
fn back_propagates_the_newton_step() {
    let device = Cpu::default();
    let y = scores(&device);
    let mean = {
        let values = loss(Curvature::None).values(&numbers(), &labels()).unwrap();
        values.iter().sum::<f32>() / SAMPLES as f32
    };
    let mut all = Vec::new();
    for average in [Average::Batch, Average::Sample] {
        for curvature in [Curvature::Hessian, Curvature::Fisher, Curvature::None] {
            let node = loss(curvature).average(average);
            let value = node.apply(y.leaky_trace(), &labels()).unwrap();
            // Whatever the curvature, the value shown is that of the loss.
            assert!((value.array() - mean).abs() < 1e-6);
            let found = gradient(&value.backward(), &y);
            let what = format!("{curvature:?} over {average:?}");
            assert_close(&what, CLOSE, &found, &expected(curvature, average));
            all.push(found);
        }
    }
    // Five different steps; the plain gradient knows no average.
    assert_eq!(all.remove(5), all[2]);
    for i in 0..5 {
        for j in 0..i {
            assert_far("another curvature", &all[i], &all[j]);
        }
    }
}

#[test]
fn follows_what_comes_after() {
    let device = Cpu::default();
    let y = scores(&device);
    let d = expected(Curvature::Hessian, Average::Batch);
    let node = loss(Curvature::Hessian);

    let doubled = node.apply(y.leaky_trace(), &labels()).unwrap() * 2.0;
    assert_close("twice the loss", CLOSE, &gradient(&doubled.backward(), &y), &scaled(&d, 2.0));
    let negative = node.apply(y.leaky_trace(), &labels()).unwrap() * -0.5;
    assert_close("minus half the loss", CLOSE, &gradient(&negative.backward(), &y), &scaled(&d, -0.5));

    // Another loss on the same tape, behind a layer that both share.
    let hidden = y.leaky_trace() * 1.5;
    let side = hidden.retaped::<OwnedTape<f32, Cpu>>();
    let at = scaled(&wide(&numbers()), 1.5);
    let node = CauchyOddEven::<N>::new(2.0).curvature(Curvature::None);
    let q: Vec<Label> = labels();
    let plain = node.gradients(&hidden.as_vec(), &q).unwrap().gradients;
    let sum = node.apply(hidden, &q).unwrap() + side.square().mean();
    let hand: Vec<f64> = wide(&plain)
        .iter()
        .zip(&at)
        .map(|(g, h)| 1.5 * (g / SAMPLES as f64 + 2.0 * h / (SAMPLES * N) as f64))
        .collect();
    assert_close("a sum of losses", CLOSE, &gradient(&sum.backward(), &y), &hand);
}

#[test]
fn inject_fisher_makes_any_loss_a_newton_loss() {
    let device = Cpu::default();
    let y = scores(&device);
    let scores = inject_fisher(y.leaky_trace(), LAMBDA).unwrap();
    assert_eq!(scores.as_vec(), numbers());
    let injected = loss(Curvature::None).apply(scores, &labels()).unwrap();
    let applied = loss(Curvature::Fisher).apply(y.leaky_trace(), &labels()).unwrap();
    assert_eq!(injected.array(), applied.array());
    let (injected, applied) = (gradient(&injected.backward(), &y), gradient(&applied.backward(), &y));
    assert_close("Algorithm 2 and Definition 2", 1e-5, &injected, &applied);

    // l_i = sum_j w_j y_ij^2 has g_ij = 2 w_j y_ij.
    let weights: [f32; N] = [1.0, -0.5, 2.0, 0.3];
    let w: Scores = device.tensor_from_vec(weights.repeat(SAMPLES), (SAMPLES, Const::<N>));
    let g: Vec<f64> =
        wide(&numbers()).iter().enumerate().map(|(k, y)| 2.0 * f64::from(weights[k % N]) * y).collect();
    let d = solve_all(&fisher(&g), LAMBDA, &g);
    let squares = |scores: Tensor<(usize, Const<N>), f32, Cpu, OwnedTape<f32, Cpu>>| {
        (scores.square() * w.clone()).sum::<Rank0, _>()
    };
    let mean = squares(inject_fisher(y.leaky_trace(), LAMBDA).unwrap()) / SAMPLES as f32;
    let by_mean = gradient(&mean.backward(), &y);
    assert_close("in front of a mean", CLOSE, &by_mean, &scaled(&d, 1.0 / SAMPLES as f64));
    let sum = squares(inject_fisher_of_sum(y.leaky_trace(), LAMBDA).unwrap());
    assert_close("in front of a sum", CLOSE, &gradient(&sum.backward(), &y), &d);
    let wrong = squares(inject_fisher(y.leaky_trace(), LAMBDA).unwrap());
    assert_far("the mean's in front of a sum", &gradient(&wrong.backward(), &y), &d);
}

#[test]
fn without_a_tape_there_is_only_a_value() {
    let device = Cpu::default();
    let y = scores(&device);
    // At lambda = 0 the curvature is singular: without a tape it is not looked at.
    let flat = loss(Curvature::Hessian).lambda(0.0);
    let value = flat.apply(y.clone(), &labels()).unwrap();
    let traced = loss(Curvature::Hessian).apply(y.leaky_trace(), &labels()).unwrap();
    assert!((value.array() - traced.array()).abs() < 1e-6);
    assert!(flat.apply(y.leaky_trace(), &labels()).is_err());
    assert_eq!(inject_fisher(y, LAMBDA).unwrap().as_vec(), numbers());
}

#[test]
fn takes_scores_of_any_shape_and_layout() {
    let device = Cpu::default();
    let d = expected(Curvature::Hessian, Average::Batch);
    let node = loss(Curvature::Hessian);

    fn check<S: Shape>(y: &Tensor<S, f32, Cpu>, node: &NeuralSort<N>, d: &[f64]) {
        let value = node.apply(y.leaky_trace(), &labels()).unwrap();
        assert_close("backward", CLOSE, &gradient(&value.backward(), y), d);
    }
    check(&device.tensor_from_vec(numbers(), (SAMPLES, N)), &node, &d);
    check(&device.tensor_from_vec(numbers(), (Const::<SAMPLES>, N)), &node, &d);
    check(&device.tensor_from_vec(numbers(), (Const::<SAMPLES>, Const::<N>)), &node, &d);
    // A batch of images, say.
    check(&device.tensor_from_vec(numbers(), (SAMPLES, 2, 2)), &node, &d);

    // Columns are samples: the same numbers, seen through a permuted tensor.
    let columns: Vec<f32> = (0..N).flat_map(|j| (0..SAMPLES).map(move |i| numbers()[i * N + j])).collect();
    let columns: Tensor<Rank2<N, SAMPLES>, f32, Cpu> = device.tensor_from_vec(columns, Default::default());
    let rows = columns.leaky_trace().permute::<Rank2<SAMPLES, N>, Axes2<1, 0>>();
    let value = node.apply(rows, &labels()).unwrap();
    let found = gradient(&value.backward(), &columns);
    let transposed: Vec<f64> =
        (0..N).flat_map(|j| (0..SAMPLES).map(|i| d[i * N + j]).collect::<Vec<_>>()).collect();
    assert_close("through a permuted tensor", CLOSE, &found, &transposed);
    assert_far("as if it were contiguous", &found, &d);

    // The same for `inject_fisher`.
    let rows = columns.leaky_trace().permute::<Rank2<SAMPLES, N>, Axes2<1, 0>>();
    let rows = inject_fisher(rows, LAMBDA).unwrap();
    assert_eq!(rows.as_vec(), numbers());
    let value = loss(Curvature::None).apply(rows, &labels()).unwrap();
    let d = expected(Curvature::Fisher, Average::Batch);
    let transposed: Vec<f64> =
        (0..N).flat_map(|j| (0..SAMPLES).map(|i| d[i * N + j]).collect::<Vec<_>>()).collect();
    assert_close(
        "inject_fisher on a permuted tensor",
        CLOSE,
        &gradient(&value.backward(), &columns),
        &transposed,
    );
}

/// A small network learns to rank by a hidden score.
#[test]
fn training_lowers_the_loss() {
    const BATCH: usize = 24;
    const FEATURES: usize = 3;
    type Net = (Linear<{ N * FEATURES }, 16>, Tanh, Linear<16, N>);

    let inputs: Vec<f32> = (0..BATCH * N * FEATURES).map(|i| (12.9898 * i as f32).sin()).collect();
    let hidden = |x: &[f32]| f64::from(x[0] - 0.5 * x[1] + 0.25 * x[2]);
    let q: Vec<Label> = inputs
        .chunks(N * FEATURES)
        .map(|set| ascending(&std::array::from_fn(|j| hidden(&set[j * FEATURES..(j + 1) * FEATURES]))))
        .collect();
    for curvature in [Curvature::Hessian, Curvature::Fisher, Curvature::None] {
        let device = Cpu::seed_from_u64(7);
        let mut net = device.build_module::<Net, f32>();
        let mut optimizer = Adam::new(&net, AdamConfig { lr: 1e-2, ..Default::default() });
        let mut grads = net.alloc_grads();
        let x: Tensor<Rank2<BATCH, { N * FEATURES }>, f32, Cpu> =
            device.tensor_from_vec(inputs.clone(), Default::default());
        let node = CauchyOddEven::<N>::new(3.0).curvature(curvature).lambda(1.0);
        let mut values = Vec::new();
        for _ in 0..60 {
            let value = node.apply(net.forward_mut(x.trace(grads)), &q).unwrap();
            values.push(value.array());
            grads = value.backward();
            optimizer.update(&mut net, &grads).expect("every parameter has a gradient");
            net.zero_grads(&mut grads);
        }
        let (first, last) = (values[0], values[59]);
        println!("{curvature:?}: {first} to {last}");
        assert!(last < 0.7 * first, "{curvature:?}: {first} to {last}");
    }
}
