//! The sorting benchmark's samples: sets of n four-digit numbers, each an image 28 x 112 of four digits side by side.
//!
//! As the original authors' loader (`dataset.py` of diffsort and AlgoVision) does it: every digit is drawn uniformly,
//! with replacement, from the images of the split, so classes come in MNIST's frequencies, leading zeros occur, and
//! so, rarely, do equal numbers. Grey values are divided by 255 and not normalised further.
//!
//! Unlike there, a batch depends on nothing but (seed, split, step): any batch can be had at any time, and a resumed
//! run continues exactly. Set i of a step does not depend on the batch size either.

use std::ops::Range;
use std::sync::Arc;

use super::random::Random;
use super::{DataError, DigitImages, Digits, PIXELS, SIDE, Split};

/// Digits of a number.
const DIGITS: usize = 4;

/// Sizes of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Sets.
    pub batch: usize,
    /// Numbers in a set.
    pub n: usize,
}

impl Shape {
    /// Pixels down.
    pub const HEIGHT: usize = SIDE;
    /// Pixels across: four digits.
    pub const WIDTH: usize = DIGITS * SIDE;

    /// Numbers in the batch, `batch * n`: the length of the labels.
    pub fn numbers(self) -> usize {
        self.batch * self.n
    }

    /// Pixels of the batch, `batch * n * 28 * 112`: the length of the images.
    pub fn pixels(self) -> usize {
        self.numbers() * DIGITS * PIXELS
    }
}

/// Sets of n four-digit numbers, drawn on the fly from the digits of one split.
#[derive(Debug, Clone)]
pub struct FourDigitSets {
    digits: Arc<DigitImages>,
    split: Split,
    n: usize,
    seed: u64,
    /// Grey value -> [0, 1].
    scale: [f32; 256],
}

impl FourDigitSets {
    /// Sets of `n` numbers of one split.
    ///
    /// # Errors
    /// [`DataError::TooFew`] if `n` is 0 or the split is empty.
    pub fn new(digits: &Digits, split: Split, n: usize, seed: u64) -> Result<Self, DataError> {
        let digits = Arc::clone(digits.split(split));
        for (what, found) in [("numbers in a set", n), ("images in the split", digits.len())] {
            if found == 0 {
                return Err(DataError::TooFew { what, found, expected: 1 });
            }
        }
        Ok(Self { digits, split, n, seed, scale: std::array::from_fn(|grey| grey as f32 / 255.0) })
    }

    /// Numbers in a set.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Sizes of a batch of `batch` sets.
    pub fn shape(&self, batch: usize) -> Shape {
        Shape { batch, n: self.n }
    }

    /// Batches in what the literature calls one pass: as many sets as the split has images, the rest dropped
    /// (550, 50 and 100 for batches of 100 sets of MNIST). 0 for a batch larger than the split.
    pub fn batches_per_pass(&self, batch: usize) -> u64 {
        self.digits.len().checked_div(batch).unwrap_or(0) as u64
    }

    /// Fills in the batch of step `step`, of as many sets as `labels` has room for:
    /// `pixels` is (batch, n, 1, 28, 112) row-major in [0, 1], `labels` (batch, n) in 0..=9999.
    ///
    /// # Errors
    /// [`DataError::Buffer`] if `labels` is no whole number of sets or `pixels` does not fit it.
    pub fn fill(&self, step: u64, pixels: &mut [f32], labels: &mut [u32]) -> Result<(), DataError> {
        self.fill_from(step, 0, pixels, labels)
    }

    /// The sets from the `first` on.
    fn fill_from(
        &self,
        step: u64,
        first: usize,
        pixels: &mut [f32],
        labels: &mut [u32],
    ) -> Result<(), DataError> {
        let shape = self.shape(labels.len() / self.n);
        if shape.numbers() != labels.len() {
            return Err(DataError::Buffer {
                what: "labels",
                found: labels.len(),
                expected: shape.numbers(),
                why: format!("whole sets of {} numbers", self.n),
            });
        }
        if shape.pixels() != pixels.len() {
            return Err(DataError::Buffer {
                what: "pixels",
                found: pixels.len(),
                expected: shape.pixels(),
                why: format!("{} numbers x 28 x 112", shape.numbers()),
            });
        }
        let mut random = Random::new(b"4-digits", self.seed, self.split, step);
        for _ in 0..first * self.n * DIGITS {
            random.index(self.digits.len());
        }
        for (number, label) in pixels.chunks_exact_mut(DIGITS * PIXELS).zip(labels) {
            *label = 0;
            for position in 0..DIGITS {
                let index = random.index(self.digits.len());
                *label = 10 * *label + u32::from(self.digits.labels()[index]);
                let from = self.digits.image(index).chunks_exact(SIDE);
                for (row, from) in number.chunks_exact_mut(Shape::WIDTH).zip(from) {
                    for (to, &grey) in row[position * SIDE..][..SIDE].iter_mut().zip(from) {
                        *to = self.scale[usize::from(grey)];
                    }
                }
            }
        }
        Ok(())
    }

    /// The batch of step `step` in buffers of its own: (pixels, labels).
    pub fn batch(&self, step: u64, batch: usize) -> (Vec<f32>, Vec<u32>) {
        self.rows(step, 0..batch)
    }

    /// Some sets of the batch of step `step`: (pixels, labels).
    pub fn rows(&self, step: u64, sets: Range<usize>) -> (Vec<f32>, Vec<u32>) {
        let shape = self.shape(sets.len());
        let (mut pixels, mut labels) = (vec![0.0; shape.pixels()], vec![0; shape.numbers()]);
        let filled = self.fill_from(step, sets.start, &mut pixels, &mut labels);
        debug_assert!(filled.is_ok(), "buffers of the batch's own shape");
        (pixels, labels)
    }
}

#[cfg(test)]
#[path = "four_digit_tests.rs"]
mod tests;
