//! Matrices that are larger than a block's shared memory, up to the largest.

use crate::newton_support::Rng;
use crate::support::{Given, Sample, gpu, off, run_once, wide};
use newton_runtime::cuda::Gpu;
use newton_runtime::newton::{Average, Matrix, Newton, OnIndefinite};

/// A symmetric matrix of few operations: what is known is what it does to gradients.
fn matrix(rng: &mut Rng, dim: usize, definite: bool) -> Matrix {
    let mut a = Matrix::zeros(dim);
    for i in 0..dim {
        for j in 0..i {
            let x = rng.uniform();
            a[(i, j)] = x;
            a[(j, i)] = x;
        }
        // Of random signs and this size, the rest has eigenvalues up to 1.2 sqrt(m).
        a[(i, i)] = if definite { 1.5 * (dim as f64).sqrt() } else { rng.uniform() };
    }
    a
}

/// Directions, put back: `(C + lambda I) d` is the gradient.
#[track_caller]
fn residual(gpu: &Gpu, newton: &Newton, samples: usize, c: &Matrix, rng: &mut Rng, bound: f64) {
    let dim = c.dim();
    let batch = Sample { dim, y: rng.vector(samples * dim), g: rng.vector(samples * dim) };
    let found = run_once(gpu, newton, &batch, Given::Mean(c.as_slice()));
    assert_eq!(found.check, Ok(()));
    let back: Vec<f64> = found
        .step
        .directions
        .chunks_exact(dim)
        .flat_map(|d| {
            (0..dim)
                .map(move |i| c.row(i).iter().zip(d).map(|(c, d)| c * d).sum::<f64>() + newton.lambda * d[i])
        })
        .collect();
    let off = off(&back, &batch.g);
    assert!(off < bound, "m = {dim}: off by {off:e}");
    let mut wrong = back;
    wrong[dim / 2] += 2.0 * bound;
    assert!(crate::support::off(&wrong, &batch.g) > bound);
    let z: Vec<f64> = batch.y.iter().zip(&found.step.directions).map(|(y, d)| y - d).collect();
    assert_eq!(found.step.z_star, z);
}

#[test]
fn of_257() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(31);
    let dim = 257;
    let strict = Newton::hessian(0.1).on_indefinite(OnIndefinite::Error);
    let c = matrix(&mut rng, dim, true);
    residual(&gpu, &strict, 3, &c, &mut rng, 1e-11);
    residual(&gpu, &Newton::hessian(0.1), 3, &matrix(&mut rng, dim, false), &mut rng, 1e-9);
    // Of a definite matrix, absolute values are what they were.
    residual(&gpu, &Newton::hessian(0.1).on_indefinite(OnIndefinite::Abs), 2, &c, &mut rng, 1e-10);
}

fn fisher(gpu: &Gpu, samples: usize, dim: usize, rng: &mut Rng) {
    let batch = Sample {
        dim,
        y: vec![0.0_f32; samples * dim],
        g: rng.vector(samples * dim).iter().map(|x| *x as f32).collect(),
    };
    let (g, lambda) = (wide(&batch.g), 0.1);
    let found = run_once(gpu, &Newton::fisher(lambda), &batch, Given::None);
    assert_eq!(found.check, Ok(()));
    // (G^T G / N + lambda I) d for one direction.
    let d = &wide(&found.step.directions)[dim..2 * dim];
    let mut back: Vec<f64> = d.iter().map(|d| lambda * d).collect();
    for g in g.chunks_exact(dim) {
        let weight = g.iter().zip(d).map(|(g, d)| g * d).sum::<f64>() / samples as f64;
        back.iter_mut().zip(g).for_each(|(back, g)| *back += weight * g);
    }
    let off = off(&back, &g[dim..2 * dim]);
    // The direction is rounded to f32, and F is larger than the gradient by so much.
    assert!(off < 1e-5, "N = {samples}, m = {dim}: off by {off:e}");
}

#[test]
fn fishers() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(32);
    fisher(&gpu, 300, 260, &mut rng);
    fisher(&gpu, 260, 300, &mut rng);
    fisher(&gpu, 90, 1024, &mut rng);
}

#[test]
fn a_matrix_per_sample() {
    let Some(gpu) = gpu() else { return };
    let (samples, dim, mut rng) = (3, 180, Rng(33));
    let batch = Sample { dim, y: vec![0.0; samples * dim], g: rng.vector(samples * dim) };
    for (policy, definite) in
        [(OnIndefinite::Keep, false), (OnIndefinite::Error, true), (OnIndefinite::Abs, false)]
    {
        let all: Vec<f64> = (0..samples).flat_map(|_| matrix(&mut rng, dim, definite).into_vec()).collect();
        let newton = Newton::hessian(0.1).average(Average::Sample).on_indefinite(policy);
        crate::support::compare(&gpu, &newton, &batch, Given::PerSample(&all));
    }
}

#[test]
fn the_largest() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(34);
    let dim = 1024;
    let strict = Newton::hessian(0.1).on_indefinite(OnIndefinite::Error);
    residual(&gpu, &strict, 2, &matrix(&mut rng, dim, true), &mut rng, 1e-10);
    residual(&gpu, &Newton::hessian(0.1), 2, &matrix(&mut rng, dim, false), &mut rng, 1e-8);
    fisher(&gpu, 40, dim, &mut rng);
}

/// Minutes on an emulated device: `cargo test -p newton-runtime --features cuda --test cuda_newton -- --ignored`.
#[test]
#[ignore = "takes minutes on an emulated device"]
fn the_largest_of_all() {
    let Some(gpu) = gpu() else { return };
    let mut rng = Rng(36);
    fisher(&gpu, 1000, 1024, &mut rng);
    fisher(&gpu, 1100, 1024, &mut rng);
    let c = matrix(&mut rng, 1024, true);
    residual(&gpu, &Newton::hessian(0.1).on_indefinite(OnIndefinite::Abs), 2, &c, &mut rng, 1e-9);
}

/// A failure in a later panel is seen, and one of a Fisher matrix is rescued by eigenvalues.
#[test]
fn failures() {
    let Some(gpu) = gpu() else { return };
    let (dim, mut rng) = (200, Rng(35));
    let mut c = matrix(&mut rng, dim, true);
    c[(150, 150)] = -1.0;
    let batch = Sample { dim, y: vec![0.0; dim], g: rng.vector(dim) };
    let newton = Newton::hessian(0.1).on_indefinite(OnIndefinite::Error);
    let found = run_once(&gpu, &newton, &batch, Given::Mean(c.as_slice()));
    let expected = crate::support::on_host(&newton, &batch, Given::Mean(c.as_slice())).unwrap_err();
    assert_eq!(format!("{:?}", found.check.unwrap_err()), format!("{expected:?}"));
    assert!(found.back.iter().all(|x| x.is_nan()));

    let mut g = rng.ranking_gradients(210, dim);
    g[..dim].iter_mut().for_each(|g| *g *= 1e13);
    let batch = Sample { dim, y: vec![0.0; g.len()], g };
    let found = run_once(&gpu, &Newton::fisher(0.1), &batch, Given::None);
    assert_eq!(found.check, Ok(()));
    let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    for (g, d) in batch.g.chunks_exact(dim).zip(found.step.directions.chunks_exact(dim)) {
        assert!(norm(d) <= norm(g) / 0.1 * (1.0 + 1e-9));
    }
}
