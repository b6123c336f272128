//! Permutations: for plain numbers, and lane by lane.

use newton_runtime::builtins::*;
use newton_runtime::scalar::{Float, Real};

type L = <f32 as Float>::Plain;

const ROWS: [[f32; 5]; 4] = [
    [2.0, -1.0, 2.0, 0.5, -1.0],
    [1.0, f32::NAN, 3.0, f32::NEG_INFINITY, 3.0],
    [0.0, -0.0, 0.0, 0.0, -0.0],
    [5.0, 4.0, 3.0, 2.0, 1.0],
];

fn columns() -> [L; 5] {
    std::array::from_fn(|j| L::from(std::array::from_fn(|l| ROWS[l % 4][j])))
}

#[test]
fn plain_numbers() {
    let [ties, special, zeros, falling] = ROWS;
    assert_eq!((argsort(&ties), argsort_desc(&ties)), ([1, 4, 3, 0, 2], [0, 2, 3, 1, 4]));
    assert_eq!((argmax(&ties), argmin(&ties), rank(&ties)), (0, 1, [3, 0, 4, 2, 1]));
    assert_eq!((argmax(&special), argmin(&special)), (2, 3), "NaN is neither");
    assert_eq!(rank(&special), [1, 4, 2, 0, 3]);
    assert_eq!((argmax(&zeros), argmin(&zeros), rank(&zeros)), (0, 0, [0, 1, 2, 3, 4]));
    assert_eq!((argmax(&falling), argmin(&falling), rank(&falling)), (0, 4, [4, 3, 2, 1, 0]));
    assert_eq!(top_k::<_, 5, 3>(&ties), [2.0, 2.0, 0.5]);
    let largest: [f32; 2] = top_k(&falling);
    assert_eq!(largest, [5.0, 4.0]);
    let (at, order): (usize, [usize; 5]) = (argmax(&falling), argsort(&falling));
    assert_eq!(order[4], at);
}

#[test]
fn lanes_are_as_plain_numbers() {
    let x = columns();
    for l in 0..L::LANES {
        let row = &ROWS[l % 4];
        let at = |index| L::index_at(index, l);
        assert_eq!(lanes::argsort(&x).map(at), argsort(row));
        assert_eq!(lanes::argsort_desc(&x).map(at), argsort_desc(row));
        assert_eq!(lanes::rank(&x).map(at), rank(row));
        assert_eq!((at(lanes::argmax(&x)), at(lanes::argmin(&x))), (argmax(row), argmin(row)));
        assert_eq!(sort(&x).map(|s| s.lane(l).to_bits()), sort(row).map(f32::to_bits));
    }
}

/// Beyond 64 elements lanes are sorted one by one.
#[test]
fn long_rows() {
    let row: [f32; 100] = std::array::from_fn(|i| ((i * 37) % 50) as f32);
    let x = row.map(L::splat);
    let at = |index| L::index_at(index, L::LANES - 1);
    assert_eq!(lanes::rank(&x).map(at), rank(&row));
    let (order, rank) = (argsort(&row), rank(&row));
    assert!((0..100).all(|j| rank[order[j]] == j));
    assert!(order.windows(2).all(|w| row[w[0]] < row[w[1]] || row[w[0]] == row[w[1]] && w[0] < w[1]));
}
