//! What can be wrong with an npy file. Every variant names the file, and the field where there is one.

use std::io;
use std::path::PathBuf;

/// Why an array could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// Opening, reading or writing failed.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory, a pipe or the like: its length says nothing, so it is not read.
    #[error("{}: not a regular file", file.display())]
    NotAFile {
        /// The path.
        file: PathBuf,
    },
    /// The first six bytes are not those of an npy file.
    #[error("{}: magic string {found:02x?}, expected `\\x93NUMPY`", file.display())]
    Magic {
        /// The file.
        file: PathBuf,
        /// The bytes found.
        found: [u8; 6],
    },
    /// A version of the format that does not exist yet.
    #[error("{}: format version {major}.{minor}, expected 1.0, 2.0 or 3.0", file.display())]
    Version {
        /// The file.
        file: PathBuf,
        /// First number.
        major: u8,
        /// Second number.
        minor: u8,
    },
    /// A header longer than any array of numbers has.
    #[error("{}: header length is {length}, more than {limit}", file.display())]
    HeaderLength {
        /// The file.
        file: PathBuf,
        /// Bytes that the header is said to have.
        length: u64,
        /// The most accepted.
        limit: u64,
    },
    /// The header is no dictionary of the kind that describes arrays.
    #[error("{}: header, {field}: {what} at byte {at}", file.display())]
    Header {
        /// The file.
        file: PathBuf,
        /// "dictionary", "descr", "fortran_order" or "shape".
        field: &'static str,
        /// What is wrong.
        what: &'static str,
        /// Where, counted from the opening brace.
        at: usize,
    },
    /// The header does not say all there is to say.
    #[error("{}: header: `{field}` is missing", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// "descr", "fortran_order" or "shape".
        field: &'static str,
    },
    /// The numbers stand column by column.
    #[error("{}: fortran_order is True: columns first; save `numpy.ascontiguousarray` of it", file.display())]
    FortranOrder {
        /// The file.
        file: PathBuf,
    },
    /// Pickled Python objects, which could run anything.
    #[error("{}: descr is `{descr}`: Python objects are never unpickled", file.display())]
    Object {
        /// The file.
        file: PathBuf,
        /// The type as written.
        descr: String,
    },
    /// Records of several fields.
    #[error("{}: descr is a structure of several fields: save the fields one by one", file.display())]
    Structure {
        /// The file.
        file: PathBuf,
    },
    /// The right numbers with their bytes in the other order.
    #[error("{}: descr is `{descr}`: big endian, expected `{expected}`", file.display())]
    BigEndian {
        /// The file.
        file: PathBuf,
        /// The type as written.
        descr: String,
        /// The type asked for.
        expected: &'static str,
    },
    /// Numbers of another type.
    #[error("{}: descr is `{found}`, expected `{expected}`", file.display())]
    Type {
        /// The file.
        file: PathBuf,
        /// The type as written.
        found: String,
        /// The type asked for.
        expected: &'static str,
    },
    /// An array of another shape.
    #[error("{}: shape is {found:?}, expected {expected}", file.display())]
    Shape {
        /// The file.
        file: PathBuf,
        /// The header's shape.
        found: Vec<u64>,
        /// The shape asked for; `any` stands for any length.
        expected: String,
    },
    /// More data than this reader takes.
    #[error("{}: shape {shape:?} declares {declared} bytes, more than {limit}", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The header's shape.
        shape: Vec<u64>,
        /// Bytes that it takes, or 2^64 - 1 if that is not enough to count them.
        declared: u64,
        /// The most accepted.
        limit: u64,
    },
    /// The file ends early.
    #[error("{}: {part} has {found} bytes, expected {expected}", file.display())]
    Truncated {
        /// The file.
        file: PathBuf,
        /// "preamble", "header" or "data".
        part: &'static str,
        /// Bytes there are.
        found: u64,
        /// Bytes there should be.
        expected: u64,
    },
    /// Something follows the data.
    #[error("{}: {excess} bytes follow the {expected} bytes of data that the header declares", file.display())]
    TrailingBytes {
        /// The file.
        file: PathBuf,
        /// Bytes of data declared.
        expected: u64,
        /// Bytes too many.
        excess: u64,
    },
    /// There is no memory for the data.
    #[error("{}: no memory for {bytes} bytes", file.display())]
    Memory {
        /// The file.
        file: PathBuf,
        /// Bytes asked for.
        bytes: u64,
    },
    /// Numbers to be written that do not fill the shape.
    #[error("{}: {found} numbers for the shape {shape:?}", file.display())]
    Count {
        /// The file.
        file: PathBuf,
        /// The shape.
        shape: Vec<usize>,
        /// How many numbers there are.
        found: usize,
    },
}
