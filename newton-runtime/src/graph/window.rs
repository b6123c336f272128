//! How a square window slides over an image: kernel size, stride and zero padding, and the im2col copies.

/// A K x K window, moved by `stride`, over an image with a border of `pad`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) k: usize,
    pub(crate) stride: usize,
    pub(crate) pad: usize,
}

impl Window {
    /// Positions along a side of `len` pixels: `(len + 2 pad - k) / stride + 1`, or 0 if the window does not fit.
    pub(crate) fn positions(&self, len: usize) -> usize {
        if self.k == 0 || self.stride == 0 {
            return 0;
        }
        (len + 2 * self.pad).checked_sub(self.k).map_or(0, |room| room / self.stride + 1)
    }

    /// The positions whose tap `tap` falls inside the `len` pixels: a half-open range.
    fn inside(&self, tap: usize, len: usize) -> (usize, usize) {
        let begin = self.pad.saturating_sub(tap).div_ceil(self.stride);
        let end = (len + self.pad).saturating_sub(tap).div_ceil(self.stride);
        let positions = self.positions(len);
        (begin.min(positions), end.clamp(begin.min(positions), positions))
    }

    /// Calls `f(offset in the image, offset in the columns, count)` for every run of pixels under a tap; what is not
    /// called lies on the border. Columns are (c, k, k, positions of y, positions of x).
    fn for_each_run(&self, [c, h, w]: [usize; 3], mut f: impl FnMut(usize, usize, usize)) {
        let (oh, ow) = (self.positions(h), self.positions(w));
        for channel in 0..c {
            for ky in 0..self.k {
                let (y0, y1) = self.inside(ky, h);
                for kx in 0..self.k {
                    let (x0, x1) = self.inside(kx, w);
                    if x0 == x1 {
                        continue;
                    }
                    let plane = ((channel * self.k + ky) * self.k + kx) * oh;
                    for oy in y0..y1 {
                        let y = oy * self.stride + ky - self.pad;
                        let x = x0 * self.stride + kx - self.pad;
                        f((channel * h + y) * w + x, (plane + oy) * ow + x0, x1 - x0);
                    }
                }
            }
        }
    }

    /// Writes the pixels under each tap side by side; border pixels are zero.
    pub(crate) fn im2col(&self, shape: [usize; 3], image: &[f32], columns: &mut [f32]) {
        columns.fill(0.0);
        self.for_each_run(shape, |from, to, count| {
            let target = &mut columns[to..to + count];
            match self.stride {
                1 => target.copy_from_slice(&image[from..from + count]),
                stride => {
                    target.iter_mut().zip(image[from..].iter().step_by(stride)).for_each(|(t, v)| *t = *v);
                }
            }
        });
    }

    /// The transpose of [`Window::im2col`]: adds the columns to the pixels they came from.
    pub(crate) fn col2im(&self, shape: [usize; 3], columns: &[f32], image: &mut [f32]) {
        self.for_each_run(shape, |to, from, count| {
            let pixels = image[to..].iter_mut().step_by(self.stride);
            pixels.zip(&columns[from..from + count]).for_each(|(p, v)| *p += v);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_follow_the_formula_and_never_underflow() {
        let window = |k, stride, pad| Window { k, stride, pad };
        assert_eq!(window(7, 2, 3).positions(96), 48);
        assert_eq!(window(2, 2, 0).positions(5), 2);
        assert_eq!(window(5, 1, 0).positions(4), 0);
        assert_eq!(window(3, 0, 1).positions(4), 0);
        // A window that only ever sees the border on one side.
        assert_eq!(window(1, 3, 2).inside(0, 1), (1, 1));
    }

    #[test]
    fn col2im_is_the_transpose_of_im2col() {
        for (k, stride, pad) in [(3, 1, 1), (5, 2, 2), (2, 3, 0), (1, 3, 2)] {
            let window = Window { k, stride, pad };
            let shape @ [c, h, w] = [2, 6, 7];
            let image: Vec<f32> = (0..c * h * w).map(|i| (i * i % 11) as f32).collect();
            let len = c * k * k * window.positions(h) * window.positions(w);
            let columns: Vec<f32> = (0..len).map(|i| (i % 7) as f32 - 2.0).collect();
            let (mut there, mut back) = (vec![9.0; len], vec![0.0; image.len()]);
            window.im2col(shape, &image, &mut there);
            window.col2im(shape, &columns, &mut back);
            // Small integers: both sums are exact.
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            assert_eq!(dot(&there, &columns), dot(&image, &back), "{window:?}");
        }
    }
}
