//! Forward pass: layer by layer over the batch when training, image by image when not.

use rayon::prelude::*;

use super::conv::Frame;
use super::elementwise::{Activate, Statistics};
use super::kernels::Correlate;
use super::network::{Mode, Network, Saved};
use super::norm::{Moments, Norm};
use super::pool::Pool;
use crate::graph::buffers::Buffer;
use crate::graph::op::Op;

impl Network {
    /// Input of layer 1 from the stem's output: `y` is scratch for the activations before pooling.
    fn enter_blocks(&self, norm: &Norm, z: &[f32], y: &mut [f32], x: &mut [f32], winners: &mut [u8]) {
        let (stem, first) = (&self.sizes.convs[0], &self.sizes.convs[1]);
        let (row_len, frame) = (stem.out_frame().row, stem.out_frame());
        self.arch.dispatch(Activate { norm, z, row_len, skip: None, out: y, frame });
        first.clear_border(x);
        let (windows, lanes, frame) = (&self.sizes.pool, stem.lanes(), first.frame());
        self.arch.dispatch(Pool { windows, image: y, lanes, out: x, frame, winners });
    }

    /// Input of layer i, at least 2, from the output of the layer before; `skip` is that block's input if it ends one.
    fn next_input(&self, i: usize, norm: &Norm, z: &[f32], skip: Option<&[f32]>, x: &mut [f32]) {
        let conv = &self.sizes.convs[i];
        let (row_len, frame) = (conv.w * conv.pixel, conv.frame());
        conv.clear_border(x);
        let skip = skip.map(|s| (s, frame));
        self.arch.dispatch(Activate { norm, z, row_len, skip, out: x, frame });
    }

    /// Result of an image from the last layer's output and the last block's input; `y` is scratch.
    fn leave(
        &self,
        norm: &Norm,
        z: &[f32],
        skip: &[f32],
        (y, pooled): (&mut [f32], &mut [f32]),
        winners: &mut [u8],
        out: &mut [f32],
    ) {
        let conv = &self.sizes.convs[self.last()];
        let (lanes, windows) = (conv.lanes(), &self.sizes.adaptive);
        let (row_len, frame, skip) = (conv.out_frame().row, conv.out_frame(), Some((skip, conv.frame())));
        self.arch.dispatch(Activate { norm, z, row_len, skip, out: y, frame });
        let frame = Frame { origin: 0, row: windows.out().1 * lanes };
        self.arch.dispatch(Pool { windows, image: y, lanes, out: pooled, frame, winners });
        for (out, pixel) in out.iter_mut().zip(pooled.chunks_exact(lanes)) {
            *out = pixel.iter().sum::<f32>() / conv.c_out as f32;
        }
    }

    /// Floats of the largest dense output, for scratch.
    pub(super) fn largest_output(&self) -> usize {
        self.sizes.convs.iter().map(super::conv::Conv::out_len).max().unwrap_or(0)
    }

    fn scratch_pooled(&self) -> usize {
        self.sizes.adaptive.count() * self.sizes.convs[self.last()].lanes()
    }

    /// Training: every layer on all images, then the next.
    fn forward_batch(&self, inputs: &[&[f32]], out: &mut [f32]) -> (Saved, Vec<Moments>) {
        let (convs, batch, last) = (&self.sizes.convs, self.batch, self.last());
        let winner_lens = [self.sizes.pool.count() * convs[0].lanes(), self.scratch_pooled()];
        let mut saved = Saved {
            x: convs[1..].iter().map(|c| Buffer::dirty(batch * c.bordered())).collect(),
            z: convs.iter().map(|c| Buffer::dirty(batch * c.out_len())).collect(),
            norms: Vec::with_capacity(convs.len()),
            winners: winner_lens.map(|len| Buffer::dirty(batch * len)),
        };
        let mut all_moments = Vec::with_capacity(convs.len());
        for i in 0..convs.len() {
            let weight = convs[i].pack(inputs[1 + 3 * i]);
            let moments = self.forward_layer(i, &weight, inputs[0], &mut saved);
            saved.norms.push(Norm::of_batch(inputs[2 + 3 * i], inputs[3 + 3 * i], &moments));
            all_moments.push(moments);
        }
        let (norm, conv) = (&saved.norms[last], &convs[last]);
        let outputs = out.par_chunks_exact_mut(self.sizes.adaptive.count());
        let sources = saved.z[last].par_chunks_exact(conv.out_len());
        let skips = saved.x[last - 2].par_chunks_exact(conv.bordered());
        let winners = saved.winners[1].par_chunks_exact_mut(winner_lens[1]);
        outputs.zip(sources).zip(skips).zip(winners).for_each_init(
            || (Buffer::dirty(conv.out_len()), Buffer::dirty(winner_lens[1])),
            |(y, pooled), (((out, z), skip), winners)| self.leave(norm, z, skip, (y, pooled), winners, out),
        );
        (saved, all_moments)
    }

    /// Input and convolution of layer i for all images, written to `saved`; the moments of the convolution.
    fn forward_layer(&self, i: usize, weight: &[f32], images: &[f32], saved: &mut Saved) -> Moments {
        let (convs, arch) = (&self.sizes.convs, self.arch);
        let (conv, lanes) = (convs[i], convs[i].lanes());
        let Saved { x, z, norms, winners } = saved;
        // Layer 0 has no input of its own among the saved, and only layer 1 has winners: empty slices for the others.
        let (x_before, x) = x.split_at_mut(i.saturating_sub(1));
        let inputs: Vec<&mut [f32]> = match i {
            0 => (0..self.batch).map(|_| &mut [][..]).collect(),
            _ => x[0].chunks_exact_mut(conv.bordered()).collect(),
        };
        let winners: Vec<&mut [u8]> = match i {
            1 => winners[0].chunks_exact_mut(self.sizes.pool.count() * lanes).collect(),
            _ => (0..self.batch).map(|_| &mut [][..]).collect(),
        };
        let (z_before, z) = z.split_at_mut(i);
        let scratch_len = [conv.bordered(), convs[0].out_len()].get(i).copied().unwrap_or(0);
        let image_len = conv.c_in * conv.h * conv.w;
        let mut moments = vec![0.0; self.batch * 2 * lanes];
        let outputs = z[0].par_chunks_exact_mut(conv.out_len()).zip(moments.par_chunks_exact_mut(2 * lanes));
        outputs.zip(inputs).zip(winners).enumerate().for_each_init(
            || Buffer::dirty(scratch_len),
            |scratch, (b, (((z, moments), x), winners))| {
                let before = |layer: usize| &z_before[layer][b * convs[layer].out_len()..];
                match i {
                    0 => conv.enter(&images[b * image_len..][..image_len], scratch),
                    1 => {
                        let z = &before(0)[..convs[0].out_len()];
                        self.enter_blocks(&norms[0], z, scratch, x, winners);
                    }
                    _ => {
                        let z = &before(i - 1)[..convs[i - 1].out_len()];
                        let skip = Self::ends_block(i - 1)
                            .then(|| &x_before[i - 3][b * conv.bordered()..][..conv.bordered()]);
                        self.next_input(i, &norms[i - 1], z, skip, x);
                    }
                }
                let input: &[f32] = if i == 0 { scratch } else { x };
                arch.dispatch(Correlate { conv, input, weight, out: z });
                let (mean, squares) = moments.split_at_mut(lanes);
                arch.dispatch(Statistics { z, row_len: conv.out_frame().row, mean, squares });
            },
        );
        let count = (conv.out_h() * conv.out_w()) as f64;
        let mut all = Moments::new(lanes);
        for image in moments.chunks_exact(2 * lanes) {
            all.merge(count, &image[..lanes], &image[lanes..]);
        }
        all
    }

    /// Evaluation: one image through all layers while it is in the cache.
    fn forward_images(&self, inputs: &[&[f32]], out: &mut [f32]) {
        let (convs, last, arch) = (&self.sizes.convs, self.last(), self.arch);
        let weights: Vec<Vec<f32>> =
            convs.iter().enumerate().map(|(i, conv)| conv.pack(inputs[1 + 3 * i])).collect();
        let norm = |i: usize| {
            let [mean, variance] = [1, 2].map(|n| inputs[3 * convs.len() + 2 * i + n]);
            let statistics = |c: usize| (f64::from(mean[c]), f64::from(variance[c]));
            Norm::new(convs[i].lanes(), inputs[2 + 3 * i], inputs[3 + 3 * i], statistics)
        };
        let norms: Vec<Norm> = (0..convs.len()).map(norm).collect();
        let stem_winners = self.sizes.pool.count() * convs[0].lanes();
        let image_len = convs[0].c_in * convs[0].h * convs[0].w;
        let images = inputs[0].par_chunks_exact(image_len);
        out.par_chunks_exact_mut(self.sizes.adaptive.count()).zip(images).for_each_init(
            || {
                let x: Vec<Buffer<f32>> = convs.iter().map(|c| Buffer::dirty(c.bordered())).collect();
                let floats = [self.largest_output(), self.largest_output(), self.scratch_pooled()];
                let winners = Buffer::<u8>::dirty(stem_winners.max(self.scratch_pooled()));
                (x, floats.map(Buffer::<f32>::dirty), winners)
            },
            |(x, [z, y, pooled], winners), (out, image)| {
                convs[0].enter(image, &mut x[0]);
                for (i, &conv) in convs.iter().enumerate() {
                    let (earlier, later) = x.split_at_mut(i);
                    let before = &z[..if i == 0 { 0 } else { convs[i - 1].out_len() }];
                    if i == 1 {
                        let y = &mut y[..convs[0].out_len()];
                        self.enter_blocks(&norms[0], before, y, &mut later[0], &mut winners[..stem_winners]);
                    } else if i > 1 {
                        let skip = Self::ends_block(i - 1).then(|| &earlier[i - 2][..]);
                        self.next_input(i, &norms[i - 1], before, skip, &mut later[0]);
                    }
                    let out = &mut z[..conv.out_len()];
                    arch.dispatch(Correlate { conv, input: &later[0], weight: &weights[i], out });
                }
                let (y, len) = (&mut y[..convs[last].out_len()], self.scratch_pooled());
                let z = &z[..convs[last].out_len()];
                self.leave(&norms[last], z, &x[last - 1], (y, pooled), &mut winners[..len], out);
            },
        );
    }
}

impl Op for Network {
    /// Nothing if the running statistics were used: that is for evaluation, without gradients.
    type Saved = Option<Saved>;

    fn forward(&self, inputs: &[&[f32]], out: &mut [f32], _: bool) -> Option<Saved> {
        match &self.mode {
            Mode::Batch(seen) => {
                let (saved, moments) = self.forward_batch(inputs, out);
                // Only this op writes there, and it runs once.
                seen.host.get_or_init(|| moments);
                Some(saved)
            }
            Mode::Running => {
                self.forward_images(inputs, out);
                None
            }
        }
    }

    fn backward(
        &self,
        saved: Option<Saved>,
        inputs: &[&[f32]],
        grad_out: &[f32],
        grad_inputs: &mut [Option<&mut [f32]>],
    ) {
        if let Some(saved) = saved {
            self.backward_batch(&saved, inputs, grad_out, grad_inputs);
        }
    }

    #[cfg(feature = "cuda")]
    fn cuda(
        &self,
        gpu: &crate::cuda::Gpu,
        inputs: &[crate::cuda::Slice<'_, f32>],
        out: crate::cuda::SliceMut<'_, f32>,
        _: bool,
    ) -> Result<crate::graph::op::CudaBackward, crate::graph::LayerError> {
        self.run_cuda(gpu, inputs, out)
    }
}
