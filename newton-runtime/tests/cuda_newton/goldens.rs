//! The numbers of `golden/newton.json` (see `newton_golden.rs`), which the reference losses gave in float64.

use crate::support::{Given, Sample, gpu, off, run_once};
use newton_runtime::cuda::newton::DeviceInjection;
use newton_runtime::newton::{Newton, Reduction};
use serde::Deserialize;

const TOLERANCE: f64 = 1e-10;

#[derive(Deserialize)]
struct Golden {
    m: usize,
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
}

#[test]
fn steps_and_injections() {
    let Some(gpu) = gpu() else { return };
    let golden: Golden =
        serde_json::from_str(include_str!("../golden/newton.json")).expect("the golden file parses");
    assert_eq!(golden.runs.len(), 4);
    for run in &golden.runs {
        let batch = Sample { dim: golden.m, y: golden.predictions.concat(), g: run.grad_per_sample.concat() };
        let (mean, all) = (run.hessian_mean.concat(), run.hessian_per_sample.concat().concat());
        let samples = batch.g.len() / batch.dim;
        for at in &run.by_lambda {
            let close = |what: &str, found: &[f64], expected: &[f64]| {
                let off = off(found, expected);
                assert!(off < TOLERANCE, "{} at lambda = {}, {what}: off by {off:e}", run.name, at.lam);
            };
            let newton = Newton::hessian(at.lam);
            for given in [Given::Mean(&mean), Given::PerSample(&all)] {
                let found = run_once(&gpu, &newton, &batch, given);
                assert_eq!(found.check, Ok(()));
                close("z* (Hessian)", &found.step.z_star, &at.z_star_hessian.concat());
                close("directions (Hessian)", &found.step.directions, &at.newton_grad_hessian.concat());
                close("losses (Hessian)", &found.step.newton_losses, &at.newton_loss_hessian_per_sample);
            }
            let found = run_once(&gpu, &Newton::fisher(at.lam), &batch, Given::None);
            assert_eq!(found.check, Ok(()));
            close("z* (Fisher)", &found.step.z_star, &at.z_star_fisher.concat());
            close("directions (Fisher)", &found.step.directions, &at.newton_grad_fisher.concat());
            close("losses (Fisher)", &found.step.newton_losses, &at.newton_loss_fisher_per_sample);
            let wrong = run_once(&gpu, &newton.lambda(at.lam * 1.01), &batch, Given::Mean(&mean));
            assert!(off(&wrong.step.directions, &at.newton_grad_hessian.concat()) > 1e-4);

            let incoming: Vec<f64> = batch.g.iter().map(|g| g / samples as f64).collect();
            let inject = |reduction, incoming: &[f64]| {
                let mut device = DeviceInjection::new(&gpu, at.lam, samples, batch.dim, reduction).unwrap();
                let incoming = gpu.upload(incoming).unwrap();
                let mut into = gpu.zeros(incoming.len()).unwrap();
                device.enqueue(incoming.slice(), into.slice_mut()).unwrap();
                assert_eq!(device.check(), Ok(()));
                gpu.download(into.slice()).unwrap()
            };
            let expected = at.inject_fisher_backward.concat();
            close("inject_fisher", &inject(Reduction::Mean, &incoming), &expected);
            close("of a sum", &inject(Reduction::Sum, &batch.g), &at.newton_grad_fisher.concat());
            assert!(off(&inject(Reduction::Sum, &incoming), &expected) > 1e-4, "a mean taken for a sum");
        }
    }
}
