//! What the programs of the benchmarks have in common: options, a progress bar, the files of `--out`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use newton_losses::newton::OnIndefinite;
use newton_losses::train::{History, Method, Observer, ObserverError, Plot, Stopped, Unit};

/// A list as one value of an option.
#[derive(Debug, Clone)]
pub struct Methods(pub Vec<Method>);

/// A method's name, or "all".
pub fn methods(name: &str) -> Result<Methods, String> {
    if name == "all" {
        return Ok(Methods(Method::ALL.into()));
    }
    name.parse().map(|method| Methods(vec![method])).map_err(|error| format!("{error}, all"))
}

/// What the Hessian method does with negative curvature.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Policy {
    Keep,
    Clamp,
    Abs,
    Error,
}

impl From<Policy> for OnIndefinite {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Keep => Self::Keep,
            Policy::Clamp => Self::Clamp,
            Policy::Abs => Self::Abs,
            Policy::Error => Self::Error,
        }
    }
}

/// Where networks are trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Device {
    Cpu,
    /// Which GPU, from 0.
    Cuda(usize),
}

/// "cpu", "cuda" or "cuda:1".
pub fn device(name: &str) -> Result<Device, String> {
    match name.split_once(':') {
        None if name == "cpu" => Ok(Device::Cpu),
        None if name == "cuda" => Ok(Device::Cuda(0)),
        Some(("cuda", number)) => match number.parse() {
            Ok(ordinal) => Ok(Device::Cuda(ordinal)),
            Err(_) => Err(format!("`{number}` is no GPU's number")),
        },
        _ => Err("expected cpu, cuda, cuda:1, ...".to_owned()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub enum Preset {
    Quick,
    Paper,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub enum Network {
    Small,
    Paper,
}

/// What a program shows of its accuracy.
pub struct Shown {
    /// Column of the history.
    pub column: &'static str,
    /// As the axis of the picture says.
    pub long: &'static str,
    /// As the progress bar says.
    pub short: &'static str,
}

/// Shows progress and writes metrics.csv and accuracy.svg at every validation.
pub struct Progress {
    pub bar: ProgressBar,
    out: PathBuf,
    shown: Shown,
    plot: Plot,
}

impl Progress {
    /// Makes the folder `out`.
    pub fn new(
        steps: u64,
        out: &Path,
        shown: Shown,
        title: String,
        subtitle: String,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(out).with_context(|| format!("making the folder {}", out.display()))?;
        let target = match std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        bar.set_style(ProgressStyle::with_template(
            "{bar:30} step {pos} of {len}, {per_sec}, {eta} left  {msg}",
        )?);
        let plot = Plot::new(title, shown.long, Unit::Percent).subtitle(subtitle);
        Ok(Self { bar, out: out.into(), shown, plot })
    }
}

impl Observer for Progress {
    fn stepped(&mut self, step: u64) -> Result<(), ObserverError> {
        self.bar.set_position(step);
        Ok(())
    }

    fn validated(&mut self, step: u64, history: &History) -> Result<(), ObserverError> {
        let curves = history.curves(self.shown.column).unwrap_or_default();
        let now = curves.iter().filter_map(|curve| {
            let last = curve.points.last().filter(|point| point.step == step)?;
            Some(format!("{} {:.1} %", curve.name, 100.0 * last.value))
        });
        let now = format!("{} {}", self.shown.short, now.collect::<Vec<_>>().join(", "));
        if self.bar.is_hidden() {
            eprintln!("step {step}: validation {now}");
        }
        self.bar.set_message(now);
        let csv = self.out.join("metrics.csv");
        history.save_csv(&csv).with_context(|| format!("writing {}", csv.display()))?;
        let svg = self.out.join("accuracy.svg");
        // Nothing to draw if all methods stopped before the first validation.
        if !curves.is_empty() {
            self.plot.save(&curves, &svg).with_context(|| format!("writing {}", svg.display()))?;
        }
        Ok(())
    }

    fn stopped(&mut self, method: Method, stopped: &Stopped) {
        let line = format!("{method} stops after step {}: {}", stopped.step, stopped.message);
        self.bar.suspend(|| eprintln!("{line}"));
    }
}
