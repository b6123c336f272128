//! What differs between benchmarks.

use dfdx::nn::tensor_collection::TensorCollection;
use dfdx::prelude::Gradients;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::data::Split;
use crate::graph::{Backend, LayerError};
use crate::newton::Newton;
use crate::train::{Loss, TrainError};

/// A benchmark: data, network, loss, measure.
pub(in crate::train) trait Benchmark {
    /// Where networks are.
    type Device: Backend;
    /// One per method.
    type Network: TensorCollection<f32, Self::Device> + Clone;
    /// One per method, the same but for its Newton settings.
    type Criterion;
    /// A batch on the host.
    type Draw: Send;
    /// What all methods train on in a step, on the device.
    type Batch;
    /// What is measured; part of a checkpoint.
    type Accuracy: Clone + Serialize + DeserializeOwned;
    /// The numbers of an accuracy, as tables head them.
    const COLUMNS: &'static [&'static str];
    /// The column of [`Benchmark::score`].
    const SCORE: &'static str;

    /// What draws the batch of a step, counted from 0: on any thread.
    fn draws(&self) -> impl Fn(u64) -> Self::Draw + Sync;

    /// Moves it to the device.
    fn batch(&self, draw: Self::Draw) -> Result<Self::Batch, TrainError>;

    /// Samples in a batch, by which ranks' gradients are weighted.
    fn samples(&self, batch: &Self::Batch) -> usize;

    /// By what a method's learning rate is multiplied in a step, counted from 0.
    fn decay(&self, step: u64) -> f64;

    /// The loss of a batch, on a tape over `gradients`.
    fn forward(
        &self,
        network: &mut Self::Network,
        loss: &Self::Criterion,
        batch: &Self::Batch,
        gradients: Gradients<f32, Self::Device>,
    ) -> Result<Loss<Self::Device>, LayerError>;

    /// How good a network is on validation or test data.
    fn measure(&self, network: &Self::Network, split: Split) -> Result<Self::Accuracy, TrainError>;

    /// In the order of [`Benchmark::COLUMNS`].
    fn numbers(accuracy: &Self::Accuracy) -> Vec<f64>;

    /// By which the best network is chosen in validation; higher is better.
    fn score(accuracy: &Self::Accuracy) -> f64;

    /// The settings of a loss.
    fn newton(loss: &Self::Criterion) -> Newton;
}
