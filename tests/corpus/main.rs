//! A corpus of programs through every engine: the user's function, generated code in f64 and f32, duals, ragged batches.
//!
//! The oracle for derivatives is central differences in f64 of the generated *values*; the values' oracle is the user's own
//! function in f32. Hessian-vector products and batches are held against single Hessians.
#![allow(non_snake_case)]

mod cases;
#[path = "../support/cuda/mod.rs"]
mod cuda;
mod cuda_test;
#[path = "../support/expected.rs"]
mod expected;
mod expected_test;
mod losses;
mod programs;

use expected::deviation;
use newton_losses::kernel::Kernel;
use newton_losses::loss::NewtonLoss;
use programs::*;

/// Deterministic numbers in -1..1 without a generator's state.
fn noise(seed: usize, i: usize) -> f64 {
    let x = ((seed * 7919 + i * 104_729 + 13) as f64 * 0.618_033_988_749).fract();
    2.0 * x - 1.0
}

/// Central differences of `f` along every coordinate, fourth order.
fn differences(y: &[f64], f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<Vec<f64>> {
    let at = |i: usize, h: f64| {
        let mut y = y.to_vec();
        y[i] += h;
        f(&y)
    };
    let h = 1e-3;
    let column = |i: usize| {
        let (a, b, c, d) = (at(i, -2.0 * h), at(i, -h), at(i, h), at(i, 2.0 * h));
        (0..a.len()).map(|k| (a[k] - 8.0 * b[k] + 8.0 * c[k] - d[k]) / (12.0 * h)).collect()
    };
    (0..y.len()).map(column).collect()
}

/// Everything there is to check of one loss; `plain` is the user's function on `f32`.
fn check<L, A: Sync, B: Sync>(
    name: &str,
    loss: &L,
    label64: impl Fn(usize) -> A,
    label32: impl Fn(usize) -> B,
    plain: impl Fn(&[f32], &B) -> f32,
) where
    L: Kernel<Label<f64> = A> + NewtonLoss<f64, Label = A> + NewtonLoss<f32, Label = B>,
{
    let m = NewtonLoss::<f64>::dim(loss);
    for seed in 0..3 {
        let y: Vec<f64> = (0..m).map(|i| noise(seed, i)).collect();
        let label = [label64(seed)];
        let found = loss.gradients(&y, &label).unwrap();
        let hessian = loss.hessians(&y, &label).unwrap();

        let gradient: Vec<f64> = differences(&y, |y| loss.values(y, &label).unwrap()).concat();
        let off = deviation(&found.gradients, &gradient);
        assert!(off < 1e-8, "{name}: gradient is off by {off:e}: {:?} for {gradient:?}", found.gradients);
        // Negative control: the check must see one entry that is slightly wrong.
        let mut wrong = found.gradients.clone();
        wrong[m / 2] += 1e-5 * gradient.iter().fold(1e-3_f64, |m, x| m.max(x.abs()));
        assert!(deviation(&wrong, &gradient) > 1e-8);

        let columns = differences(&y, |y| loss.gradients(y, &label).unwrap().gradients).concat();
        let off = deviation(&hessian, &columns);
        assert!(off < 1e-8, "{name}: Hessian is off by {off:e}");
        let transposed: Vec<f64> = (0..m * m).map(|k| hessian[k % m * m + k / m]).collect();
        assert!(deviation(&transposed, &hessian) < 1e-12, "{name}: Hessian is not symmetric");

        let v: Vec<f64> = (0..m).map(|i| noise(seed + 9, i)).collect();
        let product = loss.hessian_vector_products(&y, &label, &v).unwrap();
        let direct: Vec<f64> =
            hessian.chunks(m).map(|row| row.iter().zip(&v).map(|(h, v)| h * v).sum()).collect();
        assert!(deviation(&product, &direct) < 1e-12, "{name}: H v");

        let narrow: Vec<f32> = y.iter().map(|x| *x as f32).collect();
        let label = [label32(seed)];
        let single = loss.gradients(&narrow, &label).unwrap();
        let value = f64::from(plain(&narrow, &label[0]));
        let off = deviation(&[f64::from(single.values[0])], &[value]);
        assert!(off < 2e-5, "{name}: {} where the function itself gives {value}", single.values[0]);
        let wide: Vec<f64> = single.gradients.iter().map(|x| f64::from(*x)).collect();
        let off = deviation(&wide, &found.gradients);
        assert!(off < 2e-3, "{name}: gradient in f32 is off by {off:e}");
    }

    // A ragged batch: every sample as if it were alone, and the mean of all.
    for n in [1, 7, 8, 9, 21] {
        let y: Vec<f64> = (0..n * m).map(|i| noise(i / m, i % m)).collect();
        let labels: Vec<A> = (0..n).map(&label64).collect();
        let all = loss.gradients(&y, &labels).unwrap();
        let hessians = loss.hessians(&y, &labels).unwrap();
        let mut mean = vec![0.0; m * m];
        for i in 0..n {
            let label = [label64(i)];
            let alone = loss.gradients(&y[i * m..(i + 1) * m], &label).unwrap();
            assert_eq!(all.gradients[i * m..(i + 1) * m], alone.gradients, "{name}: sample {i} of {n}");
            assert_eq!(all.values[i], alone.values[0], "{name}: sample {i} of {n}");
            let alone = loss.hessians(&y[i * m..(i + 1) * m], &label).unwrap();
            assert_eq!(hessians[i * m * m..(i + 1) * m * m], alone, "{name}: sample {i} of {n}");
            mean.iter_mut().zip(&alone).for_each(|(mean, h)| *mean += h / n as f64);
        }
        let found = loss.mean_hessian(&y, &labels).unwrap();
        assert!(deviation(&found, &mean) < 1e-12, "{name}: mean Hessian of {n}");
    }

    cuda::compare::compare(name, loss, |i| ((0..m).map(|k| noise(i, k)).collect(), label64(i)));
}

fn array<T: From<f32>, const N: usize>(seed: usize) -> [T; N] {
    std::array::from_fn(|i| T::from(noise(seed + 31, i) as f32))
}

fn matrix<T: From<f32>, const H: usize, const W: usize>(seed: usize) -> [[T; W]; H] {
    std::array::from_fn(|i| array(seed + 3 * i))
}

fn fixed<const N: usize>(y: &[f32]) -> &[f32; N] {
    y.try_into().unwrap()
}

#[test]
fn product_carried_through_a_loop() {
    let loss = Drift::<4>::new(3.0);
    check("drift", &loss, array::<f64, 4>, array::<f32, 4>, |y, t| drift(fixed(y), t, 3.0));
    let loss = Drift::<9>::new(0.5);
    check("drift", &loss, array::<f64, 9>, array::<f32, 9>, |y, t| drift(fixed(y), t, 0.5));
}

#[test]
fn fixed_point_iteration() {
    let loss = FixedPoint::<3>::new(4);
    check(
        "fixed_point",
        &loss,
        |s| noise(s, 5),
        |s| noise(s, 5) as f32,
        |y, t| fixed_point::<3>(fixed(y), t, 4),
    );
}

#[test]
fn dynamic_program() {
    let loss = SoftDtw::<4, 3>::new(0.7);
    check("soft_dtw", &loss, array::<f64, 3>, array::<f32, 3>, |y, t| soft_dtw::<4, 3>(fixed(y), t, 0.7));
}

#[test]
fn integrator() {
    let loss = Pendulum::<12>::new(0.2, 0.1);
    check("pendulum", &loss, array::<f64, 2>, array::<f32, 2>, |y, t| pendulum::<12>(fixed(y), t, 0.2, 0.1));
}

#[test]
fn elements_that_depend_on_each_other() {
    let loss = Entangled::<5>::new(0.3);
    check("entangled", &loss, |_| (), |_| (), |y, ()| entangled::<5>(fixed(y), 0.3));
    let loss = Entangled::<6>::new(-0.4);
    check("entangled", &loss, |_| (), |_| (), |y, ()| entangled::<6>(fixed(y), -0.4));
}

#[test]
fn matrix_prediction_with_several_labels() {
    let loss = Rows::<3, 4>::new(1.7);
    check(
        "rows",
        &loss,
        |s| (matrix::<f64, 3, 4>(s), noise(s, 2), array::<f64, 3>(s)),
        |s| (matrix::<f32, 3, 4>(s), noise(s, 2) as f32, array::<f32, 3>(s)),
        |y, (target, weight, offset)| {
            let y: &[[f32; 4]; 3] = y.as_chunks().0.try_into().unwrap();
            rows(y, target, weight, offset, 1.7)
        },
    );
}

#[test]
fn every_function() {
    let loss = Functions::<5>::new();
    check("functions", &loss, |_| (), |_| (), |y, ()| functions::<5>(fixed(y)));
}

#[test]
fn awkward_names() {
    let loss = Names::<4, 2, 1>::new(3);
    check("names", &loss, array::<f64, 2>, array::<f32, 2>, |y, t| names::<4, 2, 1>(fixed(y), t, 3));
}

#[test]
fn contained_in_ranges_and_arrays() {
    let loss = Membership::<5>::new();
    let label = |s: usize| ([s % 5, (s + 2) % 5], std::array::from_fn(|i| ((i * 3 + s) % 6) as i32));
    check("membership", &loss, label, label, |y, (chosen, codes)| membership::<5>(fixed(y), chosen, codes));
}
