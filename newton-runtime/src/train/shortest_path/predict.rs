//! What a trained network says of maps: costs, the paths that are cheapest by them, and how many are right.

use dfdx::prelude::NoneTape;
use serde::{Deserialize, Serialize};

use super::{CostNetwork, MapImages};
use crate::algorithms::{DijkstraError, shortest_paths};
use crate::data::warcraft::{CELLS, CHANNELS, GRID, MapBatch, MapBatches, SIDE, WarcraftMaps};
use crate::error::Quantity;
use crate::graph::{Backend, Engine, LayerError};
use crate::newton;
use crate::train::{MapPicture, Method, PathAccuracy, PathMetrics, TrainError};

/// Maps of a picture.
const PICTURED: usize = 3;

/// How well a network does on a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathResult {
    /// Shares of maps.
    pub accuracy: PathAccuracy,
    /// Which maps' paths match, in the order of the files: what two networks both get right is no difference between them.
    pub matched: Vec<bool>,
}

/// One map as a network sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// How the network was trained.
    pub method: Method,
    /// Which map of the test split.
    pub map: usize,
    /// What the network says the cells cost, (12, 12) row-major.
    pub costs: Vec<f32>,
    /// The cheapest path by that: 1 on the path.
    pub path: Vec<f32>,
    /// The label.
    pub label: Vec<f32>,
}

impl Prediction {
    /// Map, true costs, predicted costs and both paths; `maps` is the test split.
    ///
    /// # Panics
    /// If the split has no such map.
    pub fn picture<'a>(&'a self, maps: &'a WarcraftMaps) -> MapPicture<'a> {
        MapPicture {
            rows: GRID,
            columns: GRID,
            image: maps.image(self.map),
            costs: maps.costs(self.map),
            path: &self.label,
            predicted_costs: &self.costs,
            predicted_path: &self.path,
        }
    }
}

/// The images of a batch on the device.
pub(super) fn images<D: Backend>(batch: &MapBatch, device: &D) -> Result<MapImages<NoneTape, D>, LayerError> {
    let shape = (batch.len(), CHANNELS, SIDE, SIDE);
    device.try_tensor_from_vec(batch.pixels.clone(), shape).map_err(Into::into)
}

/// Costs that a network tells, (batch, 12, 12) row-major.
///
/// # Errors
/// [`Error::NonFinite`](crate::Error::NonFinite) for one that is not finite.
pub(super) fn costs<N: CostNetwork>(network: &N, batch: &MapBatch) -> Result<Vec<f32>, TrainError> {
    let costs = <N::Device>::numbers(&network.costs(images(batch, network.device())?)?)?;
    newton::check_finite(Quantity::Prediction, &costs, CELLS)?;
    Ok(costs)
}

/// The cheapest paths by `costs`, 1 on the path.
pub(super) fn paths(costs: &[f32]) -> Result<Vec<f32>, DijkstraError> {
    let mut paths = vec![0.0; costs.len()];
    shortest_paths(GRID, GRID, costs, &mut paths)?;
    Ok(paths)
}

/// How many of all the maps of a split a network finds the path of.
///
/// # Errors
/// [`Error::NonFinite`](crate::Error::NonFinite) for a cost that is not finite, [`TrainError::Path`] for costs without a
/// path.
pub fn evaluate<N: CostNetwork>(network: &N, maps: &MapBatches) -> Result<PathResult, TrainError> {
    let mut metrics = PathMetrics::new(CELLS)?;
    let mut matched = Vec::with_capacity(maps.maps());
    let mut batch = MapBatch::default();
    for step in 0..maps.per_epoch() {
        maps.fill(step, &mut batch);
        let paths = paths(&costs(network, &batch)?)?;
        metrics.add(&paths, &batch.paths, &batch.costs)?;
        let both = paths.chunks_exact(CELLS).zip(batch.paths.chunks_exact(CELLS));
        matched.extend(both.map(|(path, label)| path == label));
    }
    Ok(PathResult { accuracy: metrics.accuracy(), matched })
}

/// What a network makes of the first maps of a split: [`MapPicture::stacked`].
pub(super) fn picture<N: CostNetwork>(network: &N, maps: &MapBatches) -> Result<Vec<u8>, TrainError> {
    let batch = first(maps);
    let costs = costs(network, &batch)?;
    let count = batch.len().min(PICTURED);
    let paths = paths(&costs[..count * CELLS])?;
    let picture = |map: usize| {
        let cells = map * CELLS..(map + 1) * CELLS;
        MapPicture {
            rows: GRID,
            columns: GRID,
            image: maps.image(batch.indices[map]),
            costs: &batch.costs[cells.clone()],
            path: &batch.paths[cells.clone()],
            predicted_costs: &costs[cells.clone()],
            predicted_path: &paths[cells],
        }
    };
    let pictures: Vec<MapPicture> = (0..count).map(picture).collect();
    Ok(MapPicture::stacked(&pictures)?)
}

/// The batch of the first maps of a split.
pub(super) fn first(maps: &MapBatches) -> MapBatch {
    let mut batch = MapBatch::default();
    maps.fill(0, &mut batch);
    batch
}
