//! Names and constants of Rust that C++ would read otherwise, and loops that it has no word for.

#![allow(non_snake_case, non_upper_case_globals, clippy::too_many_arguments)]

#[path = "support/cuda/mod.rs"]
mod cuda;

use cuda::compare::compare;
use newton_losses::prelude::*;

/// Words of C++, of the device library, and of what is written around a loss.
#[newton_loss(none)]
fn words<const N: usize, const EOF: usize>(
    y: &[f32; N],
    template: &[f32; N],
    int: &usize,
    double: f32,
    unsigned: usize,
    new: bool,
) -> f32 {
    let mut auto = 0.0;
    let nl = y[*int] * double;
    for namespace in 0..N {
        let class = y[namespace] - template[namespace];
        let new_ = class * class;
        auto += new_ * nl;
        let flat = if new { auto } else { nl };
        auto += flat.sin();
    }
    let (threadIdx, this, parameters) = (auto * y[unsigned], y[0].exp(), EOF as f32);
    let größe = threadIdx + this;
    let r#struct = größe * größe;
    let NAN = r#struct * parameters;
    let (v_int, delete) = (NAN + 1.0, y[1]);
    v_int * delete
}

mod other {
    /// Shares its name with a type of generated code.
    pub const S: f32 = 1.5;
    pub const INFINITY: f32 = f32::INFINITY;
}

/// A name that is a type's in generated code.
const P: [(f32, usize, bool); 3] = [(0.5, 2, true), (-1.5, 0, false), (0.25, 1, true)];
const TABLE: &[[f32; 2]] = &[[0.1, 0.2], [0.3, -0.4], [1e-10, 1e20]];
const STEPS: i32 = -3;

#[newton_loss(none)]
fn constants(y: &[f32; 3], at: &usize) -> f32 {
    let mut total = y[0] * other::S;
    for i in 0..P.len() {
        if P[i].2 {
            total += P[i].0 * y[P[i].1] + P[*at].0 * y[P[*at].1];
        }
    }
    let mut best = other::INFINITY;
    for i in 0..3 {
        if y[i] < best {
            best = y[i];
        }
    }
    let row = TABLE[*at];
    total * best
        + row[0] * y[1]
        + TABLE[1][1] * y[2] * y[2]
        + (STEPS + 5) as f32 * std::f32::consts::PI * y[0] * y[1]
}

/// Every order of `rev` and `step_by`.
#[newton_loss(none)]
fn loops<const N: usize>(y: &[f32; N], k: usize, from: &usize) -> f32 {
    let mut t = y[0];
    for i in (1..N).rev() {
        t = (t * y[i]).sin() + 0.1 * i as f32;
    }
    for i in (0..N).step_by(k) {
        t = (t * y[i]).sin() + 0.2 * i as f32;
    }
    for i in (0..N).rev().step_by(k) {
        t = (t * y[i]).sin() + 0.3 * i as f32;
    }
    for i in (0..N).step_by(k).rev() {
        t = (t * y[i]).sin() + 0.4 * i as f32;
    }
    for i in (1..N).rev().step_by(k).rev() {
        t = (t * y[i]).sin() + 0.5 * i as f32;
    }
    for i in (0..N).step_by(2).step_by(k) {
        t = (t * y[i]).sin() + 0.6 * i as f32;
    }
    for i in N..1 {
        t += y[i];
    }
    for i in (*from..N).rev() {
        t = (t * y[i]).sin() + 0.7 * i as f32;
    }
    t
}

/// Lengths that the caller gives, functions in functions, and one of the same name elsewhere.
#[newton_fn]
fn spread<const A: usize, const B: usize>(x: &[f32; A]) -> [f32; B] {
    std::array::from_fn(|i| x[i % A] * inner::scale(i as f32 + 0.5))
}

#[newton_fn]
fn scale(x: f32) -> f32 {
    x * x
}

mod inner {
    use super::*;

    #[newton_fn]
    pub fn scale(x: f32) -> f32 {
        x.tanh()
    }
}

#[newton_loss(none)]
fn functions(y: &[f32; 2]) -> f32 {
    let many: [f32; 5] = spread::<2, 5>(y);
    let few: [f32; 3] = spread::<2, 3>(y);
    scale(many[3] * few[2]) + inner::scale(many[4]) * sum(&many)
}

fn noise(i: usize, j: usize) -> f64 {
    ((i * 7919 + j * 104_729 + 13) as f64 * 0.618_033_988_749).fract() * 2.0 - 1.0
}

fn prediction<const N: usize>(i: usize) -> Vec<f64> {
    (0..N).map(|j| noise(i, j)).collect()
}

#[test]
fn names() {
    for new in [false, true] {
        let loss = Words::<3, 7>::new(0.8, 2_usize, new);
        compare("words", &loss, |i| (prediction::<3>(i), (std::array::from_fn(|j| noise(i, j + 9)), i % 3)));
    }
}

#[test]
fn values_of_constants() {
    compare("constants", &Constants::new(), |i| (prediction::<3>(i), i % 3));
}

#[test]
fn orders_of_loops() {
    for k in [1, 2, 3, 9] {
        compare("loops", &Loops::<7>::new(k), |i| (prediction::<7>(i), i % 9));
    }
}

#[test]
fn functions_of_functions() {
    compare("functions", &Functions::new(), |i| (prediction::<2>(i), ()));
}
