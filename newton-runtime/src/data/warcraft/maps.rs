//! Maps with costs and paths, and their division into training, validation and test.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::files::{self, Provenance};
use super::{CELLS, GRID, PIXELS, synthetic};
use crate::data::{DataError, Split};

/// Maps of one split: images, what their cells cost, and the cheapest paths.
#[derive(Clone, PartialEq)]
pub struct WarcraftMaps {
    /// (count, 96, 96, 3), red green blue, as in the files.
    images: Vec<u8>,
    /// (count, 12, 12)
    costs: Vec<f32>,
    /// (count, 12, 12), 1 on the path.
    paths: Vec<u8>,
}

impl WarcraftMaps {
    /// Takes maps: `images` is (count, 96, 96, 3), `costs` and `paths` are (count, 12, 12), all row-major.
    ///
    /// # Errors
    /// [`DataError::Buffer`] for lengths that do not belong together, [`DataError::CellCost`] for costs that are not
    /// positive or not finite, [`DataError::PathMark`] for marks other than 0 and 1.
    pub fn new(images: Vec<u8>, costs: Vec<f32>, paths: Vec<u8>) -> Result<Self, DataError> {
        let count = paths.len() / CELLS;
        for (what, found, expected) in [
            ("paths", paths.len(), count * CELLS),
            ("costs", costs.len(), count * CELLS),
            ("pixels", images.len(), count * PIXELS),
        ] {
            if found != expected {
                return Err(DataError::Buffer { what, found, expected, why: format!("{count} whole maps") });
            }
        }
        check_costs(Path::new(""), &costs)?;
        check_paths(Path::new(""), &paths)?;
        Ok(Self { images, costs, paths })
    }

    /// As [`WarcraftMaps::new`] for those who have checked, or drawn, what they bring.
    pub(super) fn from_checked(images: Vec<u8>, costs: Vec<f32>, paths: Vec<u8>) -> Self {
        debug_assert_eq!((images.len() / PIXELS, costs.len()), (paths.len() / CELLS, paths.len()));
        Self { images, costs, paths }
    }

    /// How many maps.
    pub fn len(&self) -> usize {
        self.paths.len() / CELLS
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The image of map `index`: (96, 96, 3), row-major, red green blue.
    ///
    /// # Panics
    /// If there is no such map.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.images[index * PIXELS..][..PIXELS]
    }

    /// What the cells of map `index` cost: (12, 12), row-major.
    ///
    /// # Panics
    /// If there is no such map.
    pub fn costs(&self, index: usize) -> &[f32] {
        &self.costs[index * CELLS..][..CELLS]
    }

    /// The cheapest path over map `index`: (12, 12), row-major, 1 on the path.
    ///
    /// # Panics
    /// If there is no such map.
    pub fn path(&self, index: usize) -> &[u8] {
        &self.paths[index * CELLS..][..CELLS]
    }

    /// The first `count` maps.
    fn first(&self, what: &'static str, count: usize) -> Result<Self, DataError> {
        if self.len() < count {
            return Err(DataError::TooFew { what, found: self.len(), expected: count });
        }
        Ok(Self::from_checked(
            self.images[..count * PIXELS].to_vec(),
            self.costs[..count * CELLS].to_vec(),
            self.paths[..count * CELLS].to_vec(),
        ))
    }

    /// All images, all costs, all paths.
    pub(super) fn parts(&self) -> (&[u8], &[f32], &[u8]) {
        (&self.images, &self.costs, &self.paths)
    }
}

/// Without the numbers.
impl fmt::Debug for WarcraftMaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WarcraftMaps").field("len", &self.len()).finish_non_exhaustive()
    }
}

pub(super) fn check_costs(file: &Path, costs: &[f32]) -> Result<(), DataError> {
    match costs.iter().position(|&cost| !(cost > 0.0 && cost.is_finite())) {
        Some(at) => {
            let (map, row, column) = place(at);
            Err(DataError::CellCost { file: file.into(), map, row, column, value: costs[at] })
        }
        None => Ok(()),
    }
}

pub(super) fn check_paths(file: &Path, paths: &[u8]) -> Result<(), DataError> {
    match paths.iter().position(|&mark| mark > 1) {
        Some(at) => {
            let (map, row, column) = place(at);
            Err(DataError::PathMark { file: file.into(), map, row, column, value: paths[at] })
        }
        None => Ok(()),
    }
}

/// Map, row and column of a cell.
fn place(at: usize) -> (usize, usize, usize) {
    (at / CELLS, at % CELLS / GRID, at % GRID)
}

/// A whole data set, divided as the benchmark's files are.
#[derive(Debug, Clone)]
pub struct Warcraft {
    /// To learn from; the files have 10 000.
    pub train: Arc<WarcraftMaps>,
    /// To choose by; 1 000. Published results leave it unused.
    pub valid: Arc<WarcraftMaps>,
    /// To report; 1 000.
    pub test: Arc<WarcraftMaps>,
    /// Where the maps come from; goes into every report.
    pub provenance: Provenance,
}

impl Warcraft {
    /// Reads the nine files from `folder`, from its subfolder `12x12`, or from
    /// `warcraft_shortest_path_oneskin/12x12`, where the archive puts them; and compares their checksums, so that
    /// `provenance` tells whether they are the benchmark's.
    ///
    /// # Errors
    /// [`DataError`], naming the file.
    pub fn load(folder: &Path) -> Result<Self, DataError> {
        files::load(folder)
    }

    /// Writes the nine files to the subfolder `12x12` of `folder`, each whole or not at all, in the benchmark's format:
    /// costs are rounded to half precision, which those read from such files and drawn ones survive.
    ///
    /// # Errors
    /// [`DataError::Npy`], naming the file.
    pub fn save(&self, folder: &Path) -> Result<(), DataError> {
        files::save(self, folder)
    }

    /// Draws as many maps as the benchmark has: 10 000, 1 000 and 1 000.
    pub fn synthetic(seed: u64) -> Self {
        Self::synthetic_sized(seed, 10_000, 1_000, 1_000)
    }

    /// As [`Warcraft::synthetic`], with the sizes given; smaller sets are the beginnings of larger ones.
    pub fn synthetic_sized(seed: u64, train: usize, valid: usize, test: usize) -> Self {
        Self {
            train: Arc::new(synthetic::draw(seed, Split::Train, train)),
            valid: Arc::new(synthetic::draw(seed, Split::Valid, valid)),
            test: Arc::new(synthetic::draw(seed, Split::Test, test)),
            provenance: Provenance::Synthetic { seed },
        }
    }

    /// The first maps of each part, as many as said. Images will be normalised by the training maps that are left.
    ///
    /// # Errors
    /// [`DataError::TooFew`] for more than there are.
    pub fn first(&self, train: usize, valid: usize, test: usize) -> Result<Self, DataError> {
        Ok(Self {
            train: Arc::new(self.train.first("training maps", train)?),
            valid: Arc::new(self.valid.first("validation maps", valid)?),
            test: Arc::new(self.test.first("test maps", test)?),
            provenance: self.provenance.clone(),
        })
    }

    /// One part.
    pub fn split(&self, split: Split) -> &Arc<WarcraftMaps> {
        match split {
            Split::Train => &self.train,
            Split::Valid => &self.valid,
            Split::Test => &self.test,
        }
    }
}
