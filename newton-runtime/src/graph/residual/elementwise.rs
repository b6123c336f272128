//! What happens between the convolutions, one image at a time: batch norm with residual and ReLU, the gradients of all
//! three, and the sums over pixels that batch norm needs. Slices are `[y][x][lane]`; dense unless a [`Frame`] says
//! otherwise.
//!
//! Sums run over a row of pixels in float32 and over rows in float64, always in the same order.

use pulp::{Simd, WithSimd};

use super::conv::Frame;
use super::norm::{Norm, NormGradient};

/// Rows of an image in a frame, `len` floats each, and behind them whatever the slice has: callers zip with as many rows
/// as the image has.
fn rows(data: &[f32], frame: Frame, len: usize) -> impl Iterator<Item = &[f32]> {
    data[frame.origin..].chunks(frame.row).map(move |row| &row[..len])
}

fn rows_mut(data: &mut [f32], frame: Frame, len: usize) -> impl Iterator<Item = &mut [f32]> {
    data[frame.origin..].chunks_mut(frame.row).map(move |row| &mut row[..len])
}

/// Writes `relu(norm(z) + skip)`.
pub(super) struct Activate<'a> {
    pub(super) norm: &'a Norm,
    pub(super) z: &'a [f32],
    /// Floats of a row of z.
    pub(super) row_len: usize,
    pub(super) skip: Option<(&'a [f32], Frame)>,
    pub(super) out: &'a mut [f32],
    pub(super) frame: Frame,
}

impl WithSimd for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { norm, z, row_len, skip, out, frame } = self;
        let [mean, scale, shift] = [&norm.mean, &norm.scale, &norm.shift].map(|v| S::as_simd_f32s(v).0);
        let zero = simd.splat_f32s(0.0);
        let n = mean.len();
        let lines = z.chunks_exact(row_len).zip(rows_mut(out, frame, row_len));
        match skip {
            None => {
                for (z, out) in lines {
                    let (z, out) = (S::as_simd_f32s(z).0, S::as_mut_simd_f32s(out).0);
                    for (z, out) in z.chunks_exact(n).zip(out.chunks_exact_mut(n)) {
                        for c in 0..n {
                            let v = simd.mul_add_e_f32s(simd.sub_f32s(z[c], mean[c]), scale[c], shift[c]);
                            // A NaN stays one.
                            out[c] = simd.select_f32s(simd.less_than_or_equal_f32s(v, zero), zero, v);
                        }
                    }
                }
            }
            Some((skip, from)) => {
                for ((z, out), skip) in lines.zip(rows(skip, from, row_len)) {
                    let (z, skip) = (S::as_simd_f32s(z).0, S::as_simd_f32s(skip).0);
                    let out = S::as_mut_simd_f32s(out).0;
                    for ((z, out), skip) in
                        z.chunks_exact(n).zip(out.chunks_exact_mut(n)).zip(skip.chunks_exact(n))
                    {
                        for c in 0..n {
                            let v = simd.mul_add_e_f32s(simd.sub_f32s(z[c], mean[c]), scale[c], shift[c]);
                            let v = simd.add_f32s(v, skip[c]);
                            out[c] = simd.select_f32s(simd.less_than_or_equal_f32s(v, zero), zero, v);
                        }
                    }
                }
            }
        }
    }
}

/// Writes mean and sum of squared deviations of each lane over the pixels of an image.
pub(super) struct Statistics<'a> {
    pub(super) z: &'a [f32],
    pub(super) row_len: usize,
    pub(super) mean: &'a mut [f64],
    pub(super) squares: &'a mut [f64],
}

impl WithSimd for Statistics<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { z, row_len, mean, squares } = self;
        let lanes = mean.len();
        let (mut partial, mut center) = (vec![0.0f32; lanes], vec![0.0f32; lanes]);
        mean.fill(0.0);
        squares.fill(0.0);
        for row in z.chunks_exact(row_len) {
            partial.fill(0.0);
            let sum = S::as_mut_simd_f32s(&mut partial).0;
            let n = sum.len();
            for pixel in S::as_simd_f32s(row).0.chunks_exact(n) {
                for (sum, z) in sum.iter_mut().zip(pixel) {
                    *sum = simd.add_f32s(*sum, *z);
                }
            }
            mean.iter_mut().zip(&partial).for_each(|(m, p)| *m += f64::from(*p));
        }
        let count = (z.len() / lanes) as f64;
        for (mean, center) in mean.iter_mut().zip(&mut center) {
            *mean /= count;
            *center = *mean as f32;
        }
        let center = S::as_simd_f32s(&center).0;
        for row in z.chunks_exact(row_len) {
            partial.fill(0.0);
            let sum = S::as_mut_simd_f32s(&mut partial).0;
            let n = sum.len();
            for pixel in S::as_simd_f32s(row).0.chunks_exact(n) {
                for ((sum, z), center) in sum.iter_mut().zip(pixel).zip(center) {
                    let deviation = simd.sub_f32s(*z, *center);
                    *sum = simd.mul_add_e_f32s(deviation, deviation, *sum);
                }
            }
            squares.iter_mut().zip(&partial).for_each(|(q, p)| *q += f64::from(*p));
        }
    }
}

/// Writes, for each lane, the sums over the pixels of an image of g and of `g (z - mean)`.
pub(super) struct GradientSums<'a> {
    pub(super) norm: &'a Norm,
    pub(super) gradient: &'a [f32],
    pub(super) z: &'a [f32],
    pub(super) row_len: usize,
    pub(super) sum: &'a mut [f64],
    pub(super) product: &'a mut [f64],
}

impl WithSimd for GradientSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { norm, gradient, z, row_len, sum, product } = self;
        let lanes = sum.len();
        let (mut sums, mut products) = (vec![0.0f32; lanes], vec![0.0f32; lanes]);
        sum.fill(0.0);
        product.fill(0.0);
        let mean = S::as_simd_f32s(&norm.mean).0;
        let n = mean.len();
        for (gradient, z) in gradient.chunks_exact(row_len).zip(z.chunks_exact(row_len)) {
            sums.fill(0.0);
            products.fill(0.0);
            let (s, p) = (S::as_mut_simd_f32s(&mut sums).0, S::as_mut_simd_f32s(&mut products).0);
            let (gradient, z) = (S::as_simd_f32s(gradient).0, S::as_simd_f32s(z).0);
            for (gradient, z) in gradient.chunks_exact(n).zip(z.chunks_exact(n)) {
                for c in 0..n {
                    s[c] = simd.add_f32s(s[c], gradient[c]);
                    p[c] = simd.mul_add_e_f32s(gradient[c], simd.sub_f32s(z[c], mean[c]), p[c]);
                }
            }
            sum.iter_mut().zip(&sums).for_each(|(d, s)| *d += f64::from(*s));
            product.iter_mut().zip(&products).for_each(|(d, s)| *d += f64::from(*s));
        }
    }
}

/// ReLU's gradient: `out = from` (plus `out` itself if `add`) where the activation is positive, and zero elsewhere.
pub(super) struct Mask<'a> {
    pub(super) activation: &'a [f32],
    pub(super) frame: Frame,
    pub(super) from: &'a [f32],
    pub(super) row_len: usize,
    pub(super) add: bool,
    pub(super) out: &'a mut [f32],
}

impl WithSimd for Mask<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { activation, frame, from, row_len, add, out } = self;
        let zero = simd.splat_f32s(0.0);
        let lines = from.chunks_exact(row_len).zip(out.chunks_exact_mut(row_len));
        for ((from, out), activation) in lines.zip(rows(activation, frame, row_len)) {
            let (from, activation) = (S::as_simd_f32s(from).0, S::as_simd_f32s(activation).0);
            for ((from, out), y) in from.iter().zip(S::as_mut_simd_f32s(out).0).zip(activation) {
                let g = if add { simd.add_f32s(*from, *out) } else { *from };
                *out = simd.select_f32s(simd.greater_than_f32s(*y, zero), g, zero);
            }
        }
    }
}

/// Batch norm's gradient: writes the gradient at z from the one at its output; without one, the part that z alone gives.
pub(super) struct Spread<'a> {
    pub(super) norm: &'a Norm,
    pub(super) parts: &'a NormGradient,
    pub(super) gradient: Option<&'a [f32]>,
    pub(super) z: &'a [f32],
    pub(super) row_len: usize,
    pub(super) out: &'a mut [f32],
    pub(super) frame: Frame,
}

impl WithSimd for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { norm, parts, gradient, z, row_len, out, frame } = self;
        let [mean, scale, slope, level] =
            [&norm.mean, &norm.scale, &parts.slope, &parts.level].map(|v| S::as_simd_f32s(v).0);
        let n = mean.len();
        for (y, (z, out)) in z.chunks_exact(row_len).zip(rows_mut(out, frame, row_len)).enumerate() {
            let (z, out) = (S::as_simd_f32s(z).0, S::as_mut_simd_f32s(out).0);
            for (z, out) in z.chunks_exact(n).zip(out.chunks_exact_mut(n)) {
                for c in 0..n {
                    out[c] = simd.mul_add_e_f32s(simd.sub_f32s(z[c], mean[c]), slope[c], level[c]);
                }
            }
            if let Some(gradient) = gradient {
                let gradient = S::as_simd_f32s(&gradient[y * row_len..][..row_len]).0;
                for (g, out) in gradient.chunks_exact(n).zip(out.chunks_exact_mut(n)) {
                    for c in 0..n {
                        out[c] = simd.mul_add_e_f32s(g[c], scale[c], out[c]);
                    }
                }
            }
        }
    }
}
