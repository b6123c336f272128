//! A comparison as a table for people and as JSON for programs.

use std::fmt;

use serde_json::{Map, Value, json};

use super::{Comparison, EVALUATION_SETS, Effect, Outcome};
use crate::train::RankingAccuracy;
use crate::train::compare::{failures, percent};

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
            "effect": self.effect.as_ref().map(|effect| effect.json("sets")),
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
        failures(f, &self.outcomes)?;
        writeln!(f, "\n{}", self.caption())?;
        if let Some(effect) = &self.effect {
            let Effect { network, samples, spread, .. } = effect;
            writeln!(
                f,
                "\nWhat is back-propagated for {samples} test sets at the scores of the trained {network} network"
            )?;
            let factor = effect.exploding_factor();
            write!(
                f,
                "(mean range of a set's scores {spread:.2}; exploding: norm above {factor} medians)\n\n{effect}"
            )?;
        }
        Ok(())
    }
}
