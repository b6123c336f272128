//! Likelihoods of the statistician.

use newton_losses::prelude::*;

/// Cox's partial likelihood: predicted log-hazards, times and whether the event was seen; risk sets by sorted times.
#[newton_loss(hessian, lambda = 0.1)]
pub fn cox_regression<const N: usize>(y: &[f32; N], time: &[f32; N], observed: &[bool; N]) -> f32 {
    let order = argsort_desc(time);
    let mut at_risk = 0.0;
    let mut loss = 0.0;
    let mut events = 0usize;
    for i in order {
        at_risk += y[i].exp();
        if observed[i] {
            loss += at_risk.ln() - y[i];
            events += 1;
        }
    }
    loss / events.max(1) as f32
}

/// Focal loss (Lin et al., 2017) and Dice on a small mask, plain cross-entropy at the border.
#[newton_loss(hessian, lambda = 0.1)]
pub fn focal_segmentation<const H: usize, const W: usize>(
    y: &[[f32; W]; H],
    mask: &[[f32; W]; H],
    focus: f32,
) -> f32 {
    let mut focal = 0.0;
    let (mut overlap, mut area) = (0.0, 0.0);
    for (i, (row, truth)) in y.iter().zip(mask.iter()).enumerate() {
        for (j, (x, q)) in row.iter().zip(truth.iter()).enumerate() {
            let p = sigmoid(*x);
            if i == 0 || j == 0 || i + 1 == H || j + 1 == W {
                focal += binary_cross_entropy(p, *q);
            } else {
                let right = q * p + (1.0 - q) * (1.0 - p);
                focal -= (1.0 - right).powf(focus) * right.ln();
            }
            overlap += p * q;
            area += p + q;
        }
    }
    focal / (H * W) as f32 + 1.0 - (2.0 * overlap + 1.0) / (area + 1.0)
}

/// Zero-inflated Poisson counts: two numbers per sample, the logarithm of the rate and the logit of a structural zero.
#[newton_loss(hessian, lambda = 0.1)]
pub fn zero_inflated_counts<const N: usize>(y: &[[f32; 2]; N], count: &[u8; N]) -> f32 {
    let mut loss = 0.0;
    for n in 0..N {
        let [log_rate, logit] = y[n];
        let rate = log_rate.exp();
        if count[n] == 0 {
            loss -= logaddexp(-softplus(-logit), -softplus(logit) - rate);
        } else {
            let mut log_factorial = 0.0;
            for k in 2..=count[n] as usize {
                log_factorial += (k as f32).ln();
            }
            loss += softplus(logit) + rate - count[n] as f32 * log_rate + log_factorial;
        }
    }
    loss / N as f32
}

/// Ordinal regression: ordered thresholds from increments, probability of the labelled grade as a difference.
#[newton_loss(fisher, lambda = 0.1)]
pub fn ordinal_probit<const K: usize, const N: usize>(y: &[f32; K], x: &[f32; N], grade: &[usize; N]) -> f32 {
    let mut threshold = *y;
    for k in 1..K {
        threshold[k] = threshold[k - 1] + 0.25 + softplus(y[k]);
    }
    let mut loss = 0.0;
    for (x, g) in x.iter().zip(grade) {
        let upper = if *g < K { normal_cdf(threshold[*g] - x) } else { 1.0 };
        let lower = if *g > 0 { normal_cdf(threshold[*g - 1] - x) } else { 0.0 };
        loss -= (upper - lower).ln();
    }
    loss
}
