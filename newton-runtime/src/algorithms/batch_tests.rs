use super::*;

fn costs(count: usize, lowest: i32) -> impl Iterator<Item = f32> {
    let mut state = 5_u64;
    (0..count).map(move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) % 9) as f32 + lowest as f32
    })
}

/// One by one.
fn single(rows: usize, columns: usize, costs: &[f32]) -> Vec<u8> {
    let mut solver = Dijkstra::new(rows, columns).expect("a grid");
    let mut paths = vec![0; costs.len()];
    for (costs, path) in costs.chunks(rows * columns).zip(paths.chunks_mut(rows * columns)) {
        solver.solve_by_queue(costs, path).expect("finite");
    }
    paths
}

#[test]
fn batches_give_each_grid_its_path() {
    for (rows, columns) in [(1, 1), (1, 6), (6, 1), (3, 4), (12, 12)] {
        let solver = BatchDijkstra::new(rows, columns).expect("a grid");
        assert_eq!(solver.size(), (rows, columns));
        for grids in [0, 1, 2, 3, 7, 16, 33, 100] {
            for lowest in [-1, 1] {
                let costs: Vec<f32> = costs(grids * rows * columns, lowest).collect();
                let mut paths = vec![9; costs.len()];
                solver.solve(&costs, &mut paths).expect("finite");
                assert_eq!(paths, single(rows, columns, &costs), "{grids} grids of {rows} x {columns}");
            }
        }
    }
}

#[test]
fn bad_grids_are_named_and_disturb_no_other() {
    let mut costs: Vec<f32> = costs(100 * 12, 1).collect();
    let right = single(3, 4, &costs);
    for (grid, bad) in [(30, f32::NAN), (31, f32::INFINITY), (33, 2e10), (70, f32::NAN), (97, f32::MAX)] {
        costs[grid * 12..][..12].fill(bad);
    }
    let mut paths = vec![7; costs.len()];
    let error = shortest_paths(3, 4, &costs, &mut paths).expect_err("not finite");
    assert_eq!(error.to_string(), "sample 30: the cost of cell (0, 0) is NaN, expected a finite number");
    for (grid, (found, right)) in paths.chunks(12).zip(right.chunks(12)).enumerate() {
        let bad = [30, 31, 33, 70, 97].contains(&grid);
        assert_eq!(found, if bad { &[7; 12] } else { right }, "{grid}");
    }
    let far = shortest_paths(3, 4, &costs[32 * 12..], &mut paths[32 * 12..]).expect_err("far");
    let error = Box::new(DijkstraError::Unreachable { row: 2, column: 3 });
    assert_eq!(far, DijkstraError::Sample { sample: 1, error });
}

#[test]
fn arrays_that_are_no_batch() {
    let (costs, mut paths) = ([1.0f32; 1200], [0u8; 1200]);
    let error = shortest_paths(3, 4, &costs[1..], &mut paths).expect_err("no whole number of grids");
    assert_eq!(error, DijkstraError::Length { what: "the costs", found: 1199, expected: 1188 });
    let error = shortest_paths(3, 4, &costs, &mut paths[12..]).expect_err("fewer paths");
    assert_eq!(error, DijkstraError::Length { what: "the path's cells", found: 1188, expected: 1200 });
    let none = shortest_paths(0, 4, &costs, &mut paths).expect_err("no cells");
    assert_eq!(none, DijkstraError::Grid { rows: 0, columns: 4 });
}

#[test]
fn workspaces_are_kept_and_no_more_than_threads() {
    let costs: Vec<f32> = costs(500 * 25, 1).collect();
    let solver = BatchDijkstra::new(5, 5).expect("a grid");
    let mut paths = vec![0u8; costs.len()];
    let kept = || solver.workspaces.lock().unwrap_or_else(PoisonError::into_inner).len();
    assert_eq!(kept(), 0);
    for _ in 0..20 {
        solver.solve(&costs, &mut paths).expect("finite");
        assert!((1..=rayon::current_num_threads()).contains(&kept()), "{}", kept());
    }
}
