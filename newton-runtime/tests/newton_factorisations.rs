//! The factorisations against each other and against their definitions, on seeded random matrices.

mod newton_support;

use newton_runtime::newton::Matrix;
use newton_runtime::newton::cholesky::Cholesky;
use newton_runtime::newton::eigen::{Eigen, Spectral};
use newton_runtime::newton::indefinite::{Indefinite, Inertia};
use newton_runtime::newton::lanes::Solve;
use newton_runtime::newton::woodbury::Woodbury;
use newton_runtime::newton::{Preconditioner, fisher};
use newton_support::{Rng, assert_close, assert_far, compose, multiply, rows_times};

fn sizes() -> impl Iterator<Item = usize> {
    (1..=40).chain([144, 144, 300])
}

#[test]
fn eigenvectors_are_orthonormal_and_compose_the_matrix() {
    let mut rng = Rng(1);
    for dim in sizes() {
        let a = rng.indefinite(dim);
        let Eigen { values, vectors } = Eigen::of(&a).unwrap();
        let what = format!("size {dim}");
        assert!(values.is_sorted(), "{what}");
        assert_close(&what, 1e-12, compose(&values, &vectors).as_slice(), a.as_slice());
        let gram = multiply(&vectors, &vectors.transposed());
        assert_close(&what, 1e-12, gram.as_slice(), Matrix::identity(dim).as_slice());
        assert_close(&what, 1e-12, &Eigen::values_of(&a).unwrap(), &values);
        let transposed = compose(&values, &vectors.transposed());
        if dim > 2 {
            assert_far("eigenvectors as columns", transposed.as_slice(), a.as_slice());
        }
    }
}

#[test]
fn eigenvalues_of_hard_matrices() {
    // Known spectrum of the second difference: 2 - 2 cos(k pi / (n + 1)).
    let dim = 50;
    let mut second_difference = Matrix::zeros(dim);
    for i in 0..dim {
        second_difference[(i, i)] = 2.0;
        if i > 0 {
            second_difference[(i, i - 1)] = -1.0;
            second_difference[(i - 1, i)] = -1.0;
        }
    }
    let expected: Vec<f64> =
        (1..=dim).map(|k| 2.0 - 2.0 * (core::f64::consts::PI * k as f64 / (dim + 1) as f64).cos()).collect();
    assert_close("second difference", 1e-14, &Eigen::values_of(&second_difference).unwrap(), &expected);

    // Repeated, graded, huge, tiny and vanishing ones converge too.
    let mut rng = Rng(2);
    let basis = Eigen::of(&rng.indefinite(20)).unwrap().vectors;
    let spectra: [fn(usize) -> f64; 6] = [
        |_| 0.0,
        |_| -3.0,
        |k| (k % 2) as f64,
        |k| 10.0_f64.powi(k as i32 - 15),
        |k| 1e300 * (k as f64 - 19.0) / 20.0,
        |k| 1e-300 * k as f64,
    ];
    for spectrum in spectra {
        let values: Vec<f64> = (0..20).map(spectrum).collect();
        let a = Matrix::symmetric(compose(&values, &basis).as_slice(), 20).unwrap();
        let found = Eigen::of(&a).unwrap();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        if sorted[19] != 0.0 || sorted[0] != 0.0 {
            assert_close("given spectrum", 1e-13, &found.values, &sorted);
        } else {
            assert_eq!(found.values, sorted);
        }
        assert!(found.vectors.as_slice().iter().all(|x| x.is_finite()));
    }
}

/// The Hessian estimates of perturbed optimizers: few terms, sparse on one side, so that most eigenvalues are 0 and the rest of either sign.
#[test]
fn eigenvalues_of_matrices_of_low_rank() {
    let mut rng = Rng(3);
    for rank in [1, 2, 5, 20, 40, 60] {
        let dim = 144;
        let mut a = Matrix::zeros(dim);
        for _ in 0..rank {
            let path: Vec<f64> = (0..dim).map(|_| f64::from(i8::from(rng.uniform() > 0.8))).collect();
            let noise: Vec<f64> = rng.vector(dim);
            for i in 0..dim {
                for j in 0..dim {
                    a[(i, j)] += path[i] * noise[j] + path[j] * noise[i];
                }
            }
        }
        let Eigen { values, vectors } = Eigen::of(&a).unwrap();
        assert_close(&format!("rank {rank}"), 1e-11, compose(&values, &vectors).as_slice(), a.as_slice());
        let largest = values[dim - 1].max(-values[0]);
        let none = values.iter().filter(|w| w.abs() < 1e-12 * largest).count();
        assert!(none + 2 * rank >= dim, "rank {rank}: {none} vanish");
    }
}

#[test]
fn cholesky_composes_the_matrix_and_solves() {
    let mut rng = Rng(3);
    for dim in sizes() {
        let a = rng.definite(dim);
        let factor = Cholesky::factor(&a, 0.0).unwrap();
        let what = format!("size {dim}");
        let product = multiply(factor.lower(), &factor.lower().transposed());
        assert_close(&what, 1e-13, product.as_slice(), a.as_slice());
        assert!(factor.smallest_pivot() >= 0.1 - 1e-12);
        // 19 right-hand sides: two full blocks of lanes and a part of one.
        let x = rng.vector(19 * dim);
        assert_close(&what, 1e-11, &factor.solve_rows(&rows_times(&x, &a)), &x);
    }
}

#[test]
fn bunch_kaufman_is_the_eigen_solve() {
    let mut rng = Rng(4);
    for dim in sizes() {
        let a = rng.indefinite(dim);
        let eigen = Eigen::of(&a).unwrap();
        let negative = eigen.values.iter().filter(|&&w| w < 0.0).count();
        let condition = eigen.values.iter().fold(0.0_f64, |max, w| max.max(w.abs()))
            / eigen.values.iter().fold(f64::INFINITY, |min, w| min.min(w.abs()));
        let spectral = Spectral::new(eigen, 1.0, 0.0, |w| w).unwrap();
        let factor = Indefinite::factor(&a, 0.0).unwrap();
        let what = format!("size {dim}, condition {condition:e}");
        assert_eq!(factor.inertia(), Inertia { positive: dim - negative, negative }, "{what}");
        let b = rng.vector(11 * dim);
        let tolerance = 1e-14 * condition.max(10.0) * dim as f64;
        assert_close(&what, tolerance, &factor.solve_rows(&b), &spectral.solve_rows(&b));
        assert_close(&what, tolerance, &rows_times(&factor.solve_rows(&b), &a), &b);
    }
}

#[test]
fn bunch_kaufman_takes_blocks_where_the_diagonal_is_zero() {
    let mut rng = Rng(5);
    for dim in (2..=40).step_by(2) {
        let mut a = rng.indefinite(dim);
        (0..dim).for_each(|i| a[(i, i)] = 0.0);
        let factor = Indefinite::factor(&a, 0.0).unwrap();
        let x = rng.vector(9 * dim);
        assert_close(&format!("size {dim}"), 1e-9, &factor.solve_rows(&rows_times(&x, &a)), &x);
        assert!(Cholesky::factor(&a, 0.0).is_err(), "Cholesky has no business with zeros on the diagonal");
    }
    let swap = Matrix::from_rows(vec![0.0, 1e200, 1e200, 0.0], 2).unwrap();
    let factor = Indefinite::factor(&swap, 1e-15).unwrap();
    assert_eq!(factor.inverse().as_slice(), [0.0, 1e-200, 1e-200, 0.0]);
    assert_eq!(factor.inertia(), Inertia { positive: 1, negative: 1 });
}

#[test]
fn vanishing_pivots_are_named() {
    let rank_one = Matrix::from_rows(vec![1.0, 2.0, 2.0, 4.0], 2).unwrap();
    let error = Cholesky::factor(&rank_one, 1e-14).unwrap_err();
    assert_eq!((error.pivot, error.dim, error.value, error.scale), (1, 2, 0.0, 4.0));
    assert!(error.to_string().contains("pivot 1 of 2"), "{error}");
    let error = Indefinite::factor(&rank_one, 1e-14).unwrap_err();
    assert_eq!((error.pivot, error.dim, error.value, error.scale), (1, 2, 0.0, 4.0));
    assert!(Indefinite::factor(&Matrix::zeros(3), 1e-14).is_err_and(|e| e.pivot == 0));
    assert!(Cholesky::factor(&Matrix::zeros(3), 1e-14).is_err_and(|e| e.pivot == 0));
    let eigen = Eigen::of(&rank_one).unwrap();
    assert!(Spectral::new(eigen, 4.0, 1e-14, |w| w).is_err_and(|e| e.pivot == 0));
}

#[test]
fn woodbury_is_the_direct_inverse() {
    let mut rng = Rng(6);
    for (samples, dim) in [(1, 2), (1, 30), (3, 5), (7, 32), (31, 32), (70, 144)] {
        let g = rng.vector(samples * dim);
        for lambda in [1e-3, 0.1, 1.0, 1000.0] {
            let what = format!("{samples} samples of {dim}, lambda = {lambda}");
            let f = fisher(&g, dim).unwrap().shifted(lambda);
            let direct = Cholesky::factor(&f, 0.0).unwrap();
            let woodbury = Woodbury::factor(&g, dim, lambda).unwrap();
            let b = rng.vector(10 * dim);
            assert_close(&what, 1e-9, &woodbury.solve_rows(&b), &direct.solve_rows(&b));
            assert_close(&what, 1e-9, &woodbury.solve_rows(&g), &direct.solve_rows(&g));
            assert_close(&what, 1e-10, &woodbury.directions(), &direct.solve_rows(&g));
            let preconditioner = Preconditioner::fisher(&g, dim, lambda).unwrap();
            assert_close(&what, 1e-9, &preconditioner.inverse(), direct.inverse().as_slice());

            if samples > 1 && lambda < 1.0 {
                let unscaled = Cholesky::factor(
                    &f.shifted(-lambda).shifted(lambda / samples as f64), // G^T G + lambda I, over N
                    0.0,
                );
                assert_far("sum instead of mean", &unscaled.unwrap().solve_rows(&g), &woodbury.directions());
            }
        }
    }
}

#[test]
fn a_thousand_outputs_work() {
    let (dim, mut rng) = (1024, Rng(7));
    let a = rng.indefinite(dim);
    let x = rng.vector(8 * dim);
    let b = rows_times(&x, &a);
    assert_close("indefinite", 1e-8, &Indefinite::factor(&a, 0.0).unwrap().solve_rows(&b), &x);
    let shifted = a.shifted(40.0); // the spectrum of A lies within 2 sqrt(m / 6) = 26
    let b = rows_times(&x, &shifted);
    assert_close("definite", 1e-12, &Cholesky::factor(&shifted, 0.0).unwrap().solve_rows(&b), &x);
    let values = Eigen::values_of(&a).unwrap();
    let trace: f64 = (0..dim).map(|i| a[(i, i)]).sum();
    assert!((values.iter().sum::<f64>() - trace).abs() < 1e-9);
}
