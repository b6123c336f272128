//! Times shortest paths of a batch of small grids against the heap in Python that published baselines use, and against SciPy.
//!
//! `cargo bench --bench shortest_path`; `-- --alone` for ours alone, `-- --sizes` for grids of other sizes, ours alone; `-- --steps` for training
//! steps with losses under noise. See the README beside this file.

#[allow(dead_code)]
#[path = "../shared/mod.rs"]
mod shared;
mod step;

use anyhow::{Context, Result, ensure};
use newton_losses::algorithms::{BatchDijkstra, Dijkstra};
use newton_losses::smoothing::Noise;
use rayon::ThreadPoolBuilder;
use serde_json::{Value, json};
use shared::{Peer, flag, median_seconds, numbers};

/// The benchmark's: maps of a batch, samples of each, cells down and across.
const MAPS: usize = 70;
const SAMPLES: usize = 30;
const SIDE: usize = 12;
const GRIDS: usize = MAPS * SAMPLES;
/// What the Warcraft maps' terrains cost, and the noise on it.
const TERRAIN: [f64; 5] = [0.8, 1.2, 5.3, 7.7, 9.2];
const SCALE: f64 = 0.1;
/// Seconds that our median is taken over, turns of ours and the peers'.
const SECONDS: f64 = 1.0;
const TURNS: usize = 3;

/// `SAMPLES` perturbations of each of so many maps; `level` is subtracted from all costs.
fn perturbed(maps: usize, side: usize, level: f64) -> Result<Vec<f32>> {
    let mut state = 1_u64;
    let noise = Noise { seed: 3, ..Noise::gaussian(SCALE, SAMPLES) };
    let mut costs = Vec::new();
    for map in 0..maps {
        let cells: Vec<f64> = (0..side * side)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                TERRAIN[(state >> 40) as usize % TERRAIN.len()] - level
            })
            .collect();
        for drawn in noise.draw(0, map as u64, cells.len())?.chunks(cells.len()) {
            costs.extend(cells.iter().zip(drawn).map(|(cost, z)| (cost + SCALE * z) as f32));
        }
    }
    Ok(costs)
}

/// Microseconds a grid: on one core and on all, and one by one.
fn ours(side: usize, costs: &[f32], paths: &mut [u8]) -> Result<[f64; 3]> {
    let cells = side * side;
    let grids = costs.len() / cells;
    let one = ThreadPoolBuilder::new().num_threads(1).build()?;
    let batch = BatchDijkstra::new(side, side)?;
    let mut single = Dijkstra::new(side, side)?;
    let mut by_one = vec![0_u8; costs.len()];
    let seconds = [
        one.install(|| median_seconds(SECONDS, || Ok(batch.solve(costs, paths)?)))?,
        median_seconds(SECONDS, || Ok(batch.solve(costs, paths)?))?,
        median_seconds(SECONDS, || {
            for (costs, path) in costs.chunks(cells).zip(by_one.chunks_mut(cells)) {
                single.solve(costs, path)?;
            }
            Ok(())
        })?,
    ];
    ensure!(paths == by_one, "batches and single grids differ");
    Ok(seconds.map(|seconds| seconds / grids as f64 * 1e6))
}

/// How many grids get another path, of the same cost up to rounding; an error where it is not.
fn near_ties(costs: &[f32], ours: &[u8], theirs: &[f64]) -> Result<usize> {
    ensure!(ours.len() == theirs.len(), "{} cells against {}", ours.len(), theirs.len());
    let mut others = 0;
    let cells = SIDE * SIDE;
    for grid in 0..costs.len() / cells {
        let range = grid * cells..(grid + 1) * cells;
        let (mut mine, mut other, mut same) = (0.0, 0.0, true);
        for i in range {
            mine += f64::from(costs[i]) * f64::from(ours[i]);
            other += f64::from(costs[i]) * theirs[i];
            same &= f64::from(ours[i]) == theirs[i];
        }
        ensure!((mine - other).abs() < 1e-5 * mine, "grid {grid}: our path costs {mine}, theirs {other}");
        others += usize::from(!same);
    }
    Ok(others)
}

fn ask(peer: &mut Peer, request: &Value) -> Result<Value> {
    let answer = peer.ask(request)?;
    ensure!(answer["error"].is_null(), "the peer: {}", answer["error"]);
    Ok(answer)
}

fn main() -> Result<()> {
    if flag("--steps") {
        return step::steps();
    }
    if flag("--sizes") {
        for side in [5, 12, 18, 24, 30, 60] {
            for (name, level) in [("positive", 0.0), ("cheapest terrain about 0", 0.8)] {
                let costs = perturbed((10_080 / (side * side)).clamp(3, MAPS), side, level)?;
                let [one, all, single] = ours(side, &costs, &mut vec![0; costs.len()])?;
                println!(
                    "{side:2} x {side:2}, {name:<24} {one:9.3} us on one core, {all:9.3} us on all, {single:9.3} us one by one"
                );
            }
        }
        return Ok(());
    }
    let costs = perturbed(MAPS, SIDE, 0.0)?;
    let mut paths = vec![0_u8; costs.len()];
    let cores = std::thread::available_parallelism()?.get();
    println!("{GRIDS} grids of {SIDE} x {SIDE}, f32, {cores} cores; microseconds a grid");
    let mut best = [f64::INFINITY; 3];
    let mut peer = if flag("--alone") { None } else { Some(Peer::start("shortest_path")?) };
    let peers = [
        ("heap, NumPy arrays", json!({ "what": "arrays" })),
        ("heap, NumPy arrays, all cores", json!({ "what": "arrays", "processes": cores })),
        ("heap, lists", json!({ "what": "lists" })),
        ("heap, lists, all cores", json!({ "what": "lists", "processes": cores })),
        ("SciPy, a grid a call", json!({ "what": "scipy", "chunk": 1 })),
        ("SciPy, 10 grids a call", json!({ "what": "scipy", "chunk": 10 })),
        ("SciPy, 70 grids a call", json!({ "what": "scipy", "chunk": 70 })),
        ("SciPy, 10 grids a call, all cores", json!({ "what": "scipy", "chunk": 10, "processes": cores })),
    ];
    let (mut times, mut ties) = (vec![f64::INFINITY; peers.len()], vec![0; peers.len()]);
    if let Some(peer) = &mut peer {
        println!("peers: {}", ask(peer, &json!({ "what": "versions" }))?["versions"]);
        ask(peer, &json!({ "what": "costs", "costs": costs, "rows": SIDE, "columns": SIDE }))?;
    }
    for _ in 0..TURNS {
        let found = ours(SIDE, &costs, &mut paths)?;
        best = std::array::from_fn(|i| best[i].min(found[i]));
        let Some(peer) = &mut peer else { continue };
        for (k, (_, request)) in peers.iter().enumerate() {
            let answer = ask(peer, request)?;
            ties[k] = near_ties(&costs, &paths, &numbers(&answer["paths"])?)?;
            let seconds = answer["seconds"].as_f64().context("no time")?;
            times[k] = times[k].min(seconds / GRIDS as f64 * 1e6);
        }
    }
    let [one, all, single] = best;
    println!("ours: {one:.3} on one core, {all:.3} on all, {single:.3} one by one on one core");
    for (k, (name, _)) in peers.iter().enumerate().filter(|_| peer.is_some()) {
        let (time, others) = (times[k], ties[k]);
        println!(
            "{name:<34} {time:8.1}   {:6.0} times ours on one core, {:6.0} on all; {others} near-ties with other paths",
            time / one,
            time / all
        );
    }
    Ok(())
}
