//! The section of an experiment: its tables, curves, times and pictures.

use maud::{Markup, html};

use super::compare::{Cell, Place, Selection};
use super::curves;
use super::effects;
use super::groups::Experiment;
use super::names::metric_name;
use super::parts::{drawn, figures, scrolling, sign};
use super::predictions::predictions;
use super::tables::{CHOSEN, FAILURES, LEGEND, TIMES, USUAL, details, p_value, percent};
use super::welch::Sample;

/// Headings of the page's navigation, with what their ids end in.
pub const PARTS: [(&str, &str); 6] = [
    ("accuracy", "Accuracy in the test"),
    ("effects", "Where curvature helps"),
    ("curves", "Learning curves (Figures 3 and 5)"),
    ("times", "Time per step (Tables 6 to 8)"),
    ("lambda", "Ablation of \u{3bb} (Figure 4)"),
    ("predictions", "Predictions"),
];

pub fn section(i: usize, experiment: &Experiment) -> anyhow::Result<Markup> {
    let (mut lines, mut ablations) = (Vec::new(), Vec::new());
    for family in &experiment.families {
        for figure in curves::learning(experiment, family) {
            lines.extend(drawn(&figure)?);
        }
        for selection in Selection::ALL {
            if let Some(figure) = curves::ablation(experiment, family, selection) {
                ablations.extend(drawn(&figure)?);
            }
        }
    }
    let id = |part: usize| format!("experiment-{i}-{}", PARTS[part].0);
    let part =
        |part: usize, note: &str, drawings: &[Markup]| figures(&id(part), PARTS[part].1, note, drawings);
    let effects = effects::section(&id(1), PARTS[1].1, experiment, Selection::Last)?;
    Ok(html! {
        section id=(format!("experiment-{i}")) {
            h2 { (experiment.title) }
            @for text in experiment.provenance() { p.note { (text) } }
            h3 id=(id(0)) { (PARTS[0].1) }
            @let (name, of) = metric_name(experiment.metric());
            p.note { "The share of " (of) " (" (name) ")." }
            @if !experiment.usual.is_empty() { p.note { (USUAL) (experiment.usual.join("; ")) "." } }
            @for selection in Selection::ALL { (table(experiment, selection)) }
            p.note { (LEGEND) }
            p.note { (FAILURES) }
            @if experiment.chooses() { p.note { (CHOSEN) } }
            (effects)
            (part(2, "Accuracy in validation. Mean over seeds; bands are 95 % confidence intervals of the mean (Student). As far as all seeds of a line go.", &lines))
            (times(&id(3), experiment))
            (part(4, "Bands are 95 % confidence intervals of the mean over seeds.", &ablations))
            (predictions(&id(5), PARTS[5].1, experiment))
            (settings(experiment))
            details {
                summary { h3 { "What all these runs have in common" } }
                dl { @for (key, value) in &experiment.common { div { dt { (key) } dd { (value) } } } }
            }
        }
    })
}

/// Tables 6 to 8.
fn times(id: &str, experiment: &Experiment) -> Markup {
    let columns = &experiment.columns;
    let rows: Vec<_> = experiment.families.iter().map(|family| (family, family.times(columns))).collect();
    html! {
        @if rows.iter().any(|(_, cells)| cells.iter().any(Option::is_some)) {
            h3 id=(id) { (PARTS[3].1) }
            (scrolling("Milliseconds per training step", html! {
                thead { tr { th scope="col" { "Setting" } @for column in columns { th scope="col" { (column.name()) } } } }
                tbody { @for (family, cells) in &rows { tr {
                    th scope="row" { (unbroken(&family.name)) }
                    @for (column, cell) in columns.iter().zip(cells) {
                        @match cell {
                            None => td { "\u{2013}" },
                            Some(cell) => td.number { (cell.milliseconds()) small { (cell.details(column.is_baseline())) } },
                        }
                    }
                } } }
            }))
            p.note { (TIMES) }
        }
    }
}

/// `n = 5` stays on one line.
fn unbroken(name: &str) -> String {
    name.replace(" = ", "\u{a0}=\u{a0}")
}

fn table(experiment: &Experiment, selection: Selection) -> Markup {
    let columns = &experiment.columns;
    let metric = experiment.metric();
    let label = format!("{} in the test, %, {}", metric_name(metric).0, selection.name());
    scrolling(
        &label,
        html! {
            thead { tr { th scope="col" { "Setting" } @for column in columns { th scope="col" { (column.name()) } } } }
            tbody { @for family in &experiment.families {
                tr {
                    th scope="row" { (unbroken(&family.name)) }
                    @for cell in family.row(columns.iter().copied(), selection, metric) { (table_cell(cell.as_ref())) }
                }
            } }
        },
    )
}

fn table_cell(cell: Option<&Cell>) -> Markup {
    html! {
        @match cell {
            None => td { "\u{2013}" },
            Some(cell) => td.number {
                span.highest[cell.place == Place::Highest] { (percent(&cell.sample)) }
                @if let Some(mark) = cell.mark { " " (sign(mark)) }
                @if cell.place != Place::Lower {
                    " " span role="img" aria-label=(cell.place.name()) title=(cell.place.name()) { (cell.place.sign()) }
                }
                small { (details(cell)) }
            },
        }
    }
}

/// Every setting, every number.
fn settings(experiment: &Experiment) -> Markup {
    let metrics = experiment.metrics();
    let number = |sample: Option<Sample>, metric: &str| match sample {
        None => "\u{2013}".to_owned(),
        Some(sample) if metric == "cost_ratio" && sample.deviation.is_finite() => {
            format!("{:.4} \u{b1} {:.4}", sample.mean, sample.deviation)
        }
        Some(sample) if metric == "cost_ratio" => format!("{:.4}", sample.mean),
        Some(sample) => percent(&sample),
    };
    let head = html! { thead { tr {
        @for name in ["Setting", "Method", "\u{3bb}", "Ended", "Selection"] { th scope="col" { (name) } }
        @for metric in metrics {
            @let (name, of) = metric_name(metric);
            th scope="col" title=(of) { (name) @if metric != "cost_ratio" { ", %" } }
        }
        @for name in ["Against baseline", "t", "df", "p", "ms per step"] { th scope="col" { (name) } }
    } } };
    let body = html! { tbody { @for family in &experiment.families { @for group in &family.groups { @for selection in Selection::ALL {
        @let cell = group.cell(family.baseline(), selection, metrics[0]);
        @let test = cell.as_ref().and_then(|cell| cell.test);
        tr {
            th scope="row" { (unbroken(&family.name)) }
            td { (group.column().name()) }
            td { @if let Some(lambda) = group.lambda() { (lambda) } }
            td { (group.ended()) " of " (group.runs.len()) }
            td.number { (selection.name()) }
            @for metric in metrics { td.number { (number(Sample::of(&group.values(selection, metric)), metric)) } }
            td.number { @if let Some(mark) = cell.as_ref().and_then(|cell| cell.mark) { (sign(mark)) " " (mark.name()) } }
            td.number { @if let Some(test) = test { (format!("{:.3}", test.t)) } }
            td.number { @if let Some(test) = test { (format!("{:.2}", test.degrees_of_freedom)) } }
            td.number { @if let Some(test) = test { (p_value(test.p)) } }
            td.number { @if let Some(seconds) = group.seconds_per_step() { (format!("{:.2}", 1e3 * seconds)) } }
        }
    } } } } };
    html! { details { summary { h3 { "All settings and numbers" } } div.wide { (scrolling("All settings", html! { (head) (body) })) } } }
}
