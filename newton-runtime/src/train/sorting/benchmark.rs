//! Sorting for the loop that all benchmarks share.

use dfdx::prelude::{Gradients, NoneTape, Trace};

use super::scorer::{Images, Scorer};
use super::{EVALUATION_SETS, RankingLoss, Settings};
use crate::data::{FourDigitSets, Split};
use crate::error::Quantity;
use crate::graph::{Engine, LayerError};
use crate::newton::{self, Newton};
use crate::parallel::Share;
use crate::train::compare::Benchmark;
use crate::train::{Loss, RankingAccuracy, RankingMetrics, TrainError};

pub(super) struct Sorting<'a, N: Scorer> {
    pub settings: &'a Settings,
    pub device: &'a N::Device,
    pub train: FourDigitSets,
    pub valid: FourDigitSets,
    pub test: FourDigitSets,
    /// Of every training batch.
    pub share: Share,
}

impl<N: Scorer> Benchmark for Sorting<'_, N> {
    type Device = N::Device;
    type Network = N;
    type Criterion = Box<dyn RankingLoss<N::Device>>;
    /// Pixels and their numbers.
    type Draw = (Vec<f32>, Vec<u32>);
    /// Images and their numbers.
    type Batch = (Images<NoneTape, N::Device>, Vec<u32>);
    type Accuracy = RankingAccuracy;
    const COLUMNS: &'static [&'static str] = &["em", "ew", "em5"];
    const SCORE: &'static str = "em5";

    fn draws(&self) -> impl Fn(u64) -> Self::Draw + Sync {
        let (train, rows) = (&self.train, self.share.rows(self.settings.batch));
        move |step| train.rows(step, rows.clone())
    }

    fn batch(&self, (pixels, numbers): Self::Draw) -> Result<Self::Batch, TrainError> {
        Ok((N::images(pixels, self.device)?, numbers))
    }

    fn samples(&self, (_, numbers): &Self::Batch) -> usize {
        numbers.len() / self.settings.n
    }

    fn decay(&self, _: u64) -> f64 {
        1.0
    }

    fn forward(
        &self,
        network: &mut N,
        loss: &Self::Criterion,
        (images, numbers): &Self::Batch,
        gradients: Gradients<f32, N::Device>,
    ) -> Result<Loss<N::Device>, LayerError> {
        loss.apply(network.scores(images.clone().traced(gradients), self.settings.n)?, numbers)
    }

    fn measure(&self, network: &N, split: Split) -> Result<RankingAccuracy, TrainError> {
        match split {
            Split::Test => evaluate(network, &self.test, self.settings.test_batches),
            _ => evaluate(network, &self.valid, self.settings.valid_batches),
        }
    }

    fn numbers(accuracy: &RankingAccuracy) -> Vec<f64> {
        vec![accuracy.em, accuracy.ew, accuracy.em5]
    }

    /// EM5, which says something before EM does.
    fn score(accuracy: &RankingAccuracy) -> f64 {
        accuracy.em5
    }

    fn newton(loss: &Self::Criterion) -> Newton {
        loss.newton()
    }
}

/// How well a network ranks the first `batches` batches of [`EVALUATION_SETS`] sets.
///
/// # Errors
/// [`Error::NonFinite`](crate::Error::NonFinite) for a score that is not finite: it would be ranked like any other.
pub fn evaluate<N: Scorer>(
    network: &N,
    sets: &FourDigitSets,
    batches: u64,
) -> Result<RankingAccuracy, TrainError> {
    let mut metrics = RankingMetrics::new(sets.n());
    for batch in 0..batches {
        let (scores, numbers) = scores(network, sets, batch, EVALUATION_SETS)?;
        metrics.add(&scores, &numbers);
    }
    Ok(metrics.accuracy())
}

/// Scores and true numbers of one batch, both (`count`, n) row-major.
pub(super) fn scores<N: Scorer>(
    network: &N,
    sets: &FourDigitSets,
    batch: u64,
    count: usize,
) -> Result<(Vec<f32>, Vec<u32>), TrainError> {
    let (pixels, numbers) = sets.batch(batch, count);
    let scores = network.scores(N::images(pixels, network.device())?, sets.n())?;
    let scores = <N::Device>::numbers(&scores)?;
    newton::check_finite(Quantity::Prediction, &scores, sets.n())?;
    Ok((scores, numbers))
}
