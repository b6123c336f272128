//! What the methods' steps do to the gradients of one batch, as a table and as JSON.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::newton::Diagnostics;
use crate::train::Method;

/// What the Newton steps do to the gradients of one batch, all at the same predictions.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Whose trained network the predictions are from.
    pub network: Method,
    /// Sets or maps in the batch.
    pub samples: usize,
    /// Mean over the samples of highest minus lowest prediction.
    pub spread: f64,
    /// Per method, or why it fails here.
    pub diagnostics: Vec<(Method, Result<Diagnostics, String>)>,
}

impl Effect {
    /// With the rows of `predictions`, (samples, `dim`).
    pub(in crate::train) fn new(
        network: Method,
        predictions: &[f32],
        dim: usize,
        diagnostics: Vec<(Method, Result<Diagnostics, String>)>,
    ) -> Self {
        let spread = |row: &[f32]| {
            let (low, high) =
                row.iter().fold((f32::MAX, f32::MIN), |(low, high), &y| (low.min(y), high.max(y)));
            f64::from(high) - f64::from(low)
        };
        let samples = predictions.len() / dim;
        let spread = predictions.chunks_exact(dim).map(spread).sum::<f64>() / samples as f64;
        Self { network, samples, spread, diagnostics }
    }

    /// From how many medians on a norm counts as exploding; NaN if every method failed.
    pub fn exploding_factor(&self) -> f64 {
        let factor = self.diagnostics.iter().find_map(|(_, d)| Some(d.as_ref().ok()?.exploding_factor));
        factor.unwrap_or(f64::NAN)
    }

    /// One object: `network`, `spread`, and `steps` with one for each method; `samples` is what the samples are called.
    pub(in crate::train) fn json(&self, samples: &str) -> Value {
        let rows = self.diagnostics.iter().map(|(method, found)| {
            let row = match found {
                Ok(d) => json!({
                    "median_norm": d.directions.median,
                    "max_norm": d.directions.max,
                    "exploding": d.directions.exploding,
                    "negative": d.negative,
                    "flipped": d.flipped,
                    "lowest_eigenvalue": d.spectrum.first(),
                    "highest_eigenvalue": d.spectrum.last(),
                }),
                Err(message) => json!({ "error": message }),
            };
            (method.name().to_owned(), row)
        });
        json!({
            "network": self.network.name(),
            samples: self.samples,
            "spread": self.spread,
            "steps": rows.collect::<Map<_, _>>(),
        })
    }
}

/// The table alone.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<10}{:>13}{:>12}{:>13}{:>11}   {:<24}{:>10}{:>9}",
            "method",
            "median norm",
            "max norm",
            "max/median",
            "exploding",
            "eigenvalues of C",
            "negative",
            "flipped"
        )?;
        for (method, found) in &self.diagnostics {
            let d = match found {
                Ok(d) => d,
                Err(message) => {
                    writeln!(f, "{method:<10}{message}")?;
                    continue;
                }
            };
            let norms = d.directions;
            write!(
                f,
                "{method:<10}{:>13.3e}{:>12.3e}{:>13.1}{:>9.1} %",
                norms.median,
                norms.max,
                norms.max / norms.median,
                100.0 * norms.exploding
            )?;
            if *method == Method::Baseline {
                writeln!(f)?;
                continue;
            }
            let (low, high) = (d.spectrum.first().unwrap_or(&0.0), d.spectrum.last().unwrap_or(&0.0));
            let range = format!("{low:.2e} .. {high:.2e}");
            writeln!(f, "   {range:<24}{:>8.0} %{:>7.0} %", 100.0 * d.negative, 100.0 * d.flipped)?;
        }
        Ok(())
    }
}
