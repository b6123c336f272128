//! How long a loss takes when it is first used: compiled by NVRTC, and found on disk. Each in a process of its own.

use crate::options::{Extent, Options};
use anyhow::{Context, Result, bail, ensure};
use newton_losses::cuda::{DeviceEvaluation, Gpu};
use newton_losses::loss::NewtonLoss;
use newton_losses::losses::{BellmanFord, LogisticOddEven, NeuralSort, SoftSort};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const LOSSES: [&str; 7] = [
    "soft_sort_5",
    "soft_sort_32",
    "neural_sort_5",
    "neural_sort_32",
    "logistic_dsn_5",
    "logistic_dsn_32",
    "bellman_ford_12",
];

pub fn run(_: &Gpu, options: &mut Options) -> Result<()> {
    let kept = Gpu::cache_folder().context("no folder for compiled kernels")?.join("one by one");
    let losses = if options.extent == Extent::Smoke { &LOSSES[..1] } else { &LOSSES[..] };
    println!("{:<18} {:>12} {:>12}", "loss, size", "compiled, s", "from disk, s");
    for loss in losses {
        if options.is_late() {
            options.failed(&format!("compile {loss}"), "no time was left")?;
            continue;
        }
        let folder = kept.join(loss);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        let (cold, warm) = (child(loss, &folder)?, child(loss, &folder)?);
        println!("{loss:<18} {cold:>12.2} {warm:>12.3}");
        options.result("compile", json!({ "loss": loss, "cold": cold, "warm": warm }))?;
    }
    Ok(())
}

/// Seconds of a first batch in a process that finds this folder.
fn child(loss: &str, folder: &Path) -> Result<f64> {
    let program: PathBuf = std::env::current_exe()?;
    let output =
        Command::new(program).args(["--compile-one", loss]).env("NEWTON_CUDA_CACHE", folder).output()?;
    ensure!(output.status.success(), "{loss}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)?.trim().parse().with_context(|| format!("{loss}: no time"))
}

/// What such a process does: prints the seconds of a first batch.
pub fn one(gpu: &Gpu, loss: &str) -> Result<()> {
    gpu.synchronize()?;
    match loss {
        "soft_sort_5" => first(gpu, &SoftSort::<5>::new(0.1)),
        "soft_sort_32" => first(gpu, &SoftSort::<32>::new(0.1)),
        "neural_sort_5" => first(gpu, &NeuralSort::<5>::new(1.0)),
        "neural_sort_32" => first(gpu, &NeuralSort::<32>::new(1.0)),
        "logistic_dsn_5" => first(gpu, &LogisticOddEven::<5>::new(10.0)),
        "logistic_dsn_32" => first(gpu, &LogisticOddEven::<32>::new(10.0)),
        "bellman_ford_12" => first(gpu, &BellmanFord::<12, 12>::new(10.0, 18, 18, true)),
        _ => bail!("`--compile-one` takes one of {LOSSES:?}"),
    }
}

fn first<const R: usize, const C: usize, L>(gpu: &Gpu, loss: &L) -> Result<()>
where
    L: NewtonLoss<f32, Label = [[f32; C]; R]>,
{
    let numbers: Vec<f32> = (0..loss.dim()).map(|i| 0.5 + (i as f32 * 0.618).fract()).collect();
    let label = std::array::from_fn(|i| std::array::from_fn(|j| f32::from(u8::from(i == j))));
    let start = Instant::now();
    let numbers = gpu.upload(&numbers)?;
    let all = DeviceEvaluation::of(loss, gpu, numbers.slice(), &[label])?.context("it has no text")?;
    all.check(gpu)?;
    println!("{}", start.elapsed().as_secs_f64());
    Ok(())
}
