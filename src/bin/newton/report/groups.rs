//! Runs in order: experiments, in them rows of the paper's tables (a loss with its setting), in them methods, each with its seeds.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use super::collect::{Found, Run};
use super::names::{Differing, Order, order, plain, row_name};
use crate::keys::{Averaging, Benchmark, MethodName, Policy};

/// Keys in which repetitions of a run differ.
const SEEDS: [&str; 2] = ["seed", "data_seed"];
/// Keys of the method: the baseline of a setting has all others in common with it.
const METHOD: [&str; 4] = ["method", "lambda", "on_indefinite", "average"];
/// Keys of an experiment: results with different ones do not belong into one table.
const EXPERIMENT: [&str; 5] = ["benchmark", "data", "network", "steps", "epochs"];
/// Keys without influence on the numbers.
const IDLE: [&str; 2] = ["format", "checkpoint_every"];

/// Runs that differ in nothing but seeds.
#[derive(Debug)]
pub struct Group<'a> {
    pub runs: Vec<&'a Run>,
}

/// A loss with a setting; its groups differ in the method's keys.
#[derive(Debug)]
pub struct Family<'a> {
    pub name: String,
    /// Baseline, Hessian, Fisher; then policy, average and lambda.
    pub groups: Vec<Group<'a>>,
}

/// A table of the paper.
#[derive(Debug)]
pub struct Experiment<'a> {
    pub benchmark: Benchmark,
    pub title: String,
    /// All keys that all its runs have in common, with their values.
    pub common: Vec<(String, String)>,
    pub families: Vec<Family<'a>>,
    /// What the families' names leave out because most have it.
    pub usual: Vec<String>,
    /// All that its families have, in order.
    pub columns: Vec<Column>,
}

/// A column of a table: a method with its policy and average.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column(u8, u8, u8);

impl Group<'_> {
    fn any(&self) -> &Run {
        self.runs[0]
    }

    pub fn method(&self) -> MethodName {
        self.any().method
    }

    pub fn lambda(&self) -> Option<f64> {
        self.any().keys.lambda
    }

    /// Without the keys that its runs differ in.
    pub fn setting(&self) -> Table {
        let mut table = self.any().keys.table();
        SEEDS.iter().for_each(|key| {
            table.remove(*key);
        });
        table
    }

    /// Mean over the runs of their medians.
    pub fn seconds_per_step(&self) -> Option<f64> {
        let results = self.runs.iter().filter_map(|run| run.result.as_ref());
        let seconds: Vec<f64> = results.filter_map(|result| result.time.seconds_per_step).collect();
        (!seconds.is_empty()).then(|| newton_losses::train::mean(&seconds))
    }

    pub fn column(&self) -> Column {
        let keys = &self.any().keys;
        let policy = match keys.on_indefinite {
            None | Some(Policy::Keep) => 0,
            Some(Policy::Clamp) => 1,
            Some(Policy::Abs) => 2,
            Some(Policy::Error) => 3,
        };
        let average = match keys.average {
            None | Some(Averaging::Batch) => 0,
            Some(Averaging::Sample) => 1,
        };
        let method = match self.method() {
            MethodName::Baseline => 0,
            MethodName::Hessian => 1,
            MethodName::Fisher => 2,
        };
        Column(method, policy, average)
    }
}

impl Column {
    pub const fn is_baseline(self) -> bool {
        self.0 == 0
    }

    /// Its name; policies and averages stand there where they are not the paper's.
    pub fn name(self) -> String {
        let method = ["Baseline", "Hessian", "Fisher"][usize::from(self.0)];
        let policy = ["", ", clamp", ", abs", ", error"][usize::from(self.1)];
        format!("{method}{policy}{}", ["", ", per sample"][usize::from(self.2)])
    }
}

impl Experiment<'_> {
    /// A column's colour, the same for the baseline and the paper's two methods on the whole page.
    pub fn colour(&self, column: Column) -> usize {
        let usual = [Column(0, 0, 0), Column(1, 0, 0), Column(2, 0, 0)];
        usual.iter().position(|other| *other == column).unwrap_or_else(|| {
            let others = self.columns.iter().filter(|other| !usual.contains(other));
            usual.len() + others.take_while(|other| **other != column).count()
        })
    }
}

impl<'a> Family<'a> {
    pub fn columns(&self) -> BTreeSet<Column> {
        self.groups.iter().map(Group::column).collect()
    }

    pub fn baseline(&self) -> Option<&Group<'a>> {
        self.groups.iter().find(|group| group.method() == MethodName::Baseline)
    }

    /// The groups of a column, by lambda.
    pub fn of(&self, column: Column) -> impl Iterator<Item = &Group<'a>> {
        self.groups.iter().filter(move |group| group.column() == column)
    }
}

impl<'a> Experiment<'a> {
    /// All of them, in the order of the paper's tables.
    pub fn all(found: &'a Found) -> Vec<Self> {
        let mut experiments: BTreeMap<String, Vec<&'a Run>> = BTreeMap::new();
        for run in &found.runs {
            let key = only(&run.keys.table(), &EXPERIMENT).to_string();
            experiments.entry(key).or_default().push(run);
        }
        let mut all: Vec<_> = experiments.into_values().map(Self::of).collect();
        all.sort_by_key(|experiment| {
            let keys = &experiment.families[0].groups[0].any().keys;
            (experiment.benchmark != Benchmark::Sorting, keys.data.clone(), keys.steps, keys.epochs)
        });
        all
    }

    /// The number that tables are about.
    pub fn metric(&self) -> &'static str {
        self.metrics()[0]
    }

    /// All that is measured.
    pub const fn metrics(&self) -> [&'static str; 3] {
        match self.benchmark {
            Benchmark::Sorting => ["em", "ew", "em5"],
            Benchmark::ShortestPath => ["perfect", "optimal", "cost_ratio"],
        }
    }

    /// Data and network in words: what the results are about.
    pub fn provenance(&self) -> BTreeSet<String> {
        let groups = self.families.iter().flat_map(|family| &family.groups);
        let results = groups.flat_map(|group| &group.runs).filter_map(|run| run.result.as_ref());
        results
            .map(|result| format!("{}; {}; tested on {}.", result.data, result.network, result.samples))
            .collect()
    }

    fn of(runs: Vec<&'a Run>) -> Self {
        let tables: Vec<Table> = runs.iter().map(|run| without(run.keys.table(), &IDLE)).collect();
        let same = |key: &str| tables.iter().all(|table| table.get(key) == tables[0].get(key));
        let common: Vec<(String, String)> = tables[0]
            .iter()
            .filter(|(key, _)| same(key))
            .map(|(key, value)| (key.clone(), plain(value)))
            .collect();
        let mut families: BTreeMap<(Order, String), Vec<&'a Run>> = BTreeMap::new();
        for (run, table) in runs.iter().zip(&tables) {
            let setting = without(without(table.clone(), &SEEDS), &METHOD);
            families.entry((order(run), setting.to_string())).or_default().push(*run);
        }
        // What differs between rows of the same name stands in their names, too.
        let all: Vec<(&Run, Table)> = families
            .values()
            .map(|runs| (runs[0], without(without(without(runs[0].keys.table(), &IDLE), &SEEDS), &METHOD)))
            .collect();
        let differing = Differing::of(&all);
        let names: Vec<String> = all.iter().map(|(run, table)| row_name(run, table, &differing)).collect();
        let families =
            families.into_values().zip(names).map(|(runs, name)| Family { name, groups: groups(runs) });
        let families: Vec<Family> = families.collect();
        let usual = differing.usual(&all);
        let columns: BTreeSet<Column> = families.iter().flat_map(Family::columns).collect();
        let benchmark = runs[0].benchmark;
        let keys = &runs[0].keys;
        let what = match benchmark {
            Benchmark::Sorting => "Sorting",
            Benchmark::ShortestPath => "Shortest paths",
        };
        let mut title = what.to_owned();
        if let Some(data) = &keys.data {
            title += &format!(", {data} data");
        }
        if let Some(network) = keys.network {
            title += &format!(", {network} network");
        }
        if let Some(steps) = keys.steps {
            title += &format!(", {steps} steps");
        }
        if let Some(epochs) = keys.epochs {
            title += &format!(", {epochs} epochs");
        }
        Self { benchmark, title, common, families, usual, columns: columns.into_iter().collect() }
    }
}

fn groups(runs: Vec<&Run>) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<String, Vec<&Run>> = BTreeMap::new();
    for run in runs {
        let key = without(without(run.keys.table(), &IDLE), &SEEDS).to_string();
        groups.entry(key).or_default().push(run);
    }
    let mut groups: Vec<Group> = groups.into_values().map(|runs| Group { runs }).collect();
    groups.sort_by(|a, b| {
        let lambda = |group: &Group| group.lambda().unwrap_or(0.0);
        a.column().cmp(&b.column()).then(lambda(a).total_cmp(&lambda(b)))
    });
    groups
}

fn only(table: &Table, keys: &[&str]) -> Table {
    table
        .iter()
        .filter(|(key, _)| keys.contains(&key.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

fn without(mut table: Table, keys: &[&str]) -> Table {
    keys.iter().for_each(|key| {
        table.remove(*key);
    });
    table
}
