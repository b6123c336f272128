//! The page: one HTML file with nothing outside of it. maud escapes all text that comes from runs.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::collect::{Found, Kind};
use super::compare::{Cell, Mark, Place, Selection};
use super::curves;
use super::effects;
use super::figure::Figure;
use super::groups::{Column, Experiment};
use super::sections;
use super::tables::{CHOSEN, FAILURES, LEGEND, details, p_value, percent};
use super::welch::Sample;
use crate::run::Status;

/// Figures of an experiment that stand open; more are folded.
const OPEN: usize = 24;

/// The whole page.
pub fn page(found: &Found, experiments: &[Experiment]) -> anyhow::Result<String> {
    let mut sections = Vec::new();
    for (i, experiment) in experiments.iter().enumerate() {
        sections.push(section(i, experiment)?);
    }
    let gradients = sections::gradients(found)?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Newton losses: report" }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                header {
                    h1 { "Newton losses: report" }
                    (summary(found, experiments))
                    nav aria-label="Sections" { ul {
                        @for (i, experiment) in experiments.iter().enumerate() {
                            li { a href=(format!("#experiment-{i}")) { (experiment.title) } }
                        }
                        @if !found.gradients.is_empty() { li { a href="#gradients" { "Gradients" } } }
                        @if !found.pictures.is_empty() { li { a href="#pictures" { "Pictures" } } }
                        @if !found.runs.is_empty() { li { a href="#environments" { "Environments" } } }
                        li { a href="#notes" { "Left out, failed, incomplete" } }
                    } }
                }
                main {
                    @for section in &sections { (section) }
                    (gradients)
                    (sections::pictures(found))
                    (sections::environments(found))
                    (sections::notes(found))
                }
                footer { p.note { "Made by newton " (env!("CARGO_PKG_VERSION")) "." } }
            }
        }
    };
    Ok(page.into_string())
}

fn summary(found: &Found, experiments: &[Experiment]) -> Markup {
    let of = |kind: Kind| found.notes.iter().filter(|note| note.kind == kind).count();
    let groups =
        experiments.iter().flat_map(|experiment| &experiment.families).map(|family| family.groups.len());
    let ended = found.runs.iter().filter_map(|run| run.result.as_ref());
    let ended = ended.filter(|result| result.status != Status::Failed).count();
    let rows = [
        ("runs", found.runs.len()),
        ("settings", groups.sum()),
        ("ended well", ended),
        ("failed", of(Kind::Failed)),
        ("incomplete", of(Kind::Incomplete)),
        ("duplicates", of(Kind::Duplicate)),
        ("skipped", of(Kind::Skipped)),
    ];
    let marks = marks(experiments);
    html! {
        ul.numbers { @for (name, count) in rows { li { b { (count) } (name) } } }
        @if !marks.is_empty() {
            p { "Newton losses against the baseline of the same setting, last step: "
                @for (i, (mark, count)) in marks.iter().enumerate() {
                    @if i > 0 { ", " } (count) "\u{a0}" (mark.sign()) "\u{a0}" (mark.name())
                } "."
            }
        }
    }
}

/// How often each mark stands in the tables of the last step.
fn marks(experiments: &[Experiment]) -> Vec<(Mark, usize)> {
    let cells = experiments.iter().flat_map(|experiment| {
        let row = |family: &super::groups::Family| {
            family.row(experiment.columns(), Selection::Last, experiment.metric())
        };
        experiment.families.iter().flat_map(row).flatten().filter_map(|cell| cell.mark).collect::<Vec<_>>()
    });
    let marks: Vec<Mark> = cells.collect();
    let order = [Mark::SignificantlyBetter, Mark::Better, Mark::Equal, Mark::Worse, Mark::SignificantlyWorse];
    let count = |mark: Mark| (mark, marks.iter().filter(|other| **other == mark).count());
    order.into_iter().map(count).filter(|(_, count)| *count > 0).collect()
}

fn section(i: usize, experiment: &Experiment) -> anyhow::Result<Markup> {
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
    let effects = effects::section(experiment, Selection::Last)?;
    Ok(html! {
        section id=(format!("experiment-{i}")) {
            h2 { (experiment.title) }
            @for text in experiment.provenance() { p.note { (text) } }
            @for selection in Selection::ALL { (table(experiment, selection)) }
            p.note { (LEGEND) }
            p.note { (FAILURES) }
            @if experiment.chooses() { p.note { (CHOSEN) } }
            (effects)
            (figures("Learning curves", "Mean over seeds; bands are 95 % confidence intervals of the mean (Student). As far as all seeds of a line go.", &lines))
            (figures("Ablation of \u{3bb}", "Bands are 95 % confidence intervals of the mean over seeds.", &ablations))
            (settings(experiment))
            details {
                summary { "What all these runs have in common" }
                dl { @for (key, value) in &experiment.common { div { dt { (key) } dd { (value) } } } }
            }
        }
    })
}

pub fn figures(title: &str, note: &str, figures: &[Markup]) -> Markup {
    html! {
        @if !figures.is_empty() {
            details open[figures.len() <= OPEN] {
                summary { (title) }
                p.note { (note) }
                div.figures { @for figure in figures { (figure) } }
            }
        }
    }
}

pub fn drawn(figure: &Figure) -> anyhow::Result<Option<Markup>> {
    let Some(svg) = figure.svg()? else { return Ok(None) };
    Ok(Some(html! {
        figure {
            figcaption { (figure.title) }
            (PreEscaped(svg))
            ul.legend { @for series in &figure.series {
                li { i.dashed[series.dashed] style=(format!("border-color:var(--c{})", series.colour % 8)) {} (series.name) }
            } }
        }
    }))
}

/// Wide tables scroll within themselves.
pub fn scrolling(label: &str, table: Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(label) { table { caption { (label) } (table) } } }
}

fn table(experiment: &Experiment, selection: Selection) -> Markup {
    let columns: Vec<Column> = experiment.columns().into_iter().collect();
    let metric = experiment.metric();
    let label = format!("{metric} of the test in per cent, {}", selection.name());
    scrolling(
        &label,
        html! {
            thead { tr { th scope="col" { "Setting" } @for column in &columns { th scope="col" { (column.name()) } } } }
            tbody { @for family in &experiment.families {
                tr {
                    th scope="row" { (family.name.replace(" = ", "\u{a0}=\u{a0}")) }
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

fn sign(mark: Mark) -> Markup {
    let class = match mark {
        Mark::SignificantlyBetter => "good",
        Mark::SignificantlyWorse => "bad",
        _ => "",
    };
    html! { span class=(class) role="img" aria-label=(mark.name()) title=(mark.name()) { (mark.sign()) } }
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
        @for metric in metrics { th scope="col" { (metric) } }
        @for name in ["Against baseline", "t", "df", "p", "ms per step"] { th scope="col" { (name) } }
    } } };
    let body = html! { tbody { @for family in &experiment.families { @for group in &family.groups { @for selection in Selection::ALL {
        @let cell = group.cell(family.baseline(), selection, metrics[0]);
        @let test = cell.as_ref().and_then(|cell| cell.test);
        tr {
            th scope="row" { (family.name.replace(" = ", "\u{a0}=\u{a0}")) }
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
    html! { details { summary { "All settings and numbers" } (scrolling("All settings", html! { (head) (body) })) } }
}
