//! What the tests compare with: the definitions in float64, written down loop by loop, and their derivatives by central
//! differences, so that no backward pass is checked against its own formula.

use super::window::Window;

/// Pseudo-random numbers in (-1, 1), the same everywhere.
pub(crate) fn noise(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

/// Every instruction set this machine has.
pub(crate) fn architectures() -> Vec<pulp::Arch> {
    let mut all = vec![pulp::Arch::Scalar, pulp::Arch::new()];
    #[cfg(target_arch = "x86_64")]
    all.extend(pulp::x86::V3::try_new().map(pulp::Arch::V3));
    all
}

pub(crate) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

/// Cross-correlation of a batch of (c, h, w) images, plus bias.
pub(crate) fn conv2d(
    x: &[f64],
    [c, h, w]: [usize; 3],
    weight: &[f64],
    bias: &[f64],
    window: Window,
) -> Vec<f64> {
    let Window { k, stride, pad } = window;
    let (oh, ow) = (window.positions(h), window.positions(w));
    let mut out = Vec::new();
    for image in x.chunks_exact(c * h * w) {
        for (o, b) in bias.iter().enumerate() {
            for at in 0..oh * ow {
                let (oy, ox) = (at / ow, at % ow);
                let mut sum = *b;
                for i in 0..c {
                    for ky in 0..k {
                        for kx in 0..k {
                            let (y, x) = (oy * stride + ky, ox * stride + kx);
                            if (pad..h + pad).contains(&y) && (pad..w + pad).contains(&x) {
                                let v = image[(i * h + y - pad) * w + x - pad];
                                sum += v * weight[((o * c + i) * k + ky) * k + kx];
                            }
                        }
                    }
                }
                out.push(sum);
            }
        }
    }
    out
}

/// Max pooling of (h, w) planes.
pub(crate) fn max_pool(x: &[f64], [h, w]: [usize; 2], window: Window) -> Vec<f64> {
    let Window { k, stride, pad } = window;
    let (oh, ow) = (window.positions(h), window.positions(w));
    let mut out = Vec::new();
    for plane in x.chunks_exact(h * w) {
        for at in 0..oh * ow {
            let mut best = f64::NEG_INFINITY;
            for tap in 0..k * k {
                let (y, x) = ((at / ow) * stride + tap / k, (at % ow) * stride + tap % k);
                if (pad..h + pad).contains(&y) && (pad..w + pad).contains(&x) {
                    best = best.max(plane[(y - pad) * w + x - pad]);
                }
            }
            out.push(best);
        }
    }
    out
}

pub(crate) fn relu(x: &[f64]) -> Vec<f64> {
    x.iter().map(|v| v.max(0.0)).collect()
}

/// Derivative of `f` at every `stride`-th coordinate: (index, slope). Exact up to rounding where `f` is piecewise linear
/// and no kink lies within 1e-7.
pub(crate) fn slopes(x: &[f64], stride: usize, f: impl Fn(&[f64]) -> f64) -> Vec<(usize, f64)> {
    const STEP: f64 = 1e-7;
    let mut moved = x.to_vec();
    (0..x.len())
        .step_by(stride)
        .map(|i| {
            moved[i] = x[i] + STEP;
            let up = f(&moved);
            moved[i] = x[i] - STEP;
            let down = f(&moved);
            moved[i] = x[i];
            (i, (up - down) / (2.0 * STEP))
        })
        .collect()
}

/// Largest deviation relative to the largest expected value.
pub(crate) fn deviation(found: &[f32], expected: impl IntoIterator<Item = (usize, f64)>) -> f64 {
    let (mut worst, mut scale) = (0.0f64, 0.0f64);
    for (i, e) in expected {
        worst = worst.max((f64::from(found[i]) - e).abs());
        scale = scale.max(e.abs());
    }
    worst / scale
}

/// Runs `f` on pools of different sizes and returns its results: determinism means they are all equal.
pub(crate) fn on_thread_counts<R: Send>(f: impl Fn() -> R + Sync) -> Vec<R> {
    [1, 2, 3, 7]
        .into_iter()
        .map(|n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build();
            pool.unwrap_or_else(|e| panic!("a pool of {n} threads: {e}")).install(&f)
        })
        .collect()
}

/// Statistics that [`batch_norm`] divides by.
#[derive(Clone, Copy)]
pub(crate) enum Variance {
    /// Of the batch, divided by the count: what PyTorch normalises with.
    Biased,
    /// Divided by the count minus one: wrong on purpose.
    Unbiased,
}

/// Batch norm of a batch of `channels` planes of `pixels`, epsilon 1e-5.
pub(crate) fn batch_norm(
    x: &[f64],
    pixels: usize,
    gamma: &[f64],
    beta: &[f64],
    variance: Variance,
) -> Vec<f64> {
    let channels = gamma.len();
    let mut out = x.to_vec();
    for c in 0..channels {
        let planes = || x.chunks_exact(pixels).skip(c).step_by(channels).flatten();
        let n = planes().count() as f64;
        let mean = planes().sum::<f64>() / n;
        let squares: f64 = planes().map(|v| (v - mean).powi(2)).sum();
        let variance = squares / if matches!(variance, Variance::Biased) { n } else { n - 1.0 };
        for plane in out.chunks_exact_mut(pixels).skip(c).step_by(channels) {
            plane.iter_mut().for_each(|v| *v = (*v - mean) / (variance + 1e-5).sqrt() * gamma[c] + beta[c]);
        }
    }
    out
}

/// Adaptive max pooling of (h, w) planes to (side, side): window p of a side sees pixels
/// `floor(p len / side) .. ceil((p + 1) len / side)`.
pub(crate) fn adaptive_max_pool(x: &[f64], [h, w]: [usize; 2], side: usize) -> Vec<f64> {
    let inside = |pixel: usize, p: usize, len: usize| {
        pixel >= p * len / side && pixel < ((p + 1) * len).div_ceil(side)
    };
    let mut out = Vec::new();
    for plane in x.chunks_exact(h * w) {
        for at in 0..side * side {
            let seen = (0..h * w).filter(|i| inside(i / w, at / side, h) && inside(i % w, at % side, w));
            out.push(seen.map(|i| plane[i]).fold(f64::NEG_INFINITY, f64::max));
        }
    }
    out
}
