//! `newton sweep`: grids, shards, and going on where it was.

mod cli_support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use cli_support::{newton, output, refused, text};
use serde_json::Value;

const SWEEP: &str = "[base]\nn = 3\nsteps = 2\nbatch = 4\nvalid_batches = 1\ntest_batches = 1\ntrain_size = 100\n\
                     valid_size = 20\ntest_size = 20\n\n\
                     [[grid]]\nmethod = ['baseline', 'fisher']\nlambda = [0.1, 1.0]\nseed = '0..2'\n";

fn sweep(file: &Path, out: &Path, arguments: &[&str]) -> Command {
    newton("sweep", out, &[&[file.to_str().expect("UTF-8")], arguments])
}

fn json(command: Command) -> Value {
    let (output, code) = output(command);
    assert_eq!(code, Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn runs(out: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(out).expect("a folder").map(|entry| entry.expect("an entry"));
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn shards_share_the_runs_and_finished_ones_are_skipped() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, out) = (folder.path().join("sweep.toml"), folder.path().join("runs"));
    std::fs::write(&file, SWEEP).expect("writable");
    // Two seeds of one baseline and two lambdas.
    let first = json(sweep(&file, &out, &["--shard=0/4", "--json"]));
    assert_eq!((&first["runs"], &first["finished"]), (&2.into(), &2.into()));
    let of_first = runs(&out);
    assert_eq!(of_first.len(), 2);
    let second = json(sweep(&file, &out, &["--shard=1/4", "--json"]));
    assert_eq!(second["finished"], 2);
    let name = of_first.first().expect("a run").clone();
    let before = text(&out.join(&name), "result.json");
    let all = json(sweep(&file, &out, &["--json"]));
    assert_eq!((&all["runs"], &all["finished_before"], &all["finished"]), (&6.into(), &4.into(), &2.into()));
    assert_eq!(runs(&out).len(), 6);
    assert_eq!(text(&out.join(&name), "result.json"), before, "a finished run is not touched");
    assert_eq!(text(&out, "sweep.toml"), SWEEP);

    let (listed, code) = output(sweep(&file, &out, &["--list"]));
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert_eq!((code, listed.lines().count()), (Some(0), 6), "{listed}");
    assert!(listed.lines().all(|line| line.starts_with("completed")), "{listed}");

    // What was interrupted is finished, what was not begun is begun; without --json each run has its line.
    std::fs::remove_file(out.join(&name).join("result.json")).expect("there");
    let (said, code) = output(sweep(&file, &out, &[]));
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert_eq!((code, said.lines().count()), (Some(0), 2), "{said}");
    assert!(said.contains(&format!(" of 6, {name}: em ")) && said.contains("after 2 steps"), "{said}");
    std::fs::remove_file(out.join(&name).join("result.json")).expect("there");
    let again = json(sweep(&file, &out, &["--json"]));
    assert_eq!((&again["finished_before"], &again["finished"]), (&5.into(), &1.into()));
}

#[test]
fn one_run_that_cannot_be_trained_does_not_stop_the_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, out) = (folder.path().join("sweep.toml"), folder.path().join("runs"));
    std::fs::write(&file, SWEEP).expect("writable");
    let (listed, _) = output(sweep(&file, &out, &["--list", "--json"]));
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let first: Value = serde_json::from_str(listed.lines().next().expect("a run")).expect("JSON");
    assert_eq!(first["state"], "waiting");
    // A file stands where its directory would be.
    std::fs::create_dir_all(&out).expect("writable");
    std::fs::write(out.join(first["run"].as_str().expect("a name")), "in the way").expect("writable");
    let (output, code) = output(sweep(&file, &out, &["--json"]));
    assert_eq!(code, Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&json["finished"], json["errors"].as_array().map(Vec::len)), (&5.into(), Some(1)));
}

#[test]
fn mistakes_are_found_before_anything_is_trained() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, out) = (folder.path().join("sweep.toml"), folder.path().join("runs"));
    let with = |text: &str, arguments: &[&str]| {
        std::fs::write(&file, text).expect("writable");
        refused(sweep(&file, &out, arguments))
    };
    assert!(with(&SWEEP.replace("lambda", "lamda"), &[]).contains("unknown field `lamda`"));
    let last = format!("{SWEEP}[[grid]]\nn = 4\n");
    assert!(with(&last, &[]).contains("sets of 4 numbers are not supported"));
    assert!(with(SWEEP, &["--shard=4/4"]).contains("i from 0 to N - 1"));
    assert!(!out.exists(), "nothing was begun");
}
