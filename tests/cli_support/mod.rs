//! What the tests of the program `newton` have in common: calling it, and runs of a second.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use newton_losses::train::Checkpoint;
use serde_json::Value;

/// Twelve steps on few digits; a validation every third step.
pub const SORTING: &[&str] = &[
    "--n=3",
    "--steps=12",
    "--batch=4",
    "--validate-every=3",
    "--valid-batches=1",
    "--test-batches=1",
    "--train-size=300",
    "--valid-size=60",
    "--test-size=60",
];

/// Six steps on few maps; a validation every second step.
pub const PATHS: &[&str] =
    &["--epochs=3", "--batch=4", "--train-size=8", "--valid-size=4", "--test-size=4", "--validate-every=1"];

/// The program with some arguments and `--out`.
pub fn newton(command: &str, out: &Path, arguments: &[&[&str]]) -> Command {
    let mut newton = Command::new(env!("CARGO_BIN_EXE_newton"));
    newton.arg(command);
    arguments.iter().for_each(|arguments| {
        newton.args(*arguments);
    });
    newton.arg("--out").arg(out).stdin(Stdio::null());
    newton
}

/// Runs to its end; the code that it exits with.
pub fn output(mut command: Command) -> (Output, Option<i32>) {
    let output = command.output().expect("the program starts");
    let code = output.status.code();
    (output, code)
}

/// A training that goes well.
pub fn train(out: &Path, arguments: &[&[&str]]) -> Value {
    let (output, code) = output(newton("train", out, &[arguments, &[&["--json"]]].concat()));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
    assert_eq!(stderr, "", "quiet when nobody looks");
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// What a call that is refused says.
pub fn refused(command: Command) -> String {
    let (output, code) = output(command);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(code, Some(1 | 2)), "{code:?}: {stderr}");
    stderr
}

/// A file of a run.
pub fn text(out: &Path, name: &str) -> String {
    let file = out.join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Its result, without what may differ: the times.
pub fn result(out: &Path) -> Value {
    let mut result: Value = serde_json::from_str(&text(out, "result.json")).expect("JSON");
    result.as_object_mut().expect("an object").remove("time").expect("times");
    result
}

/// Steps and files, the newest last.
pub fn checkpoints(out: &Path) -> Vec<(u64, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(out) else { return Vec::new() };
    let mut found: Vec<(u64, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.strip_prefix("checkpoint-")?;
            Some((name.strip_suffix(".safetensors")?.parse().ok()?, path))
        })
        .collect();
    found.sort();
    found
}

/// All weights and moments of the newest checkpoint, bit by bit, and what else a run goes on from; the times left out.
pub fn state(out: &Path) -> (Checkpoint, Vec<String>) {
    let (_, file) = checkpoints(out).pop().expect("a checkpoint");
    let mut checkpoint = Checkpoint::load(&file).expect("sound");
    let rows = checkpoint.state["rows"].take();
    let rows = rows.as_array().expect("rows").iter().map(|row| row["values"].to_string()).collect();
    checkpoint.arrays.remove("times");
    (checkpoint, rows)
}

/// Both runs measured the same, to the byte, and ended the same, to the bit.
pub fn assert_same(a: &Path, b: &Path, what: &str) {
    for name in ["metrics.csv", "metrics.jsonl", "config.toml"] {
        assert_eq!(text(a, name), text(b, name), "{what}: {name}");
    }
    assert_eq!(result(a), result(b), "{what}");
    let pictures = |out: &Path| ["sets.png", "maps.png"].map(|name| std::fs::read(out.join(name)).ok());
    assert!(pictures(a) == pictures(b), "{what}: pictures differ");
    assert!(state(a) == state(b), "{what}: weights, moments or statistics differ");
}
