//! The same loss on the CPU and on a GPU: the same numbers, and what a Newton node costs on either.
//!
//! `cargo run --release --example 08_on_a_gpu --features cuda`; what that takes is in `docs/8-on-a-gpu.md`. Without the feature, or without a
//! GPU, it says what is missing and goes on with the CPU.

use newton_losses::prelude::*;
use std::time::Instant;

/// Which of `N` items belongs to which place: SoftSort's rows, compared with the true permutation.
#[newton_loss(hessian, lambda = 0.1)]
fn sorted<const N: usize>(y: &[f32; N], target: &[[f32; N]; N], tau: f32) -> f32 {
    let s = sort_desc(y);
    let mut loss = 0.0;
    for i in 0..N {
        let mut z = [0.0; N];
        for j in 0..N {
            z[j] = -(s[i] - y[j]).abs() / tau;
        }
        let p = softmax(&z);
        for j in 0..N {
            loss += binary_cross_entropy(p[j], target[i][j]);
        }
    }
    loss / (N * N) as f32
}

const ITEMS: usize = 10;
const SAMPLES: usize = 1000;

/// Microseconds of a call, the shortest of some: others on the machine only ever add.
fn microseconds(
    mut call: impl FnMut() -> Result<(), newton_losses::Error>,
) -> Result<f64, newton_losses::Error> {
    let mut least = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        call()?;
        least = least.min(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(least)
}

fn main() -> anyhow::Result<()> {
    let noise = |i: usize| ((i * 104_729 + 13) as f64 * 0.618_033_988_749).fract() as f32;
    let scores: Vec<f32> = (0..SAMPLES * ITEMS).map(|i| 0.3 * noise(i)).collect();
    let target = |i: usize| std::array::from_fn(|j| std::array::from_fn(|k| f32::from(k == (j + i) % ITEMS)));
    let targets: Vec<[[f32; ITEMS]; ITEMS]> = (0..SAMPLES).map(target).collect();

    let loss = Sorted::<ITEMS>::new(0.1);
    let all = loss.evaluate(&scores, &targets)?;
    let on_cpu = microseconds(|| loss.evaluate(&scores, &targets).map(drop))?;
    println!("{SAMPLES} samples of {ITEMS} items: value, gradient, mean Hessian, z*");
    println!("CPU  z*_0 = {:?}, {on_cpu:.0} us", &all.step.z_star[..4]);
    on_a_gpu(&loss, &scores, &targets, &all.step.z_star)
}

#[cfg(feature = "cuda")]
fn on_a_gpu(
    loss: &Sorted<ITEMS>,
    scores: &[f32],
    targets: &[[[f32; ITEMS]; ITEMS]],
    expected: &[f32],
) -> anyhow::Result<()> {
    use newton_losses::cuda::{DeviceEvaluation, Gpu, RecordedNode};

    let gpu = match Gpu::open(0) {
        Ok(gpu) => gpu,
        Err(error) => {
            println!("GPU  none: {error}");
            return Ok(());
        }
    };
    let predictions = gpu.upload(scores)?;
    let enqueue = || DeviceEvaluation::of(loss, &gpu, predictions.slice(), targets);
    let all = enqueue()?.expect("losses of the attribute have a form for GPUs");
    let z_star = gpu.download(all.step().z_star())?;
    all.check(&gpu)?;
    let scale = expected.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let off = z_star.iter().zip(expected).map(|(a, b)| (a - b).abs() / scale).fold(0.0, f32::max);
    println!("GPU  z*_0 = {:?}, off by {off:.0e} at most ({gpu:?})", &z_star[..4]);

    let on_gpu = microseconds(|| {
        let enqueued = enqueue()?;
        gpu.synchronize()?;
        drop(enqueued);
        Ok(())
    })?;
    println!("     {on_gpu:.0} us, labels uploaded each time, waited for each time");
    let Some(mut node) = RecordedNode::new(loss, &gpu, predictions.slice(), targets)? else { return Ok(()) };
    let recorded = microseconds(|| {
        node.enqueue(predictions.slice())?;
        Ok(gpu.synchronize()?)
    })?;
    println!("     {recorded:.0} us recorded as one launch, with labels that stay");
    Ok(node.check()?)
}

#[cfg(not(feature = "cuda"))]
fn on_a_gpu(_: &Sorted<ITEMS>, _: &[f32], _: &[[[f32; ITEMS]; ITEMS]], _: &[f32]) -> anyhow::Result<()> {
    println!("GPU  none: {}", newton_losses::cuda::CudaError::NotBuilt);
    Ok(())
}
