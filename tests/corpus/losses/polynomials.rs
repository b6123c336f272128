//! Polynomials.

use newton_losses::prelude::*;

/// Value at x, lowest coefficient first.
#[newton_fn]
fn horner<const D: usize>(c: &[f32; D], x: f32) -> f32 {
    c.iter().rev().fold(0.0, |value, c| value * x + c)
}

/// Coefficients predicted: a robust fit, with a penalty on the slope at both ends.
#[newton_loss(hessian, lambda = 0.1)]
pub fn polynomial_fit<const D: usize, const N: usize>(
    y: &[f32; D],
    at: &[f32; N],
    target: &[f32; N],
    delta: f32,
) -> f32 {
    let fit: f32 = at.iter().zip(target.iter()).map(|(x, t)| huber(horner(y, *x) - t, delta)).sum();
    let slope = |x: f32| {
        let mut s = 0.0;
        for k in (1..D).rev() {
            s = s * x + k as f32 * y[k];
        }
        s
    };
    fit + 0.0625 * (slope(-1.0).powi(2) + slope(1.0).powi(2))
}

/// Chebyshev series by Clenshaw's recurrence, squashed; `EVEN` leaves out the odd terms.
#[newton_loss(hessian, lambda = 0.1)]
pub fn chebyshev<const D: usize, const N: usize, const EVEN: bool>(
    y: &[f32; D],
    at: &[f32; N],
    target: &[f32; N],
) -> f32 {
    let mut loss = 0.0;
    for n in 0..N {
        let (mut a, mut b) = (0.0, 0.0);
        for k in (1..D).rev() {
            let c = if EVEN && k % 2 == 1 { 0.0 } else { y[k] };
            (a, b) = (2.0 * at[n] * a - b + c, a);
        }
        let value = at[n] * a - b + y[0];
        loss += (value.tanh() - target[n]).powi(2);
    }
    loss / N as f32
}

/// A density on -1..1 whose logarithm is a Legendre series: log-likelihood, normalised on a grid of `POINTS`.
#[newton_loss(hessian, lambda = 0.1)]
pub fn legendre_density<const D: usize, const N: usize, const POINTS: usize>(
    y: &[f32; D],
    sample: &[f32; N],
) -> f32 {
    let series = |x: f32| {
        let mut p = (1.0, x);
        let mut value = 0.0;
        for (n, c) in y.iter().enumerate() {
            value += c * p.1;
            // Bonnet's recursion from P_n and P_(n+1).
            let k = (n + 1) as f32;
            p = (p.1, ((2.0 * k + 1.0) * x * p.1 - k * p.0) / (k + 1.0));
        }
        value
    };
    let step = 2.0 / POINTS as f32;
    let mut energy = [0.0; POINTS];
    for i in 0..POINTS {
        energy[i] = series(-1.0 + (i as f32 + 0.5) * step);
    }
    let partition = logsumexp(&energy) + step.ln();
    partition - sample.iter().map(|x| series(*x)).sum::<f32>() / N as f32
}

/// Roots predicted: the monic polynomial's coefficients against given ones (Vieta), by repeated multiplication in place.
#[newton_loss(hessian, lambda = 0.1)]
pub fn vieta<const N: usize, const D: usize>(y: &[f32; N], coefficient: &[f32; D]) -> f32 {
    let mut c = [0.0; D];
    c[0] = 1.0;
    for (degree, root) in y.iter().enumerate() {
        for k in (0..=degree).rev() {
            c[k + 1] += c[k];
            c[k] *= -root;
        }
    }
    let mut loss = 0.0;
    for k in 0..N {
        loss += (c[k] - coefficient[k]).powi(2) / (1.0 + coefficient[k].powi(2));
    }
    loss
}

/// A rational function in every elementary disguise: logarithms to several bases, roots, hyperbolic functions.
#[newton_loss(hessian, lambda = 0.1)]
pub fn elementary<const N: usize>(y: &[f32; N], scale: &f32) -> f32 {
    let mut total = 0.0;
    for (i, x) in y.iter().enumerate() {
        let a = 1.5 + (x * scale).sinh().hypot(0.5);
        total += match i % 5 {
            0 => a.log2() * x.exp2() + x.exp_m1() * a.ln_1p(),
            1 => a.log10() - a.cbrt() * (0.5 * x).cosh(),
            2 => (x / a).asin() + (x / a).acos() * x.tanh() + a.recip(),
            3 => a.powf(*x) + (0.25 * x).tan() * x.atan(),
            _ => x.mul_add(a, *scale).cos() * erf(*x) + normal_cdf(a - 2.0) * cauchy_cdf(*x),
        };
    }
    let spread = y.iter().map(|x| 1.0 + 0.25 * x * x).product::<f32>();
    total + spread.ln() * logistic_cdf(y[0] - y[N - 1])
}
