//! Laws that the Newton step obeys whatever the loss, each with a wrong formula that must break it.

mod newton_support;

use newton_runtime::Error;
use newton_runtime::error::Quantity;
use newton_runtime::newton::diagnostics::EXPLODING_FACTOR;
use newton_runtime::newton::eigen::Eigen;
use newton_runtime::newton::{
    Average, Diagnostics, Hessians, Matrix, Method, Newton, OnIndefinite, Preconditioner, Reduction,
    directions, fisher, inject_fisher, step,
};
use newton_support::{Rng, assert_close, assert_far, compose, difference, rows_times};

const SHAPES: [(usize, usize); 5] = [(1, 1), (6, 5), (100, 10), (3, 12), (50, 33)];

#[test]
fn mse_is_a_fixed_point() {
    let mut rng = Rng(11);
    for (samples, dim) in SHAPES {
        let (y, target) = (rng.vector(samples * dim), rng.vector(samples * dim));
        let g: Vec<f64> = y.iter().zip(&target).map(|(y, t)| y - t).collect();
        let h = Matrix::identity(dim);
        for lambda in [0.0, 0.1, 1.0, 100.0] {
            for policy in [OnIndefinite::Keep, OnIndefinite::Clamp, OnIndefinite::Abs, OnIndefinite::Error] {
                let newton = Newton::hessian(lambda).on_indefinite(policy);
                let found = step(&newton, &y, &g, dim, Some(Hessians::Mean(h.as_slice()))).unwrap();
                let damped =
                    |l: f64| -> Vec<f64> { y.iter().zip(&g).map(|(y, g)| y - g / (1.0 + l)).collect() };
                assert_close("z*", 1e-13, &found.z_star, &damped(lambda));
                assert_far("lambda off by a tenth", &found.z_star, &damped(lambda + 0.1 * (1.0 + lambda)));
                // Newton of Newton: the Newton loss is such an MSE with target z*, so at lambda = 0 it is its own.
                if lambda == 0.0 {
                    let again = step(&newton, &y, &found.directions, dim, Some(Hessians::Mean(h.as_slice())));
                    assert_close("Newton of Newton", 1e-13, &again.unwrap().z_star, &found.z_star);
                }
            }
        }
    }
}

#[test]
fn a_large_lambda_leaves_the_gradient() {
    let mut rng = Rng(12);
    for (samples, dim) in SHAPES {
        let (y, g, h) = (vec![0.0; samples * dim], rng.vector(samples * dim), rng.indefinite(dim));
        let lambda = 1e9;
        for newton in [Newton::hessian(lambda), Newton::fisher(lambda)] {
            let found = step(&newton, &y, &g, dim, Some(Hessians::Mean(h.as_slice()))).unwrap();
            let scaled: Vec<f64> = found.z_star.iter().map(|z| lambda * (0.0 - z)).collect();
            assert_close("lambda (y - z*)", 1e-7, &scaled, &g);
            assert_far("without lambda", &found.directions, &g);
        }
        let plain = step(&Newton::none().lambda(lambda), &y, &g, dim, None).unwrap();
        assert_eq!(plain.directions, g, "no curvature, no damping");
    }
}

#[test]
fn translation_invariance_survives() {
    let mut rng = Rng(13);
    for (samples, dim) in [(6, 5), (100, 10), (3, 12), (50, 33)] {
        let g = rng.ranking_gradients(samples, dim);
        let (positive, mixed) = (rng.ranking(dim, false), rng.ranking(dim, true));
        let sums = |d: &[f64]| -> Vec<f64> { d.chunks_exact(dim).map(|d| d.iter().sum()).collect() };
        let largest = |x: &[f64]| x.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
        for lambda in [0.01, 1.0] {
            for (newton, h) in [
                (Newton::fisher(lambda), &positive),
                (Newton::hessian(lambda), &positive),
                (Newton::hessian(lambda), &mixed),
                (Newton::hessian(lambda).on_indefinite(OnIndefinite::Abs), &mixed),
                (Newton::hessian(lambda).on_indefinite(OnIndefinite::Clamp), &mixed),
            ] {
                let d = directions(&newton, &g, dim, Some(Hessians::Mean(h.as_slice()))).unwrap();
                assert!(largest(&sums(&d)) < 1e-10 * largest(&d), "{newton:?}");
                // A diagonal approximation of the curvature would not keep the sums.
                let mut diagonal = Matrix::zeros(dim);
                (0..dim).for_each(|i| diagonal[(i, i)] = positive[(i, i)] * (1.0 + i as f64));
                let d =
                    directions(&Newton::hessian(lambda), &g, dim, Some(Hessians::Mean(diagonal.as_slice())))
                        .unwrap();
                assert!(largest(&sums(&d)) > 1e-3 * largest(&d));
            }
        }
    }
}

#[test]
fn policies_change_the_eigenvalues_they_name() {
    let mut rng = Rng(14);
    for (samples, dim) in SHAPES.into_iter().chain([(9, 144)]) {
        // With one output: negative. Else of both signs.
        let c = if dim == 1 { Matrix::from_rows(vec![-0.7], 1).unwrap() } else { rng.indefinite(dim) };
        let g = rng.vector(samples * dim);
        let Eigen { values, vectors } = Eigen::of(&c).unwrap();
        let lambda = 0.3;
        let by_definition = |change: fn(f64) -> f64| {
            let inverse: Vec<f64> = values.iter().map(|&w| 1.0 / (change(w) + lambda)).collect();
            rows_times(&g, &compose(&inverse, &vectors))
        };
        let found = |policy| {
            let preconditioner = Preconditioner::hessian(c.as_slice(), dim, lambda, policy).unwrap();
            (preconditioner.directions(&g).unwrap(), preconditioner)
        };
        let (keep, preconditioner) = found(OnIndefinite::Keep);
        assert_close("keep", 1e-9, &keep, &by_definition(|w| w));
        assert_eq!(preconditioner.method(), Method::Indefinite);
        assert_eq!(preconditioner.negative(), values.iter().filter(|&&w| w < -lambda).count());
        let (clamp, _) = found(OnIndefinite::Clamp);
        assert_close("clamp", 1e-11, &clamp, &by_definition(|w| w.max(0.0)));
        let (abs, preconditioner) = found(OnIndefinite::Abs);
        assert_close("abs", 1e-11, &abs, &by_definition(f64::abs));
        assert_eq!((preconditioner.method(), preconditioner.negative()), (Method::Eigen, 0));
        assert_far("abs after lambda", &abs, &{
            let inverse: Vec<f64> = values.iter().map(|&w| 1.0 / (w + lambda).abs()).collect();
            rows_times(&g, &compose(&inverse, &vectors))
        });
        assert_far("clamp for abs", &clamp, &abs);
        assert_far("keep for abs", &keep, &abs);

        // The policy `error`: refuses the same matrix, and solves it once lambda lifts it.
        let lifted = 0.1 - values[0];
        let refused = Preconditioner::hessian(c.as_slice(), dim, lambda, OnIndefinite::Error).unwrap_err();
        let Error::Indefinite { negative, lowest, .. } = refused else { panic!("{refused}") };
        assert_eq!(negative, values.iter().filter(|&&w| w < -lambda).count());
        assert!((lowest - values[0]).abs() < 1e-12);
        let strict = Preconditioner::hessian(c.as_slice(), dim, lifted, OnIndefinite::Error).unwrap();
        let kept = Preconditioner::hessian(c.as_slice(), dim, lifted, OnIndefinite::Keep).unwrap();
        assert_close("error", 1e-10, &strict.directions(&g).unwrap(), &kept.directions(&g).unwrap());
        assert_eq!((strict.method(), kept.negative()), (Method::Cholesky, 0));
    }
}

#[test]
fn lopsided_hessians_are_symmetrised() {
    let mut rng = Rng(15);
    let (c, skew, g) = (rng.indefinite(7), rng.vector(49), rng.vector(21));
    let mut lopsided = c.clone();
    for i in 0..7 {
        for j in 0..i {
            lopsided[(i, j)] += skew[i * 7 + j];
            lopsided[(j, i)] -= skew[i * 7 + j];
        }
    }
    for policy in [OnIndefinite::Keep, OnIndefinite::Clamp, OnIndefinite::Abs] {
        let solve = |c: &Matrix| {
            Preconditioner::hessian(c.as_slice(), 7, 0.3, policy).unwrap().directions(&g).unwrap()
        };
        assert_close("symmetrised", 1e-11, &solve(&lopsided), &solve(&c));
    }
}

#[test]
fn single_precision_is_double_precision_up_to_its_rounding() {
    let mut rng = Rng(16);
    for (samples, dim) in SHAPES {
        let narrow = |x: &[f64]| -> Vec<f32> { x.iter().map(|&x| x as f32).collect() };
        let wide = |x: &[f32]| -> Vec<f64> { x.iter().map(|&x| x.into()).collect() };
        let (y, g) = (narrow(&rng.vector(samples * dim)), narrow(&rng.vector(samples * dim)));
        let h = narrow(rng.definite(dim).as_slice());
        let (y64, g64, h64) = (wide(&y), wide(&g), wide(&h));
        for newton in [Newton::hessian(0.1), Newton::fisher(0.1), Newton::none()] {
            let single = step(&newton, &y, &g, dim, Some(Hessians::Mean(&h))).unwrap();
            let double = step(&newton, &y64, &g64, dim, Some(Hessians::Mean(&h64))).unwrap();
            assert_close("directions", 1e-7, &wide(&single.directions), &double.directions);
            assert_close("z*", 1e-7, &wide(&single.z_star), &double.z_star);
            assert_close("Newton losses", 1e-7, &wide(&single.newton_losses), &double.newton_losses);
            let bound = difference(&wide(&single.z_star), &double.z_star);
            assert!(dim < 5 || bound > 0.0, "single precision was not used at all");
        }
    }
}

#[test]
fn a_matrix_per_sample_is_a_batch_of_one() {
    let (samples, dim, mut rng) = (4, 5, Rng(17));
    let g = rng.vector(samples * dim);
    let h: Vec<f64> = (0..samples).flat_map(|_| rng.definite(dim).into_vec()).collect();
    for newton in [Newton::hessian(0.2), Newton::fisher(0.2)] {
        let found =
            directions(&newton.average(Average::Sample), &g, dim, Some(Hessians::PerSample(&h))).unwrap();
        let alone: Vec<f64> = (0..samples)
            .flat_map(|i| {
                let h = Hessians::PerSample(&h[i * dim * dim..][..dim * dim]);
                directions(&newton, &g[i * dim..][..dim], dim, Some(h)).unwrap()
            })
            .collect();
        assert_close("per sample", 1e-13, &found, &alone);
        let batch = directions(&newton, &g, dim, Some(Hessians::PerSample(&h))).unwrap();
        assert_far("the batch's mean", &found, &batch);
    }
    // The Fisher matrix of one sample has a closed form: g / (lambda + ||g||^2).
    let found = directions(&Newton::fisher(0.2).average(Average::Sample), &g, dim, None).unwrap();
    let closed: Vec<f64> = g
        .chunks_exact(dim)
        .flat_map(|g| g.iter().map(|x| x / (0.2 + g.iter().map(|x| x * x).sum::<f64>())))
        .collect();
    assert_close("rank one", 1e-13, &found, &closed);
}

#[test]
fn exploding_gradients_are_rescued() {
    // Entries of F reach 1e26, where lambda is below the rounding: no error, and nothing longer than g / lambda.
    let mut rng = Rng(18);
    let mut by_eigenvalues = 0;
    for (samples, dim) in [(100, 5), (20, 6), (6, 5), (3, 12), (70, 144)] {
        for scale in (12..=26).map(|k| 10.0_f64.powf(0.5 * k as f64)) {
            let mut g = rng.ranking_gradients(samples, dim);
            g[..dim].iter_mut().for_each(|g| *g *= scale);
            let lambda = 0.1;
            let d = directions(&Newton::fisher(lambda), &g, dim, None).unwrap();
            let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
            assert!(norm(&g[..dim]) > 0.01 * scale && norm(&d[..dim]) < 1.0, "{samples} {dim}");
            for (g, d) in g.chunks_exact(dim).zip(d.chunks_exact(dim)) {
                assert!(norm(d) <= norm(g) / lambda * (1.0 + 1e-9), "{samples} {dim} {scale:e}");
            }
            let preconditioner = Preconditioner::fisher(&g, dim, lambda).unwrap();
            by_eigenvalues += usize::from(preconditioner.method() == Method::Eigen);
        }
    }
    assert!(by_eigenvalues > 5, "the eigenvalues were never needed");
}

#[test]
fn null_directions_are_caught_without_lambda() {
    let mut rng = Rng(19);
    for dim in (2..=40).chain([144]) {
        for mixed in [false, true] {
            let h = rng.ranking(dim, mixed);
            let single: Vec<f32> = h.as_slice().iter().map(|&x| x as f32).collect();
            for policy in [OnIndefinite::Keep, OnIndefinite::Clamp, OnIndefinite::Abs] {
                let double = Preconditioner::hessian(h.as_slice(), dim, 0.0, policy);
                let single = Preconditioner::hessian(&single, dim, 0.0, policy);
                for refused in [double, single] {
                    let Err(Error::Singular { lambda: 0.0, dim: of, hint, .. }) = refused else {
                        panic!("size {dim}, {policy:?}: {:?}", refused.map(|p| p.method()))
                    };
                    assert_eq!(of, dim);
                    assert!(!hint.is_empty());
                }
                assert!(Preconditioner::hessian(h.as_slice(), dim, 0.01, policy).is_ok());
                // Not everything is singular at lambda = 0.
                let sound = rng.definite(dim);
                assert!(Preconditioner::hessian(sound.as_slice(), dim, 0.0, policy).is_ok());
            }
        }
        for samples in [dim / 2 + 1, 3 * dim] {
            let g = rng.ranking_gradients(samples, dim);
            let single: Vec<f32> = g.iter().map(|&x| x as f32).collect();
            assert!(
                matches!(Preconditioner::fisher(&g, dim, 0.0), Err(Error::Singular { .. })),
                "{samples} {dim}"
            );
            assert!(matches!(Preconditioner::fisher(&single, dim, 0.0), Err(Error::Singular { .. })));
            assert!(Preconditioner::fisher(&single, dim, 1e-3).is_ok());
        }
        assert!(Preconditioner::fisher(&rng.vector(3 * dim * dim), dim, 0.0).is_ok());
    }
}

#[test]
fn what_is_wrong_with_the_input_is_named() {
    let (y, g, h) = ([1.0; 6], [0.5; 6], Matrix::identity(3));
    let mean = Some(Hessians::Mean(h.as_slice()));
    let newton = Newton::hessian(1.0);
    for lambda in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            step(&newton.lambda(lambda), &y, &g, 3, mean),
            Err(Error::Setting { name: "lambda", .. })
        ));
        assert!(inject_fisher(lambda, &g, 3, Reduction::Mean).is_err());
    }
    assert_eq!(step(&newton, &[], &[], 3, mean), Err(Error::EmptyBatch));
    assert!(matches!(
        step(&newton, &y, &g[..3], 3, mean),
        Err(Error::Mismatch { what: "gradients", found: 3, .. })
    ));
    assert!(matches!(step(&newton, &y, &g, 4, mean), Err(Error::Mismatch { what: "predictions", .. })));
    assert!(matches!(step(&newton, &y, &g, 0, mean), Err(Error::Mismatch { .. })));
    assert_eq!(step(&newton, &y, &g, 3, None), Err(Error::NoHessian));
    let per_sample = newton.average(Average::Sample);
    assert!(matches!(
        step(&per_sample, &y, &g, 3, mean),
        Err(Error::Mismatch { found: 9, expected: 18, .. })
    ));

    let at = |quantity, sample, entry| move |error: Error| matches!(error, Error::NonFinite { quantity: q, sample: s, entry: e, .. } if (q, s, e) == (quantity, sample, entry));
    let mut bad = g;
    bad[4] = f64::NAN;
    assert!(step(&newton, &bad, &g, 3, mean).is_err_and(at(Quantity::Prediction, 1, 1)));
    assert!(step(&newton, &y, &bad, 3, mean).is_err_and(at(Quantity::Gradient, 1, 1)));
    assert!(inject_fisher(1.0, &bad, 3, Reduction::Mean).is_err_and(at(Quantity::IncomingGradient, 1, 1)));
    let mut all = [h.as_slice(), h.as_slice()].concat();
    all[9 + 7] = f64::INFINITY;
    for newton in [newton, per_sample] {
        let found = step(&newton, &y, &g, 3, Some(Hessians::PerSample(&all)));
        assert!(found.is_err_and(at(Quantity::Hessian, 1, 7)));
    }
    let mean = step(&newton, &y, &g, 3, Some(Hessians::Mean(&all[9..])));
    assert!(
        matches!(mean, Err(Error::NonFiniteMean { quantity: Quantity::Hessian, entry: 5 | 7, .. })),
        "{mean:?}"
    );
    let huge = step(&Newton::fisher(1.0), &y, &[1e200; 6], 3, None);
    assert!(
        matches!(huge, Err(Error::NonFiniteMean { quantity: Quantity::Fisher, entry: 0, .. })),
        "{huge:?}"
    );
    let tiny = step(&Newton::hessian(1e-30), &[0.0_f32], &[1e20], 1, Some(Hessians::Mean(&[0.0])));
    assert!(tiny.is_err_and(at(Quantity::Direction, 0, 0)));

    let singular = [[0.0; 9].as_slice(), h.as_slice()].concat();
    let refused = step(&per_sample.lambda(0.0), &y, &g, 3, Some(Hessians::PerSample(&singular)));
    assert!(refused.unwrap_err().to_string().starts_with("sample 0: C + lambda I is singular"));
}

#[test]
fn diagnostics_count_what_they_say() {
    let c = Matrix::from_rows(vec![-2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 6.0], 3).unwrap();
    let mut g = vec![0.0; 15];
    (0..5).for_each(|i| g[3 * i + 1] = if i == 4 { 1000.0 } else { 1.0 });
    let look = |policy| {
        let newton = Newton::hessian(1.0).on_indefinite(policy);
        let d = directions(&newton, &g, 3, Some(Hessians::Mean(c.as_slice()))).unwrap();
        Diagnostics::of(&newton, c.as_slice(), 3, &g, &d, EXPLODING_FACTOR).unwrap()
    };
    let kept = look(OnIndefinite::Keep);
    assert_close("spectrum", 1e-15, &kept.spectrum, &[-2.0, 0.0, 6.0]);
    assert_eq!((kept.condition, kept.negative, kept.flipped), (7.0, 1.0 / 3.0, 1.0 / 3.0));
    assert_eq!((kept.gradients.median, kept.gradients.max, kept.gradients.exploding), (1.0, 1000.0, 0.2));
    let taken = look(OnIndefinite::Abs);
    assert_eq!((taken.condition, taken.negative, taken.flipped), (7.0, 1.0 / 3.0, 0.0));
    let table = kept.to_string();
    for part in ["-2.000e0 .. 6.000e0", "33.3 %", "7.000e0", "1.000e3", "20.0 %"] {
        assert!(table.contains(part), "{part} in\n{table}");
    }

    // The Fisher step takes the explosion out of a batch; the counts say so.
    let mut rng = Rng(20);
    let mut g = rng.vector(100 * 5);
    g[..5].iter_mut().for_each(|g| *g = 1e4);
    let f = fisher(&g, 5).unwrap();
    let newton = Newton::fisher(0.1);
    let d = directions(&newton, &g, 5, None).unwrap();
    let found = Diagnostics::of(&newton, f.as_slice(), 5, &g, &d, EXPLODING_FACTOR).unwrap();
    assert_eq!((found.gradients.exploding, found.directions.exploding, found.negative), (0.01, 0.0, 0.0));
}
