//! Random programs: values, gradients and Hessians of generated code against hyper-dual numbers.
//!
//! `programs.rs` is what `generate.rs` makes of some seeds. `NEWTON_RANDOM_WRITE=1` writes it anew;
//! `NEWTON_RANDOM=1000..1200 NEWTON_RANDOM_WRITE=path` writes the programs of other seeds, to be tried in its place.
#![allow(unused, unused_comparisons, clippy::all)]

macro_rules! check {
    ($function:ident, $loss:ident, $failures:ident) => {
        if let Err(failure) = crate::check(
            &user::$loss::<4>::new(crate::SHARED, crate::H, crate::K),
            user::$function::<4>,
            oracle::$function::<crate::oracle::Hyper, 4>,
        ) {
            $failures.push(format!("{}: {failure}", stringify!($function)));
        }
    };
}

#[path = "../support/cuda/mod.rs"]
mod cuda;
mod generate;
mod oracle;
mod programs;

use newton_losses::kernel::Kernel;
use newton_losses::loss::NewtonLoss;
use oracle::{Hyper, Num};

/// The seeds of the programs that are kept. Each takes a second to compile.
const SEEDS: std::ops::Range<u64> = 0..24;

const SHARED: [f64; 4] = [0.4, -0.7, 1.1, 0.2];
const H: f64 = 0.6;
const K: usize = 2;

/// As many samples as do not fill the lanes.
const SAMPLES: usize = 11;

type Label = ([f64; 4], f64, usize, [usize; 3], [bool; 4]);

type Function<T> = fn(&[T; 4], &[T; 4], &T, &usize, &[usize; 3], &[bool; 4], &[T; 4], T, usize) -> T;

/// Deterministic numbers in -1..1.
fn noise(i: usize) -> f64 {
    let x = ((i * 104_729 + 13) as f64 * 0.618_033_988_749).fract();
    2.0 * x - 1.0
}

/// A prediction and its label.
fn sample(i: usize) -> ([f64; 4], Label) {
    let at = |k: usize| noise(31 * i + k);
    let int = |k: usize| ((at(k) + 1.0) * 2.0) as usize % 4;
    let label = (
        [at(4), at(5), at(6), at(7)],
        at(8),
        int(9),
        [int(10), int(11), int(12)],
        [at(13) > 0.0, at(14) > 0.0, at(15) > 0.0, at(16) > 0.0],
    );
    ([at(0), at(1), at(2), at(3)], label)
}

/// What the oracle says of a sample: value, gradient, Hessian; nothing near a kink or where numbers get large.
fn expected(oracle: Function<Hyper>, y: &[f64; 4], label: &Label) -> Option<(f64, [f64; 4], [f64; 16])> {
    let (u, w, class, ints, flags) = label;
    let (mut value, mut gradient, mut hessian) = (0.0, [0.0; 4], [0.0; 16]);
    oracle::margin();
    for i in 0..4 {
        for j in 0..=i {
            let moved = std::array::from_fn(|k| {
                Hyper::new(y[k], f64::from(u8::from(k == i)), f64::from(u8::from(k == j)))
            });
            let fixed = |x: &[f64; 4]| x.map(Hyper::lit);
            let all = oracle(
                &moved,
                &fixed(u),
                &Hyper::lit(*w),
                class,
                ints,
                flags,
                &fixed(&SHARED),
                Hyper::lit(H),
                K,
            );
            (value, gradient[i]) = (all.re, all.e1);
            hessian[4 * i + j] = all.e12;
            hessian[4 * j + i] = all.e12;
        }
    }
    let tame = |x: &f64| x.abs() < 1e4;
    let good =
        tame(&value) && gradient.iter().all(tame) && hessian.iter().all(tame) && oracle::margin() > 1e-7;
    good.then_some((value, gradient, hessian))
}

/// Relative to the largest number that is expected, but to no less than one.
fn deviation(found: &[f64], expected: &[f64]) -> f64 {
    let scale = expected.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
    found.iter().zip(expected).fold(0.0, |m, (a, b)| {
        let off = (a - b).abs() / scale;
        if off.is_nan() { f64::INFINITY } else { m.max(off) }
    })
}

fn check<L: Kernel<Label<f64> = Label> + NewtonLoss<f64, Label = Label>>(
    loss: &L,
    user: Function<f32>,
    oracle: Function<Hyper>,
) -> Result<(), String> {
    let (mut y, mut labels, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..20 * SAMPLES {
        let (prediction, label) = sample(i);
        if let Some(expected) = expected(oracle, &prediction, &label) {
            y.extend(prediction);
            labels.push(label);
            all.push(expected);
            if all.len() == SAMPLES {
                break;
            }
        }
    }
    if all.len() < SAMPLES {
        return Err("wild: no point is far from kinks".to_owned());
    }
    let found = loss.gradients(&y, &labels).map_err(|e| e.to_string())?;
    let hessians = loss.hessians(&y, &labels).map_err(|e| e.to_string())?;
    for (i, (value, gradient, hessian)) in all.iter().enumerate() {
        let label = &labels[i];
        let off = deviation(&[found.values[i]], &[*value]);
        if off > 1e-9 {
            return Err(format!("sample {i} {label:?}: the value is {}, not {value}", found.values[i]));
        }
        let ours = &found.gradients[4 * i..4 * i + 4];
        if deviation(ours, gradient) > 1e-8 {
            return Err(format!("sample {i} {label:?}: the gradient is {ours:?}, not {gradient:?}"));
        }
        let ours = &hessians[16 * i..16 * i + 16];
        if deviation(ours, hessian) > 1e-7 {
            return Err(format!("sample {i} {label:?}: the Hessian is {ours:?}, not {hessian:?}"));
        }
    }
    // Negative control: the comparison must see one number that is slightly wrong.
    let mut wrong = all[0].2;
    wrong[5] += 1e-5 * wrong.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
    assert!(deviation(&hessians[..16], &wrong) > 1e-7);
    cuda::compare::compare(L::NAME, loss, |i| (y[i % SAMPLES * 4..][..4].to_vec(), labels[i % SAMPLES]));
    Ok(())
}

#[test]
fn programs_are_those_of_their_seeds() {
    let range = std::env::var("NEWTON_RANDOM").ok();
    let bound = |text: &str| text.parse::<u64>().expect("NEWTON_RANDOM is like 1000..1200");
    let seeds = match range.as_deref().and_then(|range| range.split_once("..")) {
        Some((from, to)) => bound(from)..bound(to),
        None => SEEDS,
    };
    let file = generate::file(seeds);
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/random_programs/programs.rs");
    match std::env::var("NEWTON_RANDOM_WRITE") {
        Ok(path) => std::fs::write(if path == "1" { kept } else { &path }, file).unwrap(),
        Err(_) if range.is_none() => {
            assert_eq!(std::fs::read_to_string(kept).unwrap(), file, "NEWTON_RANDOM_WRITE=1 writes it anew");
        }
        Err(_) => {}
    }
}

#[test]
fn derivatives_are_those_of_the_oracle() {
    let mut failures = Vec::new();
    programs::check_all(&mut failures);
    let (wild, wrong): (Vec<_>, Vec<_>) = failures.into_iter().partition(|failure| failure.contains("wild"));
    println!("too wild to be checked: {wild:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(wild.len() < 5, "{wild:?}");
}
