//! IDX, the file format of MNIST: a magic number, big-endian dimensions, bytes. Plain or gzip, told by content.
//!
//! Nothing in a file is believed before it is checked: a header that lies about its size allocates nothing, and of
//! a gzip stream no more is unpacked than the header declares and one byte. No input makes the reader panic.
//!
//! Source: the format description on the MNIST page by LeCun, Cortes and Burges.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::DataError;

/// Images as they stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxImages {
    /// How many.
    pub count: usize,
    /// Pixels down.
    pub rows: usize,
    /// Pixels across.
    pub columns: usize,
    /// `count * rows * columns` grey values, row-major, 0 = background.
    pub pixels: Vec<u8>,
    /// SHA-256 of the unpacked file, header included.
    pub sha256: [u8; 32],
}

/// Labels as they stand in the file, each 0 to 9.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxLabels {
    /// One per image.
    pub labels: Vec<u8>,
    /// SHA-256 of the unpacked file, header included.
    pub sha256: [u8; 32],
}

/// Magic number of u8 data in three dimensions.
const IMAGES: Kind<3> = Kind {
    magic: 0x0803,
    name: "images, u8, three dimensions",
    // 2^24 images and 4096 pixels a side are far above any data set of digits and far below trouble.
    fields: [("image count", 1 << 24), ("rows", 1 << 12), ("columns", 1 << 12)],
};
const LABELS: Kind<1> =
    Kind { magic: 0x0801, name: "labels, u8, one dimension", fields: [("label count", 1 << 24)] };

/// The most data one file may declare; the largest relative of MNIST (EMNIST by class) has 0.64 GB.
pub const LARGEST: u64 = 1 << 30;

/// DEFLATE cannot do better than 1032 : 1 (258 bytes from two bits).
const DEFLATE_RATIO: u64 = 1032;

/// Reads a file of images.
///
/// # Errors
/// Everything in [`DataError`] that concerns one file.
pub fn read_images(file: &Path) -> Result<IdxImages, DataError> {
    let (input, length) = open(file)?;
    images(file, input, length)
}

/// Reads a file of labels.
///
/// # Errors
/// Everything in [`DataError`] that concerns one file, a label above 9 included.
pub fn read_labels(file: &Path) -> Result<IdxLabels, DataError> {
    let (input, length) = open(file)?;
    labels(file, input, length)
}

/// As [`read_images`], from memory; `name` is what errors call it.
///
/// # Errors
/// As [`read_images`].
pub fn images_from_bytes(name: &Path, bytes: &[u8]) -> Result<IdxImages, DataError> {
    images(name, bytes, bytes.len() as u64)
}

/// As [`read_labels`], from memory; `name` is what errors call it.
///
/// # Errors
/// As [`read_labels`].
pub fn labels_from_bytes(name: &Path, bytes: &[u8]) -> Result<IdxLabels, DataError> {
    labels(name, bytes, bytes.len() as u64)
}

fn images(file: &Path, input: impl BufRead, length: u64) -> Result<IdxImages, DataError> {
    let ([count, rows, columns], pixels, sha256) = read(file, input, length, &IMAGES)?;
    Ok(IdxImages { count: count as usize, rows: rows as usize, columns: columns as usize, pixels, sha256 })
}

fn labels(file: &Path, input: impl BufRead, length: u64) -> Result<IdxLabels, DataError> {
    let (_, labels, sha256) = read(file, input, length, &LABELS)?;
    check_labels(file, &labels)?;
    Ok(IdxLabels { labels, sha256 })
}

pub(super) fn check_labels(file: &Path, labels: &[u8]) -> Result<(), DataError> {
    match labels.iter().position(|&label| label > 9) {
        Some(index) => Err(DataError::Label { file: file.into(), index, value: labels[index] }),
        None => Ok(()),
    }
}

/// What distinguishes the two kinds of file; D = number of dimensions.
struct Kind<const D: usize> {
    magic: u32,
    name: &'static str,
    /// Name and largest value of each dimension.
    fields: [(&'static str, u64); D],
}

/// Dimensions, data, SHA-256 of the unpacked file.
type Contents<const D: usize> = ([u32; D], Vec<u8>, [u8; 32]);

fn open(file: &Path) -> Result<(BufReader<File>, u64), DataError> {
    let failed = |source| DataError::Io { file: file.into(), source };
    // Asked before opening: opening a named pipe would wait for its writer.
    let metadata = std::fs::metadata(file).map_err(failed)?;
    if !metadata.is_file() {
        return Err(DataError::NotAFile { file: file.into() });
    }
    let input = File::open(file).map_err(failed)?;
    Ok((BufReader::with_capacity(1 << 16, input), metadata.len()))
}

/// `length`: bytes of the file as it lies on disk, packed or not.
fn read<const D: usize>(
    file: &Path,
    mut input: impl BufRead,
    length: u64,
    kind: &Kind<D>,
) -> Result<Contents<D>, DataError> {
    let start = input.fill_buf().map_err(|source| DataError::Io { file: file.into(), source })?;
    if start.starts_with(&[0x1f, 0x8b]) {
        Source { file, input: MultiGzDecoder::new(input), length, gzip: true, unpacked: 0 }.contents(kind)
    } else {
        Source { file, input, length, gzip: false, unpacked: 0 }.contents(kind)
    }
}

struct Source<'a, R> {
    file: &'a Path,
    /// The unpacked bytes.
    input: R,
    /// Bytes on disk.
    length: u64,
    gzip: bool,
    /// Bytes read so far.
    unpacked: u64,
}

impl<R: Read> Source<'_, R> {
    fn contents<const D: usize>(&mut self, kind: &Kind<D>) -> Result<Contents<D>, DataError> {
        let mut hash = Sha256::new();
        let mut header = Vec::new();
        self.fill(&mut header, 4)?;
        let magic = self.number(&header, 0, 4 + 4 * D)?;
        if magic != kind.magic {
            return Err(DataError::Magic {
                file: self.file.into(),
                found: magic,
                expected: kind.magic,
                kind: kind.name,
            });
        }
        self.fill(&mut header, 4 * D as u64)?;
        let mut dimensions = [0; D];
        for (d, (field, limit)) in kind.fields.into_iter().enumerate() {
            dimensions[d] = self.number(&header, 1 + d, 4 + 4 * D)?;
            let value = u64::from(dimensions[d]);
            if value == 0 || value > limit {
                return Err(DataError::Dimension { file: self.file.into(), field, value, limit });
            }
        }
        hash.update(&header);

        let declared = self.declared(&dimensions, header.len() as u64)?;
        let mut data = Vec::new();
        if !self.gzip {
            // The file's length vouches for the size, so it can be had at once.
            data.try_reserve_exact(declared as usize + 1)
                .map_err(|_| DataError::Memory { file: self.file.into(), bytes: declared })?;
        }
        self.fill(&mut data, declared + 1)?;
        let found = data.len() as u64;
        if found < declared {
            return Err(self.truncated("data", found, declared));
        }
        if found > declared {
            return Err(DataError::TrailingBytes {
                file: self.file.into(),
                expected: declared,
                excess: None,
            });
        }
        hash.update(&data);
        Ok((dimensions, data, hash.finalize().into()))
    }

    /// Bytes of data that the header declares, checked against what can possibly be there.
    fn declared(&self, dimensions: &[u32], header: u64) -> Result<u64, DataError> {
        let declared = dimensions.iter().fold(1u64, |product, &d| product.saturating_mul(u64::from(d)));
        let too_large = |limit, why| DataError::TooLarge {
            file: self.file.into(),
            dimensions: dimensions.to_vec(),
            declared,
            limit,
            why,
        };
        if declared > LARGEST {
            return Err(too_large(LARGEST, "the largest data set this reader takes"));
        }
        if self.gzip {
            let most = self.length.saturating_mul(DEFLATE_RATIO);
            return if declared > most {
                Err(too_large(most, "1032 times the packed file, which is the most that gzip can pack"))
            } else {
                Ok(declared)
            };
        }
        let found = self.length.saturating_sub(header);
        if found < declared {
            return Err(self.truncated("data", found, declared));
        }
        if found > declared {
            return Err(DataError::TrailingBytes {
                file: self.file.into(),
                expected: declared,
                excess: Some(found - declared),
            });
        }
        Ok(declared)
    }

    /// Appends up to `count` bytes; fewer only at the end of the input.
    fn fill(&mut self, buffer: &mut Vec<u8>, count: u64) -> Result<(), DataError> {
        let before = buffer.len();
        let outcome = self.input.by_ref().take(count).read_to_end(buffer);
        self.unpacked += (buffer.len() - before) as u64;
        outcome.map(|_| ()).map_err(|source| {
            let file = self.file.into();
            // The system's own errors carry a code; the decoder's do not.
            if self.gzip && source.raw_os_error().is_none() && source.kind() != io::ErrorKind::OutOfMemory {
                DataError::Gzip { file, unpacked: self.unpacked, source }
            } else {
                DataError::Io { file, source }
            }
        })
    }

    /// The big-endian number at word `index` of the header, whose full length is `expected`.
    fn number(&self, header: &[u8], index: usize, expected: usize) -> Result<u32, DataError> {
        match header.get(4 * index..).and_then(|rest| rest.first_chunk()) {
            Some(&word) => Ok(u32::from_be_bytes(word)),
            None => Err(self.truncated("header", header.len() as u64, expected as u64)),
        }
    }

    fn truncated(&self, part: &'static str, found: u64, expected: u64) -> DataError {
        DataError::Truncated { file: self.file.into(), part, found, expected }
    }
}

#[cfg(test)]
#[path = "idx_tests.rs"]
mod tests;
