//! Losses that nobody tuned to, against JAX in float64 (`expected/*.json`, made by `expected.py`): the function itself, generated
//! code in f64 and f32, ragged batches whose samples take different branches, one thread and two. `cases.rs` lists them.

use super::{deviation, noise};
use newton_losses::loss::NewtonLoss;
use serde_json::Value;
use std::process::Command;

/// Relative, f64 against JAX; derivatives relative to their largest entry.
const EXACT: f64 = 1e-9;
/// The same for f32: value, gradient, Hessian.
const SINGLE: [f64; 3] = [5e-5, 5e-4, 5e-3];
/// Set for child processes, which print what they compute.
const PRINT: &str = "NEWTON_CORPUS_PRINT";

/// What can be read from numbers, row-major.
pub trait Read {
    /// Takes as many as it needs.
    fn read(numbers: &mut dyn Iterator<Item = f64>) -> Self;
}

macro_rules! read_number {
    ($($ty:ty),*) => {$(
        impl Read for $ty {
            fn read(numbers: &mut dyn Iterator<Item = f64>) -> Self {
                let x = numbers.next().expect("enough numbers");
                assert_eq!(x as $ty as f64, x, "inputs are exact in every type");
                x as $ty
            }
        }
    )*};
}

read_number!(f32, f64, usize, i64, i32, u8);

impl Read for bool {
    fn read(numbers: &mut dyn Iterator<Item = f64>) -> Self {
        u8::read(numbers) != 0
    }
}

impl<A: Read, const N: usize> Read for [A; N] {
    fn read(numbers: &mut dyn Iterator<Item = f64>) -> Self {
        std::array::from_fn(|_| A::read(numbers))
    }
}

/// All numbers of a value, bools as 0 and 1.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(all) => all.iter().flat_map(flat).collect(),
        Value::Bool(b) => vec![f64::from(u8::from(*b))],
        value => vec![value.as_f64().expect("a number")],
    }
}

/// One sample of a file.
pub struct Sample {
    sample: Value,
    hypers: Value,
}

impl Sample {
    /// The prediction `y`, a label or a hyper-parameter, by its name in the source.
    pub fn get<A: Read>(&self, name: &str) -> A {
        let found = match name {
            "y" => Some(&self.sample["y"]),
            name => self.sample["labels"].get(name).or_else(|| self.hypers.get(name)),
        };
        let numbers = flat(found.unwrap_or_else(|| panic!("no {name} in the file")));
        let mut numbers = numbers.into_iter();
        let value = A::read(&mut numbers);
        assert!(numbers.next().is_none(), "{name} is larger than its type");
        value
    }

    fn numbers(&self, field: &str) -> Vec<f64> {
        flat(&self.sample[field])
    }

    fn prediction32(&self) -> Vec<f32> {
        self.numbers("y").iter().map(|x| *x as f32).collect()
    }
}

fn samples(name: &str) -> Vec<Sample> {
    let path = format!("{}/tests/corpus/expected/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("expected.py has written the file");
    let file: Value = serde_json::from_str(&text).expect("it is JSON");
    let all = file["samples"].as_array().expect("samples");
    all.iter().map(|s| Sample { sample: s.clone(), hypers: file["hypers"].clone() }).collect()
}

#[track_caller]
fn assert_close(what: &str, tolerance: f64, found: &[f64], expected: &[f64]) {
    assert!(found.iter().all(|x| x.is_finite()), "{what}: {found:?}");
    let off = deviation(found, expected);
    assert!(off <= tolerance, "{what}: off by {off:e}\n   found {found:?}\nexpected {expected:?}");
}

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
    let samples = samples(name);
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

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|x| f64::from(*x)).collect()
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
    let folder = format!("{}/tests/corpus", env!("CARGO_MANIFEST_DIR"));
    let cases = std::fs::read_to_string(format!("{folder}/cases.rs")).unwrap();
    let ident = |text: &str| text.trim_start().split(',').next().unwrap().to_owned();
    let mut tested: Vec<String> = cases.split("case!(").skip(1).map(ident).collect();
    let files = std::fs::read_dir(format!("{folder}/expected")).unwrap().map(|entry| entry.unwrap().path());
    let mut expected: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    tested.sort();
    expected.sort();
    assert_eq!(tested, expected);
}
