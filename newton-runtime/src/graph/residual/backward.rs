//! Backward pass, layer by layer from the last.
//!
//! Two buffers of the whole batch hold the gradients at the normalised outputs (behind ReLU's mask): that of a block's
//! second layer must survive the first one's turn, because it is also what the identity hands on.

use rayon::prelude::*;

use super::conv::Frame;
use super::elementwise::{GradientSums, Mask, Spread};
use super::kernels::{Correlate, WeightGradient};
use super::network::{Network, Saved};
use super::norm::NormGradient;
use crate::graph::buffers::Buffer;
use crate::graph::reduce::{chunk_len, sum_chunks};

/// Sums of an image that batch norm's gradient needs: lanes of g, then lanes of `g (z - mean)`.
type Sums = Vec<f64>;

impl Network {
    pub(super) fn backward_batch(
        &self,
        saved: &Saved,
        inputs: &[&[f32]],
        grad_out: &[f32],
        grad_inputs: &mut [Option<&mut [f32]>],
    ) {
        let (convs, last) = (&self.sizes.convs, self.last());
        let len = self.batch * convs[last].out_len();
        // Gradients at the outputs of a block's second and first layer.
        let (mut second, mut first) = (Buffer::zeros(len), Buffer::dirty(len));
        let mut sums = self.scatter_output(saved, grad_out, &mut second);
        for i in (0..convs.len()).rev() {
            let (parts, lanes) = (self.reduce(saved, i, &sums), convs[i].lanes());
            debug_assert_eq!(sums.len(), 2 * lanes * self.batch);
            let gradients = match Self::ends_block(i) {
                true => [&mut second[..], &mut first[..]],
                false => [&mut first[..], &mut second[..]],
            };
            let mut weight = Buffer::dirty(0);
            if i > 0 {
                sums = self.backward_layer(i, saved, &parts, inputs[1 + 3 * i], gradients, &mut weight);
            } else {
                // The stem's gradient is still in the pooled image, which the first block's input is.
                self.backward_stem(saved, &parts, inputs[0], &second, &mut weight);
            }
            let chunk = convs[i].packed_len();
            if let Some(grad) = grad_inputs[1 + 3 * i].as_deref_mut() {
                convs[i].add_packed(sum_chunks(&mut weight, chunk), grad);
            }
            for (slot, part) in [(2, &parts.gamma), (3, &parts.beta)] {
                if let Some(grad) = grad_inputs[slot + 3 * i].as_deref_mut() {
                    grad.iter_mut().zip(part).for_each(|(g, p)| *g += p);
                }
            }
        }
    }

    /// Adds up the images' sums, in order.
    fn reduce(&self, saved: &Saved, i: usize, sums: &[f64]) -> NormGradient {
        let (conv, lanes) = (&self.sizes.convs[i], self.sizes.convs[i].lanes());
        let mut all = vec![0.0; 2 * lanes];
        for image in sums.chunks_exact(2 * lanes) {
            all.iter_mut().zip(image).for_each(|(a, s)| *a += s);
        }
        let count = (self.batch * conv.out_h() * conv.out_w()) as f64;
        saved.norms[i].backward(count, &all[..lanes], &all[lanes..])
    }

    /// From the result's gradient to that of the last layer's normalised output; `gradient` comes zeroed.
    fn scatter_output(&self, saved: &Saved, grad_out: &[f32], gradient: &mut [f32]) -> Sums {
        let (last, windows) = (self.last(), &self.sizes.adaptive);
        let (conv, lanes) = (&self.sizes.convs[last], self.sizes.convs[last].lanes());
        let mut sums = vec![0.0; self.batch * 2 * lanes];
        let images = gradient.par_chunks_exact_mut(conv.out_len()).zip(sums.par_chunks_exact_mut(2 * lanes));
        let images = images.zip(saved.winners[1].par_chunks_exact(windows.count() * lanes));
        let images = images.zip(grad_out.par_chunks_exact(windows.count()));
        images.zip(saved.z[last].par_chunks_exact(conv.out_len())).for_each(
            |((((gradient, sums), winners), grad_out), z)| {
                let share = (conv.c_out as f32).recip();
                windows
                    .for_each_winner(lanes, winners, |at, to| gradient[to] += grad_out[at / lanes] * share);
                self.gradient_sums(saved, last, gradient, z, sums);
            },
        );
        sums
    }

    fn gradient_sums(&self, saved: &Saved, i: usize, gradient: &[f32], z: &[f32], sums: &mut [f64]) {
        let (norm, row_len) = (&saved.norms[i], self.sizes.convs[i].out_frame().row);
        let (sum, product) = sums.split_at_mut(self.sizes.convs[i].lanes());
        self.arch.dispatch(GradientSums { norm, gradient, z, row_len, sum, product });
    }

    /// Layer i, at least 1: reads the gradient at its normalised output in `from`, writes that of the layer before to
    /// `to` and its sums to the result, and the weight's, a partial sum per chunk of the batch, to `weight_gradient`.
    fn backward_layer(
        &self,
        i: usize,
        saved: &Saved,
        parts: &NormGradient,
        weight: &[f32],
        [from, to]: [&mut [f32]; 2],
        weight_gradient: &mut Buffer<f32>,
    ) -> Sums {
        let (arch, conv, before) = (self.arch, self.sizes.convs[i], self.sizes.convs[i - 1]);
        let (turned, turned_weight) = (conv.turned(), conv.pack_turned(weight));
        let (frame, row_len) = (turned.frame(), conv.out_frame().row);
        let (len, out_len, lanes) = (conv.bordered(), conv.out_len(), before.lanes());
        let chunk = chunk_len(self.batch);
        *weight_gradient = Buffer::zeros(self.batch.div_ceil(chunk) * conv.packed_len());
        let mut sums = vec![0.0; self.batch * 2 * lanes];
        let chunks = weight_gradient.par_chunks_exact_mut(conv.packed_len());
        let chunks =
            chunks.zip(from.par_chunks(chunk * out_len).zip(to.par_chunks_mut(chunk * turned.out_len())));
        chunks.zip(sums.par_chunks_mut(chunk * 2 * lanes)).enumerate().for_each_init(
            || (Buffer::zeros(turned.bordered()), Buffer::dirty(turned.out_len())),
            |(dz, dx), (n, ((weight_sums, (from, to)), sums))| {
                let images = from.chunks_exact(out_len).zip(to.chunks_exact_mut(turned.out_len()));
                for (m, ((from, to), sums)) in images.zip(sums.chunks_exact_mut(2 * lanes)).enumerate() {
                    let b = n * chunk + m;
                    let x = &saved.x[i - 1][b * len..][..len];
                    let z = &saved.z[i][b * out_len..][..out_len];
                    let (norm, gradient) = (&saved.norms[i], Some(from));
                    arch.dispatch(Spread { norm, parts, gradient, z, row_len, out: dz, frame });
                    arch.dispatch(WeightGradient { conv, input: x, gradient: dz, frame, sums: weight_sums });
                    arch.dispatch(Correlate { conv: turned, input: dz, weight: &turned_weight, out: dx });
                    // The first layer of a block finds there what the identity hands on.
                    let (add, row_len) = (!Self::ends_block(i), turned.out_frame().row);
                    let mask = Mask { activation: x, frame: conv.frame(), from: dx, row_len, add, out: to };
                    arch.dispatch(mask);
                    if i > 1 {
                        let z = &saved.z[i - 1][b * before.out_len()..][..before.out_len()];
                        self.gradient_sums(saved, i - 1, to, z, sums);
                    } else {
                        self.stem_sums(saved, b, to, sums);
                    }
                }
            },
        );
        sums
    }

    /// Sums of the stem's gradient, which flows to the winners of the pooling only.
    fn stem_sums(&self, saved: &Saved, b: usize, pooled: &[f32], sums: &mut [f64]) {
        let (stem, windows) = (&self.sizes.convs[0], &self.sizes.pool);
        let (lanes, mean) = (stem.lanes(), &saved.norms[0].mean);
        let z = &saved.z[0][b * stem.out_len()..][..stem.out_len()];
        let winners = &saved.winners[0][b * pooled.len()..][..pooled.len()];
        let (sum, product) = sums.split_at_mut(lanes);
        windows.for_each_winner(lanes, winners, |at, from| {
            let (c, g) = (at % lanes, pooled[at]);
            sum[c] += f64::from(g);
            product[c] += f64::from(g * (z[from] - mean[c]));
        });
    }

    /// The stem's weight gradient, a partial sum per chunk of the batch, from the gradient at the pooled image.
    fn backward_stem(
        &self,
        saved: &Saved,
        parts: &NormGradient,
        images: &[f32],
        pooled: &[f32],
        weight_gradient: &mut Buffer<f32>,
    ) {
        let (arch, conv, windows) = (self.arch, self.sizes.convs[0], &self.sizes.pool);
        let (lanes, out_len, norm) = (conv.lanes(), conv.out_len(), &saved.norms[0]);
        let (image_len, pooled_len) = (conv.c_in * conv.h * conv.w, windows.count() * lanes);
        let frame @ Frame { row: row_len, .. } = conv.out_frame();
        let chunk = chunk_len(self.batch);
        *weight_gradient = Buffer::zeros(self.batch.div_ceil(chunk) * conv.packed_len());
        weight_gradient.par_chunks_exact_mut(conv.packed_len()).enumerate().for_each_init(
            || (Buffer::dirty(conv.bordered()), Buffer::dirty(out_len)),
            |(x, dz), (n, sums)| {
                for b in n * chunk..((n + 1) * chunk).min(self.batch) {
                    let z = &saved.z[0][b * out_len..][..out_len];
                    let winners = &saved.winners[0][b * pooled_len..][..pooled_len];
                    let pooled = &pooled[b * pooled_len..][..pooled_len];
                    let spread = Spread { norm, parts, gradient: None, z, row_len, out: dz, frame };
                    arch.dispatch(spread);
                    windows.for_each_winner(lanes, winners, |at, to| {
                        dz[to] += norm.scale[at % lanes] * pooled[at];
                    });
                    conv.enter(&images[b * image_len..][..image_len], x);
                    arch.dispatch(WeightGradient { conv, input: x, gradient: dz, frame, sums });
                }
            },
        );
    }
}
