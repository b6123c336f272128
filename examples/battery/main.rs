//! When should a battery be charged? A network forecasts tomorrow's electricity prices, and a linear program (solved by the crate
//! `microlp`) makes the schedule that is best by them. What counts is not how far the prices are off but what the schedule
//! earns, so the loss contains the linear program, which nobody can differentiate: it is evaluated under noise.
//!
//! `cargo run --release --example battery` (half a minute). The results are in `examples/README.md`.

mod market;
#[path = "../shared/random.rs"]
mod random;
mod report;

use anyhow::{Result, anyhow, ensure};
use clap::Parser;
use dfdx::optim::{Adam, AdamConfig, Optimizer};
use dfdx::prelude::*;
use market::{Day, FEATURES, days};
use microlp::{ComparisonOp, OptimizationDirection, Problem};
use newton_losses::prelude::*;
use random::Random;
use std::time::Instant;

/// Hours of a day.
const HOURS: usize = 24;

/// What is charged or discharged in an hour at most, MW; what the battery holds, MWh; what is left of what is charged.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Battery {
    power: f64,
    capacity: f64,
    efficiency: f64,
}

const BATTERY: Battery = Battery { power: 1.0, capacity: 3.0, efficiency: 0.9 };

/// The cheapest schedule by these prices: energy bought in each hour, MWh; negative where it is sold. Any Rust will do here: only the
/// signature is read.
#[newton_loss(fisher, lambda = 0.1, fenchel_young(gaussian, sigma = 5.0, samples = 10))]
fn schedule(prices: &[f32; HOURS], battery: Battery) -> Result<[f32; HOURS]> {
    let Battery { power, capacity, efficiency } = battery;
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let mut before = None;
    let trades = prices.map(|price| {
        let buy = problem.add_var(f64::from(price), (0.0, power));
        let sell = problem.add_var(-f64::from(price), (0.0, power));
        let level = problem.add_var(0.0, (0.0, capacity));
        let mut balance = vec![(level, 1.0), (buy, -efficiency), (sell, 1.0)];
        balance.extend(before.map(|before| (before, -1.0)));
        problem.add_constraint(&balance, ComparisonOp::Eq, 0.0);
        before = Some(level);
        (buy, sell)
    });
    let solution = problem.solve()?.into_solution().map_err(|_| anyhow!("the solver was interrupted"))?;
    Ok(trades.map(|(buy, sell)| (solution.var_value(buy) - solution.var_value(sell)) as f32))
}

/// What a day costs if the battery follows the schedule for other prices than come true, in Euro.
#[newton_loss(fisher, lambda = 10.0, smoothing(gaussian, sigma = 5.0, samples = 10, covariate = leave_one_out))]
fn bill(prices: &[f32; HOURS], true_prices: &[f32; HOURS], battery: Battery) -> Result<f32> {
    let trades = schedule(prices, battery)?;
    Ok(trades.iter().zip(true_prices).map(|(trade, price)| trade * price).sum())
}

type Model = (Linear<FEATURES, 32>, ReLU, Linear<32, HOURS>);

/// What a network is trained on.
enum Loss {
    /// The squared error of the prices: predict, then optimize.
    Prices,
    /// The best schedule by the true prices.
    Schedule(Schedule),
    /// What the schedule costs.
    Bill(Bill),
}

struct Method {
    name: &'static str,
    loss: Loss,
    rate: f64,
}

/// What a network's schedules earn on days it has not seen, relative to those who know the prices; how far its prices are off.
struct Run {
    curve: Vec<(u64, f64)>,
    earned: f64,
    off: f64,
    ms_per_step: f64,
}

const BATCH: usize = 16;

fn train(method: &Method, seed: u64, args: &Args) -> Result<Run> {
    let device = Cpu::seed_from_u64(seed);
    let mut random = Random(seed);
    let known = days(args.days, &mut random);
    let test = days(300, &mut random);
    let best: Vec<[f32; HOURS]> =
        known.iter().map(|day| schedule(&day.prices, BATTERY)).collect::<Result<_>>()?;
    let features = |of: &[&Day]| {
        let all = of.iter().flat_map(|day| day.forecast).collect();
        device.tensor_from_vec(all, (of.len(), Const::<FEATURES>))
    };

    let mut net = device.build_module::<Model, f32>();
    let mut optimizer = Adam::new(&net, AdamConfig { lr: method.rate, ..Default::default() });
    let mut grads = net.alloc_grads();
    let mut run = Run { curve: Vec::new(), earned: f64::NAN, off: f64::NAN, ms_per_step: f64::NAN };
    let mut seconds = 0.0;
    for step in 1..=args.steps {
        let start = Instant::now();
        let batch: Vec<usize> = (0..BATCH).map(|_| (args.days as f32 * random.uniform()) as usize).collect();
        let shown: Vec<&Day> = batch.iter().map(|i| &known[*i]).collect();
        let prices: Vec<[f32; HOURS]> = shown.iter().map(|day| day.prices).collect();
        // In Euro per MWh: the network's own numbers are about 1.
        let told = net.forward_mut(features(&shown).traced(grads)) * 20.0 + 40.0;
        let value = match &method.loss {
            Loss::Prices => {
                let prices = device.tensor_from_vec(prices.concat(), (BATCH, Const::<HOURS>));
                mse_loss(told, prices)
            }
            Loss::Schedule(loss) => {
                let labels: Vec<[f32; HOURS]> = batch.iter().map(|i| best[*i]).collect();
                loss.apply(told, &labels)?
            }
            Loss::Bill(loss) => loss.apply(told, &prices)?,
        };
        grads = value.backward();
        optimizer.update(&mut net, &grads).map_err(|e| anyhow!("optimizer: {e:?}"))?;
        net.zero_grads(&mut grads);
        seconds += start.elapsed().as_secs_f64();

        if step % (args.steps / 10).max(1) == 0 || step == args.steps {
            let told = (net.forward(features(&test.iter().collect::<Vec<_>>())) * 20.0 + 40.0).as_vec();
            let (mut cost, mut least, mut off) = (0.0, 0.0, 0.0);
            for (told, day) in told.as_chunks::<HOURS>().0.iter().zip(&test) {
                // The annotated functions are still ordinary functions.
                cost += f64::from(bill(told, &day.prices, BATTERY)?);
                least += f64::from(bill(&day.prices, &day.prices, BATTERY)?);
                off += told.iter().zip(&day.prices).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
            }
            run.earned = cost / least;
            run.off = (off / (test.len() * HOURS) as f64).sqrt();
            run.curve.push((step, run.earned));
        }
    }
    Ok(Run { ms_per_step: 1e3 * seconds / args.steps as f64, ..run })
}

/// All ways of training, each with the learning rate (and lambda) that `--search` found.
fn methods() -> Vec<Method> {
    let (schedule, bill) = (Schedule::new(BATTERY), Bill::new(BATTERY));
    let all = [
        ("prices, squared error", Loss::Prices, 1e-2),
        ("schedule, gradient", Loss::Schedule(schedule.clone().curvature(Curvature::None)), 3e-3),
        ("schedule, Fisher", Loss::Schedule(schedule.clone()), 3e-3),
        (
            "schedule, Hessian",
            Loss::Schedule(
                schedule.curvature(Curvature::Hessian).lambda(0.01).on_indefinite(OnIndefinite::Abs),
            ),
            3e-3,
        ),
        ("bill, gradient", Loss::Bill(bill.clone().curvature(Curvature::None)), 3e-3),
        ("bill, Fisher", Loss::Bill(bill), 3e-3),
    ];
    all.map(|(name, loss, rate)| Method { name, loss, rate }).into()
}

/// Trains networks to forecast prices for a battery, on the prices and on what comes of them.
#[derive(Parser)]
struct Args {
    /// How many times each method starts afresh, with new days and weights
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Training steps of a run
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Days to learn from
    #[arg(long, default_value_t = 365)]
    days: usize,
    /// End with one line of JSON
    #[arg(long)]
    json: bool,
    /// Tune the learning rates and lambda instead (minutes)
    #[arg(long)]
    search: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.days > 0, "--days: at least one");
    if args.search {
        return report::search(&args);
    }
    report::compare(&args)
}
