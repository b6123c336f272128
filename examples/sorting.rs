//! Learning to score four-digit numbers from nothing but their order: baseline, Hessian and Fisher side by side.
//!
//! ```text
//! cargo run --release --example sorting                                        # about a minute, synthetic digits
//! cargo run --release --example sorting -- --loss neural_sort --n 10 --steps 5000
//! cargo run --release --example sorting -- --preset paper --data mnist --out runs/soft_sort
//! cargo run --release --features cuda --example sorting -- --device cuda --preset paper --data mnist
//! ```
//!
//! A network sees a set of n images, one score comes out per image, and a relaxed sorting algorithm turns the scores
//! into a loss against the true order. All methods use the same loss, weights and batches; they differ in what the loss
//! back-propagates. Tables go to standard output, progress to standard error.

mod shared;

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use dfdx::prelude::Cpu;
use newton_losses::data::Digits;
use newton_losses::graph::Backend;
use newton_losses::models::{MnistCnn, SmallCnn};
use newton_losses::newton::Newton;
use newton_losses::train::TrainError;
use newton_losses::train::sorting::{Comparison, RankingLoss, Settings, SortingLoss, compare_on};
use shared::{Device, Methods, Network, Policy, Preset, Progress, Shown, device, methods};

/// Trains networks to rank four-digit images through relaxed sorting, with and without Newton losses.
#[derive(Debug, Parser)]
struct Options {
    /// Folder with the four MNIST files, gzip or not [default: digits drawn by a generator]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Numbers in a set: 3, 5, 10 or 15
    #[arg(long, default_value_t = 5)]
    n: usize,
    /// neural_sort, soft_sort, logistic_dsn or cauchy_dsn
    #[arg(long, default_value = "soft_sort")]
    loss: SortingLoss,
    /// baseline, hessian, fisher or all
    #[arg(long, default_value = "all", value_parser = methods)]
    method: Methods,
    /// Tikhonov term of the Newton methods [default: the preset's for loss, method and n]
    #[arg(long, allow_negative_numbers = true)]
    lambda: Option<f64>,
    /// tau of neural_sort and soft_sort, beta of the sorting networks [default: the paper's]
    #[arg(long, allow_negative_numbers = true)]
    temperature: Option<f64>,
    /// What the Hessian method does with negative curvature [default: the preset's: abs, or keep, the paper's]
    #[arg(long, value_enum)]
    on_indefinite: Option<Policy>,
    /// quick: a small network, short; paper: the paper's network and length
    #[arg(long, value_enum, default_value = "quick")]
    preset: Preset,
    /// Network [default: the preset's]
    #[arg(long, value_enum)]
    network: Option<Network>,
    /// Training steps [default: the preset's]
    #[arg(long)]
    steps: Option<u64>,
    /// Sets in a batch [default: the preset's]
    #[arg(long)]
    batch: Option<usize>,
    /// cpu, cuda or cuda:1 for another than the first GPU; GPUs need a build with --features cuda
    #[arg(long, default_value = "cpu", value_parser = device)]
    device: Device,
    /// Of weights, batches and generated digits
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder for metrics.csv and accuracy.svg, rewritten at every validation
    #[arg(long, value_name = "DIR", default_value = "runs/sorting")]
    out: PathBuf,
    /// Print the result as one JSON object on the last line of standard output
    #[arg(long)]
    json: bool,
}

impl Options {
    fn settings(&self) -> Settings {
        let preset = match self.preset {
            Preset::Quick => Settings::quick(self.loss, self.n),
            Preset::Paper => Settings::paper(self.loss, self.n),
        };
        let steps = self.steps.unwrap_or(preset.steps);
        Settings {
            temperature: self.temperature.unwrap_or(preset.temperature),
            methods: self.method.0.clone(),
            lambda: self.lambda,
            on_indefinite: self.on_indefinite.map_or(preset.on_indefinite, Into::into),
            steps,
            batch: self.batch.unwrap_or(preset.batch),
            seed: self.seed,
            // A short run is validated more often than a long one, but not all the time.
            validate_every: preset.validate_every.min(steps.div_ceil(10)).max(1),
            ..preset
        }
    }

    fn network(&self) -> Network {
        let of_preset = if self.preset == Preset::Paper { Network::Paper } else { Network::Small };
        self.network.unwrap_or(of_preset)
    }
}

/// The sizes that this program is compiled for.
fn loss<D: Backend>(settings: &Settings, newton: Newton) -> Result<Box<dyn RankingLoss<D>>, TrainError> {
    let Settings { loss, temperature, .. } = *settings;
    match settings.n {
        3 => loss.sized_on::<3, D>(temperature, newton),
        5 => loss.sized_on::<5, D>(temperature, newton),
        10 => loss.sized_on::<10, D>(temperature, newton),
        15 => loss.sized_on::<15, D>(temperature, newton),
        n => Err(TrainError::SetSize { n, supported: &[3, 5, 10, 15] }),
    }
}

fn run<D: Backend>(device: &D, options: &Options, settings: &Settings) -> anyhow::Result<Comparison> {
    // Before the data are read or drawn, which takes longer than seeing that a setting is wrong.
    settings.validate()?;
    for &method in &settings.methods {
        loss::<D>(settings, method.newton(settings.lambda_of(method), settings.on_indefinite))?;
    }
    let digits = match &options.data {
        Some(folder) => {
            Digits::load(folder).with_context(|| format!("reading MNIST from {}", folder.display()))?
        }
        None => Digits::synthetic(options.seed),
    };
    let data = digits.provenance.to_string();
    let Settings { n, temperature, batch, steps, seed, .. } = settings;
    println!(
        "{}, n = {n}, {} = {temperature}, {steps} steps on batches of {batch} sets, seed {seed}",
        settings.loss,
        settings.loss.temperature_name()
    );
    println!("data: {data}");
    let title = format!("Four-digit numbers, sets of {n}, {}", settings.loss);
    let subtitle = format!("validation, batches of {batch} sets, seed {seed}; {data}");
    let shown = Shown { column: "em", long: "exact match", short: "EM" };
    let mut progress = Progress::new(*steps, &options.out, shown, title, subtitle)?;
    let build = |newton| loss(settings, newton);
    let comparison = match options.network() {
        Network::Small => compare_on::<SmallCnn<f32, D>>(device, settings, &digits, build, &mut progress),
        Network::Paper => compare_on::<MnistCnn<f32, D>>(device, settings, &digits, build, &mut progress),
    };
    progress.bar.finish_and_clear();
    Ok(comparison?)
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
    println!("metrics.csv and accuracy.svg are in {}", options.out.display());
    if options.json {
        println!("{}", comparison.json());
    }
    std::io::stdout().flush()?;
    anyhow::ensure!(comparison.outcomes.iter().any(|o| o.stopped.is_none()), "every method stopped early");
    Ok(())
}
