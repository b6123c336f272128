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

/// Keys in which rows differ that would have the same name.
pub struct Differing(BTreeMap<Order, BTreeSet<String>>);

impl Differing {
    pub fn of(all: &[(&Run, Table)]) -> Self {
        // Each row is compared with one other of its name: with thousands of rows, comparing all pairs takes its time.
        let mut first: BTreeMap<Order, &Table> = BTreeMap::new();
        let mut differing: BTreeMap<Order, BTreeSet<String>> = BTreeMap::new();
        for (run, table) in all {
            let other = *first.entry(order(run)).or_insert(table);
            let keys = table.keys().chain(other.keys()).filter(|key| table.get(*key) != other.get(*key));
            differing.entry(order(run)).or_default().extend(keys.cloned());
        }
        Self(differing)
    }
}

/// A loss with its setting: what differs between rows that would have the same name stands in it, too.
pub fn row_name(run: &Run, table: &Table, differing: &Differing) -> String {
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
    for key in differing.0.get(&order(run)).into_iter().flatten() {
        if let (false, Some(value)) = (NAMED.contains(&key.as_str()), table.get(key)) {
            name += &format!(", {} {}", key.replace('_', " "), plain(value));
        }
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
