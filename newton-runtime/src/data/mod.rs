//! Data of the benchmarks: MNIST digits (or synthetic ones) and the sets of four-digit numbers made of them; Warcraft
//! maps with their costs and shortest paths ([`warcraft`]).
//!
//! [`Digits::load`] reads a folder with the four MNIST files, [`Digits::synthetic`] draws handwritten-like digits
//! when there is none, and [`FourDigitSets`] puts batches together, any batch at any time, from a seed.
//!
//! ```
//! use newton_runtime::data::{Digits, FourDigitSets, Split};
//!
//! // Digits::load("data/mnist".as_ref())? where the files are, Digits::synthetic(1) where they are not; here, a few.
//! let digits = Digits::synthetic_sized(1, 600, 50, 100);
//! println!("{}", digits.provenance);
//! let sets = FourDigitSets::new(&digits, Split::Train, 5, 42)?;
//! let shape = sets.shape(100);
//! let (mut images, mut numbers) = (vec![0.0; shape.pixels()], vec![0; shape.numbers()]);
//! for step in 0..3 {
//!     sets.fill(step, &mut images, &mut numbers)?; // (100, 5, 1, 28, 112) in [0, 1], and (100, 5) in 0..=9999
//! }
//! # Ok::<(), newton_runtime::data::DataError>(())
//! ```
#![forbid(unsafe_code)]

mod digits;
#[cfg(feature = "download")]
pub mod download;
mod error;
mod four_digit;
pub mod idx;
mod mnist;
pub mod npy;
mod random;
pub mod synthetic;
pub mod warcraft;

pub use digits::{DigitImages, Digits, PIXELS, SIDE, Split};
pub use error::DataError;
pub use four_digit::{FourDigitSets, Shape};
pub use mnist::{FileReport, OFFICIAL_MNIST, Official, Provenance};
