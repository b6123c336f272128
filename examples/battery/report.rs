//! What the runs say: table and JSON; and the search for learning rates.

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use newton_losses::loss::NewtonLoss;
use newton_losses::newton::Curvature;
use serde_json::json;

use crate::{Args, Loss, Method, Run, methods, train};

/// Trains all methods and prints a table.
pub fn compare(args: &Args) -> Result<()> {
    let methods = methods();
    let style = ProgressStyle::with_template("{msg:22} {wide_bar} {pos}/{len}")?;
    let bar = ProgressBar::new(args.seeds * methods.len() as u64).with_style(style);
    let mut all: Vec<(Method, Vec<Run>)> = methods.into_iter().map(|method| (method, Vec::new())).collect();
    // Seeds outside, so that a busy machine slows all methods alike.
    for seed in 1..=args.seeds {
        for (method, runs) in &mut all {
            bar.set_message(method.name);
            runs.push(train(method, seed, args)?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    println!(
        "earned: by the schedules, % of what who knew the prices would earn; on 300 days not learned from\n"
    );
    println!(
        "{:22} {:>6} {:>8} {:>16} {:>12} {:>8}",
        "method", "rate", "earned", "lowest, highest", "prices off", "ms/step"
    );
    let mut rows = Vec::new();
    for (method, runs) in &all {
        let mean = |of: fn(&Run) -> f64| runs.iter().map(of).sum::<f64>() / runs.len() as f64;
        let (earned, off) = (mean(|run| run.earned), mean(|run| run.off));
        let low = runs.iter().map(|run| run.earned).fold(f64::INFINITY, f64::min);
        let high = runs.iter().map(|run| run.earned).fold(f64::NEG_INFINITY, f64::max);
        // The fastest run is the one that other programs disturbed least.
        let ms = runs.iter().map(|run| run.ms_per_step).fold(f64::INFINITY, f64::min);
        let spread = format!("{:.1}, {:.1}", 100.0 * low, 100.0 * high);
        println!(
            "{:22} {:>6} {:>6.1} % {spread:>16} {off:>7.1} EUR {ms:>8.1}",
            method.name,
            method.rate,
            100.0 * earned
        );
        let curves: Vec<_> = runs.iter().map(|run| &run.curve).collect();
        rows.push(json!({
            "method": method.name, "rate": method.rate, "earned": earned, "lowest": low, "highest": high,
            "prices_off": off, "ms_per_step": ms, "curves": curves,
        }));
    }
    if args.json {
        println!(
            "{}",
            json!({ "seeds": args.seeds, "steps": args.steps, "days": args.days, "methods": rows })
        );
    }
    Ok(())
}

/// Every method at every learning rate and lambda of the grid, on seeds that the comparison does not use.
pub fn search(args: &Args) -> Result<()> {
    println!("earned after {} steps, %, mean of two seeds, for each learning rate", args.steps);
    for method in methods() {
        let curvature = match &method.loss {
            Loss::Prices => Curvature::None,
            Loss::Schedule(loss) => loss.newton().curvature,
            Loss::Bill(loss) => loss.newton().curvature,
        };
        let lambdas: &[f64] = match (&method.loss, curvature) {
            (_, Curvature::None) => &[0.0],
            (Loss::Bill(_), _) => &[1.0, 10.0, 100.0],
            _ => &[0.001, 0.01, 0.1],
        };
        for &lambda in lambdas {
            print!("{:22} lambda {lambda:<6}", method.name);
            for rate in [1e-3, 3e-3, 1e-2, 3e-2] {
                let loss = match &method.loss {
                    Loss::Prices => Loss::Prices,
                    Loss::Schedule(loss) => Loss::Schedule(loss.clone().lambda(lambda)),
                    Loss::Bill(loss) => Loss::Bill(loss.clone().lambda(lambda)),
                };
                let tried = Method { name: method.name, loss, rate };
                let mut earned = 0.0;
                for seed in [1001, 1002] {
                    earned += 50.0 * train(&tried, seed, args)?.earned;
                }
                print!("  {rate}: {earned:.1}");
            }
            println!();
        }
    }
    Ok(())
}
