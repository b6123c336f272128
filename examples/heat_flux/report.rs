//! What the runs say: table, picture, JSON; and the search for learning rates.

use newton_losses::loss::NewtonLoss;
use newton_losses::newton::Curvature;
use newton_losses::train::{History, Plot, Unit};
use serde_json::json;

use crate::{Args, Method, Run, methods, train};

/// Prints the table and writes the picture and all measurements.
pub fn report(args: &Args, all: &[(Method, Vec<Run>)]) -> anyhow::Result<()> {
    let mut history = History::new(["error"]);
    let mut rows = Vec::new();
    // The mark is where the first method ends: the plain gradient with Adam.
    let mark = median(all[0].1.iter().map(Run::error));
    println!(
        "{:21} {:>6} {:>11} {:>16} {:>13} {:>9} {:>8}",
        "method", "rate", "flux error", "lowest, highest", "steps to mark", "misses by", "ms/step"
    );
    for (method, runs) in all {
        for (seed, run) in (1..).zip(runs) {
            for (step, error) in &run.curve {
                history.record(method.name, seed, *step, &[*error])?;
            }
        }
        let error = median(runs.iter().map(Run::error));
        let low = runs.iter().map(Run::error).fold(f64::INFINITY, f64::min);
        let high = runs.iter().map(Run::error).fold(0.0, f64::max);
        let steps = median(runs.iter().map(|run| run.steps_to(mark)));
        let miss = median(runs.iter().map(|run| run.miss));
        // The fastest run is the one that other programs disturbed least.
        let ms = runs.iter().map(|run| run.ms_per_step).fold(f64::INFINITY, f64::min);
        let spread = format!("{:.1}, {:.1}", 100.0 * low, 100.0 * high);
        let reached = if steps.is_finite() { steps.to_string() } else { "not reached".into() };
        let (name, rate, percent) = (method.name, method.rate, 100.0 * error);
        println!("{name:21} {rate:>6} {percent:>9.1} % {spread:>16} {reached:>13} {miss:>9.4} {ms:>8.2}");
        rows.push(json!({
            "method": name, "rate": rate, "error": error, "lowest": low, "highest": high,
            "steps_to_mark": steps, "miss": miss, "ms_per_step": ms,
        }));
    }
    println!(
        "\nThe mark is where the first method ends. The Hessian needs far fewer steps, since at any rate the plain gradient\n\
         moves slowly where the flux hardly shows; it pays for them in ms/step. In the loss itself (\"misses by\") all are\n\
         alike, and with the sensor at the surface (--sensor 0) there is little to gain."
    );
    std::fs::create_dir_all(&args.out)?;
    history.save_csv(&args.out.join("history.csv"))?;
    let mut curves = history.curves("error").unwrap_or_default();
    for curve in &mut curves {
        // The wild first steps would flatten all that follows.
        curve.points.retain(|point| 10 * point.step >= args.steps);
    }
    Plot::new("Heat flux from a thermocouple in the wall", "relative error of the flux", Unit::Percent)
        .subtitle(format!("held out; mean, lowest and highest of {} seeds", args.seeds))
        .save(&curves, &args.out.join("error.svg"))?;
    println!("Picture and measurements: {}", args.out.display());
    if args.json {
        let (seeds, steps, sensor) = (args.seeds, args.steps, args.sensor);
        println!(
            "{}",
            json!({"seeds": seeds, "steps": steps, "sensor": sensor, "mark": mark, "methods": rows})
        );
    }
    Ok(())
}

/// Every method at every learning rate and lambda of the grid, on seeds that the comparison does not use.
pub fn search(args: &Args) -> anyhow::Result<()> {
    println!("error of the flux after {} steps, mean of two seeds, for each learning rate", args.steps);
    for method in methods(args.sensor) {
        let curved = method
            .loss
            .as_ref()
            .is_some_and(|loss| NewtonLoss::<f32>::newton(loss).curvature != Curvature::None);
        let lambdas: &[f64] = if curved { &[1e-2, 1e-3, 1e-4] } else { &[0.0] };
        let rates: &[f64] = match method.adam {
            true => &[3e-4, 1e-3, 3e-3, 1e-2, 3e-2],
            false => &[1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0],
        };
        for &lambda in lambdas {
            print!("{:21} lambda {lambda:<6}", method.name);
            for &rate in rates {
                let tried =
                    Method { loss: method.loss.clone().map(|loss| loss.lambda(lambda)), rate, ..method };
                let mut error = 0.0;
                for seed in [1001, 1002] {
                    error += 50.0 * train(&tried, args.sensor, seed, args.steps)?.error();
                }
                print!("  {rate}: {error:.1} %");
            }
            println!();
        }
    }
    Ok(())
}

/// The middle value; of two the lower, so that it is a run's even if others never got there.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) / 2]
}
