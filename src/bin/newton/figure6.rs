//! The paper's Figure 6: gradients of one score along a sweep, in f64 and f32, and what Newton steps make of them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Args;
use newton_losses::cli_losses::gradients_of_five;
use newton_losses::newton::{Newton, OnIndefinite};
use newton_losses::train::sorting::SortingLoss;

use crate::csv_file;

#[derive(Debug, Args)]
pub struct Options {
    /// The CSV file, or the directory for `figure6.csv`; `newton report` draws what lies there
    #[arg(long, value_name = "DIR or FILE.csv", default_value = "runs/figure6.csv")]
    out: PathBuf,
    /// Points of each sweep
    #[arg(long, default_value_t = 161)]
    points: usize,
    /// Tikhonov term of the Newton steps [default: the paper's, per loss]
    #[arg(long)]
    lambda: Option<f64>,
}

/// Losses and what they are computed with, as the golden sweeps have them; the figure's own hyper-parameters are not published.
const LOSSES: [(SortingLoss, f64); 4] = [
    (SortingLoss::NeuralSort, 1.0),
    (SortingLoss::SoftSort, 0.1),
    (SortingLoss::LogisticDsn, 10.0),
    (SortingLoss::CauchyDsn, 10.0),
];
/// Scores of the other four, and how far the second goes to both sides.
const SPREADS: [(&str, [f64; 5], f64); 2] =
    [("small", [5.0, 0.0, 4.0, 8.0, 12.0], 10.0), ("large", [10.0, 0.0, 8.0, 16.0, 24.0], 20.0)];
/// True orders.
const ORDERS: [(&str, [f64; 5]); 2] =
    [("x0<x1<x2<x3<x4", [0.0, 1.0, 2.0, 3.0, 4.0]), ("x2<x0<x1<x3<x4", [1.0, 2.0, 0.0, 3.0, 4.0])];

pub fn command(options: &Options) -> anyhow::Result<ExitCode> {
    ensure!((2..=100_000).contains(&options.points), "`points` is {}, expected 2 to 100 000", options.points);
    let text = csv(options.points, options.lambda)?;
    let file = csv_file::write(&options.out, "figure6.csv", &text)?;
    writeln!(std::io::stdout(), "{}", file.display())?;
    Ok(ExitCode::SUCCESS)
}

/// One row for each loss, spread, order and point: the gradient with respect to x1, and the same entry of the Newton steps whose curvature is
/// that of all points of the sweep.
fn csv(points: usize, lambda: Option<f64>) -> anyhow::Result<String> {
    let mut text = "loss,temperature,spread,order,x1,f64,f32,hessian_f32,fisher_f32\n".to_owned();
    for (loss, temperature) in LOSSES {
        for (spread, base, reach) in SPREADS {
            let x1 = |i: usize| reach * (2.0 * i as f64 / (points - 1) as f64 - 1.0);
            let scores: Vec<f64> =
                (0..points).flat_map(|i| [base[0], x1(i), base[2], base[3], base[4]]).collect();
            for (order, targets) in ORDERS {
                let of = |newton: Newton, in_f64| {
                    gradients_of_five(loss, temperature, newton, in_f64, &scores, targets)
                        .with_context(|| format!("{loss}, {spread} spread, {order}"))
                };
                use newton_losses::train::Method::{Fisher, Hessian};
                let lambda = |method| lambda.unwrap_or(loss.lambda(5, method));
                let wide = of(Newton::none(), true)?.0;
                let hessian = Newton::hessian(lambda(Hessian)).on_indefinite(OnIndefinite::Keep);
                let (narrow, hessian) = of(hessian, false)?;
                let fisher = of(Newton::fisher(lambda(Fisher)), false)?.1;
                for i in 0..points {
                    let k = 5 * i + 1;
                    let (x1, wide, narrow) = (x1(i), wide[k], narrow[k]);
                    // Writing to a String cannot fail.
                    let _ = writeln!(
                        text,
                        "{loss},{temperature},{spread},{order},{x1},{wide},{narrow},{},{}",
                        hessian[k], fisher[k]
                    );
                }
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explosions_are_f32_s_and_newton_steps_have_none() {
        let text = csv(81, None).expect("finite numbers");
        let largest = |loss: &str, spread: &str, column: usize| {
            let rows =
                text.lines().filter(|row| row.starts_with(loss) && row.contains(&format!(",{spread},")));
            let values = rows.filter_map(|row| row.split(',').nth(column)?.parse::<f64>().ok());
            values.fold(0.0_f64, |max, value| max.max(value.abs()))
        };
        for loss in ["neural_sort", "logistic_dsn"] {
            let [wide, narrow, hessian, fisher] = [5, 6, 7, 8].map(|column| largest(loss, "large", column));
            assert!(wide < 2.0 && narrow > 1e3, "{loss}: {wide} {narrow}");
            assert!(hessian.min(fisher) < 1e-2 * narrow, "{loss}: {hessian} {fisher} of {narrow}");
        }
        assert!(largest("neural_sort", "small", 6) < 2.0, "nothing explodes at a small spread");
        assert!(largest("cauchy_dsn", "large", 6) < 2.0, "Cauchy comparators do not saturate");
    }
}
