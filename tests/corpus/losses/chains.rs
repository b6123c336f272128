//! Dynamic programs along a line.

use newton_losses::prelude::*;

/// Structured perceptron with a smooth Viterbi score: best path minus the labelled one, over the first `len` steps.
#[newton_loss(hessian, lambda = 0.1)]
pub fn soft_viterbi<const T: usize, const S: usize>(
    y: &[[f32; S]; T],
    path: &[usize; T],
    len: &usize,
    #[shared] transition: &[[f32; S]; S],
    temperature: f32,
) -> f32 {
    let mut score = y[0];
    let mut gold = y[0][path[0]];
    for t in 1..*len {
        let mut next = [0.0; S];
        for s in 0..S {
            let mut ways = [0.0; S];
            for from in 0..S {
                ways[from] = score[from] + transition[from][s];
            }
            next[s] = y[t][s] + smooth_max(&ways, temperature);
        }
        score = next;
        gold += y[t][path[t]] + transition[path[t - 1]][path[t]];
    }
    smooth_max(&score, temperature) - gold
}

/// Negative log-likelihood of a linear-chain conditional random field whose *transitions* are predicted; Lafferty et al., 2001.
#[newton_loss(hessian, lambda = 0.1)]
pub fn crf_transitions<const S: usize, const T: usize>(
    y: &[[f32; S]; S],
    emission: &[[f32; S]; T],
    tags: &[usize; T],
) -> f32 {
    let mut alpha = emission[0];
    let mut gold = emission[0][tags[0]];
    for (t, now) in emission.iter().enumerate().skip(1) {
        let next: [f32; S] = std::array::from_fn(|s| {
            let ways: [f32; S] = std::array::from_fn(|from| alpha[from] + y[from][s]);
            now[s] + logsumexp(&ways)
        });
        alpha = next;
        gold += now[tags[t]] + y[tags[t - 1]][tags[t]];
    }
    logsumexp(&alpha) - gold
}

/// Impossible, as a logarithm.
const NEVER: f32 = -1e4;

/// Connectionist temporal classification (Graves et al., 2006), blank 0; `E` = 2 `L` + 1.
#[newton_loss(fisher, lambda = 0.1)]
pub fn ctc<const T: usize, const C: usize, const L: usize, const E: usize>(
    logits: &[[f32; C]; T],
    target: &[usize; L],
) -> f32 {
    // Blanks between all symbols.
    let mut extended = [0usize; E];
    for i in 0..L {
        extended[2 * i + 1] = target[i];
    }
    let mut alpha = [NEVER; E];
    for t in 0..T {
        let p = log_softmax(&logits[t]);
        let mut next = [NEVER; E];
        if t == 0 {
            next[0] = p[0];
            next[1] = p[extended[1]];
        } else {
            for s in 0..E {
                let mut a = alpha[s];
                if s >= 1 {
                    a = logaddexp(a, alpha[s - 1]);
                }
                // Blanks and doubled symbols may not be jumped over.
                if s >= 2 && extended[s] != 0 && extended[s] != extended[s - 2] {
                    a = logaddexp(a, alpha[s - 2]);
                }
                next[s] = a + p[extended[s]];
            }
        }
        alpha = next;
    }
    -logaddexp(alpha[E - 1], alpha[E - 2]) / L as f32
}

/// 0/1 knapsack with predicted values: its smooth optimum against the optimum that the label reports. `C` is one more than
/// the capacity.
#[newton_loss(hessian, lambda = 0.1)]
pub fn knapsack<const N: usize, const C: usize>(
    value: &[f32; N],
    weight: &[usize; N],
    optimum: &f32,
    temperature: f32,
) -> f32 {
    let mut best = [0.0; C];
    for i in 0..N {
        for room in (weight[i]..C).rev() {
            let taken = best[room - weight[i]] + value[i];
            best[room] = smooth_max(&[best[room], taken], temperature);
        }
    }
    let gap = best[C - 1] - optimum;
    gap * gap
}

/// Weighted interval scheduling: `before[i]` intervals end before interval i begins. Regret of the schedule in the label.
#[newton_loss(hessian, lambda = 0.1)]
pub fn intervals<const N: usize, const P: usize>(
    y: &[f32; N],
    before: &[usize; N],
    chosen: &[bool; N],
    temperature: f32,
) -> f32 {
    let mut best = [0.0; P];
    for (i, gain) in y.iter().enumerate() {
        let with = gain + best[before[i]];
        let without = best[i];
        best[i + 1] = without + temperature * softplus((with - without) / temperature);
    }
    let taken = (0..N).filter(|&i| chosen[i]).map(|i| y[i]).sum::<f32>();
    best[N] - taken
}
