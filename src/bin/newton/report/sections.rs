//! Parts of the page that belong to no experiment: gradients, pictures, environments, and what is left out.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::collect::Found;
use super::curves;
use super::parts::{drawn, figures, scrolling};
use crate::run::Environment;

/// Pictures that are shown.
const PICTURES: usize = 48;

pub fn gradients(found: &Found) -> anyhow::Result<Markup> {
    let mut drawings = Vec::new();
    for sweep in found.gradients.iter().flat_map(|file| &file.sweeps) {
        drawings.extend(drawn(&curves::gradients(sweep))?);
    }
    Ok(html! {
        @if !drawings.is_empty() {
            section id="figure-6" {
                h2 { "Figure 6: gradients along a sweep of one score" }
                p.note { "The derivative of the loss by the score x1, in f64 and in f32, and what Newton losses back-propagate in its place, in f32." }
                (figures("figure-6-sweeps", "Sweeps", "The vertical axis has decades on both sides of zero, and is straight within \u{b1}0.001.", &drawings))
            }
        }
    })
}

pub fn pictures(found: &Found) -> Markup {
    let more = found.pictures.len().saturating_sub(PICTURES);
    html! {
        @if !found.pictures.is_empty() {
            section id="pictures" {
                h2 { "Pictures" }
                div.figures { @for picture in found.pictures.iter().take(PICTURES) {
                    @let name = picture.path.display().to_string();
                    figure {
                        figcaption.path { (name) }
                        img src=(picture.address) alt=(format!("Picture {name}")) width=(picture.width) height=(picture.height);
                    }
                } }
                @if more > 0 { p.note { (more) " more are not shown." } }
            }
        }
    }
}

pub fn environments(found: &Found) -> Markup {
    let mut all: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for environment in found.runs.iter().filter_map(|run| run.environment.as_ref()) {
        *all.entry(described(environment)).or_default() += 1;
    }
    let head = [
        "Version",
        "Revision",
        "Compiler, profile",
        "Processor",
        "Cores",
        "Device",
        "System",
        "Host",
        "Runs",
    ];
    html! {
        @if !all.is_empty() {
            section id="environments" {
                h2 { "Environments" }
                @if all.len() > 1 { p { "Runs come from several environments: compare times within one only." } }
                (scrolling("Where the runs were made", html! {
                    thead { tr { @for name in head { th scope="col" { (name) } } } }
                    tbody { @for (fields, count) in &all { tr { @for field in fields { td { (field) } } td { (count) } } } }
                }))
            }
        }
    }
}

fn described(environment: &Environment) -> Vec<String> {
    let Environment { newton_losses, git_revision, git_dirty, rustc, profile, cpu, cpu_features, .. } =
        environment;
    let mut revision =
        git_revision.as_deref().map_or("unknown".to_owned(), |text| text.chars().take(12).collect());
    if *git_dirty == Some(true) {
        revision += ", with changes";
    }
    let mut processor = cpu.clone().unwrap_or_else(|| "unknown".into());
    if !cpu_features.is_empty() {
        processor += &format!(" ({})", cpu_features.join(", "));
    }
    vec![
        newton_losses.clone(),
        revision,
        format!("{rustc}, {profile}"),
        processor,
        environment.cores.to_string(),
        environment.device.clone(),
        environment.os.clone(),
        environment.host.clone().unwrap_or_default(),
    ]
}

pub fn notes(found: &Found) -> Markup {
    html! {
        section id="notes" {
            h2 { "Left out, failed, incomplete" }
            @if found.notes.is_empty() { p { "Nothing: all that was found is sound, and ended well." } }
            @else {
                (scrolling("Directories and files", html! {
                    thead { tr { @for name in ["What", "Where", "Why"] { th scope="col" { (name) } } } }
                    tbody { @for note in &found.notes { tr {
                        td.number { (note.kind.name()) }
                        th scope="row" class="path" { (note.path.display()) }
                        td.reason { (note.reason.trim_end()) }
                    } } }
                }))
            }
        }
    }
}
