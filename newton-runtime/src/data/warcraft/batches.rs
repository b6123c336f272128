//! Batches of maps: normalised images, costs, paths.
//!
//! Images become (batch, 3, 96, 96) in f32, each channel less its mean over the *training* maps and divided by its
//! deviation there, in every split. An epoch takes every map once, in an order of its own, and its last batch is
//! whatever is left over: 10 000 maps in batches of 70 make 142 full ones and one of 60.
//!
//! A batch depends on nothing but (seed, split, step): any batch can be had at any time, and a resumed run continues
//! exactly.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::{CELLS, CHANNELS, ChannelStatistics, PIXELS, SIDE, Warcraft, WarcraftMaps};
use crate::data::random::Random;
use crate::data::{DataError, Split};

/// A batch; its buffers are reused.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MapBatch {
    /// Which maps of the split these are.
    pub indices: Vec<usize>,
    /// (batch, 3, 96, 96), normalised.
    pub pixels: Vec<f32>,
    /// What the cells truly cost, (batch, 12, 12): for evaluation, not to learn from.
    pub costs: Vec<f32>,
    /// The labels, (batch, 12, 12): 1 on the cheapest path, 0 elsewhere.
    pub paths: Vec<f32>,
}

impl MapBatch {
    /// Maps in the batch.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
}

/// The batches of one split.
#[derive(Debug, Clone)]
pub struct MapBatches {
    maps: Arc<WarcraftMaps>,
    split: Split,
    batch: usize,
    /// `None`: the order of the files.
    seed: Option<u64>,
    statistics: ChannelStatistics,
    /// Value of a channel -> normalised.
    scale: [[f32; 256]; CHANNELS],
}

impl MapBatches {
    /// Batches of `batch` maps, shuffled anew in every epoch: for training. The benchmark takes 70.
    ///
    /// # Errors
    /// [`DataError::TooFew`] if `batch` is 0 or the split is empty, [`DataError::ConstantChannel`] for training maps
    /// that cannot be normalised.
    pub fn shuffled(maps: &Warcraft, split: Split, batch: usize, seed: u64) -> Result<Self, DataError> {
        Self::new(maps, split, batch, Some(seed))
    }

    /// Batches of `batch` maps in the order of the files: for evaluation.
    ///
    /// # Errors
    /// As [`MapBatches::shuffled`].
    pub fn in_order(maps: &Warcraft, split: Split, batch: usize) -> Result<Self, DataError> {
        Self::new(maps, split, batch, None)
    }

    fn new(maps: &Warcraft, split: Split, batch: usize, seed: Option<u64>) -> Result<Self, DataError> {
        let statistics = ChannelStatistics::of(&maps.train)?;
        let maps = Arc::clone(maps.split(split));
        for (what, found) in [("maps in a batch", batch), ("maps in the split", maps.len())] {
            if found == 0 {
                return Err(DataError::TooFew { what, found, expected: 1 });
            }
        }
        Ok(Self { maps, split, batch, seed, statistics, scale: statistics.table() })
    }

    /// Maps in the split.
    pub fn maps(&self) -> usize {
        self.maps.len()
    }

    /// Batches in an epoch, the partial one included.
    pub fn per_epoch(&self) -> u64 {
        self.maps.len().div_ceil(self.batch) as u64
    }

    /// The image of a map of the split, as it is in the file: (96, 96, 3).
    pub(crate) fn image(&self, map: usize) -> &[u8] {
        self.maps.image(map)
    }

    /// What images are normalised by.
    pub fn statistics(&self) -> ChannelStatistics {
        self.statistics
    }

    /// The maps of step `step`, counted through all epochs.
    pub fn indices(&self, step: u64) -> Vec<usize> {
        let (epoch, place) = (step / self.per_epoch(), (step % self.per_epoch()) as usize);
        let mut order: Vec<usize> = (0..self.maps.len()).collect();
        if let Some(seed) = self.seed {
            // Fisher and Yates, from the end.
            let mut random = Random::new(b"warcraft", seed, self.split, epoch);
            for last in (1..order.len()).rev() {
                order.swap(last, random.index(last + 1));
            }
        }
        order.drain(..place * self.batch);
        order.truncate(self.batch);
        order
    }

    /// Maps in the smallest batch: the last of an epoch.
    pub fn smallest(&self) -> usize {
        match self.maps.len() % self.batch {
            0 => self.batch,
            rest => rest,
        }
    }

    /// Fills in the batch of step `step`, counted through all epochs.
    pub fn fill(&self, step: u64, batch: &mut MapBatch) {
        self.fill_part(step, |maps| 0..maps, batch);
    }

    /// The same for a part of it: `rows` says which, for a batch of so many maps. What is not there is left out.
    pub fn fill_part(&self, step: u64, rows: impl FnOnce(usize) -> Range<usize>, batch: &mut MapBatch) {
        batch.indices = self.indices(step);
        let rows = rows(batch.indices.len());
        batch.indices.truncate(rows.end);
        batch.indices.drain(..rows.start.min(batch.indices.len()));
        batch.pixels.resize(batch.indices.len() * PIXELS, 0.0);
        batch.costs.clear();
        batch.paths.clear();
        for &index in &batch.indices {
            batch.costs.extend(self.maps.costs(index));
            batch.paths.extend(self.maps.path(index).iter().map(|&mark| f32::from(mark)));
        }
        debug_assert_eq!(batch.paths.len(), batch.indices.len() * CELLS);
        batch.pixels.par_chunks_exact_mut(PIXELS).zip(&batch.indices).for_each(|(pixels, &index)| {
            let image = self.maps.image(index);
            let planes = pixels.chunks_exact_mut(SIDE * SIDE).zip(&self.scale);
            for (channel, (plane, scale)) in planes.enumerate() {
                for (to, pixel) in plane.iter_mut().zip(image.chunks_exact(CHANNELS)) {
                    *to = scale[usize::from(pixel[channel])];
                }
            }
        });
    }
}

#[cfg(test)]
#[path = "batches_tests.rs"]
mod tests;
