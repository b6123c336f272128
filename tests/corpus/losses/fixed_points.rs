//! Fixed-point iterations.

use newton_losses::prelude::*;

/// Entropic optimal transport by Sinkhorn's iteration in the log domain (Cuturi, 2013); the cost matrix is predicted and the
/// plan compared with a given one.
#[newton_loss(hessian, lambda = 0.1)]
pub fn sinkhorn_transport<const N: usize, const M: usize>(
    y: &[[f32; M]; N],
    plan: &[[f32; M]; N],
    rows: &[f32; N],
    columns: &[f32; M],
    epsilon: f32,
    steps: usize,
) -> f32 {
    let mut f = [0.0; N];
    let mut g = [0.0; M];
    for _ in 0..steps {
        for i in 0..N {
            let z: [f32; M] = std::array::from_fn(|j| (g[j] - y[i][j]) / epsilon);
            f[i] = epsilon * (rows[i].ln() - logsumexp(&z));
        }
        for j in 0..M {
            let z: [f32; N] = std::array::from_fn(|i| (f[i] - y[i][j]) / epsilon);
            g[j] = epsilon * (columns[j].ln() - logsumexp(&z));
        }
    }
    let mut loss = 0.0;
    for i in 0..N {
        for j in 0..M {
            let p = ((f[i] + g[j] - y[i][j]) / epsilon).exp();
            loss += (p - plan[i][j]).powi(2);
        }
    }
    (N * M) as f32 * loss
}

/// Kepler's equation E - e sin E = M by Newton's method.
#[newton_fn]
fn eccentric_anomaly(mean_anomaly: f32, e: f32, steps: usize) -> f32 {
    let mut x = mean_anomaly + e * mean_anomaly.sin();
    for _ in 0..steps {
        x -= (x - e * x.sin() - mean_anomaly) / (1.0 - e * x.cos());
    }
    x
}

/// Fits an orbit (semi-major axis, eccentricity, phase, rotation) to positions seen at given times.
#[newton_loss(hessian, lambda = 0.1)]
pub fn kepler_orbit<const N: usize>(
    y: &[f32; 4],
    time: &[f32; N],
    seen: &[[f32; 2]; N],
    steps: usize,
) -> f32 {
    let [log_axis, raw, phase, turn] = *y;
    let axis = log_axis.exp();
    let e = 0.75 * sigmoid(raw);
    let motion = axis.powf(-1.5);
    let (s, c) = (turn.sin(), turn.cos());
    let mut loss = 0.0;
    for (t, at) in time.iter().zip(seen.iter()) {
        let anomaly = eccentric_anomaly(phase + motion * t, e, steps);
        let (u, v) = (axis * (anomaly.cos() - e), axis * (1.0 - e * e).sqrt() * anomaly.sin());
        let (x, z) = (c * u - s * v, s * u + c * v);
        loss += (x - at[0]).powi(2) + (z - at[1]).powi(2);
    }
    loss / N as f32
}

/// PageRank by power iteration on predicted link strengths: log-rank of the page that should win.
#[newton_loss(hessian, lambda = 0.1)]
pub fn page_rank<const N: usize>(
    y: &[[f32; N]; N],
    winner: &usize,
    #[shared] linked: &[[bool; N]; N],
    damping: f32,
    rounds: usize,
) -> f32 {
    let mut p = [[0.0; N]; N];
    for from in 0..N {
        let mut total = 0.0;
        for to in 0..N {
            if linked[from][to] {
                p[from][to] = y[from][to].exp();
                total += p[from][to];
            }
        }
        for to in 0..N {
            p[from][to] /= total;
        }
    }
    let mut rank = [1.0 / N as f32; N];
    for _ in 0..rounds {
        let mut next = [(1.0 - damping) / N as f32; N];
        for from in 0..N {
            for to in 0..N {
                next[to] += damping * rank[from] * p[from][to];
            }
        }
        rank = next;
    }
    -rank[*winner].ln()
}

/// Soft k-means from predicted centres: a few rounds of assignment and averaging, then the distortion.
#[newton_loss(hessian, lambda = 0.1)]
pub fn soft_k_means<const K: usize, const N: usize>(
    y: &[[f32; 2]; K],
    points: &[[f32; 2]; N],
    stiffness: f32,
    rounds: usize,
) -> f32 {
    let mut centre = *y;
    let mut distortion = 0.0;
    for round in 0..=rounds {
        let mut weight = [0.0; K];
        let mut moved = [[0.0; 2]; K];
        distortion = 0.0;
        for point in points {
            let distance = centre.map(|c| (c[0] - point[0]).powi(2) + (c[1] - point[1]).powi(2));
            let share = softmin(&distance.map(|d| stiffness * d));
            for k in 0..K {
                weight[k] += share[k];
                for axis in 0..2 {
                    moved[k][axis] += share[k] * point[axis];
                }
            }
            distortion += dot(&share, &distance) / N as f32;
        }
        if round < rounds {
            for k in 0..K {
                centre[k] = [moved[k][0] / weight[k], moved[k][1] / weight[k]];
            }
        }
    }
    distortion
}

/// A deep equilibrium of two units, damped iteration from zero, hundreds of steps.
#[newton_loss(hessian, lambda = 0.1)]
pub fn equilibrium(y: &[[f32; 3]; 2], target: &[f32; 2], steps: usize) -> f32 {
    let mut x = [0.0, 0.0];
    for _ in 0..steps {
        let drive = [
            0.5 * y[0][0] * x[0] + 0.5 * y[0][1] * x[1] + y[0][2],
            0.5 * y[1][0] * x[0] + 0.5 * y[1][1] * x[1] + y[1][2],
        ];
        for i in 0..2 {
            x[i] += 0.25 * (drive[i].tanh() - x[i]);
        }
    }
    2.0 * mse(&x, target)
}
