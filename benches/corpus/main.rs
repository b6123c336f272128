//! Mean Hessian of five losses of the test corpus in f32, against JAX on the same numbers in the same run.
//!
//! `cargo bench --bench corpus` measures both; `-- --alone` leaves JAX out, `-- --only ctc` measures one loss,
//! `-- --venv DIR` says where the peer's Python is, `-- --seconds 0.1` measures less, `-- --tune` searches for JAX's best
//! formulations again. README.md has the figures.
#![allow(non_snake_case)]

#[path = "../../tests/corpus/losses"]
#[allow(dead_code)]
mod losses {
    pub mod chains;
    pub mod fixed_points;
    pub mod grids;
    pub mod helpers;
    pub mod integrators;
    pub mod ranking;
}
#[path = "../shared/mod.rs"]
mod shared;

use anyhow::{Context, Result, ensure};
use losses::{chains, fixed_points, grids, integrators, ranking};
use newton_losses::loss::NewtonLoss;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use shared::{Peer, argument, deviation, flag, median_seconds, numbers};
use std::process::Command;

/// Relative to the largest entry: how far the two sides' Hessians may be apart.
const TOLERANCE: f64 = 1e-3;
/// Set, to how many, for the processes that measure with another number of threads.
const THREADS: &str = "RAYON_NUM_THREADS";

fn main() -> Result<()> {
    if flag("--flat") {
        return every_loss(&mut Flat);
    }
    let peer = if flag("--alone") { None } else { Some(Peer::start("corpus")?) };
    let mut versus = Versus { peer, ratios: Vec::new() };
    println!(
        "{:<19} {:>3} {:>6} {:>10}  JAX: ms, times ours, of vmap(hessian); columns; columns, batch last; another algorithm",
        "loss", "m", "batch", "ours (ms)"
    );
    every_loss(&mut versus)?;
    versus.summary();

    println!("\n{:<19} {:>8} {:>36}", "loss", "threads", "us per sample at 100, 1000, 10000");
    for threads in ["1", "2"] {
        let mut again = Command::new(std::env::current_exe()?);
        again.arg("--flat").args(std::env::args().skip(1)).env(THREADS, threads);
        ensure!(again.status()?.success(), "the run with {threads} threads failed");
    }
    Ok(())
}

/// What to do with each loss.
trait Measure {
    fn loss<L: NewtonLoss<f32>>(&mut self, case: Case<'_, L>) -> Result<()>;
}

/// A loss and random inputs for it.
struct Case<'a, L: NewtonLoss<f32>> {
    name: &'a str,
    loss: L,
    /// The rest of what the peer needs to build the same loss.
    hypers: Value,
    /// A prediction and its label.
    draw: fn(&mut Random) -> (Vec<f32>, L::Label),
    /// The label as named arrays.
    describe: fn(&L::Label) -> Value,
}

impl<L: NewtonLoss<f32>> Case<'_, L> {
    fn batch(&self, n: usize) -> (Vec<f32>, Vec<L::Label>) {
        let mut random = Random(ChaCha8Rng::seed_from_u64(7));
        let (y, labels): (Vec<_>, Vec<_>) = (0..n).map(|_| (self.draw)(&mut random)).unzip();
        (y.concat(), labels)
    }

    fn ours(&self, y: &[f32], labels: &[L::Label]) -> Result<f64> {
        median_seconds(seconds(), || {
            std::hint::black_box(self.loss.mean_hessian(y, labels)?);
            Ok(())
        })
    }
}

fn every_loss(measure: &mut impl Measure) -> Result<()> {
    measure.loss(Case {
        name: "shortest_path",
        loss: grids::ShortestPath::<5, 6>::new(0.5),
        hypers: json!({"shape": [5, 6], "gamma": 0.5}),
        draw: |r| (r.normals(30), r.walk()),
        describe: |shown: &[[bool; 6]; 5]| json!({"demonstrated": shown}),
    })?;
    measure.loss(Case {
        name: "sinkhorn_transport",
        loss: fixed_points::SinkhornTransport::<4, 5>::new(0.5, 20),
        hypers: json!({"shape": [4, 5], "epsilon": 0.5, "steps": 20}),
        draw: |r| {
            let y = (0..20).map(|_| 1.5 * r.uniform()).collect();
            let plan: [f32; 20] = r.simplex();
            let plan = std::array::from_fn(|i| std::array::from_fn(|j| plan[5 * i + j]));
            (y, (plan, r.simplex(), r.simplex()))
        },
        describe: |(plan, rows, columns): &([[f32; 5]; 4], [f32; 4], [f32; 5])| {
            json!({"plan": plan, "rows": rows, "columns": columns})
        },
    })?;
    measure.loss(Case {
        name: "spring_chain",
        loss: integrators::SpringChain::<7>::new(200, 1.0 / 16.0, 0.5),
        hypers: json!({"shape": [7], "steps": 200, "dt": 1.0 / 16.0, "cubic": 0.5}),
        draw: |r| (r.normals(7).iter().map(|v| 0.6 * v).collect(), r.normals(7).try_into().expect("seven")),
        describe: |shape: &[f32; 7]| json!({"goal": shape}),
    })?;
    measure.loss(Case {
        name: "approx_ndcg",
        loss: ranking::ApproxNdcg::<16>::new(2.0),
        hypers: json!({"shape": [16], "alpha": 2.0}),
        // Few are relevant; one always is.
        draw: |r| {
            let (y, best) = (r.normals(16), r.below(16));
            (y, std::array::from_fn(|i| if i == best { 4 } else { r.below(10).saturating_sub(5) as u8 }))
        },
        describe: |grade: &[u8; 16]| json!({"grade": grade}),
    })?;
    measure.loss(Case {
        name: "ctc",
        loss: chains::Ctc::<8, 5, 3, 7>::new(),
        hypers: json!({"shape": [8, 5]}),
        draw: |r| (r.normals(40), std::array::from_fn(|_| 1 + r.below(4))),
        describe: |target: &[usize; 3]| json!({"target": target}),
    })
}

/// Against JAX, all cores on both sides.
struct Versus {
    peer: Option<Peer>,
    /// Of the other side's time to ours: per formulation, best of the same algorithm, best of all.
    ratios: Vec<Vec<(String, f64)>>,
}

impl Measure for Versus {
    fn loss<L: NewtonLoss<f32>>(&mut self, case: Case<'_, L>) -> Result<()> {
        if argument("--only").is_some_and(|only| only != case.name) {
            return Ok(());
        }
        for n in [100, 1000] {
            let (y, labels) = case.batch(n);
            let hessian = case.loss.mean_hessian(&y, &labels)?;
            let described: Vec<Value> = labels.iter().map(case.describe).collect();
            let mut answer = json!({"families": []});
            // The peer compares every formulation with our Hessian before it times it; here the other way round.
            if let Some(peer) = &mut self.peer {
                answer = peer.ask(&json!({
                    "loss": case.name, "batch": n, "hypers": case.hypers, "seconds": seconds(),
                    "y": y, "labels": described, "hessian": hessian, "tolerance": TOLERANCE,
                    "tune": flag("--tune"),
                }))?;
                ensure!(answer.get("error").is_none(), "the peer: {}", answer["error"]);
                let off = deviation(&hessian, &numbers(&answer["hessian"])?)?;
                ensure!(off < TOLERANCE, "{} of {n}: the mean Hessians differ by {off:e}", case.name);
            }
            let ours = case.ours(&y, &labels)?;
            print!("{:<19} {:>3} {n:>6} {:>10.4}", case.name, case.loss.dim(), ours * 1e3);
            let (mut ratios, mut plans) = (Vec::new(), Vec::new());
            for family in answer["families"].as_array().context("no families")? {
                let (name, theirs) = (family["name"].as_str(), family["seconds"].as_f64());
                let (name, theirs) = (name.context("no name")?, theirs.context("no time")?);
                print!("  {:>9.4} {:>6.1}x", theirs * 1e3, theirs / ours);
                plans.push(format!("{name}: {}", family["plan"].as_str().unwrap_or("?")));
                ratios.push((name.to_owned(), theirs / ours));
            }
            println!();
            plans.iter().for_each(|plan| println!("    {plan}"));
            if self.peer.is_some() {
                let least = |among: &dyn Fn(&str) -> bool| {
                    let chosen = ratios.iter().filter(|(name, _)| among(name)).map(|(_, ratio)| *ratio);
                    chosen.fold(f64::INFINITY, f64::min)
                };
                let (same, all) = (least(&|name| name != "another algorithm"), least(&|_| true));
                println!("    best of the same algorithm {same:.1}x, best of all {all:.1}x");
                ratios.push(("best of the same algorithm".to_owned(), same));
                ratios.push(("best of all".to_owned(), all));
                self.ratios.push(ratios);
            }
        }
        Ok(())
    }
}

impl Versus {
    fn summary(&self) {
        for what in ["vmap(hessian)", "best of the same algorithm", "best of all"] {
            let logarithms: Vec<f64> =
                self.ratios.iter().flatten().filter(|(name, _)| name == what).map(|(_, r)| r.ln()).collect();
            if !logarithms.is_empty() {
                let mean = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
                println!("geometric mean, {what}: {:.1}x", mean.exp());
            }
        }
    }
}

/// Ours alone, at larger and larger batches.
struct Flat;

impl Measure for Flat {
    fn loss<L: NewtonLoss<f32>>(&mut self, case: Case<'_, L>) -> Result<()> {
        if argument("--only").is_some_and(|only| only != case.name) {
            return Ok(());
        }
        print!("{:<19} {:>8}", case.name, std::env::var(THREADS)?);
        for n in [100, 1000, 10_000] {
            let (y, labels) = case.batch(n);
            print!(" {:>11.4}", case.ours(&y, &labels)? * 1e6 / n as f64);
        }
        println!();
        Ok(())
    }
}

/// How long each side measures one formulation of one case.
fn seconds() -> f64 {
    argument("--seconds").and_then(|s| s.parse().ok()).unwrap_or(1.0)
}

/// Random numbers.
struct Random(ChaCha8Rng);

impl Random {
    fn uniform(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32
    }

    fn below(&mut self, n: usize) -> usize {
        self.0.next_u32() as usize % n
    }

    /// Nearly normal: the sum of twelve.
    fn normals(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0).collect()
    }

    /// Positive numbers that sum to one.
    fn simplex<const N: usize>(&mut self) -> [f32; N] {
        let x: [f32; N] = std::array::from_fn(|_| 0.3 + 0.7 * self.uniform());
        let total: f32 = x.iter().sum();
        x.map(|x| x / total)
    }

    /// The cells of a path from corner to corner.
    fn walk<const H: usize, const W: usize>(&mut self) -> [[bool; W]; H] {
        let mut shown = [[false; W]; H];
        let (mut row, mut column) = (0, 0);
        loop {
            shown[row][column] = true;
            if (row, column) == (H - 1, W - 1) {
                return shown;
            }
            let step = self.below(3);
            row = (row + usize::from(step != 1)).min(H - 1);
            column = (column + usize::from(step != 0)).min(W - 1);
        }
    }
}
