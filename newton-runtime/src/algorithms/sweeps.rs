//! Distances by sweeps over the grid instead of in Dijkstra's order: no queue and no branches, a grid in every SIMD lane.
//!
//! A sweep gives each cell `cost + min(neighbours' distances)` if that is less than what it has, rows downwards and from the left, in
//! the next sweep upwards and from the right, until nothing changes. Paths that mostly run one way, as those through a dozen rows do, take
//! some six sweeps.
//!
//! That is what Dijkstra's algorithm finds, bit for bit, **if every step makes a path strictly longer, in floating point too**. Sums are
//! monotone, so both find the least sum over all paths. Cells are then expanded in the order of (distance, index): when the first
//! of those at some distance is expanded, all of them have been reached, from nearer ones. And a cell's predecessor is its first
//! neighbour in that order: the first to offer is nearest, and later offers are not less.
//!
//! [`Sweeps::settle`] has the condition. With S the sum of all costs as computed and u the unit roundoff it asks for costs of at least
//! 4 u S: no addition is then off by more than half a cost, no distance exceeds 2 S, and a step of 4 u S is more than
//! the distance's rounding. Other grids (negative costs, say) are left to the queue.

use super::DijkstraError;
use super::grid::{FAR, Grid};
use crate::scalar::{Float, Mask, Real};

/// At least as many lanes as any register has.
const LANES: usize = 64;

/// A grid in each lane of `P`.
#[derive(Debug, Clone)]
pub(super) struct Sweeps<P> {
    pub grid: Grid<P>,
    /// When each row, the border's two included, last changed.
    changed: Vec<u32>,
    /// When each was last looked at.
    relaxed: Vec<u32>,
}

/// Paths as they are found, for all lanes.
#[derive(Debug, Clone)]
pub(super) struct Walks {
    /// Indices of cells without the border, from the target to the first, which paths that are shorter repeat: one per lane, `lanes` a
    /// step.
    steps: Vec<u32>,
    lanes: usize,
    /// Bit by bit, the lanes whose grids are solved.
    pub solved: u64,
}

impl Walks {
    /// With room for any path of a grid of so many cells.
    pub fn new(cells: usize) -> Self {
        Self { steps: Vec::with_capacity(cells), lanes: 1, solved: 0 }
    }

    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.steps.capacity()
    }

    /// Marks the path of a lane.
    pub fn mark<M: From<bool>>(&self, lane: usize, path: &mut [M]) {
        path.fill_with(|| M::from(false));
        for step in self.steps.chunks_exact(self.lanes) {
            path[step[lane] as usize] = M::from(true);
        }
    }
}

/// Whether sweeps of so many grids at once are faster than the queue. The larger a grid, the more sweeps it takes.
pub(super) fn suit(rows: usize, columns: usize, lanes: usize) -> bool {
    rows.saturating_add(columns) <= (64 + 32 * lanes).min(256)
}

impl<P: Real> Sweeps<P> {
    pub fn new(rows: usize, columns: usize) -> Result<Self, DijkstraError> {
        let grid = Grid::new(rows, columns)?;
        Ok(Self { grid, changed: vec![0; rows + 2], relaxed: vec![0; rows + 2] })
    }

    /// Solves what is loaded in the first `lanes` lanes.
    #[inline(always)]
    pub fn solve(&mut self, lanes: usize, walks: &mut Walks) {
        walks.solved = 0;
        let fit = self.settle();
        if fit.any() && self.sweep() {
            for lane in 0..lanes {
                walks.solved |= u64::from(fit.lane(lane)) << lane;
            }
            self.walk(lanes, walks);
        }
    }

    /// The lanes whose costs sweeps are right for; the others' become such that nothing happens there.
    #[inline(always)]
    fn settle(&mut self) -> P::Mask {
        let (mut least, mut sum) = (P::lit(FAR), P::zero());
        for cost in &self.grid.costs {
            least = least.min(*cost);
            sum += *cost;
        }
        let epsilon = if size_of::<P::Elem>() == 4 { f32::EPSILON.into() } else { f64::EPSILON };
        // A NaN is in the sum, and a sum that is not small may have lost what is out of reach.
        let fit =
            least.is_gt(P::zero()) & least.is_ge(sum * P::lit(2.0 * epsilon)) & sum.is_lt(P::lit(0.1 * FAR));
        if (!fit).any() {
            for cost in &mut self.grid.costs {
                *cost = P::select(fit, *cost, P::lit(FAR));
            }
        }
        fit
    }

    /// Fills in the distances. Says whether that came to an end: where paths wind on and on, the queue is faster.
    #[inline(always)]
    fn sweep(&mut self) -> bool {
        let (rows, first) = (self.grid.rows, self.grid.first());
        self.grid.distance.fill(P::lit(FAR));
        self.grid.distance[first] = self.grid.costs[0];
        self.changed.fill(0);
        self.relaxed.fill(0);
        self.changed[1] = 1;
        let mut time = 0;
        for sweep in 0..16 + 8 * P::LANES {
            let down = sweep % 2 == 0;
            let mut changed = false;
            for i in 0..rows {
                let row = if down { i + 1 } else { rows - i };
                let news = self.changed[row - 1].max(self.changed[row]).max(self.changed[row + 1]);
                if self.relaxed[row] >= news {
                    continue;
                }
                time += 2;
                self.relaxed[row] = time;
                if self.relax(row, down) {
                    // News to the row itself, too: it was looked at in one direction.
                    self.changed[row] = time + 1;
                    changed = true;
                }
            }
            if !changed {
                return true;
            }
        }
        false
    }

    /// A row, from the left or from the right. Says whether something changed.
    #[inline(always)]
    fn relax(&mut self, row: usize, rightwards: bool) -> bool {
        let (columns, width) = (self.grid.columns, self.grid.width());
        let (above, rest) = self.grid.distance[(row - 1) * width..][..3 * width].split_at_mut(width);
        let (here, below) = rest.split_at_mut(width);
        let costs = &self.grid.costs[(row - 1) * columns..][..columns];
        if rightwards {
            relax_cells::<P, true>(above, here, below, costs)
        } else {
            relax_cells::<P, false>(above, here, below, costs)
        }
    }

    /// From the target of each lane to the first cell, all lanes a step at a time: their steps do not wait for each other.
    #[inline(always)]
    fn walk(&self, lanes: usize, walks: &mut Walks) {
        let (columns, width, first) = (self.grid.columns, self.grid.width(), self.grid.first());
        // What leads to the neighbours, row-major: in the grid with its border, and without.
        let neighbours = [0, 1, 2, 3, 5, 6, 7, 8].map(|k| (k / 3 * width + k % 3, k / 3 * columns + k % 3));
        let mut at = [(first, 0); LANES];
        for lane in 0..lanes {
            if walks.solved >> lane & 1 == 1 {
                at[lane] = (self.grid.target(), self.grid.cells() - 1);
            }
        }
        walks.lanes = P::LANES;
        walks.steps.clear();
        let mut walking = true;
        while walking {
            walking = false;
            let step = walks.steps.len();
            walks.steps.resize(step + P::LANES, 0);
            let step = &mut walks.steps[step..][..P::LANES];
            for lane in 0..P::LANES {
                let (cell, index) = at[lane];
                step[lane] = index as u32;
                let (mut best, mut nearest) = (P::Elem::from_f64(FAR), 0);
                for k in 0..8 {
                    let distance = self.grid.distance[cell - width - 1 + neighbours[k].0].lane_in_place(lane);
                    let nearer = distance < best;
                    best = if nearer { distance } else { best };
                    nearest = if nearer { k } else { nearest };
                }
                if cell != first {
                    let (down, across) = neighbours[nearest];
                    at[lane] = (cell + down - width - 1, index + across - columns - 1);
                    walking = true;
                }
            }
        }
    }
}

/// The cells of a row between its border, in one direction.
#[inline(always)]
fn relax_cells<P: Real, const RIGHTWARDS: bool>(
    above: &[P],
    here: &mut [P],
    below: &[P],
    costs: &[P],
) -> bool {
    let last = costs.len() + 1;
    // Slices of a length the compiler knows to be the same.
    let (above, here, below) = (&above[..=last], &mut here[..=last], &below[..=last]);
    let at = |i: usize| if RIGHTWARDS { i } else { last - i };
    let (mut behind, mut own) = (here[at(0)], here[at(1)]);
    let [mut before, mut beside] = [above[at(0)].min(below[at(0)]), above[at(1)].min(below[at(1)])];
    let mut decrease = P::zero();
    for i in 1..last {
        let (ahead, cost) = (here[at(i + 1)], costs[at(i) - 1]);
        let after = above[at(i + 1)].min(below[at(i + 1)]);
        let offer = own.min(cost + before.min(beside).min(after.min(ahead)));
        // The only two operations that wait for the cell before.
        let new = offer.min(cost + behind);
        decrease = decrease.max(own - new);
        here[at(i)] = new;
        (behind, own, before, beside) = (new, ahead, beside, after);
    }
    decrease.is_gt(P::zero()).any()
}
