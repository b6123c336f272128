//! Ranking metrics, relaxed.

use newton_losses::prelude::*;

/// ApproxNDCG (Qin et al., 2010): ranks by sums of sigmoids, gains 2^grade - 1.
#[newton_loss(hessian, lambda = 0.1)]
pub fn approx_ndcg<const N: usize>(y: &[f32; N], grade: &[u8; N], alpha: f32) -> f32 {
    let gain: [f32; N] = std::array::from_fn(|i| ((1 << grade[i]) - 1) as f32);
    let mut ideal = 0.0;
    for (i, g) in sort_desc(&gain).iter().enumerate() {
        ideal += g / (i as f32 + 2.0).log2();
    }
    let mut dcg = 0.0;
    for i in 0..N {
        let rank = 0.5 + (0..N).map(|j| sigmoid(alpha * (y[j] - y[i]))).sum::<f32>();
        dcg += gain[i] / (1.0 + rank).log2();
    }
    1.0 - dcg / ideal
}

/// ListMLE (Xia et al., 2008): Plackett-Luce likelihood of the order in the label, best first.
#[newton_loss(hessian, lambda = 0.1)]
pub fn list_mle<const N: usize>(y: &[f32; N], order: &[usize; N]) -> f32 {
    let mut rest = y[order[N - 1]];
    let mut loss = 0.0;
    for i in (0..N - 1).rev() {
        let score = y[order[i]];
        rest = logaddexp(rest, score);
        loss += rest - score;
    }
    loss
}

/// RankNet (Burges et al., 2005): logistic loss of all pairs whose grades differ, averaged.
#[newton_loss(hessian, lambda = 0.1)]
pub fn pairwise_logistic<const N: usize>(y: &[f32; N], grade: &[i32; N], margin: f32) -> f32 {
    let mut loss = 0.0;
    let mut count = 0usize;
    for i in 0..N {
        for j in 0..N {
            if grade[i] > grade[j] {
                loss += softplus(y[j] - y[i] + margin * (grade[i] - grade[j]) as f32);
                count += 1;
            }
        }
    }
    if count > 0 { loss / count as f32 } else { 0.0 }
}

/// Top-k multiclass hinge (Lapin et al., 2015), squared: the labelled class against the mean of its three best rivals.
#[newton_loss(hessian, lambda = 0.1)]
pub fn top_k_hinge<const C: usize>(y: &[f32; C], class: &usize) -> f32 {
    let mut rivals = *y;
    rivals[*class] = -1e3;
    let best: [f32; 3] = top_k(&rivals);
    let hinge = relu(1.0 + mean(&best) - y[*class]);
    hinge * hinge
}

/// SmoothAP (Brown et al., 2020): one minus average precision, ranks by sigmoids.
#[newton_loss(hessian, lambda = 0.1)]
pub fn smooth_ap<const N: usize>(y: &[f32; N], relevant: &[bool; N], tau: f32) -> f32 {
    let mut total = 0.0;
    let mut positives = 0;
    for i in 0..N {
        if relevant[i] {
            let (mut all, mut good) = (1.0, 1.0);
            for j in 0..N {
                if j != i {
                    let above = sigmoid((y[j] - y[i]) / tau);
                    all += above;
                    if relevant[j] {
                        good += above;
                    }
                }
            }
            total += good / all;
            positives += 1;
        }
    }
    1.0 - total / positives as f32
}

/// LambdaRank (Burges et al., 2006): pairs weigh what swapping them changes in DCG, by their present hard ranks.
#[newton_loss(hessian, lambda = 0.1)]
pub fn lambda_rank<const N: usize>(y: &[f32; N], gain: &[f32; N]) -> f32 {
    let place = rank(y);
    // Best first.
    let discount: [f32; N] = std::array::from_fn(|i| 1.0 / ((N - 1 - place[i]) as f32 + 2.0).log2());
    let mut loss = 0.0;
    for i in 0..N {
        for j in 0..i {
            let (better, worse) = if gain[i] >= gain[j] { (i, j) } else { (j, i) };
            let weight = ((gain[better] - gain[worse]) * (discount[i] - discount[j])).abs();
            loss += weight * softplus(y[worse] - y[better]);
        }
    }
    loss
}

/// NeuralNDCG (Pobrotyn and Bialobrzeski, 2021): gains permuted by NeuralSort's relaxed permutation, cut off at `k`.
#[newton_loss(hessian, lambda = 0.1)]
pub fn neural_ndcg<const N: usize>(y: &[f32; N], gain: &[f32; N], ideal: &f32, k: usize, tau: f32) -> f32 {
    let spread = y.map(|a| y.iter().map(|b| (a - b).abs()).sum::<f32>());
    let mut dcg = 0.0;
    for i in 0..k {
        let weight = N as f32 - 1.0 - 2.0 * i as f32;
        let logits: [f32; N] = std::array::from_fn(|j| (weight * y[j] - spread[j]) / tau);
        dcg += dot(&softmax(&logits), gain) / (i as f32 + 2.0).log2();
    }
    1.0 - dcg / ideal
}

/// Spread of a sorted list: log-gaps between neighbours, weighted by who is where.
#[newton_loss(hessian, lambda = 0.1)]
pub fn sorted_gaps<const N: usize>(y: &[f32; N], weight: &[f32; N]) -> f32 {
    let order = argsort(y);
    let mut loss = 0.0;
    for k in 1..N {
        let (low, high) = (order[k - 1], order[k]);
        loss -= weight[high] * (y[high] - y[low]).ln();
    }
    loss + 0.5 * (y[argmax(y)] - y[argmin(y)]).powi(2)
}
