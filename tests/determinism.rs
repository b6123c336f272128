//! The same bits for every number of threads and whatever batch a sample stands in; the same numbers at every processor level.
//!
//! Threads and level are fixed when a process first computes, so this binary runs itself as child processes.

mod support;

use newton_losses::loss::NewtonLoss;
use newton_losses::losses::{CauchyOddEven, LogisticOddEven, NeuralSort, SoftSort, ascending, descending};
use newton_losses::newton::Curvature;
use newton_losses::scalar::Float;
use std::collections::BTreeMap;
use std::process::Command;
use support::{cast, deviation, wide};

const N: usize = 5;

/// Set for children only.
const CHILD: &str = "NEWTON_DETERMINISM_CHILD";

type Labels<T> = Vec<[[T; N]; N]>;

/// Scores and permutation matrices that look random.
fn batch<T: Float>(samples: usize) -> (Vec<T>, Labels<T>) {
    let noise = |i: usize| {
        let x = (i as f64 + 1.0) * 0.618_033_988_749_895;
        (x.fract() * 7919.0).fract() * 4.0 - 2.0
    };
    let y = (0..samples * N).map(noise).collect::<Vec<f64>>();
    let label = |i: usize| {
        let values = std::array::from_fn(|j| noise(1000 + i * N + j));
        if i.is_multiple_of(2) { ascending(&values) } else { descending(&values) }
    };
    (cast(&y), (0..samples).map(label).collect())
}

fn hex<T: Float>(values: &[T]) -> String {
    values.iter().map(|x| format!("{:016x}", x.to_f64().to_bits())).collect::<Vec<_>>().join(" ")
}

/// Prints everything that a loss gives for a batch.
fn print<T: Float, L: NewtonLoss<T, Label = [[T; N]; N]>>(name: &str, loss: impl Fn(Curvature) -> L) {
    for samples in [6, 100, 1100] {
        let (y, q) = batch::<T>(samples);
        let say = |what: &str, values: String| {
            println!("bits {name}/{}/{samples}/{what} {values}", std::any::type_name::<T>());
        };
        for curvature in [Curvature::Hessian, Curvature::Fisher] {
            let all = loss(curvature).evaluate(&y, &q).unwrap();
            say(&format!("z_star_{curvature:?}"), hex(&all.step.z_star));
            say("mean", hex(&[all.mean]));
            say("gradients", hex(&all.gradients));
        }
        let loss = loss(Curvature::Hessian);
        say("mean_hessian", hex(&loss.mean_hessian(&y, &q).unwrap()));
        say("hessians", hex(&loss.hessians(&y, &q).unwrap()));
        say("products", hex(&loss.hessian_vector_products(&y, &q, &y).unwrap()));
    }
}

fn print_both<L>(name: &str, loss: impl Fn(Curvature) -> L)
where
    L: NewtonLoss<f32, Label = [[f32; N]; N]> + NewtonLoss<f64, Label = [[f64; N]; N]>,
{
    print::<f32, L>(name, &loss);
    print::<f64, L>(name, &loss);
}

/// Threads of the kernels' own pool.
fn kernel_threads() -> Option<usize> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let name =
        |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
    Some(tasks.flatten().map(name).filter(|name| name.starts_with("newton-")).count())
}

#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    // The harness has begun a line of its own.
    println!();
    print_both("neural_sort", |c| NeuralSort::<N>::new(1.0).curvature(c).lambda(1.0));
    print_both("soft_sort", |c| SoftSort::<N>::new(0.5).curvature(c).lambda(10.0));
    print_both("cauchy", |c| CauchyOddEven::<N>::new(5.0).curvature(c).lambda(10.0));
    if let Some(threads) = kernel_threads() {
        println!("threads {threads}");
    }
}

/// What a child printed.
struct Printed {
    bits: BTreeMap<String, Vec<f64>>,
    threads: Option<usize>,
}

fn run(variables: &[(&str, &str)]) -> Printed {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
    command.env(CHILD, "1").env_remove("NEWTON_LEVEL").env_remove("RAYON_NUM_THREADS");
    command.envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let mut printed = Printed { bits: BTreeMap::new(), threads: None };
    for line in text.lines() {
        let mut words = line.split(' ');
        match words.next() {
            Some("bits") => {
                let name = words.next().unwrap().to_owned();
                let number = |word| f64::from_bits(u64::from_str_radix(word, 16).unwrap());
                printed.bits.insert(name, words.map(number).collect());
            }
            Some("threads") => printed.threads = words.next().map(|n| n.parse().unwrap()),
            _ => {}
        }
    }
    // Three losses, two types, three batches, seven quantities.
    assert_eq!(printed.bits.len(), 3 * 2 * 3 * 7, "{text}");
    printed
}

fn same_bits(a: &Printed, b: &Printed) -> bool {
    a.bits.iter().all(|(name, a)| {
        let b = &b.bits[name];
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
    })
}

#[test]
fn threads_do_not_change_a_bit() {
    let one = run(&[("RAYON_NUM_THREADS", "1")]);
    for threads in [2, 3] {
        let more = run(&[("RAYON_NUM_THREADS", &threads.to_string())]);
        if cfg!(target_os = "linux") {
            assert_eq!((one.threads, more.threads), (Some(1), Some(threads)), "the pool has another size");
        }
        for (name, a) in &one.bits {
            assert!(
                a.iter().zip(&more.bits[name]).all(|(a, b)| a.to_bits() == b.to_bits()),
                "{name} differs between 1 and {threads} threads"
            );
        }
        assert!(same_bits(&one, &more));
    }
}

#[test]
fn levels_agree_up_to_rounding() {
    let best = run(&[]);
    for level in ["baseline", "avx2"] {
        let other = run(&[("NEWTON_LEVEL", level)]);
        for (name, a) in &best.bits {
            let tolerance = if name.contains("f32") { 2e-4 } else { 1e-11 };
            let off = deviation(&other.bits[name], a);
            assert!(off <= tolerance, "{name}: {level} is off by {off:e}");
        }
        // A debug build has the baseline only.
        #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
        if level == "baseline" && is_x86_feature_detected!("fma") && is_x86_feature_detected!("avx2") {
            // Fused products round once: a level that changed nothing was not taken.
            assert!(!same_bits(&best, &other), "NEWTON_LEVEL={level} had no effect");
        }
    }
}

/// Every sample alone, in smaller batches and at other lanes, as in the batch of 100.
fn per_sample<T: Float, L: NewtonLoss<T, Label = [[T; N]; N]>>(loss: &L) {
    let (y, q) = batch::<T>(100);
    let of = |range: std::ops::Range<usize>| {
        let (y, q) = (&y[range.start * N..range.end * N], &q[range]);
        let first = loss.gradients(y, q).unwrap();
        let (second, products) =
            (loss.hessians(y, q).unwrap(), loss.hessian_vector_products(y, q, y).unwrap());
        [first.values, first.gradients, second, products].map(|x| wide(&x))
    };
    let sizes = [1, N, N * N, N];
    let whole = of(0..100);
    for samples in [1, 7, 16, 17, 33, 100] {
        for start in [0, 3, 100 - samples] {
            if start + samples > 100 {
                continue;
            }
            let part = of(start..start + samples);
            for k in 0..4 {
                let (from, to) = (start * sizes[k], (start + samples) * sizes[k]);
                let equal = part[k].iter().zip(&whole[k][from..to]).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(equal, "quantity {k} of samples {start}..{} differs", start + samples);
            }
        }
    }
    // The samples do differ from each other.
    assert_ne!(whole[1][..N], whole[1][N..2 * N]);
}

#[test]
fn a_sample_does_not_depend_on_its_batch() {
    per_sample::<f32, _>(&NeuralSort::<N>::new(1.0));
    per_sample::<f64, _>(&NeuralSort::<N>::new(1.0));
    per_sample::<f32, _>(&SoftSort::<N>::new(0.5));
    per_sample::<f64, _>(&SoftSort::<N>::new(0.5));
    per_sample::<f32, _>(&LogisticOddEven::<N>::new(3.0));
    per_sample::<f64, _>(&LogisticOddEven::<N>::new(3.0));
}

/// A mean over a batch of equal samples is that sample's Hessian: lanes beyond the batch are not counted.
#[test]
fn spare_lanes_do_not_count() {
    let loss = NeuralSort::<N>::new(1.0);
    let (y, q) = batch::<f64>(1);
    let one = loss.mean_hessian(&y, &q).unwrap();
    for samples in [1, 7, 16, 17, 33, 100] {
        let mean = loss.mean_hessian(&y.repeat(samples), &q.repeat(samples)).unwrap();
        assert!(deviation(&mean, &one) < 1e-13, "{samples} samples");
    }
}
