//! Signals: transforms in place, strides, phases.

use newton_losses::prelude::*;

/// Sparsity of a Haar wavelet transform, computed in place level by level; `N` is a power of two.
#[newton_loss(hessian, lambda = 0.1)]
pub fn haar_sparsity<const N: usize>(y: &[f32; N], signal: &[f32; N], weight: f32) -> f32 {
    let mut w = *y;
    let levels = N.ilog2() as usize;
    for level in 0..levels {
        let stride = 1 << level;
        for at in (0..N).step_by(2 * stride) {
            let (a, b) = (w[at], w[at + stride]);
            w[at] = std::f32::consts::FRAC_1_SQRT_2 * (a + b);
            w[at + stride] = std::f32::consts::FRAC_1_SQRT_2 * (a - b);
        }
    }
    // The coarsest coefficient is free.
    let roughness: f32 = w.iter().skip(1).map(|c| (1.0 + 4.0 * c * c).ln()).sum();
    mse(y, signal) + weight * roughness
}

/// Phases are known up to whole turns: wrapped differences, and a jump counts by its direction.
#[newton_loss(hessian, lambda = 0.1)]
pub fn phase_unwrapping<const N: usize>(y: &[f32; N], phase: &[f32; N], clockwise: &bool) -> f32 {
    let mut loss = 0.0;
    for (a, p) in y.iter().zip(phase) {
        let d = a - p;
        loss += (d - d.round()).powi(2);
    }
    for pair in y.windows(2) {
        let step = pair[1] - pair[0];
        let direction = if *clockwise { step.signum() } else { -step.signum() };
        loss += 0.0625 * (direction * step).exp() * step.abs().ceil();
    }
    loss
}

/// A predicted filter runs over a signal with a stride, its outputs are pooled by maximum, the pool compared.
#[newton_loss(hessian, lambda = 0.1)]
pub fn strided_filter<const K: usize, const N: usize, const M: usize>(
    y: &[f32; K],
    signal: &[f32; N],
    pooled: &[f32; M],
    stride: usize,
) -> f32 {
    let mut loss = 0.0;
    for m in 0..M {
        let mut largest = -1e3;
        let mut power = 0.0;
        for shift in (2 * m * stride..(2 * m + 2) * stride).step_by(stride) {
            let out: f32 = signal.iter().skip(shift).take(K).zip(y.iter()).map(|(s, f)| s * f).sum();
            largest = out.max(largest);
            power += out * out;
        }
        loss += (largest - pooled[m]).powi(2) + 0.125 * (power + 0.0625).sqrt();
    }
    loss + min(y).powi(2)
}

/// Power spectrum by a naive cosine and sine transform, in decibels, against a wanted one.
#[newton_loss(hessian, lambda = 0.1)]
pub fn power_spectrum<const N: usize, const F: usize>(y: &[f32; N], wanted: &[f32; F]) -> f32 {
    let mut loss = 0.0;
    for (f, goal) in wanted.iter().enumerate() {
        let (mut re, mut im) = (0.0, 0.0);
        for (t, x) in y.iter().enumerate() {
            // Integers first, so that the angle stays small.
            let angle = 2.0 * std::f32::consts::PI * (f * t % N) as f32 / N as f32;
            re += x * angle.cos();
            im -= x * angle.sin();
        }
        let power = (re * re + im * im) / N as f32;
        loss += ((power + 0.125).log10() - goal).powi(2);
    }
    loss
}
