//! The cheapest way through a grid of costs, from the top left cell to the bottom right one.
//!
//! Costs stand on the cells; a path costs the sum of the cells it visits, first and last included. Steps go to all
//! eight neighbours, a diagonal one costs no more. What is found agrees with the solver of the Warcraft benchmark
//! (martius-lab, blackbox-backprop, `shortest_path.py`) cell by cell, which matters where paths tie or costs are
//! negative:
//!
//! * of cells equally far, the one first in row-major order is expanded first;
//! * a cell takes another predecessor only if that is strictly cheaper, in the arithmetic of `F`;
//! * an expanded cell stays as it is, so that negative costs (perturbed ones are) give a path and no endless loop,
//!   though not always the cheapest path;
//! * what costs 1e10 or more counts as out of reach.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rayon::prelude::*;

use crate::scalar::Float;

/// The distance of cells not reached; nothing beyond it is ever reached.
const FAR: f64 = 1e10;
/// The predecessor of cells not reached.
const NONE: u32 = u32::MAX;

/// Why there is no path.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DijkstraError {
    /// No cells, or more than their indices can count.
    #[error("a grid of {rows} x {columns} cells; expected at least one and fewer than 2^28")]
    Grid {
        /// Cells down.
        rows: usize,
        /// Cells across.
        columns: usize,
    },
    /// An array that is no grid of this size (or no whole number of them).
    #[error("{what} have {found} elements, expected {expected}")]
    Length {
        /// "the costs" or "the path's cells".
        what: &'static str,
        /// Its length.
        found: usize,
        /// Cells of the grid; of all grids for a batch.
        expected: usize,
    },
    /// A NaN has no place in any order, and infinite costs no sum.
    #[error("the cost of cell ({row}, {column}) is {value}, expected a finite number")]
    NotFinite {
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        column: usize,
        /// Its cost.
        value: f64,
    },
    /// Every way to the target costs 1e10 or more.
    #[error("cell ({row}, {column}) is out of reach: every path to it costs 1e10 or more")]
    Unreachable {
        /// Row of the target.
        row: usize,
        /// Column of the target.
        column: usize,
    },
    /// One grid of a batch; the first that fails.
    #[error("sample {sample}: {error}")]
    Sample {
        /// Index in the batch.
        sample: usize,
        /// What is wrong with it.
        error: Box<DijkstraError>,
    },
}

/// A cell to expand, the nearest and then the first in row-major order on top of the heap.
#[derive(Debug, Clone, Copy)]
struct Candidate<F> {
    distance: F,
    cell: u32,
}

impl<F: Float> Ord for Candidate<F> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Distances are sums of finite numbers and never NaN. `total_cmp` would not do: 0 and -0 tie.
        let nearer = other.distance.partial_cmp(&self.distance).unwrap_or(Ordering::Equal);
        nearer.then(other.cell.cmp(&self.cell))
    }
}

impl<F: Float> PartialOrd for Candidate<F> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<F: Float> PartialEq for Candidate<F> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<F: Float> Eq for Candidate<F> {}

/// A solver for grids of one size. Its buffers are made once: solving allocates nothing.
#[derive(Debug, Clone)]
pub struct Dijkstra<F> {
    rows: usize,
    columns: usize,
    distance: Vec<F>,
    /// The cell from which each was reached.
    predecessor: Vec<u32>,
    /// Expanded, and final.
    closed: Vec<bool>,
    queue: BinaryHeap<Candidate<F>>,
}

impl<F: Float> Dijkstra<F> {
    /// For grids of `rows` x `columns` cells.
    ///
    /// # Errors
    /// [`DijkstraError::Grid`] for no cells or 2^28 and more.
    pub fn new(rows: usize, columns: usize) -> Result<Self, DijkstraError> {
        let cells = rows.saturating_mul(columns);
        if cells == 0 || cells >= 1 << 28 {
            return Err(DijkstraError::Grid { rows, columns });
        }
        Ok(Self {
            rows,
            columns,
            distance: vec![F::default(); cells],
            predecessor: vec![NONE; cells],
            closed: vec![false; cells],
            // Each cell is expanded once and then offers itself to eight neighbours at most.
            queue: BinaryHeap::with_capacity(8 * cells + 1),
        })
    }

    /// Cells down and across.
    pub fn size(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Finds the path for `costs`, (rows, columns) row-major, and marks it in `path`, of the same shape: 1 (`true`) on
    /// it, 0 elsewhere. Returns what the path costs.
    ///
    /// # Errors
    /// [`DijkstraError::Length`], [`DijkstraError::NotFinite`], [`DijkstraError::Unreachable`]; `path` is then as it was.
    pub fn solve<P: From<bool>>(&mut self, costs: &[F], path: &mut [P]) -> Result<F, DijkstraError> {
        let cells = self.rows * self.columns;
        for (what, found) in [("the costs", costs.len()), ("the path's cells", path.len())] {
            if found != cells {
                return Err(DijkstraError::Length { what, found, expected: cells });
            }
        }
        if let Some(cell) = costs.iter().position(|cost| !cost.is_finite()) {
            let (row, column) = (cell / self.columns, cell % self.columns);
            return Err(DijkstraError::NotFinite { row, column, value: costs[cell].to_f64() });
        }
        let target = cells - 1;
        self.search(costs, target);
        if target != 0 && self.predecessor[target] == NONE {
            return Err(DijkstraError::Unreachable { row: self.rows - 1, column: self.columns - 1 });
        }
        path.fill_with(|| P::from(false));
        let mut cell = target;
        path[cell] = P::from(true);
        while cell != 0 {
            cell = self.predecessor[cell] as usize;
            path[cell] = P::from(true);
        }
        Ok(self.distance[target])
    }

    /// Fills in distances and predecessors, up to and including the target's.
    fn search(&mut self, costs: &[F], target: usize) {
        self.distance.fill(F::from_f64(FAR));
        self.predecessor.fill(NONE);
        self.closed.fill(false);
        self.queue.clear();
        self.distance[0] = costs[0];
        self.queue.push(Candidate { distance: costs[0], cell: 0 });
        while let Some(Candidate { cell, .. }) = self.queue.pop() {
            let cell = cell as usize;
            // What is on top is final: the target's predecessors are closed and will not change.
            if cell == target {
                return;
            }
            // An older offer to a cell that was expanded at a better one.
            if std::mem::replace(&mut self.closed[cell], true) {
                continue;
            }
            let (row, column) = (cell / self.columns, cell % self.columns);
            let here = self.distance[cell];
            for r in row.saturating_sub(1)..(row + 2).min(self.rows) {
                for c in column.saturating_sub(1)..(column + 2).min(self.columns) {
                    let next = r * self.columns + c;
                    let distance = costs[next] + here;
                    if !self.closed[next] && distance < self.distance[next] {
                        self.distance[next] = distance;
                        self.predecessor[next] = cell as u32;
                        self.queue.push(Candidate { distance, cell: next as u32 });
                    }
                }
            }
        }
    }
}

/// The paths of a batch, on all cores: `costs` and `paths` are (batch, rows, columns) row-major.
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
    let solver = Dijkstra::new(rows, columns)?;
    let cells = rows * columns;
    for (what, found) in [("the costs", costs.len()), ("the path's cells", paths.len())] {
        let expected = costs.len() / cells * cells;
        if found != expected {
            return Err(DijkstraError::Length { what, found, expected });
        }
    }
    let failures = paths.par_chunks_exact_mut(cells).zip(costs.par_chunks_exact(cells)).enumerate().map_init(
        || solver.clone(),
        |solver, (sample, (path, costs))| {
            solver.solve(costs, path).err().map(|error| (sample, Box::new(error)))
        },
    );
    match failures.flatten().min_by_key(|(sample, _)| *sample) {
        Some((sample, error)) => Err(DijkstraError::Sample { sample, error }),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "dijkstra_tests.rs"]
mod tests;
