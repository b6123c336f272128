//! Triangular matrices packed into a vector, unpacked with a running index.

use super::helpers::*;
use newton_losses::prelude::*;

/// Normal distribution of predicted mean and Cholesky factor (log-diagonal), packed row by row; likelihood of given points.
/// `P` = `D` + `D` (`D` + 1) / 2.
#[newton_loss(hessian, lambda = 0.1)]
pub fn packed_gaussian<const D: usize, const P: usize, const N: usize>(
    y: &[f32; P],
    points: &[[f32; D]; N],
) -> f32 {
    let mut centre = [0.0; D];
    let mut l = [[0.0; D]; D];
    let mut k = 0;
    for i in 0..D {
        centre[i] = y[k];
        k += 1;
    }
    for i in 0..D {
        for j in 0..=i {
            l[i][j] = if i == j { y[k].exp() } else { y[k] };
            k += 1;
        }
    }
    let mut loss = 0.0;
    for point in points {
        loss -= log_gaussian(point, &centre, &l);
    }
    loss / N as f32
}

/// Largest eigenvalue of a packed symmetric matrix, by power iteration on its matrix exponential's Taylor start; the
/// eigenvector against a given direction. `P` = `N` (`N` + 1) / 2.
#[newton_loss(hessian, lambda = 0.1)]
pub fn packed_spectrum<const N: usize, const P: usize>(
    y: &[f32; P],
    direction: &[f32; N],
    largest: &f32,
    rounds: usize,
) -> f32 {
    let mut a = [[0.0; N]; N];
    let mut k = 0usize;
    for i in 0..N {
        for j in i..N {
            a[i][j] = y[k];
            if i != j {
                a[j][i] = y[k];
            }
            k += 1;
        }
        // Shifted, so that the largest eigenvalue is also the largest in magnitude.
        a[i][i] += 4.0;
    }
    let mut v = [1.0; N];
    for _ in 0..rounds {
        let w = matvec(&a, &v);
        let length = norm(&w);
        for i in 0..N {
            v[i] = w[i] / length;
        }
    }
    let value = dot(&v, &matvec(&a, &v)) - 4.0;
    let along = dot(&v, direction);
    (value - largest).powi(2) + 1.0 - along * along
}

/// Pairwise distances of predicted points against the packed strict lower triangle of a distance matrix: stress (Kruskal).
#[newton_loss(hessian, lambda = 0.1)]
pub fn packed_stress<const N: usize, const D: usize, const P: usize>(
    y: &[[f32; D]; N],
    distance: &[f32; P],
    known: &[bool; P],
) -> f32 {
    let mut pair = 0;
    let (mut stress, mut scale) = (0.0, 0.0);
    for i in 1..N {
        for j in 0..i {
            if known[pair] {
                let d = squared_distance(&y[i], &y[j]).sqrt();
                stress += (d - distance[pair]).powi(2);
                scale += d * d;
            }
            pair += 1;
        }
    }
    stress / scale
}

/// Ranking by a packed tournament: strengths whose logistic differences explain wins; entries skip a diagonal of byes, and
/// the running index goes down.
#[newton_loss(hessian, lambda = 0.1)]
pub fn packed_tournament<const N: usize, const P: usize>(y: &[f32; N], wins: &[i32; P], games: &i32) -> f32 {
    let mut at = P;
    let mut loss = 0.0;
    for i in (0..N).rev() {
        for j in (0..i).rev() {
            at -= 1;
            let (won, lost) = (wins[at], games - wins[at]);
            let d = y[i] - y[j];
            loss += won as f32 * softplus(-d) + lost as f32 * softplus(d);
        }
    }
    if at == 0 { loss / *games as f32 + 0.125 * dot(y, y) } else { 0.0 }
}
