//! Why there is no path.

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

/// Both arrays have `expected` elements.
pub(super) fn lengths(costs: usize, path: usize, expected: usize) -> Result<(), DijkstraError> {
    for (what, found) in [("the costs", costs), ("the path's cells", path)] {
        if found != expected {
            return Err(DijkstraError::Length { what, found, expected });
        }
    }
    Ok(())
}
