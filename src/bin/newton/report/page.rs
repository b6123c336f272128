//! The page: one HTML file with nothing outside of it. maud escapes all text that comes from runs.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::collect::{Found, Kind};
use super::compare::{Mark, Selection};
use super::experiment::{self, PARTS};
use super::groups::Experiment;
use super::{sections, table9};
use crate::run::Status;

/// The whole page.
pub fn page(found: &Found, experiments: &[Experiment]) -> anyhow::Result<String> {
    let mut sections = Vec::new();
    for (i, experiment) in experiments.iter().enumerate() {
        sections.push(experiment::section(i, experiment)?.into_string());
    }
    let gradients = sections::gradients(found)?;
    let losses = table9::section(&found.losses)?;
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
                            li {
                                a href=(format!("#experiment-{i}")) { (experiment.title) }
                                ul { @for (part, title) in PARTS {
                                    @let id = format!("experiment-{i}-{part}");
                                    // Not every experiment has all parts.
                                    @if sections[i].contains(&format!("id=\"{id}\"")) { li { a href=(format!("#{id}")) { (title) } } }
                                } }
                            }
                        }
                        @if !found.losses.is_empty() { li { a href="#table-9" { "Table 9: InjectFisher" } } }
                        @if !found.gradients.is_empty() { li { a href="#figure-6" { "Figure 6: gradients" } } }
                        @if !found.pictures.is_empty() { li { a href="#pictures" { "Pictures" } } }
                        @if !found.runs.is_empty() { li { a href="#environments" { "Environments" } } }
                        li { a href="#notes" { "Left out, failed, incomplete" } }
                    } }
                }
                main {
                    @for section in &sections { (PreEscaped(section)) }
                    (losses)
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
            family.row(experiment.columns.iter().copied(), Selection::Last, experiment.metric())
        };
        experiment.families.iter().flat_map(row).flatten().filter_map(|cell| cell.mark).collect::<Vec<_>>()
    });
    let marks: Vec<Mark> = cells.collect();
    let order = [Mark::SignificantlyBetter, Mark::Better, Mark::Equal, Mark::Worse, Mark::SignificantlyWorse];
    let count = |mark: Mark| (mark, marks.iter().filter(|other| **other == mark).count());
    order.into_iter().map(count).filter(|(_, count)| *count > 0).collect()
}
