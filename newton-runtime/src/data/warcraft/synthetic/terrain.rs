//! Where which terrain lies: value noise, a height between random numbers at the points of a coarse lattice, cut into
//! five layers. Only sums and products, which are the same on every platform.

use super::super::{CELLS, GRID};
use crate::data::random::Random;

/// Kinds of terrain, as indices into the costs, cheapest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Terrain {
    Sand,
    Grass,
    Forest,
    Rock,
    Water,
}

/// The layers from below, each up to the height given: a fifth of all cells is water, then 15 % sand, a quarter grass,
/// and a fifth each forest and rock.
const LAYERS: [(f32, Terrain); 4] =
    [(0.369, Terrain::Water), (0.438, Terrain::Sand), (0.540, Terrain::Grass), (0.630, Terrain::Forest)];

/// The terrain of a map, row-major.
pub(super) fn draw(random: &mut Random) -> [Terrain; CELLS] {
    // Hills four cells apart, bumps two apart, stones.
    let (hills, bumps) = (Noise::new(4.0, random), Noise::new(2.0, random));
    std::array::from_fn(|cell| {
        let at = ((cell / GRID) as f32, (cell % GRID) as f32);
        let height = 0.6 * hills.at(at) + 0.25 * bumps.at(at) + 0.15 * random.uniform();
        LAYERS.into_iter().find(|&(top, _)| height < top).map_or(Terrain::Rock, |(_, kind)| kind)
    })
}

/// Points of the lattice down and across: for a spacing of 2, twelve cells and an offset below one spacing need 7.
const POINTS: usize = 8;

/// Smooth numbers in [0, 1).
struct Noise {
    spacing: f32,
    offset: (f32, f32),
    points: [[f32; POINTS]; POINTS],
}

impl Noise {
    fn new(spacing: f32, random: &mut Random) -> Self {
        let offset = (spacing * random.uniform(), spacing * random.uniform());
        let points = std::array::from_fn(|_| std::array::from_fn(|_| random.uniform()));
        Self { spacing, offset, points }
    }

    fn at(&self, (y, x): (f32, f32)) -> f32 {
        let (row, down) = split((y + self.offset.0) / self.spacing);
        let (column, across) = split((x + self.offset.1) / self.spacing);
        let [above, below] = [row, row + 1].map(|row| {
            let (left, right) = (self.points[row][column], self.points[row][column + 1]);
            left + across * (right - left)
        });
        above + down * (below - above)
    }
}

/// Whole part, and how far towards the next point: level at both ends, so that the lattice does not show.
fn split(position: f32) -> (usize, f32) {
    let whole = position as usize;
    let rest = position - whole as f32;
    (whole.min(POINTS - 2), rest * rest * (3.0 - 2.0 * rest))
}
