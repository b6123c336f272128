//! What runs on a GPU, measured: curvature against JAX on the same card, relaxed Bellman-Ford, training steps, shortest paths, compile times.
//!
//! `cargo bench --bench gpu --features cuda`; `-- --smoke` is a minute's try with tiny sizes, for emulated devices too; the README beside this
//! file has all options. A table goes to standard output, and with `--json FILE` each result to a file as a line of JSON.

mod bellman_ford;
mod compile;
mod curvature;
mod options;
mod paths;
mod peer;
#[allow(dead_code)]
#[path = "../shared/mod.rs"]
mod shared;
mod step;

use anyhow::{Context, Result, ensure};
use newton_losses::cuda::Gpu;
use options::Options;

type Part = fn(&Gpu, &mut Options) -> Result<()>;

const PARTS: [(&str, Part); 5] = [
    ("step", step::run),
    ("bellman_ford", bellman_ford::run),
    ("paths", paths::run),
    ("compile", compile::run),
    ("curvature", curvature::run),
];

fn main() -> Result<()> {
    let gpu = Gpu::open(0).context("the bench needs a GPU, or tests/emulator's")?;
    if let Some(what) = shared::argument("--compile-one") {
        return compile::one(&gpu, &what);
    }
    let mut options = Options::read()?;
    let only = shared::argument("--only");
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    ensure!(
        PARTS.iter().any(|(name, _)| wanted(name)),
        "`--only` takes one of {:?}",
        PARTS.map(|(name, _)| name)
    );
    let mut failures = 0;
    for (name, part) in PARTS.into_iter().filter(|(name, _)| wanted(name)) {
        println!("\n{name}");
        // One part that fails leaves the others.
        if let Err(error) = part(&gpu, &mut options) {
            failures += 1;
            println!("{name} failed: {error:#}");
            options.failed(name, &format!("{error:#}"))?;
        }
    }
    ensure!(failures == 0, "{failures} parts failed");
    Ok(())
}
