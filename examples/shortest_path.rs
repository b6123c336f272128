//! Learning what terrain costs from nothing but the cheapest paths: baseline, Hessian and Fisher side by side.
//!
//! ```text
//! cargo run --release --example shortest_path                                  # under three minutes, generated maps
//! cargo run --release --example shortest_path -- --variant while --metric l1 --epochs 8
//! cargo run --release --example shortest_path -- --loss fenchel_young --samples 3
//! cargo run --release --example shortest_path -- --preset paper --data warcraft --out runs/warcraft
//! cargo run --release --features cuda --example shortest_path -- --device cuda --preset paper --data warcraft
//! ```
//!
//! A network sees a map and tells a cost for each of its 12 x 12 cells; a relaxed Bellman-Ford algorithm, or Dijkstra's under
//! noise, finds the path that these costs make cheapest, and the loss compares it with the true one. All methods use the same loss, weights
//! and batches; they differ in what the loss back-propagates. Tables go to standard output, progress to standard error.

mod shared;

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use dfdx::prelude::Cpu;
use newton_losses::data::warcraft::Warcraft;
use newton_losses::graph::Backend;
use newton_losses::models::{CombResNet, CombResNet18};
use newton_losses::newton::Newton;
use newton_losses::smoothing::SmoothingError;
use newton_losses::train::TrainError;
use newton_losses::train::shortest_path::{
    BellmanFordSettings, Comparison, CostLoss, Looping, Metric, PathLoss, PerturbedSettings, Settings,
    Smoothed, compare_on,
};
use shared::{Device, Methods, Network, Policy, Preset, Progress, Shown, device, methods};

/// Trains networks to find cheapest paths over terrain, through a relaxed algorithm or Dijkstra's under noise, with and without
/// Newton losses.
#[derive(Debug, Parser)]
struct Options {
    /// Folder with the Warcraft maps' nine .npy files, or the archive's above it [default: maps drawn by a generator]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// bellman_ford (relaxed), or Dijkstra's algorithm under noise: ss_loss, ss_algorithm, fenchel_young
    #[arg(long, default_value = "bellman_ford", value_parser = ["bellman_ford", "ss_loss", "ss_algorithm", "fenchel_young"])]
    loss: String,
    /// Perturbations of each map, for losses under noise; the paper has 3, 10 and 30
    #[arg(long, default_value_t = 10)]
    samples: usize,
    /// Scale of the noise on the costs [default: the paper's 0.1; quick: 0.3 for ss_loss and ss_algorithm]
    #[arg(long, allow_negative_numbers = true)]
    sigma: Option<f64>,
    /// How the way back ends: for (after 18 steps) or while (at the source)
    #[arg(long, default_value = "for")]
    variant: Looping,
    /// How paths are compared: l1 or l2sq
    #[arg(long, default_value = "l2sq")]
    metric: Metric,
    /// Inverse temperature of the relaxation
    #[arg(long, default_value_t = 10.0, allow_negative_numbers = true)]
    beta: f64,
    /// baseline, hessian, fisher or all
    #[arg(long, default_value = "all", value_parser = methods)]
    method: Methods,
    /// Tikhonov term of the Newton methods [default: the preset's, per method]
    #[arg(long, allow_negative_numbers = true)]
    lambda: Option<f64>,
    /// What the Hessian method does with negative curvature; the paper keeps it [default: the preset's]
    #[arg(long, value_enum)]
    on_indefinite: Option<Policy>,
    /// quick: a small network, few maps; paper: the paper's network, 10 000 maps, 50 epochs
    #[arg(long, value_enum, default_value = "quick")]
    preset: Preset,
    /// Network [default: the preset's]
    #[arg(long, value_enum)]
    network: Option<Network>,
    /// Passes over the training maps [default: the preset's]
    #[arg(long)]
    epochs: Option<u64>,
    /// Training maps [default: the preset's]
    #[arg(long, value_name = "MAPS")]
    train_size: Option<usize>,
    /// Maps in a batch [default: the preset's]
    #[arg(long)]
    batch: Option<usize>,
    /// Adam's, at the beginning [default: the preset's, per method]
    #[arg(long, allow_negative_numbers = true)]
    learning_rate: Option<f64>,
    /// cpu, cuda or cuda:1 for another than the first GPU; GPUs need a build with --features cuda
    #[arg(long, default_value = "cpu", value_parser = device)]
    device: Device,
    /// Of weights, batches and generated maps
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder for metrics.csv, accuracy.svg and a picture of a test map for each method
    #[arg(long, value_name = "DIR", default_value = "runs/shortest_path")]
    out: PathBuf,
    /// Print the result as one JSON object on the last line of standard output
    #[arg(long)]
    json: bool,
}

/// How many maps of which kind.
struct Sizes {
    train: usize,
    valid: usize,
    test: usize,
}

impl Options {
    fn loss(&self) -> PathLoss {
        let Self { variant: looping, metric, beta, samples, sigma, seed, .. } = *self;
        match self.loss.parse() {
            Ok(smoothed) => {
                let wide = self.preset == Preset::Quick && smoothed != Smoothed::Optimizer;
                let sigma = sigma.unwrap_or(if wide { 0.3 } else { 0.1 });
                PerturbedSettings { smoothed, sigma, samples, seed }.into()
            }
            // The only other one.
            Err(_) => BellmanFordSettings { looping, metric, beta, ..BellmanFordSettings::default() }.into(),
        }
    }

    fn settings(&self) -> Settings {
        let loss = self.loss();
        let preset = match self.preset {
            Preset::Quick => Settings::quick(loss),
            Preset::Paper => Settings::paper(loss),
        };
        let mut methods = preset.methods;
        methods.retain(|of| self.method.0.contains(&of.method));
        for of in &mut methods {
            of.lambda = self.lambda.unwrap_or(of.lambda);
            of.learning_rate = self.learning_rate.unwrap_or(of.learning_rate);
        }
        Settings {
            methods,
            on_indefinite: self.on_indefinite.map_or(preset.on_indefinite, Into::into),
            epochs: self.epochs.unwrap_or(preset.epochs),
            batch: self.batch.unwrap_or(preset.batch),
            seed: self.seed,
            ..preset
        }
    }

    fn network(&self) -> Network {
        let of_preset = if self.preset == Preset::Paper { Network::Paper } else { Network::Small };
        self.network.unwrap_or(of_preset)
    }

    fn sizes(&self) -> Sizes {
        let preset = match self.preset {
            Preset::Quick => Sizes { train: 800, valid: 200, test: 1000 },
            Preset::Paper => Sizes { train: 10_000, valid: 1000, test: 1000 },
        };
        Sizes { train: self.train_size.unwrap_or(preset.train), ..preset }
    }
}

/// The one size of the benchmark.
fn loss<D: Backend>(settings: &Settings, newton: Newton) -> Result<Box<dyn CostLoss<D>>, TrainError> {
    settings.loss.sized_on::<12, 12, D>(newton)
}

fn run<D: Backend>(device: &D, options: &Options, settings: &Settings) -> anyhow::Result<Comparison> {
    // Before the data are read or drawn, which takes longer than seeing that a setting is wrong.
    let unavailable = options.method.0.iter().find(|method| !settings.loss.methods().contains(method));
    if let (Some(method), true) = (unavailable, settings.methods.is_empty()) {
        loss::<D>(settings, method.newton(1.0, settings.on_indefinite))?;
    }
    settings.validate()?;
    for of in &settings.methods {
        loss::<D>(settings, of.method.newton(of.lambda, settings.on_indefinite))?;
    }
    let Sizes { train, valid, test } = options.sizes();
    anyhow::ensure!(train > 0, "`train_size` is 0, expected at least 1");
    let maps = match &options.data {
        Some(folder) => Warcraft::load(folder)
            .and_then(|maps| maps.first(train, valid, test))
            .with_context(|| format!("reading Warcraft maps from {}", folder.display()))?,
        None => Warcraft::synthetic_sized(options.seed, train, valid, test),
    };
    let Settings { loss: path_loss, epochs, batch, seed, .. } = settings;
    let steps = epochs * train.div_ceil(*batch) as u64;
    println!("{path_loss}");
    if let Some(method) = unavailable {
        println!("without {method}: {}", SmoothingError::HessianOfAlgorithm);
    }
    println!("{epochs} epochs of {train} maps in batches of {batch}: {steps} steps; Adam, seed {seed}");
    println!("data: {}", maps.provenance);
    let title = format!("Cheapest paths over maps of 12 x 12 cells, {path_loss}");
    let subtitle = format!("validation, {train} training maps, seed {seed}; {}", maps.provenance);
    let shown = Shown { column: "perfect", long: "perfect match", short: "perfect" };
    let mut progress = Progress::new(steps, &options.out, shown, title, subtitle)?;
    let build = |newton| loss(settings, newton);
    let comparison = match options.network() {
        Network::Small => {
            compare_on::<CombResNet<32, 7, 12, f32, D>>(device, settings, &maps, build, &mut progress)
        }
        Network::Paper => compare_on::<CombResNet18<f32, D>>(device, settings, &maps, build, &mut progress),
    };
    progress.bar.finish_and_clear();
    let comparison = comparison?;
    for prediction in &comparison.predictions {
        let file = options.out.join(format!("map_{}.png", prediction.method));
        let picture = prediction.picture(&maps.test);
        picture.save(&file).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(comparison)
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let start = Instant::now();
    let settings = options.settings();
    let comparison = match options.device {
        Device::Cpu => run(&Cpu::default(), &options, &settings)?,
        #[cfg(feature = "cuda")]
        Device::Cuda(ordinal) => {
            run(&newton_losses::graph::cuda_device(ordinal, options.seed)?, &options, &settings)?
        }
        #[cfg(not(feature = "cuda"))]
        Device::Cuda(_) => return Err(newton_losses::cuda::CudaError::NotBuilt.into()),
    };
    println!("network: {}\n\n{comparison}", comparison.network);
    println!("\n{:.0} s in all", start.elapsed().as_secs_f64());
    println!("metrics.csv, accuracy.svg and map_*.png are in {}", options.out.display());
    if options.json {
        println!("{}", comparison.json());
    }
    std::io::stdout().flush()?;
    anyhow::ensure!(comparison.outcomes.iter().any(|o| o.stopped.is_none()), "every method stopped early");
    Ok(())
}
