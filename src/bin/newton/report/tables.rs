//! The tables as Markdown, to be pasted, and as CSV, to be computed with: one line for each setting and selection.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::compare::{Cell, Place, Selection};
use super::effects;
use super::extras::Losses;
use super::groups::Experiment;
use super::names::plain;
use super::table9;
use super::welch::Sample;

/// What the signs of tables mean.
pub const LEGEND: &str = "Mean \u{b1} standard deviation over seeds, in per cent of the test. Against the baseline of the same setting, by Welch's t-test at 5 %, \
    two-sided: \u{25b2} significantly better, \u{25b3} better, \u{25bd} worse, \u{25bc} significantly worse, = equal. In a row: \u{2605} highest mean, \u{2248} not \
    distinguishable from it at 5 % (or not testable: one seed, or no spread). Each test stands alone; none is corrected for their number.";
/// What rows do not say.
pub const USUAL: &str = "Where a row does not say otherwise: ";
/// Where a lambda is chosen.
pub const CHOSEN: &str = "Where several \u{3bb} were trained, a cell shows the one with the best mean in validation; a test on it does not know of the choice.";
/// What becomes of failed runs.
pub const FAILURES: &str = "Failed runs have no number: means are of the others, and what would profit from leaving them out is not called significant.";

/// What times are of.
pub const TIMES: &str = "Mean \u{b1} standard deviation over runs of each run's median step (forward, backward, update), in milliseconds, and the mean over the baseline's. \
    Times of different machines do not compare: see the environments.";

/// `70.13 +- 2.05`.
pub fn percent(sample: &Sample) -> String {
    let mean = format!("{:.2}", 100.0 * sample.mean);
    if sample.deviation.is_finite() { format!("{mean} \u{b1} {:.2}", 100.0 * sample.deviation) } else { mean }
}

/// What else a cell says: lambda, seeds, failures.
pub fn details(cell: &Cell) -> String {
    let mut words = Vec::new();
    words.extend(cell.lambda.map(|lambda| format!("\u{3bb} = {lambda}")));
    if cell.among > 1 {
        words.push(format!("of {}", cell.among));
    }
    let seeds = if cell.sample.count == 1 { "seed" } else { "seeds" };
    words.push(format!("{} {seeds}", cell.sample.count));
    if cell.failed > 0 {
        words.push(format!("{} failed", cell.failed));
    }
    words.extend(cell.test.map(|test| {
        if test.p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {}", p_value(test.p)) }
    }));
    words.join(", ")
}

/// Three decimals, as far as they say anything.
pub fn p_value(p: f64) -> String {
    if p < 0.001 { "< 0.001".into() } else { format!("{p:.3}") }
}

/// All experiments, each with both selections and its times; then the tables of `newton table9`.
pub fn markdown(experiments: &[Experiment], losses: &[Losses]) -> String {
    let mut text = format!("# Results\n\n{LEGEND}\n\n{FAILURES}\n");
    for experiment in experiments {
        let columns = &experiment.columns;
        let metric = experiment.metric();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n## {}", markdown_escaped(&experiment.title));
        if !experiment.usual.is_empty() {
            let _ = writeln!(text, "\n{USUAL}{}.", markdown_escaped(&experiment.usual.join("; ")));
        }
        if experiment.chooses() {
            let _ = writeln!(text, "\n{CHOSEN}");
        }
        for selection in Selection::ALL {
            let names: Vec<String> = columns.iter().map(|column| column.name()).collect();
            let _ =
                writeln!(text, "\n{metric}, {}:\n\n| setting | {} |", selection.name(), names.join(" | "));
            let _ = writeln!(text, "|---|{}", "---|".repeat(columns.len()));
            for family in &experiment.families {
                let _ = write!(text, "| {} |", markdown_escaped(&family.name));
                for cell in family.row(columns.iter().copied(), selection, metric) {
                    let _ = match cell {
                        Some(cell) => write!(text, " {} |", markdown_cell(&cell)),
                        None => write!(text, " |"),
                    };
                }
                text.push('\n');
            }
        }
        text += &effects::markdown(experiment, Selection::Last, markdown_escaped);
        markdown_times(&mut text, experiment);
    }
    for losses in losses {
        markdown_losses(&mut text, losses);
    }
    text
}

fn markdown_times(text: &mut String, experiment: &Experiment) {
    let columns = &experiment.columns;
    let names: Vec<String> = columns.iter().map(|column| column.name()).collect();
    let _ = writeln!(text, "\nms per step:\n\n| setting | {} |", names.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(columns.len()));
    for family in &experiment.families {
        let _ = write!(text, "| {} |", markdown_escaped(&family.name));
        for (column, cell) in columns.iter().zip(family.times(columns)) {
            let _ = match cell {
                Some(cell) => {
                    write!(text, " {} ({}) |", cell.milliseconds(), cell.details(column.is_baseline()))
                }
                None => write!(text, " |"),
            };
        }
        text.push('\n');
    }
}

fn markdown_losses(text: &mut String, losses: &Losses) {
    let (last, rows) = table9::rows(losses);
    let _ = writeln!(
        text,
        "\n## Table 9: InjectFisher\n\nMean squared error before step {last}, lower is better:\n\n\
         | method | loss | against baseline |\n|---|---|---|"
    );
    for row in rows {
        let mark = row.mark.map(|mark| format!("{} {}", mark.sign(), mark.name())).unwrap_or_default();
        let p = row.test.map(|test| format!(", p = {}", p_value(test.p))).unwrap_or_default();
        let name = markdown_escaped(&row.curve.name());
        let _ = writeln!(
            text,
            "| {name} | {} ({} seeds) | {mark}{p} |",
            table9::loss(&row.sample),
            row.sample.count
        );
    }
}

fn markdown_cell(cell: &Cell) -> String {
    let number = percent(&cell.sample);
    let number = if cell.place == Place::Highest { format!("**{number}**") } else { number };
    let mark = cell.mark.map_or("", |mark| mark.sign());
    let signs: Vec<&str> =
        [number.as_str(), mark, cell.place.sign()].into_iter().filter(|s| !s.is_empty()).collect();
    format!("{} ({})", signs.join(" "), details(cell))
}

fn markdown_escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' => escaped.extend(['\\', character]),
            _ => escaped.push(if character.is_control() { ' ' } else { character }),
        }
    }
    escaped
}

/// Every setting with all its keys; shares in 0..1.
pub fn csv(experiments: &[Experiment]) -> String {
    let mut keys = BTreeSet::new();
    for group in
        experiments.iter().flat_map(|experiment| &experiment.families).flat_map(|family| &family.groups)
    {
        keys.extend(group.setting().keys().cloned());
    }
    let mut lines = vec![header(&keys)];
    for experiment in experiments {
        let columns = &experiment.columns;
        for family in &experiment.families {
            for selection in Selection::ALL {
                let row = family.row(columns.iter().copied(), selection, experiment.metric());
                for group in &family.groups {
                    let setting = group.setting();
                    let mut fields: Vec<String> =
                        keys.iter().map(|key| setting.get(key).map_or_else(String::new, plain)).collect();
                    let of_row = columns.iter().zip(&row).find(|(column, _)| **column == group.column());
                    let shown = of_row.and_then(|(_, cell)| cell.as_ref());
                    let shown = shown.filter(|cell| cell.lambda == group.lambda());
                    fields.extend([experiment.title.clone(), family.name.clone(), selection.name().into()]);
                    let ended = group.ended();
                    fields.extend([ended.to_string(), (group.runs.len() - ended).to_string()]);
                    fields.push(experiment.metric().into());
                    fields
                        .extend(result(group.cell(family.baseline(), selection, experiment.metric()), shown));
                    for metric in &experiment.metrics()[1..] {
                        let sample = Sample::of(&group.values(selection, metric));
                        fields.push((*metric).into());
                        fields.extend([finite(sample.map(|s| s.mean)), finite(sample.map(|s| s.deviation))]);
                    }
                    fields.push(finite(group.seconds_per_step()));
                    lines.push(fields);
                }
            }
        }
    }
    lines
        .iter()
        .map(|fields| fields.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",") + "\n")
        .collect()
}

fn header(keys: &BTreeSet<String>) -> Vec<String> {
    let fixed = [
        "experiment",
        "row",
        "selection",
        "ended",
        "incomplete",
        "measure",
        "seeds",
        "failed",
        "mean",
        "standard_deviation",
        "mark",
        "t",
        "degrees_of_freedom",
        "p",
        "shown_in_table",
        "place",
        "measure_2",
        "mean_2",
        "standard_deviation_2",
        "measure_3",
        "mean_3",
        "standard_deviation_3",
        "seconds_per_step",
    ];
    keys.iter().cloned().chain(fixed.map(str::to_owned)).collect()
}

/// From `seeds` to `place`.
fn result(cell: Option<Cell>, shown: Option<&Cell>) -> [String; 10] {
    let Some(Cell { sample, failed, mark, test, .. }) = cell else {
        return std::array::from_fn(|i| if i == 0 { "0".into() } else { String::new() });
    };
    [
        sample.count.to_string(),
        failed.to_string(),
        finite(Some(sample.mean)),
        finite(Some(sample.deviation)),
        mark.map_or("", |mark| mark.name()).into(),
        finite(test.map(|test| test.t)),
        finite(test.map(|test| test.degrees_of_freedom)),
        finite(test.map(|test| test.p)),
        shown.is_some().to_string(),
        shown.map_or("", |cell| cell.place.name()).into(),
    ]
}

fn finite(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(String::new, |value| value.to_string())
}

/// RFC 4180.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        assert_eq!(markdown_escaped("a|b_<i>&\n"), "a\\|b\\_&lt;i&gt;&amp; ");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!([p_value(0.0004), p_value(0.0321)], ["< 0.001", "0.032"]);
    }
}
