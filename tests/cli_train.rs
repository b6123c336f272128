//! `newton train`: every loss and method, files and flags, what it leaves behind, and what it refuses.

mod cli_support;

use cli_support::{SORTING, checkpoints, newton, output, refused, result, text, train};
use serde_json::Value;

#[test]
fn a_run_leaves_its_files_behind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("a/run");
    let json = train(&out, &[SORTING, &["--checkpoint-every=1"]]);
    assert_eq!(json["status"], "completed");
    assert_eq!(json, serde_json::from_str::<Value>(&text(&out, "result.json")).expect("JSON"));
    for which in ["last", "best"] {
        for (split, column) in [("valid", "em"), ("test", "ew"), ("test", "em5")] {
            let share = json[which][split][column].as_f64().expect("a number");
            assert!((0.0..=1.0).contains(&share), "{which} {split} {column}: {share}");
        }
    }
    assert_eq!((&json["samples"], &json["best"]["by"]), (&100.into(), &"em5".into()));

    let csv = text(&out, "metrics.csv");
    let steps: Vec<&str> = csv.lines().filter_map(|line| line.split(',').next()).collect();
    assert_eq!(steps, ["step", "3", "6", "9", "12"]);
    assert!(csv.starts_with("step,loss,em,ew,em5\n"));
    assert_eq!(text(&out, "metrics.jsonl").lines().count(), 4);
    assert!(text(&out, "times.csv").starts_with("step,train_seconds,unix_seconds\n3,"));
    let kept: Vec<u64> = checkpoints(&out).into_iter().map(|(step, _)| step).collect();
    assert_eq!(kept, [11, 12], "two are kept");

    let environment: Value = serde_json::from_str(&text(&out, "environment.json")).expect("JSON");
    assert_eq!(environment["seeds"]["seed"], 0);
    assert!(environment["rustc"].as_str().is_some_and(|rustc| rustc.starts_with("rustc ")), "{environment}");
    assert_eq!(environment["sessions"].as_array().map(Vec::len), Some(1));
    // No other files: nothing temporary stays behind.
    let mut names: Vec<String> = std::fs::read_dir(&out)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with("checkpoint-") && !name.starts_with("events.out.tfevents."))
        .collect();
    names.sort();
    let expected = [
        "config.toml",
        "environment.json",
        "lock",
        "metrics.csv",
        "metrics.jsonl",
        "result.json",
        "sets.png",
        "times.csv",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_run_draws_what_its_network_predicts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = |name: &str| folder.path().join(name);
    let picture = |name: &str, file: &str| std::fs::read(out(name).join(file)).expect("a picture");
    let sets = ["--benchmark=sorting", "--n=3", "--steps=2", "--valid-batches=1", "--test-batches=1"];
    let maps = ["--benchmark=shortest_path", "--epochs=1"];
    let sizes = ["--batch=4", "--train-size=100", "--valid-size=20", "--test-size=20"];
    let few = ["--batch=4", "--train-size=4", "--valid-size=2", "--test-size=2"];
    for (arguments, sizes, file) in [(&sets[..], sizes, "sets.png"), (&maps, few, "maps.png")] {
        let train_as = |name: &str, more: &[&str]| train(&out(name), &[arguments, &sizes, more]);
        let [once, again, other] = ["once", "again", "other"].map(|name| format!("{name}-{file}"));
        train_as(&once, &[]);
        assert!(picture(&once, file).starts_with(b"\x89PNG"));
        train_as(&again, &[]);
        assert!(picture(&again, file) == picture(&once, file), "{file} is the same when the run is repeated");
        // Negative control: another seed has another network.
        train_as(&other, &["--seed=1"]);
        assert!(picture(&other, file) != picture(&once, file), "{file}");
        // A kill between the picture and the result, or before both.
        std::fs::remove_file(out(&again).join("result.json")).expect("there");
        std::fs::write(out(&again).join(file), "half a pict").expect("writable");
        train_as(&again, &["--resume"]);
        assert!(picture(&again, file) == picture(&once, file), "{file} after a resumption");
    }
}

#[test]
fn tensorboard_s_records_are_whole() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    train(folder.path(), &[SORTING]);
    let mut files = std::fs::read_dir(folder.path()).expect("a folder").filter_map(|entry| {
        let path = entry.expect("an entry").path();
        path.to_string_lossy().contains("events.out.tfevents.").then_some(path)
    });
    let bytes = std::fs::read(files.next().expect("an events file")).expect("readable");
    assert!(files.next().is_none(), "one file");
    let (mut rest, mut records) = (&bytes[..], Vec::new());
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest[..8].try_into().expect("eight bytes")) as usize;
        records.push(rest[12..12 + length].to_vec());
        rest = &rest[16 + length..];
    }
    assert_eq!(records.len(), 1 + 4, "a version and four validations");
    assert!(records[0].ends_with(b"brain.Event:2"));
    let has = |record: &[u8], tag: &str| record.windows(tag.len()).any(|part| part == tag.as_bytes());
    assert!(records[1..].iter().all(|record| has(record, "valid/em5") && has(record, "train/loss")));
}

#[test]
fn files_and_flags_describe_the_same_run_and_flags_go_before() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("a.toml");
    let toml = "method = 'fisher'\nlambda = 0.5\nn = 3\nsteps = 12\nbatch = 4\nvalidate_every = 3\nvalid_batches = 1\n\
                test_batches = 1\ntrain_size = 300\nvalid_size = 60\ntest_size = 60\nseed = 7\n";
    std::fs::write(&file, toml).expect("writable");
    let file = file.to_str().expect("UTF-8");
    let out = |name: &str| folder.path().join(name);
    train(&out("file"), &[&["--config", file, "--seed=3"]]);
    train(&out("flags"), &[SORTING, &["--method=fisher", "--lambda=0.5", "--seed=3"]]);
    assert_eq!(text(&out("file"), "config.toml"), text(&out("flags"), "config.toml"));
    assert_eq!(text(&out("file"), "metrics.csv"), text(&out("flags"), "metrics.csv"));
    // The resolved file is a file of keys, too.
    let config = out("file").join("config.toml");
    train(&out("again"), &[&["--config", config.to_str().expect("UTF-8")]]);
    assert_eq!(result(&out("again")), result(&out("file")));
    // Negative control: another seed is another run.
    train(&out("other"), &[&["--config", file]]);
    assert_ne!(text(&out("other"), "metrics.csv"), text(&out("file"), "metrics.csv"));
}

#[test]
fn every_loss_and_method_trains() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |loss: &str, method: &str, arguments: &[&[&str]]| {
        let out = folder.path().join(format!("{loss}-{method}-{}", arguments.len()));
        let flags = [format!("--loss={loss}"), format!("--method={method}")];
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let json = train(&out, &[arguments, &[&flags]].concat());
        assert_eq!(
            (json["status"].as_str(), json["config"]["loss"].as_str()),
            (Some("completed"), Some(loss))
        );
    };
    let short: &[&str] = &[
        "--n=3",
        "--steps=2",
        "--batch=4",
        "--valid-batches=1",
        "--test-batches=1",
        "--train-size=100",
        "--valid-size=20",
        "--test-size=20",
    ];
    for loss in ["neural_sort", "soft_sort", "logistic_dsn", "cauchy_dsn"] {
        for method in ["baseline", "hessian", "fisher"] {
            run(loss, method, &[short]);
        }
    }
    let short: &[&str] = &["--epochs=1", "--batch=4", "--train-size=4", "--valid-size=2", "--test-size=2"];
    for loss in ["bellman_ford", "ss_loss", "ss_algorithm", "fenchel_young"] {
        for method in ["baseline", "hessian", "fisher"] {
            if (loss, method) != ("ss_algorithm", "hessian") {
                run(loss, method, &[short]);
            }
        }
    }
    run("bellman_ford", "fisher", &[short, &["--variant=while", "--metric=l1"]]);
    let wide: &[&str] = &[
        "--n=5",
        "--steps=2",
        "--batch=4",
        "--valid-batches=1",
        "--test-batches=1",
        "--train-size=100",
        "--valid-size=20",
        "--test-size=20",
        "--score-scale=30",
    ];
    run("neural_sort", "hessian", &[wide, &["--precision=f64", "--average=sample", "--on-indefinite=abs"]]);
    run(
        "cauchy_dsn",
        "fisher",
        &[wide, &["--cross-entropy=stable"], &["--optimizer=sgd", "--learning-rate=0.1"]],
    );
}

#[test]
fn patience_ends_a_run_early() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // A rate at which nothing is learned: no validation is better than the first.
    let idle = &["--learning-rate=1e-30", "--patience=2"];
    let json = train(folder.path(), &[SORTING, idle]);
    assert_eq!((json["status"].as_str(), json["steps"].as_u64()), (Some("early_stopped"), Some(9)));
    assert_eq!(json["best"]["step"], 3);
}

#[test]
fn a_run_that_breaks_says_where_and_counts_as_failed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let explosive = &["--method=baseline", "--optimizer=sgd", "--learning-rate=1e30"];
    let (output, code) = output(newton("train", folder.path(), &[SORTING, explosive, &["--json"]]));
    assert_eq!(code, Some(3));
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((json["status"].as_str(), json["last"].is_null()), (Some("failed"), true));
    assert!(
        json["failure"]["message"].as_str().is_some_and(|message| message.contains("not finite")
            || message.contains("NaN")
            || message.contains("inf")),
        "{json}"
    );
    assert!(!folder.path().join("sets.png").exists(), "nothing to draw");
}

#[test]
fn what_is_wrong_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    let file = folder.path().join("a.toml");
    let with = |arguments: &[&str]| refused(newton("train", &out, &[arguments]));
    let config = |toml: &str| {
        std::fs::write(&file, toml).expect("writable");
        with(&["--config", file.to_str().expect("UTF-8")])
    };
    let said = config("steps = 10\nlamda = 1.0\n");
    assert!(
        said.contains("a.toml") && said.contains("unknown field `lamda`") && said.contains("line 2"),
        "{said}"
    );
    assert!(config("steps = 'many'\n").contains("expected u64"), "{}", config("steps = 'many'\n"));
    let missing = folder.path().join("none.toml");
    assert!(with(&["--config", missing.to_str().expect("UTF-8")]).contains("none.toml"));
    assert!(with(&["--method=baseline", "--lambda=1"]).contains("`lambda` means nothing to this run"));
    assert!(with(&["--n=4"]).contains("sets of 4 numbers are not supported"));
    assert!(with(&["--loss=bubble_sort"]).contains("possible values: neural_sort"));
    assert!(with(&["--lambda=-1"]).contains("`lambda` is -1, expected a positive number"));
    assert!(with(&["--data=/no/such/folder"]).contains("reading MNIST from /no/such/folder"));
    assert!(!out.join("result.json").exists());
    // A directory that cannot be made: a file stands in its way.
    let below = file.join("run");
    assert!(refused(newton("train", &below, &[SORTING])).contains("making the directory"));
}
