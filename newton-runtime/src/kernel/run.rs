//! The drivers: gradients on lanes, Hessians on duals of lanes.

use super::Kernel;
use super::dispatch::{Level, Task};
use super::threads;
use super::workspace::{View, Workspace};
use crate::Error;
use crate::loss::Gradients;
use crate::scalar::fault::{self, Cause, Fault};
use crate::scalar::{Data, Dual, Float, Integer, Real, Scalar};
use std::sync::Mutex;

/// The most tangents per pass: with more, a loss's variables no longer fit the first-level cache (measured: `benches/corpus`).
const MOST_TANGENTS: usize = 8;

/// Tangents per pass for `dim` columns. All share the primal's exponentials, logarithms and divisions; a last pass that is not
/// full wastes some.
pub(crate) const fn tangents(dim: usize, most: usize) -> usize {
    let (mut best, mut least, mut k) = (1, usize::MAX, 1);
    while k <= most && k <= MOST_TANGENTS {
        let cost = dim.div_ceil(k) * (k + 1);
        if cost < least {
            (best, least) = (k, cost);
        }
        k += 1;
    }
    best
}

/// A mean Hessian is summed over at most this many chunks of samples.
const CHUNKS: usize = 64;

/// Inputs of a batch.
struct Batch<'a, K: Kernel, T: Float> {
    kernel: &'a K,
    predictions: &'a [T],
    labels: &'a [K::Label<T>],
    /// Samples per block.
    lanes: usize,
    verdict: Verdict,
}

impl<'a, K: Kernel, T: Float> Batch<'a, K, T> {
    fn new(kernel: &'a K, predictions: &'a [T], labels: &'a [K::Label<T>]) -> Self {
        let lanes = Level::detect().lanes::<T>();
        Self { kernel, predictions, labels, lanes, verdict: Verdict(Mutex::new(None)) }
    }

    fn blocks(&self) -> usize {
        self.labels.len().div_ceil(self.lanes)
    }

    /// The samples of a block.
    #[inline(always)]
    fn samples(&self, block: usize) -> (usize, usize) {
        let start = block * self.lanes;
        (start, self.lanes.min(self.labels.len() - start))
    }

    /// Spreads a block over lanes; lanes beyond the batch repeat its last sample.
    #[inline(always)]
    fn load<S: Scalar<Passive = P>, P: Real<Elem = T>>(
        &self,
        block: usize,
        View { prediction, label, integers, row, integer_row, .. }: &mut View<S>,
    ) {
        let (start, count) = self.samples(block);
        let dim = prediction.len();
        for i in 0..dim {
            let mut lanes = P::zero();
            for l in 0..P::LANES {
                lanes.set_lane(l, self.predictions[(start + l.min(count - 1)) * dim + i]);
            }
            prediction[i] = S::constant(lanes);
        }
        for l in 0..P::LANES {
            self.labels[start + l.min(count - 1)].write(row, integer_row);
            for j in 0..row.len() {
                label[j].set_lane(l, row[j]);
            }
            for j in 0..integer_row.len() {
                integers[j].set_lane(l, integer_row[j]);
            }
        }
    }

    /// Blames the sample in a lane of a block for what went wrong there.
    fn blame(&self, block: usize) {
        let (start, count) = self.samples(block);
        self.verdict.blame(start, count);
    }
}

/// The first sample, in the batch's order, in which something went wrong, and what.
struct Verdict(Mutex<Option<(usize, Cause)>>);

impl Verdict {
    /// Blames one of `count` samples from `start` on, which were just computed, for what went wrong.
    fn blame(&self, start: usize, count: usize) {
        if let Some(Fault { lane, cause }) = fault::take() {
            let sample = start + lane.min(count - 1);
            let mut first = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            if first.is_none_or(|(other, _)| sample < other) {
                *first = Some((sample, cause));
            }
        }
    }

    fn of(&self, loss: &'static str) -> Result<(), Error> {
        let first = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match *first {
            None => Ok(()),
            Some((sample, Cause::Index { index, len })) => {
                Err(Error::IndexOutOfRange { loss, sample, index: index.into(), len })
            }
            Some((sample, Cause::DivisionByZero)) => Err(Error::DivisionByZero { loss, sample }),
        }
    }
}

/// A slice whose disjoint pieces are written by different tasks.
struct Pieces<'a, T>(Vec<Mutex<&'a mut [T]>>);

impl<'a, T> Pieces<'a, T> {
    fn new(slice: &'a mut [T], size: usize) -> Self {
        Self(slice.chunks_mut(size.max(1)).map(Mutex::new).collect())
    }
    fn take(&self, index: usize) -> std::sync::MutexGuard<'_, &'a mut [T]> {
        self.0[index].lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Values and gradients.
struct GradientTask<'a, K: Kernel, T: Float> {
    batch: Batch<'a, K, T>,
    values: Pieces<'a, T>,
    gradients: Pieces<'a, T>,
}

impl<K: Kernel, T: Float> Task<T> for GradientTask<'_, K, T> {
    #[inline(always)]
    fn run<P: Real<Elem = T>>(&self, block: usize) {
        let kernel = self.batch.kernel;
        let (dim, label_len, integers_len) = (K::DIM, K::Label::<T>::LEN, K::Label::<T>::INTEGERS);
        let (mut values, mut gradients) = (self.values.take(block), self.gradients.take(block));
        let mut kept = Workspace::<P>::take();
        let mut view = kept.view(dim, label_len, integers_len);
        self.batch.load(block, &mut view);
        let View { prediction, adjoint, label, integers, tape, .. } = view;
        adjoint.fill(P::zero());
        let value = kernel.value_and_gradient(prediction, label, integers, adjoint, tape);
        self.batch.blame(block);
        for l in 0..values.len() {
            values[l] = value.lane(l);
            for i in 0..dim {
                gradients[l * dim + i] = adjoint[i].lane(l);
            }
        }
        kept.give_back();
    }
}

/// What is wanted of the Hessians.
enum Wanted<'a, T: Float> {
    /// Their sum over the samples of a chunk, in f64: one m x m piece per chunk and column group.
    Sum(Pieces<'a, f64>),
    /// Each: one piece of lanes x m x m per block.
    Each(Pieces<'a, T>),
    /// Their products with a vector per sample (N x m): one piece of lanes x m per block.
    Products(&'a [T], Pieces<'a, T>),
}

/// Hessian columns, or `PRODUCTS` of Hessians and vectors.
struct HessianTask<'a, K: Kernel, T: Float, const PRODUCTS: bool> {
    batch: Batch<'a, K, T>,
    /// Blocks per task.
    chunk: usize,
    /// Tasks per chunk; they share its columns.
    groups: usize,
    wanted: Wanted<'a, T>,
}

impl<K: Kernel, T: Float, const PRODUCTS: bool> Task<T> for HessianTask<'_, K, T, PRODUCTS> {
    #[inline(always)]
    fn run<P: Real<Elem = T>>(&self, index: usize) {
        // Known at compile time: only one of these is compiled.
        match const { tangents(if PRODUCTS { 1 } else { K::DIM }, P::TANGENTS) } {
            1 => self.columns::<P, 1>(index),
            2 => self.columns::<P, 2>(index),
            3 => self.columns::<P, 3>(index),
            4 => self.columns::<P, 4>(index),
            5 => self.columns::<P, 5>(index),
            6 => self.columns::<P, 6>(index),
            7 => self.columns::<P, 7>(index),
            _ => self.columns::<P, MOST_TANGENTS>(index),
        }
    }
}

impl<K: Kernel, T: Float, const PRODUCTS: bool> HessianTask<'_, K, T, PRODUCTS> {
    /// A task, with so many tangents at a time.
    #[inline(always)]
    fn columns<P: Real<Elem = T>, const TANGENTS: usize>(&self, index: usize) {
        let kernel = self.batch.kernel;
        let (dim, label_len, integers_len) = (K::DIM, K::Label::<T>::LEN, K::Label::<T>::INTEGERS);
        let (chunk, group) = (index / self.groups, index % self.groups);
        let passes = if PRODUCTS { 1 } else { dim.div_ceil(TANGENTS) };
        let (first, last) = (group * passes / self.groups, (group + 1) * passes / self.groups);
        let mut kept = Workspace::<Dual<P, TANGENTS>>::take();
        let mut sums =
            vec![
                0.0;
                if matches!(self.wanted, Wanted::Sum(_)) { (last - first) * TANGENTS * dim } else { 0 }
            ];
        for block in chunk * self.chunk..((chunk + 1) * self.chunk).min(self.batch.blocks()) {
            let (start, count) = self.batch.samples(block);
            for pass in first..last {
                let mut view = kept.view(dim, label_len, integers_len);
                if pass == first {
                    self.batch.load(block, &mut view);
                }
                let View { prediction, adjoint, label, integers, tape, .. } = view;
                for i in 0..dim {
                    for k in 0..TANGENTS {
                        prediction[i].tangents[k] =
                            if i == pass * TANGENTS + k { P::one() } else { P::zero() };
                    }
                    if let Wanted::Products(vectors, _) = &self.wanted {
                        prediction[i].tangents = [P::zero(); TANGENTS];
                        for l in 0..count {
                            prediction[i].tangents[0].set_lane(l, vectors[(start + l) * dim + i]);
                        }
                    }
                }
                adjoint.fill(Dual::zero());
                // The value is not used: its logarithms are never computed.
                let _ = kernel.value_and_gradient(prediction, label, integers, adjoint, tape);
                self.batch.blame(block);
                let columns = TANGENTS.min(dim - (pass * TANGENTS).min(dim));
                match &self.wanted {
                    Wanted::Sum(_) => {
                        for i in 0..dim {
                            for k in 0..columns {
                                let lanes = adjoint[i].tangents[k];
                                let mut sum = 0.0;
                                for l in 0..count {
                                    sum += lanes.lane(l).to_f64();
                                }
                                sums[((pass - first) * TANGENTS + k) * dim + i] += sum;
                            }
                        }
                    }
                    Wanted::Each(pieces) => {
                        let mut out = pieces.take(block);
                        for l in 0..count {
                            for i in 0..dim {
                                for k in 0..columns {
                                    out[(l * dim + i) * dim + pass * TANGENTS + k] =
                                        adjoint[i].tangents[k].lane(l);
                                }
                            }
                        }
                    }
                    Wanted::Products(_, pieces) => {
                        let mut out = pieces.take(block);
                        for l in 0..count {
                            for i in 0..dim {
                                out[l * dim + i] = adjoint[i].tangents[0].lane(l);
                            }
                        }
                    }
                }
            }
        }
        if let Wanted::Sum(pieces) = &self.wanted {
            let mut out = pieces.take(chunk);
            for column in first * TANGENTS..(last * TANGENTS).min(dim) {
                for i in 0..dim {
                    out[i * dim + column] = sums[(column - first * TANGENTS) * dim + i];
                }
            }
        }
        kept.give_back();
    }
}

/// A loss whose variables take at most so many bytes runs on the caller's stack as well.
const SMALL: usize = 384 << 10;

/// Runs all tasks.
fn run_all<T: Float, K: Kernel>(kernel: &K, tasks: usize, task: &(impl Task<T> + Sync)) -> Result<(), Error> {
    let level = Level::detect();
    let numbers = kernel.size() + K::Label::<T>::LEN + K::Label::<T>::INTEGERS;
    let small = numbers * 64 * (1 + tangents(K::DIM, MOST_TANGENTS)) <= SMALL;
    threads::run(tasks, small, &|index| level.run(task, index))
        .map_err(|message| Error::Panicked { loss: K::NAME, message })
}

/// Values and gradients of a batch: `predictions` N x m, N labels.
pub fn gradients<K: Kernel, T: Float>(
    kernel: &K,
    predictions: &[T],
    labels: &[K::Label<T>],
) -> Result<Gradients<T>, Error> {
    let (n, dim) = (labels.len(), K::DIM);
    let mut out = Gradients { values: vec![T::default(); n], gradients: vec![T::default(); n * dim] };
    let batch = Batch::new(kernel, predictions, labels);
    let (blocks, lanes) = (batch.blocks(), batch.lanes);
    let values = Pieces::new(&mut out.values, lanes);
    let gradients = Pieces::new(&mut out.gradients, lanes * dim);
    let task = GradientTask { batch, values, gradients };
    run_all(kernel, blocks, &task)?;
    task.batch.verdict.of(K::NAME)?;
    drop(task);
    Ok(out)
}

/// Mean of the per-sample Hessians, m x m, summed in f64.
pub fn mean_hessian<K: Kernel, T: Float>(
    kernel: &K,
    predictions: &[T],
    labels: &[K::Label<T>],
) -> Result<Vec<f64>, Error> {
    let (n, dim) = (labels.len(), K::DIM);
    let batch = Batch::new(kernel, predictions, labels);
    let chunk = batch.blocks().div_ceil(CHUNKS).max(1);
    let chunks = batch.blocks().div_ceil(chunk);
    // A small batch is shared by columns as well.
    let groups = (2 * CHUNKS / chunks.max(1)).clamp(1, dim.div_ceil(tangents(dim, MOST_TANGENTS))).min(4);
    let mut partial = vec![0.0; chunks * dim * dim];
    let wanted = Wanted::Sum(Pieces::new(&mut partial, dim * dim));
    let task = HessianTask::<_, _, false> { batch, chunk, groups, wanted };
    run_all(kernel, chunks * groups, &task)?;
    task.batch.verdict.of(K::NAME)?;
    drop(task);
    let mut mean = vec![0.0; dim * dim];
    for partial in partial.chunks(dim * dim) {
        for (sum, x) in mean.iter_mut().zip(partial) {
            *sum += x;
        }
    }
    mean.iter_mut().for_each(|x| *x /= n as f64);
    Ok(mean)
}

/// Per-sample Hessians, N x m x m.
pub fn hessians<K: Kernel, T: Float>(
    kernel: &K,
    predictions: &[T],
    labels: &[K::Label<T>],
) -> Result<Vec<T>, Error> {
    let (n, dim) = (labels.len(), K::DIM);
    let mut out = vec![T::default(); n * dim * dim];
    let batch = Batch::new(kernel, predictions, labels);
    let blocks = batch.blocks();
    let wanted = Wanted::Each(Pieces::new(&mut out, batch.lanes * dim * dim));
    let task = HessianTask::<_, _, false> { batch, chunk: 1, groups: 1, wanted };
    run_all(kernel, blocks, &task)?;
    task.batch.verdict.of(K::NAME)?;
    drop(task);
    Ok(out)
}

/// `H_i v_i` for every sample, N x m.
pub fn hessian_vector_products<K: Kernel, T: Float>(
    kernel: &K,
    predictions: &[T],
    labels: &[K::Label<T>],
    vectors: &[T],
) -> Result<Vec<T>, Error> {
    let (n, dim) = (labels.len(), K::DIM);
    let mut out = vec![T::default(); n * dim];
    let batch = Batch::new(kernel, predictions, labels);
    let blocks = batch.blocks();
    let wanted = Wanted::Products(vectors, Pieces::new(&mut out, batch.lanes * dim));
    let task = HessianTask::<_, _, true> { batch, chunk: 1, groups: 1, wanted };
    run_all(kernel, blocks, &task)?;
    task.batch.verdict.of(K::NAME)?;
    drop(task);
    Ok(out)
}
