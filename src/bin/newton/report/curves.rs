//! What the page draws: learning curves, the ablation of lambda, gradients along sweeps.

use std::collections::BTreeMap;

use super::axis::{Axis, Scale};
use super::compare::Selection;
use super::extras::Sweep;
use super::figure::{Figure, Point, Series};
use super::groups::{Column, Experiment, Family, Group};
use super::names::{metric_name, paper_name};
use super::welch::Sample;
use crate::keys::{Benchmark, MethodName};
use crate::run::{Row, Status};

/// Of a line; more are thinned out. A validation every 1000 of 100 000 steps, as in the paper, makes 100.
const POINTS: usize = 200;

/// Validation accuracy against steps or epochs, and against the time of training.
pub fn learning(experiment: &Experiment, family: &Family) -> [Figure; 2] {
    let metric = experiment.metric();
    let name = metric_name(metric).0;
    let lines: Vec<(Column, &Group, Vec<At>)> = family
        .columns()
        .into_iter()
        .filter_map(|column| {
            let (group, _) = family.chosen(column, Selection::Last, metric)?;
            Some((column, group, rows(group, metric)))
        })
        .collect();
    let figure = |x: &str, label: &str, of: fn(&At) -> f64| {
        let series = lines.iter().map(|(column, group, rows)| Series {
            name: series_name(*column, group),
            colour: experiment.colour(*column),
            dashed: group.method() == MethodName::Baseline,
            points: rows
                .iter()
                .map(|row| Point { x: of(row), y: row.sample.mean, band: band(&row.sample) })
                .collect(),
        });
        let series: Vec<Series> = series.collect();
        Figure {
            title: format!("{}: {name} in validation against {x}", family.name),
            description: ends(&series),
            x: Axis { label: label.into(), scale: Scale::Linear },
            y: Axis { label: format!("{name}, validation"), scale: Scale::Percent },
            series,
        }
    };
    let x = if experiment.benchmark == Benchmark::Sorting { "training steps" } else { "epochs" };
    [figure(x, x, |row| row.x), figure("time in steps", "seconds in training steps", |row| row.seconds)]
}

/// Figure 4: the result against lambda; `None` where no method has several.
pub fn ablation(experiment: &Experiment, family: &Family, selection: Selection) -> Option<Figure> {
    let metric = experiment.metric();
    let name = metric_name(metric).0;
    let mut series = Vec::new();
    for column in family.columns() {
        let points: Vec<(f64, Sample)> = family
            .of(column)
            .filter_map(|group| Some((group.lambda()?, Sample::of(&group.values(selection, metric))?)))
            .collect();
        if points.len() > 1 {
            let points = points
                .iter()
                .map(|(x, sample)| Point { x: *x, y: sample.mean, band: band(sample) })
                .collect();
            let colour = experiment.colour(column);
            series.push(Series { name: column.name(), colour, dashed: false, points });
        }
    }
    let xs: Vec<f64> = series.iter().flat_map(|series| series.points.iter().map(|point| point.x)).collect();
    let (low, high) = (xs.iter().copied().reduce(f64::min)?, xs.iter().copied().reduce(f64::max)?);
    if let Some(sample) = family.baseline().and_then(|group| Sample::of(&group.values(selection, metric))) {
        let at = |x| Point { x, y: sample.mean, band: band(&sample) };
        series.insert(
            0,
            Series { name: "Baseline".into(), colour: 0, dashed: true, points: vec![at(low), at(high)] },
        );
    }
    let best = series.iter().map(|series| {
        let best = series.points.iter().max_by(|a, b| a.y.total_cmp(&b.y));
        best.map_or_else(String::new, |at| {
            format!("{} is highest with {:.2} % at lambda {}. ", series.name, 100.0 * at.y, at.x)
        })
    });
    Some(Figure {
        title: format!("{}: {name} in the test against \u{3bb}, {}", family.name, selection.name()),
        description: best.collect(),
        x: Axis { label: "\u{3bb}".into(), scale: Scale::Log },
        y: Axis { label: format!("{name}, test"), scale: Scale::Percent },
        series,
    })
}

/// Figure 6: gradients of one score and what Newton steps make of them.
pub fn gradients(sweep: &Sweep) -> Figure {
    let names = ["gradient, f64", "gradient, f32", "Hessian step, f32", "Fisher step, f32"];
    let mut series: Vec<Series> = names
        .into_iter()
        .zip(&sweep.columns)
        .enumerate()
        .map(|(i, (name, values))| Series {
            name: name.into(),
            colour: [0, 3, 1, 2][i],
            dashed: i == 0,
            points: sweep.x1.iter().zip(values).map(|(&x, &y)| Point { x, y, band: None }).collect(),
        })
        .collect();
    // Dashed, and where f32 is exact the same: on top.
    series.rotate_left(1);
    let largest = |series: &Series| {
        let largest =
            series.points.iter().map(|point| point.y.abs()).filter(|y| y.is_finite()).fold(0.0, f64::max);
        format!("{}: at most {largest:.3e}. ", series.name)
    };
    let Sweep { loss, temperature, spread, order, .. } = sweep;
    Figure {
        title: format!("{}, temperature {temperature}, {spread} spread, {order}", paper_name(loss)),
        description: series.iter().map(largest).collect(),
        x: Axis { label: "score x1".into(), scale: Scale::Linear },
        y: Axis { label: "derivative by x1".into(), scale: Scale::SymLog },
        series,
    }
}

/// A validation of all seeds.
struct At {
    /// Steps or epochs.
    x: f64,
    seconds: f64,
    sample: Sample,
}

/// As far as all seeds of a group go, so that no seed's beginning or end bends the mean. Failed runs are left out.
fn rows(group: &Group, metric: &str) -> Vec<At> {
    let ended = |status: Status| status != Status::Failed;
    let runs: Vec<_> = group
        .runs
        .iter()
        .filter(|run| {
            run.result.as_ref().is_some_and(|result| ended(result.status)) && !run.metrics.rows.is_empty()
        })
        .collect();
    let mut at_step: BTreeMap<u64, Vec<(&Row, f64)>> = BTreeMap::new();
    for run in &runs {
        let Some(values) = run.metrics.column(metric) else { continue };
        for (row, value) in run.metrics.rows.iter().zip(values) {
            at_step.entry(row.step).or_default().push((row, value));
        }
    }
    at_step.retain(|_, rows| rows.len() == runs.len());
    let every = at_step.len().div_ceil(POINTS).max(1);
    let per_epoch = runs.first().map_or(1, |run| {
        let keys = &run.keys;
        match keys.epochs {
            Some(_) => keys.train_size.unwrap_or(1).div_ceil(keys.batch.unwrap_or(1).max(1)).max(1),
            None => 1,
        }
    });
    let last = at_step.len().saturating_sub(1);
    let kept = at_step.iter().enumerate().filter(|(i, _)| i % every == 0 || *i == last);
    kept.filter_map(|(_, (step, rows))| {
        let values: Vec<f64> = rows.iter().map(|(_, value)| *value).collect();
        let seconds: f64 = rows.iter().map(|(row, _)| row.train_seconds).sum();
        let x = *step as f64 / per_epoch as f64;
        Some(At { x, seconds: seconds / rows.len() as f64, sample: Sample::of(&values)? })
    })
    .collect()
}

/// The 95 % confidence interval, within what a share can be.
fn band(sample: &Sample) -> Option<(f64, f64)> {
    let half = sample.half_width()?;
    Some(((sample.mean - half).max(0.0), (sample.mean + half).min(1.0)))
}

fn series_name(column: Column, group: &Group) -> String {
    let lambda = group.lambda().map(|lambda| format!(", \u{3bb} = {lambda}"));
    format!("{}{}", column.name(), lambda.unwrap_or_default())
}

fn ends(series: &[Series]) -> String {
    let end = |series: &Series| {
        let last = series.points.iter().rev().find(|point| point.y.is_finite())?;
        Some(format!("{} ends at {:.2} %. ", series.name, 100.0 * last.y))
    };
    series.iter().filter_map(end).collect()
}
