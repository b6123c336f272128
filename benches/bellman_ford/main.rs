//! Times the relaxed Bellman-Ford loss against AlgoVision in PyTorch, and what its Hessian costs in a training step.
//!
//! `cargo bench --bench bellman_ford`; `-- --alone` for ours alone, `-- --peer-hessian` for the peer's Hessian as well, once (a minute). See the
//! README beside this file.

#[path = "../shared/mod.rs"]
mod shared;

use anyhow::{Context, Result, ensure};
use dfdx::optim::Adam;
use dfdx::prelude::*;
use newton_losses::algorithms::Dijkstra;
use newton_losses::graph::Apply;
use newton_losses::loss::NewtonLoss;
use newton_losses::losses::BellmanFordLoss;
use newton_losses::models::CombResNet18;
use newton_losses::newton::Curvature;
use serde_json::{Value, json};
use shared::{Peer, deviation, flag, median_seconds, numbers};
use std::time::Instant;

const ROWS: usize = 12;
const COLUMNS: usize = 12;
const CELLS: usize = ROWS * COLUMNS;
/// The benchmark's settings.
const BATCH: usize = 70;
const BETA: f64 = 10.0;
const ROUNDS: usize = 18;
/// Seconds that a median is taken over, turns of ours and the peer's, training steps.
const SECONDS: f64 = 2.0;
const TURNS: usize = 3;
const STEPS: usize = 7;

type Label = [[f32; COLUMNS]; ROWS];

/// Costs as a network predicts them, and the cheapest paths of others.
fn batch() -> Result<(Vec<f32>, Vec<Label>)> {
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32
    };
    let cost = (0..BATCH * CELLS).map(|_| 0.5 + 2.0 * noise()).collect();
    let (mut solver, mut labels) = (Dijkstra::new(ROWS, COLUMNS)?, Vec::new());
    for _ in 0..BATCH {
        let truth: Vec<f32> = (0..CELLS).map(|_| 0.5 + 2.0 * noise()).collect();
        let mut path = [0_u8; CELLS];
        solver.solve(&truth, &mut path)?;
        labels.push(std::array::from_fn(|i| std::array::from_fn(|j| f32::from(path[i * COLUMNS + j]))));
    }
    Ok((cost, labels))
}

/// Value and gradient, in turns with the peer; then the mean Hessian.
fn compare<const WHILE: bool>(squared: bool, peer: Option<&mut Peer>) -> Result<()> {
    let (cost, labels) = batch()?;
    let loss = BellmanFordLoss::<ROWS, COLUMNS, WHILE>::new(BETA, ROUNDS, ROUNDS, squared);
    let name = format!("{:<6}{:<4}", if WHILE { "while" } else { "for" }, if squared { "L2²" } else { "L1" });
    let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
    let mut peer = peer;
    for _ in 0..TURNS {
        let gradients = || {
            loss.gradients(&cost, &labels)?;
            Ok(())
        };
        ours = ours.min(median_seconds(SECONDS, gradients)?);
        if let Some(peer) = &mut peer {
            let answer = ask(peer, "gradient", WHILE, squared, &cost, &labels)?;
            let found = loss.gradients(&cost, &labels)?;
            let wide = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
            let off = deviation(&wide(&found.gradients), &numbers(&answer["gradients"])?)?;
            ensure!(off < 1e-3, "{name}: the gradients differ by {off:e}");
            theirs = theirs.min(answer["seconds"].as_f64().context("no time")?);
        }
    }
    let hessian = || {
        loss.mean_hessian(&cost, &labels)?;
        Ok(())
    };
    let hessian = median_seconds(SECONDS, hessian)?;
    print!("{name}  value and gradient {:8.3} ms", ours * 1e3);
    if peer.is_some() {
        print!("   torch {:7.1} ms   {:5.1} times", theirs * 1e3, theirs / ours);
    }
    println!("   mean Hessian {:7.1} ms", hessian * 1e3);
    if let (Some(peer), true) = (peer, squared && !WHILE && flag("--peer-hessian")) {
        let answer = ask(peer, "hessian", WHILE, squared, &cost, &labels)?;
        let off = deviation(loss.mean_hessian(&cost, &labels)?.as_slice(), &numbers(&answer["hessian"])?)?;
        let seconds = answer["seconds"].as_f64().context("no time")?;
        let finite = if answer["finite"] == true { "finite" } else { "not finite" };
        let ratio = seconds / hessian;
        println!("{name}  mean Hessian by torch {seconds:.1} s, {ratio:.0} times; {finite}");
        println!("{name}  our mean Hessian, in f32, differs from torch's in f64 by {off:.0e}");
    }
    Ok(())
}

fn ask(
    peer: &mut Peer,
    what: &str,
    looping: bool,
    squared: bool,
    cost: &[f32],
    labels: &[Label],
) -> Result<Value> {
    let variant = if looping { "while" } else { "for" };
    let path = labels.as_flattened().as_flattened();
    let answer = peer.ask(&json!({
        "what": what, "variant": variant, "squared": squared, "beta": BETA, "rounds": ROUNDS, "steps": ROUNDS,
        "rows": ROWS, "columns": COLUMNS, "cost": cost, "path": path, "seconds": SECONDS,
    }))?;
    ensure!(answer["error"].is_null(), "the peer: {}", answer["error"]);
    Ok(answer)
}

/// Seconds of a training step of the benchmark's network.
fn step(curvature: Curvature) -> Result<f64> {
    let device = Cpu::default();
    let mut net = CombResNet18::new(&device)?;
    let mut optimizer = Adam::new(&net, AdamConfig { lr: 1e-5, ..Default::default() });
    let images: Tensor<(usize, usize, usize, usize), f32, Cpu> =
        device.sample_normal_like(&(BATCH, 3, 8 * ROWS, 8 * COLUMNS));
    let labels = batch()?.1;
    let loss = BellmanFordLoss::<ROWS, COLUMNS, false>::new(BETA, ROUNDS, ROUNDS, true).curvature(curvature);
    let mut grads = net.alloc_grads();
    let mut times = Vec::new();
    for _ in 0..STEPS {
        let start = Instant::now();
        let costs = net.try_forward_mut(images.clone().traced(grads))?;
        let value = loss.apply(costs, &labels)?;
        grads = value.backward();
        optimizer.update(&mut net, &grads).map_err(|e| anyhow::anyhow!("Adam: {e:?}"))?;
        net.zero_grads(&mut grads);
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[STEPS / 2])
}

fn main() -> Result<()> {
    let mut peer = if flag("--alone") { None } else { Some(Peer::start("bellman_ford")?) };
    if let Some(peer) = &mut peer {
        println!("peer: {}", peer.ask(&json!({ "what": "versions" }))?["versions"]);
    }
    println!("{ROWS} x {COLUMNS} cells, batch {BATCH}, {ROUNDS} rounds, f32");
    compare::<false>(true, peer.as_mut())?;
    compare::<false>(false, peer.as_mut())?;
    compare::<true>(true, peer.as_mut())?;
    compare::<true>(false, peer.as_mut())?;
    drop(peer);
    let baseline = step(Curvature::None)?;
    println!("training step of the network, gradient: {baseline:.3} s");
    for (name, curvature) in [("Fisher", Curvature::Fisher), ("Hessian", Curvature::Hessian)] {
        let seconds = step(curvature)?;
        println!(
            "training step of the network, {name}: {seconds:.3} s, {:+.0} %",
            100.0 * (seconds / baseline - 1.0)
        );
    }
    Ok(())
}
