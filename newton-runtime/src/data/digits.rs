//! Digit images with labels, and their division into training, validation and test.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::idx::check_labels;
use super::{DataError, Provenance, mnist, synthetic};

/// Pixels down and across.
pub const SIDE: usize = 28;
/// Pixels of an image.
pub const PIXELS: usize = SIDE * SIDE;

/// Images of 28 x 28 grey values (0 = background, 255 = ink) and the digit on each.
#[derive(Clone, PartialEq, Eq)]
pub struct DigitImages {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl DigitImages {
    /// Takes `labels.len()` images, row-major one after the other.
    ///
    /// # Errors
    /// [`DataError::Buffer`] if `pixels` has another length, [`DataError::Label`] for a label above 9.
    pub fn new(pixels: Vec<u8>, labels: Vec<u8>) -> Result<Self, DataError> {
        let expected = labels.len().saturating_mul(PIXELS);
        if pixels.len() != expected {
            let why = format!("{} labels x {PIXELS} pixels", labels.len());
            return Err(DataError::Buffer { what: "pixels", found: pixels.len(), expected, why });
        }
        check_labels(Path::new(""), &labels)?;
        Ok(Self { pixels, labels })
    }

    /// As [`DigitImages::new`] for the generator, whose labels need no check.
    pub(super) fn from_generator(pixels: Vec<u8>, labels: Vec<u8>) -> Self {
        debug_assert_eq!(pixels.len(), labels.len() * PIXELS);
        Self { pixels, labels }
    }

    /// How many images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The grey values of image `index`, row-major.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * PIXELS..][..PIXELS]
    }

    /// The digits, one per image.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Cuts off the images from `at` on.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        Self { pixels: self.pixels.split_off(at * PIXELS), labels: self.labels.split_off(at) }
    }
}

/// Without the pixels.
impl fmt::Debug for DigitImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigitImages").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Which part of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    /// What the network learns from: the first 55 000 training images.
    Train,
    /// What settings and checkpoints are chosen by: the last 5 000 training images.
    Valid,
    /// What is reported: the 10 000 test images.
    Test,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        })
    }
}

/// A whole data set, divided as all prior works on the sorting benchmark divide MNIST.
#[derive(Debug, Clone)]
pub struct Digits {
    /// To learn from.
    pub train: Arc<DigitImages>,
    /// To choose by.
    pub valid: Arc<DigitImages>,
    /// To report.
    pub test: Arc<DigitImages>,
    /// Where the images come from; goes into every report.
    pub provenance: Provenance,
}

impl Digits {
    /// Reads the four MNIST files, gzip or not, from a folder. The last 5 000 training images become the validation
    /// part; of a training file of another length than MNIST's 60 000 images, the last twelfth.
    ///
    /// # Errors
    /// [`DataError`], naming the file.
    pub fn load(folder: &Path) -> Result<Self, DataError> {
        mnist::load(folder)
    }

    /// Draws handwritten-like digits, as many as MNIST has: 55 000, 5 000 and 10 000.
    pub fn synthetic(seed: u64) -> Self {
        Self::synthetic_sized(seed, 55_000, 5_000, 10_000)
    }

    /// As [`Digits::synthetic`], with the sizes given; smaller sets are the beginnings of larger ones.
    pub fn synthetic_sized(seed: u64, train: usize, valid: usize, test: usize) -> Self {
        Self {
            train: Arc::new(synthetic::draw(seed, Split::Train, train)),
            valid: Arc::new(synthetic::draw(seed, Split::Valid, valid)),
            test: Arc::new(synthetic::draw(seed, Split::Test, test)),
            provenance: Provenance::Synthetic { seed },
        }
    }

    /// One part.
    pub fn split(&self, split: Split) -> &Arc<DigitImages> {
        match split {
            Split::Train => &self.train,
            Split::Valid => &self.valid,
            Split::Test => &self.test,
        }
    }
}
