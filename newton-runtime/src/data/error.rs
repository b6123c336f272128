//! What can be wrong with a data set. Every variant names the file, the field and the values.

use std::io;
use std::path::PathBuf;

use super::npy::NpyError;

/// Why a data set could not be read or put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Opening or reading failed.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// None of the names a file may have is there.
    #[error("{}: neither `{name}` nor `{name}.gz` is there", folder.display())]
    Missing {
        /// The folder searched.
        folder: PathBuf,
        /// The name without `.gz`.
        name: &'static str,
    },
    /// A directory, a pipe or the like: its length says nothing, so it is not read.
    #[error("{}: not a regular file", file.display())]
    NotAFile {
        /// The path.
        file: PathBuf,
    },
    /// The gzip stream is damaged.
    #[error("{}: damaged gzip data after {unpacked} unpacked bytes: {source}", file.display())]
    Gzip {
        /// The file.
        file: PathBuf,
        /// How many bytes came out before the damage.
        unpacked: u64,
        /// What the decoder said.
        source: io::Error,
    },
    /// The first four bytes are not those of the kind of file asked for.
    #[error("{}: magic number {found:#010x}, expected {expected:#010x} ({kind})", file.display())]
    Magic {
        /// The file.
        file: PathBuf,
        /// The number found.
        found: u32,
        /// The number of an IDX file of this kind.
        expected: u32,
        /// "images, u8, three dimensions" or "labels, u8, one dimension".
        kind: &'static str,
    },
    /// A dimension that no data set has.
    #[error("{}: {field} is {value}, expected 1 to {limit}", file.display())]
    Dimension {
        /// The file.
        file: PathBuf,
        /// "image count", "rows", "columns" or "label count".
        field: &'static str,
        /// The header's value.
        value: u64,
        /// The largest value accepted.
        limit: u64,
    },
    /// The dimensions are fine one by one, but not multiplied.
    #[error(
        "{}: the header {dimensions:?} declares {declared} bytes of data, more than {limit}: {why}",
        file.display()
    )]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The header's dimensions.
        dimensions: Vec<u32>,
        /// Their product.
        declared: u64,
        /// The most that is accepted.
        limit: u64,
        /// Where the limit comes from.
        why: &'static str,
    },
    /// The data end early.
    #[error("{}: {part} has {found} bytes, expected {expected}", file.display())]
    Truncated {
        /// The file.
        file: PathBuf,
        /// "header" or "data".
        part: &'static str,
        /// Bytes there are.
        found: u64,
        /// Bytes there should be.
        expected: u64,
    },
    /// Something follows the data.
    #[error("{}: data follow the {expected} bytes that the header declares{}", file.display(), extra(*excess))]
    TrailingBytes {
        /// The file.
        file: PathBuf,
        /// Bytes that the header declares.
        expected: u64,
        /// How many follow; unknown for gzip, which is not unpacked further.
        excess: Option<u64>,
    },
    /// There is no memory for the data.
    #[error("{}: no memory for {bytes} bytes", file.display())]
    Memory {
        /// The file.
        file: PathBuf,
        /// Bytes asked for.
        bytes: u64,
    },
    /// A label that is no digit.
    #[error("{}: label {index} is {value}, expected 0 to 9", file.display())]
    Label {
        /// The file (empty for labels that come from memory).
        file: PathBuf,
        /// Index of the label.
        index: usize,
        /// Its value.
        value: u8,
    },
    /// Images and labels do not belong together.
    #[error("{images} images in {}, but {labels} labels in {}", images_file.display(), labels_file.display())]
    Count {
        /// The file with images.
        images_file: PathBuf,
        /// How many images it has.
        images: usize,
        /// The file with labels.
        labels_file: PathBuf,
        /// How many labels it has.
        labels: usize,
    },
    /// The images are not 28 x 28.
    #[error("{}: images of {rows} x {columns} pixels, expected 28 x 28", file.display())]
    ImageSize {
        /// The file.
        file: PathBuf,
        /// Pixels down.
        rows: usize,
        /// Pixels across.
        columns: usize,
    },
    /// Too few images for what is asked of them.
    #[error("{what}: {found}, expected at least {expected}")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        expected: usize,
    },
    /// A file of the Warcraft maps that cannot be read or written.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// A path is marked by something else than 0 and 1.
    #[error("{}: map {map}, cell ({row}, {column}): the path's mark is {value}, expected 0 or 1", file.display())]
    PathMark {
        /// The file (empty for paths that come from memory).
        file: PathBuf,
        /// Index of the map.
        map: usize,
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        column: usize,
        /// Its mark.
        value: u8,
    },
    /// A cell's cost is not positive, or not finite.
    #[error("{}: map {map}, cell ({row}, {column}): the cost is {value}, expected a finite number above 0", file.display())]
    CellCost {
        /// The file (empty for costs that come from memory).
        file: PathBuf,
        /// Index of the map.
        map: usize,
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        column: usize,
        /// Its cost.
        value: f32,
    },
    /// The files of a split do not belong together.
    #[error("{}: {found} maps, but {expected} in {}", file.display(), reference.display())]
    MapCount {
        /// The file.
        file: PathBuf,
        /// How many maps it has.
        found: usize,
        /// The file with the images.
        reference: PathBuf,
        /// How many maps that has.
        expected: usize,
    },
    /// All training pixels have the same value in a channel, which then has no scale.
    #[error("channel {channel} is {value} in every pixel of the training maps: it cannot be normalised")]
    ConstantChannel {
        /// 0 red, 1 green, 2 blue.
        channel: usize,
        /// The value.
        value: u8,
    },
    /// A buffer that does not fit the batch.
    #[error("the buffer for {what} has {found} elements; {expected} are needed: {why}")]
    Buffer {
        /// "pixels" or "labels".
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length needed.
        expected: usize,
        /// How that comes about.
        why: String,
    },
}

fn extra(excess: Option<u64>) -> String {
    excess.map_or_else(String::new, |n| format!(" ({n} bytes)"))
}
