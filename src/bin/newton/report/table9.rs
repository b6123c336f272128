//! The paper's Table 9 from the file of `newton table9`: the loss with and without InjectFisher over seeds. Lower is better.

use maud::{Markup, html};

use super::axis::{Axis, Scale};
use super::compare::Mark;
use super::extras::{Curve, Losses};
use super::figure::{Figure, Point, Series};
use super::parts::{drawn, figures, scrolling, sign};
use super::tables::p_value;
use super::welch::{Sample, Welch};

/// Points of a line; more are thinned out.
const POINTS: usize = 200;

/// A method after the same number of iterations as the others.
pub struct Row<'a> {
    pub curve: &'a Curve,
    pub sample: Sample,
    /// `None` for the baseline and without one.
    pub mark: Option<Mark>,
    pub test: Option<Welch>,
}

/// The last iteration that all have, and the table.
pub fn rows(losses: &Losses) -> (usize, Vec<Row<'_>>) {
    let last = losses.curves.iter().map(Curve::iterations).min().unwrap_or(0);
    let sample = |curve: &Curve| Sample::of(&curve.before(last));
    let baseline = losses.curves.iter().find(|curve| curve.is_baseline()).and_then(sample);
    let row = |curve: &'_ _| -> Option<_> {
        let curve: &Curve = curve;
        let sample = sample(curve)?;
        let baseline = baseline.filter(|_| !curve.is_baseline());
        let test = baseline.and_then(|baseline| sample.welch(&baseline));
        let significant = test.is_some_and(|test| test.significant());
        let mark = baseline.map(|baseline| match sample.mean.total_cmp(&baseline.mean) {
            std::cmp::Ordering::Less if significant => Mark::SignificantlyBetter,
            std::cmp::Ordering::Less => Mark::Better,
            std::cmp::Ordering::Equal => Mark::Equal,
            std::cmp::Ordering::Greater if significant => Mark::SignificantlyWorse,
            std::cmp::Ordering::Greater => Mark::Worse,
        });
        Some((sample, mark, test))
    };
    let rows = losses.curves.iter().filter_map(|curve| {
        let (sample, mark, test) = row(curve)?;
        Some(Row { curve, sample, mark, test })
    });
    (last, rows.collect())
}

/// `0.8123 ± 0.0201`.
pub fn loss(sample: &Sample) -> String {
    let mean = format!("{:.4}", sample.mean);
    if sample.deviation.is_finite() { format!("{mean} \u{b1} {:.4}", sample.deviation) } else { mean }
}

pub fn section(all: &[Losses]) -> anyhow::Result<Markup> {
    let mut tables = Vec::new();
    let mut curves = Vec::new();
    for losses in all {
        tables.push(table(losses));
        curves.extend(drawn(&figure(losses))?);
    }
    Ok(html! {
        @if !all.is_empty() {
            section id="table-9" {
                h2 { "Table 9: InjectFisher on a network of ReLU layers" }
                p.note { "Mean squared error on the training data, mean \u{b1} standard deviation over seeds; lower is better. Marks are of Welch's \
                    two-sided t-test against the baseline at 5 %: \u{25b2} significantly better, \u{25b3} better, \u{25bd} worse, \u{25bc} significantly worse." }
                @for table in &tables { (table) }
                (figures("table-9-curves", "Loss against iterations", "Mean over seeds; bands are 95 % confidence intervals of the mean (Student).", &curves))
            }
        }
    })
}

fn table(losses: &Losses) -> Markup {
    let (last, rows) = rows(losses);
    let label = format!("Mean squared error before step {last}; {}", losses.path.display());
    scrolling(
        &label,
        html! {
            thead { tr { @for name in ["Method", "Seeds", "Loss", "Against baseline", "t", "df", "p"] { th scope="col" { (name) } } } }
            tbody { @for row in &rows { tr {
                th scope="row" { (row.curve.name()) }
                td.number { (row.sample.count) }
                td.number { (loss(&row.sample)) }
                td.number { @if let Some(mark) = row.mark { (sign(mark)) " " (mark.name()) } }
                td.number { @if let Some(test) = row.test { (format!("{:.3}", test.t)) } }
                td.number { @if let Some(test) = row.test { (format!("{:.2}", test.degrees_of_freedom)) } }
                td.number { @if let Some(test) = row.test { (p_value(test.p)) } }
            } } }
        },
    )
}

fn figure(losses: &Losses) -> Figure {
    // InjectFisher has the Fisher matrix's colour; the baseline is dashed as everywhere.
    let series = losses.curves.iter().enumerate().map(|(i, curve)| Series {
        name: curve.name(),
        colour: if curve.is_baseline() { 0 } else { i + 1 },
        dashed: curve.is_baseline(),
        points: points(curve),
    });
    let series: Vec<Series> = series.collect();
    let end = |series: &Series| {
        let last = series.points.last().map_or(f64::NAN, |point| point.y);
        format!("{} ends at {last:.4}. ", series.name)
    };
    Figure {
        title: "Mean squared error against iterations".into(),
        description: series.iter().map(end).collect(),
        x: Axis { label: "steps of Adam".into(), scale: Scale::Linear },
        y: Axis { label: "mean squared error".into(), scale: Scale::Linear },
        series,
    }
}

fn points(curve: &Curve) -> Vec<Point> {
    let last = curve.iterations();
    let every = last.div_ceil(POINTS).max(1);
    let kept = (1..=last).filter(|i| (i - 1).is_multiple_of(every) || *i == last);
    let point = |iteration: usize| {
        let sample = Sample::of(&curve.before(iteration))?;
        let band = sample.half_width().map(|half| (sample.mean - half, sample.mean + half));
        // The loss before the first step is that of no steps.
        Some(Point { x: (iteration - 1) as f64, y: sample.mean, band })
    };
    kept.filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn lower_is_better() {
        let curve = |method: &str, lambda, losses: [f64; 3]| Curve {
            method: method.into(),
            lambda,
            seeds: losses.into_iter().enumerate().map(|(i, loss)| (i as u64, vec![2.0, loss])).collect(),
        };
        let losses = Losses {
            path: "table9.csv".into(),
            curves: vec![
                curve("baseline", None, [0.8, 0.82, 0.84]),
                curve("inject_fisher", Some(0.1), [0.5, 0.51, 0.52]),
                curve("inject_fisher", Some(1.0), [0.81, 0.83, 0.85]),
            ],
        };
        let (last, rows) = rows(&losses);
        let marks: Vec<Option<Mark>> = rows.iter().map(|row| row.mark).collect();
        assert_eq!((last, marks), (2, vec![None, Some(Mark::SignificantlyBetter), Some(Mark::Worse)]));
        assert_eq!(loss(&rows[0].sample), "0.8200 \u{b1} 0.0200");
        // One seed shows its loss and claims nothing.
        let one = |loss: f64| BTreeMap::from([(0, vec![loss])]);
        let losses = Losses {
            curves: vec![
                Curve { seeds: one(0.8), ..losses.curves[0].clone() },
                Curve { seeds: one(0.5), ..losses.curves[1].clone() },
            ],
            ..losses
        };
        let (last, rows) = self::rows(&losses);
        assert_eq!((last, rows[1].mark, rows[1].test), (1, Some(Mark::Better), None));
        assert_eq!(loss(&rows[1].sample), "0.5000");
    }
}
