//! npy, numpy's file format for one array: a few fixed bytes, a header that is a Python dictionary, the numbers.
//!
//! Nothing in a file is believed before it is checked: type, shape and the file's length must agree before anything is
//! allocated, and nothing may be missing or left over. No input makes the reader panic. Little-endian `u8`, `f16`,
//! `f32` and `f64` in row-major order are read; the rest is refused by name, Python objects first of all.
//!
//! ```
//! use newton_runtime::data::npy;
//!
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("costs.npy");
//! npy::write(&file, &[2, 3], &[0.8f32, 1.2, 5.3, 7.7, 9.2, 0.8])?;
//! let costs = npy::read::<f32>(&file, &[None, Some(3)])?; // any number of rows of three
//! assert_eq!((costs.shape, costs.data[4]), (vec![2, 3], 9.2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source: numpy's documentation of `numpy.lib.format`.

mod error;
mod header;
#[cfg(test)]
mod tests;
mod write;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

pub use error::NpyError;
pub use half::f16;
pub use write::write;

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Headers of arrays of numbers have 118 bytes; of 32 long dimensions, some 700.
const LONGEST_HEADER: u64 = 4096;

/// The most data one file may declare. The largest file of the Warcraft benchmark has 0.28 GB.
pub const LARGEST: u64 = 1 << 30;

/// Bytes decoded at a time.
const BLOCK: usize = 1 << 16;

/// An array as it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Array<T> {
    /// Length of each dimension; none for a single number.
    pub shape: Vec<usize>,
    /// The numbers, the last index fastest.
    pub data: Vec<T>,
}

/// A type of numbers that files hold: `u8`, [`struct@f16`], `f32` or `f64`.
pub trait Element: Copy + Send + Sync + sealed::Bytes {
    /// How numpy names it, little endian.
    const DESCR: &'static str;
}

mod sealed {
    pub trait Bytes: Sized {
        /// From as many little-endian bytes as the type has.
        fn decode(bytes: &[u8]) -> Self;
        fn encode(self, bytes: &mut Vec<u8>);
    }
}

macro_rules! element {
    ($($t:ty: $descr:literal),*) => {$(
        impl Element for $t {
            const DESCR: &'static str = $descr;
        }
        impl sealed::Bytes for $t {
            fn decode(bytes: &[u8]) -> Self {
                let mut number = [0; size_of::<$t>()];
                number.copy_from_slice(bytes);
                Self::from_le_bytes(number)
            }
            fn encode(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        }
    )*};
}
element!(u8: "|u1", f16: "<f2", f32: "<f4", f64: "<f8");

/// Reads an array of the shape given, where `None` stands for any length.
///
/// # Errors
/// [`NpyError`], naming the file.
pub fn read<T: Element>(file: &Path, shape: &[Option<usize>]) -> Result<Array<T>, NpyError> {
    let failed = |source| NpyError::Io { file: file.into(), source };
    // Asked before opening: opening a named pipe would wait for its writer.
    let metadata = std::fs::metadata(file).map_err(failed)?;
    if !metadata.is_file() {
        return Err(NpyError::NotAFile { file: file.into() });
    }
    let input = BufReader::with_capacity(BLOCK, File::open(file).map_err(failed)?);
    Source { file, input, left: metadata.len() }.array(shape)
}

/// As [`read`], from memory; `name` is what errors call it.
///
/// # Errors
/// As [`read`].
pub fn from_bytes<T: Element>(
    name: &Path,
    bytes: &[u8],
    shape: &[Option<usize>],
) -> Result<Array<T>, NpyError> {
    Source { file: name, input: bytes, left: bytes.len() as u64 }.array(shape)
}

struct Source<'a, R> {
    file: &'a Path,
    input: R,
    /// Bytes not read yet.
    left: u64,
}

impl<R: Read> Source<'_, R> {
    fn array<T: Element>(&mut self, expected: &[Option<usize>]) -> Result<Array<T>, NpyError> {
        let header = self.header()?;
        self.check_type::<T>(header.descr)?;
        if header.fortran_order {
            return Err(NpyError::FortranOrder { file: self.file.into() });
        }
        let fits = |(found, expected): (&u64, &Option<usize>)| expected.is_none_or(|n| n as u64 == *found);
        if header.shape.len() != expected.len() || !header.shape.iter().zip(expected).all(fits) {
            let expected = expected.iter().map(|n| n.map_or_else(|| "any".to_owned(), |n| n.to_string()));
            let expected = format!("[{}]", expected.collect::<Vec<_>>().join(", "));
            return Err(NpyError::Shape { file: self.file.into(), found: header.shape, expected });
        }
        let bytes = self.check_size(&header.shape, size_of::<T>())?;
        // An empty array may still have a length beyond any count.
        let lengths = header.shape.iter().map(|&n| usize::try_from(n));
        let shape = lengths.collect::<Result<_, _>>().map_err(|_| self.too_large(&header.shape, u64::MAX))?;
        Ok(Array { shape, data: self.numbers(bytes)? })
    }

    /// The dictionary, its length checked before it is read.
    fn header(&mut self) -> Result<header::Header, NpyError> {
        let [m0, m1, m2, m3, m4, m5, major, minor] = self.bytes("preamble")?;
        let found = [m0, m1, m2, m3, m4, m5];
        if found != *MAGIC {
            return Err(NpyError::Magic { file: self.file.into(), found });
        }
        let length = match (major, minor) {
            (1, 0) => u64::from(u16::from_le_bytes(self.bytes("preamble")?)),
            (2 | 3, 0) => u64::from(u32::from_le_bytes(self.bytes("preamble")?)),
            _ => return Err(NpyError::Version { file: self.file.into(), major, minor }),
        };
        if length > LONGEST_HEADER {
            return Err(NpyError::HeaderLength { file: self.file.into(), length, limit: LONGEST_HEADER });
        }
        if length > self.left {
            return Err(self.truncated("header", self.left, length));
        }
        let mut text = vec![0; length as usize];
        self.fill("header", &mut text)?;
        header::parse(self.file, &text)
    }

    fn check_type<T: Element>(&self, descr: String) -> Result<(), NpyError> {
        let (file, expected) = (self.file.into(), T::DESCR);
        let kind = descr.trim_start_matches(['<', '>', '|', '=']);
        match () {
            () if descr == expected => Ok(()),
            () if kind.starts_with('O') => Err(NpyError::Object { file, descr }),
            () if descr.starts_with('>') && kind == &expected[1..] => {
                Err(NpyError::BigEndian { file, descr, expected })
            }
            () => Err(NpyError::Type { file, found: descr, expected }),
        }
    }

    /// Bytes of data, which are all that is left of the file.
    fn check_size(&self, shape: &[u64], size: usize) -> Result<u64, NpyError> {
        // An empty array is empty, however long its other dimensions are.
        let declared = if shape.contains(&0) {
            0
        } else {
            shape.iter().fold(size as u64, |product, &n| product.saturating_mul(n))
        };
        if declared > LARGEST {
            return Err(self.too_large(shape, declared));
        }
        if self.left < declared {
            return Err(self.truncated("data", self.left, declared));
        }
        if self.left > declared {
            let (file, excess) = (self.file.into(), self.left - declared);
            return Err(NpyError::TrailingBytes { file, expected: declared, excess });
        }
        Ok(declared)
    }

    fn numbers<T: Element>(&mut self, bytes: u64) -> Result<Vec<T>, NpyError> {
        let (size, mut left) = (size_of::<T>(), bytes as usize);
        let mut data = Vec::new();
        data.try_reserve_exact(left / size)
            .map_err(|_| NpyError::Memory { file: self.file.into(), bytes })?;
        let mut block = vec![0; left.min(BLOCK)];
        while left > 0 {
            let block = &mut block[..left.min(BLOCK)];
            self.fill("data", block)?;
            data.extend(block.chunks_exact(size).map(T::decode));
            left -= block.len();
        }
        // The file may have grown since its length was asked for.
        let mut more = [0; 1];
        match self.input.read(&mut more) {
            Ok(0) => Ok(data),
            Ok(_) => Err(NpyError::TrailingBytes { file: self.file.into(), expected: bytes, excess: 1 }),
            Err(source) => Err(NpyError::Io { file: self.file.into(), source }),
        }
    }

    fn bytes<const N: usize>(&mut self, part: &'static str) -> Result<[u8; N], NpyError> {
        if self.left < N as u64 {
            return Err(self.truncated(part, self.left, N as u64));
        }
        let mut bytes = [0; N];
        self.fill(part, &mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, part: &'static str, to: &mut [u8]) -> Result<(), NpyError> {
        let expected = to.len() as u64;
        match self.input.read_exact(to) {
            Ok(()) => {
                self.left = self.left.saturating_sub(expected);
                Ok(())
            }
            // The file was longer when its length was asked for.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Err(self.truncated(part, self.left.min(expected.saturating_sub(1)), expected))
            }
            Err(source) => Err(NpyError::Io { file: self.file.into(), source }),
        }
    }

    fn truncated(&self, part: &'static str, found: u64, expected: u64) -> NpyError {
        NpyError::Truncated { file: self.file.into(), part, found, expected }
    }

    fn too_large(&self, shape: &[u64], declared: u64) -> NpyError {
        NpyError::TooLarge { file: self.file.into(), shape: shape.to_vec(), declared, limit: LARGEST }
    }
}
