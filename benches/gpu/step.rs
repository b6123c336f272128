//! Training steps of the paper's network (n = 5, 100 sets): what a Newton node adds, and how long 100 000 steps take.

use crate::options::{Extent, Options};
use anyhow::Result;
use dfdx::prelude::*;
use newton_losses::cuda::Gpu;
use newton_losses::graph::{Apply, LayerError, cuda_device};
use newton_losses::losses::{SoftSort, descending};
use newton_losses::models::MnistCnn;
use newton_losses::newton::Newton;
use newton_losses::train::Trainer;
use serde_json::json;
use std::time::Instant;

const N: usize = 5;
/// SoftSort's, for n = 5.
const TAU: f64 = 0.1;
const LAMBDA: f64 = 10.0;
const PIXELS: usize = 28 * 112;

type Images = Tensor<(usize, usize, usize, usize), f32, Cuda>;

/// A network that is trained, and its times.
struct Run {
    name: &'static str,
    trainer: Trainer<MnistCnn<f32, Cuda>, Cuda>,
    loss: SoftSort<N>,
    times: Vec<f64>,
}

pub fn run(gpu: &Gpu, options: &mut Options) -> Result<()> {
    let (sets, rounds) = match options.extent {
        Extent::Full => (100, 300),
        Extent::Quick => (100, 100),
        Extent::Smoke => (2, 1),
    };
    for recorded in [false, true] {
        gpu.record_nodes(recorded);
        let measured = measure(gpu, options, sets, rounds, recorded);
        gpu.record_nodes(false);
        measured?;
    }
    Ok(())
}

fn measure(gpu: &Gpu, options: &mut Options, sets: usize, rounds: usize, recorded: bool) -> Result<()> {
    let device = cuda_device(0, 0)?;
    let shape = (sets * N, 1, 28, 112);
    // Images that differ, so that scores do.
    let pixels: Vec<f32> = (0..sets * N * PIXELS)
        .map(|i| ((i * 7919 + i / PIXELS * 104_729) as f64 * 0.618_033_988_749).fract() as f32)
        .collect();
    let images: Images = device.try_tensor_from_vec(pixels.clone(), shape).map_err(LayerError::from)?;
    let truth = |set: usize| std::array::from_fn(|j| ((set * N + j) as f64 * 0.618_033_988_749).fract());
    let labels: Vec<[[f32; N]; N]> = (0..sets).map(|set| descending(&truth(set))).collect();

    let network = MnistCnn::new(&device).map_err(LayerError::from)?;
    // Small: the networks hardly move.
    let adam = AdamConfig { lr: 1e-6, ..AdamConfig::default() };
    let mut runs: Vec<Run> = [
        ("gradient", Newton::none()),
        ("hessian", Newton::hessian(LAMBDA)),
        ("fisher", Newton::fisher(LAMBDA)),
    ]
    .map(|(name, newton)| {
        let loss = SoftSort::<N>::new(TAU).curvature(newton.curvature).lambda(newton.lambda);
        Run { name, trainer: Trainer::new(network.clone(), adam), loss, times: Vec::new() }
    })
    .into();
    let warm_up = if rounds > 1 { 10 } else { 0 };
    for round in 0..warm_up + rounds {
        // In turns, and not always in the same order.
        for k in 0..runs.len() {
            let run = &mut runs[(k + round) % 3];
            let start = Instant::now();
            run.trainer.step(|net, grads| {
                let scores = net.try_scores(images.clone().traced(grads), N)?;
                run.loss.apply(scores, &labels)
            })?;
            gpu.synchronize()?;
            if round >= warm_up {
                run.times.push(start.elapsed().as_secs_f64());
            }
        }
        if options.is_late() {
            break;
        }
    }
    // With images from the host in every step, as a run has them.
    let hessian = &mut runs[1];
    let mut with_upload = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        hessian.trainer.step(|net, grads| {
            let images: Images = net.output.bias.device().try_tensor_from_vec(pixels.clone(), shape)?;
            let scores = net.try_scores(images.traced(grads), N)?;
            hessian.loss.apply(scores, &labels)
        })?;
        gpu.synchronize()?;
        with_upload.push(start.elapsed().as_secs_f64());
    }
    let with_upload = median(&mut with_upload);
    let medians: Vec<f64> = runs.iter_mut().map(|run| median(&mut run.times)).collect();
    let how = if recorded { "recorded" } else { "kernel by kernel" };
    for (run, seconds) in runs.iter().zip(&medians) {
        let added = 100.0 * (seconds / medians[0] - 1.0);
        println!("{sets} sets of {N}, {how:<16} {:<9} {:8.3} ms {added:+6.2} %", run.name, seconds * 1e3);
    }
    println!(
        "{sets} sets of {N}, {how:<16} hessian, images from the host {:.3} ms; 100 000 steps {:.1} min",
        with_upload * 1e3,
        with_upload * 1e5 / 60.0
    );
    options.result(
        "step",
        json!({
            "sets": sets, "n": N, "recorded": recorded, "gradient": medians[0], "hessian": medians[1], "fisher": medians[2],
            "hessian_with_upload": with_upload, "rounds": runs[0].times.len(),
        }),
    )
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
