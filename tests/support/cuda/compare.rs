//! A loss on both engines.

use super::{Answer, Batch, Kind, Launch, Program};
use newton_losses::cuda::Unit;
use newton_losses::kernel::Kernel;
use newton_losses::loss::NewtonLoss;
use newton_losses::scalar::Data;

/// Relative to the largest entry: `double` against the CPU's.
pub const EXACT: f64 = 1e-9;
/// The same for `float`: value, gradient, Hessian.
pub const SINGLE: [f64; 3] = [1e-4, 1e-3, 1e-2];
/// Sizes of batches: one sample, less than a warp, and more, with threads that have nothing to do.
pub const BATCHES: [usize; 4] = [1, 5, 19, 33];

/// Relative to the largest expected entry.
pub fn deviation(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1e-3_f64, |m, x| m.max(x.abs()));
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs() / scale)
        .fold(0.0, |m, x| if x <= m { m } else { x })
}

#[track_caller]
pub fn assert_close(what: &str, tolerance: f64, found: &[f64], expected: &[f64]) {
    let off = deviation(found, expected);
    assert!(off <= tolerance, "{what}: off by {off:e}\n   found {found:?}\nexpected {expected:?}");
}

/// The samples that a batch consists of, as kernels take them.
pub fn batch<K: Kernel>(
    samples: usize,
    sample: impl Fn(usize) -> (Vec<f64>, K::Label<f64>),
) -> (Batch, Vec<K::Label<f64>>) {
    let mut batch = Batch { samples, ..Batch::default() };
    let mut all = Vec::new();
    for i in 0..samples {
        let (y, label) = sample(i);
        let mut numbers = vec![0.0; K::Label::<f64>::LEN];
        let mut integers = vec![0; K::Label::<f64>::INTEGERS];
        label.write(&mut numbers, &mut integers);
        batch.vectors.extend((0..y.len()).map(|j| ((3 * i + 5 * j) % 7) as f64 / 4.0 - 0.75));
        batch.predictions.extend(y);
        batch.labels.extend(numbers);
        batch.integers.extend(integers);
        all.push(label);
    }
    (batch, all)
}

/// All that kernels compute, for ragged batches, equals what the CPU computes.
pub fn compare<K: Kernel>(name: &str, loss: &K, sample: impl Fn(usize) -> (Vec<f64>, K::Label<f64>)) {
    let unit = Unit::of(loss).unwrap_or_else(|| panic!("{name} has no text"));
    let tangents = unit.tangents();
    if let Some(program) = Program::build(vec![(unit, tangents)]) {
        compare_in(name, &program, 0, loss, &BATCHES, sample);
    }
}

/// As [`compare`], in a program that has several losses, and for batches of these sizes.
pub fn compare_in<K: Kernel>(
    name: &str,
    program: &Program,
    unit: usize,
    loss: &K,
    batches: &[usize],
    sample: impl Fn(usize) -> (Vec<f64>, K::Label<f64>),
) {
    for &n in batches {
        let what = |of: &str| format!("{name}, {n} samples, {of}");
        let (batch, labels) = batch::<K>(n, &sample);
        let y = &batch.predictions;
        let gradients = loss.gradients(y, &labels).unwrap();
        let hessians = loss.hessians(y, &labels).unwrap();
        let mean = loss.mean_hessian(y, &labels).unwrap();
        let products = loss.hessian_vector_products(y, &labels, &batch.vectors).unwrap();

        // Fewer threads than samples, and more.
        let few = Launch { block: [8, 1], ..Launch::default() };
        let many = Launch { grid: 3, block: [32, 2], ..Launch::default() };
        let chunked = Launch { chunk: 16, ..many };
        let requests = [
            (Kind::Values, many),
            (Kind::Gradients, few),
            (Kind::Hessians, many),
            (Kind::Products, few),
            (Kind::Mean, chunked),
            (Kind::Mean, Launch { grid: 1, block: [32, 1], ..chunked }),
            // A chunk that a warp does not do at once.
            (Kind::Mean, Launch { chunk: 64, ..many }),
        ];
        let found = program.run::<f64>(unit, &requests, &batch);
        for answer in &found {
            assert_eq!(answer.status.fault, None, "{}", what("fault"));
            assert_eq!(answer.status.not_finite, None, "{}", what("finite"));
        }
        let expected = [&gradients.values[..], &gradients.gradients].concat();
        let scale = |p: &[f64]| [p, &hessians].concat();
        assert_close(&what("values"), EXACT, &found[0].numbers, &gradients.values);
        assert_close(&what("gradients"), EXACT, &found[1].numbers[n..], &gradients.gradients);
        assert_close(&what("Hessians"), EXACT, &found[2].numbers, &hessians);
        // Relative to the Hessian: products can cancel.
        assert_close(&what("products"), EXACT, &scale(&found[3].numbers), &scale(&products));
        assert_close(&what("mean Hessian"), EXACT, &found[4].numbers, &mean);
        assert_close(&what("mean Hessian of one chunk"), EXACT, &found[6].numbers, &mean);
        // Which thread does what does not matter.
        assert_eq!(found[4].numbers, found[5].numbers, "{}", what("mean Hessian, other threads"));
        // Negative control: one entry slightly wrong.
        let mut wrong = found[2].numbers.clone();
        let middle = wrong.len() / 2;
        wrong[middle] += 1e-8 * hessians.iter().fold(1e-3_f64, |m, x| m.max(x.abs()));
        assert!(deviation(&wrong, &hessians) > EXACT);

        let found: Vec<Answer> =
            program.run::<f32>(unit, &[(Kind::Gradients, many), (Kind::Mean, few_warps(chunked))], &batch);
        assert_close(&what("values in float"), SINGLE[0], &found[0].numbers[..n], &expected[..n]);
        assert_close(&what("gradients in float"), SINGLE[1], &found[0].numbers[n..], &expected[n..]);
        assert_close(&what("mean Hessian in float"), SINGLE[2], &found[1].numbers, &mean);
    }
}

fn few_warps(launch: Launch) -> Launch {
    Launch { grid: 2, block: [32, 1], ..launch }
}
