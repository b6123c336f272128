//! Sizes and layouts of one convolution + ReLU + max pool.
//!
//! Inside the op an image lies channels-last with its zero border around it: `[y][x][channel]`, `h + 2 pad` rows of
//! `w + 2 pad` pixels. So the input under a kernel row is one contiguous *segment* of `k * c_in` floats, and the kernels
//! never ask where the border is. Segments are read in whole vectors: they are rounded up to 16 floats, the weights
//! there are zero, and an image has 16 floats of slack behind it.

/// Output channels are packed in groups of this many: two AVX-512 vectors.
pub(crate) const GROUP: usize = 32;
/// Segments are rounded up to this many floats: the widest vector.
const LANES: usize = 16;

/// One convolution (stride 1) with bias, then ReLU, then 2 x 2 max pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layer {
    /// Input channels.
    pub(crate) c_in: usize,
    /// Output channels.
    pub(crate) c_out: usize,
    /// Side of the square kernel.
    pub(crate) k: usize,
    /// Width of the zero border.
    pub(crate) pad: usize,
    /// Input height.
    pub(crate) h: usize,
    /// Input width.
    pub(crate) w: usize,
}

impl Layer {
    /// Floats of a row of the bordered input.
    pub(crate) fn row(&self) -> usize {
        (self.w + 2 * self.pad) * self.c_in
    }

    /// Floats of the bordered input, slack included.
    pub(crate) fn bordered(&self) -> usize {
        (self.h + 2 * self.pad) * self.row() + LANES
    }

    /// Index of the first pixel inside the border.
    pub(crate) fn origin(&self) -> usize {
        self.pad * self.row() + self.pad * self.c_in
    }

    /// Floats under one kernel row.
    pub(crate) fn segment(&self) -> usize {
        self.k * self.c_in
    }

    /// The same, in whole vectors.
    pub(crate) fn segment_padded(&self) -> usize {
        self.segment().next_multiple_of(LANES)
    }

    /// Height after pooling; an odd last row is dropped, as in PyTorch.
    pub(crate) fn pooled_h(&self) -> usize {
        (self.h + 2 * self.pad + 1).saturating_sub(self.k) / 2
    }

    /// Width after pooling.
    pub(crate) fn pooled_w(&self) -> usize {
        (self.w + 2 * self.pad + 1).saturating_sub(self.k) / 2
    }

    /// Elements of the output of an image.
    pub(crate) fn out_len(&self) -> usize {
        self.c_out * self.pooled_h() * self.pooled_w()
    }

    /// Elements of the input of an image.
    pub(crate) fn in_len(&self) -> usize {
        self.c_in * self.h * self.w
    }

    /// Floats of the weights in [`Layer::pack_rows`] layout.
    pub(crate) fn rows_len(&self) -> usize {
        self.c_out * self.k * self.segment_padded()
    }

    fn groups(&self) -> usize {
        self.c_out.div_ceil(GROUP)
    }

    /// Weights for the forward pass, `[group][ky][kx][c_in][channel of the group]`, missing channels zero.
    pub(crate) fn pack_groups(&self, weight: &[f32]) -> Vec<f32> {
        let Self { c_in, c_out, k, .. } = *self;
        let mut packed = vec![0.0; self.groups() * k * self.segment() * GROUP];
        for o in 0..c_out {
            for i in 0..c_in {
                for (tap, &v) in weight[(o * c_in + i) * k * k..][..k * k].iter().enumerate() {
                    let at = ((o / GROUP) * k * k + tap) * c_in + i;
                    packed[at * GROUP + o % GROUP] = v;
                }
            }
        }
        packed
    }

    /// Bias in whole groups.
    pub(crate) fn pack_bias(&self, bias: &[f32]) -> Vec<f32> {
        let mut packed = bias.to_vec();
        packed.resize(self.groups() * GROUP, 0.0);
        packed
    }

    /// Weights for the backward pass, `[c_out][ky][segment, padded]`.
    pub(crate) fn pack_rows(&self, weight: &[f32]) -> Vec<f32> {
        let mut packed = vec![0.0; self.rows_len()];
        self.for_each_weight(|plain, row| packed[row] = weight[plain]);
        packed
    }

    /// Adds weights in [`Layer::pack_rows`] layout to a tensor of shape (c_out, c_in, k, k).
    pub(crate) fn add_rows(&self, rows: &[f32], weight: &mut [f32]) {
        self.for_each_weight(|plain, row| weight[plain] += rows[row]);
    }

    /// Calls `f(index in (c_out, c_in, k, k), index in the row layout)` for every weight.
    fn for_each_weight(&self, mut f: impl FnMut(usize, usize)) {
        let Self { c_in, c_out, k, .. } = *self;
        for o in 0..c_out {
            for i in 0..c_in {
                for ky in 0..k {
                    for kx in 0..k {
                        let row = (o * k + ky) * self.segment_padded() + kx * c_in + i;
                        f(((o * c_in + i) * k + ky) * k + kx, row);
                    }
                }
            }
        }
    }

    /// Copies an image (c_in, h, w) inside the border; the border is not touched.
    pub(crate) fn enter(&self, image: &[f32], bordered: &mut [f32]) {
        let Self { c_in, h, w, .. } = *self;
        for y in 0..h {
            let row = &mut bordered[self.origin() + y * self.row()..][..w * c_in];
            for c in 0..c_in {
                let source = &image[(c * h + y) * w..][..w];
                for (pixel, &v) in row.chunks_exact_mut(c_in).zip(source) {
                    pixel[c] = v;
                }
            }
        }
    }

    /// Adds the inside of a bordered image to an image (c_in, h, w).
    pub(crate) fn leave(&self, bordered: &[f32], image: &mut [f32]) {
        let Self { c_in, h, w, .. } = *self;
        for y in 0..h {
            let row = &bordered[self.origin() + y * self.row()..][..w * c_in];
            for c in 0..c_in {
                let target = &mut image[(c * h + y) * w..][..w];
                for (pixel, v) in row.chunks_exact(c_in).zip(target) {
                    *v += pixel[c];
                }
            }
        }
    }
}
