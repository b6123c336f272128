//! Black boxes: losses that contain a function which is only ever evaluated. A van is loaded by what its owner seems to think things are
//! worth; from the loads one sees, the worths are learnt.
//!
//! `cargo run --release --example 07_black_box`; what the attributes generate is in `expanded/07_black_box.rs`.

use newton_losses::prelude::*;

/// The best load by dynamic programming, with comparisons and indices that nothing can differentiate. Any Rust will do: only the
/// signature is read.
#[newton_loss(hessian, lambda = 1.0, on_indefinite = abs, fenchel_young(gaussian, sigma = 0.3, samples = 20, maximize))]
fn load<const N: usize>(worth: &[f32; N], weight: &[u32; N], capacity: u32) -> Result<[bool; N], String> {
    if let Some(i) = weight.iter().position(|w| *w == 0) {
        return Err(format!("thing {i} weighs nothing"));
    }
    let mut best = vec![(0.0, [false; N]); capacity as usize + 1];
    for i in 0..N {
        for room in (weight[i] as usize..best.len()).rev() {
            let (value, mut taken) = best[room - weight[i] as usize];
            if value + worth[i] > best[room].0 {
                taken[i] = true;
                best[room] = (value + worth[i], taken);
            }
        }
    }
    Ok(best[capacity as usize].1)
}

/// The share of things that are loaded wrongly: a loss that only jumps.
#[newton_loss(fisher, lambda = 0.01, smoothing(gaussian, sigma = 0.3, samples = 20))]
fn misloaded<const N: usize>(
    worth: &[f32; N],
    seen: &[bool; N],
    weight: &[u32; N],
    capacity: u32,
) -> Result<f32, String> {
    let found = load(worth, weight, capacity)?;
    Ok(found.iter().zip(seen).filter(|(a, b)| a != b).count() as f32 / N as f32)
}

const THINGS: usize = 6;

fn main() -> anyhow::Result<()> {
    let truth = [0.9_f32, 0.2, 0.5, 0.4, 0.7, 0.1];
    // What was seen: forty vans of things whose weights differ from day to day.
    let weights =
        (0..40_u32).map(|day| std::array::from_fn(|i| 1 + (7 * day + 5 * i as u32 + day * i as u32) % 9));
    let seen = weights.map(|weight| load::<THINGS>(&truth, &weight, 15).map(|taken| (taken, weight)));
    let seen: Vec<([bool; THINGS], [u32; THINGS])> =
        seen.collect::<Result<_, _>>().map_err(anyhow::Error::msg)?;

    // An optimizer's label begins with its solution; the rest is what the function takes of each sample.
    let young = Load::<THINGS>::new(15);
    learn("fenchel_young, Hessian", &young, &seen, 0.2)?;
    learn("fenchel_young, gradient", &young.clone().curvature(Curvature::None), &seen, 0.2)?;
    let smoothed = Misloaded::<THINGS>::new(15);
    learn("smoothing, Fisher", &smoothed, &seen, 0.02)?;
    learn("smoothing, gradient", &smoothed.clone().curvature(Curvature::None), &seen, 0.2)?;

    // What fails says where.
    let mut bad = seen.clone();
    bad[3].1[2] = 0;
    println!("{}", young.evaluate(&[0.5_f32; 40 * THINGS], &bad).unwrap_err());
    Ok(())
}

type Label = ([bool; THINGS], [u32; THINGS]);

/// The same worths for all days, moved along the mean of the days' directions.
fn learn(
    name: &str,
    loss: &impl NewtonLoss<f32, Label = Label>,
    seen: &[Label],
    rate: f32,
) -> anyhow::Result<()> {
    let mut worth = [0.5; THINGS];
    print!("{name:24} loads predicted right, of {}:", seen.len());
    for step in 0..=200 {
        if step % 40 == 0 {
            let right = seen.iter().filter(|(taken, weight)| load(&worth, weight, 15).as_ref() == Ok(taken));
            print!(" {:2}", right.count());
        }
        let all = loss.evaluate(&worth.repeat(seen.len()), seen)?;
        for day in all.step.directions.as_chunks::<THINGS>().0 {
            worth.iter_mut().zip(day).for_each(|(w, d)| *w -= rate * d / seen.len() as f32);
        }
    }
    println!("  worths {worth:.2?}");
    Ok(())
}
