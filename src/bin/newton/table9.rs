//! The paper's Table 9: InjectFisher on a network of ReLU layers that a convex program defines.
//!
//! The program `min ||z - W x - b||^2` over `z >= 0` has the solution `relu(W x + b)`, so that no solver is needed. Parameters are repeated for
//! every sample; between the parameters `[vec W; b]` of a layer and the layer stands InjectFisher, which preconditions the samples' gradients before
//! they are summed up. The last, linear layer has none. Setting: 300 samples of 20 normal numbers with a normal target, mean squared error, full batch, Adam with 0.01. How many iterations the paper's
//! table has is not published; about 50 fit its numbers.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::ensure;
use clap::Args;
use newton_losses::newton::{Reduction, inject_fisher};
use newton_losses::train::mean;

use crate::csv_file;

const SAMPLES: usize = 300;
const WIDTH: usize = 20;
/// Of a ReLU layer: its matrix, then its bias.
const LAYER: usize = WIDTH * WIDTH + WIDTH;
/// Of the last layer.
const OUTPUT: usize = WIDTH + 1;

#[derive(Debug, Args)]
pub struct Options {
    /// Networks and data to train on, each with and without
    #[arg(long, default_value_t = 6)]
    seeds: u64,
    /// Steps of Adam
    #[arg(long, default_value_t = 50)]
    iterations: usize,
    /// Tikhonov term of InjectFisher
    #[arg(long, default_value_t = 0.1)]
    lambda: f64,
    /// A CSV file of all losses, or the directory for `table9.csv`; `newton report` shows what lies there
    #[arg(long, value_name = "DIR or FILE.csv")]
    out: Option<PathBuf>,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
}

pub fn command(options: &Options) -> anyhow::Result<ExitCode> {
    ensure!((1..=1000).contains(&options.seeds), "`seeds` is {}, expected 1 to 1000", options.seeds);
    ensure!(
        (1..=100_000).contains(&options.iterations),
        "`iterations` is {}, expected 1 to 100 000",
        options.iterations
    );
    let mut csv = "seed,method,iteration,loss,lambda\n".to_owned();
    let mut last = [Vec::new(), Vec::new()];
    for seed in 0..options.seeds {
        for (method, lambda) in [None, Some(options.lambda)].into_iter().enumerate() {
            let losses = train(seed, options.iterations, lambda)?;
            for (iteration, loss) in losses.iter().enumerate() {
                let name = ["baseline", "inject_fisher"][method];
                let lambda = lambda.map(|lambda| lambda.to_string()).unwrap_or_default();
                // Writing to a String cannot fail.
                let _ = writeln!(csv, "{seed},{name},{},{loss},{lambda}", iteration + 1);
            }
            last[method].extend(losses.last().copied());
        }
    }
    let file = options.out.as_ref().map(|out| csv_file::write(out, "table9.csv", &csv)).transpose()?;
    let mut out = std::io::stdout().lock();
    let [baseline, fisher] = &last;
    if options.json {
        let object = serde_json::json!({
            "iterations": options.iterations, "lambda": options.lambda, "baseline": baseline, "inject_fisher": fisher,
        });
        writeln!(out, "{object}")?;
    } else {
        writeln!(out, "mean squared error before step {}, lambda = {}", options.iterations, options.lambda)?;
        writeln!(out, "{:<6}{:>10}{:>14}", "seed", "baseline", "InjectFisher")?;
        for (seed, (baseline, fisher)) in baseline.iter().zip(fisher).enumerate() {
            writeln!(out, "{seed:<6}{baseline:>10.4}{fisher:>14.4}")?;
        }
        writeln!(out, "{:<6}{:>10.4}{:>14.4}", "mean", mean(baseline), mean(fisher))?;
        if let Some(file) = file {
            writeln!(out, "{}", file.display())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The loss before each step.
fn train(seed: u64, iterations: usize, lambda: Option<f64>) -> anyhow::Result<Vec<f64>> {
    let mut normal = Normal::new(seed);
    let x: Vec<f64> = (0..SAMPLES * WIDTH).map(|_| normal.next()).collect();
    let y: Vec<f64> = (0..SAMPLES).map(|_| normal.next()).collect();
    let mut network = Network::new(&mut normal);
    let mut adam = Adam::new(2 * LAYER + OUTPUT);
    let mut losses = Vec::with_capacity(iterations);
    for _ in 0..iterations {
        let (loss, gradient) = network.gradient(&x, &y, lambda)?;
        losses.push(loss);
        adam.step(&mut network.0, &gradient);
    }
    Ok(losses)
}

/// Two ReLU layers and a linear one: their parameters one after the other.
struct Network(Vec<f64>);

impl Network {
    /// The layers' as in the notebook, 0.001 times normal; the last one's as torch's default.
    fn new(normal: &mut Normal) -> Self {
        let mut parameters: Vec<f64> = (0..2 * LAYER).map(|_| 1e-3 * normal.next()).collect();
        let bound = 1.0 / (WIDTH as f64).sqrt();
        parameters.extend((0..OUTPUT).map(|_| bound * (2.0 * normal.uniform() - 1.0)));
        Self(parameters)
    }

    /// Mean squared error, and the gradient of all parameters.
    fn gradient(&self, x: &[f64], y: &[f64], lambda: Option<f64>) -> anyhow::Result<(f64, Vec<f64>)> {
        let (first, rest) = self.0.split_at(LAYER);
        let (second, output) = rest.split_at(LAYER);
        let mut loss = 0.0;
        let mut of_output = vec![0.0; OUTPUT];
        // One row for each sample.
        let (mut of_first, mut of_second) = (vec![0.0; SAMPLES * LAYER], vec![0.0; SAMPLES * LAYER]);
        for sample in 0..SAMPLES {
            let x = &x[sample * WIDTH..][..WIDTH];
            let h1 = relu_layer(first, x);
            let h2 = relu_layer(second, &h1);
            let z: f64 = output[WIDTH] + h2.iter().zip(output).map(|(h, w)| h * w).sum::<f64>();
            let error = z - y[sample];
            loss += error * error / SAMPLES as f64;
            // Of the batch mean.
            let g = 2.0 * error / SAMPLES as f64;
            for i in 0..WIDTH {
                of_output[i] += g * h2[i];
            }
            of_output[WIDTH] += g;
            let g2: Vec<f64> = (0..WIDTH).map(|i| if h2[i] > 0.0 { g * output[i] } else { 0.0 }).collect();
            let g1: Vec<f64> = (0..WIDTH)
                .map(|j| {
                    let back: f64 = (0..WIDTH).map(|i| g2[i] * second[i * WIDTH + j]).sum();
                    if h1[j] > 0.0 { back } else { 0.0 }
                })
                .collect();
            outer(&g2, &h1, &mut of_second[sample * LAYER..][..LAYER]);
            outer(&g1, x, &mut of_first[sample * LAYER..][..LAYER]);
        }
        let mut gradient = Vec::with_capacity(self.0.len());
        for rows in [of_first, of_second] {
            let rows = match lambda {
                Some(lambda) => inject_fisher(lambda, &rows, LAYER, Reduction::Mean)?,
                None => rows,
            };
            gradient.extend((0..LAYER).map(|k| rows.iter().skip(k).step_by(LAYER).sum::<f64>()));
        }
        gradient.extend(of_output);
        Ok((loss, gradient))
    }
}

fn relu_layer(layer: &[f64], x: &[f64]) -> Vec<f64> {
    let (weights, bias) = layer.split_at(WIDTH * WIDTH);
    let row = |(row, b): (&[f64], &f64)| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + b;
    weights.chunks_exact(WIDTH).zip(bias).map(|of| row(of).max(0.0)).collect()
}

/// The gradient of `[vec W; b]` of one sample.
fn outer(g: &[f64], x: &[f64], into: &mut [f64]) {
    for (i, g) in g.iter().enumerate() {
        for (j, x) in x.iter().enumerate() {
            into[i * WIDTH + j] = g * x;
        }
        into[WIDTH * WIDTH + i] = *g;
    }
}

/// With 0.01, otherwise torch's defaults.
struct Adam {
    moments: Vec<(f64, f64)>,
    steps: i32,
}

impl Adam {
    fn new(parameters: usize) -> Self {
        Self { moments: vec![(0.0, 0.0); parameters], steps: 0 }
    }

    fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        self.steps += 1;
        let (first, second) = (1.0 - 0.9_f64.powi(self.steps), 1.0 - 0.999_f64.powi(self.steps));
        for ((p, g), (m, v)) in parameters.iter_mut().zip(gradient).zip(&mut self.moments) {
            *m = 0.9 * *m + 0.1 * g;
            *v = 0.999 * *v + 0.001 * g * g;
            *p -= 0.01 * (*m / first) / ((*v / second).sqrt() + 1e-8);
        }
    }
}

/// SplitMix64 and Box and Muller's transform.
struct Normal(u64);

impl Normal {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xD134_2543_DE82_EF95))
    }

    /// In (0, 1).
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (((z ^ (z >> 31)) >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    fn next(&mut self) -> f64 {
        let (radius, angle) = ((-2.0 * self.uniform().ln()).sqrt(), std::f64::consts::TAU * self.uniform());
        radius * angle.cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let mut normal = Normal::new(3);
        let x: Vec<f64> = (0..SAMPLES * WIDTH).map(|_| normal.next()).collect();
        let y: Vec<f64> = (0..SAMPLES).map(|_| normal.next()).collect();
        // Weights large enough that no unit is dead.
        let mut network = Network::new(&mut normal);
        network.0.iter_mut().for_each(|p| *p += 0.2 * normal.next());
        let (_, gradient) = network.gradient(&x, &y, None).expect("a gradient");
        for k in [0, 7, 399, 405, LAYER + 3, 2 * LAYER - 1, 2 * LAYER + 4, 2 * LAYER + WIDTH] {
            let mut moved = |by: f64| {
                network.0[k] += by;
                let loss = network.gradient(&x, &y, None).expect("a loss").0;
                network.0[k] -= by;
                loss
            };
            let difference = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert!((difference - gradient[k]).abs() < 1e-6, "{k}: {difference} {}", gradient[k]);
        }
        // A large lambda only shrinks the layers' gradients; a small one turns them.
        let (_, shrunk) = network.gradient(&x, &y, Some(1e9)).expect("a gradient");
        let same = |a: &f64, b: &f64| (1e9 * a - b).abs() < 1e-6;
        assert!(shrunk[..2 * LAYER].iter().zip(&gradient).all(|(a, b)| same(a, b)));
        let (_, turned) = network.gradient(&x, &y, Some(0.1)).expect("a gradient");
        assert!(!turned[..2 * LAYER].iter().zip(&gradient).all(|(a, b)| (0.1 * a - b).abs() < 1e-6));
        assert_eq!(turned[2 * LAYER..], gradient[2 * LAYER..], "the last layer has none");
    }

    #[test]
    fn inject_fisher_learns_faster() {
        // On the mean: single seeds go either way, in the paper as well.
        let losses = |lambda| {
            let last = (0..3).map(|seed| train(seed, 25, lambda).expect("finite").pop().expect("a loss"));
            mean(&last.collect::<Vec<_>>())
        };
        let (baseline, fisher) = (losses(None), losses(Some(0.1)));
        assert!(fisher < baseline - 0.02 && baseline < 1.0, "{fisher} {baseline}");
    }
}
