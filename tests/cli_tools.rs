//! `newton diagnose` and `newton data`.

mod cli_support;

use std::path::Path;
use std::process::Command;

use cli_support::{SORTING, output, refused, train};
use serde_json::Value;

fn newton(arguments: &[&str]) -> Command {
    let mut newton = Command::new(env!("CARGO_BIN_EXE_newton"));
    newton.args(arguments);
    newton
}

fn works(arguments: &[&str]) -> String {
    let (output, code) = output(newton(arguments));
    assert_eq!(code, Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn diagnose_shows_spectrum_norms_and_a_lambda() {
    let small = ["--n=3", "--train-size=100", "--valid-size=20", "--test-size=60"];
    let json: Value =
        serde_json::from_str(&works(&[&["diagnose", "--json"][..], &small].concat())).expect("JSON");
    for method in ["hessian", "fisher"] {
        let found = &json["methods"][method];
        let spectrum: Vec<f64> =
            found["spectrum"].as_array().expect("a list").iter().filter_map(Value::as_f64).collect();
        assert!(spectrum.len() == 3 && spectrum.is_sorted(), "{found}");
        let largest = spectrum.iter().fold(0.0_f64, |max, w| max.max(w.abs()));
        let lambda = found["suggested_lambda"].as_f64().expect("a number");
        assert!(lambda > 0.0 && lambda <= 2.5 * largest, "{lambda} for {spectrum:?}");
        for norms in ["gradients", "directions"] {
            assert!(found[norms]["median"].as_f64().expect("a number") > 0.0, "{found}");
        }
    }
    // The Fisher matrix has no negative directions.
    assert_eq!(json["methods"]["fisher"]["negative"], 0.0);
    let text = works(&[&["diagnose"][..], &small].concat());
    assert!(text.contains("eigenvalues of C") && text.contains("suggested lambda"), "{text}");

    let folder = tempfile::tempdir().expect("a temporary folder");
    train(folder.path(), &[SORTING]);
    let of_run = works(&["diagnose", "--run", utf8(folder.path()), "--json"]);
    let of_run: Value = serde_json::from_str(&of_run).expect("JSON");
    assert!(of_run["network"].as_str().is_some_and(|text| text.ends_with("after step 12")), "{of_run}");
    assert_ne!(
        of_run["methods"]["hessian"]["spread"], json["methods"]["hessian"]["spread"],
        "a trained network"
    );
    assert!(refused(newton(&["diagnose", "--run", "/no/such/run"])).contains("no run is there"));
}

#[test]
fn synthetic_data_are_written_read_back_and_told_from_the_official_ones() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (digits, maps) = (folder.path().join("digits"), folder.path().join("maps"));
    works(&["data", "generate", utf8(&digits), "--train-size=220", "--valid-size=20", "--test-size=20"]);
    let (said, code) = output(newton(&["data", "verify", utf8(&digits)]));
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert_eq!(code, Some(1));
    assert_eq!(said.matches("sound, but not the official file").count(), 4, "{said}");
    // A run on the files is the run on the generator's digits: they are the same.
    let few = ["--n=3", "--steps=2", "--batch=4", "--valid-batches=1", "--test-batches=1"];
    let sizes = ["--train-size=220", "--valid-size=20", "--test-size=20"];
    let a = train(&folder.path().join("a"), &[&few, &sizes]);
    let b = train(&folder.path().join("b"), &[&few, &["--data", utf8(&digits)]]);
    assert_eq!(a["last"], b["last"]);
    assert_ne!(a["data"], b["data"], "the provenance tells them apart");
    assert!(refused(newton(&["data", "generate", utf8(&digits), "--valid-size=7"])).contains("last twelfth"));

    let paths = ["--benchmark=shortest_path", "--train-size=6", "--valid-size=2", "--test-size=2"];
    works(&[&["data", "generate", utf8(&maps)][..], &paths].concat());
    let (said, code) = output(newton(&["data", "verify", utf8(&maps), "--benchmark=shortest_path"]));
    assert_eq!(code, Some(1));
    assert_eq!(String::from_utf8_lossy(&said.stdout).matches("not the official file").count(), 9);

    for (name, arguments) in [
        ("digits.png", &["--data", utf8(&digits), "--n=3", "--count=2"][..]),
        ("maps.png", &["--benchmark=shortest_path", "--data", utf8(&maps), "--count=4"]),
    ] {
        let file = folder.path().join(name);
        works(&[&["data", "show", utf8(&file)], arguments].concat());
        assert!(std::fs::read(&file).expect("readable").starts_with(b"\x89PNG"));
    }
    assert!(refused(newton(&["data", "verify", "/no/such/folder"])).contains("/no/such/folder"));
}
