//! Files of expected numbers (`expected/*.json`): inputs, and what another implementation makes of them.

use serde_json::Value;

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

    /// The numbers of one of its fields.
    pub fn numbers(&self, field: &str) -> Vec<f64> {
        flat(&self.sample[field])
    }

    /// The prediction for f32.
    pub fn prediction32(&self) -> Vec<f32> {
        self.numbers("y").iter().map(|x| *x as f32).collect()
    }
}

/// A file, by its path in the repository.
pub fn file(path: &str) -> Value {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("expected.py has written the file");
    serde_json::from_str(&text).expect("it is JSON")
}

/// The samples of a part of a file, with its hyper-parameters.
pub fn samples(part: &Value) -> Vec<Sample> {
    let all = part["samples"].as_array().expect("samples");
    all.iter().map(|s| Sample { sample: s.clone(), hypers: part["hypers"].clone() }).collect()
}

/// The names of the files in a folder of the repository, in order.
pub fn names(folder: &str) -> Vec<String> {
    let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The names that a source file gives to `case!`, in order.
pub fn cases(path: &str) -> Vec<String> {
    let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let ident = |text: &str| text.trim_start().split(',').next().unwrap().to_owned();
    let mut names: Vec<String> = text.split("case!(").skip(1).map(ident).collect();
    names.sort();
    names
}

/// Relative to the largest expected entry.
pub fn deviation(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1e-3_f64, |m, x| m.max(x.abs()));
    found.iter().zip(expected).map(|(a, b)| (a - b).abs() / scale).fold(0.0, f64::max)
}

#[track_caller]
pub fn assert_close(what: &str, tolerance: f64, found: &[f64], expected: &[f64]) {
    assert!(found.iter().all(|x| x.is_finite()), "{what}: {found:?}");
    let off = deviation(found, expected);
    assert!(off <= tolerance, "{what}: off by {off:e}\n   found {found:?}\nexpected {expected:?}");
}

/// In f64.
pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|x| f64::from(*x)).collect()
}
