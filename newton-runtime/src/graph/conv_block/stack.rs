//! The stack of blocks as an [`Op`]: which image runs when, what is kept, in which order gradients are added.

use pulp::Arch;
use rayon::prelude::*;

use super::backward::{InputGradient, Spikes, WeightGradient};
use super::forward::{Forward, Pooled};
use super::layer::{GROUP, Layer};
#[cfg(feature = "cuda")]
use crate::cuda::{Gpu, Slice, SliceMut};
#[cfg(feature = "cuda")]
use crate::graph::LayerError;
use crate::graph::buffers::Buffer;
#[cfg(feature = "cuda")]
use crate::graph::op::CudaBackward;
use crate::graph::op::Op;
use crate::graph::reduce::{chunk_len, sum_chunks};

/// Convolution + ReLU + pool layers, each fed by the one before.
pub(super) struct Stack {
    layers: Vec<Layer>,
    batch: usize,
    /// The instructions to use: AVX-512, AVX2 or scalar on x86, found at run time.
    arch: Arch,
    /// Floats of all layers' bordered inputs of an image, and where each begins.
    inputs: Spans,
    /// The same for the winners.
    winners: Spans,
    /// The same for the weight gradients of a chunk, in row layout, with the bias gradients behind them.
    gradients: Spans,
}

/// Consecutive pieces of a buffer.
struct Spans {
    begins: Vec<usize>,
    total: usize,
}

impl Spans {
    fn new(lens: impl Iterator<Item = usize>) -> Self {
        let (mut begins, mut total) = (Vec::new(), 0);
        for len in lens {
            begins.push(total);
            total += len;
        }
        Self { begins, total }
    }
}

/// Kept for the backward pass, per image: the winners of all layers and the bordered inputs of all but the first
/// (that one is made again from the images).
pub(super) struct Saved {
    inputs: Buffer<f32>,
    winners: Buffer<u8>,
}

/// Scratch of a thread.
struct Scratch {
    first: Vec<f32>,
    rows: Vec<f32>,
    spare: Vec<f32>,
    pooled: Vec<f32>,
    winners: Vec<u8>,
}

impl Stack {
    /// Layers that chain, and the number of images.
    pub(super) fn new(layers: Vec<Layer>, batch: usize) -> Self {
        Self::on(Arch::new(), layers, batch)
    }

    /// The same with given instructions.
    pub(super) fn on(arch: Arch, layers: Vec<Layer>, batch: usize) -> Self {
        let inputs = Spans::new(layers.iter().skip(1).map(Layer::bordered));
        let winners = Spans::new(layers.iter().map(Layer::out_len));
        let gradients = Spans::new(layers.iter().map(|l| l.rows_len() + l.c_out));
        Self { layers, batch, arch, inputs, winners, gradients }
    }

    fn scratch(&self, traced: bool) -> Scratch {
        let last = self.layers[self.layers.len() - 1];
        let rows = self.layers.iter().map(|l| 4 * l.pooled_w() * GROUP).max().unwrap_or(0);
        Scratch {
            first: vec![0.0; self.layers[0].bordered()],
            rows: vec![0.0; rows],
            spare: vec![0.0; if traced { 0 } else { self.inputs.total }],
            pooled: vec![0.0; last.out_len()],
            winners: vec![0; if traced { 0 } else { self.winners.total }],
        }
    }

    /// All layers on one image. `inputs` takes the bordered inputs of the layers after the first.
    fn forward_image(
        &self,
        weights: &[(Vec<f32>, Vec<f32>)],
        image: &[f32],
        (first, rows, pooled): (&mut [f32], &mut [f32], &mut [f32]),
        (inputs, winners): (&mut [f32], &mut [u8]),
        out: &mut [f32],
    ) {
        self.layers[0].enter(image, first);
        // The kernels write the inside of the bordered images only.
        for (i, layer) in self.layers.iter().enumerate().skip(1) {
            clear_border(layer, &mut inputs[self.inputs.begins[i - 1]..][..layer.bordered()]);
        }
        for (i, layer) in self.layers.iter().enumerate() {
            let winners = &mut winners[self.winners.begins[i]..][..layer.out_len()];
            let begin = if i == 0 { 0 } else { self.inputs.begins[i - 1] };
            let (before, after) = inputs.split_at_mut(if i == 0 { 0 } else { begin + layer.bordered() });
            let (values, origin, row) = match self.layers.get(i + 1) {
                Some(next) => (after, next.origin(), next.row()),
                None => (&mut *pooled, 0, layer.pooled_w() * layer.c_out),
            };
            self.arch.dispatch(Forward {
                layer: *layer,
                input: if i == 0 { first } else { &before[begin..] },
                weight: &weights[i].0,
                bias: &weights[i].1,
                scratch: &mut rows[..4 * layer.pooled_w() * GROUP],
                out: Pooled { values, origin, row, winners },
            });
        }
        let last = self.layers[self.layers.len() - 1];
        let plane = last.pooled_h() * last.pooled_w();
        for (c, target) in out.chunks_exact_mut(plane).enumerate() {
            for (value, pixel) in target.iter_mut().zip(pooled.chunks_exact(last.c_out)) {
                *value = pixel[c];
            }
        }
    }
}

/// Zeroes border and slack.
fn clear_border(layer: &Layer, bordered: &mut [f32]) {
    let (row, side) = (layer.row(), layer.pad * layer.c_in);
    let inner = layer.h * row;
    bordered[..layer.pad * row].fill(0.0);
    for y in 0..layer.h {
        let line = &mut bordered[(layer.pad + y) * row..][..row];
        line[..side].fill(0.0);
        line[row - side..].fill(0.0);
    }
    bordered[layer.pad * row + inner..].fill(0.0);
}

impl Op for Stack {
    type Saved = Saved;

    fn forward(&self, inputs: &[&[f32]], out: &mut [f32], traced: bool) -> Saved {
        let weights: Vec<_> = self
            .layers
            .iter()
            .zip(inputs[1..].chunks_exact(2))
            .map(|(layer, p)| (layer.pack_groups(p[0]), layer.pack_bias(p[1])))
            .collect();
        let kept = if traced { self.batch } else { 0 };
        let mut saved = Saved {
            inputs: Buffer::dirty(kept * self.inputs.total),
            winners: Buffer::dirty(kept * self.winners.total),
        };
        let images = inputs[0].par_chunks_exact(self.layers[0].in_len());
        let outs = out.par_chunks_exact_mut(self.layers[self.layers.len() - 1].out_len());
        if traced {
            let single = self.inputs.total == 0;
            // A lone layer keeps no inputs, but the iterators need a chunk per image.
            let kept: Vec<&mut [f32]> = if single {
                (0..self.batch).map(|_| &mut [][..]).collect()
            } else {
                saved.inputs.chunks_exact_mut(self.inputs.total).collect()
            };
            let winners = saved.winners.par_chunks_exact_mut(self.winners.total);
            images.zip(outs).zip(kept).zip(winners).for_each_init(
                || self.scratch(true),
                |s, (((image, out), kept), winners)| {
                    let scratch = (&mut s.first[..], &mut s.rows[..], &mut s.pooled[..]);
                    self.forward_image(&weights, image, scratch, (kept, winners), out);
                },
            );
        } else {
            images.zip(outs).for_each_init(
                || self.scratch(false),
                |s, (image, out)| {
                    let scratch = (&mut s.first[..], &mut s.rows[..], &mut s.pooled[..]);
                    self.forward_image(&weights, image, scratch, (&mut s.spare, &mut s.winners), out);
                },
            );
        }
        saved
    }

    fn backward(
        &self,
        saved: Saved,
        inputs: &[&[f32]],
        grad_out: &[f32],
        grad_inputs: &mut [Option<&mut [f32]>],
    ) {
        let (grad_images, grad_params) = grad_inputs.split_at_mut(1);
        let weights: Vec<_> =
            self.layers.iter().zip(inputs[1..].chunks_exact(2)).map(|(l, p)| l.pack_rows(p[0])).collect();
        let (in_len, out_len) = (self.layers[0].in_len(), self.layers[self.layers.len() - 1].out_len());
        let chunk = chunk_len(self.batch);
        let chunks = self.batch.div_ceil(chunk);
        let mut sums = Buffer::zeros(chunks * self.gradients.total);
        let mut grad_images: Vec<Option<&mut [f32]>> = match grad_images[0].take() {
            Some(g) => g.chunks_mut(chunk * in_len).map(Some).collect(),
            None => (0..chunks).map(|_| None).collect(),
        };
        sums.par_chunks_exact_mut(self.gradients.total)
            .zip(grad_images.par_iter_mut())
            .enumerate()
            .for_each_init(
                || Backward::new(self),
                |backward, (n, (sums, grad_images))| {
                    for b in n * chunk..((n + 1) * chunk).min(self.batch) {
                        let grad_image =
                            grad_images.as_deref_mut().map(|g| &mut g[(b - n * chunk) * in_len..][..in_len]);
                        let image = &inputs[0][b * in_len..][..in_len];
                        let grad_out = &grad_out[b * out_len..][..out_len];
                        backward.image(self, &weights, &saved, b, image, grad_out, sums, grad_image);
                    }
                },
            );
        let sums = sum_chunks(&mut sums, self.gradients.total);
        for (i, layer) in self.layers.iter().enumerate() {
            let sums = &sums[self.gradients.begins[i]..][..layer.rows_len() + layer.c_out];
            let (rows, bias) = sums.split_at(layer.rows_len());
            if let Some(grad) = grad_params[2 * i].as_deref_mut() {
                layer.add_rows(rows, grad);
            }
            if let Some(grad) = grad_params[2 * i + 1].as_deref_mut() {
                grad.iter_mut().zip(bias).for_each(|(g, b)| *g += b);
            }
        }
    }
    #[cfg(feature = "cuda")]
    fn cuda(
        &self,
        gpu: &Gpu,
        inputs: &[Slice<'_, f32>],
        out: SliceMut<'_, f32>,
        _: bool,
    ) -> Result<CudaBackward, LayerError> {
        super::cuda::forward(&self.layers, self.batch, gpu, inputs, out)
    }
}

/// Scratch of a thread of the backward pass.
struct Backward {
    first: Vec<f32>,
    spikes: Spikes,
    /// Gradients of the layers' bordered inputs.
    gradients: Vec<Vec<f32>>,
}

impl Backward {
    fn new(stack: &Stack) -> Self {
        Self {
            first: vec![0.0; stack.layers[0].bordered()],
            spikes: Spikes::default(),
            gradients: stack.layers.iter().map(|l| vec![0.0; l.bordered()]).collect(),
        }
    }

    /// All layers on one image, last first. Adds weight gradients to `sums` and the image's gradient to `grad_image`.
    #[allow(clippy::too_many_arguments)]
    fn image(
        &mut self,
        stack: &Stack,
        weights: &[Vec<f32>],
        saved: &Saved,
        index: usize,
        image: &[f32],
        grad_out: &[f32],
        sums: &mut [f32],
        grad_image: Option<&mut [f32]>,
    ) {
        let arch = stack.arch;
        stack.layers[0].enter(image, &mut self.first);
        let kept = &saved.inputs[index * stack.inputs.total..][..stack.inputs.total];
        let winners = &saved.winners[index * stack.winners.total..][..stack.winners.total];
        for (i, &layer) in stack.layers.iter().enumerate().rev() {
            let winners = &winners[stack.winners.begins[i]..][..layer.out_len()];
            let sums = &mut sums[stack.gradients.begins[i]..][..layer.rows_len() + layer.c_out];
            let (rows, bias) = sums.split_at_mut(layer.rows_len());
            match stack.layers.get(i + 1) {
                Some(next) => {
                    let strides = [next.row(), next.c_in, 1];
                    self.spikes.list(&layer, winners, &self.gradients[i + 1], next.origin(), strides, bias);
                }
                None => {
                    let plane = layer.pooled_h() * layer.pooled_w();
                    let strides = [layer.pooled_w(), 1, plane];
                    self.spikes.list(&layer, winners, grad_out, 0, strides, bias);
                }
            }
            let input = match i {
                0 => &self.first,
                _ => &kept[stack.inputs.begins[i - 1]..][..layer.bordered()],
            };
            arch.dispatch(WeightGradient { layer, input, spikes: &self.spikes, gradient: rows });
            if i > 0 || grad_image.is_some() {
                let gradient = &mut self.gradients[i][..];
                gradient.fill(0.0);
                arch.dispatch(InputGradient { layer, weight: &weights[i], spikes: &self.spikes, gradient });
            }
        }
        if let Some(grad_image) = grad_image {
            stack.layers[0].leave(&self.gradients[0], grad_image);
        }
    }
}
