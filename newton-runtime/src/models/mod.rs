//! Networks of the benchmarks.

mod mnist_cnn;

pub use mnist_cnn::{MnistCnn, MnistCnnBuilder};
