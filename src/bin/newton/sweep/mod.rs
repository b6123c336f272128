//! A grid of runs, by one process or shared out to several.

mod grid;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context, ensure};
use clap::Args;
use newton_losses::train::files;
use serde_json::json;

use crate::device::Device;
use crate::keys::Benchmark;
use crate::problem::{self, DataCache};
use crate::progress::Progress;
use crate::run::{RunDir, RunResult, Status};
use crate::train::{self, Resume};
use grid::Point;

/// Which of how many parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shard {
    index: usize,
    count: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, count)) if index < count => Ok(Self { index, count }),
            _ => Err("expected i/N with i from 0 to N - 1".into()),
        }
    }
}

#[derive(Debug, Args)]
pub struct Options {
    /// The sweep: [base] with keys of all runs, [[grid]] with lists
    file: PathBuf,
    /// Directory of the runs
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only every N-th run, from the i-th on: for arrays of jobs. i counts from 0
    #[arg(long, value_name = "i/N", default_value = "0/1")]
    shard: Shard,
    /// Show the runs and how far they are; train nothing
    #[arg(long)]
    list: bool,
    /// If a run's newest checkpoint cannot be used, go on from the one before it
    #[arg(long)]
    use_previous: bool,
    /// Where to train: cpu, cuda, cuda:1, ...
    #[arg(long, default_value_t)]
    device: Device,
    /// Print the outcome as one JSON object on one line
    #[arg(long)]
    json: bool,
}

/// What became of the runs.
#[derive(Default)]
struct Outcome {
    /// Finished before.
    skipped: usize,
    finished: usize,
    /// Finished, but with numbers that are not finite or the like.
    failed: usize,
    /// Could not be trained.
    errors: Vec<String>,
}

pub fn command(options: &Options) -> anyhow::Result<ExitCode> {
    let file = &options.file;
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let all = grid::points(file, &text)?;
    // Before the first is trained: a typing error in the last is not to be found a day later.
    for Point { name, config } in &all {
        problem::check(config).with_context(|| format!("{}: run {name}", file.display()))?;
    }
    let Shard { index, count } = options.shard;
    let shard: Vec<&Point> = all.iter().skip(index).step_by(count).collect();
    if options.list {
        return list(options, &shard);
    }
    let copy = options.out.join("sweep.toml");
    files::replace(&copy, text.as_bytes()).with_context(|| format!("writing {}", copy.display()))?;
    let outcome = train(options, &shard)?;
    let Outcome { skipped, finished, failed, errors } = &outcome;
    let mut out = std::io::stdout().lock();
    if options.json {
        let object = json!({
            "runs": shard.len(), "finished_before": skipped, "finished": finished, "failed": failed, "errors": errors,
        });
        writeln!(out, "{object}")?;
    } else {
        writeln!(
            out,
            "{} runs: {skipped} finished before, {finished} now ({failed} of them failed), {} not trained",
            shard.len(),
            errors.len()
        )?;
    }
    Ok(if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn train(options: &Options, shard: &[&Point]) -> anyhow::Result<Outcome> {
    let resume = if options.use_previous { Resume::OrPrevious } else { Resume::Newest };
    let (mut outcome, mut data) = (Outcome::default(), DataCache::default());
    for (place, Point { name, config }) in shard.iter().enumerate() {
        let out = options.out.join(name);
        if RunDir::is_run(&out) && RunDir::open(&out)?.result()?.is_some() {
            outcome.skipped += 1;
            continue;
        }
        let mut progress = Progress::new(format!("run {} of {}: ", place + 1, shard.len()))?;
        // One that cannot be trained does not keep the others from it.
        match train::run(config, &out, resume, options.device, &mut data, &mut progress) {
            Ok(result) => {
                outcome.finished += 1;
                outcome.failed += usize::from(result.status == Status::Failed);
                if !options.json {
                    // A job's log has no progress bar: this is how one sees there that a sweep gets on.
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "run {} of {}, {name}: {}", place + 1, shard.len(), ended(&result))?;
                    out.flush()?;
                }
            }
            Err(error) => {
                eprintln!("error: run {name}: {error:#}");
                outcome.errors.push(format!("{name}: {error:#}"));
            }
        }
    }
    Ok(outcome)
}

/// How a run ended, in a few words.
fn ended(result: &RunResult) -> String {
    if let Some(failure) = &result.failure {
        return format!("failed after step {}: {}", failure.step, failure.message);
    }
    let metric = if result.config.benchmark == Some(Benchmark::Sorting) { "em" } else { "perfect" };
    let reached = result.last.as_ref().and_then(|last| *last.test.get(metric)?);
    let reached = reached.map_or("no result".to_owned(), |share| format!("{metric} {:.2} %", 100.0 * share));
    format!("{reached} after {} steps, {:.0} s", result.steps, result.time.wall_seconds)
}

fn list(options: &Options, shard: &[&Point]) -> anyhow::Result<ExitCode> {
    ensure!(!shard.is_empty(), "no runs: more shards than there are runs");
    let mut out = std::io::stdout().lock();
    for Point { name, config } in shard {
        let path = options.out.join(name);
        let state = match RunDir::is_run(&path) {
            false => "waiting".to_owned(),
            true => {
                let dir = RunDir::open(&path)?;
                match dir.result()? {
                    Some(result) => format!("{:?}", result.status).to_lowercase(),
                    None => format!("at step {}", dir.metrics()?.rows.last().map_or(0, |row| row.step)),
                }
            }
        };
        if options.json {
            writeln!(out, "{}", json!({ "run": name, "state": state, "config": config.keys }))?;
        } else {
            writeln!(out, "{state:<14}{name}  {}", config.title())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
