//! Dynamic programs on a grid.

use super::helpers::*;
use newton_losses::prelude::*;

/// Far away.
const FAR: f32 = 1e4;

/// Soft-DTW (Cuturi and Blondel, 2017) of sequences of vectors, within a Sakoe-Chiba band.
#[newton_loss(hessian, lambda = 0.1)]
pub fn soft_dtw_band<const N: usize, const M: usize, const D: usize>(
    y: &[[f32; D]; N],
    target: &[[f32; D]; M],
    band: usize,
    gamma: f32,
) -> f32 {
    let mut r = [[FAR; M]; N];
    for i in 0..N {
        for j in 0..M {
            // Columns scaled to rows, as the lengths differ.
            let centre = i * M / N;
            if j + band >= centre && j <= centre + band {
                let here = squared_distance(&y[i], &target[j]);
                let before = if i == 0 && j == 0 {
                    0.0
                } else if i == 0 {
                    r[0][j - 1]
                } else if j == 0 {
                    r[i - 1][0]
                } else {
                    smooth_min(&[r[i - 1][j], r[i][j - 1], r[i - 1][j - 1]], gamma)
                };
                r[i][j] = here + before;
            }
        }
    }
    r[N - 1][M - 1]
}

/// Expected edit distance, smoothed, from predicted characters to the first `len` letters of a word. `P` = `M` + 1.
#[newton_loss(hessian, lambda = 0.1)]
pub fn soft_edit_distance<const N: usize, const C: usize, const M: usize, const P: usize>(
    y: &[[f32; C]; N],
    word: &[u8; M],
    len: &usize,
    temperature: f32,
) -> f32 {
    let mut row: [f32; P] = std::array::from_fn(|j| j as f32);
    for logits in y.iter() {
        let p = softmax(logits);
        let mut diagonal = row[0];
        row[0] += 1.0;
        for j in 1..=*len {
            let letter = word[j - 1] as usize;
            let substituted = diagonal + 1.0 - p[letter];
            diagonal = row[j];
            row[j] = smooth_min(&[substituted, row[j - 1] + 1.0, row[j] + 1.0], temperature);
        }
    }
    row[*len]
}

/// Smith-Waterman with smooth maxima: the log-partition over local alignments of predicted similarities.
#[newton_loss(hessian, lambda = 0.1)]
pub fn smith_waterman<const N: usize, const M: usize>(y: &[[f32; M]; N], score: &f32, gap: f32) -> f32 {
    let mut h = [[0.0; M]; N];
    let mut best = 0.0;
    for (i, similarity) in y.iter().enumerate() {
        for j in 0..M {
            let up = if i > 0 { h[i - 1][j] - gap } else { -gap };
            let left = if j > 0 { h[i][j - 1] - gap } else { -gap };
            let diagonal = similarity[j] + if i > 0 && j > 0 { h[i - 1][j - 1] } else { 0.0 };
            h[i][j] = logsumexp(&[0.0, diagonal, up, left]);
            best = logaddexp(best, h[i][j]);
        }
    }
    huber(best - score, 1.0)
}

/// Needleman-Wunsch with affine gaps (Gotoh, 1982), three states carried as a tuple, one row kept.
#[newton_loss(hessian, lambda = 0.1)]
pub fn needleman_wunsch<const N: usize, const M: usize>(
    y: &[f32; N],
    target: &[f32; M],
    open: f32,
    extend: f32,
    temperature: f32,
) -> f32 {
    let softest = |a: f32, b: f32, c: f32| smooth_max(&[a, b, c], temperature);
    // Before the first column and row: states (match, gap in target, gap in y).
    let mut row = [(-FAR, -FAR, -FAR); M];
    for j in 0..M {
        row[j].2 = -open - extend * j as f32;
    }
    let mut corner: (f32, f32, f32) = (0.0, -FAR, -FAR);
    for i in 0..N {
        let edge = (-FAR, -open - extend * i as f32, -FAR);
        let (mut left, mut diagonal) = (edge, corner);
        corner = edge;
        for j in 0..M {
            let up = row[j];
            let similar = 1.0 - (y[i] - target[j]).powi(2);
            let (m, a, b) = diagonal;
            let matched = similar + softest(m, a, b);
            let in_target = softest(up.0 - open, up.1 - extend, up.2 - open);
            let in_y = softest(left.0 - open, left.1 - open, left.2 - extend);
            left = (matched, in_target, in_y);
            diagonal = up;
            row[j] = left;
        }
    }
    let (m, a, b) = row[M - 1];
    -softest(m, a, b)
}

/// Shortest path over a map of predicted costs, to the right, down or diagonally: smooth cost of the best path against the
/// cost of a demonstrated one, as in the Warcraft benchmark (Vlastelica et al., 2020).
#[newton_loss(hessian, lambda = 0.1)]
pub fn shortest_path<const H: usize, const W: usize>(
    y: &[[f32; W]; H],
    demonstrated: &[[bool; W]; H],
    gamma: f32,
) -> f32 {
    let mut cost = [[0.0; W]; H];
    let mut shown = 0.0;
    for row in 0..H {
        for column in 0..W {
            let here = softplus(y[row][column]);
            if demonstrated[row][column] {
                shown += here;
            }
            cost[row][column] = here
                + match (row.min(1)) * 2 + column.min(1) {
                    0 => 0.0,
                    1 => cost[row][column - 1],
                    2 => cost[row - 1][column],
                    _ => {
                        let (up, left) = (cost[row - 1][column], cost[row][column - 1]);
                        smooth_min(&[up, left, cost[row - 1][column - 1]], gamma)
                    }
                };
        }
    }
    shown - cost[H - 1][W - 1]
}
