//! What of a map stands where, and in which colours.

use super::MapPicture;
use super::canvas::{Canvas, Colour};
use super::font;

/// Pixels of a cell.
pub(super) const CELL: usize = 24;
const MARGIN: usize = 16;
/// Where the panels begin, below their titles.
pub(super) const TOP: usize = 44;
/// Below the panels, with the legend.
const BOTTOM: usize = 44;
/// Of a heat map's scale, with its numbers.
const SCALE: usize = 92;

pub(super) const WHITE: Colour = [255, 255, 255];
const INK: Colour = [34, 34, 34];
/// Colours that people with any colour vision tell apart (Okabe and Ito).
pub(super) const TRUE_ONLY: Colour = [86, 180, 233];
pub(super) const PREDICTED_ONLY: Colour = [213, 94, 0];

/// From cheap to dear, ever darker, so that it reads in grey as well.
pub(super) const HEAT: [Colour; 5] =
    [[252, 245, 205], [247, 196, 106], [226, 120, 66], [160, 50, 90], [60, 15, 80]];

/// Where panels begin: the same columns for all maps, a row for each.
pub(super) struct Layout {
    pub lefts: [usize; 4],
    pub tops: Vec<usize>,
    /// Below the last map.
    bottom: usize,
    width: usize,
}

impl Layout {
    /// `None` without maps.
    pub fn of(maps: &[MapPicture<'_>]) -> Option<Self> {
        let width = maps.iter().map(|map| map.columns).max()? * CELL;
        let lefts =
            [MARGIN, 2 * MARGIN + width, 3 * MARGIN + 2 * width + SCALE, 4 * MARGIN + 3 * width + 2 * SCALE];
        let mut bottom = TOP;
        let tops = maps.iter().map(|map| {
            let top = bottom;
            bottom += map.rows * CELL + MARGIN;
            top
        });
        let tops = tops.collect();
        Some(Self { lefts, tops, bottom: bottom - MARGIN, width: lefts[3] + width + MARGIN })
    }

    /// Empty, but for titles and the legend.
    pub fn canvas(&self) -> Canvas {
        let mut canvas = Canvas::new(self.width, self.bottom + BOTTOM, WHITE);
        let titles = ["MAP", "TRUE COSTS", "PREDICTED COSTS", "PATHS"];
        for (title, left) in titles.into_iter().zip(self.lefts) {
            canvas.text(title, (left, MARGIN), 2, INK);
        }
        let mut x = self.lefts[3];
        for (name, colour) in [("BOTH", WHITE), ("TRUE", TRUE_ONLY), ("PREDICTED", PREDICTED_ONLY)] {
            let y = self.bottom + 14;
            canvas.rectangle((x, y), (14, 14), INK);
            canvas.rectangle((x + 1, y + 1), (12, 12), colour);
            canvas.text(name, (x + 19, y + 4), 1, INK);
            x += 19 + font::width(name, 1) + 14;
        }
        canvas
    }
}

impl MapPicture<'_> {
    /// The row of a map whose cells are tiles of `tile` pixels each way.
    pub(super) fn draw(&self, canvas: &mut Canvas, lefts: &[usize; 4], top: usize, tile: usize) {
        let at = lefts.map(|left| (left, top));
        self.draw_map(canvas, at[0], tile, 1.0);
        self.draw_costs(canvas, at[1], self.costs, self.path);
        self.draw_costs(canvas, at[2], self.predicted_costs, self.predicted_path);
        self.draw_map(canvas, at[3], tile, 0.45);
        let on = |marks: &[f32], cell: usize| marks[cell] > 0.5;
        for cell in 0..self.rows * self.columns {
            let colour = match (on(self.path, cell), on(self.predicted_path, cell)) {
                (true, true) => WHITE,
                (true, false) => TRUE_ONLY,
                (false, true) => PREDICTED_ONLY,
                (false, false) => continue,
            };
            let (x, y) = self.corner(at[3], cell);
            canvas.rectangle((x + 4, y + 4), (CELL - 8, CELL - 8), colour);
        }
    }

    /// Where a cell of the panel that begins at `at` begins.
    fn corner(&self, at: (usize, usize), cell: usize) -> (usize, usize) {
        (at.0 + cell % self.columns * CELL, at.1 + cell / self.columns * CELL)
    }

    fn draw_map(&self, canvas: &mut Canvas, corner: (usize, usize), tile: usize, brightness: f32) {
        for y in 0..self.rows * CELL {
            for x in 0..self.columns * CELL {
                let at = 3 * ((y * tile / CELL) * self.columns * tile + x * tile / CELL);
                let colour = std::array::from_fn(|c| (f32::from(self.image[at + c]) * brightness) as u8);
                canvas.rectangle((corner.0 + x, corner.1 + y), (1, 1), colour);
            }
        }
    }

    /// A heat map with its scale to the right and a path on it.
    fn draw_costs(&self, canvas: &mut Canvas, at: (usize, usize), costs: &[f32], path: &[f32]) {
        let costs = || costs.iter().map(|&cost| f64::from(cost));
        let (low, high) = (costs().fold(f64::INFINITY, f64::min), costs().fold(f64::NEG_INFINITY, f64::max));
        let share = |cost: f64| if high > low { (cost - low) / (high - low) } else { 0.5 };
        for (cell, cost) in costs().enumerate() {
            canvas.rectangle(self.corner(at, cell), (CELL, CELL), heat(share(cost)));
        }

        let (bar, height) = (at.0 + self.columns * CELL + 8, self.rows * CELL);
        for y in 0..height {
            let share = 1.0 - y as f64 / (height - 1) as f64;
            canvas.rectangle((bar, at.1 + y), (12, 1), heat(if high > low { share } else { 0.5 }));
        }
        let letters = 7;
        for (share, y) in [(1.0, 0), (0.5, (height - letters) / 2), (0.0, height - letters)] {
            canvas.text(&number(low + share * (high - low)), (bar + 18, at.1 + y), 1, INK);
        }

        let on: Vec<usize> = (0..path.len()).filter(|&cell| path[cell] > 0.5).collect();
        let middle = |cell: usize| {
            let (x, y) = self.corner(at, cell);
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
pub(super) fn heat(share: f64) -> Colour {
    let position = share.clamp(0.0, 1.0) * (HEAT.len() - 1) as f64;
    let below = (position as usize).min(HEAT.len() - 2);
    let rest = position - below as f64;
    std::array::from_fn(|c| {
        let (from, to) = (f64::from(HEAT[below][c]), f64::from(HEAT[below + 1][c]));
        (from + rest * (to - from)).round() as u8
    })
}

/// In at most eight letters or so.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if !(1e-2..1e5).contains(&size) => format!("{value:.1e}"),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
