//! A comparison as a table for people and as JSON for programs.

use std::fmt;

use serde_json::{Map, Value, json};

use super::{Comparison, EVALUATION_SETS, Effect, Outcome};
use crate::train::RankingAccuracy;

impl Comparison {
    /// One object: `methods.<name>` has `em`, `ew`, `em5` (shares; null if the run stopped early), `seconds_per_step`, `best`
    /// and `stopped`; beside it stands what was run.
    pub fn json(&self) -> Value {
        let settings = &self.settings;
        let methods: Map<String, Value> =
            self.outcomes.iter().map(|outcome| (outcome.method.name().into(), method(outcome))).collect();
        json!({
            "loss": settings.loss.name(),
            "n": settings.n,
            settings.loss.temperature_name(): settings.temperature,
            "batch": settings.batch,
            "steps": settings.steps,
            "seed": settings.seed,
            "learning_rate": settings.learning_rate,
            "on_indefinite": format!("{:?}", settings.on_indefinite).to_lowercase(),
            "network": self.network,
            "test_sets": settings.test_batches * EVALUATION_SETS as u64,
            "methods": methods,
            "effect": self.effect.as_ref().map(effect),
        })
    }

    /// Share of sets that a random order gets right, `1 / n!`.
    pub fn chance(&self) -> f64 {
        (1..=self.settings.n).map(|k| 1.0 / k as f64).product()
    }

    /// What a reader should make of the table.
    pub fn caption(&self) -> String {
        let sets = (self.settings.test_batches * EVALUATION_SETS as u64) as f64;
        let highest = self.outcomes.iter().filter_map(|o| Some(o.last?.em)).fold(0.0, f64::max);
        let noise = 100.0 * (highest * (1.0 - highest) / sets).sqrt();
        let noise = if noise > 0.0 {
            format!("The test sample alone makes EM uncertain by about {noise:.1} points")
        } else {
            "The test sample makes EM uncertain".into()
        };
        let length = if self.settings.steps < 50_000 {
            "; the seed adds more. Short runs with Adam usually end in a tie: the paper reports its gaps after 100 000 steps."
        } else {
            "; the seed adds more. The paper averages over 10 seeds."
        };
        noise + length
    }
}

fn method(outcome: &Outcome) -> Value {
    let part = |pick: fn(RankingAccuracy) -> f64| outcome.last.map(pick);
    json!({
        "em": part(|a| a.em),
        "ew": part(|a| a.ew),
        "em5": part(|a| a.em5),
        "seconds_per_step": outcome.seconds_per_step,
        "steps": outcome.steps,
        "lambda": outcome.lambda,
        "best": outcome.best.map(|best| json!({
            "step": best.step,
            "valid_em5": best.valid.em5,
            "em": best.test.em,
            "ew": best.test.ew,
            "em5": best.test.em5,
        })),
        "stopped": outcome.stopped.as_ref().map(|s| json!({ "step": s.step, "message": s.message })),
    })
}

fn effect(effect: &Effect) -> Value {
    let rows = effect.diagnostics.iter().map(|(method, found)| {
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
        "network": effect.network.name(),
        "sets": effect.sets,
        "spread": effect.spread,
        "steps": rows.collect::<Map<_, _>>(),
    })
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sets = self.settings.test_batches * EVALUATION_SETS as u64;
        let chance = 100.0 * self.chance();
        writeln!(
            f,
            "EM: whole sets in order, EW: places right; % of {sets} test sets, EM by chance {chance:.2}"
        )?;
        writeln!(f, "best: the network with the highest validation EM5\n")?;
        writeln!(
            f,
            "{:<10}{:>8}{:>8}{:>8}{:>10}{:>8}{:>10}{:>12}",
            "method", "lambda", "EM", "EW", "best EM", "EW", "at step", "s per step"
        )?;
        for outcome in &self.outcomes {
            write!(f, "{:<10}", outcome.method)?;
            match outcome.lambda {
                0.0 => write!(f, "{:>8}", "-")?,
                lambda => write!(f, "{lambda:>8}")?,
            }
            percent(f, 8, outcome.last.map(|a| a.em))?;
            percent(f, 8, outcome.last.map(|a| a.ew))?;
            percent(f, 10, outcome.best.map(|b| b.test.em))?;
            percent(f, 8, outcome.best.map(|b| b.test.ew))?;
            let step = outcome.best.map_or("-".into(), |b| b.step.to_string());
            writeln!(f, "{step:>10}{:>12.4}", outcome.seconds_per_step)?;
        }
        for outcome in &self.outcomes {
            if let Some(stopped) = &outcome.stopped {
                writeln!(f, "{} stopped after step {}: {}", outcome.method, stopped.step, stopped.message)?;
            }
        }
        writeln!(f, "\n{}", self.caption())?;
        if let Some(effect) = &self.effect {
            write!(f, "\n{effect}")?;
        }
        Ok(())
    }
}

fn percent(f: &mut fmt::Formatter<'_>, width: usize, share: Option<f64>) -> fmt::Result {
    match share {
        Some(share) => write!(f, "{:>width$.2}", 100.0 * share),
        None => write!(f, "{:>width$}", "-"),
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { network, sets, spread, diagnostics } = self;
        let factor = diagnostics.iter().find_map(|(_, d)| Some(d.as_ref().ok()?.exploding_factor));
        writeln!(
            f,
            "What is back-propagated for {sets} test sets at the scores of the trained {network} network"
        )?;
        writeln!(
            f,
            "(mean range of a set's scores {spread:.2}; exploding: norm above {} medians)\n",
            factor.unwrap_or(f64::NAN)
        )?;
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
        for (method, found) in diagnostics {
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
            if *method == crate::train::Method::Baseline {
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
