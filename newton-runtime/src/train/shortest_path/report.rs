//! A comparison as a table for people and as JSON for programs, and what may be concluded from it.

use std::fmt;

use serde_json::{Map, Value, json};

use super::{Comparison, PathLoss, PathResult};
use crate::train::compare::{failures, percent};
use crate::train::{Effect, Method, Outcome, PathAccuracy};

/// How a Newton method compares with the baseline on the same test maps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain {
    /// Perfect matches more than the baseline's, as a share of all test maps.
    pub share: f64,
    /// Maps that only this method has right.
    pub only: u64,
    /// Maps that only the baseline has right.
    pub only_baseline: u64,
}

/// What a [`Gain`] says, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Better than the baseline, by more than the choice of test maps explains.
    Ahead,
    /// As likely as not by chance.
    Tie,
    /// Worse than the baseline, by more than the choice of test maps explains.
    Behind,
}

impl Gain {
    fn of(this: &PathResult, baseline: &PathResult) -> Self {
        let both = || this.matched.iter().zip(&baseline.matched);
        let only = both().filter(|(this, baseline)| **this && !**baseline).count() as u64;
        let only_baseline = both().filter(|(this, baseline)| !**this && **baseline).count() as u64;
        let share = (only as f64 - only_baseline as f64) / this.matched.len() as f64;
        Self { share, only, only_baseline }
    }

    /// A tie within two standard errors: were both equally good, each of the maps on which they differ would fall to
    /// either side like a coin (McNemar's test).
    pub fn verdict(&self) -> Verdict {
        let (only, only_baseline) = (self.only as f64, self.only_baseline as f64);
        let error = (only + only_baseline).sqrt();
        if only - only_baseline > 2.0 * error {
            Verdict::Ahead
        } else if only_baseline - only > 2.0 * error {
            Verdict::Behind
        } else {
            Verdict::Tie
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ahead => "ahead",
            Self::Tie => "tie",
            Self::Behind => "behind",
        })
    }
}

impl Comparison {
    /// A method's last network against the baseline's; `None` for the baseline itself, without one, and if either
    /// stopped early.
    pub fn gain(&self, outcome: &Outcome<PathResult>) -> Option<Gain> {
        let baseline = self.outcomes.iter().find(|other| other.method == Method::Baseline)?;
        if outcome.method == Method::Baseline {
            return None;
        }
        Some(Gain::of(outcome.last.as_ref()?, baseline.last.as_ref()?))
    }

    /// One object: `methods.<name>` has `perfect`, `optimal`, `cost_ratio` (null if the run stopped early), `gain`, `verdict`,
    /// `seconds_per_step`, `best` and `stopped`; beside it stands what was run.
    pub fn json(&self) -> Value {
        let settings = &self.settings;
        let methods = self.outcomes.iter().map(|o| (o.method.name().to_owned(), self.method(o)));
        json!({
            "loss": settings.loss.name(),
            "description": settings.loss.to_string(),
            "batch": settings.batch,
            "epochs": settings.epochs,
            "seed": settings.seed,
            "on_indefinite": format!("{:?}", settings.on_indefinite).to_lowercase(),
            "network": self.network,
            "data": self.data,
            "train_maps": self.train_maps,
            "test_maps": self.untrained.matched.len(),
            "untrained": self.untrained.accuracy.perfect,
            "methods": methods.collect::<Map<_, _>>(),
            "effect": self.effect.as_ref().map(|effect| effect.json("maps")),
        })
    }

    /// What Adam began with.
    fn learning_rate(&self, outcome: &Outcome<PathResult>) -> f64 {
        let of = self.settings.methods.iter().find(|of| of.method == outcome.method);
        of.map_or(f64::NAN, |of| of.learning_rate)
    }

    fn method(&self, outcome: &Outcome<PathResult>) -> Value {
        let part = |pick: fn(PathAccuracy) -> f64| outcome.last.as_ref().map(|last| pick(last.accuracy));
        let gain = self.gain(outcome);
        json!({
            "perfect": part(|a| a.perfect),
            "optimal": part(|a| a.optimal),
            "cost_ratio": part(|a| a.cost_ratio),
            "gain": gain.map(|gain| gain.share),
            "verdict": gain.map(|gain| gain.verdict().to_string()),
            "seconds_per_step": outcome.seconds_per_step,
            "steps": outcome.steps,
            "lambda": outcome.lambda,
            "learning_rate": self.learning_rate(outcome),
            "best": outcome.best.as_ref().map(|best| json!({
                "step": best.step,
                "valid_perfect": best.valid.accuracy.perfect,
                "perfect": best.test.accuracy.perfect,
                "cost_ratio": best.test.accuracy.cost_ratio,
            })),
            "stopped": outcome.stopped.as_ref().map(|s| json!({ "step": s.step, "message": s.message })),
        })
    }

    /// What a reader should make of the table.
    pub fn caption(&self) -> String {
        let verdicts: Vec<Verdict> =
            self.outcomes.iter().filter_map(|o| Some(self.gain(o)?.verdict())).collect();
        let said = match &verdicts[..] {
            [] => "Nothing is compared with the baseline here.",
            all if all.iter().all(|verdict| *verdict == Verdict::Tie) => {
                "A tie: what the methods differ by is within what the choice of test maps explains."
            }
            _ => "\"ahead\" and \"behind\": by more than two standard errors on these test maps.",
        };
        let steps = self.outcomes.iter().map(|outcome| outcome.steps).max().unwrap_or(0);
        let short = if steps < 1000 {
            " In a run\nas short as this one a lead says who learns faster, not who ends higher."
        } else {
            ""
        };
        let paper = match self.settings.loss {
            PathLoss::BellmanFord(_) => "0.2 to 0.3 points (its Table 2)",
            PathLoss::Perturbed(_) => "between -4 and +3 points (its Table 3)",
        };
        format!(
            "{said}{short}\nThis is one seed; another one moves every number.\nThe paper's gaps on the Warcraft maps, with its lambda, are {paper}."
        )
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let maps = self.untrained.matched.len();
        let start = 100.0 * self.untrained.accuracy.perfect;
        writeln!(
            f,
            "perfect: paths that match their label in every cell, % of {maps} test maps; untrained {start:.1}"
        )?;
        writeln!(
            f,
            "cost: of the paths found, relative to the cheapest; best: the network that was best in validation\n"
        )?;
        writeln!(
            f,
            "{:<10}{:>8}{:>9}{:>9}{:>15}{:>8}{:>14}{:>9}{:>12}",
            "method",
            "lambda",
            "perfect",
            "cost",
            "over baseline",
            "",
            "best perfect",
            "at step",
            "s per step"
        )?;
        for outcome in &self.outcomes {
            write!(f, "{:<10}", outcome.method)?;
            match outcome.lambda {
                0.0 => write!(f, "{:>8}", "-")?,
                lambda => write!(f, "{lambda:>8}")?,
            }
            write!(f, "{:>8}", self.learning_rate(outcome))?;
            percent(f, 9, outcome.last.as_ref().map(|last| last.accuracy.perfect))?;
            match &outcome.last {
                Some(last) => write!(f, "{:>9.3}", last.accuracy.cost_ratio)?,
                None => write!(f, "{:>9}", "-")?,
            }
            match self.gain(outcome) {
                Some(gain) => write!(f, "{:>+15.1}  {:<6}", 100.0 * gain.share, gain.verdict())?,
                None => write!(f, "{:>15}{:>8}", "-", "")?,
            }
            percent(f, 14, outcome.best.as_ref().map(|best| best.test.accuracy.perfect))?;
            let step = outcome.best.as_ref().map_or("-".into(), |best| best.step.to_string());
            writeln!(f, "{step:>9}{:>12.3}", outcome.seconds_per_step)?;
        }
        failures(f, &self.outcomes)?;
        writeln!(f, "\n{}", self.caption())?;
        if let Some(effect) = &self.effect {
            let Effect { network, samples, spread, .. } = effect;
            let factor = effect.exploding_factor();
            writeln!(
                f,
                "\nWhat is back-propagated for {samples} test maps at the costs of the trained {network} network"
            )?;
            write!(
                f,
                "(mean range of a map's costs {spread:.2}; exploding: norm above {factor} medians)\n\n{effect}"
            )?;
        }
        Ok(())
    }
}
