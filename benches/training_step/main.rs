//! Times a training step of the benchmarks' networks against PyTorch's, alternating, in one run.
//!
//! `cargo bench --bench training_step`; `-- --no-peer` for ours alone, `-- mnist` or `-- resnet` for one network. See the README beside this file.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};
use dfdx::optim::Adam;
use dfdx::prelude::*;
use newton_losses::models::{CombResNet18, MnistCnn};

/// Images that record what is done with them.
type Taped = Tensor<(usize, usize, usize, usize), f32, Cpu, OwnedTape<f32, Cpu>>;

/// 100 sets of 5 images, and 70 maps: the benchmarks' batches.
const MNIST_BATCH: usize = 500;
const RESNET_BATCH: usize = 70;
const ROUNDS: usize = 15;
const WARM_UP: usize = 3;
const THREADS: usize = 2;
/// Small, so that the networks hardly move: how many units are alive decides how much a sparse backward pass costs.
const LEARNING_RATE: f64 = 1e-5;

/// A training step: forward, backward, Adam; the loss.
trait Step {
    fn run(&mut self) -> anyhow::Result<f32>;
}

/// A network, its optimizer and a random batch.
struct Setup<Net, Target: Shape> {
    net: Net,
    optimizer: Adam<Net, f32, Cpu>,
    images: Tensor<(usize, usize, usize, usize), f32, Cpu>,
    target: Tensor<Target, f32, Cpu>,
    grads: Option<Gradients<f32, Cpu>>,
}

impl<Net: TensorCollection<f32, Cpu>, Target: Shape> Setup<Net, Target> {
    fn new(net: Net, images: Tensor<(usize, usize, usize, usize), f32, Cpu>, target: Target) -> Self {
        let optimizer = Adam::new(&net, AdamConfig { lr: LEARNING_RATE, ..Default::default() });
        let target = Cpu::default().sample_normal_like(&target);
        let grads = Some(net.alloc_grads());
        Self { net, optimizer, images, target, grads }
    }

    fn images(&mut self) -> anyhow::Result<Taped> {
        let grads = self.grads.take().context("gradients are put back at the end of a step")?;
        Ok(self.images.clone().traced(grads))
    }

    fn finish(&mut self, output: Tensor<Target, f32, Cpu, OwnedTape<f32, Cpu>>) -> anyhow::Result<f32> {
        let loss = (output - self.target.clone()).square().mean::<Rank0, _>();
        let value = loss.array();
        let mut grads = loss.backward();
        self.optimizer.update(&mut self.net, &grads).map_err(|e| anyhow::anyhow!("Adam: {e:?}"))?;
        self.net.zero_grads(&mut grads);
        self.grads = Some(grads);
        Ok(value)
    }
}

impl Step for Setup<MnistCnn, (usize, usize)> {
    fn run(&mut self) -> anyhow::Result<f32> {
        let images = self.images()?;
        let scores = self.net.try_scores(images, 5)?;
        self.finish(scores)
    }
}

impl Step for Setup<CombResNet18, (usize, usize, usize)> {
    fn run(&mut self) -> anyhow::Result<f32> {
        let images = self.images()?;
        let maps = self.net.try_forward_mut(images)?;
        self.finish(maps)
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

    fn seconds(&mut self, network: &str, layout: &str, batch: usize) -> anyhow::Result<f64> {
        writeln!(self.requests, "{network} {layout} {batch}")?;
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

/// Times our step and the peer's in turn.
fn compare(name: &str, batch: usize, step: &mut dyn Step, peer: Option<&mut Peer>) -> anyhow::Result<()> {
    for _ in 0..WARM_UP {
        step.run()?;
    }
    let (mut ours, mut nchw, mut last) = (Vec::new(), Vec::new(), Vec::new());
    let mut peer = peer;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let loss = step.run()?;
        ours.push(begin.elapsed().as_secs_f64());
        anyhow::ensure!(loss.is_finite(), "the loss became {loss}");
        if let Some(peer) = &mut peer {
            nchw.push(peer.seconds(name, "nchw", batch)?);
            last.push(peer.seconds(name, "channels_last", batch)?);
        }
    }
    println!("training step of {name}, {batch} images, f32, {THREADS} threads, {ROUNDS} rounds");
    let ours = line("ours", &mut ours);
    if let Some(peer) = peer {
        println!("torch {}", peer.version);
        let best = line("torch, NCHW", &mut nchw).min(line("torch, channels_last", &mut last));
        println!("ours / better torch      {:.2}", ours / best);
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    rayon::ThreadPoolBuilder::new().num_threads(THREADS).build_global()?;
    let arguments: Vec<String> = std::env::args().collect();
    let has = |wanted: &str| arguments.iter().any(|a| a == wanted);
    let mut peer = if has("--no-peer") { None } else { Some(Peer::start()?) };
    let device = Cpu::default();
    if has("mnist") || !has("resnet") {
        let images = device.sample_uniform_like(&(MNIST_BATCH, 1, 28, 112));
        let mut step = Setup::new(MnistCnn::new(&device)?, images, (MNIST_BATCH / 5, 5));
        compare("mnist", MNIST_BATCH, &mut step, peer.as_mut())?;
    }
    if has("resnet") || !has("mnist") {
        let images = device.sample_normal_like(&(RESNET_BATCH, 3, 96, 96));
        let mut step = Setup::new(CombResNet18::new(&device)?, images, (RESNET_BATCH, 12, 12));
        compare("resnet", RESNET_BATCH, &mut step, peer.as_mut())?;
    }
    if let Some(mut peer) = peer {
        drop(peer.requests);
        peer.process.wait()?;
    }
    Ok(())
}
