//! Data of the benchmarks: MNIST digits (or synthetic ones) and the sets of four-digit numbers made of them.
//!
//! [`Digits::load`] reads a folder with the four MNIST files, [`Digits::synthetic`] draws handwritten-like digits
//! when there is none, and [`FourDigitSets`] puts batches together, any batch at any time, from a seed.
#![forbid(unsafe_code)]

mod digits;
#[cfg(feature = "download")]
pub mod download;

mod error;
mod four_digit;
pub mod idx;
mod mnist;
mod random;
pub mod synthetic;

pub use digits::{DigitImages, Digits, PIXELS, SIDE, Split};
pub use error::DataError;
pub use four_digit::{FourDigitSets, Shape};
pub use mnist::{FileReport, OFFICIAL_MNIST, Official, Provenance};
