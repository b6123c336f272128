//! Shortest paths on a device are Dijkstra's, cell by cell.
#![cfg(feature = "cuda")]

mod cuda_support;

use cuda_support::gpu;
use newton_runtime::algorithms::{Dijkstra, DijkstraError};
use newton_runtime::cuda::Gpu;
use newton_runtime::cuda::algorithms::shortest_paths;
use newton_runtime::scalar::Float;
use serde_json::Value;

/// SplitMix64.
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

type Paths<T> = (Vec<T>, Result<(), DijkstraError>);

fn on_device<T: Float>(gpu: &Gpu, rows: usize, columns: usize, costs: &[T]) -> Paths<T> {
    let costs = gpu.upload(costs).unwrap();
    let mut paths = gpu.dirty::<T>(costs.len()).unwrap();
    let failure = shortest_paths(gpu, rows, columns, costs.slice(), paths.slice_mut()).unwrap();
    (gpu.download(paths.slice()).unwrap(), failure.check(gpu).unwrap())
}

/// One by one on the CPU: NaN where there is no path, and the first error.
fn expected<T: Float + From<bool>>(rows: usize, columns: usize, costs: &[T]) -> Paths<T> {
    let mut solver = Dijkstra::<T>::new(rows, columns).unwrap();
    let mut paths = vec![T::from_f64(f64::NAN); costs.len()];
    let mut first = Ok(());
    let grids = costs.chunks(rows * columns).zip(paths.chunks_mut(rows * columns)).enumerate();
    for (sample, (costs, path)) in grids {
        let error = solver.solve(costs, path).err().map(Box::new);
        if let (Some(error), Ok(())) = (error, &first) {
            first = Err(DijkstraError::Sample { sample, error });
        }
    }
    (paths, first)
}

fn bits<T: Float>(paths: &[T]) -> Vec<u8> {
    let bit = |x: &T| {
        if x.to_f64().is_nan() { 9 } else { u8::from(x.to_f64() == 1.0) + 2 * u8::from(x.to_f64() == 0.0) }
    };
    paths.iter().map(bit).collect()
}

#[track_caller]
fn alike<T: Float + From<bool>>(gpu: &Gpu, rows: usize, columns: usize, costs: &[T]) {
    let (found, failure) = on_device(gpu, rows, columns, costs);
    let (paths, error) = expected(rows, columns, costs);
    let cells = rows * columns;
    for (grid, (found, right)) in found.chunks(cells).zip(paths.chunks(cells)).enumerate() {
        let costs = &costs[grid * cells..][..cells];
        assert_eq!(bits(found), bits(right), "grid {grid} of {rows} x {columns}: {costs:?}");
    }
    // A NaN is not itself.
    assert_eq!(format!("{failure:?}"), format!("{error:?}"), "{rows} x {columns}");
}

const SIZES: [(usize, usize); 8] = [(1, 1), (1, 7), (6, 1), (2, 2), (3, 4), (7, 5), (12, 12), (30, 17)];

/// Small integers tie everywhere; from below zero, from zero and from one on.
#[test]
fn ties_zeros_and_negative_costs() {
    let Some(gpu) = gpu() else { return };
    let mut random = Random(3);
    for (rows, columns) in SIZES {
        let grids = if rows * columns > 400 { 12 } else { 250 };
        for lowest in [-1.0, 0.0, 1.0] {
            let costs: Vec<f64> =
                (0..grids * rows * columns).map(|_| lowest + random.below(4) as f64).collect();
            alike(&gpu, rows, columns, &costs);
            let narrow: Vec<f32> = costs.iter().map(|x| *x as f32).collect();
            alike(&gpu, rows, columns, &narrow);
        }
    }
}

/// What smoothing asks for: terrain under noise, some of it negative.
#[test]
fn costs_under_noise() {
    let Some(gpu) = gpu() else { return };
    let mut random = Random(8);
    for shift in [0.0, -0.9] {
        let mut cost = || {
            let terrain = [0.8, 1.2, 5.3, 7.7, 9.2][random.below(5) as usize];
            terrain + shift + random.below(1000) as f64 * 4e-4 - 0.2
        };
        let costs: Vec<f64> = (0..1000 * 144).map(|_| cost()).collect();
        alike(&gpu, 12, 12, &costs);
        let narrow: Vec<f32> = costs.iter().map(|x| *x as f32).collect();
        alike(&gpu, 12, 12, &narrow);
    }
}

/// Sums are made in the type of the costs, and costs that rounding swallows go by Dijkstra's order.
#[test]
fn rounding() {
    let Some(gpu) = gpu() else { return };
    let mut random = Random(17);
    for levels in [[1e-9, 1.0, 1.5], [1.0, 1e7, 3e7], [-0.0, 0.0, 1e-8]] {
        let costs: Vec<f64> = (0..300 * 20).map(|_| levels[random.below(3) as usize]).collect();
        alike(&gpu, 4, 5, &costs);
        let narrow: Vec<f32> = costs.iter().map(|x| *x as f32).collect();
        alike(&gpu, 4, 5, &narrow);
    }
}

/// Paths that wind through the whole grid, in shared and in global memory.
#[test]
fn mazes_and_large_grids() {
    let Some(gpu) = gpu() else { return };
    for (rows, columns) in [(47, 12), (9, 40), (2, 300), (101, 103)] {
        let wall = |i: usize| {
            let (row, column) = (i / columns, i % columns);
            row % 2 == 1 && column != if row % 4 == 1 { columns - 1 } else { 0 }
        };
        let maze: Vec<f32> = (0..rows * columns).map(|i| if wall(i) { 1e6 } else { 1.0 }).collect();
        let mut random = Random(5);
        let plain: Vec<f32> = maze.iter().map(|_| 1.0 + random.below(5) as f32).collect();
        alike(&gpu, rows, columns, &[maze, plain].concat());
    }
    // In Dijkstra's order.
    let mut random = Random(6);
    let costs: Vec<f64> = (0..2 * 73 * 75).map(|_| random.below(5) as f64 - 0.5).collect();
    alike(&gpu, 73, 75, &costs);
}

/// The first grid of a batch that has no path is named, and disturbs no other.
#[test]
fn failures() {
    let Some(gpu) = gpu() else { return };
    let mut random = Random(2);
    let costs: Vec<f32> = (0..100 * 12).map(|_| 1.0 + random.below(4) as f32).collect();
    for (grid, cell, bad) in
        [(30, 0, f32::NAN), (99, 7, f32::INFINITY), (0, 11, f32::NEG_INFINITY), (33, 11, 2e10)]
    {
        let mut costs = costs.clone();
        costs[grid * 12 + cell] = bad;
        let (_, failure) = on_device(&gpu, 3, 4, &costs);
        let DijkstraError::Sample { sample, .. } = failure.unwrap_err() else { panic!("no sample is named") };
        assert_eq!(sample, grid);
        alike(&gpu, 3, 4, &costs);
        // A second one after it is not named.
        costs[99 * 12 + 5] = f32::NAN;
        alike(&gpu, 3, 4, &costs);
    }
    alike(&gpu, 2, 2, &[f32::MAX; 4]);
    alike(&gpu, 2, 2, &[f32::MIN; 4]);
    alike(&gpu, 2, 2, &[1.0, 1.0, 1.0, 9.9e9]);
    alike(&gpu, 2, 2, &[2e10, 1.0, 1.0, -1.9e10]);
    alike(&gpu, 1, 1, &[2e10_f64]);
    let error = on_device(&gpu, 2, 2, &[1.0, 1.0, 1.0, 1e10]).1.unwrap_err().to_string();
    assert_eq!(error, "sample 0: cell (1, 1) is out of reach: every path to it costs 1e10 or more");
}

/// The Warcraft benchmark's own solver, ties and negative costs included.
#[test]
fn goldens() {
    let Some(gpu) = gpu() else { return };
    let golden: Value = serde_json::from_str(include_str!("golden/dijkstra.json")).unwrap();
    let numbers = |value: &Value| -> Vec<Vec<f64>> { serde_json::from_value(value.clone()).unwrap() };
    let (mut wrong, mut cases) = (0, 0);
    for case in golden["cases"].as_array().unwrap() {
        let (weights, path) = (numbers(&case["weights"]), numbers(&case["path"]));
        let (rows, columns) = (weights.len(), weights[0].len());
        let (found, failure) = on_device(&gpu, rows, columns, &weights.concat());
        assert_eq!((&found, failure), (&path.concat(), Ok(())), "{}", case["name"]);
        // A control: the path of the transposed grid is as cheap, and often another.
        let transposed: Vec<f64> = (0..columns).flat_map(|c| weights.iter().map(move |row| row[c])).collect();
        let (other, _) = on_device(&gpu, columns, rows, &transposed);
        let back: Vec<f64> =
            (0..rows).flat_map(|r| (0..columns).map(move |c| c * rows + r)).map(|i| other[i]).collect();
        wrong += usize::from(back != found);
        cases += 1;
    }
    assert!(cases == 33 && wrong > 10, "{wrong} of {cases}");
}

/// Results depend on nothing but the costs: the batch's size decides how it is spread.
#[test]
fn batches() {
    let Some(gpu) = gpu() else { return };
    let mut random = Random(12);
    let costs: Vec<f32> = (0..3000 * 25).map(|_| random.below(6) as f32).collect();
    let (all, _) = on_device(&gpu, 5, 5, &costs);
    for (first, grids) in [(0, 1), (17, 2), (2000, 1000)] {
        let (some, _) = on_device(&gpu, 5, 5, &costs[first * 25..][..grids * 25]);
        assert_eq!(some, all[first * 25..][..grids * 25]);
    }
    // More than are spread over the device at once.
    let costs: Vec<f32> = (0..66_000 * 2).map(|_| random.below(3) as f32 - 1.0).collect();
    alike(&gpu, 2, 1, &costs);
    assert_eq!(on_device::<f32>(&gpu, 5, 5, &[]), (vec![], Ok(())));
    let error = shortest_paths(
        &gpu,
        1 << 14,
        1 << 14,
        gpu.dirty::<f32>(0).unwrap().slice(),
        gpu.dirty(0).unwrap().slice_mut(),
    );
    assert!(error.unwrap_err().to_string().contains("number of cells is 268435456"));
}
