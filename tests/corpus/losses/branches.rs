//! Hard branches on floats.

use newton_losses::prelude::*;

/// Huber's loss written out, pinball for the rest of the quantiles: three-piece losses per residual.
#[newton_loss(hessian, lambda = 0.1)]
pub fn robust_pieces<const N: usize>(y: &[f32; N], target: &[f32; N], quantile: f32, delta: f32) -> f32 {
    let mut loss = 0.0;
    for i in 0..N {
        let r = y[i] - target[i];
        let side = if r > 0.0 { 1.0 - quantile } else { quantile };
        loss += side
            * if r.abs() <= delta {
                0.5 * r * r
            } else if r.abs() <= 4.0 * delta {
                delta * (r.abs() - 0.5 * delta)
            } else {
                // Outliers count by their logarithm.
                delta * (3.5 * delta + 4.0 * delta * (r.abs() / (4.0 * delta)).ln())
            };
    }
    loss
}

/// Breakpoints of a curve over 0..8.
const CURVE: [f32; 9] = [0.0, 0.5, 1.25, 1.0, 2.0, 3.5, 3.0, 4.25, 5.0];

/// Catmull-Rom and linear interpolation in a table, by the cell that the prediction falls into.
#[newton_loss(hessian, lambda = 0.1)]
pub fn table_lookup<const N: usize>(y: &[f32; N], target: &[f32; N]) -> f32 {
    let mut loss = 0.0;
    for i in 0..N {
        let x = y[i].clamp(0.0, 7.875);
        let cell = x.floor() as usize;
        let t = x - cell as f32;
        let value = if cell >= 1 && cell <= 6 {
            let (p, q, r, s) = (CURVE[cell - 1], CURVE[cell], CURVE[cell + 1], CURVE[cell + 2]);
            let cubic = 3.0 * (q - r) + s - p;
            q + 0.5 * t * (r - p + t * (2.0 * p - 5.0 * q + 4.0 * r - s + t * cubic))
        } else {
            CURVE[cell] + t * (CURVE[cell + 1] - CURVE[cell])
        };
        loss += (value - target[i]).powi(2);
    }
    loss / N as f32
}

/// A leaky integrate-and-fire neuron that resets by subtraction; each spike's overshoot is read out, and how many there were.
#[newton_loss(hessian, lambda = 0.1)]
pub fn spiking_neuron<const T: usize>(
    current: &[f32; T],
    trace: &[f32; T],
    leak: f32,
    threshold: f32,
) -> f32 {
    let mut potential = 0.0;
    let mut spikes = 0usize;
    let mut loss = 0.0;
    for (drive, seen) in current.iter().zip(trace.iter()) {
        potential = leak * potential + softplus(*drive);
        if potential > threshold {
            loss += 0.5 * (potential - threshold).powi(2);
            potential -= threshold;
            spikes += 1;
        }
        loss += (potential - seen).powi(2);
    }
    loss * (1.0 + 0.25 * spikes as f32)
}

/// A ball pushed by clipped actions between two walls: it bounces and loses speed, and slides to rest when slow.
#[newton_loss(hessian, lambda = 0.1)]
pub fn bouncing_ball<const T: usize>(action: &[f32; T], goal: &f32, dt: f32, restitution: f32) -> f32 {
    let mut x = 0.0;
    let mut v = 0.0;
    let mut effort = 0.0;
    for u in action {
        let push = if *u > 2.0 {
            2.0
        } else if *u < -2.0 {
            -2.0
        } else {
            *u
        };
        for _ in 0..8 {
            v += dt * (push - 0.25 * v);
            x += dt * v;
            if x > 1.0 && v > 0.0 {
                x = 2.0 - x;
                v *= -restitution;
            } else if x < -1.0 && v < 0.0 {
                x = -2.0 - x;
                v *= -restitution;
            }
        }
        effort += u.powi(2);
    }
    (x - goal).powi(2) + v * v + 0.01 * effort
}

/// Income tax: lower ends of the brackets and rates.
const BRACKETS: [(f32, f32); 4] = [(0.0, 0.0), (1.0, 0.125), (2.5, 0.25), (5.0, 0.4375)];

/// Incomes predicted, taxes known; also what a wealth of branches in blocks and tuples comes to.
#[newton_loss(hessian, lambda = 0.1)]
pub fn tax_brackets<const N: usize>(y: &[f32; N], tax: &[f32; N], married: &[bool; N]) -> f32 {
    let mut loss = 0.0;
    let mut poorest = y[0];
    for i in 0..N {
        let income = if married[i] { 0.5 * y[i] } else { y[i] };
        let mut due = 0.0;
        for b in 0..4 {
            let (from, rate) = BRACKETS[b];
            let upto = if b < 3 { BRACKETS[b + 1].0 } else { 1e6 };
            if income > from {
                due += rate * (income.min(upto) - from);
            }
        }
        due *= if married[i] { 2.0 } else { 1.0 };
        let (gap, weight) = if due > tax[i] { (due - tax[i], 1.0) } else { (tax[i] - due, 2.0) };
        loss += weight * gap * gap;
        if y[i] < poorest {
            poorest = y[i];
        }
    }
    loss + 0.25 * (poorest - 1.0).powi(2) + max(y).ln()
}
