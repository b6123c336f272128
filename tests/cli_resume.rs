//! Runs that are killed, damaged or disturbed: nothing is lost, and the curve is the same to the last bit.
#![cfg(unix)]

mod cli_support;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cli_support::{PATHS, SORTING, assert_same, checkpoints, newton, output, refused, text, train};

/// Kills it as a power cut would, if it still runs.
fn kill(mut child: Child) {
    child.kill().expect("SIGKILL");
    child.wait().expect("it is gone");
}

fn newest(out: &Path) -> u64 {
    checkpoints(out).last().map_or(0, |(step, _)| *step)
}

/// Runs, and kills again and again: at the beginning, and some milliseconds after each new checkpoint. How often it was killed at work.
fn train_with_kills(out: &Path, arguments: &[&[&str]]) -> usize {
    for round in 0..1000_u64 {
        let before = newest(out);
        let mut child = newton("train", out, &[arguments, &[&["--resume"]]].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the program starts");
        let start = Instant::now();
        // Some rounds end before anything was done.
        let early = round % 4 == 0;
        loop {
            if let Some(status) = child.try_wait().expect("a child") {
                assert!(status.success(), "round {round}: {status}");
                return round as usize;
            }
            let waited = early && start.elapsed() > Duration::from_millis(5 * (round % 16));
            if waited || newest(out) > before {
                break;
            }
            std::thread::sleep(Duration::from_micros(300));
        }
        // Anywhere in what follows: steps, a validation, files half written.
        std::thread::sleep(Duration::from_millis(round * 7 % 23));
        kill(child);
    }
    panic!("no end after a thousand kills");
}

fn survives(name: &str, arguments: &[&[&str]]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, torn) = (folder.path().join("whole"), folder.path().join("torn"));
    train(&whole, arguments);
    let kills = train_with_kills(&torn, arguments);
    assert!(kills >= 3, "{name}: killed {kills} times only");
    assert_same(&whole, &torn, name);
    // A finished run stays as it is.
    let before = text(&torn, "result.json");
    train(&torn, &[arguments, &[&["--resume"]]].concat());
    assert_eq!(text(&torn, "result.json"), before);
}

#[test]
fn adam_and_a_hessian_survive_kills() {
    survives("hessian, adam", &[SORTING, &["--checkpoint-every=1"]]);
}

#[test]
fn momentum_survives_kills() {
    let sgd = &["--method=fisher", "--optimizer=sgd", "--learning-rate=0.01", "--checkpoint-every=2"];
    survives("fisher, sgd", &[SORTING, sgd]);
}

#[test]
fn noise_and_batch_norm_survive_kills() {
    let noisy = &["--loss=fenchel_young", "--samples=2", "--method=fisher", "--checkpoint-every=1"];
    survives("fenchel_young", &[PATHS, noisy]);
}

/// A run that was killed after its sixth step or later, and the same run, whole.
fn interrupted(folder: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let arguments: &[&[&str]] = &[SORTING, &["--checkpoint-every=1"]];
    let (whole, torn) = (folder.join("whole"), folder.join("torn"));
    train(&whole, arguments);
    let child = newton("train", &torn, arguments).stdout(Stdio::null()).spawn().expect("the program starts");
    while newest(&torn) < 6 {
        std::thread::sleep(Duration::from_micros(300));
    }
    kill(child);
    assert!(!torn.join("result.json").exists(), "killed in time");
    (whole, torn)
}

#[test]
fn a_damaged_checkpoint_is_refused_and_the_one_before_offered() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, torn) = interrupted(folder.path());
    let [.., (previous, _), (_, newest)] = &checkpoints(&torn)[..] else { panic!("two are kept") };
    let mut bytes = std::fs::read(newest).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(newest, bytes).expect("writable");
    let said = refused(newton("train", &torn, &[&["--resume"]]));
    assert!(said.contains("damaged") && said.contains(newest.to_str().expect("UTF-8")), "{said}");
    assert!(said.contains(&format!("checkpoint-{previous}.safetensors, is sound")), "{said}");
    assert!(said.contains("--use-previous"), "{said}");
    train(&torn, &[&["--resume", "--use-previous"]]);
    assert_same(&whole, &torn, "from the checkpoint before");
}

#[test]
fn a_foreign_checkpoint_is_refused_with_the_difference() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (_, torn) = interrupted(folder.path());
    let other = folder.path().join("other");
    train(&other, &[SORTING, &["--checkpoint-every=1", "--lambda=123"]]);
    let (step, file) = checkpoints(&other).pop().expect("a checkpoint");
    std::fs::copy(file, torn.join(format!("checkpoint-{step}.safetensors"))).expect("writable");
    let said = refused(newton("train", &torn, &[&["--resume"]]));
    assert!(said.contains("it is of a run with `lambda` = 123.0, not 10.0"), "{said}");
    // Neither is one that is none at all; and then no sound one is among the two newest.
    std::fs::write(torn.join("checkpoint-11.safetensors"), "nonsense").expect("writable");
    let said = refused(newton("train", &torn, &[&["--resume", "--use-previous"]]));
    assert!(said.contains("no safetensors file") && said.contains("There is no other"), "{said}");
}

#[test]
fn a_run_that_is_there_is_not_touched_by_accident() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (_, torn) = interrupted(folder.path());
    let before = text(&torn, "metrics.csv");
    let said = refused(newton("train", &torn, &[SORTING]));
    assert!(said.contains("an unfinished run is there; go on with it by --resume"), "{said}");
    let said = refused(newton("train", &torn, &[SORTING, &["--resume", "--seed=5"]]));
    assert!(said.contains("the run there has `seed` = 0, not 5"), "{said}");
    assert_eq!(text(&torn, "metrics.csv"), before);
    let finished = folder.path().join("whole");
    assert!(refused(newton("train", &finished, &[SORTING])).contains("a finished run is there"));
}

#[test]
fn two_processes_do_not_train_in_one_directory() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let long = &["--steps=100000", "--validate-every=1", "--n=3", "--batch=4", "--valid-batches=1"];
    let few = &["--train-size=300", "--valid-size=60", "--test-size=60"];
    let arguments: &[&[&str]] = &[long, few];
    let first = newton("train", folder.path(), arguments).stdout(Stdio::null()).spawn().expect("it starts");
    while newest(folder.path()) == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let said = refused(newton("train", folder.path(), &[&["--resume"]]));
    kill(first);
    assert!(said.contains("another process (process "), "{said}");
    assert!(said.contains("nothing was changed"), "{said}");
}

#[test]
fn a_full_disk_is_named_and_nothing_is_lost() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, torn) = (folder.path().join("whole"), folder.path().join("torn"));
    train(&whole, &[SORTING]);
    // No file above 200 KiB: the first checkpoint does not fit. The signal is ignored, so that the write fails as on a full disk.
    let flags: Vec<String> = SORTING.iter().map(|flag| (*flag).to_owned()).collect();
    let mut limited = Command::new("bash");
    limited.arg("-c").arg(r#"trap '' XFSZ; ulimit -f 200; exec "$@""#).arg("bash");
    limited.arg(env!("CARGO_BIN_EXE_newton")).arg("train").args(&flags).arg("--out").arg(&torn);
    let (output, code) = output(limited);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("checkpoint-3.safetensors") && said.contains("File too large"), "{said}");
    let left = std::fs::read_dir(&torn)
        .expect("a folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    assert!(left.into_iter().all(|name| !name.contains(".part")), "nothing temporary stays behind");
    train(&torn, &[&["--resume"]]);
    assert_same(&whole, &torn, "after a full disk");
}
