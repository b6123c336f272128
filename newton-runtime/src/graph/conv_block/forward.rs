//! Forward kernel: direct convolution of one bordered image, fused with bias, ReLU and pooling.
//!
//! Two output rows at a time, a group of output channels at a time: the convolution goes to a scratch that stays in the
//! first-level cache, and pooling reads it there. The inner loop keeps a tile of pixels x channels in registers; per
//! input value it costs one broadcast and, per tile, two loads of weights, so it runs at the speed of the multipliers.

use pulp::{Simd, WithSimd};

use super::layer::{GROUP, Layer};

/// Mark of a pooled output that ReLU zeroed: no gradient passes.
pub(crate) const DEAD: u8 = 255;

/// Where the pooled pixels go: channels-last, with the strides of the image they are written into.
pub(crate) struct Pooled<'a> {
    /// Value of (y, x, c) at `origin + y * row + x * c_out + c`.
    pub(crate) values: &'a mut [f32],
    /// Index of the first value.
    pub(crate) origin: usize,
    /// Distance of rows.
    pub(crate) row: usize,
    /// Winner of each 2 x 2 window, `dy * 2 + dx` or [`DEAD`], dense (y, x, c).
    pub(crate) winners: &'a mut [u8],
}

/// Runs `layer` on one image.
pub(crate) struct Forward<'a> {
    pub(crate) layer: Layer,
    /// Bordered input.
    pub(crate) input: &'a [f32],
    /// [`Layer::pack_groups`].
    pub(crate) weight: &'a [f32],
    /// [`Layer::pack_bias`].
    pub(crate) bias: &'a [f32],
    /// Two rows of one group, `[2][2 * pooled_w][GROUP]`.
    pub(crate) scratch: &'a mut [f32],
    pub(crate) out: Pooled<'a>,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // The number of input channels as a constant turns pixel strides into address offsets.
        match self.layer.c_in {
            1 => self.run::<S, 1>(simd),
            32 => self.run::<S, 32>(simd),
            _ => self.run::<S, 0>(simd),
        }
    }
}

impl Forward<'_> {
    #[inline(always)]
    fn run<S: Simd, const C: usize>(mut self, simd: S) {
        let layer = self.layer;
        let per_group = layer.k * layer.segment() * GROUP;
        for py in 0..layer.pooled_h() {
            for (group, weight) in self.weight.chunks_exact(per_group).enumerate() {
                for dy in 0..2 {
                    self.convolve_row::<S, C>(simd, 2 * py + dy, dy, group, weight);
                }
                self.pool_row(simd, py, group);
            }
        }
    }

    /// One output row of one group, tile by tile; the last tile overlaps the one before.
    #[inline(always)]
    fn convolve_row<S: Simd, const C: usize>(
        &mut self,
        simd: S,
        y: usize,
        dy: usize,
        group: usize,
        weight: &[f32],
    ) {
        let width = 2 * self.layer.pooled_w();
        let out = &mut self.scratch[dy * width * GROUP..][..width * GROUP];
        let bias = &self.bias[group * GROUP..][..GROUP];
        let layer = &self.layer;
        let input = self.input;
        // As many accumulators as registers allow: 14 x 2 of 32, or 6 x 2 of 16.
        let tile = if S::REGISTER_COUNT >= 32 { 14 } else { 6 };
        let mut x = 0;
        while x < width {
            let n = if width < tile { 2 } else { tile };
            let x0 = x.min(width - n);
            for lane in (0..GROUP).step_by(2 * S::F32_LANES) {
                if n == 2 {
                    tile_kernel::<S, C, 2>(simd, layer, input, weight, bias, lane, (y, x0), out);
                } else if S::REGISTER_COUNT >= 32 {
                    tile_kernel::<S, C, 14>(simd, layer, input, weight, bias, lane, (y, x0), out);
                } else {
                    tile_kernel::<S, C, 6>(simd, layer, input, weight, bias, lane, (y, x0), out);
                }
            }
            x += n;
        }
    }

    /// ReLU and pooling of the two rows in the scratch. Ties go to the first of the window in row-major order, a NaN
    /// wins, and a maximum of zero has no gradient: PyTorch's rules.
    #[inline(always)]
    fn pool_row<S: Simd>(&mut self, simd: S, py: usize, group: usize) {
        let Layer { c_out, .. } = self.layer;
        let pw = self.layer.pooled_w();
        let live = GROUP.min(c_out - group * GROUP);
        let (top, bottom) = self.scratch.split_at(2 * pw * GROUP);
        let marks = [1.0, 2.0, 3.0].map(|m| simd.splat_f32s(m));
        let (zero, dead) = (simd.splat_f32s(0.0), simd.splat_f32s(f32::from(DEAD)));
        for px in 0..pw {
            let window = [&top[2 * px * GROUP..], &top[(2 * px + 1) * GROUP..]];
            let window = [window[0], window[1], &bottom[2 * px * GROUP..], &bottom[(2 * px + 1) * GROUP..]];
            let window = window.map(|pixel| S::as_simd_f32s(&pixel[..GROUP]).0);
            let (mut values, mut winners) = ([0.0; GROUP], [0.0; GROUP]);
            let value_lanes = S::as_mut_simd_f32s(&mut values).0;
            let winner_lanes = S::as_mut_simd_f32s(&mut winners).0;
            for v in 0..GROUP / S::F32_LANES {
                let (mut best, mut winner) = (window[0][v], zero);
                for q in 1..4 {
                    let value = window[q][v];
                    let nan = simd.not_m32s(simd.equal_f32s(value, value));
                    let better = simd.or_m32s(simd.greater_than_f32s(value, best), nan);
                    best = simd.select_f32s(better, value, best);
                    winner = simd.select_f32s(better, marks[q - 1], winner);
                }
                let killed = simd.less_than_or_equal_f32s(best, zero);
                value_lanes[v] = simd.select_f32s(killed, zero, best);
                winner_lanes[v] = simd.select_f32s(killed, dead, winner);
            }
            let at = self.out.origin + py * self.out.row + px * c_out + group * GROUP;
            self.out.values[at..at + live].copy_from_slice(&values[..live]);
            let at = (py * pw + px) * c_out + group * GROUP;
            for (mark, &winner) in self.out.winners[at..at + live].iter_mut().zip(&winners) {
                *mark = winner as u8;
            }
        }
    }
}

/// `P` neighbouring pixels from `(y, x)`, two vectors of channels from `lane`.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn tile_kernel<S: Simd, const C: usize, const P: usize>(
    simd: S,
    layer: &Layer,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
    lane: usize,
    (y, x): (usize, usize),
    out: &mut [f32],
) {
    let c_in = if C == 0 { layer.c_in } else { C };
    let lanes = S::F32_LANES;
    let (first, second) = (lane, lane + lanes);
    let load = |slice: &[f32], at: usize| S::as_simd_f32s(&slice[at..at + lanes]).0[0];
    let mut sum = [[load(bias, first), load(bias, second)]; P];
    for ky in 0..layer.k {
        let segment = layer.k * c_in;
        let row = &input[(y + ky) * layer.row() + x * c_in..][..(P - 1) * c_in + segment];
        let pixels: [&[f32]; P] = std::array::from_fn(|p| &row[p * c_in..][..segment]);
        let taps = weight[ky * segment * GROUP..][..segment * GROUP].as_chunks::<GROUP>().0;
        for (s, tap) in taps.iter().enumerate() {
            let (w0, w1) = (load(tap, first), load(tap, second));
            for p in 0..P {
                let value = simd.splat_f32s(pixels[p][s]);
                sum[p][0] = simd.mul_add_e_f32s(value, w0, sum[p][0]);
                sum[p][1] = simd.mul_add_e_f32s(value, w1, sum[p][1]);
            }
        }
    }
    for (p, [a, b]) in sum.into_iter().enumerate() {
        let pixel = &mut out[(x + p) * GROUP..][..GROUP];
        S::as_mut_simd_f32s(&mut pixel[first..first + lanes]).0[0] = a;
        S::as_mut_simd_f32s(&mut pixel[second..second + lanes]).0[0] = b;
    }
}
