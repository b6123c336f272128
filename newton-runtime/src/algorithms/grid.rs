//! Grids with a border around them, so that every cell has eight neighbours in memory; one grid, or one in each lane.

use super::DijkstraError;
use crate::scalar::Real;

/// The distance of cells not reached; nothing beyond it is ever reached.
pub(super) const FAR: f64 = 1e10;

/// Costs and distances of `rows` x `columns` cells.
#[derive(Debug, Clone)]
pub(super) struct Grid<P> {
    pub rows: usize,
    pub columns: usize,
    /// Row-major.
    pub costs: Vec<P>,
    /// From the first cell, which counts; with a border one cell wide.
    pub distance: Vec<P>,
}

impl<P: Real> Grid<P> {
    /// Fails for no cells or more than indices are for.
    pub fn new(rows: usize, columns: usize) -> Result<Self, DijkstraError> {
        let cells = rows.saturating_mul(columns);
        if cells == 0 || cells >= 1 << 28 {
            return Err(DijkstraError::Grid { rows, columns });
        }
        let distance = vec![P::zero(); (rows + 2) * (columns + 2)];
        Ok(Self { rows, columns, costs: vec![P::zero(); cells], distance })
    }

    /// Cells, without the border.
    pub fn cells(&self) -> usize {
        self.rows * self.columns
    }

    /// From a cell to the one below it.
    #[inline(always)]
    pub fn width(&self) -> usize {
        self.columns + 2
    }

    /// The index of the top left cell.
    #[inline(always)]
    pub fn first(&self) -> usize {
        self.width() + 1
    }

    /// The index of the bottom right cell.
    #[inline(always)]
    pub fn target(&self) -> usize {
        self.rows * self.width() + self.columns
    }

    /// Puts the costs of a grid, row-major, in a lane.
    #[inline(always)]
    pub fn load(&mut self, lane: usize, costs: &[P::Elem]) {
        let into = &mut self.costs[..costs.len()];
        for cell in 0..costs.len() {
            into[cell].set_lane(lane, costs[cell]);
        }
    }
}
