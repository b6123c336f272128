//! Algorithms on graphs whose topology is fixed.

use newton_losses::prelude::*;

/// A small road map, one way.
const ROADS: [(usize, usize); 12] =
    [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (2, 4), (3, 5), (4, 3), (4, 5), (5, 6), (3, 6), (4, 6)];

/// Bellman-Ford with smooth minima: predicted lengths, observed travel times from crossing 0.
#[newton_loss(hessian, lambda = 0.1)]
pub fn soft_bellman_ford<const N: usize>(y: &[f32; 12], times: &[f32; N], temperature: f32) -> f32 {
    let length: [f32; 12] = std::array::from_fn(|e| softplus_length(y[e]));
    let mut distance = [20.0; N];
    distance[0] = 0.0;
    for _ in 1..N {
        let mut relaxed = [20.0; N];
        relaxed[0] = 0.0;
        for node in 1..N {
            let mut ways = 0.0;
            for (e, road) in ROADS.iter().enumerate() {
                if road.1 == node {
                    ways += (-(distance[road.0] + length[e]) / temperature).exp();
                }
            }
            relaxed[node] = -temperature * ways.ln();
        }
        distance = relaxed;
    }
    (1..N).map(|i| huber(distance[i] - times[i], 0.5)).sum::<f32>()
}

/// Lengths are positive.
#[newton_fn]
fn softplus_length(x: f32) -> f32 {
    0.25 + softplus(x)
}

/// The widest path: capacity of the best route, minimum along and maximum across softened; a relaxed bottleneck.
#[newton_loss(hessian, lambda = 0.1)]
pub fn widest_path<const E: usize>(
    y: &[f32; E],
    demand: &f32,
    #[shared] edges: &[[usize; 2]; E],
    t: f32,
) -> f32 {
    let mut width = [0.0; 7];
    width[0] = 8.0;
    // Edges are in topological order of their ends, but rounds make that needless.
    for _round in 0..3 {
        for (capacity, &[from, to]) in y.iter().zip(edges.iter()) {
            let through = smooth_min(&[width[from], *capacity], t);
            width[to] = smooth_max(&[width[to], through], t);
        }
    }
    (width[6] - demand).powi(2)
}

/// Tree-structured Markov random field: log-partition by belief propagation to the root, minus the score of the labels.
/// Parents come before their children, the root is its own parent.
#[newton_loss(hessian, lambda = 0.1)]
pub fn tree_belief<const N: usize, const S: usize>(
    y: &[[f32; S]; N],
    state: &[usize; N],
    #[shared] parent: &[usize; N],
    #[shared] coupling: &[[f32; S]; S],
) -> f32 {
    let mut belief = *y;
    let mut gold = y[0][state[0]];
    for node in (1..N).rev() {
        let up = parent[node];
        for s in 0..S {
            let message: [f32; S] = std::array::from_fn(|own| coupling[s][own] + belief[node][own]);
            belief[up][s] += logsumexp(&message);
        }
        gold += y[node][state[node]] + coupling[state[up]][state[node]];
    }
    logsumexp(&belief[0]) - gold
}

/// Laplacian smoothing of predicted heights along a list of edges, then the distance to measured ones.
#[newton_loss(hessian, lambda = 0.1)]
pub fn laplacian_smoothing<const N: usize, const E: usize>(
    y: &[f32; N],
    measured: &[f32; N],
    valid: &[bool; N],
    #[shared] edges: &[[usize; 2]; E],
    rate: f32,
    rounds: usize,
) -> f32 {
    let mut h = *y;
    for _ in 0..rounds {
        let mut flow = [0.0; N];
        for &[a, b] in edges {
            // Large steps are edges of the terrain and flow less (Perona and Malik, 1990).
            let d = h[b] - h[a];
            let f = rate * d / (1.0 + d * d);
            flow[a] += f;
            flow[b] -= f;
        }
        for (h, f) in h.iter_mut().zip(flow.iter()) {
            *h += f;
        }
    }
    let mut loss = 0.0;
    for i in 0..N {
        if valid[i] {
            loss += (h[i] - measured[i]).powi(2);
        }
    }
    loss
}

/// Edges of the wheel with five spokes.
const WHEEL: [[usize; 2]; 10] =
    [[0, 1], [0, 2], [0, 3], [0, 4], [0, 5], [1, 2], [2, 3], [3, 4], [4, 5], [5, 1]];

/// Likelihood of a spanning tree of the wheel: Kirchhoff's determinant of the reduced Laplacian, by elimination.
#[newton_loss(hessian, lambda = 0.1)]
pub fn matrix_tree(y: &[f32; 10], in_tree: &[bool; 10]) -> f32 {
    let mut a = [[0.0; 5]; 5];
    for e in 0..10 {
        let w = y[e].exp();
        // Node 0 is left out.
        let ends = WHEEL[e];
        for side in 0..2 {
            let (u, v) = (ends[side], ends[1 - side]);
            if u > 0 {
                a[u - 1][u - 1] += w;
                if v > 0 {
                    a[u - 1][v - 1] -= w;
                }
            }
        }
    }
    let mut loss = 0.0;
    for k in 0..5 {
        loss += a[k][k].ln();
        for i in k + 1..5 {
            let factor = a[i][k] / a[k][k];
            for j in k..5 {
                a[i][j] -= factor * a[k][j];
            }
        }
    }
    for (weight, _) in y.iter().zip(in_tree.iter()).filter(|(_, chosen)| **chosen) {
        loss -= weight;
    }
    loss
}
