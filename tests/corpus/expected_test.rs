//! Losses that nobody tuned to, against JAX in float64 (`expected/*.json`, made by `expected.py`): the function itself, generated
//! code in f64 and f32, ragged batches whose samples take different branches, one thread and two. `cases.rs` lists them.

use super::expected::{self, Sample, assert_close, deviation, wide};
use super::noise;
use newton_losses::loss::NewtonLoss;
use std::process::Command;

/// Relative, f64 against JAX; derivatives relative to their largest entry.
const EXACT: f64 = 1e-9;
/// The same for f32: value, gradient, Hessian.
const SINGLE: [f64; 3] = [5e-5, 5e-4, 5e-3];
/// Set for child processes, which print what they compute.
pub const PRINT: &str = "NEWTON_CORPUS_PRINT";

/// Everything about one loss. `build` reads hyper-parameters, the `label`s (the same text for both element types) and `plain`, the
/// user's function, what they need.
pub fn check<L, A: Sync, B: Sync>(
    name: &str,
    build: impl Fn(&Sample) -> L,
    label64: impl Fn(&Sample) -> A,
    label32: impl Fn(&Sample) -> B,
    plain: impl Fn(&Sample) -> f32,
) where
    L: NewtonLoss<f64, Label = A> + NewtonLoss<f32, Label = B>,
{
    let samples = expected::samples(&expected::file(&format!("tests/corpus/expected/{name}.json")));
    let loss = build(&samples[0]);
    let m = NewtonLoss::<f64>::dim(&loss);
    for (i, sample) in samples.iter().enumerate() {
        let what = |of: &str| format!("{name}, sample {i}, {of}");
        let y = sample.numbers("y");
        assert_eq!(y.len(), m, "{name}");
        let (value, gradient, hessian) =
            (sample.numbers("value"), sample.numbers("gradient"), sample.numbers("hessian"));

        assert_close(&what("the function itself"), SINGLE[0], &[f64::from(plain(sample))], &value);

        let label = [label64(sample)];
        let found = loss.gradients(&y, &label).unwrap();
        assert_close(&what("value"), EXACT, &found.values, &value);
        assert_close(&what("gradient"), EXACT, &found.gradients, &gradient);
        assert_close(&what("Hessian"), EXACT, &loss.hessians(&y, &label).unwrap(), &hessian);
        let v: Vec<f64> = (0..m).map(|k| noise(i, k)).collect();
        let product: Vec<f64> =
            hessian.chunks(m).map(|row| row.iter().zip(&v).map(|(h, v)| h * v).sum()).collect();
        let found_product = loss.hessian_vector_products(&y, &label, &v).unwrap();
        // Relative to the Hessian: products can cancel.
        let scale = |p: &[f64]| [p, &hessian].concat();
        assert_close(&what("H v"), EXACT, &scale(&found_product), &scale(&product));
        // Negative control: one entry slightly wrong.
        let mut wrong = found.gradients.clone();
        wrong[m / 2] += 1e-8 * gradient.iter().fold(1e-3_f64, |m, x| m.max(x.abs()));
        assert!(deviation(&wrong, &gradient) > EXACT);

        let narrow: Vec<f32> = sample.prediction32();
        let label = [label32(sample)];
        let found = loss.gradients(&narrow, &label).unwrap();
        assert_close(&what("value in f32"), SINGLE[0], &wide(&found.values), &value);
        assert_close(&what("gradient in f32"), SINGLE[1], &wide(&found.gradients), &gradient);
        let found = loss.hessians(&narrow, &label).unwrap();
        assert_close(&what("Hessian in f32"), SINGLE[2], &wide(&found), &hessian);
    }

    // Ragged batches, in an order that puts different samples side by side: bit for bit as if each were alone.
    let alone: Vec<_> = samples
        .iter()
        .map(|sample| {
            let (y, label) = (sample.numbers("y"), [label64(sample)]);
            (loss.gradients(&y, &label).unwrap(), loss.hessians(&y, &label).unwrap())
        })
        .collect();
    for n in [1, 2, 7, 8, 9, 37] {
        let which: Vec<usize> = (0..n).map(|i| (i * i + i / 3 + n) % samples.len()).collect();
        let y: Vec<f64> = which.iter().flat_map(|&k| samples[k].numbers("y")).collect();
        let labels: Vec<A> = which.iter().map(|&k| label64(&samples[k])).collect();
        let all = loss.gradients(&y, &labels).unwrap();
        let hessians = loss.hessians(&y, &labels).unwrap();
        let mut mean = vec![0.0; m * m];
        for (i, &k) in which.iter().enumerate() {
            let (single, hessian) = &alone[k];
            assert_eq!(all.values[i], single.values[0], "{name}: sample {i} of {n}");
            assert_eq!(all.gradients[i * m..(i + 1) * m], single.gradients, "{name}: sample {i} of {n}");
            assert_eq!(hessians[i * m * m..(i + 1) * m * m], *hessian, "{name}: sample {i} of {n}");
            mean.iter_mut().zip(hessian).for_each(|(mean, h)| *mean += h / n as f64);
        }
        let found = loss.mean_hessian(&y, &labels).unwrap();
        assert_close(&format!("{name}: mean Hessian of {n}"), 1e-12, &found, &mean);
        if std::env::var_os(PRINT).is_some() {
            let bits = [all.values, all.gradients, hessians, found].concat();
            // FNV-1a.
            let hash = bits.iter().flat_map(|x| x.to_bits().to_le_bytes());
            let hash =
                hash.fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
            println!("\nbits {name} {n} {hash:016x}");
        }
    }
}

/// Threads are fixed when a process first computes, so this binary runs its cases again as child processes.
#[test]
fn threads_do_not_change_a_bit() {
    if std::env::var_os(PRINT).is_some() {
        return;
    }
    let run = |threads: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["cases::", "--nocapture", "--test-threads=1"]);
        command.env(PRINT, "1").env("RAYON_NUM_THREADS", threads);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        let mut lines: Vec<String> =
            text.lines().filter(|line| line.starts_with("bits ")).map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let (one, two) = (run("1"), run("2"));
    assert!(one.len() >= 6 * 36, "{} lines", one.len());
    assert_eq!(one, two);
}

/// Every expectation is tested.
#[test]
fn nothing_is_left_out() {
    assert_eq!(expected::cases("tests/corpus/cases.rs"), expected::names("tests/corpus/expected"));
}
