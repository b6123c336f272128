//! Networks of the benchmarks.

mod mnist_cnn;
mod small_cnn;

pub use mnist_cnn::{MnistCnn, MnistCnnBuilder};
pub use small_cnn::{SmallCnn, SmallCnnBuilder};
