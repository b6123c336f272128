//! Times a training step of the MNIST network against PyTorch's, alternating, in one run.
//!
//! `cargo bench --bench training_step`; `-- --no-peer` for ours alone. See the README beside this file.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};
use dfdx::optim::Adam;
use dfdx::prelude::*;
use newton_losses::models::MnistCnn;

/// 100 sets of 5 images: the benchmark's batch.
const BATCH: usize = 500;
const ROUNDS: usize = 15;
const WARM_UP: usize = 3;
const THREADS: usize = 2;
/// Small, so that the networks hardly move: how many units are alive decides how much a sparse backward pass costs.
const LEARNING_RATE: f64 = 1e-5;

/// Our network, its optimizer and a random batch.
struct Step {
    net: MnistCnn,
    optimizer: Adam<MnistCnn, f32, Cpu>,
    images: Tensor<(usize, usize, usize, usize), f32, Cpu>,
    target: Tensor<(usize, usize), f32, Cpu>,
    grads: Option<Gradients<f32, Cpu>>,
}

impl Step {
    fn new() -> anyhow::Result<Self> {
        let device = Cpu::default();
        let net = MnistCnn::new(&device)?;
        let optimizer = Adam::new(&net, AdamConfig { lr: LEARNING_RATE, ..Default::default() });
        let images = device.sample_uniform_like(&(BATCH, 1, 28, 112));
        let target = device.sample_normal_like(&(BATCH / 5, 5));
        let grads = Some(net.alloc_grads());
        Ok(Self { net, optimizer, images, target, grads })
    }

    /// Forward, backward, Adam; the loss.
    fn run(&mut self) -> anyhow::Result<f32> {
        let grads = self.grads.take().context("gradients are put back at the end of a step")?;
        let scores = self.net.try_scores(self.images.clone().traced(grads), 5)?;
        let loss = (scores - self.target.clone()).square().mean();
        let value = loss.array();
        let mut grads = loss.backward();
        self.optimizer.update(&mut self.net, &grads).map_err(|e| anyhow::anyhow!("Adam: {e:?}"))?;
        self.net.zero_grads(&mut grads);
        self.grads = Some(grads);
        Ok(value)
    }
}

/// The PyTorch process.
struct Peer {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    version: String,
}

impl Peer {
    fn start() -> anyhow::Result<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/training_step/peer.py");
        let mut process = Command::new("python3")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("python3 peer.py")?;
        let requests = process.stdin.take().context("piped above")?;
        let mut answers = BufReader::new(process.stdout.take().context("piped above")?);
        let mut ready = String::new();
        answers.read_line(&mut ready)?;
        let Some(version) = ready.strip_prefix("ready ") else { bail!("the peer did not start") };
        Ok(Self { process, requests, answers, version: version.trim().to_owned() })
    }

    fn seconds(&mut self, layout: &str) -> anyhow::Result<f64> {
        writeln!(self.requests, "{layout} {BATCH}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        answer.trim().parse().with_context(|| format!("the peer answered `{answer}`"))
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn line(name: &str, times: &mut [f64]) -> f64 {
    let m = median(times);
    println!(
        "{name:<24} median {m:.3} s   fastest {:.3} s   slowest {:.3} s",
        times[0],
        times[times.len() - 1]
    );
    m
}

fn main() -> anyhow::Result<()> {
    rayon::ThreadPoolBuilder::new().num_threads(THREADS).build_global()?;
    let mut peer = if std::env::args().any(|a| a == "--no-peer") { None } else { Some(Peer::start()?) };
    let mut step = Step::new()?;
    for _ in 0..WARM_UP {
        step.run()?;
    }
    let (mut ours, mut nchw, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let loss = step.run()?;
        ours.push(begin.elapsed().as_secs_f64());
        anyhow::ensure!(loss.is_finite(), "the loss became {loss}");
        if let Some(peer) = &mut peer {
            nchw.push(peer.seconds("nchw")?);
            last.push(peer.seconds("channels_last")?);
        }
    }
    println!("training step, {BATCH} images of 28 x 112, f32, {THREADS} threads, {ROUNDS} rounds");
    let ours = line("ours", &mut ours);
    if let Some(mut peer) = peer {
        println!("torch {}", peer.version);
        let best = line("torch, NCHW", &mut nchw).min(line("torch, channels_last", &mut last));
        println!("ours / better torch      {:.2}", ours / best);
        drop(peer.requests);
        peer.process.wait()?;
    }
    Ok(())
}
