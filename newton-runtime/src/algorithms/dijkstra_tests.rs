use super::*;

/// SplitMix64: enough for test grids.
struct Random(u64);

impl Random {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) % count
    }
}

/// Ways to get the rules wrong.
#[derive(Clone, Copy, PartialEq)]
enum Rule {
    Right,
    /// Equally cheap predecessors replace each other.
    NotStrict,
    /// Of equally far cells the last is expanded first.
    LastFirst,
    /// Steps to four neighbours only.
    NoDiagonals,
    /// Expanded cells are improved and expanded again, a few times.
    Reopen,
    /// The first cell is free.
    FreeSource,
}

/// The same by looking through all open cells, for a heap to be compared with.
fn slow(rows: usize, columns: usize, costs: &[f64], rule: Rule) -> (Vec<bool>, f64) {
    let cells = rows * columns;
    let (mut distance, mut from) = (vec![FAR; cells], vec![usize::MAX; cells]);
    let (mut open, mut expanded) = (vec![false; cells], vec![0; cells]);
    distance[0] = if rule == Rule::FreeSource { 0.0 } else { costs[0] };
    open[0] = true;
    loop {
        let candidates = (0..cells).filter(|&cell| open[cell]);
        let nearest = candidates.min_by(|&a, &b| {
            let tie = if rule == Rule::LastFirst { b.cmp(&a) } else { a.cmp(&b) };
            distance[a].partial_cmp(&distance[b]).expect("finite").then(tie)
        });
        let Some(cell) = nearest else { break };
        open[cell] = false;
        expanded[cell] += 1;
        for next in 0..cells {
            let apart = (cell / columns).abs_diff(next / columns) + (cell % columns).abs_diff(next % columns);
            let straight = cell / columns == next / columns || cell % columns == next % columns;
            let adjacent = apart == 1 || apart == 2 && !straight && rule != Rule::NoDiagonals;
            let closed = expanded[next] >= if rule == Rule::Reopen && next != 0 { 3 } else { 1 };
            let offer = distance[cell] + costs[next];
            let better = offer < distance[next] || rule == Rule::NotStrict && offer == distance[next];
            if adjacent && !closed && better {
                (distance[next], from[next], open[next]) = (offer, cell, true);
            }
        }
    }
    let mut path = vec![false; cells];
    let mut cell = cells - 1;
    // Predecessors run in circles only where cells are reopened.
    for _ in 0..cells {
        path[cell] = true;
        if cell == 0 {
            break;
        }
        cell = from[cell];
    }
    (path, distance[cells - 1])
}

/// Grids that tie everywhere, of few and small costs, a third of them with negative ones.
fn grids(count: usize) -> impl Iterator<Item = (usize, usize, Vec<f64>)> {
    let mut random = Random(3);
    (0..count).map(move |i| {
        let (rows, columns) = (1 + random.below(7) as usize, 1 + random.below(7) as usize);
        let lowest = if i % 3 == 0 { -1.0 } else { 1.0 };
        (rows, columns, (0..rows * columns).map(|_| lowest + random.below(4) as f64).collect())
    })
}

#[test]
fn agrees_with_the_slow_way_on_ties_and_negative_costs() {
    let wrong = [Rule::NotStrict, Rule::LastFirst, Rule::NoDiagonals, Rule::Reopen, Rule::FreeSource];
    let mut differs = [0; 5];
    for (rows, columns, costs) in grids(2000) {
        let mut solver = Dijkstra::new(rows, columns).expect("a grid");
        let mut path = vec![false; costs.len()];
        let total = solver.solve(&costs, &mut path).expect("finite");
        let right = slow(rows, columns, &costs, Rule::Right);
        assert_eq!((path, total), right, "{costs:?}");
        // Sweeps are for positive costs, the queue is for all.
        assert_eq!(solver.walks.solved == 1, costs.iter().all(|cost| *cost > 0.0));
        let mut path = vec![false; costs.len()];
        let total = solver.solve_by_queue(&costs, &mut path).expect("finite");
        assert_eq!((path, total), right, "{costs:?}");
        for (rule, differs) in wrong.iter().zip(&mut differs) {
            *differs += usize::from(slow(rows, columns, &costs, *rule) != right);
        }
    }
    assert!(differs.iter().all(|&n| n > 20), "every wrong rule would have been noticed: {differs:?}");
}

#[test]
fn ties_go_to_the_cell_that_comes_first() {
    let mut path = [9u8; 6];
    let total = Dijkstra::new(2, 3).and_then(|mut d| d.solve(&[1.0f32; 6], &mut path));
    // Through (0, 1), which is as far as (1, 1) and comes first.
    assert_eq!((path, total), ([1, 1, 0, 0, 0, 1], Ok(3.0)));
    // -0 and 0 are as far from the start: (0, 1) first again, although -0 lies below it in a total order.
    let total =
        Dijkstra::new(2, 3).and_then(|mut d| d.solve(&[-0.0f32, 0.0, 1.0, 0.0, -0.0, 1.0], &mut path));
    assert_eq!((path, total), ([1, 1, 0, 0, 0, 1], Ok(1.0)));
}

#[test]
fn sums_are_made_in_the_type_of_the_costs() {
    // 2^24 + 1 is 2^24 in f32: both ways cost the same there, and the first cell wins; in f64 the lower is cheaper.
    let costs = [16_777_216.0, 1.0, 0.0, 9.0, 0.0, 0.0];
    let mut path = [0u8; 6];
    let mut wide = Dijkstra::<f64>::new(2, 3).expect("a grid");
    assert_eq!((wide.solve(&costs, &mut path), path), (Ok(16_777_216.0), [1, 0, 0, 0, 1, 1]));
    let mut narrow = Dijkstra::<f32>::new(2, 3).expect("a grid");
    let costs = costs.map(|cost| cost as f32);
    assert_eq!((narrow.solve(&costs, &mut path), path), (Ok(16_777_216.0), [1, 1, 0, 0, 0, 1]));
}

#[test]
fn a_used_solver_is_as_good_as_a_new_one_and_allocates_nothing() {
    let mut used = Dijkstra::new(6, 5).expect("a grid");
    let buffers = |d: &Dijkstra<f64>| {
        (d.sweeps.grid.distance.as_ptr(), d.predecessor.as_ptr(), d.walks.capacity(), d.queue.capacity())
    };
    let before = buffers(&used);
    let mut random = Random(11);
    let (mut path, mut fresh) = ([0.0f32; 30], [0.0f32; 30]);
    for round in 0..500 {
        // Costs that fall along the way make cells be reached again and again; ties and the like in other rounds.
        let costs: [f64; 30] = std::array::from_fn(|i| {
            random.below(5 + round) as f64 - if round % 2 == 0 { i as f64 } else { 0.0 }
        });
        let total = used.solve(&costs, &mut path);
        assert_eq!(Dijkstra::new(6, 5).and_then(|mut new| new.solve(&costs, &mut fresh)), total);
        assert_eq!(path, fresh);
    }
    assert_eq!(buffers(&used), before);
    // The queue's bound is tight enough to be a bound at all: a push beyond it would have moved the capacity.
    assert!(used.queue.capacity() < 16 * 30 + 64);
}

#[test]
fn the_smallest_grids() {
    let solve = |rows, columns, costs: &[f64]| {
        let mut path = vec![false; costs.len()];
        Dijkstra::new(rows, columns).and_then(|mut d| d.solve(costs, &mut path)).map(|total| (path, total))
    };
    assert_eq!(solve(1, 1, &[-2.5]), Ok((vec![true], -2.5)));
    assert_eq!(solve(1, 3, &[1.0, -9.0, 2.0]), Ok((vec![true; 3], -6.0)));
    assert_eq!(solve(3, 1, &[1.0, 5.0, 2.0]), Ok((vec![true; 3], 8.0)));
}

#[test]
fn what_has_no_path_is_told_and_leaves_the_path_alone() {
    let mut path = [7u8; 4];
    let mut solver = Dijkstra::new(2, 2).expect("a grid");
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = solver.solve(&[1.0, 1.0, bad, 1.0], &mut path).expect_err("not finite");
        assert!(matches!(error, DijkstraError::NotFinite { row: 1, column: 0, .. }), "{error}");
        assert_eq!(error.to_string(), format!("the cost of cell (1, 0) is {bad}, expected a finite number"));
    }
    let error = solver.solve(&[1.0, 1.0, 1.0, 1e10], &mut path).expect_err("far");
    assert_eq!(error, DijkstraError::Unreachable { row: 1, column: 1 });
    assert_eq!(path, [7; 4]);
    // Just below is in reach, and after errors the solver works on.
    assert_eq!(solver.solve(&[1.0, 1.0, 1.0, 9.9e9], &mut path), Ok(9.9e9 + 1.0));
    assert_eq!(path, [1, 0, 0, 1]);
    // f32 sums that overflow are out of reach, not NaN.
    let huge = Dijkstra::new(2, 2).and_then(|mut d| d.solve(&[f32::MAX; 4], &mut path));
    assert_eq!(huge, Err(DijkstraError::Unreachable { row: 1, column: 1 }));
    assert!(Dijkstra::new(2, 2).and_then(|mut d| d.solve(&[f32::MIN; 4], &mut path)).is_ok());

    let error = solver.solve(&[1.0; 3], &mut path).expect_err("short");
    assert_eq!(error.to_string(), "the costs have 3 elements, expected 4");
    let error = solver.solve(&[1.0; 4], &mut path[..3]).expect_err("short");
    assert_eq!(error.to_string(), "the path's cells have 3 elements, expected 4");
    for (rows, columns) in [(0, 3), (3, 0), (1 << 14, 1 << 14), (usize::MAX, 2)] {
        assert_eq!(Dijkstra::<f32>::new(rows, columns).err(), Some(DijkstraError::Grid { rows, columns }));
    }
}

/// Grids with one way through, back and forth: sweeps would take as many as there are corridors.
#[test]
fn mazes() {
    let (rows, columns) = (47, 12);
    let wall = |i: usize| {
        let (row, column) = (i / columns, i % columns);
        row % 2 == 1 && column != if row % 4 == 1 { columns - 1 } else { 0 }
    };
    let costs: Vec<f32> = (0..rows * columns).map(|i| if wall(i) { 1e6 } else { 1.0 }).collect();
    let mut solver = Dijkstra::new(rows, columns).expect("a grid");
    let [mut path, mut expected] = [(); 2].map(|()| vec![0u8; costs.len()]);
    let total = solver.solve(&costs, &mut path);
    assert_eq!(solver.solve_by_queue(&costs, &mut expected), total);
    assert_eq!(path, expected);
    // Every corridor has been walked, all but a corner of each turn.
    assert!(total.expect("a path") > (rows / 2 * (columns - 1)) as f32);
}

/// What rounding swallows ties, and ties that a step makes are not ordered by cells.
#[test]
fn costs_too_small_to_lengthen_a_path_are_left_to_the_queue() {
    let mut random = Random(17);
    for _ in 0..300 {
        let costs: [f32; 20] = std::array::from_fn(|_| [1e-9, 1.0, 1.5][random.below(3) as usize]);
        let wide = costs.map(f64::from);
        let (mut narrow, mut reference) = (Dijkstra::new(4, 5).expect("a grid"), [false; 20]);
        let [mut path, mut wide_path] = [[false; 20]; 2];
        let total = narrow.solve(&costs, &mut path);
        assert_eq!(total, narrow.solve_by_queue(&costs, &mut reference));
        assert_eq!(
            (path, narrow.walks.solved),
            (reference, u64::from(costs.iter().all(|cost| *cost >= 1.0)))
        );
        // They are large enough for f64.
        let mut solver = Dijkstra::new(4, 5).expect("a grid");
        let total = solver.solve(&wide, &mut wide_path).expect("finite");
        assert_eq!((wide_path.to_vec(), total), slow(4, 5, &wide, Rule::Right));
        assert_eq!(solver.walks.solved, 1);
    }
}
