//! Small losses, each for something that a compiler can get wrong.

use newton_losses::prelude::*;

/// A product carried through a loop, overwritten each time.
#[newton_loss(hessian, lambda = 0.1)]
pub fn drift<const N: usize>(y: &[f32; N], target: &[f32; N], beta: f32) -> f32 {
    let mut trust = 1.0;
    let mut loss = 0.0;
    for i in 0..N {
        let d = y[i] - target[i];
        trust *= sigmoid(beta * d);
        loss += trust * d * d;
    }
    loss / N as f32
}

/// A fixed-point iteration: one variable overwritten nonlinearly in nested loops, its number of steps a parameter.
#[newton_loss(hessian, lambda = 0.1)]
pub fn fixed_point<const N: usize>(y: &[f32; N], start: &f32, steps: usize) -> f32 {
    let mut x = *start;
    for step in 0..steps {
        for i in 0..N {
            x = 0.5 * x + (x * y[i] + step as f32).sin();
        }
        x = x / (1.0 + x * x);
    }
    x * x
}

/// Dynamic program in two dimensions (soft dynamic time warping), rows carried over.
#[newton_loss(hessian, lambda = 0.1)]
pub fn soft_dtw<const N: usize, const M: usize>(y: &[f32; N], target: &[f32; M], gamma: f32) -> f32 {
    let mut r = [[1e3; M]; N];
    for i in 0..N {
        for j in 0..M {
            let d = y[i] - target[j];
            let mut best = 0.0;
            if i > 0 && j > 0 {
                let ways = [-r[i - 1][j] / gamma, -r[i][j - 1] / gamma, -r[i - 1][j - 1] / gamma];
                best = -gamma * logsumexp(&ways);
            } else if i > 0 {
                best = r[i - 1][j];
            } else if j > 0 {
                best = r[i][j - 1];
            }
            r[i][j] = d * d + best;
        }
    }
    r[N - 1][M - 1]
}

/// A pendulum driven by predicted torques: an integrator with state in an array.
#[newton_loss(hessian, lambda = 0.1)]
pub fn pendulum<const N: usize>(torque: &[f32; N], goal: &[f32; 2], dt: f32, friction: f32) -> f32 {
    let mut state = [0.5_f32, 0.0];
    let mut effort = 0.0;
    for i in 0..N {
        let a = torque[i] - state[0].sin() - friction * state[1];
        state[1] += dt * a;
        state[0] += dt * state[1];
        effort += 0.01 * torque[i].powi(2);
    }
    let (e0, e1) = (state[0] - goal[0], state[1] - goal[1]);
    e0 * e0 + e1 * e1 + effort
}

/// Elements that depend on each other, on themselves too (i = j), compound assignment, steps and reversals.
#[newton_loss(hessian, lambda = 0.1)]
pub fn entangled<const N: usize>(y: &[f32; N], w: f32) -> f32 {
    let mut x = *y;
    for i in (0..N).rev() {
        for j in (0..=i).step_by(2) {
            x[i] += w * x[j] * x[N - 1 - j];
        }
        x[i] *= y[i];
    }
    for k in (1..N).step_by(2).rev() {
        x[k] /= 2.0 + x[k - 1] * x[k - 1];
        x.swap(k, k - 1);
        x[0] -= x[k];
    }
    let mut total = 0.0;
    for v in 0..N {
        total -= x[v] * (v as f32 + 1.0).recip();
    }
    total
}

/// Predicts a matrix, has three labels, sorts in a loop, whole arrays assigned and filled.
#[newton_loss(hessian, lambda = 0.1)]
pub fn rows<const H: usize, const W: usize>(
    y: &[[f32; W]; H],
    target: &[[f32; W]; H],
    weight: &f32,
    offset: &[f32; H],
    power: f32,
) -> f32 {
    let mut loss = 0.0;
    let mut last = [0.0; W];
    let mut mixed = [[0.0; W]; 2];
    for h in 0..H {
        let row = &y[h];
        let s = sort_desc(row);
        let p = softmax(&s);
        for k in 0..W {
            let gap = p[k] - target[h][k] + last[k] * offset[h];
            loss += weight * gap * gap;
            mixed[h % 2][k] = p[k] * gap;
        }
        last = p;
        if h % 2 == 1 {
            loss += mean(&mixed[0]) * sum(&mixed[1]);
            mixed[0].fill(loss);
        }
    }
    let least = sort(&last);
    loss + least[0].powf(power) + sum(&log_softmax(&mixed[0]))
}

/// Kinks away from zero, and every scalar function once.
#[newton_loss(hessian, lambda = 0.1)]
pub fn functions<const N: usize>(y: &[f32; N]) -> f32 {
    let mut sum = 0.0; // shadows a builtin
    for i in 0..N {
        let x = y[i];
        let a = x.abs() + 0.5;
        let b = a.max(0.25 * x).min(3.0).clamp(0.1, 2.5);
        let value = a.ln() + a.ln_1p() + a.sqrt() + a.recip() + (0.3 * x).exp() + (0.2 * x).exp_m1();
        let tape =
            x.sin() * x.cos() + (0.3 * x).tan() + x.tanh() * x.atan() + a.powf(1.5) + x.powi(3) + b.powi(-2);
        let x = f32::max(x, -1.0) * x; // shadows
        sum += value * tape + softplus(x) + erf(x) * normal_cdf(x) + cauchy_cdf(x)
            - reciprocal_cdf(x) * optimal_cdf(x);
        sum += x.mul_add(2.0, a) / (1.0 + b) + logistic_cdf(-x);
    }
    sum
}

/// Names that generated code uses itself, integers computed in blocks, values from branches.
#[newton_loss(fisher, lambda = 0.1, name = Names)]
pub fn names<const S: usize, const P: usize, const T: usize>(
    y_: &[f32; S],
    label: &[f32; P],
    tape: usize,
) -> f32 {
    let S_ = S + P;
    let mut value = 1.0;
    for i in 0..S_ {
        let k = {
            let half = i / 2;
            (half + T) % S
        };
        let x = if k < P {
            let gap = y_[k] - label[k];
            gap * gap
        } else if k == tape {
            y_[k].exp()
        } else {
            1.0 + 0.1 * y_[k]
        };
        value = value * x
            + 0.5 * {
                let t = y_[k];
                t * t
            };
    }
    value
}

/// What clippy asks for: `contains` of a range and of an array.
#[newton_loss(hessian, lambda = 0.1)]
pub fn membership<const N: usize>(y: &[f32; N], chosen: &[usize; 2], codes: &[i32; N]) -> f32 {
    let mut loss = 0.0;
    for i in 0..N {
        let slope = if (1..=3).contains(&codes[i]) { 2.0 } else { 0.5 };
        if chosen.contains(&i) {
            loss += slope * y[i] * y[i].sin();
        }
    }
    loss + y[0] * y[N - 1]
}
