//! Shortest paths as a black box.

use std::marker::PhantomData;

use super::{Arguments, Failure, Oracle};
use crate::algorithms::{DijkstraError, shortest_paths};
use crate::scalar::Float;

/// The cheapest path through a grid: costs of the cells, rows x columns, to 1 on the path and 0 elsewhere, as
/// [`crate::algorithms::dijkstra`] defines it. Labels may be anything; they are not read.
#[derive(Debug)]
pub struct GridPaths<L> {
    rows: usize,
    columns: usize,
    label: PhantomData<fn(&L)>,
}

impl<L> GridPaths<L> {
    /// For grids of `rows` x `columns` cells.
    pub const fn new(rows: usize, columns: usize) -> Self {
        Self { rows, columns, label: PhantomData }
    }
}

impl<L> Clone for GridPaths<L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L> Copy for GridPaths<L> {}

impl<T: Float + From<bool>, L: Sync> Oracle<T> for GridPaths<L> {
    type Label = L;

    fn name(&self) -> &'static str {
        "the shortest path"
    }

    fn dim(&self) -> usize {
        self.rows * self.columns
    }

    fn outputs(&self) -> usize {
        self.rows * self.columns
    }

    fn evaluate(&self, arguments: &Arguments<'_, T, L>, results: &mut [T]) -> Result<(), Failure> {
        shortest_paths(self.rows, self.columns, arguments.values(), results).map_err(|error| match error {
            DijkstraError::Sample { sample, error } => Failure::at(sample, error),
            other => Failure::whole(other),
        })
    }
}
