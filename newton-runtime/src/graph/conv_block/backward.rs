//! Backward kernels: gradients of weights and input from the few outputs that have one.
//!
//! A 2 x 2 window passes its gradient to one pixel, and to none if ReLU was flat there: at most a quarter of the
//! convolution's outputs has a gradient. They are listed per output channel, and each costs one multiply-add per weight
//! of that channel: a quarter (with ReLU often an eighth) of the arithmetic of a dense backward pass.

use pulp::{Simd, WithSimd};

use super::forward::DEAD;
use super::layer::Layer;

/// An output with a gradient: offset of its receptive field in the bordered input, and the gradient.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spike {
    offset: u32,
    gradient: f32,
}

/// Pooled rows whose spikes are handled together: enough to pay for loading a channel's weights, few enough for the input
/// rows below them to stay in the first-level cache.
const BAND: usize = 2;

/// All outputs of an image that have a gradient, per band of pooled rows and output channel.
#[derive(Debug, Default)]
pub(crate) struct Spikes {
    /// `[bands][c_out][BAND * pooled_w]`, the first `counts` of each run used.
    spikes: Vec<Spike>,
    /// `[bands][c_out]`.
    counts: Vec<usize>,
}

impl Spikes {
    /// Lists the spikes of an image, and adds their sum per channel to `bias`. The gradient of pooled output (y, x, c) is
    /// at `origin + y * strides[0] + x * strides[1] + c * strides[2]`.
    pub(crate) fn list(
        &mut self,
        layer: &Layer,
        winners: &[u8],
        gradient: &[f32],
        origin: usize,
        strides: [usize; 3],
        bias: &mut [f32],
    ) {
        let (ph, pw, channels) = (layer.pooled_h(), layer.pooled_w(), layer.c_out);
        let bands = ph.div_ceil(BAND);
        self.spikes.resize(bands * channels * BAND * pw, Spike::default());
        self.counts.clear();
        // Offset of the winner's receptive field from that of the window's first pixel.
        let (row, c_in) = (layer.row(), layer.c_in);
        let steps = [0, c_in, row, row + c_in];
        for (n, run) in self.spikes.chunks_exact_mut(BAND * pw).take(bands * channels).enumerate() {
            let (band, c) = (n / channels, n % channels);
            let mut count = 0;
            for py in band * BAND..ph.min((band + 1) * BAND) {
                let winners = &winners[py * pw * channels + c..];
                let gradient = &gradient[origin + py * strides[0] + c * strides[2]..];
                // Not from left to right: neighbours' receptive fields overlap, and an addition would wait for the
                // store before it.
                for px in (0..3).flat_map(|first| (first..pw).step_by(3)) {
                    let mark = winners[px * channels];
                    let gradient = gradient[px * strides[1]];
                    let offset = 2 * py * row + 2 * px * c_in + steps[usize::from(mark & 3)];
                    // Always written, counted only if alive: no branch to mispredict.
                    run[count] = Spike { offset: offset as u32, gradient };
                    count += usize::from(mark != DEAD);
                }
            }
            self.counts.push(count);
            bias[c] += run[..count].iter().map(|spike| spike.gradient).sum::<f32>();
        }
    }

    fn bands(layer: &Layer) -> usize {
        layer.pooled_h().div_ceil(BAND)
    }

    fn get(&self, layer: &Layer, band: usize, channel: usize) -> &[Spike] {
        let run = band * layer.c_out + channel;
        &self.spikes[run * BAND * layer.pooled_w()..][..self.counts[run]]
    }
}

/// Adds an image's weight gradient, in the layout of [`Layer::pack_rows`].
pub(crate) struct WeightGradient<'a> {
    pub(crate) layer: Layer,
    pub(crate) input: &'a [f32],
    pub(crate) spikes: &'a Spikes,
    pub(crate) gradient: &'a mut [f32],
}

/// Adds an image's input gradient to a bordered image.
pub(crate) struct InputGradient<'a> {
    pub(crate) layer: Layer,
    /// [`Layer::pack_rows`].
    pub(crate) weight: &'a [f32],
    pub(crate) spikes: &'a Spikes,
    pub(crate) gradient: &'a mut [f32],
}

/// Calls `$kernel::<S, ROWS, VECTORS>` for every piece of the kernel: as many rows and vectors as registers hold.
macro_rules! for_each_piece {
    ($simd:ident, $layer:ident, $kernel:ident, $($arg:expr),*) => {{
        let vectors = $layer.segment_padded() / S::F32_LANES;
        let (many, wide) = (S::REGISTER_COUNT >= 32, 10);
        let mut ky = 0;
        while ky < $layer.k {
            let left = $layer.k - ky;
            let rows = if many && vectors == 1 && left >= 5 { 5 } else if many && left >= 2 { 2 } else { 1 };
            let mut v = 0;
            while v < vectors {
                let n = wide.min(vectors - v);
                let at = (ky, v * S::F32_LANES);
                for_each_piece!(@ $simd, rows, n, at, $kernel, ($($arg),*), (5, 1)
                    (2, 1) (2, 2) (2, 3) (2, 4) (2, 5) (2, 6) (2, 7) (2, 8) (2, 9) (2, 10)
                    (1, 1) (1, 2) (1, 3) (1, 4) (1, 5) (1, 6) (1, 7) (1, 8) (1, 9) (1, 10));
                v += n;
            }
            ky += rows;
        }
    }};
    (@ $simd:ident, $rows:ident, $n:ident, $at:ident, $kernel:ident, $args:tt, $(($r:literal, $v:literal))*) => {
        match ($rows, $n) {
            $(($r, $v) => for_each_piece!(@call $simd, $kernel, $r, $v, $at, $args),)*
            _ => unreachable!("rows and vectors are chosen among the pieces above"),
        }
    };
    (@call $simd:ident, $kernel:ident, $r:literal, $v:literal, $at:ident, ($($arg:expr),*)) => {
        $kernel::<S, $r, $v>($simd, $at, $($arg),*)
    };
}

impl WithSimd for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { layer, input, spikes, gradient } = self;
        for_each_piece!(simd, layer, weight_piece, &layer, input, spikes, &mut *gradient);
    }
}

impl WithSimd for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { layer, weight, spikes, gradient } = self;
        for_each_piece!(simd, layer, input_piece, &layer, weight, spikes, &mut *gradient);
    }
}

/// `R` kernel rows from `ky`, `N` vectors from `column`, of every channel's weight gradient: the sums stay in registers
/// while the spikes of a band stream by.
#[inline(always)]
fn weight_piece<S: Simd, const R: usize, const N: usize>(
    simd: S,
    (ky, column): (usize, usize),
    layer: &Layer,
    input: &[f32],
    spikes: &Spikes,
    gradient: &mut [f32],
) {
    let (row, width, wanted) = (layer.row(), layer.segment_padded(), N * S::F32_LANES);
    let input = &input[ky * row + column..];
    for band in 0..Spikes::bands(layer) {
        for channel in 0..layer.c_out {
            let target = &mut gradient[(channel * layer.k + ky) * width + column..];
            let mut sum: [[S::f32s; N]; R] = std::array::from_fn(|r| vectors::<S, N>(&target[r * width..]));
            for spike in spikes.get(layer, band, channel) {
                let g = simd.splat_f32s(spike.gradient);
                let field = &input[spike.offset as usize..][..(R - 1) * row + wanted];
                for r in 0..R {
                    let x = S::as_simd_f32s(&field[r * row..][..wanted]).0;
                    for n in 0..N {
                        sum[r][n] = simd.mul_add_e_f32s(g, x[n], sum[r][n]);
                    }
                }
            }
            for r in 0..R {
                S::as_mut_simd_f32s(&mut target[r * width..][..wanted]).0.copy_from_slice(&sum[r]);
            }
        }
    }
}

/// The same piece of the input gradient: the weights stay in registers, each spike adds a multiple of them.
#[inline(always)]
fn input_piece<S: Simd, const R: usize, const N: usize>(
    simd: S,
    (ky, column): (usize, usize),
    layer: &Layer,
    weight: &[f32],
    spikes: &Spikes,
    gradient: &mut [f32],
) {
    let (row, width, wanted) = (layer.row(), layer.segment_padded(), N * S::F32_LANES);
    let gradient = &mut gradient[ky * row + column..];
    for band in 0..Spikes::bands(layer) {
        for channel in 0..layer.c_out {
            let source = &weight[(channel * layer.k + ky) * width + column..];
            let w: [[S::f32s; N]; R] = std::array::from_fn(|r| vectors::<S, N>(&source[r * width..]));
            for spike in spikes.get(layer, band, channel) {
                let g = simd.splat_f32s(spike.gradient);
                let field = &mut gradient[spike.offset as usize..][..(R - 1) * row + wanted];
                for r in 0..R {
                    let x = S::as_mut_simd_f32s(&mut field[r * row..][..wanted]).0;
                    for n in 0..N {
                        x[n] = simd.mul_add_e_f32s(g, w[r][n], x[n]);
                    }
                }
            }
        }
    }
}

/// The first `N` vectors of a slice.
#[inline(always)]
fn vectors<S: Simd, const N: usize>(slice: &[f32]) -> [S::f32s; N] {
    let lanes = S::as_simd_f32s(&slice[..N * S::F32_LANES]).0;
    std::array::from_fn(|n| lanes[n])
}
