//! Dynamic programs with hard decisions, as plain Rust.
use newton_losses::prelude::*;

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn maximum_subarray<const N: usize>(y: &[f32; N], beta: f32) -> f32 {
    let (mut here, mut best) = (0.0, -8.0);
    let (mut ending, mut largest) = (0.0, -8.0);
    for &x in y {
        here = if here > 0.0 { here + x } else { x };
        if here > best {
            best = here;
        }
        ending = (ending + x).max(x);
        largest = f32::max(largest, ending);
    }
    best * largest
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn knapsack<const N: usize>(y: &[f32; N], weight: &[usize; N], beta: f32) -> f32 {
    const ROOM: usize = 5;
    let mut best = [0.0_f32; ROOM + 1];
    for item in 0..N {
        for room in (weight[item]..=ROOM).rev() {
            best[room] = best[room].max(best[room - weight[item]] + y[item]);
        }
    }
    best[ROOM]
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn levenshtein<const N: usize, const M: usize, const P: usize>(
    y: &[f32; N],
    word: &[f32; M],
    beta: f32,
) -> f32 {
    let mut row: [f32; P] = std::array::from_fn(|j| j as f32);
    for (i, letter) in y.iter().enumerate() {
        let above = row;
        row[0] = (i + 1) as f32;
        for j in 1..=M {
            let change = if *letter == word[j - 1] { above[j - 1] } else { above[j - 1] + 1.0 };
            row[j] = min(&[above[j] + 1.0, row[j - 1] + 1.0, change]);
        }
    }
    row[M]
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn floyd_warshall<const N: usize>(y: &[[f32; N]; N], far: &[usize; N], beta: f32) -> f32 {
    let mut d = *y;
    for i in 0..N {
        d[i][i] = 0.0;
    }
    for k in 0..N {
        for i in 0..N {
            for j in 0..N {
                d[i][j] = d[i][j].min(d[i][k] + d[k][j]);
            }
        }
    }
    (0..N).map(|i| d[i][far[i]]).sum()
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn longest_run<const N: usize>(y: &[f32; N], bound: &f32, beta: f32) -> f32 {
    let (mut run, mut longest, mut runs) = (0.0, 0.0, 0.0);
    let mut above = false;
    for x in y {
        let before = above;
        above = x > bound;
        if above {
            run += 1.0;
        } else {
            run = 0.0;
        }
        if above && !before {
            runs += 1.0;
        }
        if run > longest {
            longest = run;
        }
    }
    longest * longest + runs
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn increasing_subsequence<const N: usize>(y: &[f32; N], beta: f32) -> f32 {
    let mut length = [1.0; N];
    let mut best = 0.0;
    for i in 0..N {
        for j in 0..i {
            if y[i] > y[j] && length[j] + 0.5 > length[i] {
                length[i] = length[j] + 1.0;
            }
        }
        if length[i] > best {
            best = length[i];
        }
    }
    best
}

/// The cheapest neighbour in the column before, for each row.
#[newton_fn(relax(logistic, beta = 8.0))]
pub fn cheapest_neighbours<const H: usize>(row: &[f32; H]) -> [f32; H] {
    let mut cheapest = *row;
    for i in 0..H {
        let up = if i > 0 { row[i - 1] } else { 16.0 };
        let down = if i + 1 < H { row[i + 1] } else { 16.0 };
        cheapest[i] = row[i].min(up).min(down);
    }
    cheapest
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, max_iter = most))]
pub fn cheapest_way<const H: usize, const W: usize>(y: &[[f32; W]; H], beta: f32, most: usize) -> f32 {
    let mut row: [f32; H] = std::array::from_fn(|i| y[i][0]);
    for j in 1..W {
        let before: [f32; H] = cheapest_neighbours(&row);
        for i in 0..H {
            row[i] = before[i] + y[i][j];
        }
    }
    let mut rest = min(&row);
    while rest > 1.0 || rest < 0.25 {
        rest -= 0.5;
        if rest < 0.0 {
            rest *= -0.75;
        }
    }
    rest + row[1]
}
