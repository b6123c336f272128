//! Estimators around Dijkstra's algorithm against numbers computed from the papers' formulas with the same noise (float64).

use newton_runtime::algorithms::Dijkstra;
use newton_runtime::smoothing::{Covariate, Evaluations, Noise, Solutions};
use serde_json::Value;

fn golden() -> Value {
    let golden: Value = serde_json::from_str(include_str!("golden/shortest_path_smoothing.json")).unwrap();
    golden["smoothing"].clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(all) => all.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().expect("a number")],
    }
}

#[track_caller]
fn assert_close(what: &str, found: &[f64], expected: &Value) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
    let off = found.iter().zip(&expected).map(|(a, b)| (a - b).abs() / scale).fold(0.0, f64::max);
    assert!(off < 1e-12, "{what}: off by {off:e}");
}

/// Noise, paths at perturbed costs, the path at the costs themselves, the label.
struct Problem {
    golden: Value,
    noise: Noise,
    drawn: Vec<f64>,
    paths: Vec<f64>,
    path: Vec<f64>,
    label: Vec<f64>,
}

impl Problem {
    fn new() -> Self {
        let golden = golden();
        let n = golden["n"].as_u64().unwrap() as usize;
        let noise =
            Noise::gaussian(golden["sigma"].as_f64().unwrap(), golden["S"].as_u64().unwrap() as usize);
        let (drawn, costs, label) = (numbers(&golden["Z"]), numbers(&golden["y"]), numbers(&golden["label"]));
        let mut solver = Dijkstra::new(n, n).unwrap();
        let mut solve = |costs: &[f64]| -> Vec<f64> {
            let mut path = vec![0_u8; n * n];
            solver.solve(costs, &mut path).unwrap();
            path.into_iter().map(f64::from).collect()
        };
        let moved =
            |z: &[f64]| -> Vec<f64> { costs.iter().zip(z).map(|(c, z)| c + noise.scale * z).collect() };
        let paths: Vec<f64> = drawn.chunks(n * n).flat_map(|z| solve(&moved(z))).collect();
        let path = solve(&costs);
        assert_close("perturbed paths", &paths, &golden["paths_perturbed"]);
        assert_close("path", &path, &golden["path_unperturbed"]);
        Self { golden, noise, drawn, paths, path, label }
    }

    fn error(&self, path: &[f64]) -> f64 {
        path.iter().zip(&self.label).map(|(w, q)| (w - q) * (w - q)).sum::<f64>() / self.label.len() as f64
    }

    fn solutions(&self) -> Solutions<'_> {
        Solutions::new(&self.noise, &self.drawn, &self.paths, &self.path).unwrap()
    }
}

#[test]
fn smoothed_loss() {
    let problem = Problem::new();
    let values: Vec<f64> =
        problem.paths.chunks(problem.label.len()).map(|path| problem.error(path)).collect();
    let at = problem.error(&problem.path);
    let expected = &problem.golden["ss_of_loss"];
    let found = Evaluations::new(&problem.noise, &problem.drawn, &values, at).unwrap();
    assert_close("plain", &found.gradient(Covariate::None), &expected["grad_plain"]);
    assert_close("covariate", &found.gradient(Covariate::Unperturbed), &expected["grad_cov"]);
    assert_close("leave-one-out", &found.gradient(Covariate::LeaveOneOut), &expected["grad_loo"]);
    for (covariate, name) in [(Covariate::None, "hess_plain"), (Covariate::Unperturbed, "hess_cov")] {
        let mut hessian = vec![0.0; problem.label.len().pow(2)];
        found.add_hessian(covariate, 1.0, &mut hessian).unwrap();
        assert_close(name, &hessian, &expected[name]);
    }
}

#[test]
fn smoothed_algorithm() {
    let problem = Problem::new();
    let expected = &problem.golden["ss_of_algorithm"];
    let found = problem.solutions();
    let mean = found.mean();
    assert_close("smoothed path", &mean, &expected["smoothed_path"]);
    assert_close("mean squared error", &[problem.error(&mean)], &expected["mse"]);
    let scale = 2.0 / mean.len() as f64;
    let upstream: Vec<f64> = mean.iter().zip(&problem.label).map(|(w, q)| scale * (w - q)).collect();
    for (covariate, name) in [(Covariate::None, "grad_plain"), (Covariate::Unperturbed, "grad_cov")] {
        assert_close(name, &found.gradient(covariate, &upstream).unwrap(), &expected[name]);
    }
}

#[test]
fn fenchel_young() {
    let problem = Problem::new();
    let expected = &problem.golden["fenchel_young"];
    let found = problem.solutions();
    assert_close("gradient", &found.fenchel_young_gradient(&problem.label).unwrap(), &expected["grad"]);
    for (covariate, symmetric, name) in [
        (Covariate::None, false, "hess_plain"),
        (Covariate::Unperturbed, false, "hess_cov"),
        (Covariate::Unperturbed, true, "hess_cov_sym"),
    ] {
        let mut hessian = vec![0.0; problem.label.len().pow(2)];
        found.add_fenchel_young_hessian(covariate, symmetric, 1.0, &mut hessian).unwrap();
        assert_close(name, &hessian, &expected[name]);
    }
}
