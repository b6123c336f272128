//! Losses of Table 9's networks, iteration by iteration: the file of `newton table9`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// What the first line begins with; the column `lambda` may follow.
pub(super) const HEADER: &str = "seed,method,iteration,loss";

/// One method with one lambda.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// `baseline` or `inject_fisher`.
    pub method: String,
    /// `None` for the baseline.
    pub lambda: Option<f64>,
    /// By seed: the losses before each iteration, from the first on.
    pub seeds: BTreeMap<u64, Vec<f64>>,
}

/// The file.
#[derive(Debug, Clone, PartialEq)]
pub struct Losses {
    pub path: PathBuf,
    /// The baseline first, then by lambda.
    pub curves: Vec<Curve>,
}

impl Losses {
    pub(super) fn parse(path: &Path, text: &str) -> anyhow::Result<Self> {
        let mut curves: Vec<Curve> = Vec::new();
        for (number, line) in text.lines().enumerate().skip(1) {
            let at = || format!("{}, line {}", path.display(), number + 1);
            let fields: Vec<&str> = line.split(',').collect();
            let (seed, method, iteration, loss, lambda) = match fields[..] {
                [seed, method, iteration, loss] => (seed, method, iteration, loss, ""),
                [seed, method, iteration, loss, lambda] => (seed, method, iteration, loss, lambda),
                _ => bail!("{}: {} fields, expected 4 or 5", at(), fields.len()),
            };
            let seed: u64 = seed.parse().with_context(at)?;
            let iteration: usize = iteration.parse().with_context(at)?;
            let loss: f64 = loss.parse().with_context(at)?;
            let lambda: Option<f64> = match lambda {
                "" => None,
                text => Some(text.parse().with_context(at)?),
            };
            let same = |curve: &Curve| curve.method == method && curve.lambda == lambda;
            let curve = match curves.iter().position(same) {
                Some(known) => known,
                None => {
                    curves.push(Curve { method: method.into(), lambda, seeds: BTreeMap::new() });
                    curves.len() - 1
                }
            };
            let losses = curves[curve].seeds.entry(seed).or_default();
            losses.push(loss);
            ensure!(
                iteration == losses.len(),
                "{}: iteration {iteration} of {method} with seed {seed}, expected {}",
                at(),
                losses.len()
            );
        }
        ensure!(!curves.is_empty(), "{}: no losses", path.display());
        curves.sort_by(|a, b| {
            let lambda = |curve: &Curve| curve.lambda.unwrap_or(f64::NEG_INFINITY);
            (a.method != "baseline").cmp(&(b.method != "baseline")).then(lambda(a).total_cmp(&lambda(b)))
        });
        Ok(Self { path: path.into(), curves })
    }
}

impl Curve {
    pub fn name(&self) -> String {
        match (self.method.as_str(), self.lambda) {
            ("baseline", None) => "Baseline".into(),
            ("inject_fisher", lambda) => format!("InjectFisher{}", suffix(lambda)),
            (other, lambda) => format!("{other}{}", suffix(lambda)),
        }
    }

    pub fn is_baseline(&self) -> bool {
        self.method == "baseline"
    }

    /// Iterations that all seeds have.
    pub fn iterations(&self) -> usize {
        self.seeds.values().map(Vec::len).min().unwrap_or(0)
    }

    /// Losses of all seeds before an iteration, counted from 1.
    pub fn before(&self, iteration: usize) -> Vec<f64> {
        self.seeds.values().filter_map(|losses| losses.get(iteration.checked_sub(1)?).copied()).collect()
    }
}

fn suffix(lambda: Option<f64>) -> String {
    lambda.map(|lambda| format!(", \u{3bb} = {lambda}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Losses, String> {
        Losses::parse(Path::new("a.csv"), text).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn curves_are_those_of_the_file() {
        let text = "seed,method,iteration,loss,lambda\n0,inject_fisher,1,3,0.1\n0,inject_fisher,2,1,0.1\n0,baseline,1,4,\n1,baseline,1,5,\n";
        let losses = parse(text).expect("sound");
        let names: Vec<String> = losses.curves.iter().map(Curve::name).collect();
        assert_eq!(names, ["Baseline", "InjectFisher, \u{3bb} = 0.1"]);
        assert_eq!(losses.curves[0].before(1), [4.0, 5.0]);
        assert_eq!((losses.curves[1].iterations(), losses.curves[1].before(2)), (2, vec![1.0]));
        // Files of before there was a column for lambda.
        let old = parse("seed,method,iteration,loss\n0,inject_fisher,1,3\n").expect("sound");
        assert_eq!(old.curves[0].name(), "InjectFisher");
    }

    #[test]
    fn what_is_unsound_is_named() {
        let of = |line: &str| parse(&format!("{HEADER}\n{line}\n")).expect_err(line);
        assert!(of("0,baseline,1").starts_with("a.csv, line 2: 3 fields"));
        assert!(of("0,baseline,2,1").contains("iteration 2 of baseline with seed 0, expected 1"));
        assert!(of("x,baseline,1,1").starts_with("a.csv, line 2"));
        assert!(parse(HEADER).expect_err("empty").ends_with("no losses"));
    }
}
