//! Which heat hit the wall? A network reads a thermocouple *inside* a wall and tells the history of the heat flux on its
//! surface: the inverse heat conduction problem of furnaces and heat shields. Nobody measured the flux, so the loss runs
//! the told flux through a simulator and compares temperatures; heat has blurred the flux by then, and directions in which
//! it hardly shows have a curvature a thousand times smaller than others. The results are in `examples/README.md`.
//!
//! `cargo run --release --example heat_flux` (seconds); `-- --search` tunes all methods on one grid (minutes).

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, anyhow};
use clap::Parser;
use dfdx::optim::{Adam, AdamConfig, Momentum, Optimizer, Sgd, SgdConfig};
use dfdx::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};
use newton_losses::prelude::*;
use newton_losses::train::{History, Plot, Unit};
use serde_json::json;

/// Number of flux values over time, of thermocouple readings, and of cells in the wall.
const FLUX: usize = 12;
const READINGS: usize = 72;
const CELLS: usize = 8;
/// The cell with the thermocouple, and how much the wall's conductivity changes with its temperature.
const SENSOR: usize = 2;
const WARMTH: f32 = 0.3;
/// Standard deviation of a reading's error; readings are about 0.7.
const NOISE: f32 = 0.001;

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

/// The same wall as nature has it: flux in, readings out.
fn wall(flux: &[f32; FLUX]) -> [f32; READINGS] {
    let mut u = [0.0_f32; CELLS];
    std::array::from_fn(|t| {
        let mut inflow = 0.4 * flux[t * FLUX / READINGS];
        for i in 0..CELLS {
            let next = if i + 1 < CELLS { u[i + 1] } else { u[i] };
            let outflow = 0.3 * (1.0 + WARMTH * (u[i] + next).tanh()) * (u[i] - next);
            u[i] += inflow - outflow;
            inflow = outflow;
        }
        u[SENSOR]
    })
}

/// Numbers of its own, so that the data are the same everywhere (SplitMix64).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32
    }

    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }
}

/// Flux histories (only the test looks at them) and noisy readings: a constant load and three bursts of heat.
fn data(count: usize, random: &mut Random) -> (Vec<[f32; FLUX]>, Vec<[f32; READINGS]>) {
    let one = |_| {
        let mut flux = [0.2 * random.uniform(); FLUX];
        for _ in 0..3 {
            let (at, width) = (FLUX as f32 * random.uniform(), 0.5 + 1.5 * random.uniform());
            let height = 0.2 + 0.8 * random.uniform();
            for (k, flux) in flux.iter_mut().enumerate() {
                *flux += height * (-((k as f32 - at) / width).powi(2)).exp();
            }
        }
        (flux, wall(&flux).map(|u| u + NOISE * random.normal()))
    };
    (0..count).map(one).unzip()
}

/// What the network sees: changes from reading to reading, on a common scale. They say more than the readings.
fn features(seen: &[[f32; READINGS]], device: &Cpu) -> Tensor<(usize, Const<READINGS>), f32, Cpu> {
    let change =
        |r: &[f32; READINGS]| std::array::from_fn::<f32, READINGS, _>(|t| r[t] - r[t.saturating_sub(1)]);
    let all = seen.iter().flat_map(change).map(|d| (d - 0.03) / 0.05).collect();
    device.tensor_from_vec(all, (seen.len(), Const))
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

/// What a run left: the relative error of the flux at some steps, what its flux misses the readings by, and the time.
struct Run {
    curve: Vec<(u64, f64)>,
    miss: f64,
    ms_per_step: f64,
}

impl Run {
    fn error(&self) -> f64 {
        self.curve
            .last()
            .map_or(f64::INFINITY, |(_, error)| if error.is_nan() { f64::INFINITY } else { *error })
    }
}

fn train(method: &Method, seed: u64, steps: u64) -> Result<Run> {
    let device = Cpu::seed_from_u64(seed);
    let mut random = Random(seed);
    let ((flux, seen), (test_flux, test_seen)) = (data(2000, &mut random), data(500, &mut random));
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
        let labels: Vec<[f32; READINGS]> = batch.iter().map(|&i| seen[i]).collect();
        let told = net.forward_mut(features(&labels, &device).traced(grads));
        let value = match &method.loss {
            Some(loss) => match loss.apply(told, &labels) {
                Ok(value) => value,
                // It diverged: a loss refuses numbers that are not finite.
                Err(_) => return Ok(Run { curve: vec![(step, f64::INFINITY)], ..run }),
            },
            None => {
                let truth = batch.iter().flat_map(|&i| flux[i]).collect();
                mse_loss(told, device.tensor_from_vec(truth, (BATCH, Const::<FLUX>)))
            }
        };
        grads = value.backward();
        optimizer.update(&mut net, &grads).map_err(|e| anyhow!("optimizer: {e:?}"))?;
        net.zero_grads(&mut grads);
        seconds += start.elapsed().as_secs_f64();

        if step % (steps / 50).max(1) == 0 || step == steps {
            let told = net.forward(features(&test_seen, &device)).as_vec();
            let square = |x: f32| f64::from(x).powi(2);
            let off: f64 = told.iter().zip(test_flux.as_flattened()).map(|(a, b)| square(a - b)).sum();
            let all: f64 = test_flux.as_flattened().iter().map(|x| square(*x)).sum();
            run.curve.push((step, (off / all).sqrt()));
            // The annotated function is still an ordinary function.
            let told = told.as_chunks::<FLUX>().0.iter().zip(&test_seen);
            let misfits = told.map(|(f, r)| f64::from(misfit::<FLUX, READINGS, CELLS>(f, r, SENSOR, WARMTH)));
            run.miss = (2.0 * misfits.sum::<f64>() / test_seen.len() as f64).sqrt();
        }
    }
    Ok(Run { ms_per_step: 1e3 * seconds / steps as f64, ..run })
}

/// All ways of training, each with the learning rate that `--search` found.
fn methods() -> Vec<Method> {
    let loss = Misfit::new(SENSOR, WARMTH);
    let with = |curvature| Some(loss.clone().curvature(curvature));
    let all = [
        ("gradient, Adam", with(Curvature::None), true, 3e-3),
        ("gradient, SGD", with(Curvature::None), false, 1.0),
        ("Fisher, Adam", with(Curvature::Fisher), true, 3e-3),
        ("Hessian, Adam", Some(loss.clone()), true, 3e-3),
        ("Hessian, SGD", Some(loss.clone()), false, 3e-2),
        ("Hessian (keep), Adam", Some(loss.clone().on_indefinite(OnIndefinite::Keep)), true, 1e-2),
        ("told the true flux", None, true, 3e-3),
    ];
    all.map(|(name, loss, adam, rate)| Method { name, loss, adam, rate }).into()
}

/// Every method at every learning rate and lambda of the grid, on seeds that the comparison does not use.
fn search(steps: u64) -> Result<()> {
    println!("error of the flux after {steps} steps, mean of two seeds, for each learning rate");
    for method in methods() {
        let curved =
            |l: &Misfit<FLUX, READINGS, CELLS>| NewtonLoss::<f32>::newton(l).curvature != Curvature::None;
        let lambdas: &[f64] =
            if method.loss.as_ref().is_some_and(curved) { &[1e-2, 1e-3, 1e-4] } else { &[0.0] };
        let adam = [3e-4, 1e-3, 3e-3, 1e-2, 3e-2];
        let rates: &[f64] = if method.adam { &adam } else { &[1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0] };
        for &lambda in lambdas {
            print!("{:21} lambda {lambda:<6}", method.name);
            for &rate in rates {
                let tried = Method { loss: method.loss.clone().map(|l| l.lambda(lambda)), rate, ..method };
                let errors = [train(&tried, 1001, steps)?.error(), train(&tried, 1002, steps)?.error()];
                print!("  {rate:e}: {:.1} %", 50.0 * (errors[0] + errors[1]));
            }
            println!();
        }
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
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
    if args.search {
        return search(args.steps);
    }
    let methods = methods();
    let style = ProgressStyle::with_template("{msg:22} {wide_bar} {pos}/{len}")?;
    let bar = ProgressBar::new(args.seeds * methods.len() as u64).with_style(style);
    let (mut history, mut all) = (History::new(["error"]), Vec::new());
    for method in &methods {
        bar.set_message(method.name);
        let mut runs = Vec::new();
        for seed in 1..=args.seeds {
            let run = train(method, seed, args.steps)?;
            for (step, error) in &run.curve {
                history.record(method.name, seed, *step, &[*error])?;
            }
            runs.push(run);
            bar.inc(1);
        }
        all.push(runs);
    }
    bar.finish_and_clear();

    // The mark: where the plain gradient with Adam ends.
    let mark = median(all[0].iter().map(Run::error));
    println!(
        "{:21} {:>6} {:>11} {:>16} {:>14} {:>9} {:>8}",
        "method", "rate", "flux error", "lowest, highest", "steps to mark", "misses by", "ms/step"
    );
    let mut rows = Vec::new();
    for (method, runs) in methods.iter().zip(&all) {
        let error = median(runs.iter().map(Run::error));
        let (low, high) =
            runs.iter().map(Run::error).fold((f64::INFINITY, 0.0), |(l, h), e| (e.min(l), e.max(h)));
        let reached =
            |run: &Run| run.curve.iter().find(|(_, e)| *e <= mark).map_or(f64::INFINITY, |(s, _)| *s as f64);
        let reached = median(runs.iter().map(reached));
        let miss = median(runs.iter().map(|run| run.miss));
        let ms = median(runs.iter().map(|run| run.ms_per_step));
        let spread = format!("{:.1}, {:.1}", 100.0 * low, 100.0 * high);
        println!(
            "{:21} {:>6} {:>9.1} % {spread:>16} {reached:>14} {miss:>9.4} {ms:>8.2}",
            method.name,
            method.rate,
            100.0 * error
        );
        rows.push(json!({"method": method.name, "rate": method.rate, "error": error, "lowest": low, "highest": high, "steps_to_mark": reached, "miss": miss, "ms_per_step": ms}));
    }
    let plot =
        Plot::new("Heat flux from a thermocouple in the wall", "relative error of the flux", Unit::Percent);
    let subtitle = format!("held out; mean, lowest and highest of {} seeds", args.seeds);
    std::fs::create_dir_all(&args.out)?;
    history.save_csv(&args.out.join("history.csv"))?;
    plot.subtitle(subtitle)
        .save(&history.curves("error").unwrap_or_default(), &args.out.join("error.svg"))?;
    println!("\nPicture and measurements: {}", args.out.display());
    if args.json {
        println!("{}", json!({"seeds": args.seeds, "steps": args.steps, "mark": mark, "methods": rows}));
    }
    Ok(())
}
