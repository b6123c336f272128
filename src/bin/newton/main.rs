//! Experiments with Newton losses: one program, one run = one directory. `docs/9-experiments.md` has it all.

mod config;
mod csv_file;
mod data;
mod device;
mod diagnose;
mod figure6;
mod keys;
mod picture;
mod problem;
mod progress;
mod ranks;
mod report;
mod run;
mod sweep;
mod table9;
mod train;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use newton_losses::parallel::Collective;
#[cfg(feature = "mpi")]
use newton_losses::parallel::Mpi;

use crate::device::Device;
use crate::keys::Keys;
use crate::problem::DataCache;
use crate::progress::Progress;
use crate::run::{Numbers, RunResult, Status};
use crate::train::Resume;

/// Trains networks through relaxed algorithms, with and without Newton losses; one run is one directory.
#[derive(Debug, Parser)]
#[command(name = "newton", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train one network: both benchmarks, every loss and method
    Train(Train),
    /// Train a grid of runs, alone or as one of several processes
    Sweep(sweep::Options),
    /// All runs in and below directories as one HTML page, with tables as Markdown and CSV
    Report(report::Options),
    /// Look at the curvature of a loss: its spectrum, what steps do to gradients, and a lambda for it
    Diagnose(diagnose::Options),
    /// Fetch, verify, draw and show data
    Data(data::Options),
    /// The paper's Figure 6: gradients along a sweep of one score
    Figure6(figure6::Options),
    /// The paper's Table 9: InjectFisher on a network of ReLU layers
    Table9(table9::Options),
}

#[derive(Debug, Args)]
struct Train {
    /// Keys from a TOML file; flags go before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The run's directory
    #[arg(long, value_name = "DIR", default_value = "runs/run")]
    out: PathBuf,
    /// Go on with the run in --out, if there is one: as if it had never been interrupted
    #[arg(long)]
    resume: bool,
    /// With --resume: if the newest checkpoint cannot be used, go on from the one before it
    #[arg(long, requires = "resume")]
    use_previous: bool,
    /// Where to train: cpu, cuda, cuda:1, ...
    #[arg(long, default_value_t)]
    device: Device,
    /// Print the result as one JSON object on one line
    #[arg(long)]
    json: bool,
    /// This is one of several processes that mpirun has started: each takes its share of every batch
    #[cfg(feature = "mpi")]
    #[arg(long)]
    mpi: bool,
    #[command(flatten)]
    keys: Keys,
}

/// The run ended, but with numbers that are not finite, or a curvature that cannot be inverted.
const FAILED: u8 = 3;

fn main() -> ExitCode {
    match command(Cli::parse().command) {
        Ok(code) => code,
        // Whoever reads has enough, as in `newton sweep ... --list | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // The reasons in one line; ours that have several lines begin with them.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn command(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Train(options) => train(&options),
        Command::Sweep(options) => sweep::command(&options),
        Command::Report(options) => report::command(&options),
        Command::Diagnose(options) => diagnose::command(&options),
        Command::Data(options) => data::command(&options),
        Command::Figure6(options) => figure6::command(&options),
        Command::Table9(options) => table9::command(&options),
    }
}

fn train(options: &Train) -> anyhow::Result<ExitCode> {
    #[cfg(feature = "mpi")]
    if options.mpi {
        return train_together(options);
    }
    lead(options, None)
}

/// As one of the processes that `mpirun` has started. The first has directory and terminal, the others follow it.
#[cfg(feature = "mpi")]
fn train_together(options: &Train) -> anyhow::Result<ExitCode> {
    let mpi = Arc::new(Mpi::join()?);
    let ranks: Arc<dyn Collective> = Arc::clone(&mpi) as _;
    let outcome = match mpi.rank() {
        0 => lead(options, Some(&ranks)),
        // How the run ended is rank 0's to say.
        _ => train::follow(&ranks, options.device).map(|_| ExitCode::SUCCESS),
    };
    outcome.or_else(|error| {
        // The others may be waiting for this one, for ever.
        eprintln!("error: rank {}: {error:#}", mpi.rank());
        mpi.abort(1)
    })
}

fn lead(options: &Train, ranks: Option<&Arc<dyn Collective>>) -> anyhow::Result<ExitCode> {
    let resume = match (options.resume, options.use_previous) {
        (false, _) => Resume::No,
        (true, false) => Resume::Newest,
        (true, true) => Resume::OrPrevious,
    };
    let given = match &options.config {
        Some(file) => config::read(file)?.under(&options.keys)?,
        None => options.keys.clone(),
    };
    let config = train::configure(&given, &options.out, resume)?;
    let (mut data, mut progress) = (DataCache::default(), Progress::new("")?);
    let device = options.device;
    let result = train::lead(&config, &options.out, resume, device, &mut data, &mut progress, ranks)?;
    let mut out = std::io::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string(&result)?)?;
    } else {
        write!(out, "{}", summary(&config.title(), &result))?;
        writeln!(out, "{}", options.out.display())?;
    }
    out.flush()?;
    Ok(if result.status == Status::Failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// What a run has reached, in a few lines.
pub fn summary(title: &str, result: &RunResult) -> String {
    let line = |numbers: &Numbers| {
        let one = |(name, value): (&String, &Option<f64>)| match value {
            Some(value) if name == "cost_ratio" => format!("{name} {value:.3}"),
            Some(value) => format!("{name} {:.2} %", 100.0 * value),
            None => format!("{name} -"),
        };
        numbers.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("{title}; {}\n", result.data);
    if let Some(failure) = &result.failure {
        text += &format!("failed after step {}: {}\n", failure.step, failure.message);
    }
    if result.status == Status::EarlyStopped {
        text += "stopped early: no better validation for as long as its patience\n";
    }
    if let Some(last) = &result.last {
        text += &format!("last, step {}: {}\n", last.step, line(&last.test));
    }
    if let Some(best) = &result.best {
        text += &format!("best by validation, step {}: {}\n", best.step, line(&best.test));
    }
    text
}
