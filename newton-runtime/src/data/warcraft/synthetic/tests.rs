use super::super::{CHANNELS, ChannelStatistics, SIDE, TILE};
use super::*;
use crate::algorithms::shortest_paths;

#[test]
fn channels_are_near_the_benchmark_s() {
    // Of the benchmark's training maps.
    const MEAN: [f64; 3] = [61.4796, 69.8993, 30.8953];
    const DEVIATION: [f64; 3] = [40.6661, 16.5723, 40.8234];
    let maps = draw(5, Split::Train, 600);
    let statistics = ChannelStatistics::of(&maps).expect("maps");
    for channel in 0..CHANNELS {
        let (mean, deviation) = (statistics.mean[channel], statistics.deviation[channel]);
        assert!((mean - MEAN[channel]).abs() < 2.0, "{statistics:?}");
        assert!((deviation - DEVIATION[channel]).abs() < 2.0, "{statistics:?}");
    }
}

/// How many cheapest paths there are, of costs in tenths, by counting through all cells until nothing changes.
fn count(costs: &[u32]) -> u64 {
    let neighbours = |cell: usize| {
        (0..CELLS).filter(move |&other| {
            let apart = |a: usize, b: usize| a.abs_diff(b) <= 1;
            other != cell && apart(other / GRID, cell / GRID) && apart(other % GRID, cell % GRID)
        })
    };
    let mut distance = [u32::MAX / 2; CELLS];
    distance[0] = costs[0];
    for _ in 0..CELLS {
        for cell in 1..CELLS {
            let nearest = neighbours(cell).map(|other| distance[other]).min().expect("a neighbour");
            distance[cell] = distance[cell].min(nearest + costs[cell]);
        }
    }
    let mut order: Vec<usize> = (0..CELLS).collect();
    order.sort_by_key(|&cell| distance[cell]);
    let mut ways = [0u64; CELLS];
    ways[0] = 1;
    for &cell in order.iter().filter(|&&cell| cell != 0) {
        ways[cell] = neighbours(cell)
            .filter(|&other| distance[other] + costs[cell] == distance[cell])
            .map(|other| ways[other])
            .sum();
    }
    ways[CELLS - 1]
}

fn tenths(costs: &[f32]) -> Vec<u32> {
    costs.iter().map(|&cost| (10.0 * cost).round() as u32).collect()
}

#[test]
fn labels_are_the_only_cheapest_paths() {
    let maps = draw(2, Split::Test, 60);
    let (_, costs, labels) = maps.parts();
    for index in 0..60 {
        assert_eq!(count(&tenths(maps.costs(index))), 1, "map {index}");
    }
    // Rounded to half precision, the costs still have the same cheapest paths.
    let mut paths = vec![9; labels.len()];
    shortest_paths(GRID, GRID, costs, &mut paths).expect("finite costs");
    assert_eq!(paths, labels);
    // The measure itself: terrain as it comes has many ties, and the quick test agrees with counting.
    let (mut random, mut unique, mut path) = (Random::new(b"war-test", 1, Split::Test, 0), 0, [0; CELLS]);
    for _ in 0..100 {
        let terrain = terrain::draw(&mut random);
        let costs: Vec<f32> = terrain.iter().map(|&kind| TERRAIN_COSTS[kind as usize]).collect();
        let only = Uniqueness::new().only_path(&terrain, &mut path);
        assert_eq!(only, count(&tenths(&costs)) == 1);
        unique += usize::from(only);
    }
    assert!((3..40).contains(&unique), "{unique} of 100");
}

#[test]
fn guessing_is_not_rewarded() {
    let maps = draw(7, Split::Valid, 400);
    let labels = maps.parts().2.chunks(CELLS);
    let straight = labels.clone().filter(|label| straight(label)).count();
    assert!((1..28).contains(&straight), "{straight} of 400");
    // What equal costs give is the diagonal, so that is how often saying nothing is right.
    let mut path = [0; CELLS];
    Dijkstra::new(GRID, GRID)
        .and_then(|mut solver| solver.solve(&[1.0f32; CELLS], &mut path))
        .expect("a path");
    assert_eq!(labels.clone().filter(|label| **label == path).count(), straight);
    // Nor is any other answer right often: hardly any two labels are the same.
    let others = labels.filter(|label| **label != path).collect::<std::collections::BTreeSet<_>>();
    assert!(others.len() > 300, "{} different labels", others.len());
}

#[test]
fn costs_are_the_five_and_lie_together() {
    let maps = draw(4, Split::Train, 200);
    let (_, costs, _) = maps.parts();
    let mut counts = [0; 5];
    for &cost in costs {
        let kind = TERRAIN_COSTS.iter().position(|&known| f16::from_f32(known).to_f32() == cost);
        counts[kind.expect("one of the five")] += 1;
    }
    assert!(counts.iter().all(|&n| n * 20 > costs.len()), "no terrain is rare: {counts:?}");
    // Neighbours are alike about twice as often as cells of different maps.
    let alike = |pairs: &mut dyn Iterator<Item = (f32, f32)>| {
        let (same, all) = pairs.fold((0, 0), |(same, all), (a, b)| (same + i32::from(a == b), all + 1));
        f64::from(same) / f64::from(all)
    };
    let beside = alike(&mut costs.chunks(GRID).flat_map(|row| row.windows(2)).map(|pair| (pair[0], pair[1])));
    let apart = alike(&mut costs.iter().zip(&costs[CELLS..]).map(|(&a, &b)| (a, b)));
    assert!(beside > 1.6 * apart && beside < 0.8, "{beside} beside each other, {apart} apart");
}

#[test]
fn terrain_can_be_told_from_its_tile() {
    // By the nearest mean colour: what a network has to learn is there to be learned.
    let maps = draw(6, Split::Valid, 60);
    let tile = |index: usize, cell: usize| -> [f32; 3] {
        let mut sum = [0.0; 3];
        for (y, x) in (0..TILE).flat_map(|y| (0..TILE).map(move |x| (y, x))) {
            let at = (cell / GRID * TILE + y) * SIDE + cell % GRID * TILE + x;
            (0..3).for_each(|c| sum[c] += f32::from(maps.image(index)[3 * at + c]) / 64.0);
        }
        sum
    };
    let mut means: Vec<(f32, [f32; 3], f32)> = Vec::new();
    let all = || (0..60).flat_map(|index| (0..CELLS).map(move |cell| (index, cell)));
    for (index, cell) in all() {
        let (cost, colour) = (maps.costs(index)[cell], tile(index, cell));
        if !means.iter().any(|mean| mean.0 == cost) {
            means.push((cost, [0.0; 3], 0.0));
        }
        for mean in means.iter_mut().filter(|mean| mean.0 == cost) {
            (0..3).for_each(|c| mean.1[c] += colour[c]);
            mean.2 += 1.0;
        }
    }
    let far = |mean: &(f32, [f32; 3], f32), colour: &[f32; 3]| -> f32 {
        (0..3).map(|c| (mean.1[c] / mean.2 - colour[c]).powi(2)).sum()
    };
    let right = all().filter(|&(index, cell)| {
        let colour = tile(index, cell);
        let nearest = means.iter().min_by(|a, b| far(a, &colour).total_cmp(&far(b, &colour)));
        nearest.is_some_and(|mean| mean.0 == maps.costs(index)[cell])
    });
    assert!(right.count() > 60 * CELLS * 99 / 100);
    // Textured: no tile is one colour.
    let image = maps.image(0);
    assert!((0..CELLS).all(|cell| {
        let start = 3 * (cell / GRID * TILE * SIDE + cell % GRID * TILE);
        image[start..start + 3 * TILE].chunks(3).any(|pixel| pixel != &image[start..start + 3])
    }));
}

#[test]
fn a_map_depends_on_seed_split_and_index_only() {
    let maps = draw(1, Split::Train, 8);
    let few = draw(1, Split::Train, 3);
    for index in 0..3 {
        assert_eq!(few.image(index), maps.image(index));
        assert_eq!((few.costs(index), few.path(index)), (maps.costs(index), maps.path(index)));
    }
    for other in [draw(2, Split::Train, 3), draw(1, Split::Valid, 3)] {
        assert!((0..3).all(|index| other.costs(index) != maps.costs(index)));
    }
    assert_ne!(maps.costs(0), maps.costs(1));
    // On one thread as on many.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    assert_eq!(pool.install(|| draw(1, Split::Train, 8)), maps);
    // Fixed for ever: published runs are repeated by their seed.
    assert_eq!(tenths(&maps.costs(0)[..12]), [77, 53, 92, 8, 12, 8, 12, 8, 8, 8, 92, 92]);
    assert_eq!(maps.image(0)[..6], [114, 84, 20, 120, 89, 22]);
}
