//! The tables of `docs/4-the-language.md`: all that they list is understood and has the right derivatives.

// What people write, clippy would write otherwise.
#![allow(clippy::manual_clamp)]

#[path = "support/cuda/mod.rs"]
mod cuda;

use newton_losses::kernel::Kernel;
use newton_losses::prelude::*;

#[newton_loss(hessian, lambda = 1.0)]
fn float_methods(y: &[f32; 2]) -> f32 {
    let (x, z) = (y[0], y[1]);
    let (s, c) = x.sin_cos();
    let mut t = s * c + x.exp() + x.exp2() + x.exp_m1();
    t += x.ln() + x.ln_1p() + x.log2() + x.log10() + x.log(3.0);
    t += x.sqrt() + x.cbrt() + x.recip() + x.powi(3) + x.powf(1.5) + x.powf(z);
    t += x.sin() + x.cos() + x.tan() + x.asin() + x.acos() + x.atan();
    t += x.sinh() + x.cosh() + x.tanh() + x.asinh() + (1.0 + x).acosh() + x.atanh();
    t += x.atan2(z) + x.hypot(z) + x.abs() + x.max(z) + x.min(z) + x.clamp(0.1, 0.9) + x.mul_add(z, 2.0);
    t += x.floor() + x.ceil() + x.round() + x.trunc() + x.signum() + x.fract() + x.rem_euclid(0.3);
    t += x.to_radians() + x.to_degrees() + f32::exp(x) + f32::max(x, z);
    if x.is_nan() || x.is_infinite() || !x.is_finite() || x.is_sign_negative() || !x.is_sign_positive() {
        t += x;
    }
    t
}

#[newton_loss(hessian, lambda = 1.0)]
fn builtins(y: &[f32; 3], q: &[f32; 3], k: &usize) -> f32 {
    let x = y[0];
    let mut t = sigmoid(x) + logistic_cdf(x) + softplus(x) + log_sigmoid(x) + relu(x) + huber(x, 0.3);
    t += logaddexp(x, y[1]) + erf(x) + normal_cdf(x) + cauchy_cdf(x) + reciprocal_cdf(x) + optimal_cdf(x);
    t += binary_cross_entropy(sigmoid(x), q[0]);
    let w = [0.3, 0.6, 1.1];
    for a in [softmax(y), softmin(y), log_softmax(y), cumsum(y), cumprod(y), sort(y), sort_desc(y)] {
        t += dot(&a, &w);
    }
    t += logsumexp(y) + smooth_max(y, 0.5) + smooth_min(y, 0.5);
    t += sum(y) + mean(y) + product(y) + max(y) + min(y) + norm(y) + dot(y, q) + mse(y, q);
    t += cross_entropy(y, q) + cross_entropy(y, *k) + cross_entropy(y, 1);
    let m = [*y, *q];
    let p = matmul(&m, &outer(y, y));
    let best: [f32; 2] = top_k(y);
    t += sum(&matvec(&p, y)) + transpose(&p)[2][1] + best[1] * best[0];
    let (up, down) = (argsort(y), argsort_desc(y));
    t + y[up[0]] * y[down[0]] + rank(y)[1] as f32 * y[argmax(y)] * y[argmin(y)]
}

#[newton_loss(hessian, lambda = 1.0)]
fn iterators<const N: usize>(y: &[f32; N], grid: &[[f32; 2]; N], flags: &[bool; N]) -> f32 {
    let mut t = 0.0;
    for (i, v) in y.iter().enumerate().skip(1).step_by(2) {
        t += v * i as f32;
    }
    for (a, b) in y.iter().copied().zip(grid.iter().rev()) {
        t += a * b[0];
    }
    for v in y.iter().take(2).cloned() {
        t += v;
    }
    for v in grid.iter().flatten() {
        t += v * y[0];
    }
    t += grid.iter().flat_map(|row| row.iter()).map(|v| v * y[1]).sum::<f32>();
    for c in y.chunks_exact(2) {
        t += c[0] * c[1];
    }
    for w in y.windows(3) {
        t += w[0] * w[2] * w.len() as f32;
    }
    let mut z = *y;
    for v in z.iter_mut() {
        *v *= 2.0;
    }
    z.iter().for_each(|v| t += v);
    for v in &y[1..3] {
        t += v * v;
    }
    let count = flags.iter().filter(|f| **f).count() + (0..N).map(|i| i * i).sum::<usize>();
    if y.iter().any(|v| *v > 0.5) && flags.iter().all(|f| *f || count > 1) {
        t += count as f32 * y[0];
    }
    let (total, product) = y.iter().fold((0.0, 1.0), |(s, p), v| (s + v, p * v));
    t + total * product + ((0..N).len() + y.len() + y[1..].len()) as f32 * y.iter().product::<f32>()
}

#[newton_loss(hessian, lambda = 1.0)]
fn integers_and_arrays<const N: usize>(
    y: &[f32; N],
    n: &i32,
    flags: &[bool; N],
    #[shared] w: &[[f32; N]; 4],
) -> f32 {
    let k = *n;
    let mut j =
        k.min(3).max(0).clamp(0, 2).pow(2).abs() + k.signum() + k.abs_diff(2) as i32 + k.rem_euclid(3);
    j += (k as usize).saturating_sub(1) as i32 + (k as u32).div_ceil(2) as i32 + (k as u32).ilog2() as i32;
    j += (k as u32).next_power_of_two() as i32 + (k.trailing_zeros() + k.count_ones()) as i32;
    let mut b = 3i32;
    b %= 2;
    b <<= 2;
    b >>= 1;
    b &= 7;
    b |= 1;
    b ^= 2;
    let mut pairs = [(0.0, 1usize); 3];
    pairs[1] = (y[0], 2);
    pairs[1].0 *= 3.0;
    let mut t = 0.0;
    for (weight, i) in pairs {
        t += weight * y[i];
    }
    let mut rows = [[0.0; 2]; N];
    rows.fill([1.0, 2.0]);
    rows[0] = [y[0], y[1]];
    rows.swap(0, 1);
    t += (j + b) as f32 * rows[1][0] + dot(&w[k as usize], y);
    let (mut p, mut q) = (y[0], y[1]);
    (p, q) = (q * 2.0, p);
    (p, _) = (p, 1.0);
    let f = |a: f32, b: f32| a * b + t;
    f(p, q)
        + match (k, flags[0]) {
            (0, _) => p,
            (1..=5, true) | (7, false) => p * q,
            _ => q,
        }
}

#[newton_loss(none)]
fn kinks(y: &[f32; 6], p: &f32) -> f32 {
    y[0].clamp(0.0, 1.0)
        + 2.0 * 1.25_f32.rem_euclid(y[1])
        + 3.0 * y[2].fract()
        + 4.0 * y[3].signum()
        + y[4].rem_euclid(*p)
        + 5.0 * norm(&[y[5], y[5]])
}

/// Lengths that the context gives, parts of parts, lengths that are literals.
#[newton_loss(none)]
fn lengths_and_parts(y: &[f32; 6]) -> f32 {
    let gaps: [[f32; 6]; 6] = std::array::from_fn(|i| std::array::from_fn(|j| (y[i] - y[j]).tanh()));
    let middle = &y[1..];
    let inner: f32 = middle[1..4].iter().map(|v| v * v).sum();
    let backwards: f32 = y.windows(2).rev().map(|w| w[0] * w[1]).sum();
    let steps: f32 = y.iter().rev().step_by(4).zip(y).map(|(a, b)| a * b).sum();
    gaps.iter().flatten().map(|g| g * g).sum::<f32>() + inner + 2.0 * backwards + 3.0 * steps
}

/// Integers of narrow types, from wider ones and from floats.
#[newton_loss(none)]
fn narrow(y: &[f32; 4], n: &i32, x: &f32) -> f32 {
    let at = (*x * 2.0) as usize % 4;
    y[at]
        * ((*n as u8) as f32
            + 10.0 * (*n as i8) as f32
            + (*n as u16) as f32
            + (*x as u8) as f32
            + (*x as i8) as f32)
}

#[newton_fn]
fn line<const N: usize>(a: f32, x: &[f32; N], k: usize) -> f32 {
    x[1] * a + x[k]
}

/// What is computed from labels alone, and joined by the prediction later.
#[newton_loss(none)]
fn joined_later<const N: usize>(y: &[f32; N], u: &[f32; N], k: usize) -> f32 {
    let (e, mut x): (f32, f32) = (y[0].sin(), line(u[1], u, k));
    x += y[0] * e;
    let mut sums: [f32; N] = cumsum(u);
    for s in sums.iter_mut() {
        *s *= y[1];
    }
    let mut ways = softmin(u);
    ways[0] = y[0];
    let mut ordered = sort_desc(u);
    ordered[0] -= y[1];
    x * x + dot(&sums, &ways) + ordered[0] * ordered[0]
}

/// A region whose forward sweep may go wrong for no sample, and whose reverse sweep may not: both are skipped, or neither.
#[newton_loss(hessian, lambda = 1.0)]
fn saved_or_read<const N: usize>(y: &[f32; N], u: &[f32; N], kind: &usize, k: usize) -> f32 {
    let weight = match *kind {
        0 => 1.5,
        1 => mse(y, u).tanh(),
        _ => u[k % N],
    };
    y[0] * y[1] * weight
}

/// Rows of an array that become other rows of it, for some samples.
#[newton_loss(hessian, lambda = 1.0)]
fn rows_of_the_same(y: &[[f32; 2]; 3], on: &bool) -> f32 {
    let mut rows = *y;
    let mut marks = [[1usize, 2], [3, 4]];
    if *on {
        rows[2] = rows[0];
        rows[0] = rows[1];
        marks[1] = marks[0];
    }
    rows[0][1] * rows[2][0] * rows[1][1] * marks[1][1] as f32
}

/// Indices that depend on what is assigned to: the reverse sweep must go where the assignment went.
#[newton_loss(hessian, lambda = 1.0)]
fn places_that_move(y: &[f32; 4]) -> f32 {
    let (mut x, mut next) = (*y, [1usize, 2, 3, 0]);
    for _ in 0..3 {
        x[argmax(&x)] -= (min(&x) + y[0] * y[1]).cosh();
        x[(x[1].abs() as usize) % 4] *= y[2] - x[1];
        next[next[next[0]]] = argmin(&x);
    }
    dot(&x, &x) * x[next[1]] * x[next[2]]
}

/// Terms of size 1 whose sum is constant: its derivatives are rounding errors, and so are differences.
#[newton_loss(hessian, lambda = 1.0)]
fn constant(y: &[f32; 2]) -> f32 {
    y.iter().map(|y| (y + 0.3).powi(2) - y * y - 0.6 * y - 0.09).sum()
}

#[track_caller]
fn check<L: Kernel>(loss: &L, y: &[f64], label: L::Label<f64>, plain: f32)
where
    L::Label<f64>: Clone,
{
    cuda::compare::compare(L::NAME, loss, |_| (y.to_vec(), label.clone()));
    let label = [label];
    let found = gradcheck(loss, y, &label).unwrap();
    assert!(found.passed(), "{found}");
    let value = loss.values(y, &label).unwrap()[0];
    assert!((value - f64::from(plain)).abs() < 1e-4 * value.abs(), "{value}, {plain}");
}

#[test]
fn methods_of_floats() {
    check(&FloatMethods::new(), &[0.37, 0.71], (), float_methods(&[0.37, 0.71]));
}

#[test]
fn functions() {
    let (y, q) = ([0.37, 0.71, 0.2], [0.3, 0.2, 0.5]);
    check(&Builtins::new(), &y, (q, 2), builtins(&y.map(|y| y as f32), &q.map(|q| q as f32), &2));
}

#[test]
fn methods_of_iterators() {
    let (y, grid, flags) = ([0.37, 0.71, 0.2, 0.4], [[0.25, 0.5]; 4], [true, false, true, true]);
    let plain = iterators(&y.map(|y| y as f32), &[[0.25, 0.5]; 4], &flags);
    check(&Iterators::<4>::new(), &y, (grid, flags), plain);
}

#[test]
fn integers_tuples_rows() {
    let (y, w) =
        ([0.37, 0.71, 0.2], [[0.5_f32, 0.25, 2.0], [1.0, 2.0, 3.0], [1.5, 2.5, 3.5], [4.0, 5.0, 6.0]]);
    for (n, flags) in [(3, [true, false, true]), (2, [false; 3])] {
        let plain = integers_and_arrays(&y.map(|y| y as f32), &n, &flags, &w);
        check(&IntegersAndArrays::<3>::new(w), &y, (n, flags), plain);
    }
}

#[test]
fn lengths_from_context() {
    let y = [0.37, 0.71, 0.2, -0.4, 1.1, 0.6];
    let loss = LengthsAndParts::new();
    assert_eq!(loss.dim(), 6);
    check(&loss, &y, (), lengths_and_parts(&y.map(|y| y as f32)));
}

#[test]
fn integers_narrow_as_in_rust() {
    let y = [0.37, 0.71, 0.2, -0.4];
    for (n, x) in [(300, -1.25_f32), (-1, 400.5), (200, 1.75), (70_000, -300.0), (-32_769, 130.0)] {
        check(&Narrow::new(), &y, (n, x.into()), narrow(&y.map(|y| y as f32), &n, &x));
    }
}

#[test]
fn results_that_become_active() {
    let (y, u) = ([0.37, 0.71], [0.5, 1.5]);
    let plain = joined_later(&y.map(|y| y as f32), &u.map(|u| u as f32), 0);
    check(&JoinedLater::<2>::new(0), &y, u, plain);
}

#[test]
fn regions_that_no_sample_enters() {
    let (y, u) = ([0.37, 0.71], [0.5, 1.5]);
    for kind in 0..3 {
        let plain = saved_or_read(&y.map(|y| y as f32), &u.map(|u| u as f32), &kind, 1);
        check(&SavedOrRead::<2>::new(1), &y, (u, kind), plain);
    }
}

#[test]
fn rows_that_move() {
    let y = [[0.37, 0.71], [0.2, -0.4], [1.1, 0.6]];
    for on in [false, true] {
        let plain = rows_of_the_same(&y.map(|row| row.map(|y| y as f32)), &on);
        check(&RowsOfTheSame::new(), y.as_flattened(), on, plain);
    }
}

#[test]
fn indices_of_what_changes() {
    let y = [0.37, 0.71, 0.2, -0.4];
    check(&PlacesThatMove::new(), &y, (), places_that_move(&y.map(|y| y as f32)));
}

#[test]
fn rounding_errors_are_not_wrong() {
    let found = gradcheck(&Constant::new(), &[0.37, 0.71], &[()]).unwrap();
    assert!(found.passed(), "{found}");
}

#[test]
fn derivatives_at_kinks() {
    let found = Kinks::new().gradients(&[0.0_f64, 0.5, 1.25, 0.0, 0.7, 0.0], &[0.3]).unwrap();
    assert_eq!(found.gradients, [0.5, -4.0, 3.0, 0.0, 1.0, 0.0]);
}
