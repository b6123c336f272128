//! Shortest paths as a black box.

use std::marker::PhantomData;

use super::{Arguments, Failure, Oracle};
use crate::algorithms::{BatchDijkstra, DijkstraError};
use crate::scalar::Float;

/// The cheapest path through a grid: costs of the cells, rows x columns, to 1 on the path and 0 elsewhere, as
/// [`Dijkstra`](crate::algorithms::Dijkstra) defines it; a whole batch at once, without allocations but the first. Labels may be anything; they are
/// not read.
pub struct GridPaths<T: Float, L> {
    solver: BatchDijkstra<T>,
    label: PhantomData<fn(&L)>,
}

impl<T: Float, L> GridPaths<T, L> {
    /// For grids of `rows` x `columns` cells.
    ///
    /// # Errors
    /// [`DijkstraError::Grid`] for no cells or 2^28 and more.
    pub fn new(rows: usize, columns: usize) -> Result<Self, DijkstraError> {
        Ok(Self { solver: BatchDijkstra::new(rows, columns)?, label: PhantomData })
    }

    /// Cells down and across.
    pub fn size(&self) -> (usize, usize) {
        self.solver.size()
    }
}

impl<T: Float, L> Clone for GridPaths<T, L> {
    fn clone(&self) -> Self {
        Self { solver: self.solver.clone(), label: PhantomData }
    }
}

impl<T: Float + From<bool>, L: Sync> Oracle<T> for GridPaths<T, L> {
    type Label = L;

    fn name(&self) -> &'static str {
        "the shortest path"
    }

    fn dim(&self) -> usize {
        let (rows, columns) = self.solver.size();
        rows * columns
    }

    fn outputs(&self) -> usize {
        Oracle::<T>::dim(self)
    }

    fn evaluate_all(&self, arguments: &Arguments<'_, T, L>, results: &mut [T]) -> Result<(), Failure> {
        self.solver.solve(arguments.values(), results).map_err(|error| match error {
            DijkstraError::Sample { sample, error } => Failure::at(sample, error),
            other => Failure::whole(other),
        })
    }

    #[cfg(feature = "cuda")]
    fn for_device(&self) -> Option<&dyn crate::cuda::smoothing::DeviceOracle<T, L>> {
        Some(self)
    }
}
