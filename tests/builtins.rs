//! The functions of the language through the compiler: every row of its table in a loss, against differences and against the
//! user's own function.

use newton_losses::prelude::*;

fn noise(i: usize) -> f64 {
    2.0 * ((i * 104_729 + 13) as f64 * 0.618_033_988_749).fract() - 1.0
}

fn numbers<const N: usize>(seed: usize) -> [f64; N] {
    std::array::from_fn(|i| noise(seed * 31 + i))
}

fn narrow<const N: usize>(x: &[f64; N]) -> [f32; N] {
    x.map(|x| x as f32)
}

fn narrow_rows<const R: usize, const C: usize>(x: &[[f64; C]; R]) -> [[f32; C]; R] {
    x.map(|row| narrow(&row))
}

/// Derivatives by differences, and the value by the function itself.
fn check<L: NewtonLoss<f64>>(loss: &L, y: &[f64], label: L::Label, plain: f32) {
    let found = newton_losses::gradcheck(loss, y, std::slice::from_ref(&label)).unwrap();
    assert!(found.passed(), "at {y:?}:\n{found}");
    let value = loss.values(y, &[label]).unwrap()[0];
    assert!((value - f64::from(plain)).abs() < 2e-5 * value.abs().max(1.0), "{value}, plainly {plain}");
}

/// Methods of one argument; each result is used nonlinearly.
#[newton_loss(hessian, lambda = 1.0)]
fn methods<const N: usize>(y: &[f32; N]) -> f32 {
    let mut total = 0.0;
    for i in 0..N {
        let x = y[i];
        let inner = 0.9 * x;
        let above = 1.5 + x.abs();
        let roots = above.cbrt() * inner.asin() + inner.acos() * inner.atanh();
        let logs = above.log2() * above.log10() + above.acosh() * x.asinh();
        let powers = x.exp2() * x.sinh() + x.cosh();
        total += roots * logs + powers * (3.0 * x).fract();
    }
    total
}

/// Methods of two arguments, either active or not; piecewise constant ones.
#[newton_loss(hessian, lambda = 1.0)]
fn pairs<const N: usize>(y: &[f32; N], t: &[f32; N]) -> f32 {
    let mut total = 0.0;
    for i in 0..N {
        let j = (i + 1) % N;
        let angle = y[i].atan2(y[j]) * y[i].atan2(t[i]) + t[i].atan2(y[j]);
        let length = y[i].hypot(y[j]) * t[j].hypot(y[i]);
        let both = logaddexp(y[i], 2.0 * y[j]) * logaddexp(t[i], y[j]);
        let steps = (5.0 * y[i]).floor() + (5.0 * y[i]).ceil() * (5.0 * y[j]).round();
        let signs = y[i].signum() * (7.0 * y[j]).trunc() + t[i].floor();
        total += angle * length + both + steps * y[j] * signs;
        total += relu(y[i]) * huber(y[j] - t[j], 0.5) + log_sigmoid(y[i]) * y[j];
    }
    total
}

/// Arrays of one argument.
#[newton_loss(hessian, lambda = 1.0)]
fn arrays<const N: usize>(y: &[f32; N], q: &[f32; N], t: f32) -> f32 {
    let low = softmin(y);
    let running = cumsum(&low);
    let mut scaled = [0.0; N];
    for i in 0..N {
        scaled[i] = running[i] * y[i] - q[i];
    }
    let partial = cumprod(&scaled);
    let mut total = smooth_min(&partial, t) * smooth_max(y, 0.5 * t) + max(y) * min(&scaled);
    for round in 0..2 {
        scaled[round] *= norm(&scaled) + product(y);
        total += cross_entropy(&scaled, q) + cross_entropy(y, q) * max(q);
    }
    total
}

/// Two arrays, all combinations of active and passive, whole rows as arguments.
#[newton_loss(hessian, lambda = 1.0)]
fn two_arrays<const N: usize>(y: &[[f32; N]; 2], w: &[f32; N]) -> f32 {
    let mut total = dot(&y[0], &y[1]) * dot(&y[0], w) + dot(w, &y[1]) * dot(w, w);
    for r in 0..2 {
        total += mse(&y[r], w) * mse(w, &y[1 - r]) + mse(&y[0], &y[1]) * dot(&y[r], &y[r]);
    }
    total
}

/// Matrices.
#[newton_loss(hessian, lambda = 1.0)]
fn matrices<const R: usize, const C: usize>(y: &[[f32; C]; R], w: &[[f32; R]; C], v: &[f32; C]) -> f32 {
    let square = matmul(y, w);
    let other = matmul(w, y);
    let turned = transpose(y);
    let again = matmul(&square, y);
    let column = matvec(y, v);
    let row = matvec(&turned, &column);
    let passive = matvec(w, &column);
    let mut table = outer(&row, v);
    let mirror = outer(v, &row);
    table[0][0] *= sum(&mirror[1]);
    let mut total = dot(&row, &passive) + sum(&matvec(&other, v));
    for c in 0..C {
        for d in 0..C {
            total += table[c][d] * table[d][c];
        }
    }
    for r in 0..R {
        total += dot(&again[r], &y[r]) + square[r][r] * square[r][0];
    }
    total
}

#[test]
fn methods_of_one_argument() {
    for seed in 0..3 {
        let y = numbers::<4>(seed).map(|x| 0.95 * x);
        check(&Methods::<4>::new(), &y, (), methods(&narrow(&y)));
    }
}

#[test]
fn methods_of_two_arguments() {
    for seed in 0..3 {
        let (y, t) = (numbers::<3>(seed), numbers::<3>(seed + 7));
        check(&Pairs::<3>::new(), &y, t, pairs(&narrow(&y), &narrow(&t)));
    }
}

#[test]
fn functions_of_an_array() {
    for seed in 0..3 {
        let (y, q) = (numbers::<4>(seed), numbers::<4>(seed + 7).map(f64::abs));
        check(&Arrays::<4>::new(0.7), &y, q, arrays(&narrow(&y), &narrow(&q), 0.7));
    }
}

#[test]
fn functions_of_two_arrays() {
    for seed in 0..3 {
        let (y, w) = ([numbers::<3>(seed), numbers(seed + 5)], numbers::<3>(seed + 7));
        check(&TwoArrays::<3>::new(), y.as_flattened(), w, two_arrays(&narrow_rows(&y), &narrow(&w)));
    }
}

#[test]
fn functions_of_matrices() {
    for seed in 0..3 {
        let y = [numbers::<3>(seed), numbers(seed + 5)];
        let w = [numbers::<2>(seed + 1), numbers(seed + 2), numbers(seed + 3)];
        let v = numbers::<3>(seed + 11);
        let plain = matrices(&narrow_rows(&y), &narrow_rows(&w), &narrow(&v));
        check(&Matrices::<2, 3>::new(), y.as_flattened(), (w, v), plain);
    }
}
