//! Networks of the benchmarks.

mod comb_resnet;
mod mnist_cnn;
mod small_cnn;

pub use comb_resnet::{CombResNet, CombResNet18, CombResNet18Builder, CombResNetBuilder};
pub use mnist_cnn::{MnistCnn, MnistCnnBuilder};
pub use small_cnn::{SmallCnn, SmallCnnBuilder};
