//! Shortest paths on a grid by a relaxed Bellman-Ford algorithm (Petersen et al., "Learning with Algorithmic Supervision via
//! Continuous Relaxations", NeurIPS 2021; "Newton Losses", appendix B.3).

use crate::builtins::{argmin, min};
use newton_macros::{newton_fn, newton_loss};

/// How many neighbours a cell has.
const NEIGHBOURS: usize = 8;
/// Their offsets, plus one so that they are no negative numbers: rows and columns.
const DOWN: [usize; NEIGHBOURS] = [0, 0, 0, 1, 1, 2, 2, 2];
const RIGHT: [usize; NEIGHBOURS] = [0, 1, 2, 0, 2, 0, 1, 2];
/// The distance of a cell that is not reached, or not there.
const FAR: f32 = 1e12;

/// [`bellman_ford`] whose way back has `steps` steps, as many as the distances have rounds: the paper's "For".
pub type BellmanFord<const R: usize, const C: usize> = BellmanFordLoss<R, C, false>;
/// [`bellman_ford`] whose way back ends at the source, or after `steps` steps: the paper's "While".
pub type BellmanFordWhile<const R: usize, const C: usize> = BellmanFordLoss<R, C, true>;

/// The shortest path through a grid of R x C cells, compared with a known one.
///
/// `cost[row][column]` is what entering a cell costs; a path goes from the first cell to the last, to any of the eight neighbours at a
/// time. `path` is 1 on the known path and 0 elsewhere. The loss is the mean over the cells of the difference, absolute or, if
/// `squared`, squared.
///
/// `rounds`: how often distances are updated, and so the most cells of a path beside the source. `steps`: how many steps the way back
/// has at most. `beta`: the inverse temperature.
///
/// With fewer `rounds` than the larger side has steps the last cell is not reached, and the loss says nothing.
///
/// The function itself is the plain algorithm; its `while` ends where the way back reaches the first cell. The loss is its relaxation: the smallest of the neighbours' distances is a softmin, the way
/// back goes to all neighbours by weight, and has come by a cell as the probabilistic t-conorm says.
#[newton_loss(hessian, lambda = 1000.0, relax(logistic, beta = beta, max_iter = steps), name = BellmanFordLoss)]
pub fn bellman_ford<const R: usize, const C: usize, const WHILE: bool>(
    cost: &[[f32; C]; R],
    path: &[[f32; C]; R],
    beta: f32,
    rounds: usize,
    steps: usize,
    squared: bool,
) -> f32 {
    let mut distance = [[FAR; C]; R];
    distance[0][0] = 0.0;
    // 1 at the neighbour from which a cell is reached.
    let mut from = [[[0.0; NEIGHBOURS]; C]; R];
    for round in 0..rounds {
        let before = distance;
        // No cell beyond is reached yet: there is nothing to compute.
        let reach = round + 2;
        for i in 0..reach.min(R) {
            for j in 0..reach.min(C) {
                let mut near = [FAR; NEIGHBOURS];
                for k in 0..NEIGHBOURS {
                    let (row, column) = (i + DOWN[k], j + RIGHT[k]);
                    if row > 0 && row <= R && column > 0 && column <= C {
                        near[k] = before[row - 1][column - 1];
                    }
                }
                distance[i][j] = min(&near) + cost[i][j];
                if round + 1 == rounds {
                    let nearest = argmin(&near);
                    from[i][j][nearest] = 1.0;
                }
            }
        }
        distance[0][0] = 0.0;
    }
    let mut on_path = [[0.0; C]; R];
    let mut here = [[0.0; C]; R];
    here[R - 1][C - 1] = 1.0;
    if WHILE {
        let mut step = 0;
        while on_path[0][0] < 1.0 {
            for i in (R - 1).saturating_sub(step)..R {
                for j in (C - 1).saturating_sub(step)..C {
                    on_path[i][j] += here[i][j] - on_path[i][j] * here[i][j];
                }
            }
            here = back(&here, &from, step);
            step += 1;
        }
    } else {
        for step in 0..steps {
            for i in (R - 1).saturating_sub(step)..R {
                for j in (C - 1).saturating_sub(step)..C {
                    on_path[i][j] += here[i][j] - on_path[i][j] * here[i][j];
                }
            }
            here = back(&here, &from, step);
        }
    }
    let mut loss = 0.0;
    for i in 0..R {
        for j in 0..C {
            let error = on_path[i][j] - path[i][j];
            loss += if squared { error * error } else { error.abs() };
        }
    }
    loss / (R * C) as f32
}

/// Where one is a step earlier, when one has made `step` steps back from the last cell.
#[newton_fn]
fn back<const R: usize, const C: usize>(
    here: &[[f32; C]; R],
    from: &[[[f32; NEIGHBOURS]; C]; R],
    step: usize,
) -> [[f32; C]; R] {
    let mut there = [[0.0; C]; R];
    for i in (R - 1).saturating_sub(step)..R {
        for j in (C - 1).saturating_sub(step)..C {
            for k in 0..NEIGHBOURS {
                let (row, column) = (i + DOWN[k], j + RIGHT[k]);
                if row > 0 && row <= R && column > 0 && column <= C {
                    there[row - 1][column - 1] += here[i][j] * from[i][j][k];
                }
            }
        }
    }
    there
}
