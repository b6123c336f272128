//! Paths of batches, in the lanes of every kind of processor, against looking through all cells for the next to expand.
//!
//! The kind is fixed when a process first computes, so this binary runs itself as child processes. Only release builds have more than
//! one.

use newton_losses::algorithms::{BatchDijkstra, DijkstraError};
use newton_losses::scalar::Float;
use std::process::Command;

/// Set for children only.
const CHILD: &str = "NEWTON_PATHS_CHILD";

/// SplitMix64: enough for test grids.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
    fn below(&mut self, count: u64) -> f64 {
        (self.next() % count) as f64
    }
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The path, `None` where the target is out of reach. Of cells equally far the first is expanded first, or the last.
fn slow<T: Float>(rows: usize, columns: usize, costs: &[T], first: bool) -> Option<Vec<u8>> {
    let cells = rows * columns;
    let (mut distance, mut from) = (vec![T::from_f64(1e10); cells], vec![0; cells]);
    let (mut open, mut closed) = (vec![false; cells], vec![false; cells]);
    (distance[0], open[0]) = (costs[0], true);
    loop {
        let mut nearest = None;
        for cell in (0..cells).filter(|&cell| open[cell]) {
            if nearest.is_none_or(|best: usize| {
                distance[cell] < distance[best] || !first && distance[cell] == distance[best]
            }) {
                nearest = Some(cell);
            }
        }
        let cell = nearest?;
        if cell == cells - 1 {
            break;
        }
        (open[cell], closed[cell]) = (false, true);
        let (row, column) = (cell / columns, cell % columns);
        for r in row.saturating_sub(1)..(row + 2).min(rows) {
            for c in column.saturating_sub(1)..(column + 2).min(columns) {
                let next = r * columns + c;
                let offer = costs[next] + distance[cell];
                if !closed[next] && offer < distance[next] {
                    (distance[next], from[next], open[next]) = (offer, cell, true);
                }
            }
        }
    }
    let (mut path, mut cell) = (vec![0; cells], cells - 1);
    while cell != 0 {
        path[cell] = 1;
        cell = from[cell];
    }
    path[0] = 1;
    Some(path)
}

/// Costs of a grid, of some kind.
fn grid<T: Float>(kind: usize, cells: usize, random: &mut Random) -> Vec<T> {
    let terrain = [0.8, 1.2, 5.3, 7.7, 9.2];
    let cost = |random: &mut Random| match kind {
        // As a network predicts them.
        0 => terrain[random.next() as usize % 5] + 0.3 * (random.uniform() - 0.5),
        // Ties everywhere.
        1 => 1.0 + random.below(4),
        2 => 1.0,
        // Negative ones and zeros.
        3 => random.below(5) - 1.0,
        4 => random.uniform() - 0.1,
        // Steps that rounding swallows, in f32 at least.
        5 => [1e-9, 1.0, 1.5][random.next() as usize % 3],
        // Often out of reach.
        6 => [1.0, 2.0, 1e10, 4e9][random.next() as usize % 4],
        // Sums that overflow in f32.
        7 => [1.0, 3e38, 2.0][random.next() as usize % 3],
        _ => f64::NAN,
    };
    (0..cells).map(|_| T::from_f64(cost(random))).collect()
}

/// Batches of every kind of grid and of all kinds. How many other paths there are by another rule for ties.
fn compare<T: Float>() -> usize {
    let (mut random, mut ties) = (Random(7), 0);
    for (rows, columns) in [(1, 1), (1, 9), (9, 1), (2, 2), (3, 5), (12, 12), (17, 4)] {
        let solver = BatchDijkstra::<T>::new(rows, columns).unwrap();
        let cells = rows * columns;
        for grids in [1, 2, 5, 16, 37] {
            for kind in 0..=10 {
                let mut costs = Vec::new();
                for i in 0..grids {
                    costs.extend(grid::<T>(
                        if kind > 7 { (i * i + kind) % 9 } else { kind },
                        cells,
                        &mut random,
                    ));
                }
                let mut paths = vec![9_u8; costs.len()];
                let failed = match solver.solve(&costs, &mut paths) {
                    Ok(()) => None,
                    Err(DijkstraError::Sample { sample, .. }) => Some(sample),
                    Err(error) => panic!("{error}"),
                };
                let mut first_failure = None;
                for (i, (costs, found)) in costs.chunks(cells).zip(paths.chunks(cells)).enumerate() {
                    let finite = costs.iter().all(|cost| Float::is_finite(*cost));
                    let expected = if finite { slow(rows, columns, costs, true) } else { None };
                    if expected.is_none() && first_failure.is_none() {
                        first_failure = Some(i);
                    }
                    if finite {
                        ties += usize::from(slow(rows, columns, costs, false) != expected);
                    }
                    let expected = expected.unwrap_or(vec![9; cells]);
                    assert_eq!(
                        found, expected,
                        "grid {i} of {grids}, {rows} x {columns}, kind {kind}: {costs:?}"
                    );
                }
                assert_eq!(failed, first_failure);
            }
        }
    }
    ties
}

#[test]
fn child() {
    if std::env::var_os(CHILD).is_some() {
        // The rule for ties would be missed.
        let ties = (compare::<f32>(), compare::<f64>());
        assert!(ties.0 > 300 && ties.1 > 300, "{ties:?}");
    }
}

#[test]
fn batches_at_every_level() {
    for level in ["", "avx2", "baseline"] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child"]).env(CHILD, "1").env("NEWTON_LEVEL", level);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{level}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
