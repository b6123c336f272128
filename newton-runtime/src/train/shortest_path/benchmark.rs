//! Shortest paths for the loop that all benchmarks share.

use dfdx::prelude::{Gradients, NoneTape, Trace};

use super::predict::{evaluate, images};
use super::{CostLoss, CostNetwork, EVALUATION_MAPS, MapImages, PathResult, Settings};
use crate::data::Split;
use crate::data::warcraft::{CELLS, MapBatch, MapBatches, Warcraft};
use crate::graph::LayerError;
use crate::newton::Newton;
use crate::parallel::Share;
use crate::train::compare::Benchmark;
use crate::train::{Loss, TrainError};

pub(super) struct ShortestPath<'a, N: CostNetwork> {
    pub settings: &'a Settings,
    device: &'a N::Device,
    pub train: MapBatches,
    pub valid: MapBatches,
    pub test: MapBatches,
    /// Of every training batch.
    pub share: Share,
}

impl<'a, N: CostNetwork> ShortestPath<'a, N> {
    pub fn new(device: &'a N::Device, settings: &'a Settings, maps: &Warcraft) -> Result<Self, TrainError> {
        let evaluated = |split| MapBatches::in_order(maps, split, EVALUATION_MAPS);
        Ok(Self {
            settings,
            device,
            train: MapBatches::shuffled(maps, Split::Train, settings.batch, settings.seed)?,
            valid: evaluated(Split::Valid)?,
            test: evaluated(Split::Test)?,
            share: Share::default(),
        })
    }
}

impl<N: CostNetwork> Benchmark for ShortestPath<'_, N> {
    type Device = N::Device;
    type Network = N;
    type Criterion = Box<dyn CostLoss<N::Device>>;
    type Draw = MapBatch;
    /// Images and paths.
    type Batch = (MapImages<NoneTape, N::Device>, Vec<f32>);
    type Accuracy = PathResult;
    const COLUMNS: &'static [&'static str] = &["perfect", "optimal", "cost_ratio"];
    const SCORE: &'static str = "perfect";

    fn draws(&self) -> impl Fn(u64) -> MapBatch + Sync {
        let (train, share) = (&self.train, self.share);
        move |step| {
            let mut batch = MapBatch::default();
            train.fill_part(step, |maps| share.rows(maps), &mut batch);
            batch
        }
    }

    fn batch(&self, draw: MapBatch) -> Result<Self::Batch, TrainError> {
        Ok((images(&draw, self.device)?, draw.paths))
    }

    fn samples(&self, (_, paths): &Self::Batch) -> usize {
        paths.len() / CELLS
    }

    fn decay(&self, step: u64) -> f64 {
        self.settings.decay(step / self.train.per_epoch())
    }

    fn forward(
        &self,
        network: &mut N,
        loss: &Self::Criterion,
        (images, paths): &Self::Batch,
        gradients: Gradients<f32, N::Device>,
    ) -> Result<Loss<N::Device>, LayerError> {
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
