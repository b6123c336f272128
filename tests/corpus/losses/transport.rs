//! Distances between distributions.

use newton_losses::prelude::*;

/// Entropic transport cost between uniform point sets on a line, in its dual form.
#[newton_fn]
fn transport_cost<const N: usize, const M: usize>(
    x: &[f32; N],
    z: &[f32; M],
    epsilon: f32,
    steps: usize,
) -> f32 {
    let log_n = (N as f32).ln();
    let log_m = (M as f32).ln();
    let mut f = [0.0; N];
    let mut g = [0.0; M];
    for _ in 0..steps {
        for i in 0..N {
            let w: [f32; M] = std::array::from_fn(|j| (g[j] - (x[i] - z[j]).powi(2)) / epsilon);
            f[i] = epsilon * (log_m - logsumexp(&w));
        }
        for j in 0..M {
            let w: [f32; N] = std::array::from_fn(|i| (f[i] - (x[i] - z[j]).powi(2)) / epsilon);
            g[j] = epsilon * (log_n - logsumexp(&w));
        }
    }
    mean(&f) + mean(&g)
}

/// Sinkhorn divergence (Genevay et al., 2018) between predicted points and given ones: debiased by both self-costs.
#[newton_loss(hessian, lambda = 0.1)]
pub fn sinkhorn_divergence<const N: usize, const M: usize>(
    y: &[f32; N],
    points: &[f32; M],
    epsilon: f32,
    steps: usize,
) -> f32 {
    let cross = transport_cost(y, points, epsilon, steps);
    cross - 0.5 * (transport_cost(y, y, epsilon, steps) + transport_cost(points, points, epsilon, steps))
}

/// Wasserstein distance on the line, to the power p: sort both and compare.
#[newton_loss(hessian, lambda = 0.1)]
pub fn wasserstein<const N: usize>(y: &[f32; N], target: &[f32; N], p: f32) -> f32 {
    let (mine, theirs) = (sort(y), sort(target));
    mine.iter().zip(theirs.iter()).map(|(a, b)| (a - b).abs().powf(p)).sum::<f32>() / N as f32
}

/// Wasserstein-1 of two histograms, smoothed at its kink: differences of cumulated masses.
#[newton_loss(hessian, lambda = 0.1)]
pub fn histogram_transport<const B: usize>(y: &[f32; B], masses: &[f32; B], width: f32, smooth: f32) -> f32 {
    let p = softmax(y);
    let (ours, theirs) = (cumsum(&p), cumsum(masses));
    let mut cost = 0.0;
    for k in 0..B - 1 {
        let gap = ours[k] - theirs[k];
        cost += width * ((gap * gap + smooth * smooth).sqrt() - smooth);
    }
    cost
}

/// Energy distance (Szekely) of predicted points in the plane to given ones.
#[newton_loss(hessian, lambda = 0.1)]
pub fn energy_distance<const N: usize, const M: usize>(y: &[[f32; 2]; N], points: &[[f32; 2]; M]) -> f32 {
    let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let mut across = 0.0;
    let mut within = 0.0;
    for (i, a) in y.iter().enumerate() {
        for b in points.iter() {
            across += distance(*a, *b);
        }
        for b in y.iter().skip(i + 1) {
            within += distance(*a, *b);
        }
    }
    2.0 * across / (N * M) as f32 - 2.0 * within / (N * N) as f32
}
