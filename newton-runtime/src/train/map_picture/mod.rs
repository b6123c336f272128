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

mod canvas;
mod font;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;

use super::files;
use canvas::{Canvas, Colour};

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

/// Pixels of a cell.
const CELL: usize = 24;
const MARGIN: usize = 16;
/// Where the panels begin, below their titles.
const TOP: usize = 44;
/// Below the panels, with the legend.
const BOTTOM: usize = 44;
/// Of a heat map's scale, with its numbers.
const SCALE: usize = 92;

const WHITE: Colour = [255, 255, 255];
const INK: Colour = [34, 34, 34];
/// Colours that people with any colour vision tell apart (Okabe and Ito).
const TRUE_ONLY: Colour = [86, 180, 233];
const PREDICTED_ONLY: Colour = [213, 94, 0];

/// From cheap to dear, ever darker, so that it reads in grey as well.
const HEAT: [Colour; 5] = [[252, 245, 205], [247, 196, 106], [226, 120, 66], [160, 50, 90], [60, 15, 80]];

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
        let tile = self.check()?;
        let (width, height) = (self.columns * CELL, self.rows * CELL);
        let lefts =
            [MARGIN, 2 * MARGIN + width, 3 * MARGIN + 2 * width + SCALE, 4 * MARGIN + 3 * width + 2 * SCALE];
        let mut canvas = Canvas::new(lefts[3] + width + MARGIN, TOP + height + BOTTOM, WHITE);
        let titles = ["MAP", "TRUE COSTS", "PREDICTED COSTS", "PATHS"];
        for (title, left) in titles.into_iter().zip(lefts) {
            canvas.text(title, (left, MARGIN), 2, INK);
        }
        self.draw_map(&mut canvas, lefts[0], tile, 1.0);
        self.draw_costs(&mut canvas, lefts[1], self.costs, self.path);
        self.draw_costs(&mut canvas, lefts[2], self.predicted_costs, self.predicted_path);
        self.draw_map(&mut canvas, lefts[3], tile, 0.45);
        let on = |marks: &[f32], cell: usize| marks[cell] > 0.5;
        for cell in 0..self.rows * self.columns {
            let colour = match (on(self.path, cell), on(self.predicted_path, cell)) {
                (true, true) => WHITE,
                (true, false) => TRUE_ONLY,
                (false, true) => PREDICTED_ONLY,
                (false, false) => continue,
            };
            let (x, y) = self.corner(lefts[3], cell);
            canvas.rectangle((x + 4, y + 4), (CELL - 8, CELL - 8), colour);
        }
        let mut x = lefts[3];
        for (name, colour) in [("BOTH", WHITE), ("TRUE", TRUE_ONLY), ("PREDICTED", PREDICTED_ONLY)] {
            let y = TOP + height + 14;
            canvas.rectangle((x, y), (14, 14), INK);
            canvas.rectangle((x + 1, y + 1), (12, 12), colour);
            canvas.text(name, (x + 19, y + 4), 1, INK);
            x += 19 + font::width(name, 1) + 14;
        }
        canvas.png().map_err(PictureError::from)
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

    /// Where a cell of the panel that begins at `left` begins.
    fn corner(&self, left: usize, cell: usize) -> (usize, usize) {
        (left + cell % self.columns * CELL, TOP + cell / self.columns * CELL)
    }

    fn draw_map(&self, canvas: &mut Canvas, left: usize, tile: usize, brightness: f32) {
        for y in 0..self.rows * CELL {
            for x in 0..self.columns * CELL {
                let at = 3 * ((y * tile / CELL) * self.columns * tile + x * tile / CELL);
                let colour = std::array::from_fn(|c| (f32::from(self.image[at + c]) * brightness) as u8);
                canvas.rectangle((left + x, TOP + y), (1, 1), colour);
            }
        }
    }

    /// A heat map with its scale to the right and a path on it.
    fn draw_costs(&self, canvas: &mut Canvas, left: usize, costs: &[f32], path: &[f32]) {
        let costs = || costs.iter().map(|&cost| f64::from(cost));
        let (low, high) = (costs().fold(f64::INFINITY, f64::min), costs().fold(f64::NEG_INFINITY, f64::max));
        let share = |cost: f64| if high > low { (cost - low) / (high - low) } else { 0.5 };
        for (cell, cost) in costs().enumerate() {
            canvas.rectangle(self.corner(left, cell), (CELL, CELL), heat(share(cost)));
        }

        let (bar, height) = (left + self.columns * CELL + 8, self.rows * CELL);
        for y in 0..height {
            let share = 1.0 - y as f64 / (height - 1) as f64;
            canvas.rectangle((bar, TOP + y), (12, 1), heat(if high > low { share } else { 0.5 }));
        }
        let letters = 7;
        for (share, y) in [(1.0, 0), (0.5, (height - letters) / 2), (0.0, height - letters)] {
            canvas.text(&number(low + share * (high - low)), (bar + 18, TOP + y), 1, INK);
        }

        let on: Vec<usize> = (0..path.len()).filter(|&cell| path[cell] > 0.5).collect();
        let middle = |cell: usize| {
            let (x, y) = self.corner(left, cell);
            ((x + CELL / 2) as f32, (y + CELL / 2) as f32)
        };
        let beside = |a: usize, b: usize| {
            let apart = |a: usize, b: usize| a.abs_diff(b) <= 1;
            apart(a / self.columns, b / self.columns) && apart(a % self.columns, b % self.columns)
        };
        for (colour, wider) in [(INK, 1.5), (WHITE, 0.0)] {
            for (i, &a) in on.iter().enumerate() {
                canvas.line(middle(a), middle(a), 4.0 + wider, colour);
                for &b in on[i + 1..].iter().filter(|&&b| beside(a, b)) {
                    canvas.line(middle(a), middle(b), 1.5 + wider, colour);
                }
            }
        }
    }
}

/// The colour at a share in [0, 1] of the scale.
fn heat(share: f64) -> Colour {
    let position = share.clamp(0.0, 1.0) * (HEAT.len() - 1) as f64;
    let below = (position as usize).min(HEAT.len() - 2);
    let rest = position - below as f64;
    std::array::from_fn(|c| {
        let (from, to) = (f64::from(HEAT[below][c]), f64::from(HEAT[below + 1][c]));
        (from + rest * (to - from)).round() as u8
    })
}

/// In at most eight letters or so.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if !(1e-2..1e5).contains(&size) => format!("{value:.1e}"),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
