//! `--device`: training on a GPU, real or emulated, is training; without one it is refused before anything is written.

mod cli_support;

use cli_support::{SORTING, newton, refused};

#[test]
fn a_gpu_that_cannot_be_had_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    let said = |device: &str| refused(newton("train", &out, &[SORTING, &[device]]));
    assert!(said("--device=gpu").contains("expected cpu, cuda, cuda:1, ..."));
    assert!(said("--device=cuda:one").contains("`one` is no GPU's number"));
    let missing = said("--device=cuda:99");
    let expected =
        if cfg!(feature = "cuda") { "CUDA" } else { "built without CUDA: build it with `--features cuda`" };
    assert!(missing.contains(expected), "{missing}");
    assert!(!out.exists());
}

#[cfg(feature = "cuda")]
mod on_a_gpu {
    use super::cli_support::{PATHS, text, train};
    use super::*;

    fn there_is_one() -> bool {
        match newton_losses::cuda::Gpu::open(0) {
            Ok(_) => true,
            Err(error) => {
                assert!(std::env::var_os("NEWTON_EXPECT_GPU").is_none(), "{error}");
                println!("skipped: {error}");
                false
            }
        }
    }

    /// The mean losses between validations.
    fn losses(out: &std::path::Path) -> Vec<f64> {
        let csv = text(out, "metrics.csv");
        csv.lines().skip(1).map(|row| row.split(',').nth(1).unwrap().parse().unwrap()).collect()
    }

    fn close(a: &[f64], b: &[f64], tolerance: f64) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * a.abs().max(1e-3))
    }

    #[test]
    fn a_gpu_trains_as_the_cpu_does_and_is_taken_up_again() {
        if !there_is_one() {
            return;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let paths = [&["--loss=bellman_ford"], PATHS].concat();
        // Adam amplifies the last digits, where the devices differ.
        for (name, arguments, tolerance) in [("sorting", SORTING, 1e-3), ("paths", &paths, 1e-2)] {
            let at = |device: &str| folder.path().join(format!("{name}-{device}"));
            train(&at("cpu"), &[arguments]);
            train(&at("cuda"), &[arguments, &["--device=cuda"]]);
            let (of_cpu, of_gpu) = (losses(&at("cpu")), losses(&at("cuda")));
            assert!(close(&of_cpu, &of_gpu, tolerance), "{name}: {of_cpu:?} {of_gpu:?}");
            assert!(text(&at("cuda"), "environment.json").contains("\"device\": \"cuda:0, "));
            // Negative control: another seed is another curve.
            train(&at("other"), &[arguments, &["--seed=1"]]);
            assert!(!close(&losses(&at("other")), &of_gpu, tolerance), "{name}");
            // Gone on with from the checkpoint before the last, on the other device.
            let (_, last) = cli_support::checkpoints(&at("cuda")).pop().expect("two checkpoints");
            std::fs::remove_file(last).expect("it is there");
            std::fs::remove_file(at("cuda").join("result.json")).expect("it is there");
            train(&at("cuda"), &[arguments, &["--resume"]]);
            assert!(close(&of_cpu, &losses(&at("cuda")), tolerance), "{name}");
        }
    }
}
