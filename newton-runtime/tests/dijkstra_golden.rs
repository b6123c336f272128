//! Dijkstra on grids against paths found by the Warcraft benchmark's own solver (`golden/dijkstra.json`): ties and negative
//! costs, where another order of expansion gives another path, included.

use newton_runtime::algorithms::{Dijkstra, shortest_paths};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    weights: Vec<Vec<f64>>,
    path: Vec<Vec<u8>>,
    cost: f64,
}

fn cases() -> Vec<Case> {
    let golden: Golden =
        serde_json::from_str(include_str!("golden/dijkstra.json")).expect("the golden file parses");
    assert_eq!(golden.cases.len(), 33);
    golden.cases
}

fn solve(rows: usize, columns: usize, costs: &[f64]) -> (Vec<u8>, f64) {
    let mut path = vec![9; costs.len()];
    let total = Dijkstra::new(rows, columns).and_then(|mut solver| solver.solve(costs, &mut path));
    (path, total.expect("finite costs"))
}

#[test]
fn paths_are_the_reference_s() {
    for case in cases() {
        let (path, total) = solve(case.weights.len(), case.weights[0].len(), &case.weights.concat());
        assert_eq!(path, case.path.concat(), "{}", case.name);
        assert!((total - case.cost).abs() < 1e-9, "{}: {total}, expected {}", case.name, case.cost);
    }
}

/// All cases of a size at once, three times over.
#[test]
fn so_are_those_of_batches() {
    let cases = cases();
    let mut seen = 0;
    for first in &cases {
        let size = |case: &Case| (case.weights.len(), case.weights[0].len());
        let alike = cases.iter().filter(|case| size(case) == size(first));
        let (mut costs, mut expected) = (Vec::new(), Vec::new());
        for case in alike.clone().chain(alike.clone()).chain(alike) {
            costs.extend(case.weights.concat());
            expected.extend(case.path.concat());
        }
        let mut paths = vec![9; costs.len()];
        shortest_paths(size(first).0, size(first).1, &costs, &mut paths).expect("finite costs");
        assert_eq!(paths, expected, "{:?}", size(first));
        seen = seen.max(costs.len() / first.path.concat().len());
    }
    assert!(seen > 16, "more grids than any lanes: {seen}");
}

/// The tie cases tell the order of expansion: on the transposed grid, another path is as cheap.
#[test]
fn the_order_of_ties_shows() {
    let (mut differ, mut ties) = (0, 0);
    for case in cases().iter().filter(|case| case.name.starts_with("ties")) {
        let (rows, columns) = (case.weights.len(), case.weights[0].len());
        let transposed: Vec<f64> =
            (0..columns).flat_map(|c| case.weights.iter().map(move |row| row[c])).collect();
        let (path, total) = solve(columns, rows, &transposed);
        assert_eq!(total, case.cost, "{}: all costs positive, so both are optimal", case.name);
        let back: Vec<u8> = (0..rows)
            .flat_map(|r| (0..columns).map(move |c| (r, c)))
            .map(|(r, c)| path[c * rows + r])
            .collect();
        ties += 1;
        differ += usize::from(back != case.path.concat());
    }
    assert!(ties == 12 && differ == 12, "{differ} of {ties}");
}
