//! Many grids of one size at once: one in each SIMD lane, blocks of them on all cores.
//!
//! Measured on 12 x 12 positive costs (f32, AVX-512, one core), a grid takes 0.4 us by sweeps in lanes, 2.1 us by sweeps alone, 5.4 us
//! by the queue and 4.2 us by Dijkstra's order in lanes with all cells looked through for the next, which from 18 x 18 on is
//! slower than the queue; sweeps in lanes lead beyond 120 x 120, alone up to about 50 x 50 (`benches/shortest_path`).

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::error::lengths;
use super::sweeps::{Sweeps, Walks, suit};
use super::{Dijkstra, DijkstraError};
use crate::kernel::dispatch::{Level, Task};
use crate::scalar::{Float, Real};

/// A thread's share of a batch has at least so many cells: less is done before another thread is awake.
const SHARE: usize = 4096;

/// [`Dijkstra`] for batches of grids of one size: the same paths, found for many grids at once.
///
/// Buffers are kept between calls, for as many threads as took part, so that a solver that is used again allocates none.
/// It may be used from several threads at once.
pub struct BatchDijkstra<F> {
    solver: Dijkstra<F>,
    level: Level,
    /// Those not in use.
    workspaces: Mutex<Vec<Workspace<F>>>,
}

/// What a thread works with.
struct Workspace<F> {
    /// For single grids.
    single: Dijkstra<F>,
    /// [`Sweeps`] in the lanes of `level`.
    lanes: Option<Box<dyn Any + Send>>,
    walks: Walks,
}

impl<F: Float> BatchDijkstra<F> {
    /// For grids of `rows` x `columns` cells.
    ///
    /// # Errors
    /// [`DijkstraError::Grid`] for no cells or 2^28 and more.
    pub fn new(rows: usize, columns: usize) -> Result<Self, DijkstraError> {
        let workspaces = Mutex::new(Vec::new());
        Ok(Self { solver: Dijkstra::new(rows, columns)?, level: Level::detect(), workspaces })
    }

    /// Cells down and across.
    pub fn size(&self) -> (usize, usize) {
        self.solver.size()
    }

    /// Finds the paths for `costs`, (batch, rows, columns) row-major, on all cores, and marks them in `paths`, of the same shape: 1 (`true`)
    /// on a path, 0 elsewhere.
    ///
    /// # Errors
    /// [`DijkstraError::Length`] for no whole number of grids, and [`DijkstraError::Sample`] with the first grid that has no
    /// path; the others' paths are filled in all the same.
    pub fn solve<P: From<bool> + Send>(&self, costs: &[F], paths: &mut [P]) -> Result<(), DijkstraError> {
        let (rows, columns) = self.size();
        let cells = rows * columns;
        lengths(costs.len(), paths.len(), costs.len() / cells * cells)?;
        let lanes = if suit(rows, columns, self.level.lanes::<F>()) { self.level.lanes::<F>() } else { 1 };
        let block = lanes * cells;
        let blocks = paths.par_chunks_mut(block).zip(costs.par_chunks(block)).enumerate();
        let failures = blocks.with_min_len((SHARE / block).max(1)).map_init(
            || Lease { of: self, workspace: Some(self.workspace()) },
            |lease, (block, (paths, costs))| {
                let (sample, error) = lease.workspace.as_mut()?.solve(self, costs, paths)?;
                Some((block * lanes + sample, Box::new(error)))
            },
        );
        match failures.flatten().min_by_key(|(sample, _)| *sample) {
            Some((sample, error)) => Err(DijkstraError::Sample { sample, error }),
            None => Ok(()),
        }
    }

    fn workspace(&self) -> Workspace<F> {
        let kept = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| Workspace { single: self.solver.clone(), lanes: None, walks: Walks::new(0) })
    }
}

/// A workspace in use, which goes back when it is not.
struct Lease<'a, F: Float> {
    of: &'a BatchDijkstra<F>,
    workspace: Option<Workspace<F>>,
}

impl<F: Float> Drop for Lease<'_, F> {
    fn drop(&mut self) {
        let mut kept = self.of.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(self.workspace.take());
    }
}

impl<F: Float> Workspace<F> {
    /// Solves the grids of a block. The first that has no path, if there is one.
    fn solve<P: From<bool>>(
        &mut self,
        batch: &BatchDijkstra<F>,
        costs: &[F],
        paths: &mut [P],
    ) -> Option<(usize, DijkstraError)> {
        let (rows, columns) = batch.size();
        let cells = rows * columns;
        let (grids, lanes) = (costs.len() / cells, batch.level.lanes::<F>());
        // Filling a block takes as long as a few single grids, however many of its lanes are used.
        let together = suit(rows, columns, lanes) && 4 * grids > lanes;
        if together {
            let block = Block { rows, columns, costs, workspace: RefCell::new(self) };
            batch.level.run(&block, 0);
        }
        let mut failure = None;
        for (grid, (costs, path)) in costs.chunks_exact(cells).zip(paths.chunks_exact_mut(cells)).enumerate()
        {
            let result = if !together {
                self.single.solve(costs, path)
            } else if self.walks.solved >> grid & 1 == 0 {
                self.single.solve_by_queue(costs, path)
            } else {
                self.walks.mark(grid, path);
                continue;
            };
            failure = failure.or(result.err().map(|error| (grid, error)));
        }
        failure
    }
}

/// As many grids as there are lanes, or fewer.
struct Block<'a, F> {
    rows: usize,
    columns: usize,
    costs: &'a [F],
    workspace: RefCell<&'a mut Workspace<F>>,
}

impl<F: Float> Task<F> for Block<'_, F> {
    #[inline(always)]
    fn run<P: Real<Elem = F>>(&self, _: usize) {
        let mut workspace = self.workspace.borrow_mut();
        let Workspace { lanes, walks, .. } = &mut **workspace;
        walks.solved = 0;
        if !lanes.as_ref().is_some_and(|lanes| lanes.is::<Sweeps<P>>()) {
            *lanes = Sweeps::<P>::new(self.rows, self.columns).ok().map(|sweeps| Box::new(sweeps) as _);
        }
        // What is not solved here is solved one by one.
        let Some(sweeps) = lanes.as_mut().and_then(|lanes| lanes.downcast_mut::<Sweeps<P>>()) else { return };
        let cells = self.rows * self.columns;
        let grids = self.costs.len() / cells;
        for lane in 0..P::LANES {
            // Lanes to spare hold the last grid once more.
            let grid = lane.min(grids - 1);
            sweeps.grid.load(lane, &self.costs[grid * cells..][..cells]);
        }
        sweeps.solve(grids, walks);
    }
}

impl<F: Float> Clone for BatchDijkstra<F> {
    fn clone(&self) -> Self {
        Self { solver: self.solver.clone(), level: self.level, workspaces: Mutex::new(Vec::new()) }
    }
}

impl<F: Float> fmt::Debug for BatchDijkstra<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = self.size();
        f.debug_struct("BatchDijkstra")
            .field("rows", &rows)
            .field("columns", &columns)
            .finish_non_exhaustive()
    }
}

/// The paths of a batch, on all cores: `costs` and `paths` are (batch, rows, columns) row-major. [`BatchDijkstra`] keeps its buffers for
/// further batches.
///
/// # Errors
/// [`DijkstraError::Grid`], [`DijkstraError::Length`] for no whole number of grids, and [`DijkstraError::Sample`] with
/// the first grid that has no path; the others' paths are filled in all the same.
pub fn shortest_paths<F: Float, P: From<bool> + Send>(
    rows: usize,
    columns: usize,
    costs: &[F],
    paths: &mut [P],
) -> Result<(), DijkstraError> {
    BatchDijkstra::new(rows, columns)?.solve(costs, paths)
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
