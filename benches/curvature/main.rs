//! Mean Hessian + z* of the four sorting losses in f32, against JAX on the same numbers in the same run.
//!
//! `cargo bench --bench curvature` measures both; `-- --alone` leaves JAX out,
//! `-- --n 10` measures one size, `-- --venv DIR` says where the peer's Python is. README.md has the figures.

#[path = "../shared/mod.rs"]
mod shared;

use anyhow::{Context, Result, ensure};
use newton_losses::loss::NewtonLoss;
use newton_losses::losses::{CauchyOddEven, LogisticOddEven, NeuralSort, SoftSort, ascending, descending};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::json;
use shared::{Peer, argument, deviation, flag, median_seconds, numbers};

/// How long each side measures one case.
const SECONDS: f64 = 1.0;

fn main() -> Result<()> {
    let mut peer = if flag("--alone") { None } else { Some(Peer::start("curvature")?) };
    println!(
        "{:<14} {:>3} {:>6} {:>12} {:>12} {:>7}  JAX formulation",
        "loss", "n", "batch", "ours (ms)", "JAX (ms)", "ratio"
    );
    let only: Option<usize> = argument("--n").and_then(|n| n.parse().ok());
    let wanted = |n| only.is_none_or(|only| only == n);
    if wanted(5) {
        sizes::<5>(&mut peer)?;
    }
    if wanted(10) {
        sizes::<10>(&mut peer)?;
    }
    if wanted(15) {
        sizes::<15>(&mut peer)?;
    }
    if wanted(32) {
        sizes::<32>(&mut peer)?;
    }
    Ok(())
}

fn sizes<const N: usize>(peer: &mut Option<Peer>) -> Result<()> {
    for batch in [100, 1000] {
        case("neural_sort", &NeuralSort::<N>::new(1.0).lambda(0.1), 1.0, batch, descending, peer)?;
        case("soft_sort", &SoftSort::<N>::new(0.1).lambda(0.1), 0.1, batch, descending, peer)?;
        case("logistic_dsn", &LogisticOddEven::<N>::new(10.0).lambda(0.1), 10.0, batch, ascending, peer)?;
        case("cauchy_dsn", &CauchyOddEven::<N>::new(10.0).lambda(0.1), 10.0, batch, ascending, peer)?;
    }
    Ok(())
}

fn case<const N: usize, L: NewtonLoss<f32, Label = [[f32; N]; N]>>(
    name: &str,
    loss: &L,
    param: f64,
    batch: usize,
    permutation: fn(&[f64; N]) -> [[f32; N]; N],
    peer: &mut Option<Peer>,
) -> Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut uniform = || random.next_u32() as f64 / (1u64 << 32) as f64;
    // Scores of a network that has begun to learn: noisy copies of what they should be, close enough together that nothing
    // saturates (where it does, Hessians in f32 are rounding errors of 1e8, and any two engines differ).
    let truth: Vec<[f64; N]> = (0..batch).map(|_| std::array::from_fn(|_| uniform())).collect();
    let y: Vec<f32> = truth.iter().flatten().map(|t| (0.3 * (t + 0.4 * (uniform() - 0.5))) as f32).collect();
    let labels: Vec<[[f32; N]; N]> = truth.iter().map(permutation).collect();

    let z_star = loss.z_star(&y, &labels)?;
    let ours = median_seconds(SECONDS, || {
        std::hint::black_box(loss.z_star(&y, &labels)?);
        Ok(())
    })?;

    let Some(peer) = peer else {
        println!("{name:<14} {N:>3} {batch:>6} {:>12.4}", ours * 1e3);
        return Ok(());
    };
    let mut request = json!({
        "loss": name, "n": N, "batch": batch, "param": param, "lambda": 0.1, "seconds": SECONDS,
        "y": y, "q": labels.as_flattened().as_flattened(),
    });
    let answer = peer.ask(&request)?;
    let theirs = answer["seconds"].as_f64().with_context(|| format!("the peer gave no time: {answer}"))?;
    request["textbook"] = json!(true);
    let textbook = peer.ask(&request)?["seconds"].as_f64();
    let hessian = loss.mean_hessian(&y, &labels)?;
    let off = deviation(&hessian, &numbers(&answer["hessian"])?)?;
    ensure!(off < 2e-2, "{name} n={N}: the mean Hessians differ by {off:e}");
    let expected = numbers(&answer["z_star"])?;
    let found: Vec<f64> = z_star.iter().take(expected.len()).map(|z| f64::from(*z)).collect();
    let off = deviation(&found, &expected)?;
    ensure!(off < 2e-2, "{name} n={N}: z* differs by {off:e}");
    let formulation = answer["formulation"].as_str().unwrap_or("?");
    let ratio = |seconds: f64| format!("{:.3} {:>6.1}x", seconds * 1e3, seconds / ours);
    println!(
        "{name:<14} {N:>3} {batch:>6} {:>10.4} {:>18} {:>18}  {formulation}",
        ours * 1e3,
        textbook.map_or("too long".to_owned(), ratio),
        ratio(theirs),
    );
    Ok(())
}
