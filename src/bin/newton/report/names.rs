//! Names of the tables' rows, and their order: the paper's.

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use toml::{Table, Value};

use super::collect::Run;
use crate::keys::{LossName, MetricName, Variant};

/// Keys that a row's name has already.
const NAMED: [&str; 5] = ["loss", "n", "variant", "metric", "samples"];

/// n, loss, variant, metric, samples: as the paper orders its rows.
pub type Order = (usize, u8, bool, bool, usize);

pub fn order(run: &Run) -> Order {
    let keys = &run.keys;
    let loss = run.loss as u8;
    let variant = keys.variant == Some(Variant::While);
    (
        keys.n.unwrap_or(0),
        loss,
        variant,
        keys.metric == Some(MetricName::L2Squared),
        keys.samples.unwrap_or(0),
    )
}

/// Keys in which rows differ that would have the same name, each with what more than half of the rows have, if there is such.
pub struct Differing(BTreeMap<Order, BTreeMap<String, Usual>>);

/// A value, or that there is none.
#[derive(Debug, Clone, PartialEq)]
enum Usual {
    Value(Value),
    Absent,
    /// There are many.
    None,
}

impl Usual {
    fn of(key: &str, tables: &[&Table]) -> Self {
        let mut counts: BTreeMap<Option<String>, (usize, Option<&Value>)> = BTreeMap::new();
        for table in tables {
            let value = table.get(key);
            counts.entry(value.map(Value::to_string)).or_insert((0, value)).0 += 1;
        }
        match counts.into_values().max_by_key(|(count, _)| *count) {
            Some((count, value)) if 2 * count > tables.len() => {
                value.map_or(Self::Absent, |value| Self::Value(value.clone()))
            }
            _ => Self::None,
        }
    }
}

impl Differing {
    pub fn of(all: &[(&Run, Table)]) -> Self {
        let mut tables: BTreeMap<Order, Vec<&Table>> = BTreeMap::new();
        for (run, table) in all {
            tables.entry(order(run)).or_default().push(table);
        }
        let usual = |tables: Vec<&Table>| {
            // Each row is compared with one other: with thousands of rows, comparing all pairs takes its time.
            let first = tables[0];
            let keys = tables.iter().flat_map(|table| {
                let keys = table.keys().chain(first.keys());
                keys.filter(|key| table.get(*key) != first.get(*key))
            });
            let keys: BTreeSet<&String> = keys.filter(|key| !NAMED.contains(&key.as_str())).collect();
            keys.into_iter().map(|key| (key.clone(), Usual::of(key, &tables))).collect()
        };
        Self(tables.into_iter().map(|(order, tables)| (order, usual(tables))).collect())
    }

    /// What rows do not say of themselves because most have it, by loss: `SoftSort, n = 5: precision f32, ...`.
    pub fn usual(&self, all: &[(&Run, Table)]) -> Vec<String> {
        let runs: BTreeMap<Order, &Run> = all.iter().map(|(run, _)| (order(run), *run)).collect();
        let line = |(order, keys): (&Order, &BTreeMap<String, Usual>)| {
            let words: Vec<String> = keys
                .iter()
                .filter_map(|(key, usual)| match usual {
                    Usual::Value(value) => Some(format!("{} {}", words(key), plain(value))),
                    Usual::Absent | Usual::None => None,
                })
                .collect();
            (!words.is_empty()).then(|| format!("{}: {}", short_name(runs[order]), words.join(", ")))
        };
        self.0.iter().filter_map(line).collect()
    }
}

/// A loss with its setting. What differs between rows that would have the same name stands in it, too, unless most of them have it.
pub fn row_name(run: &Run, table: &Table, differing: &Differing) -> String {
    let mut name = short_name(run);
    for (key, usual) in differing.0.get(&order(run)).into_iter().flatten() {
        match (table.get(key), usual) {
            (Some(value), Usual::Value(usual)) if value == usual => {}
            (Some(value), _) => name += &format!(", {} {}", words(key), plain(value)),
            (None, Usual::Value(_)) => name += &format!(", no {}", words(key)),
            (None, _) => {}
        }
    }
    name
}

fn words(key: &str) -> String {
    key.replace('_', " ")
}

fn short_name(run: &Run) -> String {
    let mut name = loss_name(run.loss).to_owned();
    let keys = &run.keys;
    if let Some(n) = keys.n {
        name += &format!(", n = {n}");
    }
    if let Some(variant) = keys.variant {
        name += if variant == Variant::For { ", for" } else { ", while" };
    }
    if let Some(metric) = keys.metric {
        name += if metric == MetricName::L1 { ", L1" } else { ", L2\u{b2}" };
    }
    if let Some(samples) = keys.samples {
        name += &format!(", {samples} samples");
    }
    name
}

/// The paper's name for what our files call `name`; others stay as they are.
pub fn paper_name(name: &str) -> &str {
    match LossName::from_str(name, false) {
        Ok(loss) => loss_name(loss),
        Err(_) => name,
    }
}

/// As the paper has it.
fn loss_name(loss: LossName) -> &'static str {
    match loss {
        LossName::NeuralSort => "NeuralSort",
        LossName::SoftSort => "SoftSort",
        LossName::LogisticDsn => "Logistic DSN",
        LossName::CauchyDsn => "Cauchy DSN",
        LossName::BellmanFord => "Bellman-Ford",
        LossName::SsLoss => "SS of loss",
        LossName::SsAlgorithm => "SS of algorithm",
        LossName::FenchelYoung => "Perturbed optimizer, FY",
    }
}

/// What is measured, for readers: its name, and what it is the share of.
pub fn metric_name(metric: &str) -> (&str, &str) {
    match metric {
        "em" => ("EM", "sets that are ordered without a mistake"),
        "ew" => ("EW", "numbers in their place"),
        "em5" => ("EM5", "sets whose first five numbers are ordered without a mistake"),
        "perfect" => ("perfect matches", "maps whose path is the label, cell by cell"),
        "optimal" => ("optimal paths", "maps whose path costs no more than the label"),
        "cost_ratio" => ("cost ratio", "what the paths cost, relative to the cheapest"),
        other => (other, ""),
    }
}

/// Text without its quotes.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
