//! Predictions that are matrices, or more.

use super::helpers::*;
use newton_losses::prelude::*;

/// Gaussian log-likelihood of two points; covariance A A^T + I from a predicted square matrix, by Cholesky.
#[newton_loss(hessian, lambda = 0.1)]
pub fn cholesky_likelihood<const D: usize>(y: &[[f32; D]; D], x: &[[f32; D]; 2]) -> f32 {
    let mut covariance = [[0.0; D]; D];
    for (i, a) in y.iter().enumerate() {
        for (j, b) in y.iter().enumerate() {
            covariance[i][j] = dot(a, b) + if i == j { 1.0 } else { 0.0 };
        }
    }
    let l: [[f32; D]; D] = cholesky(&covariance);
    let zero = [0.0; D];
    -0.5 * (log_gaussian(&x[0], &zero, &l) + log_gaussian(&x[1], &zero, &l))
}

/// Causal scaled dot-product attention with predicted queries.
#[newton_loss(hessian, lambda = 0.1)]
pub fn attention<const T: usize, const D: usize>(
    queries: &[[f32; D]; T],
    values: &[[f32; D]; T],
    target: &[[f32; D]; T],
    #[shared] keys: &[[f32; T]; D],
) -> f32 {
    let scale = (D as f32).sqrt().recip();
    let scores = matmul(queries, keys);
    let mut weights = [[0.0; T]; T];
    for t in 0..T {
        let mut masked = scores[t].map(|s| s * scale);
        for s in masked.iter_mut().skip(t + 1) {
            *s = -1e4;
        }
        weights[t] = softmax(&masked);
    }
    let attended = matmul(&weights, values);
    attended.iter().zip(target.iter()).map(|(a, t)| mse(a, t)).sum::<f32>()
}

/// A stack of pictures, two channels: differences along every axis, Charbonnier's penalty, and the mean of each channel.
#[newton_loss(hessian, lambda = 0.1)]
pub fn total_variation<const H: usize, const W: usize, const C: usize>(
    y: &[[[f32; C]; W]; H],
    target: &[[[f32; C]; W]; H],
    means: &[f32; C],
    weight: f32,
) -> f32 {
    let soft = |d: f32| (d * d + 0.0625).sqrt() - 0.25;
    let mut variation = 0.0;
    let mut fidelity = 0.0;
    let mut totals = [0.0; C];
    for i in 0..H {
        for j in 0..W {
            for c in 0..C {
                let here = y[i][j][c];
                if i + 1 < H {
                    variation += soft(y[i + 1][j][c] - here);
                }
                if j + 1 < W {
                    variation += soft(y[i][j + 1][c] - here);
                }
                fidelity += (here - target[i][j][c]).powi(2);
                totals[c] += here / (H * W) as f32;
            }
        }
    }
    fidelity + weight * variation + 4.0 * mse(&totals, means)
}

/// Soft assignment of workers to jobs: Sinkhorn normalisation of scores, entropy, then the labelled assignment's log-loss.
#[newton_loss(hessian, lambda = 0.1)]
pub fn soft_assignment<const N: usize>(y: &[[f32; N]; N], job: &[usize; N], rounds: usize) -> f32 {
    let mut z = *y;
    for _ in 0..rounds {
        for row in z.iter_mut() {
            *row = log_softmax(row);
        }
        for j in 0..N {
            let column: [f32; N] = std::array::from_fn(|i| z[i][j]);
            let total = logsumexp(&column);
            for row in z.iter_mut() {
                row[j] -= total;
            }
        }
    }
    let mut loss = 0.0;
    for (i, row) in z.iter().enumerate() {
        loss -= row[job[i]];
        loss += 0.25 * row.iter().map(|l| l * l.exp()).sum::<f32>();
    }
    loss
}

/// Least squares with predicted features: the normal equations solved by Cholesky, residual on the given targets.
#[newton_loss(hessian, lambda = 0.1)]
pub fn ridge_residual<const N: usize, const D: usize>(
    y: &[[f32; D]; N],
    target: &[f32; N],
    ridge: f32,
) -> f32 {
    let mut gram = [[0.0; D]; D];
    let mut moment = [0.0; D];
    for (features, t) in y.iter().zip(target.iter()) {
        for a in 0..D {
            for b in 0..D {
                gram[a][b] += features[a] * features[b];
            }
            moment[a] += features[a] * t;
        }
    }
    for a in 0..D {
        gram[a][a] += ridge;
    }
    let l: [[f32; D]; D] = cholesky(&gram);
    let mut w: [f32; D] = forward_substitution(&l, &moment);
    for i in (0..D).rev() {
        for k in i + 1..D {
            w[i] -= l[k][i] * w[k];
        }
        w[i] /= l[i][i];
    }
    let fit = matvec(y, &w);
    mse(&fit, target)
}
