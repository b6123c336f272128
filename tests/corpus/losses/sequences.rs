//! Sequence models.

use super::helpers::*;
use newton_losses::prelude::*;

/// A gated recurrent unit (Cho et al., 2014): new state from state and input.
#[newton_fn]
fn gru_cell<const I: usize, const H: usize>(
    x: &[f32; I],
    h: &[f32; H],
    w: &[[[f32; I]; H]; 3],
    u: &[[[f32; H]; H]; 3],
) -> [f32; H] {
    let none = [0.0; H];
    let zx: [f32; H] = affine(x, &w[0], &none);
    let rx: [f32; H] = affine(x, &w[1], &none);
    let nx: [f32; H] = affine(x, &w[2], &none);
    let zh: [f32; H] = affine(h, &u[0], &zx);
    let rh: [f32; H] = affine(h, &u[1], &rx);
    let nh: [f32; H] = affine(h, &u[2], &none);
    std::array::from_fn(|k| {
        let z = sigmoid(zh[k]);
        let n = (nx[k] + sigmoid(rh[k]) * nh[k]).tanh();
        (1.0 - z) * n + z * h[k]
    })
}

/// Predicted inputs must steer a fixed recurrent network to a class after `len` steps.
#[newton_loss(hessian, lambda = 0.1)]
pub fn gru_steering<const T: usize, const I: usize, const H: usize>(
    y: &[[f32; I]; T],
    len: &usize,
    class: &usize,
    #[shared] w: &[[[f32; I]; H]; 3],
    #[shared] u: &[[[f32; H]; H]; 3],
) -> f32 {
    let mut h = [0.0; H];
    for t in 0..*len {
        let next: [f32; H] = gru_cell(&y[t], &h, w, u);
        h = next;
    }
    cross_entropy(&h.map(|v| 3.0 * v), *class)
}

/// Likelihood of a local-level model by the Kalman filter: predicted log-variances of process and sensor, start, drift.
/// Missing measurements only let the variance grow.
#[newton_loss(hessian, lambda = 0.1)]
pub fn kalman_filter<const T: usize>(y: &[f32; 4], measured: &[f32; T], missing: &[bool; T]) -> f32 {
    let (process, sensor) = (y[0].exp(), y[1].exp());
    let mut state = (y[2], 1.0);
    let mut loss = 0.0;
    for t in 0..T {
        state.0 += y[3];
        state.1 += process;
        if !missing[t] {
            let total = state.1 + sensor;
            loss -= log_normal(measured[t], state.0, total.sqrt());
            let gain = state.1 / total;
            state = (state.0 + gain * (measured[t] - state.0), (1.0 - gain) * state.1);
        }
    }
    loss
}

/// Hidden Markov model with predicted emissions: scaled forward algorithm over the first `len` symbols.
#[newton_loss(hessian, lambda = 0.1)]
pub fn hmm_emissions<const S: usize, const K: usize, const T: usize>(
    y: &[[f32; K]; S],
    symbols: &[u8; T],
    len: &usize,
    #[shared] transition: &[[f32; S]; S],
) -> f32 {
    let mut emission = [[0.0; K]; S];
    for (e, logits) in emission.iter_mut().zip(y.iter()) {
        *e = softmax(logits);
    }
    let mut alpha = [1.0 / S as f32; S];
    let mut log_likelihood = 0.0;
    for t in 0..*len {
        let symbol = symbols[t] as usize;
        let mut total = 0.0;
        for s in 0..S {
            alpha[s] *= emission[s][symbol];
            total += alpha[s];
        }
        log_likelihood += total.ln();
        let filtered = alpha.map(|a| a / total);
        for to in 0..S {
            alpha[to] = (0..S).map(|from| filtered[from] * transition[from][to]).sum();
        }
    }
    -log_likelihood
}

/// Masked language modelling: mean cross-entropy of the hidden tokens, and a bonus for sure padding.
#[newton_loss(fisher, lambda = 0.1)]
pub fn masked_tokens<const T: usize, const C: usize>(
    y: &[[f32; C]; T],
    tokens: &[usize; T],
    mask: &[bool; T],
    pad: usize,
) -> f32 {
    let mut loss = 0.0;
    let mut count = 0usize;
    for (t, (logits, token)) in y.iter().zip(tokens.iter()).enumerate() {
        if mask[t] && *token != pad {
            loss += cross_entropy(logits, *token);
            count += 1;
        } else if !mask[t] || *token == pad {
            loss -= 0.125 * log_softmax(logits)[pad];
        }
    }
    loss / count.max(1) as f32
}

/// Autoregressive flow: each step shifts and scales by what the steps before it (a window of two) say.
#[newton_loss(hessian, lambda = 0.1)]
pub fn autoregressive_flow<const T: usize>(y: &[[f32; 2]; T], x: &[f32; T]) -> f32 {
    let mut noise = [0.0; T];
    let mut log_det = 0.0;
    for t in 0..T {
        let mut context = 0.0;
        for k in 1..=2 {
            if t >= k {
                context += noise[t - k] / k as f32;
            }
        }
        let shift = y[t][0] + 0.5 * context.tanh();
        let log_scale = 0.5 * (y[t][1] * (1.0 + context)).tanh();
        noise[t] = (x[t] - shift) * (-log_scale).exp();
        log_det -= log_scale;
    }
    0.5 * dot(&noise, &noise) - log_det
}
