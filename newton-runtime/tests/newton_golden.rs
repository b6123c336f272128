//! The Newton step against numbers made with the reference losses in float64 (`golden/newton.json`): from per-sample
//! gradients and Hessians to curvatures, inverses, z*, Newton losses and the backward of `inject_fisher`.

use newton_runtime::newton::eigen::Eigen;
use newton_runtime::newton::{
    Average, Hessians, Matrix, Newton, OnIndefinite, Preconditioner, Reduction, fisher, inject_fisher, step,
};
use serde::Deserialize;

const TOLERANCE: f64 = 1e-10;

#[derive(Deserialize)]
struct Golden {
    #[serde(rename = "N")]
    samples: usize,
    #[serde(rename = "m")]
    dim: usize,
    #[serde(rename = "Y")]
    predictions: Vec<Vec<f64>>,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    name: String,
    grad_per_sample: Vec<Vec<f64>>,
    hessian_per_sample: Vec<Vec<Vec<f64>>>,
    hessian_mean: Vec<Vec<f64>>,
    hessian_mean_eigvals: Vec<f64>,
    fisher: Vec<Vec<f64>>,
    by_lambda: Vec<AtLambda>,
}

#[derive(Deserialize)]
struct AtLambda {
    lam: f64,
    z_star_hessian: Vec<Vec<f64>>,
    z_star_fisher: Vec<Vec<f64>>,
    newton_loss_hessian_per_sample: Vec<f64>,
    newton_loss_fisher_per_sample: Vec<f64>,
    newton_grad_hessian: Vec<Vec<f64>>,
    newton_grad_fisher: Vec<Vec<f64>>,
    inject_fisher_backward: Vec<Vec<f64>>,
    inv_fisher: Vec<Vec<f64>>,
    inv_hessian: Vec<Vec<f64>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/newton.json")).expect("the golden file parses")
}

/// Largest difference, relative to the largest expected number.
fn difference(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
    found.iter().zip(expected).fold(0.0_f64, |max, (a, b)| max.max((a - b).abs())) / scale
}

#[track_caller]
fn assert_close(what: &str, found: &[f64], expected: &[f64]) {
    let difference = difference(found, expected);
    assert!(difference < TOLERANCE, "{what}: relative difference {difference:e}");
}

/// A check that cannot fail checks nothing: this wrong formula must be told from the right one.
#[track_caller]
fn assert_far(what: &str, wrong: &[f64], expected: &[f64]) {
    let difference = difference(wrong, expected);
    assert!(difference > 1e-4, "{what}: a wrong formula passes with relative difference {difference:e}");
}

struct Case {
    samples: usize,
    dim: usize,
    y: Vec<f64>,
    g: Vec<f64>,
    h: Vec<f64>,
    run: Run,
}

fn cases() -> Vec<Case> {
    let golden = golden();
    let (samples, dim, y) = (golden.samples, golden.dim, golden.predictions.concat());
    assert_eq!(golden.runs.len(), 4);
    let case = |run: Run| {
        let g = run.grad_per_sample.concat();
        let h: Vec<f64> = run.hessian_per_sample.iter().flat_map(|h| h.concat()).collect();
        assert_eq!((g.len(), h.len(), y.len()), (samples * dim, samples * dim * dim, samples * dim));
        Case { samples, dim, y: y.clone(), g, h, run }
    };
    golden.runs.into_iter().map(case).collect()
}

#[test]
fn fisher_matrices() {
    for Case { samples, dim, g, run, .. } in cases() {
        let expected = run.fisher.concat();
        let f = fisher(&g, dim).unwrap();
        assert_close(&run.name, f.as_slice(), &expected);
        let sum: Vec<f64> = f.as_slice().iter().map(|x| x * samples as f64).collect();
        assert_far("sum instead of mean", &sum, &expected);
        let squares: f64 = g.iter().map(|x| x * x).sum::<f64>() / samples as f64;
        let trace: f64 = (0..dim).map(|i| f[(i, i)]).sum();
        assert!((trace / squares - 1.0).abs() < 1e-14, "{}: trace of F", run.name);
    }
}

#[test]
fn eigenvalues_of_the_mean_hessian() {
    for Case { dim, run, .. } in cases() {
        let matrix = Matrix::symmetric(&run.hessian_mean.concat(), dim).unwrap();
        let found = Eigen::of(&matrix).unwrap().values;
        assert_close(&run.name, &found, &run.hessian_mean_eigvals);
        assert_close(&run.name, &Eigen::values_of(&matrix).unwrap(), &run.hessian_mean_eigvals);
    }
}

#[test]
fn hessian_steps() {
    for Case { dim, y, g, h, run, .. } in cases() {
        let mean = run.hessian_mean.concat();
        for at in &run.by_lambda {
            let what = format!("{} at lambda = {}", run.name, at.lam);
            let newton = Newton::hessian(at.lam);
            let expected = at.z_star_hessian.concat();
            for hessians in [Hessians::PerSample(&h), Hessians::Mean(&mean), Hessians::WideMean(&mean)] {
                let step = step(&newton, &y, &g, dim, Some(hessians)).unwrap();
                assert_close(&what, &step.z_star, &expected);
                assert_close(&what, &step.directions, &at.newton_grad_hessian.concat());
                assert_close(&what, &step.newton_losses, &at.newton_loss_hessian_per_sample);
            }
            let inverse = Preconditioner::hessian(&mean, dim, at.lam, OnIndefinite::Keep).unwrap().inverse();
            assert_close(&what, &inverse, &at.inv_hessian.concat());

            let forgot_lambda = step(&newton.lambda(at.lam * 1.01), &y, &g, dim, Some(Hessians::Mean(&mean)));
            assert_far(
                "another lambda",
                &forgot_lambda.unwrap().directions,
                &at.newton_grad_hessian.concat(),
            );
            let one_by_one = newton.average(Average::Sample).on_indefinite(OnIndefinite::Abs);
            let one_by_one = step(&one_by_one, &y, &g, dim, Some(Hessians::PerSample(&h))).unwrap();
            assert_far("a matrix per sample", &one_by_one.directions, &at.newton_grad_hessian.concat());
        }
    }
}

#[test]
fn fisher_steps() {
    for Case { samples, dim, y, g, run, .. } in cases() {
        for at in &run.by_lambda {
            let what = format!("{} at lambda = {}", run.name, at.lam);
            let found = step(&Newton::fisher(at.lam), &y, &g, dim, None).unwrap();
            assert_close(&what, &found.z_star, &at.z_star_fisher.concat());
            assert_close(&what, &found.directions, &at.newton_grad_fisher.concat());
            assert_close(&what, &found.newton_losses, &at.newton_loss_fisher_per_sample);
            let inverse = Preconditioner::fisher(&g, dim, at.lam).unwrap().inverse();
            assert_close(&what, &inverse, &at.inv_fisher.concat());

            let sum = step(&Newton::fisher(at.lam / samples as f64), &y, &g, dim, None).unwrap();
            let sum: Vec<f64> = sum.directions.iter().map(|d| d / samples as f64).collect();
            assert_far("sum instead of mean", &sum, &at.newton_grad_fisher.concat());
        }
    }
}

#[test]
fn inject_fisher_of_a_mean_and_of_a_sum() {
    for Case { samples, dim, y, g, run, .. } in cases() {
        let mean: Vec<f64> = g.iter().map(|g| g / samples as f64).collect();
        for at in &run.by_lambda {
            let what = format!("{} at lambda = {}", run.name, at.lam);
            let expected = at.inject_fisher_backward.concat();
            let found = inject_fisher(at.lam, &mean, dim, Reduction::Mean).unwrap();
            assert_close(&what, &found, &expected);
            let of_step = step(&Newton::fisher(at.lam), &y, &g, dim, None).unwrap();
            assert_close(&what, &of_step.backward(1.0), &expected);
            let of_sum = inject_fisher(at.lam, &g, dim, Reduction::Sum).unwrap();
            assert_close(&what, &of_sum, &at.newton_grad_fisher.concat());

            let wrong = inject_fisher(at.lam, &mean, dim, Reduction::Sum).unwrap();
            assert_far("a mean taken for a sum", &wrong, &expected);
        }
    }
}

#[test]
fn the_mean_hessians_are_singular_without_lambda() {
    for Case { dim, y, g, h, run, .. } in cases() {
        let mut refused = vec![step(&Newton::hessian(0.0), &y, &g, dim, Some(Hessians::PerSample(&h)))];
        refused.push(step(&Newton::fisher(0.0), &y, &g, dim, None));
        for refused in refused {
            let message = refused.expect_err(&run.name).to_string();
            assert!(message.contains("singular at lambda = 0"), "{message}");
            assert!(message.contains("always needs lambda > 0"), "{message}");
        }
    }
}
