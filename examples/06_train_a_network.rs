//! End to end: a small network learns to read signals from the words in them alone. Nobody says which letter is where; the
//! loss, connectionist temporal classification, sums over all ways to place them.
//!
//! `cargo run --release --example 06_train_a_network`

use dfdx::optim::{Adam, AdamConfig};
use dfdx::prelude::*;
use newton_losses::prelude::*;
// dfdx has a function of this name as well: say which.
use newton_losses::builtins::log_softmax;

/// Impossible, as a logarithm.
const NEVER: f32 = -1e4;

/// Minus the logarithm of the probability that the frames spell the first `len` letters of `word` (Graves et al., 2006).
/// Class 0 is blank; `E` = 2 `MAX` + 1.
#[newton_loss(fisher, lambda = 0.01)]
fn ctc<const T: usize, const C: usize, const MAX: usize, const E: usize>(
    logits: &[[f32; C]; T],
    word: &[usize; MAX],
    len: &usize,
) -> f32 {
    // Blanks between all letters.
    let mut symbols = [0usize; E];
    for i in 0..*len {
        symbols[2 * i + 1] = word[i];
    }
    // alpha[s]: all ways to have come as far as symbol s.
    let mut alpha = [NEVER; E];
    alpha[0] = 0.0;
    for t in 0..T {
        let p = log_softmax(&logits[t]);
        let mut next = [NEVER; E];
        for s in 0..=2 * *len {
            let mut ways = alpha[s];
            if s >= 1 {
                ways = logaddexp(ways, alpha[s - 1]);
            }
            // Only a blank between different letters may be skipped.
            if s >= 2 && symbols[s] != 0 && symbols[s] != symbols[s - 2] {
                ways = logaddexp(ways, alpha[s - 2]);
            }
            next[s] = ways + p[symbols[s]];
        }
        alpha = next;
    }
    -logaddexp(alpha[2 * *len], alpha[2 * *len - 1])
}

const FRAMES: usize = 10;
const CLASSES: usize = 5;
const FEATURES: usize = 8;
const MAX: usize = 3;
const BATCH: usize = 32;

type Word = ([usize; MAX], usize);
type Model = (Linear<FEATURES, 32>, ReLU, Linear<32, CLASSES>);

/// A generator of random numbers that is short (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as usize % n
    }
    fn noise(&mut self) -> f32 {
        (0..4).map(|_| self.below(2001) as f32 / 1000.0 - 1.0).sum::<f32>() * 0.4
    }
}

/// Words of one to three letters, each letter a pattern somewhere in the frames, in order.
fn batch(random: &mut Random) -> (Vec<f32>, Vec<Word>) {
    let (mut frames, mut words) = (Vec::new(), Vec::new());
    for _ in 0..BATCH {
        let len = 1 + random.below(MAX);
        let mut word = [0; MAX];
        let mut shown = [0; FRAMES];
        for (i, letter) in word[..len].iter_mut().enumerate() {
            *letter = 1 + random.below(CLASSES - 1);
            shown[3 * i + random.below(3)] = *letter;
        }
        words.push((word, len));
        for class in shown {
            frames.extend((0..FEATURES).map(|k| {
                let pattern = if class == 0 { 0.0 } else { 1.5 * ((class * (k + 2)) as f32 * 0.9).sin() };
                pattern + random.noise()
            }));
        }
    }
    (frames, words)
}

/// The likeliest class of each frame, repetitions and blanks removed.
fn read(logits: &[f32]) -> Vec<usize> {
    let best = |frame: &[f32]| (0..CLASSES).max_by(|a, b| frame[*a].total_cmp(&frame[*b])).unwrap_or(0);
    let mut classes: Vec<usize> = logits.chunks(CLASSES).map(best).collect();
    classes.dedup();
    classes.retain(|c| *c != 0);
    classes
}

fn train(curvature: Curvature, rate: f64) -> anyhow::Result<()> {
    let device = Cpu::seed_from_u64(1);
    let mut random = Random(1);
    let mut net = device.build_module::<Model, f32>();
    let mut optimizer = Adam::new(&net, AdamConfig { lr: rate, ..Default::default() });
    let mut grads = net.alloc_grads();
    let loss = Ctc::<FRAMES, CLASSES, MAX, { 2 * MAX + 1 }>::new().curvature(curvature);
    print!("{curvature:?}, rate {rate}: words read right (%):");
    let mut right = 0;
    for step in 1..=300 {
        let (frames, words) = batch(&mut random);
        let x = device.tensor_from_vec(frames, (BATCH, Const::<FRAMES>, Const::<FEATURES>));
        // The network's output, with its tape, goes into the loss; the rest is as for any loss.
        let logits = net.forward_mut(x.traced(grads));
        for (logits, (word, len)) in logits.as_vec().chunks(FRAMES * CLASSES).zip(&words) {
            right += usize::from(read(logits) == word[..*len]);
        }
        let value = loss.apply(logits, &words)?;
        let shown = value.array();
        grads = value.backward();
        optimizer.update(&mut net, &grads).map_err(|e| anyhow::anyhow!("{e:?}"))?;
        net.zero_grads(&mut grads);
        if step % 50 == 0 {
            print!(" {}", 100 * right / (50 * BATCH));
            right = 0;
        }
        if step == 300 {
            println!(", loss at the end {shown:.3}");
        }
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    // Two frames, each class as likely as the others, the word "1": of 25 pairs, (1, 1), (0, 1) and (1, 0) spell it.
    let value = ctc::<2, 5, 1, 3>(&[[0.0; 5]; 2], &[1], &1);
    println!("-ln(3/25) = {:.4} = {value:.4}", -(3.0_f32 / 25.0).ln());

    let (frames, words) = batch(&mut Random(2));
    let y: Vec<f64> = frames[..4 * FRAMES * CLASSES].iter().map(|x| f64::from(*x)).collect();
    println!("{}", gradcheck(&Ctc::<FRAMES, CLASSES, MAX, 7>::new(), &y, &words[..4])?);

    // Each at the best of the rates 0.003, 0.01, 0.03 and 0.1. They tie: with Adam and a loss as tame as this one, curvature
    // gains nothing. `heat_flux` is a loss where it does.
    for (curvature, rate) in [(Curvature::None, 0.1), (Curvature::Fisher, 0.01)] {
        train(curvature, rate)?;
    }
    Ok(())
}
