//! Functions of numbers. The adjoints of methods are spelled as the compiler spells them.

use newton_runtime::builtins::*;
use newton_runtime::scalar::Scalar;
use std::f64::consts::{LN_2, LN_10, PI};

fn p<P: Scalar>(x: f64) -> P {
    P::lit(x)
}

const LINE: [[f64; 1]; 11] =
    [[-30.0], [-6.0], [-2.3], [-1.0], [-0.31], [0.0], [1e-3], [0.17], [0.8], [2.0], [5.5]];
/// Away from 0.
const HALVES: [[f64; 1]; 9] = [[-30.0], [-6.0], [-2.3], [-0.31], [-2e-3], [2e-3], [0.8], [2.0], [5.5]];
const POSITIVE: [[f64; 1]; 6] = [[0.05], [0.3], [1.0], [1.01], [7.0], [300.0]];
const UNIT: [[f64; 1]; 6] = [[-0.95], [-0.6], [-1e-3], [0.0], [0.4], [0.95]];
const SMALL: [[f64; 1]; 6] = [[-5.0], [-1.2], [-1e-3], [0.0], [0.6], [3.0]];
const PLANE: [[f64; 2]; 8] =
    [[1.0, 2.0], [-1.0, 0.3], [0.4, -2.0], [-1.5, -0.5], [20.0, 0.1], [0.02, 0.03], [0.0, 1.0], [2.0, 0.0]];
const POWERS: [[f64; 2]; 7] =
    [[0.5, 2.0], [1.0, -1.5], [2.5, 0.0], [3.0, 3.0], [0.1, 0.7], [8.0, -2.0], [1.3, 1.0]];

/// The normal distribution function by numerical integration (Simpson's rule).
fn integral(density: impl Fn(f64) -> f64, x: f64) -> f64 {
    let n = 20_000;
    let h = x / n as f64;
    (0..n)
        .map(|i| {
            let a = i as f64 * h;
            (density(a) + 4.0 * density(a + h / 2.0) + density(a + h)) * h / 6.0
        })
        .sum()
}

subjects! {
    exp: Exp [1 -> 1] SMALL; |x| [1f64.exp().powf(x[0])]; |x| [x[0].exp()];
        |x, y_, x_| x_[0] += y_[0] * x[0].exp();
    exp2: Exp2 [1 -> 1] SMALL; |x| [(x[0] * LN_2).exp()]; |x| [x[0].exp2()];
        |x, y_, x_| x_[0] += y_[0] * x[0].exp2() * p::<S::Passive>(LN_2);
    exp_m1: ExpM1 [1 -> 1] SMALL; |x| [x[0].exp() - 1.0]; |x| [x[0].exp_m1()];
        |x, y_, x_| x_[0] += y_[0] * (x[0].exp_m1() + S::one());
    ln: Ln [1 -> 1] POSITIVE; |x| [x[0].log10() * LN_10]; |x| [x[0].ln()];
        |x, y_, x_| x_[0] += y_[0] / x[0];
    ln_1p: Ln1p [1 -> 1] [[-0.9], [-0.3], [0.0], [1.0], [20.0]]; |x| [(1.0 + x[0]).ln()]; |x| [x[0].ln_1p()];
        |x, y_, x_| x_[0] += y_[0] / (x[0] + S::one());
    log2: Log2 [1 -> 1] POSITIVE; |x| [x[0].ln() / LN_2]; |x| [x[0].log2()];
        |x, y_, x_| x_[0] += y_[0] / (x[0] * p::<S::Passive>(LN_2));
    log10: Log10 [1 -> 1] POSITIVE; |x| [x[0].ln() / LN_10]; |x| [x[0].log10()];
        |x, y_, x_| x_[0] += y_[0] / (x[0] * p::<S::Passive>(LN_10));
    sqrt: Sqrt [1 -> 1] POSITIVE; |x| [x[0].powf(0.5)]; |x| [x[0].sqrt()];
        |x, y_, x_| x_[0] += y_[0] * (p::<S>(0.5) / x[0].sqrt());
    cbrt: Cbrt [1 -> 1] [[-8.0], [-0.4], [0.2], [1.0], [100.0]];
        |x| [x[0].signum() * (x[0].abs().ln() / 3.0).exp()]; |x| [x[0].cbrt()];
        |x, y_, x_| x_[0] += y_[0] / (x[0].cbrt() * x[0].cbrt() * p::<S::Passive>(3.0));
    recip: Recip [1 -> 1] [[-30.0], [-0.3], [0.2], [4.0]]; |x| [1.0 / x[0]]; |x| [x[0].recip()];
        |x, y_, x_| x_[0] -= y_[0] * (x[0].recip() * x[0].recip());
    sin: Sin [1 -> 1] LINE; |x| [(PI / 2.0 - x[0]).cos()]; |x| [x[0].sin()];
        |x, y_, x_| x_[0] += y_[0] * x[0].cos();
    cos: Cos [1 -> 1] LINE; |x| [(x[0] + PI / 2.0).sin()]; |x| [x[0].cos()];
        |x, y_, x_| x_[0] -= y_[0] * x[0].sin();
    tan: Tan [1 -> 1] [[-1.2], [-0.5], [0.0], [1.3], [3.0]]; |x| [x[0].sin() / x[0].cos()]; |x| [x[0].tan()];
        |x, y_, x_| x_[0] += y_[0] * (x[0].tan() * x[0].tan() + S::one());
    asin: Asin [1 -> 1] UNIT; |x| [(x[0] / (1.0 - x[0] * x[0]).sqrt()).atan()]; |x| [x[0].asin()];
        |x, y_, x_| x_[0] += y_[0] / ((S::one() - x[0]) * (x[0] + S::one())).sqrt();
    acos: Acos [1 -> 1] UNIT; |x| [PI / 2.0 - (x[0] / (1.0 - x[0] * x[0]).sqrt()).atan()]; |x| [x[0].acos()];
        |x, y_, x_| x_[0] -= y_[0] / ((S::one() - x[0]) * (x[0] + S::one())).sqrt();
    atan: Atan [1 -> 1] LINE; |x| [(x[0] / (1.0 + x[0] * x[0]).sqrt()).asin()]; |x| [x[0].atan()];
        |x, y_, x_| x_[0] += y_[0] / (x[0] * x[0] + S::one());
    sinh: Sinh [1 -> 1] SMALL; |x| [(x[0].exp() - (-x[0]).exp()) / 2.0]; |x| [x[0].sinh()];
        |x, y_, x_| x_[0] += y_[0] * x[0].cosh();
    cosh: Cosh [1 -> 1] SMALL; |x| [(x[0].exp() + (-x[0]).exp()) / 2.0]; |x| [x[0].cosh()];
        |x, y_, x_| x_[0] += y_[0] * x[0].sinh();
    tanh: Tanh [1 -> 1] LINE; |x| [1.0 - 2.0 / ((2.0 * x[0]).exp() + 1.0)]; |x| [x[0].tanh()];
        |x, y_, x_| x_[0] += y_[0] * (S::one() - x[0].tanh() * x[0].tanh());
    asinh: Asinh [1 -> 1] LINE; |x| [x[0].signum() * (x[0].abs() + (x[0] * x[0] + 1.0).sqrt()).ln()];
        |x| [x[0].asinh()]; |x, y_, x_| x_[0] += y_[0] / (x[0] * x[0] + S::one()).sqrt();
    acosh: Acosh [1 -> 1] [[1.05], [1.5], [4.0], [50.0]]; |x| [(x[0] + (x[0] * x[0] - 1.0).sqrt()).ln()];
        |x| [x[0].acosh()]; |x, y_, x_| x_[0] += y_[0] / ((x[0] - S::one()) * (x[0] + S::one())).sqrt();
    atanh: Atanh [1 -> 1] UNIT; |x| [0.5 * ((1.0 + x[0]) / (1.0 - x[0])).ln()]; |x| [x[0].atanh()];
        |x, y_, x_| x_[0] += y_[0] / ((S::one() - x[0]) * (x[0] + S::one()));
    fract: Fract [1 -> 1] [[-2.7], [-0.4], [0.002], [0.3], [0.995], [1.005], [7.5]];
        |x| [x[0] - x[0].signum() * x[0].abs().floor()]; |x| [x[0].fract()]; |x, y_, x_| x_[0] += y_[0];
    powf: Powf [1 -> 1] POSITIVE; |x| [(0.75 * x[0].ln()).exp()]; |x| [x[0].powf(p(0.75))];
        |x, y_, x_| x_[0] += y_[0] * x[0].powf(p(-0.25)) * p::<S::Passive>(0.75);
    powi: Powi [1 -> 1] SMALL; |x| [x[0] * x[0] * x[0]]; |x| [x[0].powi(3)];
        |x, y_, x_| x_[0] += y_[0] * x[0].powi(2) * p::<S::Passive>(3.0);
    powi_negative: PowiNegative [1 -> 1] [[-2.0], [-0.3], [0.4], [3.0]]; |x| [1.0 / (x[0] * x[0])];
        |x| [x[0].powi(-2)]; |x, y_, x_| x_[0] += y_[0] * x[0].powi(-3) * p::<S::Passive>(-2.0);
    pow: Pow [2 -> 1] POWERS; |x| [(x[1] * x[0].ln()).exp()]; |x| [x[0].pow(x[1])];
        |x, y_, x_| {
            x_[0] += y_[0] * pow_d(x[0], x[1]);
            x_[1] += y_[0] * pow_d2(x[0], x[1]);
        };
    atan2: Atan2 [2 -> 1] PLANE;
        |x| [x[0].signum() * (x[1] / (x[0] * x[0] + x[1] * x[1]).sqrt()).acos()]; |x| [x[0].atan2(x[1])];
        |x, y_, x_| {
            x_[0] += y_[0] * atan2_d(x[0], x[1]);
            x_[1] += y_[0] * atan2_d2(x[0], x[1]);
        };
    hypot: Hypot [2 -> 1] PLANE; |x| [(x[0] * x[0] + x[1] * x[1]).sqrt()]; |x| [x[0].hypot(x[1])];
        |x, y_, x_| {
            x_[0] += y_[0] * hypot_d(x[0], x[1]);
            x_[1] += y_[0] * hypot_d2(x[0], x[1]);
        };
    abs: Abs [1 -> 1] HALVES; |x| [(x[0] * x[0]).sqrt()]; |x| [x[0].abs()];
        |x, y_, x_| x_[0] += y_[0] * abs_d(x[0]);
    max: Max [2 -> 1] PLANE; |x| [(x[0] + x[1] + (x[0] - x[1]).abs()) / 2.0]; |x| [x[0].max(x[1])];
        |x, y_, x_| {
            let first = max_d(x[0], x[1]);
            x_[0] += y_[0] * first;
            x_[1] += y_[0] * (S::Passive::one() - first);
        };
    min: Min [2 -> 1] PLANE; |x| [(x[0] + x[1] - (x[0] - x[1]).abs()) / 2.0]; |x| [x[0].min(x[1])];
        |x, y_, x_| {
            let first = min_d(x[0], x[1]);
            x_[0] += y_[0] * first;
            x_[1] += y_[0] * (S::Passive::one() - first);
        };
    sigmoid: Sigmoid [1 -> 1] LINE; |x| [0.5 + 0.5 * (x[0] / 2.0).tanh()]; |x| [sigmoid(x[0])];
        |x, y_, x_| x_[0] += y_[0] * sigmoid_d(sigmoid(x[0]));
    logistic_cdf: LogisticCdf [1 -> 1] LINE; |x| [0.5 + 0.5 * (x[0] / 2.0).tanh()]; |x| [logistic_cdf(x[0])];
        |x, y_, x_| x_[0] += y_[0] * logistic_cdf_d(logistic_cdf(x[0]));
    softplus: Softplus [1 -> 1] LINE; |x| [(1.0 + x[0].exp()).ln()]; |x| [softplus(x[0])];
        |x, y_, x_| x_[0] += y_[0] * softplus_d(x[0]);
    log_sigmoid: LogSigmoid [1 -> 1] LINE; |x| [-(1.0 + (-x[0]).exp()).ln()]; |x| [log_sigmoid(x[0])];
        |x, y_, x_| x_[0] += y_[0] * log_sigmoid_d(x[0]);
    relu: Relu [1 -> 1] HALVES; |x| [(x[0] + x[0].abs()) / 2.0]; |x| [relu(x[0])];
        |x, y_, x_| x_[0] += y_[0] * relu_d(x[0]);
    huber: Huber [1 -> 1] [[-30.0], [-0.702], [-0.698], [0.0], [0.3], [0.698], [0.702], [5.0]];
        |x| [if x[0].abs() < 0.7 { x[0] * x[0] / 2.0 } else { 0.7 * (x[0].abs() - 0.35) }];
        |x| [huber(x[0], p(0.7))]; |x, y_, x_| x_[0] += y_[0] * huber_d(x[0], p(0.7));
    logaddexp: LogAddExp [2 -> 1] PLANE; |x| [(x[0].exp() + x[1].exp()).ln()]; |x| [logaddexp(x[0], x[1])];
        |x, y_, x_| {
            x_[0] += y_[0] * logaddexp_d(x[0], x[1]);
            x_[1] += y_[0] * logaddexp_d2(x[0], x[1]);
        };
    erf: Erf [1 -> 1] [[-5.0], [-1.2], [0.0], [0.6], [2.0]];
        |x| [2.0 / PI.sqrt() * integral(|t| (-t * t).exp(), x[0])]; |x| [erf(x[0])];
        |x, y_, x_| x_[0] += y_[0] * erf_d(x[0]);
    normal_cdf: NormalCdf [1 -> 1] [[-5.0], [-1.2], [0.0], [0.6], [2.0]];
        |x| [0.5 + integral(|t| (-t * t / 2.0).exp(), x[0]) / (2.0 * PI).sqrt()]; |x| [normal_cdf(x[0])];
        |x, y_, x_| x_[0] += y_[0] * normal_cdf_d(x[0]);
    cauchy_cdf: CauchyCdf [1 -> 1] LINE; |x| [0.5 + x[0].atan2(1.0) / PI]; |x| [cauchy_cdf(x[0])];
        |x, y_, x_| x_[0] += y_[0] * cauchy_cdf_d(x[0]);
    reciprocal_cdf: ReciprocalCdf [1 -> 1] HALVES; |x| [0.5 * (1.0 + x[0] / (2.0 + x[0].abs()))];
        |x| [reciprocal_cdf(x[0])]; |x, y_, x_| x_[0] += y_[0] * reciprocal_cdf_d(x[0]);
    // The middle is linear, the tails begin at one quarter.
    optimal_cdf: OptimalCdf [1 -> 1] [[-30.0], [-0.252], [-0.248], [-0.03], [0.24], [0.26], [6.0]];
        |x| [match x[0] {
            x if x < -0.25 => -1.0 / (16.0 * (x - 1e-10)),
            x if x > 0.25 => 1.0 - 1.0 / (16.0 * (x + 1e-10)),
            x => x + 0.5,
        }];
        |x| [optimal_cdf(x[0])]; |x, y_, x_| x_[0] += y_[0] * optimal_cdf_d(x[0]);
    // Where it does not saturate; there PyTorch's formulas are the derivatives.
    binary_cross_entropy: BinaryCrossEntropy [1 -> 1] [[0.05], [0.3], [0.5], [0.95]];
        |x| [-(0.3 * x[0].ln() + 0.7 * (1.0 - x[0]).ln())]; |x| [binary_cross_entropy(x[0], p(0.3))];
        |x, y_, x_| x_[0] += y_[0] * binary_cross_entropy_d(x[0], p(0.3));
    quotient: Quotient [2 -> 1] [[1.0, 2.0], [-3.0, 0.4], [0.0, -5.0]]; |x| [x[0] * (1.0 / x[1])];
        |x| [x[0] / x[1]];
        |x, y_, x_| {
            x_[0] += y_[0] / x[1];
            x_[1] -= y_[0] / x[1] * (x[0] / x[1]);
        };
}
