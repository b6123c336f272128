//! Writes npy files, byte for byte as numpy does.

use std::io::{self, Write};
use std::path::Path;

use super::header::MOST_DIMENSIONS;
use super::{BLOCK, Element, MAGIC, NpyError};
use crate::train::files;

/// Writes `data`, of the shape given and the last index fastest, whole or not at all.
///
/// # Errors
/// [`NpyError::Count`] if `data` does not fill the shape, [`NpyError::Io`].
pub fn write<T: Element>(file: &Path, shape: &[usize], data: &[T]) -> Result<(), NpyError> {
    let count = shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
    if count != Some(data.len()) {
        return Err(NpyError::Count { file: file.into(), shape: shape.into(), found: data.len() });
    }
    if shape.len() > MOST_DIMENSIONS {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "more than 32 dimensions");
        return Err(NpyError::Io { file: file.into(), source });
    }
    let written = files::replace_with(file, |output| {
        output.write_all(&header(T::DESCR, shape))?;
        let mut block = Vec::with_capacity(BLOCK);
        for numbers in data.chunks((BLOCK / size_of::<T>()).max(1)) {
            block.clear();
            numbers.iter().for_each(|number| number.encode(&mut block));
            output.write_all(&block)?;
        }
        Ok(())
    });
    written.map_err(|source| NpyError::Io { file: file.into(), source })
}

/// Everything before the numbers, padded to a multiple of 64 bytes.
fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let lengths = shape.iter().map(|n| format!("{n},")).collect::<Vec<_>>().join(" ");
    // (), (3,), (3, 4): only a tuple of one keeps its comma.
    let lengths = if shape.len() > 1 { lengths.trim_end_matches(',') } else { &lengths };
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({lengths}), }}");
    let preamble = MAGIC.len() + 4;
    let length = (preamble + text.len() + 1).next_multiple_of(64) - preamble;
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.resize(preamble + length - 1, b' ');
    bytes.push(b'\n');
    bytes
}
