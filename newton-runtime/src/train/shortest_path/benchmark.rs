//! Shortest paths for the loop that all benchmarks share.

use std::marker::PhantomData;

use dfdx::prelude::{Cpu, Gradients, NoneTape, Trace};

use super::predict::{evaluate, images};
use super::{CostLoss, CostNetwork, EVALUATION_MAPS, MapImages, PathResult, Settings};
use crate::data::Split;
use crate::data::warcraft::{MapBatch, MapBatches, Warcraft};
use crate::graph::LayerError;
use crate::newton::Newton;
use crate::train::compare::Benchmark;
use crate::train::{Loss, TrainError};

pub(super) struct ShortestPath<'a, N> {
    pub settings: &'a Settings,
    pub train: MapBatches,
    pub valid: MapBatches,
    pub test: MapBatches,
    network: PhantomData<N>,
}

impl<'a, N> ShortestPath<'a, N> {
    pub fn new(settings: &'a Settings, maps: &Warcraft) -> Result<Self, TrainError> {
        let evaluated = |split| MapBatches::in_order(maps, split, EVALUATION_MAPS);
        Ok(Self {
            settings,
            train: MapBatches::shuffled(maps, Split::Train, settings.batch, settings.seed)?,
            valid: evaluated(Split::Valid)?,
            test: evaluated(Split::Test)?,
            network: PhantomData,
        })
    }
}

impl<N: CostNetwork> Benchmark for ShortestPath<'_, N> {
    type Network = N;
    type Criterion = Box<dyn CostLoss>;
    /// Images and paths.
    type Batch = (MapImages<NoneTape>, Vec<f32>);
    type Accuracy = PathResult;
    const COLUMNS: &'static [&'static str] = &["perfect", "optimal", "cost_ratio"];
    const SCORE: &'static str = "perfect";

    fn batch(&self, step: u64) -> Result<Self::Batch, TrainError> {
        let mut batch = MapBatch::default();
        self.train.fill(step, &mut batch);
        Ok((images(&batch)?, batch.paths))
    }

    fn decay(&self, step: u64) -> f64 {
        self.settings.decay(step / self.train.per_epoch())
    }

    fn forward(
        &self,
        network: &mut N,
        loss: &Self::Criterion,
        (images, paths): &Self::Batch,
        gradients: Gradients<f32, Cpu>,
    ) -> Result<Loss, LayerError> {
        loss.apply(network.train(images.clone().traced(gradients))?, paths)
    }

    fn measure(&self, network: &N, split: Split) -> Result<PathResult, TrainError> {
        match split {
            Split::Test => evaluate(network, &self.test),
            _ => evaluate(network, &self.valid),
        }
    }

    fn numbers(result: &PathResult) -> Vec<f64> {
        let accuracy = result.accuracy;
        vec![accuracy.perfect, accuracy.optimal, accuracy.cost_ratio]
    }

    fn score(result: &PathResult) -> f64 {
        result.accuracy.perfect
    }

    fn newton(loss: &Self::Criterion) -> Newton {
        loss.newton()
    }
}
