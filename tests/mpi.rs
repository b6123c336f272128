//! `newton train --mpi` under `mpirun`: two processes train what one trains, end together, and are taken up again.
#![cfg(unix)]

mod cli_support;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use cli_support::{PATHS, SORTING, assert_same, checkpoints, newton, output, refused, result, text, train};
use serde_json::Value;

/// Whether there is an `mpirun`. It must be there where everything is to be tested.
fn has_mpirun() -> bool {
    let there =
        Command::new("mpirun").arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success());
    assert!(there || std::env::var_os("CI").is_none(), "mpirun is missing");
    if !there {
        eprintln!("skipped: there is no mpirun");
    }
    there
}

/// `newton train --mpi` on so many processes of one thread each.
fn mpirun(size: usize, out: &Path, arguments: &[&[&str]]) -> Command {
    let alone = newton("train", out, &[arguments, &[&["--mpi"]]].concat());
    let mut mpirun = Command::new("mpirun");
    mpirun.args(["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]);
    // Who waits lets others work: processes may be more than cores.
    mpirun.args(["--mca", "mpi_yield_when_idle", "1"]);
    mpirun.arg("-n").arg(size.to_string());
    mpirun.arg(alone.get_program()).args(alone.get_args());
    mpirun.env("RAYON_NUM_THREADS", "1").stdin(Stdio::null());
    mpirun
}

/// [`SORTING`] with another batch, which halves are not equal of.
fn batch(flag: &'static str) -> Vec<&'static str> {
    SORTING.iter().map(|given| if given.starts_with("--batch=") { flag } else { given }).collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A training of so many processes that goes well.
fn train_on(size: usize, out: &Path, arguments: &[&[&str]]) -> Value {
    let (output, code) = output(mpirun(size, out, &[arguments, &[&["--json"]]].concat()));
    assert_eq!(code, Some(0), "{arguments:?}: {}", said(&output));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(stdout.lines().count(), 1, "one rank prints: {stdout}");
    serde_json::from_str(&stdout).expect("one JSON object")
}

/// Rows of metrics.csv.
fn metrics(out: &Path) -> Vec<Vec<f64>> {
    let text = text(out, "metrics.csv");
    text.lines().skip(1).map(|row| row.split(',').map(|x| x.parse().expect("a number")).collect()).collect()
}

/// The largest difference of the losses, relative; steps and shares must be the same.
fn off(a: &Path, b: &Path) -> f64 {
    let (a, b) = (metrics(a), metrics(b));
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().zip(&b).map(|(a, b)| {
        assert_eq!((a[0], &a[2..]), (b[0], &b[2..]), "steps and shares");
        (a[1] - b[1]).abs() / b[1].abs()
    });
    pairs.fold(0.0, f64::max)
}

#[test]
fn two_processes_train_what_one_trains() {
    if !has_mpirun() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = |name: &str| folder.path().join(name);
    // Adam makes a whole step of a gradient that is nothing but rounding.
    for (method, rate) in [("hessian", "0.3"), ("fisher", "0.3"), ("baseline", "0.03")] {
        let flags =
            [format!("--method={method}"), "--optimizer=sgd".into(), format!("--learning-rate={rate}")];
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let arguments: &[&[&str]] = &[&batch("--batch=5"), &flags];
        let (one, two) = (out(method), out(&format!("{method}-2")));
        train(&one, arguments);
        let json = train_on(2, &two, arguments);
        assert!(off(&two, &one) < 1e-6, "{method}: {:e}", off(&two, &one));
        assert_eq!(text(&two, "config.toml"), text(&one, "config.toml"), "the same run");
        assert_eq!(json["time"]["ranks"], 2);
        let environment: Value = serde_json::from_str(&text(&two, "environment.json")).expect("JSON");
        assert_eq!(environment["sessions"][0]["ranks"], 2);
        // Only the first process writes.
        let steps: Vec<u64> = checkpoints(&two).into_iter().map(|(step, _)| step).collect();
        assert_eq!(steps, [9, 12]);
    }
    // Negative control: what a process makes of its own share is far off.
    let half = out("half");
    train(&half, &[&batch("--batch=3"), &["--method=hessian", "--optimizer=sgd", "--learning-rate=0.3"]]);
    let losses = |out: &Path| -> Vec<f64> { metrics(out).iter().map(|row| row[1]).collect() };
    let pairs = losses(&half).into_iter().zip(losses(&out("hessian")));
    assert!(pairs.into_iter().any(|(half, whole)| (half / whole - 1.0).abs() > 1e-3));
}

#[test]
fn the_other_benchmark_runs_and_noise_is_that_of_one_process() {
    if !has_mpirun() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, loss) in [
        ("relaxed", &["--loss=bellman_ford", "--method=fisher"][..]),
        ("noisy", &["--loss=fenchel_young", "--samples=2", "--method=fisher"]),
    ] {
        let (one, two) = (folder.path().join(name), folder.path().join(format!("{name}-2")));
        train(&one, &[PATHS, loss]);
        assert_eq!(train_on(2, &two, &[PATHS, loss])["status"], "completed");
        // Batch norm sees half the batch: close, and not the same. The same run again is the same.
        let (of_one, of_two) = (metrics(&one), metrics(&two));
        assert!((of_two[0][1] / of_one[0][1] - 1.0).abs() < 0.5, "{name}: {of_one:?} {of_two:?}");
        let again = folder.path().join(format!("{name}-again"));
        train_on(2, &again, &[PATHS, loss]);
        assert_same(&two, &again, name);
    }
}

#[test]
fn a_killed_run_is_taken_up_again() {
    if !has_mpirun() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments: &[&[&str]] =
        &[SORTING, &["--checkpoint-every=1", "--patience=100", "--optimizer=sgd", "--learning-rate=0.3"]];
    let (whole, torn, alone) =
        (folder.path().join("whole"), folder.path().join("torn"), folder.path().join("alone"));
    train_on(2, &whole, arguments);
    let mut job = mpirun(2, &torn, arguments);
    let mut job = job.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("mpirun starts");
    while checkpoints(&torn).last().is_none_or(|(step, _)| *step < 4) {
        assert!(job.try_wait().expect("a child").is_none(), "killed in time");
        std::thread::sleep(std::time::Duration::from_micros(300));
    }
    // The process that the directory's lock names is rank 0; the others end with it.
    let lock = text(&torn, "lock");
    let pid = lock.trim().strip_prefix("process ").expect("a process");
    assert!(Command::new("kill").args(["-9", pid]).status().expect("kill").success());
    assert!(!job.wait().expect("it ends").success());
    assert!(!torn.join("result.json").exists(), "killed in time");
    // Alone, from where it was, too.
    std::fs::create_dir(&alone).expect("writable");
    for entry in std::fs::read_dir(&torn).expect("a folder") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), alone.join(entry.file_name())).expect("writable");
    }
    train_on(2, &torn, &[&["--resume"]]);
    assert_same(&whole, &torn, "killed and resumed");
    train(&alone, &[&["--resume"]]);
    assert!(off(&alone, &whole) < 1e-6);
    // A finished run stays as it is, and says so on any number of processes.
    let before = text(&torn, "result.json");
    train_on(3, &torn, &[&["--resume"]]);
    assert_eq!(text(&torn, "result.json"), before);
}

#[test]
fn a_loss_that_fails_ends_the_run_in_order() {
    if !has_mpirun() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let explosive = &["--method=hessian", "--optimizer=sgd", "--learning-rate=1e30", "--json"];
    let (output, code) = output(mpirun(2, folder.path(), &[SORTING, explosive]));
    assert_eq!(code, Some(3), "{}", said(&output));
    let result = result(folder.path());
    assert_eq!((result["status"].as_str(), result["last"].is_null()), (Some("failed"), true));
    let message = result["failure"]["message"].as_str().expect("a message");
    assert!(message.starts_with("rank 0: ") && message.contains("not finite"), "{message}");
}

#[test]
fn what_is_wrong_ends_all_processes() {
    if !has_mpirun() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = folder.path().join("run");
    let with =
        |size: usize, out: &Path, arguments: &[&str]| refused(mpirun(size, out, &[SORTING, arguments]));
    let said = with(5, &run, &[]);
    assert!(said.contains("a batch of 4 cannot be shared by 5 ranks"), "{said}");
    let missing = mpirun(2, &folder.path().join("data"), &[&["--data=/no/such/folder"]]);
    let said = refused(missing);
    assert!(said.contains("reading MNIST from /no/such/folder"), "{said}");
    // A directory in which another process trains.
    let held = folder.path().join("held");
    std::fs::create_dir(&held).expect("writable");
    let lock = std::fs::File::create(held.join("lock")).expect("writable");
    lock.lock().expect("nobody else");
    let said = with(2, &held, &[]);
    assert!(said.contains("error: rank 0: ") && said.contains("trains here; nothing was changed"), "{said}");
    assert!(!held.join("config.toml").exists());
    // A damaged checkpoint.
    drop(lock);
    train(&held, &[SORTING]);
    let (_, file) = checkpoints(&held).pop().expect("a checkpoint");
    std::fs::remove_file(held.join("result.json")).expect("writable");
    let whole = std::fs::read(&file).expect("readable");
    std::fs::write(&file, &whole[..1000]).expect("writable");
    let said = refused(mpirun(2, &held, &[&["--resume"]]));
    assert!(said.contains("damaged") && said.contains("--use-previous"), "{said}");
}

#[test]
fn a_process_without_mpirun_is_one_rank() {
    if !has_mpirun() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (one, alone) = (folder.path().join("one"), folder.path().join("alone"));
    train(&one, &[SORTING]);
    train_on(1, &alone, &[SORTING]);
    assert_same(&one, &alone, "one rank");
}
