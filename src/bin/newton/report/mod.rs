//! `newton report`: runs, as many as there are, as one page to look at, and as tables to go on with.

mod axis;
mod collect;
mod compare;
mod curves;
mod duplicates;
mod effects;
mod experiment;
mod extras;
mod figure;
mod groups;
mod names;
mod page;
mod parts;
mod predictions;
mod sections;
mod table9;
mod tables;
mod times;
mod welch;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use clap::Args;
use newton_losses::train::files;
use serde_json::json;

use collect::{Found, Kind};
use groups::Experiment;

#[derive(Debug, Args)]
pub struct Options {
    /// Directories of runs, or directories with such below them; also files of `newton figure6` and `newton table9`. PNG pictures that lie there are shown
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// The page, one file that needs no other; `tables.md` and `tables.csv` are written beside it, beside NAME.html NAME.md and NAME.csv
    #[arg(long, value_name = "FILE.html", default_value = "runs/report.html")]
    out: PathBuf,
    /// Print what was found as one JSON object on one line
    #[arg(long)]
    json: bool,
}

/// The tables' files beside a page: `tables.md` of `report.html`, `quick.md` of `quick.html`, so that two reports in one directory do not replace
/// each other's.
fn tables_of(page: &Path) -> anyhow::Result<[PathBuf; 2]> {
    let is_page = page
        .extension()
        .is_some_and(|extension| ["html", "htm"].iter().any(|other| extension.eq_ignore_ascii_case(other)));
    ensure!(is_page, "{}: the page's name is to end in .html", page.display());
    let is_report = page.file_stem().is_some_and(|stem| stem == "report");
    let named = if is_report { page.with_file_name("tables.html") } else { page.into() };
    Ok(["md", "csv"].map(|extension| named.with_extension(extension)))
}

pub fn command(options: &Options) -> anyhow::Result<ExitCode> {
    let [markdown, csv] = tables_of(&options.out)?;
    let found = Found::below(&options.folders);
    for note in found.notes.iter().filter(|note| matches!(note.kind, Kind::Skipped | Kind::Duplicate)) {
        eprintln!("{}: {}: {}", note.kind.name(), note.path.display(), note.reason.trim_end());
    }
    if found.is_empty() {
        bail!("nothing to report: no run was found");
    }
    let experiments = Experiment::all(&found);
    let page = page::page(&found, &experiments)?;
    for (file, text) in [
        (&markdown, tables::markdown(&experiments, &found.losses)),
        (&csv, tables::csv(&experiments)),
        (&options.out, page),
    ] {
        files::replace(file, text.as_bytes()).with_context(|| format!("writing {}", file.display()))?;
    }
    let of = |kind: Kind| found.notes.iter().filter(|note| note.kind == kind).count();
    let mut out = std::io::stdout().lock();
    if options.json {
        let notes = found.notes.iter().map(
            |note| json!({ "what": note.kind.name(), "path": note.path, "reason": note.reason.trim_end() }),
        );
        let object = json!({
            "page": options.out, "markdown": markdown, "csv": csv, "runs": found.runs.len(),
            "notes": notes.collect::<Vec<_>>(),
        });
        writeln!(out, "{object}")?;
    } else {
        let [failed, incomplete, skipped] = [Kind::Failed, Kind::Incomplete, Kind::Skipped].map(of);
        writeln!(
            out,
            "{} runs ({failed} failed, {incomplete} incomplete), {skipped} skipped",
            found.runs.len()
        )?;
        for file in [&options.out, &markdown, &csv] {
            writeln!(out, "{}", file.display())?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
