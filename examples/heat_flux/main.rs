//! Which heat hit the wall? A network reads a thermocouple *inside* a wall and tells the history of the heat flux on its
//! surface: the inverse heat conduction problem of furnaces and heat shields. Nobody measured the flux, so the loss runs
//! the told flux through a simulator and compares temperatures; heat has blurred the flux by then, and directions in which
//! it hardly shows have nearly a thousand times less curvature than others. The results are in `examples/README.md`.
//!
//! `cargo run --release --example heat_flux` (seconds); `-- --search` tunes all methods on one grid (minutes).

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use clap::Parser;
use dfdx::optim::{Adam, AdamConfig, Momentum, Optimizer, Sgd, SgdConfig};
use dfdx::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};
use newton_losses::prelude::*;

mod data;
#[path = "../shared/random.rs"]
mod random;
mod report;

use data::{Data, changes, scale};
use random::Random;

/// Number of flux values over time, of thermocouple readings, and of cells in the wall.
const FLUX: usize = 12;
const READINGS: usize = 72;
const CELLS: usize = 8;
/// How much the wall's conductivity changes with its temperature.
const WARMTH: f32 = 0.3;

/// The loss: heat a wall by `flux` and compare what the thermocouple would show with what it did show. An explicit
/// finite-volume scheme for heat conduction, insulated at the far side, with a conductivity that depends on temperature.
#[newton_loss(hessian, lambda = 0.001, on_indefinite = abs)]
fn misfit<const N: usize, const R: usize, const CELLS: usize>(
    flux: &[f32; N],
    seen: &[f32; R],
    sensor: usize,
    warmth: f32,
) -> f32 {
    let mut u = [0.0_f32; CELLS];
    let mut loss = 0.0;
    for t in 0..R {
        let mut inflow = 0.4 * flux[t * N / R];
        for i in 0..CELLS {
            let mut outflow = 0.0;
            if i + 1 < CELLS {
                outflow = 0.3 * (1.0 + warmth * (u[i] + u[i + 1]).tanh()) * (u[i] - u[i + 1]);
            }
            u[i] += inflow - outflow;
            inflow = outflow;
        }
        let miss = u[sensor] - seen[t];
        loss += miss * miss;
    }
    0.5 * loss / R as f32
}

type Model = (Linear<READINGS, 128>, ReLU, Linear<128, 128>, ReLU, Linear<128, FLUX>);
type Net = <Model as BuildOnDevice<Cpu, f32>>::Built;

const BATCH: usize = 64;

/// A way of training: the loss (none: the network is told the true flux), the optimizer and its learning rate.
struct Method {
    name: &'static str,
    loss: Option<Misfit<FLUX, READINGS, CELLS>>,
    adam: bool,
    rate: f64,
}

/// The relative error of the flux at some steps, what its temperatures miss the readings by at the end, and the time.
struct Run {
    curve: Vec<(u64, f64)>,
    miss: f64,
    ms_per_step: f64,
}

impl Run {
    /// At the end; infinite for a run that diverged.
    fn error(&self) -> f64 {
        self.curve.last().map(|(_, error)| *error).filter(|error| error.is_finite()).unwrap_or(f64::INFINITY)
    }

    /// When the error first was as low as that.
    fn steps_to(&self, error: f64) -> f64 {
        self.curve.iter().find(|(_, e)| *e <= error).map_or(f64::INFINITY, |(step, _)| *step as f64)
    }
}

fn train(method: &Method, sensor: usize, seed: u64, steps: u64) -> Result<Run> {
    let device = Cpu::seed_from_u64(seed);
    let mut random = Random(seed);
    let (data, test) = (Data::new(2000, sensor, &mut random), Data::new(500, sensor, &mut random));
    let (mean, deviation) = scale(changes(&data.seen));
    let features = |seen: &[[f32; READINGS]]| {
        let all = changes(seen).map(|change| (change - mean) / deviation).collect();
        device.tensor_from_vec(all, (seen.len(), Const::<READINGS>))
    };

    let mut net = device.build_module::<Model, f32>();
    let mut optimizer: Box<dyn Optimizer<Net, Cpu, f32>> = if method.adam {
        Box::new(Adam::new(&net, AdamConfig { lr: method.rate, ..Default::default() }))
    } else {
        let momentum = Some(Momentum::Classic(0.9));
        Box::new(Sgd::new(&net, SgdConfig { lr: method.rate, momentum, weight_decay: None }))
    };
    let mut run = Run { curve: Vec::new(), miss: f64::NAN, ms_per_step: f64::NAN };
    let (mut grads, mut seconds) = (net.alloc_grads(), 0.0);
    for step in 1..=steps {
        let start = Instant::now();
        let batch: Vec<usize> = (0..BATCH).map(|_| (2000.0 * random.uniform()) as usize).collect();
        let seen: Vec<[f32; READINGS]> = batch.iter().map(|&i| data.seen[i]).collect();
        let told = net.forward_mut(features(&seen).traced(grads));
        let value = match &method.loss {
            Some(loss) => match loss.apply(told, &seen) {
                Ok(value) => value,
                // It diverged: a loss refuses numbers that are not finite.
                Err(_) => return Ok(Run { curve: vec![(step, f64::INFINITY)], ..run }),
            },
            None => {
                let truth = batch.iter().flat_map(|&i| data.flux[i]).collect();
                mse_loss(told, device.tensor_from_vec(truth, (BATCH, Const::<FLUX>)))
            }
        };
        grads = value.backward();
        optimizer.update(&mut net, &grads).map_err(|e| anyhow!("optimizer: {e:?}"))?;
        net.zero_grads(&mut grads);
        seconds += start.elapsed().as_secs_f64();

        if step % (steps / 50).max(1) == 0 || step == steps {
            let told = net.forward(features(&test.seen)).as_vec();
            let truth = test.flux.as_flattened();
            let square = |x: f32| f64::from(x).powi(2);
            let off: f64 = told.iter().zip(truth).map(|(a, b)| square(a - b)).sum();
            run.curve.push((step, (off / truth.iter().map(|x| square(*x)).sum::<f64>()).sqrt()));
            // The annotated function is still an ordinary function.
            let all = told.as_chunks::<FLUX>().0.iter().zip(&test.seen);
            let sum: f32 = all.map(|(f, r)| misfit::<FLUX, READINGS, CELLS>(f, r, sensor, WARMTH)).sum();
            run.miss = f64::from(2.0 * sum / test.seen.len() as f32).sqrt();
        }
    }
    Ok(Run { ms_per_step: 1e3 * seconds / steps as f64, ..run })
}

/// All ways of training, each with the learning rate (and lambda) that `--search` found.
fn methods(sensor: usize) -> Vec<Method> {
    let loss = Misfit::new(sensor, WARMTH);
    let plain = loss.clone().curvature(Curvature::None);
    let fisher = loss.clone().curvature(Curvature::Fisher).lambda(1e-4);
    let keep = loss.clone().on_indefinite(OnIndefinite::Keep).lambda(1e-2);
    let all = [
        ("gradient, Adam", Some(plain.clone()), true, 3e-3),
        ("gradient, SGD", Some(plain), false, 0.3),
        ("Fisher, Adam", Some(fisher), true, 1e-3),
        ("Hessian, Adam", Some(loss.clone()), true, 3e-3),
        ("Hessian, SGD", Some(loss), false, 3e-2),
        ("Hessian (keep), Adam", Some(keep), true, 1e-2),
        ("told the true flux", None, true, 3e-3),
    ];
    all.map(|(name, loss, adam, rate)| Method { name, loss, adam, rate }).into()
}

/// Trains networks for the inverse heat conduction problem, with and without curvature.
#[derive(Parser)]
struct Args {
    /// How many times each method starts afresh, with new data and weights
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Training steps of a run
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// How many cells below the surface the thermocouple sits, 0 to 7
    #[arg(long, default_value_t = 2)]
    sensor: usize,
    /// Folder of the picture and the measurements
    #[arg(long, default_value = "runs/heat_flux")]
    out: PathBuf,
    /// End with one line of JSON
    #[arg(long)]
    json: bool,
    /// Tune the learning rates and lambda instead (minutes)
    #[arg(long)]
    search: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.sensor < CELLS, "--sensor: the wall has cells 0 to {}", CELLS - 1);
    if args.search {
        return report::search(&args);
    }
    let methods = methods(args.sensor);
    let style = ProgressStyle::with_template("{msg:22} {wide_bar} {pos}/{len}")?;
    let bar = ProgressBar::new(args.seeds * methods.len() as u64).with_style(style);
    let mut all: Vec<(Method, Vec<Run>)> = methods.into_iter().map(|method| (method, Vec::new())).collect();
    // Seeds outside, so that a busy machine slows all methods alike.
    for seed in 1..=args.seeds {
        for (method, runs) in &mut all {
            bar.set_message(method.name);
            runs.push(train(method, args.sensor, seed, args.steps)?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    report::report(&args, &all)
}
