//! What the networks of an experiment make of the same test samples: one picture for each method of a setting.

use std::path::PathBuf;

use maud::{Markup, html};

use super::collect::Run;
use super::compare::Selection;
use super::extras::Picture;
use super::groups::{Column, Experiment, Family, Group};
use super::parts::unfolded;
use crate::keys::Benchmark;
use crate::run::picture_name;

/// Pictures of an experiment: a page is to open on a phone.
const SHOWN: usize = 24;

const MAPS: &str = "Test maps, the last network of each method's first seed. From the left: the map; what its cells cost, with the cheapest path; what the network \
    says they cost, with the path that is cheapest by that; both paths, white where they agree, blue where only the true one goes, orange where only the predicted one does.";
const SETS: &str = "Test sets, the last network of each method's first seed: a row is a set, the number that the network scores lowest on the left. A blue frame: the number is in its \
    place; an orange one: it is not. Below each image stands its number.";

pub fn predictions(id: &str, title: &str, experiment: &Experiment) -> Markup {
    let metric = experiment.metric();
    let mut all: Vec<(String, PathBuf)> = Vec::new();
    for family in &experiment.families {
        for column in family.columns() {
            let Some((group, _)) = family.chosen(column, Selection::Last, metric) else { continue };
            let Some((run, file)) = first(group) else { continue };
            all.push((caption(family, column, group, run), file));
        }
    }
    let more = all.len().saturating_sub(SHOWN);
    let (note, name) = match experiment.benchmark {
        Benchmark::ShortestPath => (MAPS, "maps"),
        Benchmark::Sorting => (SETS, "sets"),
    };
    let content = html! {
        div.predictions { @for (caption, file) in all.iter().take(SHOWN) {
            figure {
                figcaption { (caption) }
                @match Picture::read(file) {
                    Ok(picture) => div.scroll tabindex="0" role="region" aria-label=(caption) {
                        img class=(name) src=(picture.address) alt=(format!("Picture of test {name}, {caption}")) width=(picture.width) height=(picture.height);
                    },
                    Err(error) => p.note { "Cannot be shown: " (format!("{error:#}")) },
                }
            }
        } }
        @if more > 0 { p.note { (more) " more lie in their runs, as " (picture_name(experiment.benchmark)) "." } }
    };
    unfolded(id, title, note, all.len().min(SHOWN), content)
}

/// The first seed that has a picture.
fn first<'a>(group: &Group<'a>) -> Option<(&'a Run, PathBuf)> {
    let file = |run: &Run| run.path.join(picture_name(run.benchmark));
    let drawn = group.runs.iter().filter(|run| file(run).is_file());
    drawn.min_by_key(|run| (run.keys.seed, run.keys.data_seed)).map(|run| (*run, file(run)))
}

fn caption(family: &Family, column: Column, group: &Group, run: &Run) -> String {
    let lambda = group.lambda().map(|lambda| format!(", \u{3bb} = {lambda}")).unwrap_or_default();
    let seed = run.keys.seed.map(|seed| format!(", seed {seed}")).unwrap_or_default();
    format!("{}: {}{lambda}{seed}", family.name, column.name())
}
