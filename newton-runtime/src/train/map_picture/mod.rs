//! A map, what its cells cost, what a network thinks they cost, and both cheapest paths, side by side as a PNG picture.
//!
//! ```
//! use newton_runtime::algorithms::Dijkstra;
//! use newton_runtime::data::warcraft::Warcraft;
//! use newton_runtime::train::MapPicture;
//!
//! let maps = Warcraft::synthetic_sized(1, 0, 0, 1).test;
//! let predicted = [1.0; 144];
//! let (mut path, mut label) = ([0.0; 144], [0.0; 144]);
//! Dijkstra::new(12, 12)?.solve(&predicted, &mut path)?;
//! Dijkstra::new(12, 12)?.solve(maps.costs(0), &mut label)?;
//! let picture = MapPicture {
//!     rows: 12,
//!     columns: 12,
//!     image: maps.image(0),
//!     costs: maps.costs(0),
//!     path: &label,
//!     predicted_costs: &predicted,
//!     predicted_path: &path,
//! };
//! assert!(picture.png()?.starts_with(b"\x89PNG"));
//! // picture.save(file)? writes a file that is whole or not there
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(in crate::train) mod canvas;
pub(in crate::train) mod font;
mod panels;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;

use super::files;
use panels::Layout;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// A grid without cells, or too large to be looked at.
    #[error("a map of {rows} x {columns} cells, expected 1 to 64 each way")]
    Grid {
        /// Cells down.
        rows: usize,
        /// Cells across.
        columns: usize,
    },
    /// An array that does not fit the grid.
    #[error("`{what}` has {found} elements, expected {expected}")]
    Length {
        /// The field.
        what: &'static str,
        /// Its length.
        found: usize,
        /// Cells of the grid.
        expected: usize,
    },
    /// An image that is not made of square tiles, one per cell.
    #[error("`image` has {found} elements, expected 3 t^2 for each of {cells} cells, with t from 1 to 256")]
    Image {
        /// Its length.
        found: usize,
        /// Cells of the grid.
        cells: usize,
    },
    /// A number without a colour.
    #[error("`{what}` is {value} in cell ({row}, {column})")]
    NotFinite {
        /// The field.
        what: &'static str,
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        column: usize,
        /// The number.
        value: f32,
    },
    /// The picture cannot be packed.
    #[error("packing failed: {0}")]
    Encoding(#[from] png::EncodingError),
    /// The picture cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What is drawn; all arrays are row-major.
#[derive(Debug, Clone, Copy)]
pub struct MapPicture<'a> {
    /// Cells down.
    pub rows: usize,
    /// Cells across.
    pub columns: usize,
    /// (rows t, columns t, 3): t x t pixels per cell, red green blue.
    pub image: &'a [u8],
    /// (rows, columns): what the cells truly cost.
    pub costs: &'a [f32],
    /// (rows, columns): the label, above 0.5 on the path.
    pub path: &'a [f32],
    /// (rows, columns): what the network says.
    pub predicted_costs: &'a [f32],
    /// (rows, columns): the cheapest path of those, above 0.5 on the path.
    pub predicted_path: &'a [f32],
}

impl MapPicture<'_> {
    /// Writes [`MapPicture::png`] to a file, whole or not at all.
    ///
    /// # Errors
    /// [`PictureError`].
    pub fn save(&self, file: &Path) -> Result<(), PictureError> {
        Ok(files::replace(file, &self.png()?)?)
    }

    /// The picture as a PNG file: the map; true costs with the label on them; predicted costs with the predicted path;
    /// both paths on the darkened map. Each heat map has a scale of its own.
    ///
    /// # Errors
    /// [`PictureError`] for arrays that do not belong together and costs that are not finite.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        Self::stacked(&[*self])
    }

    /// Several maps as one PNG file, a row for each; all rows have the columns of [`MapPicture::png`].
    ///
    /// # Errors
    /// As [`MapPicture::png`], and [`PictureError::Grid`] without a map.
    pub fn stacked(maps: &[MapPicture<'_>]) -> Result<Vec<u8>, PictureError> {
        let tiles = maps.iter().map(MapPicture::check).collect::<Result<Vec<_>, _>>()?;
        let layout = Layout::of(maps).ok_or(PictureError::Grid { rows: 0, columns: 0 })?;
        let mut canvas = layout.canvas();
        for ((map, tile), top) in maps.iter().zip(tiles).zip(&layout.tops) {
            map.draw(&mut canvas, &layout.lefts, *top, tile);
        }
        Ok(canvas.png()?)
    }

    /// Pixels of a tile.
    fn check(&self) -> Result<usize, PictureError> {
        let (rows, columns) = (self.rows, self.columns);
        if !(1..=64).contains(&rows) || !(1..=64).contains(&columns) {
            return Err(PictureError::Grid { rows, columns });
        }
        let cells = rows * columns;
        for (what, array) in [
            ("costs", self.costs),
            ("path", self.path),
            ("predicted_costs", self.predicted_costs),
            ("predicted_path", self.predicted_path),
        ] {
            if array.len() != cells {
                return Err(PictureError::Length { what, found: array.len(), expected: cells });
            }
            if let Some(cell) = array.iter().position(|number| !number.is_finite()) {
                let (row, column, value) = (cell / columns, cell % columns, array[cell]);
                return Err(PictureError::NotFinite { what, row, column, value });
            }
        }
        let found = self.image.len();
        let tile = (1..=256).find(|tile| 3 * cells * tile * tile == found);
        tile.ok_or(PictureError::Image { found, cells })
    }
}
