//! The convolution kernels: forward (the input gradient is one too, with turned weights) and weight gradient.
//!
//! Both keep a tile of sums in registers, [positions][two vectors of output channels], and per step load two vectors and
//! broadcast one float per position: two multiply-adds per load, so they run near the multipliers' speed. Forward, the
//! positions are neighbouring pixels and the steps are the taps of the kernel; for the weight gradient it is the other
//! way round.

use pulp::{Simd, WithSimd};

use super::conv::{Conv, Frame, GROUP};

/// Output rows whose weight gradient is summed together: few enough that what they read stays in the first-level cache,
/// enough to pay for fetching the sums.
const BAND: usize = 4;

/// Writes `out`, dense: the convolution of a bordered image.
pub(super) struct Correlate<'a> {
    pub(super) conv: Conv,
    pub(super) input: &'a [f32],
    /// [`Conv::pack`].
    pub(super) weight: &'a [f32],
    pub(super) out: &'a mut [f32],
}

impl WithSimd for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // The benchmark's distances of pixels as constants: they become address offsets instead of registers.
        match self.conv.step() {
            6 => self.run::<S, 6>(simd),
            64 => self.run::<S, 64>(simd),
            _ => self.run::<S, 0>(simd),
        }
    }
}

impl Correlate<'_> {
    #[inline(always)]
    fn run<S: Simd, const STEP: usize>(self, simd: S) {
        let Self { conv, input, weight, out } = self;
        let width = conv.out_w();
        let most = if S::REGISTER_COUNT >= 32 { 12 } else { 6 };
        let tile = [12, 6, 3, 1].into_iter().find(|t| *t <= most.min(width)).unwrap_or(1);
        let lanes = conv.lanes();
        for (y, out) in out.chunks_exact_mut(width * lanes).enumerate() {
            for (group, weight) in weight.chunks_exact(conv.group_len()).enumerate() {
                for x in (0..width).step_by(tile) {
                    // The last tile overlaps the one before.
                    let x = x.min(width - tile);
                    for lane in (0..GROUP).step_by(2 * S::F32_LANES) {
                        let out = &mut out[x * lanes + group * GROUP + lane..];
                        match tile {
                            12 => pixels::<S, STEP, 12>(simd, &conv, input, weight, lane, (y, x), out),
                            6 => pixels::<S, STEP, 6>(simd, &conv, input, weight, lane, (y, x), out),
                            3 => pixels::<S, STEP, 3>(simd, &conv, input, weight, lane, (y, x), out),
                            _ => pixels::<S, STEP, 1>(simd, &conv, input, weight, lane, (y, x), out),
                        }
                    }
                }
            }
        }
    }
}

/// `P` neighbouring pixels from `(y, x)`, two vectors of a group's channels from `lane`.
#[inline(always)]
fn pixels<S: Simd, const STEP: usize, const P: usize>(
    simd: S,
    conv: &Conv,
    input: &[f32],
    weight: &[f32],
    lane: usize,
    (y, x): (usize, usize),
    out: &mut [f32],
) {
    let step = if STEP == 0 { conv.step() } else { STEP };
    let (segment, row, two) = (conv.segment(), conv.frame().row, 2 * S::F32_LANES);
    let mut sum = [[simd.splat_f32s(0.0); 2]; P];
    for ky in 0..conv.window.k {
        let field = &input[(y * conv.window.stride + ky) * row + x * step..][..(P - 1) * step + segment];
        let taps = weight[ky * segment * GROUP..][..segment * GROUP].as_chunks::<GROUP>().0;
        // One check of bounds for all positions: with one for each, the compiler does not unroll the loop over them, and
        // the sums live in memory.
        for (values, tap) in field.windows((P - 1) * step + 1).zip(taps) {
            let w = S::as_simd_f32s(&tap[lane..lane + two]).0;
            let w = [w[0], w[1]];
            for p in 0..P {
                let value = simd.splat_f32s(values[p * step]);
                sum[p][0] = simd.mul_add_e_f32s(value, w[0], sum[p][0]);
                sum[p][1] = simd.mul_add_e_f32s(value, w[1], sum[p][1]);
            }
        }
    }
    // A copy, so that only it is in memory for the loop below, and the sums above are in registers.
    let (lanes, done) = (conv.lanes(), sum);
    for (p, sum) in done.iter().enumerate() {
        S::as_mut_simd_f32s(&mut out[p * lanes..][..two]).0.copy_from_slice(sum);
    }
}

/// Adds an image's weight gradient to `sums`.
pub(super) struct WeightGradient<'a> {
    pub(super) conv: Conv,
    /// Bordered.
    pub(super) input: &'a [f32],
    /// Gradient of the output, and where it lies.
    pub(super) gradient: &'a [f32],
    pub(super) frame: Frame,
    /// In [`Conv::pack`] layout.
    pub(super) sums: &'a mut [f32],
}

impl WithSimd for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.conv.step() {
            6 => self.run::<S, 6>(simd),
            64 => self.run::<S, 64>(simd),
            _ => self.run::<S, 0>(simd),
        }
    }
}

impl WeightGradient<'_> {
    #[inline(always)]
    fn run<S: Simd, const STEP: usize>(mut self, simd: S) {
        let (height, segment) = (self.conv.out_h(), self.conv.segment());
        let most = if S::REGISTER_COUNT >= 32 { 12 } else { 6 };
        for band in (0..height).step_by(BAND) {
            let rows = (band, height.min(band + BAND));
            for group in 0..self.conv.lanes() / GROUP {
                for ky in 0..self.conv.window.k {
                    let mut s = 0;
                    while s < segment {
                        let left = most.min(segment - s);
                        s += match left {
                            12.. => self.taps::<S, STEP, 12>(simd, rows, group, ky, s),
                            6.. => self.taps::<S, STEP, 6>(simd, rows, group, ky, s),
                            3.. => self.taps::<S, STEP, 3>(simd, rows, group, ky, s),
                            _ => self.taps::<S, STEP, 1>(simd, rows, group, ky, s),
                        }
                    }
                }
            }
        }
    }

    /// `P` neighbouring taps of kernel row `ky` from `s`, all channels of a group, over output rows `from..to`. Returns
    /// `P`.
    #[inline(always)]
    fn taps<S: Simd, const STEP: usize, const P: usize>(
        &mut self,
        simd: S,
        (from, to): (usize, usize),
        group: usize,
        ky: usize,
        s: usize,
    ) -> usize {
        let conv = &self.conv;
        let step = if STEP == 0 { conv.step() } else { STEP };
        let (width, lanes, two, row) = (conv.out_w(), conv.lanes(), 2 * S::F32_LANES, conv.frame().row);
        let sums =
            &mut self.sums[group * conv.group_len() + (ky * conv.segment() + s) * GROUP..][..P * GROUP];
        for lane in (0..GROUP).step_by(two) {
            // Copies, as in `pixels`: the sums between them stay in registers.
            let begin: [[S::f32s; 2]; P] = std::array::from_fn(|p| {
                let sum = S::as_simd_f32s(&sums[p * GROUP + lane..][..two]).0;
                [sum[0], sum[1]]
            });
            let mut sum = begin;
            for y in from..to {
                let input = &self.input[(y * conv.window.stride + ky) * row + s..][..(width - 1) * step + P];
                let gradient =
                    &self.gradient[self.frame.origin + y * self.frame.row + group * GROUP + lane..];
                let gradient = &gradient[..(width - 1) * lanes + two];
                for x in 0..width {
                    let values = &input[x * step..][..P];
                    let g = S::as_simd_f32s(&gradient[x * lanes..][..two]).0;
                    let g = [g[0], g[1]];
                    for p in 0..P {
                        let value = simd.splat_f32s(values[p]);
                        sum[p][0] = simd.mul_add_e_f32s(value, g[0], sum[p][0]);
                        sum[p][1] = simd.mul_add_e_f32s(value, g[1], sum[p][1]);
                    }
                }
            }
            let done = sum;
            for (p, sum) in done.iter().enumerate() {
                S::as_mut_simd_f32s(&mut sums[p * GROUP + lane..][..two]).0.copy_from_slice(sum);
            }
        }
        P
    }
}
