//! `newton diagnose`: what curvature a loss has at a network's predictions, and what a Newton step would do.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use newton_losses::cli_losses::Compiled;
use newton_losses::data::Split;
use newton_losses::newton::Diagnostics;
use newton_losses::train::Checkpoint;
use newton_losses::train::session::Diagnosis;
use serde_json::{Value, json};

use crate::config::{Config, read, resolve};
use crate::device::{self, Device};
use crate::keys::{Keys, MethodName, Policy};
use crate::problem::{self, DataCache};
use crate::run::RunDir;

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Part {
    Train,
    Valid,
    Test,
}

#[derive(Debug, Args)]
pub struct Options {
    /// A run: its loss, at its network's predictions [default: a fresh network]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Keys from a TOML file; flags go before it
    #[arg(long, value_name = "FILE", conflicts_with = "run")]
    config: Option<PathBuf>,
    /// Whose first batch is looked at
    #[arg(long, value_enum, default_value = "test")]
    split: Part,
    /// Where the network is: cpu, cuda, cuda:1, ... What is shown is computed on the CPU
    #[arg(long, default_value_t)]
    device: Device,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keys: Keys,
}

pub fn command(options: &Options) -> anyhow::Result<ExitCode> {
    let (keys, checkpoint, network) = subject(options)?;
    let split = match options.split {
        Part::Train => Split::Train,
        Part::Valid => Split::Valid,
        Part::Test => Split::Test,
    };
    let mut data = DataCache::default();
    let mut found = Vec::new();
    for method in [MethodName::Hessian, MethodName::Fisher] {
        let Some(config) = of_method(&keys, method)? else { continue };
        let (seed, checkpoint) = (config.keys.seed.unwrap_or(0), checkpoint.as_ref());
        let diagnosis =
            device::on!(options.device, seed, |place| look(place, &config, checkpoint, split, &mut data))?;
        found.push((config, diagnosis));
    }
    let mut out = std::io::stdout().lock();
    if options.json {
        let methods: serde_json::Map<String, Value> =
            found.iter().map(|(c, d)| (method_name(c), as_json(c, d))).collect();
        writeln!(out, "{}", json!({ "network": network, "methods": methods }))?;
    } else {
        writeln!(out, "{network}")?;
        for (config, diagnosis) in &found {
            writeln!(out, "\n{}", config.title())?;
            match diagnosis {
                Ok(diagnosis) => write!(out, "{}", text(config, diagnosis))?,
                Err(error) => writeln!(out, "{error}")?,
            }
        }
    }
    Ok(if found.iter().all(|(_, d)| d.is_ok()) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Numbers that are not finite are an answer, too.
fn look<D: Compiled>(
    place: &D,
    config: &Config,
    checkpoint: Option<&Checkpoint>,
    split: Split,
    data: &mut DataCache,
) -> anyhow::Result<Result<Diagnosis, String>> {
    let mut begun = problem::begin(place, config, data, 0)?;
    if let Some(checkpoint) = checkpoint {
        begun.session.restore_network(checkpoint)?;
    }
    Ok(begun.session.diagnose(split).map_err(|error| error.to_string()))
}

/// Keys, weights, and whose they are.
fn subject(options: &Options) -> anyhow::Result<(Keys, Option<Checkpoint>, String)> {
    let Some(run) = &options.run else {
        let given = match &options.config {
            Some(file) => read(file)?.under(&options.keys)?,
            None => options.keys.clone(),
        };
        return Ok((given, None, "a fresh network".into()));
    };
    let dir = RunDir::open(run)?;
    let keys = dir.keys()?;
    let keys = keys.under(&options.keys)?;
    let (step, checkpoint) = newest(&dir)?;
    Ok((keys, Some(checkpoint), format!("the network of {} after step {step}", run.display())))
}

/// Reading needs no claim on the run; one that is being written is whole.
fn newest(run: &RunDir) -> anyhow::Result<(u64, Checkpoint)> {
    match run.checkpoints().list()?.into_iter().next() {
        Some((step, file)) => Ok((step, Checkpoint::load(&file)?)),
        None => bail!("{}: no checkpoint yet", run.path().display()),
    }
}

/// The same run by a Newton method, with its lambda if it is that method's, else the preset's; `None` if the loss has no such method.
fn of_method(keys: &Keys, method: MethodName) -> anyhow::Result<Option<Config>> {
    let own = keys.method.is_none_or(|own| own == method);
    let mut keys = Keys { method: Some(method), ..keys.clone() };
    if !own {
        keys.lambda = None;
    }
    if method != MethodName::Hessian {
        keys.on_indefinite = None;
    }
    if keys.loss == Some(crate::keys::LossName::SsAlgorithm) && method == MethodName::Hessian {
        return Ok(None);
    }
    Ok(Some(resolve(&keys).context("the loss to look at")?))
}

fn method_name(config: &Config) -> String {
    config.keys.method.map_or_else(String::new, |method| method.to_string())
}

/// A lambda to begin a search with: a tenth of the largest eigenvalue, so that the flat directions are lifted by ten at most; where negative
/// curvature is kept, twice what the most negative one needs. Decades around it are worth trying.
fn suggestion(config: &Config, diagnostics: &Diagnostics) -> f64 {
    let largest = diagnostics.spectrum.iter().fold(0.0_f64, |max, w| max.max(w.abs()));
    let lowest = diagnostics.spectrum.first().copied().unwrap_or(0.0);
    let mut lambda = 0.1 * largest;
    if config.keys.on_indefinite == Some(Policy::Keep) {
        lambda = lambda.max(-2.0 * lowest);
    }
    // One digit: it is no more than a beginning.
    let unit = 10_f64.powf(lambda.log10().floor());
    if lambda > 0.0 && unit > 0.0 { (lambda / unit).round() * unit } else { 0.0 }
}

fn text(config: &Config, Diagnosis { samples, spread, diagnostics }: &Diagnosis) -> String {
    let mut text = format!("{samples} samples, mean range of their predictions {spread:.3}\n{diagnostics}");
    match suggestion(config, diagnostics) {
        0.0 => text += "no curvature: nothing to suggest\n",
        lambda => text += &format!("suggested lambda      {lambda:.0e}, to begin a search with\n"),
    }
    text
}

fn as_json(config: &Config, diagnosis: &Result<Diagnosis, String>) -> Value {
    let Diagnosis { samples, spread, diagnostics: d } = match diagnosis {
        Ok(diagnosis) => diagnosis,
        Err(error) => return json!({ "error": error }),
    };
    let norms = |norms: newton_losses::newton::diagnostics::Norms| json!({ "median": norms.median, "max": norms.max, "exploding": norms.exploding });
    json!({
        "lambda": d.lambda,
        "samples": samples,
        "spread": spread,
        "spectrum": d.spectrum,
        "condition": d.condition,
        "negative": d.negative,
        "flipped": d.flipped,
        "gradients": norms(d.gradients),
        "directions": norms(d.directions),
        "suggested_lambda": suggestion(config, d),
    })
}
