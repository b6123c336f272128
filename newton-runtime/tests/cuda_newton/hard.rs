//! Matrices that eigenvalues and pivots are hard to find for.

use crate::newton_support::{Rng, compose};
use crate::support::{Given, Sample, compare, condition, gpu, off, on_host, run_once, tolerance, wide};
use newton_runtime::newton::eigen::Eigen;
use newton_runtime::newton::{Matrix, Newton, OnIndefinite};

fn batch(rng: &mut Rng, samples: usize, dim: usize) -> Sample<f64> {
    Sample { dim, y: rng.vector(samples * dim), g: rng.vector(samples * dim) }
}

#[test]
fn repeated_graded_huge_tiny_and_vanishing_eigenvalues() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(21);
    let spectra: [fn(usize) -> f64; 8] = [
        |_| 0.0,
        |_| -3.0,
        |k| (k % 2) as f64,
        |k| (k % 3) as f64 - 1.0,
        |k| 10.0_f64.powi(k as i32 % 12 - 9) * if k % 2 == 0 { 1.0 } else { -1.0 },
        |k| if k == 0 { 1.0 } else { 0.0 },
        |k| 1e300 * (k as f64 - 19.5) / 20.0,
        |k| 1e-300 * (1.0 + k as f64),
    ];
    for dim in [1, 2, 3, 20, 33, 50] {
        let batch = batch(&mut rng, 3, dim);
        let basis = Eigen::of(&rng.indefinite(dim)).unwrap().vectors;
        for (i, spectrum) in spectra.into_iter().enumerate() {
            let values: Vec<f64> = (0..dim).map(spectrum).collect();
            let largest = values.iter().fold(0.0_f64, |max, w| max.max(w.abs()));
            let lambda = if largest > 0.0 { 0.3 * largest } else { 0.3 };
            for c in [Matrix::symmetric(compose(&values, &basis).as_slice(), dim).unwrap(), diagonal(&values)]
            {
                for policy in [OnIndefinite::Clamp, OnIndefinite::Abs] {
                    let newton = Newton::hessian(lambda).on_indefinite(policy);
                    let given = Given::Mean(c.as_slice());
                    let found = run_once(&gpu, &newton, &batch, given);
                    assert_eq!(found.check, Ok(()), "spectrum {i}, size {dim}");
                    let expected = on_host(&newton, &batch, given).unwrap();
                    let tolerance = tolerance::<f64>(condition(&newton, &batch, given), dim);
                    let off = off(&found.step.directions, &expected.directions);
                    assert!(off <= tolerance, "spectrum {i}, size {dim}, {policy:?}: off by {off:e}");
                }
            }
        }
    }
}

fn diagonal(values: &[f64]) -> Matrix {
    let mut matrix = Matrix::zeros(values.len());
    values.iter().enumerate().for_each(|(i, w)| matrix[(i, i)] = *w);
    matrix
}

/// Low rank, and rounding errors on top: what is beside the diagonal does not get small next to a diagonal that is as small.
#[test]
fn low_rank_with_rounding_errors() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(22);
    for (dim, rank) in [(12, 1), (40, 3), (64, 2)] {
        let mut a = Matrix::zeros(dim);
        for _ in 0..rank {
            let (path, noise) = (rng.vector(dim), rng.vector(dim));
            for i in 0..dim {
                for j in 0..dim {
                    a[(i, j)] += path[i] * noise[j] + path[j] * noise[i];
                }
            }
        }
        let batch = batch(&mut rng, 5, dim);
        for policy in [OnIndefinite::Keep, OnIndefinite::Clamp, OnIndefinite::Abs] {
            for lambda in [0.5, 1e-4] {
                compare(
                    &gpu,
                    &Newton::hessian(lambda).on_indefinite(policy),
                    &batch,
                    Given::Mean(a.as_slice()),
                );
            }
        }
    }
}

/// Zeros on the diagonal need blocks of two; the second difference has no short way.
#[test]
fn blocks_of_two() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(23);
    for dim in [2, 4, 10, 32, 34] {
        let batch = batch(&mut rng, 6, dim);
        let mut a = rng.indefinite(dim);
        (0..dim).for_each(|i| a[(i, i)] = 0.0);
        compare(&gpu, &Newton::hessian(0.0), &batch, Given::Mean(a.as_slice()));
        let all: Vec<f64> = (0..6)
            .flat_map(|_| {
                let mut a = rng.indefinite(dim);
                (0..dim).for_each(|i| a[(i, i)] = 0.0);
                a.into_vec()
            })
            .collect();
        let newton = Newton::hessian(0.0).average(newton_runtime::newton::Average::Sample);
        compare(&gpu, &newton, &batch, Given::PerSample(&all));
        let mut second = Matrix::zeros(dim);
        for i in 1..dim {
            second[(i, i - 1)] = -1e200;
            second[(i - 1, i)] = -1e200;
        }
        compare(&gpu, &Newton::hessian(0.0), &batch, Given::Mean(second.as_slice()));
    }
}

/// As many eigenvalues of either sign as they were made with: negative curvature is kept, clamped or turned exactly where it is.
#[test]
fn inertia() {
    let Some(gpu) = gpu() else { return };
    let (dim, mut rng) = (17, Rng(24));
    let basis = Eigen::of(&rng.indefinite(dim)).unwrap().vectors;
    for negative in [0, 1, 8, 17] {
        let values: Vec<f64> = (0..dim).map(|k| if k < negative { -2.0 } else { 2.0 }).collect();
        let c = compose(&values, &basis);
        // Gradients are the eigenvectors.
        let batch = Sample { dim, y: vec![0.0; dim * dim], g: basis.as_slice().to_vec() };
        for (policy, turned) in [
            (OnIndefinite::Keep, -1.0 / 1.5),
            (OnIndefinite::Clamp, 1.0 / 0.5),
            (OnIndefinite::Abs, 1.0 / 2.5),
        ] {
            let newton = Newton::hessian(0.5).on_indefinite(policy);
            let found = run_once(&gpu, &newton, &batch, Given::Mean(c.as_slice())).step.directions;
            let expected: Vec<f64> = basis
                .as_slice()
                .iter()
                .enumerate()
                .map(|(i, g)| g * if i / dim < negative { turned } else { 1.0 / 2.5 })
                .collect();
            assert!(off(&found, &expected) < 1e-13, "{negative} negative, {policy:?}");
        }
    }
}

#[test]
fn tiny_and_huge_lambdas() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(25);
    for (samples, dim) in [(6, 5), (3, 20), (60, 33)] {
        let batch = batch(&mut rng, samples, dim);
        let (definite, indefinite) = (rng.definite(dim), rng.indefinite(dim));
        for lambda in [1e-14, 1e-6, 1e6, 1e12] {
            compare_but_lambda(&gpu, &Newton::hessian(lambda), &batch, Given::Mean(definite.as_slice()));
            let abs = Newton::hessian(lambda).on_indefinite(OnIndefinite::Abs);
            compare_but_lambda(&gpu, &abs, &batch, Given::Mean(indefinite.as_slice()));
            if lambda > 1e-10 {
                compare_but_lambda(&gpu, &Newton::fisher(lambda), &batch, Given::None);
            }
        }
    }
}

/// Where another lambda makes no difference, or all the difference.
fn compare_but_lambda(
    gpu: &newton_runtime::cuda::Gpu,
    newton: &Newton,
    batch: &Sample<f64>,
    given: Given<'_, f64>,
) {
    let found = run_once(gpu, newton, batch, given);
    assert_eq!(found.check, Ok(()), "{newton:?}");
    let expected = on_host(newton, batch, given).unwrap();
    let tolerance = tolerance::<f64>(condition(newton, batch, given), batch.dim);
    let off = off(&found.step.directions, &expected.directions);
    assert!(off <= tolerance, "{newton:?}, m = {}: off by {off:e}, more than {tolerance:e}", batch.dim);
}

/// Entries of F reach 1e26, where lambda is below the rounding: no error, and nothing longer than g / lambda.
#[test]
fn exploding_gradients_are_rescued() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(26);
    for (samples, dim) in [(100, 5), (20, 6), (6, 5), (3, 12), (35, 40)] {
        for scale in (12..=26).step_by(2).map(|k| 10.0_f64.powf(0.5 * k as f64)) {
            let mut g = rng.ranking_gradients(samples, dim);
            g[..dim].iter_mut().for_each(|g| *g *= scale);
            let lambda = 0.1;
            let batch = Sample { dim, y: vec![0.0; g.len()], g };
            let found = run_once(&gpu, &Newton::fisher(lambda), &batch, Given::None);
            assert_eq!(found.check, Ok(()), "{samples} {dim} {scale:e}");
            let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
            assert!(norm(&wide(&found.step.directions)[..dim]) < 1.0);
            for (g, d) in batch.g.chunks_exact(dim).zip(found.step.directions.chunks_exact(dim)) {
                assert!(norm(d) <= norm(g) / lambda * (1.0 + 1e-9), "{samples} {dim} {scale:e}");
            }
        }
    }
}
