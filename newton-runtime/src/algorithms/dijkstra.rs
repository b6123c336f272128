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
//!
//! Where costs are positive, the same path is found faster without a queue: `sweeps.rs`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::DijkstraError;
use super::error::lengths;
use super::grid::FAR;
use super::sweeps::{Sweeps, Walks, suit};
use crate::scalar::Float;

/// A solver for grids of one size. Its buffers are made once: solving allocates nothing.
#[derive(Debug, Clone)]
pub struct Dijkstra<F> {
    sweeps: Sweeps<F>,
    walks: Walks,
    /// With a border, as the distances are.
    costs: Vec<F>,
    /// The cell from which each was reached; indices with the border.
    predecessor: Vec<u32>,
    /// The nearest and then the first cell on top.
    queue: BinaryHeap<Reverse<u128>>,
}

impl<F: Float> Dijkstra<F> {
    /// For grids of `rows` x `columns` cells.
    ///
    /// # Errors
    /// [`DijkstraError::Grid`] for no cells or 2^28 and more.
    pub fn new(rows: usize, columns: usize) -> Result<Self, DijkstraError> {
        let sweeps = Sweeps::new(rows, columns)?;
        Ok(Self {
            predecessor: vec![0; sweeps.grid.distance.len()],
            costs: vec![F::default(); sweeps.grid.distance.len()],
            // Each cell is expanded once and then offers itself to eight neighbours at most.
            queue: BinaryHeap::with_capacity(8 * sweeps.grid.cells() + 1),
            walks: Walks::new(sweeps.grid.cells()),
            sweeps,
        })
    }

    /// Cells down and across.
    pub fn size(&self) -> (usize, usize) {
        (self.sweeps.grid.rows, self.sweeps.grid.columns)
    }

    /// Finds the path for `costs`, (rows, columns) row-major, and marks it in `path`, of the same shape: 1 (`true`) on
    /// it, 0 elsewhere. Returns what the path costs.
    ///
    /// # Errors
    /// [`DijkstraError::Length`], [`DijkstraError::NotFinite`], [`DijkstraError::Unreachable`]; `path` is then as it was.
    pub fn solve<P: From<bool>>(&mut self, costs: &[F], path: &mut [P]) -> Result<F, DijkstraError> {
        let (rows, columns) = self.size();
        lengths(costs.len(), path.len(), rows * columns)?;
        if suit(rows, columns, 1) {
            self.sweeps.grid.load(0, costs);
            self.sweeps.solve(1, &mut self.walks);
            if self.walks.solved == 1 {
                self.walks.mark(0, path);
                return Ok(self.sweeps.grid.distance[self.sweeps.grid.target()]);
            }
        }
        self.solve_by_queue(costs, path)
    }

    /// The same for costs and a path of the right length, whatever the costs are.
    pub(super) fn solve_by_queue<P: From<bool>>(
        &mut self,
        costs: &[F],
        path: &mut [P],
    ) -> Result<F, DijkstraError> {
        let (rows, columns) = self.size();
        if let Some(cell) = costs.iter().position(|cost| !cost.is_finite()) {
            let (row, column) = (cell / columns, cell % columns);
            return Err(DijkstraError::NotFinite { row, column, value: costs[cell].to_f64() });
        }
        self.search(costs);
        let grid = &self.sweeps.grid;
        let (width, first, target) = (grid.width(), grid.first(), grid.target());
        let total = grid.distance[target];
        if target != first && total == F::from_f64(FAR) {
            return Err(DijkstraError::Unreachable { row: rows - 1, column: columns - 1 });
        }
        path.fill_with(|| P::from(false));
        let mut cell = target;
        while cell != first {
            path[(cell / width - 1) * columns + cell % width - 1] = P::from(true);
            cell = self.predecessor[cell] as usize;
        }
        path[0] = P::from(true);
        Ok(total)
    }

    /// Fills in distances and predecessors, up to and including the target's.
    fn search(&mut self, costs: &[F]) {
        let grid = &mut self.sweeps.grid;
        let (rows, columns, width) = (grid.rows, grid.columns, grid.width());
        // Closed cells are as far as NaN, and so is the border: no offer is less.
        grid.distance.fill(F::from_f64(f64::NAN));
        for row in 0..rows {
            let start = (row + 1) * width + 1;
            grid.distance[start..][..columns].fill(F::from_f64(FAR));
            self.costs[start..][..columns].copy_from_slice(&costs[row * columns..][..columns]);
        }
        let (first, target) = (grid.first(), grid.target());
        grid.distance[first] = costs[0];
        self.queue.clear();
        self.queue.push(candidate(costs[0], first));
        while let Some(Reverse(nearest)) = self.queue.pop() {
            let cell = nearest as u32 as usize;
            // What is on top is final: the target's predecessors are closed and will not change.
            if cell == target {
                return;
            }
            let here = std::mem::replace(&mut grid.distance[cell], F::from_f64(f64::NAN));
            // An older offer to a cell that was expanded at a better one. Distances of open cells are sums of finite numbers.
            if here.to_f64().is_nan() {
                continue;
            }
            for row in [cell - width - 1, cell - 1, cell + width - 1] {
                let costs = &self.costs[row..row + 3];
                let distance = &mut grid.distance[row..row + 3];
                let predecessor = &mut self.predecessor[row..row + 3];
                for k in 0..3 {
                    let offer = costs[k] + here;
                    if offer < distance[k] {
                        (distance[k], predecessor[k]) = (offer, cell as u32);
                        self.queue.push(candidate(offer, row + k));
                    }
                }
            }
        }
    }
}

/// Distance and cell in an integer that is ordered as they are: comparing costs one instruction or two, and no branch.
fn candidate<F: Float>(distance: F, cell: usize) -> Reverse<u128> {
    // 0 and -0 tie. The bits of negative numbers fall where the numbers rise.
    let bits = (distance.to_f64() + 0.0).to_bits();
    let order = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    Reverse(u128::from(order) << 32 | cell as u128)
}

#[cfg(test)]
#[path = "dijkstra_tests.rs"]
mod tests;
