//! Max pooling of channels-last images after ReLU, with windows of any place and size: sliding or adaptive.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::conv::Frame;
use crate::graph::window::Window;

/// Mark of a pooled value that ReLU zeroed: no gradient passes.
pub(super) const DEAD: u8 = 255;

/// The windows of a pooling, clipped to the image: which pixels each of them sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Windows {
    height: usize,
    width: usize,
    /// Pixels of all windows, window by window, in row-major order.
    pixels: Vec<usize>,
    /// Where each window's pixels begin, and the end of the last one's.
    begins: Vec<usize>,
}

impl Windows {
    /// A window that slides over an (h, w) image; the border never wins.
    pub(super) fn sliding(window: Window, h: usize, w: usize) -> Self {
        let along = |len: usize| -> Vec<Range<usize>> {
            let clip = |at: usize| at.saturating_sub(window.pad).min(len);
            let begins = (0..window.positions(len)).map(|p| p * window.stride);
            begins.map(|at| clip(at)..clip(at + window.k)).collect()
        };
        Self::new(&along(h), &along(w), w)
    }

    /// `side` windows along each side, as equal as whole pixels allow: PyTorch's adaptive pooling.
    pub(super) fn adaptive(side: usize, h: usize, w: usize) -> Self {
        let along = |len: usize| -> Vec<Range<usize>> {
            (0..side).map(|p| p * len / side..((p + 1) * len).div_ceil(side)).collect()
        };
        Self::new(&along(h), &along(w), w)
    }

    fn new(rows: &[Range<usize>], columns: &[Range<usize>], image_width: usize) -> Self {
        let (mut pixels, mut begins) = (Vec::new(), vec![0]);
        for row in rows {
            for column in columns {
                pixels.extend(row.clone().flat_map(|y| column.clone().map(move |x| y * image_width + x)));
                begins.push(pixels.len());
            }
        }
        Self { height: rows.len(), width: columns.len(), pixels, begins }
    }

    /// Height and width of the result.
    pub(super) fn out(&self) -> (usize, usize) {
        (self.height, self.width)
    }

    /// Number of windows.
    pub(super) fn count(&self) -> usize {
        self.height * self.width
    }

    /// Pixels of the largest window.
    pub(super) fn largest(&self) -> usize {
        self.begins.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
    }

    /// Pixels of a window.
    fn get(&self, window: usize) -> &[usize] {
        &self.pixels[self.begins[window]..self.begins[window + 1]]
    }

    /// Calls `f(index in the pooled values, index in the image)` for every pooled value that was positive, both dense
    /// with `lanes` floats a pixel.
    pub(super) fn for_each_winner(&self, lanes: usize, winners: &[u8], mut f: impl FnMut(usize, usize)) {
        for (window, winners) in winners.chunks_exact(lanes).enumerate() {
            let pixels = self.get(window);
            for (c, &winner) in winners.iter().enumerate() {
                if winner != DEAD {
                    f(window * lanes + c, pixels[usize::from(winner)] * lanes + c);
                }
            }
        }
    }
}

/// Maximum of every window and lane. Ties go to the first pixel in row-major order, a NaN wins, and a maximum of zero
/// has no gradient: PyTorch's rules.
pub(super) struct Pool<'a> {
    pub(super) windows: &'a Windows,
    /// Non-negative image, dense.
    pub(super) image: &'a [f32],
    pub(super) lanes: usize,
    pub(super) out: &'a mut [f32],
    pub(super) frame: Frame,
    /// Which pixel of its window won, or [`DEAD`], dense.
    pub(super) winners: &'a mut [u8],
}

impl WithSimd for Pool<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { windows, image, lanes, out, frame, winners } = self;
        let vectors = lanes / S::F32_LANES;
        let image = S::as_simd_f32s(image).0;
        let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
        let dead = simd.splat_f32s(f32::from(DEAD));
        let mut marks = vec![0.0f32; lanes];
        // No closures here: they would not be compiled for this instruction set.
        for (window, winners) in winners.chunks_exact_mut(lanes).enumerate() {
            let (pixels, py, px) = (windows.get(window), window / windows.width, window % windows.width);
            let out = &mut out[frame.origin + py * frame.row + px * lanes..][..lanes];
            let (out, lane_marks) = (S::as_mut_simd_f32s(out).0, S::as_mut_simd_f32s(&mut marks).0);
            for v in 0..vectors {
                let (mut best, mut winner, mut mark) = (image[pixels[0] * vectors + v], zero, one);
                for &pixel in &pixels[1..] {
                    let value = image[pixel * vectors + v];
                    let nan = simd.not_m32s(simd.equal_f32s(value, value));
                    let better = simd.or_m32s(simd.greater_than_f32s(value, best), nan);
                    best = simd.select_f32s(better, value, best);
                    winner = simd.select_f32s(better, mark, winner);
                    mark = simd.add_f32s(mark, one);
                }
                let flat = simd.less_than_or_equal_f32s(best, zero);
                out[v] = best;
                lane_marks[v] = simd.select_f32s(flat, dead, winner);
            }
            for (winner, mark) in winners.iter_mut().zip(&marks) {
                *winner = *mark as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_pytorchs() {
        let windows = Windows::sliding(Window { k: 3, stride: 2, pad: 1 }, 5, 4);
        assert_eq!((windows.out(), windows.largest()), ((3, 2), 9));
        // Rows 0..2, 1..4, 3..5 and columns 0..2, 1..4.
        assert_eq!(windows.get(0), [0, 1, 4, 5]);
        assert_eq!(windows.get(5), [13, 14, 15, 17, 18, 19]);
        assert_eq!(Windows::adaptive(12, 24, 24).get(13), [50, 51, 74, 75]);
        // Rows 0..2, 1..4, 3..5 and columns 0..1, 0..2, 1..2.
        let narrow = Windows::adaptive(3, 5, 2);
        assert_eq!((narrow.get(1), narrow.get(8)), (&[0, 1, 2, 3][..], &[7, 9][..]));
    }
}
