//! Where curvature helps: what each method adds to the baseline of the same setting, as a table and as a picture.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::axis::{Axis, Scale};
use super::compare::{Cell, Mark, Selection};
use super::figure::{Figure, Point, Series};
use super::groups::{Column, Experiment, Family};
use super::names::metric_name;
use super::parts::{drawn, scrolling};
use super::tables::details;
use super::welch::{Sample, Welch};

/// Points of per cent at which a cell has its full colour.
const FULL: f64 = 0.10;

pub const NOTE: &str = "Points of per cent of the test that a method adds to the baseline of the same setting, with the 95 % confidence interval of the difference (Welch). \
    Coloured where the difference is significant, each test on its own.";

/// A method against the baseline of its setting.
struct Effect {
    cell: Cell,
    difference: f64,
    /// Half the 95 % confidence interval; `None` where nothing can be tested.
    half_width: Option<f64>,
}

impl Effect {
    fn of(cell: Cell, baseline: &Sample) -> Option<Self> {
        cell.mark?;
        let difference = cell.sample.mean - baseline.mean;
        let half_width = cell.test.as_ref().and_then(Welch::half_width);
        Some(Self { cell, difference, half_width })
    }

    /// `+3.2 [0.5, 5.9]`.
    fn text(&self) -> String {
        let points = |share: f64| format!("{:.1}", 100.0 * share).replace('-', "\u{2212}");
        let sign = if self.difference >= 0.0 { "+" } else { "" };
        let mut text = format!("{sign}{}", points(self.difference));
        if let Some(half) = self.half_width {
            let (low, high) = (points(self.difference - half), points(self.difference + half));
            let _ = write!(text, " [{low}, {high}]");
        }
        text
    }

    /// The class of its colour.
    fn class(&self) -> &'static str {
        match self.cell.mark {
            Some(Mark::SignificantlyBetter) => "number gain",
            Some(Mark::SignificantlyWorse) => "number loss",
            _ => "number",
        }
    }
}

/// A row of the table.
struct Row<'a> {
    family: &'a Family<'a>,
    baseline: Sample,
    effects: Vec<Option<Effect>>,
}

/// Newton methods, and the settings that have a baseline and one of them.
fn rows<'a>(experiment: &'a Experiment<'a>, selection: Selection) -> (Vec<Column>, Vec<Row<'a>>) {
    let metric = experiment.metric();
    let all = &experiment.columns;
    let row = |family: &'a Family<'a>| {
        let baseline = Sample::of(&family.baseline()?.values(selection, metric))?;
        let cells = family.row(all.iter().copied(), selection, metric);
        let effects: Vec<_> = cells.into_iter().map(|cell| Effect::of(cell?, &baseline)).collect();
        effects.iter().any(Option::is_some).then_some(Row { family, baseline, effects })
    };
    let mut rows: Vec<Row> = experiment.families.iter().filter_map(row).collect();
    let used: Vec<bool> = (0..all.len()).map(|i| rows.iter().any(|row| row.effects[i].is_some())).collect();
    for row in &mut rows {
        let mut used = used.iter();
        row.effects.retain(|_| used.next() == Some(&true));
    }
    let columns = all.iter().zip(&used).filter(|(_, used)| **used).map(|(column, _)| *column);
    (columns.collect(), rows)
}

/// Nothing where there is no baseline beside a Newton method.
pub fn section(
    id: &str,
    title: &str,
    experiment: &Experiment,
    selection: Selection,
) -> anyhow::Result<Markup> {
    let (columns, rows) = rows(experiment, selection);
    if rows.is_empty() {
        return Ok(html! {});
    }
    let label = format!(
        "Difference from the baseline in points of {}, {}",
        metric_name(experiment.metric()).0,
        selection.name()
    );
    let table = scrolling(
        &label,
        html! {
            thead { tr {
                th scope="col" { "Setting" } th scope="col" { "Baseline" }
                @for column in &columns { th scope="col" { (column.name()) } }
            } }
            tbody { @for row in &rows { tr {
                th scope="row" { (row.family.name.replace(" = ", "\u{a0}=\u{a0}")) }
                td.number { (format!("{:.1}", 100.0 * row.baseline.mean)) }
                @for effect in &row.effects { @match effect {
                    None => td { "\u{2013}" },
                    Some(effect) => td class=(effect.class()) style=(format!("--strength:{:.0}%", strength(effect))) {
                        (effect.text()) small { (details(&effect.cell)) }
                    },
                } }
            } } }
        },
    );
    let figure = drawn(&picture(experiment, selection, &columns, &rows))?;
    Ok(html! {
        h3 id=(id) { (title) }
        p.note { (NOTE) }
        (table)
        @if let Some(figure) = figure { div.figures { (figure) } }
    })
}

/// Of its colour, in per cent: no more than text on it bears, in the dark as well.
fn strength(effect: &Effect) -> f64 {
    15.0 + 30.0 * (effect.difference.abs() / FULL).min(1.0)
}

/// One mark for each setting and method: is there more to gain where the baseline learns little?
fn picture(experiment: &Experiment, selection: Selection, columns: &[Column], rows: &[Row]) -> Figure {
    let series = columns.iter().enumerate().map(|(i, column)| {
        let mut points = Vec::new();
        for row in rows {
            let Some(effect) = &row.effects[i] else { continue };
            let band = effect.half_width.map(|half| (effect.difference - half, effect.difference + half));
            points.push(Point { x: row.baseline.mean, y: effect.difference, band });
            // Marks are not joined.
            points.push(Point { x: row.baseline.mean, y: f64::NAN, band: None });
        }
        Series { name: column.name(), colour: experiment.colour(*column), dashed: false, points }
    });
    let mut series: Vec<Series> = series.collect();
    let at = |pick: fn(f64, f64) -> f64| rows.iter().map(|row| row.baseline.mean).reduce(pick);
    if let (Some(low), Some(high)) = (at(f64::min), at(f64::max)) {
        let zero = |x| Point { x, y: 0.0, band: None };
        let points = vec![zero(low), zero(high)];
        series.insert(0, Series { name: "Baseline".into(), colour: 0, dashed: true, points });
    }
    let metric = metric_name(experiment.metric()).0;
    let better = |mark: Mark| {
        let marks = rows.iter().flat_map(|row| row.effects.iter().flatten());
        marks.filter(|effect| effect.cell.mark == Some(mark)).count()
    };
    Figure {
        title: format!("Gain over the baseline against the baseline's own {metric}, {}", selection.name()),
        description: format!(
            "Of {} comparisons, {} are significantly better and {} significantly worse than the baseline.",
            rows.iter().flat_map(|row| row.effects.iter().flatten()).count(),
            better(Mark::SignificantlyBetter),
            better(Mark::SignificantlyWorse),
        ),
        x: Axis { label: format!("{metric} of the baseline, test"), scale: Scale::Percent },
        y: Axis { label: "difference, points".into(), scale: Scale::Points },
        series,
    }
}

/// The table as Markdown.
pub fn markdown(experiment: &Experiment, selection: Selection, escaped: fn(&str) -> String) -> String {
    let (columns, rows) = rows(experiment, selection);
    if rows.is_empty() {
        return String::new();
    }
    let names: Vec<String> = columns.iter().map(|column| column.name()).collect();
    let mut text = format!(
        "\nDifference from the baseline in points of {}, {}, with its 95 % confidence interval:\n\n| setting | baseline | {} |\n|---|---|{}\n",
        experiment.metric(),
        selection.name(),
        names.join(" | "),
        "---|".repeat(names.len())
    );
    for row in &rows {
        // Writing to a String cannot fail.
        let _ = write!(text, "| {} | {:.1} |", escaped(&row.family.name), 100.0 * row.baseline.mean);
        for effect in &row.effects {
            let _ = match effect {
                None => write!(text, " |"),
                Some(effect) => {
                    let sign = effect.cell.mark.map_or("", |mark| mark.sign());
                    write!(text, " {} {sign} |", effect.text())
                }
            };
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::compare::Place;

    #[test]
    fn intervals_are_welch_s() {
        let of = |values: &[f64]| Sample::of(values).expect("values");
        let (newton, baseline) = (of(&[0.60, 0.64, 0.62]), of(&[0.50, 0.52, 0.57]));
        let test = newton.welch(&baseline);
        let cell = Cell {
            lambda: None,
            among: 1,
            sample: newton,
            failed: 0,
            mark: Some(Mark::SignificantlyBetter),
            test,
            place: Place::Highest,
        };
        let effect = Effect::of(cell.clone(), &baseline).expect("an effect");
        // scipy.stats.ttest_ind(.., equal_var=False).confidence_interval()
        let half = effect.half_width.expect("testable");
        let (low, high) = (effect.difference - half, effect.difference + half);
        assert!((low - 0.015_919_802).abs() < 1e-8 && (high - 0.164_080_198).abs() < 1e-6, "{low} {high}");
        assert_eq!(effect.text(), "+9.0 [1.6, 16.4]");
        // Equal means have one, too.
        let equal = Cell { test: newton.welch(&newton), mark: Some(Mark::Equal), ..cell.clone() };
        assert_eq!(Effect::of(equal, &newton).expect("an effect").text(), "+0.0 [\u{2212}4.5, 4.5]");
        // One seed has no interval, a baseline no effect.
        let alone = Cell { test: None, mark: Some(Mark::Worse), sample: of(&[0.5]), ..cell.clone() };
        assert_eq!(Effect::of(alone, &baseline).expect("an effect").text(), "\u{2212}3.0");
        assert!(Effect::of(Cell { mark: None, ..cell }, &baseline).is_none());
    }
}
