//! Warcraft-like maps for whoever has no files at hand: same sizes, same types, same costs, other pictures.
//!
//! A map is coherent terrain of five kinds (`terrain`), drawn with textured tiles (`tiles`). Its label is the cheapest
//! path, and maps on which several paths are equally cheap are drawn again: their labels would be a matter of luck. So
//! are most maps whose path is the diagonal: their labels would be had for nothing.
//! Map i of a split depends on (seed, split, i) alone. Results on these maps are results on these maps: no report may
//! call them the Warcraft benchmark ([`Provenance`](super::Provenance) says which).

mod terrain;
#[cfg(test)]
mod tests;
mod tiles;

use rayon::prelude::*;

use super::{CELLS, GRID, PIXELS, WarcraftMaps};
use crate::algorithms::{Dijkstra, DijkstraError};
use crate::data::Split;
use crate::data::npy::f16;
use crate::data::random::Random;
use terrain::Terrain;

/// What the five kinds of terrain cost to cross; files hold them in half precision.
pub const TERRAIN_COSTS: [f32; 5] = [0.8, 1.2, 5.3, 7.7, 9.2];

/// About one in eight is kept, so that more than this happens on no seed.
const MOST_DRAWS: usize = 1000;

/// Draws the first `count` maps of a split.
pub(super) fn draw(seed: u64, split: Split, count: usize) -> WarcraftMaps {
    let mut images = vec![0; count * PIXELS];
    let (mut costs, mut paths) = (vec![0.0; count * CELLS], vec![0; count * CELLS]);
    let maps = images.par_chunks_exact_mut(PIXELS).zip(costs.par_chunks_exact_mut(CELLS));
    maps.zip(paths.par_chunks_exact_mut(CELLS)).enumerate().for_each_init(
        Uniqueness::new,
        |paths, (index, ((image, costs), path))| {
            let mut random = Random::new(b"war-maps", seed, split, index as u64);
            let mut terrain = terrain::draw(&mut random);
            let mut draws = 1;
            while !(paths.only_path(&terrain, path) && (!straight(path) || random.index(4) == 0))
                && draws < MOST_DRAWS
            {
                terrain = terrain::draw(&mut random);
                draws += 1;
            }
            tiles::paint(&terrain, &mut random, image);
            for (cost, kind) in costs.iter_mut().zip(terrain) {
                *cost = f16::from_f32(TERRAIN_COSTS[kind as usize]).to_f32();
            }
        },
    );
    WarcraftMaps::from_checked(images, costs, paths)
}

/// Whether a path is the diagonal, which is the cheapest over a map of equal costs. It has no rival more often than
/// winding paths have none; kept one time in four, it is 3 % of all labels, which is how often an untrained network is
/// right on the benchmark's maps.
fn straight(path: &[u8]) -> bool {
    path.iter().step_by(GRID + 1).all(|&mark| mark == 1)
}

/// Finds cheapest paths, and whether there is another.
struct Uniqueness {
    solver: Result<Dijkstra<f64>, DijkstraError>,
    costs: [f64; CELLS],
    other: [u8; CELLS],
}

impl Uniqueness {
    fn new() -> Self {
        Self { solver: Dijkstra::new(GRID, GRID), costs: [0.0; CELLS], other: [0; CELLS] }
    }

    /// Marks the cheapest path; whether it is the only one.
    ///
    /// Costs are counted in tenths, so that sums are exact and two paths cost the same or differ by one at least. Then
    /// every cell of the path is made a 1024th dearer. The path, of 144 cells at most, pays that for each of them and
    /// stays cheaper than any that was not as cheap; one that was as cheap leaves out some of them and pays less.
    fn only_path(&mut self, terrain: &[Terrain; CELLS], path: &mut [u8]) -> bool {
        for (cost, &kind) in self.costs.iter_mut().zip(terrain) {
            *cost = f64::from((10.0 * TERRAIN_COSTS[kind as usize]).round());
        }
        let Ok(solver) = &mut self.solver else { return false };
        let Ok(total) = solver.solve(&self.costs, path) else { return false };
        let mut dearer = total;
        for (cost, &mark) in self.costs.iter_mut().zip(&*path) {
            *cost += f64::from(mark) / 1024.0;
            dearer += f64::from(mark) / 1024.0;
        }
        solver.solve(&self.costs, &mut self.other) == Ok(dearer)
    }
}
