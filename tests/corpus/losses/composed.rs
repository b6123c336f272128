//! Losses put together from functions that call each other.

use super::helpers::*;
use newton_losses::prelude::*;

/// Layer normalisation, a linear map and tanh.
#[newton_fn]
fn layer<const I: usize, const O: usize>(x: &[f32; I], w: &[[f32; I]; O], b: &[f32; O]) -> [f32; O] {
    let normal: [f32; I] = standardize(x, 0.0625);
    let z: [f32; O] = affine(&normal, w, b);
    z.map(|v| v.tanh())
}

/// A frozen two-layer critic judges the prediction; its score and its distance to an embedding make the loss.
#[newton_loss(hessian, lambda = 0.1)]
pub fn frozen_critic<const N: usize, const H: usize>(
    y: &[f32; N],
    embedding: &[f32; H],
    #[shared] w: &[[f32; N]; H],
    #[shared] u: &[[f32; H]; H],
    #[shared] b: &[f32; H],
) -> f32 {
    let hidden: [f32; H] = layer(y, w, b);
    let code: [f32; H] = layer(&hidden, u, b);
    let (centre, spread): (f32, f32) = moments(&code);
    squared_distance(&code, embedding) + centre * centre + 0.5 * spread
}

/// Weights, centres and deviations out of raw numbers.
#[newton_fn]
fn unpack<const K: usize>(raw: &[[f32; K]; 3], floor: f32) -> ([f32; K], [f32; K], [f32; K]) {
    let deviation = raw[2].map(|r| floor + softplus(r));
    (log_softmax(&raw[0]), raw[1], deviation)
}

/// Mixture density (Bishop, 1994): likelihood of several points under a predicted mixture of normals.
#[newton_loss(hessian, lambda = 0.1)]
pub fn mixture_density<const K: usize, const N: usize>(
    y: &[[f32; K]; 3],
    points: &[f32; N],
    floor: f32,
) -> f32 {
    let (weight, centre, deviation): ([f32; K], [f32; K], [f32; K]) = unpack(y, floor);
    let mut loss = 0.0;
    for x in points.iter() {
        let mut terms = weight;
        for k in 0..K {
            terms[k] += log_normal(*x, centre[k], deviation[k]);
        }
        loss -= logsumexp(&terms);
    }
    loss / N as f32
}

/// The k-th moment about a centre.
#[newton_fn]
fn central_moment<const N: usize>(x: &[f32; N], centre: f32, k: usize) -> f32 {
    x.iter().map(|v| (v - centre).powi(k as i32)).sum::<f32>() / N as f32
}

/// Moment matching: mean, variance, skewness and kurtosis of the prediction; the order is an integer argument.
#[newton_loss(hessian, lambda = 0.1)]
pub fn moment_matching<const N: usize, const K: usize>(y: &[f32; N], wanted: &[f32; K]) -> f32 {
    let (centre, variance): (f32, f32) = moments(y);
    let scale = variance.sqrt();
    let mut loss = (centre - wanted[0]).powi(2) + (scale - wanted[1]).powi(2);
    for k in 3..=K {
        let standard = central_moment(y, centre, k) / scale.powi(k as i32);
        loss += (standard - wanted[k - 1]).powi(2) / k as f32;
    }
    loss
}

/// Swish.
#[newton_fn]
fn swish(x: f32) -> f32 {
    x * sigmoid(x)
}

/// A residual block: depth is an integer, `GATED` a switch.
#[newton_fn]
fn residual<const N: usize, const GATED: bool>(x: &[f32; N], w: &[[f32; N]; N], depth: usize) -> [f32; N] {
    let mut h = *x;
    for layer in 0..depth {
        let z: [f32; N] = affine(&h, w, x);
        for i in 0..N {
            let gate = if GATED { sigmoid(z[(i + layer) % N]) } else { 0.5 };
            h[i] += gate * swish(z[i]);
        }
    }
    h
}

/// Contrastive loss (van den Oord et al., 2018): the prediction's code must be nearest to the labelled one of the anchors.
#[newton_loss(hessian, lambda = 0.1)]
pub fn contrastive<const N: usize, const A: usize, const GATED: bool>(
    y: &[f32; N],
    positive: &usize,
    #[shared] w: &[[f32; N]; N],
    #[shared] anchors: &[[f32; N]; A],
    depth: usize,
    temperature: f32,
) -> f32 {
    let code: [f32; N] = residual::<N, GATED>(y, w, depth);
    let length = norm(&code);
    let mut similarity = [0.0; A];
    for a in 0..A {
        similarity[a] = dot(&code, &anchors[a]) / (length * norm(&anchors[a]) * temperature);
    }
    cross_entropy(&similarity, *positive)
}
