//! Sizes and layouts of one convolution of a residual network.
//!
//! Activations lie channels-last, `[y][x][channel]`, the channels filled up with zeros to whole groups of 32. A channel of
//! zeros stays one through convolution, batch norm (its scale and shift are zero) and ReLU, so no kernel has a special
//! case for the rest of a group. What a convolution reads has its zero border around it, and then the input under a
//! kernel row is one contiguous *segment*.

use crate::graph::window::Window;

/// Channels are filled up to a multiple of this: two AVX-512 vectors.
pub(super) const GROUP: usize = 32;

/// Channels with the zeros behind them.
pub(super) fn lanes(channels: usize) -> usize {
    channels.next_multiple_of(GROUP)
}

/// Where an image lies in a slice: pixel (y, x) begins at `origin + y * row + x * lanes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// Index of the first pixel.
    pub(super) origin: usize,
    /// Floats from one row to the next.
    pub(super) row: usize,
}

/// One convolution without bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conv {
    /// Input channels.
    pub(super) c_in: usize,
    /// Output channels.
    pub(super) c_out: usize,
    /// Floats of an input pixel: `c_in` for images, `lanes(c_in)` for activations.
    pub(super) pixel: usize,
    pub(super) window: Window,
    /// Input height.
    pub(super) h: usize,
    /// Input width.
    pub(super) w: usize,
}

impl Conv {
    /// Floats of an output pixel.
    pub(super) fn lanes(&self) -> usize {
        lanes(self.c_out)
    }

    pub(super) fn out_h(&self) -> usize {
        self.window.positions(self.h)
    }

    pub(super) fn out_w(&self) -> usize {
        self.window.positions(self.w)
    }

    /// Floats of the output, dense.
    pub(super) fn out_len(&self) -> usize {
        self.out_h() * self.out_w() * self.lanes()
    }

    /// Where the output lies: no border.
    pub(super) fn out_frame(&self) -> Frame {
        Frame { origin: 0, row: self.out_w() * self.lanes() }
    }

    /// Floats of the bordered input.
    pub(super) fn bordered(&self) -> usize {
        (self.h + 2 * self.window.pad) * self.frame().row
    }

    /// Where the inside of the bordered input lies.
    pub(super) fn frame(&self) -> Frame {
        let row = (self.w + 2 * self.window.pad) * self.pixel;
        Frame { origin: self.window.pad * (row + self.pixel), row }
    }

    /// Floats under one kernel row.
    pub(super) fn segment(&self) -> usize {
        self.window.k * self.pixel
    }

    /// Floats from one output pixel's receptive field to the next one's.
    pub(super) fn step(&self) -> usize {
        self.window.stride * self.pixel
    }

    /// Floats of a group's weights: `[ky][kx][pixel][GROUP]`.
    pub(super) fn group_len(&self) -> usize {
        self.window.k * self.segment() * GROUP
    }

    /// Floats of [`Conv::pack`].
    pub(super) fn packed_len(&self) -> usize {
        self.lanes() / GROUP * self.group_len()
    }

    /// Floats of the weight (c_out, c_in, k, k).
    pub(super) fn weight_len(&self) -> usize {
        self.c_out * self.c_in * self.window.k.pow(2)
    }

    /// Calls `f(index in (c_out, c_in, k, k), index in [group][ky][kx][pixel][GROUP])` for every weight.
    fn for_each_weight(&self, mut f: impl FnMut(usize, usize)) {
        let taps = self.window.k.pow(2);
        for o in 0..self.c_out {
            for i in 0..self.c_in {
                for tap in 0..taps {
                    let at = (o / GROUP * taps + tap) * self.pixel + i;
                    f((o * self.c_in + i) * taps + tap, at * GROUP + o % GROUP);
                }
            }
        }
    }

    /// Weights as the kernels read them, `[group][ky][kx][pixel][GROUP]`.
    pub(super) fn pack(&self, weight: &[f32]) -> Vec<f32> {
        let mut packed = vec![0.0; self.packed_len()];
        self.for_each_weight(|plain, at| packed[at] = weight[plain]);
        packed
    }

    /// Adds a gradient in [`Conv::pack`] layout to one of shape (c_out, c_in, k, k).
    pub(super) fn add_packed(&self, packed: &[f32], weight: &mut [f32]) {
        self.for_each_weight(|plain, at| weight[plain] += packed[at]);
    }

    /// The convolution that takes this one's output gradient to its input gradient: the kernel turned by 180 degrees,
    /// input and output channels exchanged. Right for stride 1 and a border below the kernel's side only.
    pub(super) fn turned(&self) -> Self {
        let window = Window { k: self.window.k, stride: 1, pad: self.window.k - 1 - self.window.pad };
        let (h, w) = (self.out_h(), self.out_w());
        Self { c_in: self.c_out, c_out: self.c_in, pixel: self.lanes(), window, h, w }
    }

    /// Weights of [`Conv::turned`], packed.
    pub(super) fn pack_turned(&self, weight: &[f32]) -> Vec<f32> {
        let taps = self.window.k.pow(2);
        let mut turned = vec![0.0; self.weight_len()];
        for (n, kernel) in weight.chunks_exact(taps).enumerate() {
            let (o, i) = (n / self.c_in, n % self.c_in);
            let target = &mut turned[(i * self.c_out + o) * taps..][..taps];
            target.iter_mut().zip(kernel.iter().rev()).for_each(|(t, v)| *t = *v);
        }
        self.turned().pack(&turned)
    }

    /// Copies an image (c_in, h, w) inside the border and clears the border.
    pub(super) fn enter(&self, image: &[f32], bordered: &mut [f32]) {
        self.clear_border(bordered);
        let Frame { origin, row } = self.frame();
        for y in 0..self.h {
            let target = &mut bordered[origin + y * row..][..self.w * self.pixel];
            for c in 0..self.c_in {
                let source = &image[(c * self.h + y) * self.w..][..self.w];
                target.chunks_exact_mut(self.pixel).zip(source).for_each(|(pixel, v)| pixel[c] = *v);
            }
        }
    }

    /// Zeroes the border.
    pub(super) fn clear_border(&self, bordered: &mut [f32]) {
        let (Frame { row, .. }, pad) = (self.frame(), self.window.pad);
        let side = pad * self.pixel;
        for (y, line) in bordered.chunks_exact_mut(row).enumerate() {
            if y < pad || y >= pad + self.h {
                line.fill(0.0);
            } else {
                line[..side].fill(0.0);
                line[row - side..].fill(0.0);
            }
        }
    }
}
