//! What losses under noise add to a training step of the benchmark's network.

use anyhow::Result;
use dfdx::optim::Adam;
use dfdx::prelude::*;
use newton_losses::models::CombResNet18;
use newton_losses::newton::Newton;
use newton_losses::train::shortest_path::{CostLoss, PathLoss, PerturbedSettings, Smoothed};
use std::time::Instant;

const BATCH: usize = 70;
const SAMPLES: [usize; 3] = [3, 10, 30];
const STEPS: usize = 9;

/// Prints a line for each loss and method: seconds of a step with 3, 10 and 30 samples, taken in turns.
pub fn steps() -> Result<()> {
    println!("training step of the network, {BATCH} maps, seconds for {SAMPLES:?} samples");
    for smoothed in Smoothed::ALL {
        for (name, newton) in
            [("gradient", Newton::none()), ("Fisher", Newton::fisher(1e3)), ("Hessian", Newton::hessian(1e3))]
        {
            let losses = SAMPLES.map(|samples| {
                let settings = PerturbedSettings { samples, ..PerturbedSettings::paper(smoothed) };
                PathLoss::from(settings).sized::<12, 12>(newton)
            });
            // A smoothed algorithm has no Hessian.
            let Ok(losses) = losses.into_iter().collect::<Result<Vec<_>, _>>() else { continue };
            let seconds = medians(&losses)?;
            let all = seconds.iter().map(|s| format!("{s:.3}")).collect::<Vec<_>>().join("  ");
            let ratio = seconds[2] / seconds[0];
            println!("{:<14}{name:<10}{all}   30 samples against 3: {ratio:.2} times", smoothed.name());
        }
    }
    Ok(())
}

fn medians(losses: &[Box<dyn CostLoss>]) -> Result<Vec<f64>> {
    let device = Cpu::seed_from_u64(1);
    let mut net = CombResNet18::new(&device)?;
    let mut optimizer = Adam::new(&net, AdamConfig { lr: 1e-5, ..Default::default() });
    let images: Tensor<(usize, usize, usize, usize), f32, Cpu> =
        device.sample_normal_like(&(BATCH, 3, 96, 96));
    // Some path or other: along the edge.
    let path: Vec<f32> = (0..144).map(|cell| f32::from(u8::from(cell < 12 || cell % 12 == 11))).collect();
    let paths = path.repeat(BATCH);
    let mut grads = net.alloc_grads();
    let mut times = vec![Vec::new(); losses.len()];
    for step in 0..=STEPS {
        for (loss, times) in losses.iter().zip(&mut times) {
            let start = Instant::now();
            let costs = net.try_forward_mut(images.clone().traced(grads))?;
            grads = loss.apply(costs, &paths)?.backward();
            optimizer.update(&mut net, &grads).map_err(|e| anyhow::anyhow!("Adam: {e:?}"))?;
            net.zero_grads(&mut grads);
            // The first is for caches and memory.
            if step > 0 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    Ok(times.into_iter().map(median).collect())
}
