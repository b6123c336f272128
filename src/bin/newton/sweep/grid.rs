//! From a sweep's file to its runs.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use toml::{Table, Value};

use crate::config::{Config, ConfigError, resolve};
use crate::keys::Keys;

/// More is a mistyped range.
const MOST: usize = 1_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Of all runs.
    #[serde(default)]
    base: Table,
    /// Each: every combination of its values. A value is a list, one value, or a range as "0..5".
    grid: Vec<Table>,
}

/// A run of a sweep.
#[derive(Debug, Clone)]
pub struct Point {
    /// Of its directory: the same for the same configuration, in whatever sweep.
    pub name: String,
    pub config: Config,
}

/// The runs of a sweep's text, each once: seed by seed, so that what is there after a while has a bit of everything.
pub fn points(file: &Path, text: &str) -> anyhow::Result<Vec<Point>> {
    let shown = file.display();
    let File { base, grid } = toml::from_str(text).with_context(|| format!("{shown}"))?;
    ensure!(!grid.is_empty(), "{shown}: no [[grid]]");
    let mut points: Vec<Point> = Vec::new();
    let mut names = BTreeSet::new();
    let mut applied = BTreeSet::new();
    let mut given: BTreeSet<String> = base.keys().cloned().collect();
    for table in &grid {
        given.extend(table.keys().cloned());
        for combination in combinations(table).with_context(|| format!("{shown}"))? {
            let mut keys = base.clone();
            keys.extend(combination);
            let config = applicable(keys, &mut applied).with_context(|| format!("{shown}"))?;
            let name = name(&config.keys)?;
            if names.insert(name.clone()) {
                points.push(Point { name, config });
            }
        }
    }
    if let Some(key) = given.difference(&applied).next() {
        bail!("{shown}: `{key}` means nothing to any of its runs");
    }
    points.sort_by_key(|point| point.config.keys.seed);
    Ok(points)
}

/// The run of these keys, without those that mean nothing to it: a grid of lambdas is not for the baseline.
fn applicable(mut table: Table, applied: &mut BTreeSet<String>) -> anyhow::Result<Config> {
    loop {
        let keys: Keys = table.clone().try_into()?;
        match resolve(&keys) {
            Ok(config) => {
                applied.extend(table.keys().cloned());
                return Ok(config);
            }
            Err(ConfigError::Inapplicable { keys, .. }) if keys.iter().any(|key| table.contains_key(key)) => {
                table.retain(|key, _| !keys.iter().any(|unused| unused == key));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Every combination of a grid's values; the seeds change last.
fn combinations(grid: &Table) -> anyhow::Result<Vec<Table>> {
    let mut all = vec![Table::new()];
    for (key, values) in grid {
        let values = values_of(key, values)?;
        ensure!(!values.is_empty(), "`{key}` has no values");
        ensure!(all.len().saturating_mul(values.len()) <= MOST, "more than {MOST} runs");
        let with = |table: &Table| {
            let extended = values.iter().map(|value| {
                let mut table = table.clone();
                table.insert(key.clone(), value.clone());
                table
            });
            extended.collect::<Vec<_>>()
        };
        all = all.iter().flat_map(with).collect();
    }
    Ok(all)
}

fn values_of(key: &str, value: &Value) -> anyhow::Result<Vec<Value>> {
    match value {
        Value::Array(values) => Ok(values.clone()),
        Value::String(text) if text.contains("..") => {
            let range =
                text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
            let (from, to): (i64, i64) =
                range.with_context(|| format!("`{key}` is \"{text}\", expected a range like \"0..5\""))?;
            ensure!(
                from < to && to.abs_diff(from) <= MOST as u64,
                "`{key}` is \"{text}\", an empty or too long range"
            );
            Ok((from..to).map(Value::Integer).collect())
        }
        one => Ok(vec![one.clone()]),
    }
}

fn name(keys: &Keys) -> anyhow::Result<String> {
    let text = toml::to_string(keys)?;
    let mut words = Vec::new();
    words.extend(keys.loss.map(|loss| loss.to_string()));
    words.extend(keys.n.map(|n| format!("n{n}")));
    words.extend(keys.method.map(|method| method.to_string()));
    words.extend(keys.lambda.map(|lambda| format!("lambda{lambda}")));
    words.extend(keys.seed.map(|seed| format!("seed{seed}")));
    words.push(format!("{:016x}", fnv1a(&text)));
    Ok(words.join("-"))
}

/// Fowler, Noll and Vo's hash, 64 bits: the same in all releases and on all machines.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(text: &str) -> anyhow::Result<Vec<Point>> {
        points(Path::new("a.toml"), text)
    }

    #[test]
    fn keys_that_mean_nothing_to_a_run_make_no_further_runs() {
        let text = "base = { steps = 10 }\n[[grid]]\nmethod = ['baseline', 'hessian', 'fisher']\nlambda = [0.1, 1.0]\n\
                    on_indefinite = ['keep', 'abs']\nseed = '0..3'\n";
        let points = sweep(text).expect("a sweep");
        // One baseline, two lambdas times two policies, two lambdas; three seeds of each.
        assert_eq!(points.len(), 3 * (1 + 4 + 2));
        let seeds: Vec<_> = points.iter().filter_map(|point| point.config.keys.seed).collect();
        assert!(seeds.is_sorted() && seeds[6] == 0 && seeds[7] == 1, "{seeds:?}");
        let again = sweep(&format!("{text}[[grid]]\nmethod = 'baseline'\nseed = 0\n")).expect("a sweep");
        assert_eq!(again.len(), points.len(), "a run of two grids is one run");
        assert!(again.iter().any(|point| point.name == points[0].name));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |text: &str| format!("{:#}", sweep(text).expect_err(text));
        assert!(error("[[grid]]\nlamda = [1.0]").contains("unknown field `lamda`"));
        assert!(
            error("[[grid]]\nmethod = 'baseline'\nlambda = [1.0]")
                .contains("`lambda` means nothing to any of its runs")
        );
        assert!(error("[[grid]]\nseed = '5..0'").contains("an empty or too long range"));
        assert!(error("[[grid]]\nseed = []").contains("`seed` has no values"));
        assert!(error("[[grids]]\nseed = 1").contains("unknown field `grids`"));
        assert!(error("[[grid]]\nlambda = [-1.0]").contains("`lambda` is -1, expected a positive number"));
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
