//! Functions of arrays and matrices.

use newton_runtime::builtins::*;
use newton_runtime::scalar::{Dual, Real, Scalar, Shape};

const T: f64 = 0.6;

fn p<P: Scalar>(x: f64) -> P {
    P::lit(x)
}

/// Numbers `start..` of an array as an array or a matrix.
fn part<S: Scalar, A: Shape<S>>(x: &[S], start: usize) -> &A {
    S::view_as(&x[start..])
}
fn part_mut<S: Scalar, A: Shape<S>>(x: &mut [S], start: usize) -> &mut A {
    S::view_as_mut(&mut x[start..])
}
/// All numbers of an array or a matrix.
fn flat<S: Scalar, A: Shape<S>, const N: usize>(a: &A) -> [S; N] {
    std::array::from_fn(|i| a.flat()[i])
}

const ROWS: [[f64; 4]; 5] = [
    [0.3, -0.9, 1.4, 0.8],
    [-5.0, 3.0, -2.0, 0.5],
    [0.01, 0.013, 0.02, -0.01],
    [20.0, 19.0, -20.0, 18.5],
    [1.0, 1.002, -1.0, -1.002],
];
/// Zeros among the factors.
const FACTORS: [[f64; 4]; 5] = [
    [0.3, -0.9, 1.4, 0.8],
    [-5.0, 0.0, -2.0, 0.5],
    [0.0, 1.5, 0.0, -2.0],
    [0.0, 0.0, 0.0, 3.0],
    [1.0, 1.0, 1.0, 1.0],
];
const PAIRS: [[f64; 6]; 3] =
    [[0.3, -0.9, 1.4, 0.8, 2.0, -0.5], [0.0, 0.0, 0.0, 1.0, -1.0, 2.0], [10.0, -3.0, 1.0, 10.0, -3.0, 1.0]];
const MATRICES: [[f64; 12]; 2] = [
    [0.3, -0.9, 1.4, 0.8, 2.0, -0.5, 1.1, 0.2, -0.7, 0.0, 3.0, -1.0],
    [0.0, 1.0, 0.0, -1.0, 5.0, -5.0, 0.1, 0.0, -0.2, 4.0, 0.0, 1.0],
];
const Q: [f64; 4] = [0.1, 0.6, 0.0, 0.5];

fn sum_of(x: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    x.iter().map(|x| f(*x)).sum()
}
fn fold(x: &[f64], f: impl Fn(f64, f64) -> f64) -> f64 {
    x.iter().copied().reduce(f).unwrap()
}
fn ordered(x: &[f64; 4], descending: bool) -> [f64; 4] {
    let mut x = *x;
    x.sort_by(|a, b| if descending { b.total_cmp(a) } else { a.total_cmp(b) });
    x
}

subjects! {
    softmax: Softmax [4 -> 4] ROWS; |x| x.map(|v| v.exp() / sum_of(x, f64::exp)); |x| softmax(x);
        |x, y_, x_| softmax_reverse(&softmax(x), y_, x_);
    softmin: Softmin [4 -> 4] ROWS; |x| x.map(|v| (-v).exp() / sum_of(x, |x| (-x).exp())); |x| softmin(x);
        |x, y_, x_| softmin_reverse(&softmin(x), y_, x_);
    log_softmax: LogSoftmax [4 -> 4] ROWS; |x| x.map(|v| v - sum_of(x, f64::exp).ln()); |x| log_softmax(x);
        |x, y_, x_| log_softmax_reverse(&log_softmax(x), y_, x_);
    logsumexp: LogSumExp [4 -> 1] ROWS; |x| [sum_of(x, f64::exp).ln()]; |x| [logsumexp(x)];
        |x, y_, x_| logsumexp_reverse(x, logsumexp(x), y_[0], x_);
    smooth_max: SmoothMax [4 -> 1] ROWS; |x| [T * sum_of(x, |x| (x / T).exp()).ln()];
        |x| [smooth_max(x, p(T))]; |x, y_, x_| smooth_max_reverse(x, p(T), y_[0], x_);
    smooth_min: SmoothMin [4 -> 1] ROWS; |x| [-T * sum_of(x, |x| (-x / T).exp()).ln()];
        |x| [smooth_min(x, p(T))]; |x, y_, x_| smooth_min_reverse(x, p(T), y_[0], x_);
    relaxed_argmin: RelaxedArgmin [4 -> 4] ROWS;
        |x| x.map(|v| (-v / T).exp() / sum_of(x, |x| (-x / T).exp())); |x| relaxed_argmin(x, p(1.0 / T));
        |x, y_, x_| relaxed_argmin_reverse(p(1.0 / T), &relaxed_argmin(x, p(1.0 / T)), y_, x_);
    relaxed_argmax: RelaxedArgmax [4 -> 4] ROWS;
        |x| x.map(|v| (v / T).exp() / sum_of(x, |x| (x / T).exp())); |x| relaxed_argmax(x, p(1.0 / T));
        |x, y_, x_| relaxed_argmax_reverse(p(1.0 / T), &relaxed_argmax(x, p(1.0 / T)), y_, x_);
    relaxed_min: RelaxedMin [4 -> 1] ROWS;
        |x| [sum_of(x, |x| x * (-x / T).exp()) / sum_of(x, |x| (-x / T).exp())];
        |x| [relaxed_min(x, p(1.0 / T))];
        |x, y_, x_| relaxed_min_reverse(x, p(1.0 / T), relaxed_min(x, p(1.0 / T)), y_[0], x_);
    relaxed_max: RelaxedMax [4 -> 1] ROWS;
        |x| [sum_of(x, |x| x * (x / T).exp()) / sum_of(x, |x| (x / T).exp())];
        |x| [relaxed_max(x, p(1.0 / T))];
        |x, y_, x_| relaxed_max_reverse(x, p(1.0 / T), relaxed_max(x, p(1.0 / T)), y_[0], x_);
    // Of weights whose sum is 1, which is what it is for: those of the first three numbers.
    soft_read: SoftRead [6 -> 1] PAIRS;
        |x| [(0..3).map(|i| x[i].exp() * x[i + 3]).sum::<f64>() / sum_of(&x[..3], f64::exp)];
        |x| [soft_read(&softmax(part::<S, [S; 3]>(x, 0)), part::<S, [S; 3]>(x, 3))];
        |x, y_, x_| {
            let (weight, from): ([S; 3], &[S; 3]) = (softmax(part(x, 0)), part(x, 3));
            let mut weight_ = [S::zero(); 3];
            soft_read_reverse_first(from, soft_read(&weight, from), y_[0], &mut weight_);
            softmax_reverse(&weight, &weight_, part_mut(x_, 0));
            soft_read_reverse_second(&weight, y_[0], part_mut(x_, 3));
        };
    sum: Sum [4 -> 1] ROWS; |x| [x[3] + x[2] + x[1] + x[0]]; |x| [sum(x)]; |x, y_, x_| sum_reverse(y_[0], x_);
    mean: Mean [4 -> 1] ROWS; |x| [sum_of(x, |x| x / 4.0)]; |x| [mean(x)];
        |x, y_, x_| mean_reverse(y_[0], x_);
    product: Product [4 -> 1] FACTORS; |x| [x[3] * x[2] * x[1] * x[0]]; |x| [product(x)];
        |x, y_, x_| product_reverse(x, y_[0], x_);
    max_of_array: Max [4 -> 1] ROWS; |x| [fold(x, f64::max)]; |x| [max(x)];
        |x, y_, x_| max_reverse(x, y_[0], x_);
    min_of_array: Min [4 -> 1] ROWS; |x| [fold(x, f64::min)]; |x| [min(x)];
        |x, y_, x_| min_reverse(x, y_[0], x_);
    norm: Norm [4 -> 1] ROWS[..2]; |x| [fold(&x.map(f64::abs), f64::hypot)]; |x| [norm(x)];
        |x, y_, x_| norm_reverse(x, norm(x), y_[0], x_);
    dot: Dot [6 -> 1] PAIRS; |x| [x[2] * x[5] + x[1] * x[4] + x[0] * x[3]];
        |x| [dot(part::<S, [S; 3]>(x, 0), part::<S, [S; 3]>(x, 3))];
        |x, y_, x_| {
            dot_reverse_first(part::<S, [S; 3]>(x, 3), y_[0], part_mut(x_, 0));
            dot_reverse_second(part::<S, [S; 3]>(x, 0), y_[0], part_mut(x_, 3));
        };
    mse: Mse [6 -> 1] PAIRS; |x| [(0..3).map(|i| (x[i] - x[i + 3]).powi(2)).sum::<f64>() / 3.0];
        |x| [mse(part::<S, [S; 3]>(x, 0), part::<S, [S; 3]>(x, 3))];
        |x, y_, x_| {
            let (a, b): (&[S; 3], &[S; 3]) = (part(x, 0), part(x, 3));
            mse_reverse_first(a, b, y_[0], part_mut(x_, 0));
            mse_reverse_second(a, b, y_[0], part_mut(x_, 3));
        };
    cross_entropy: CrossEntropy [4 -> 1] ROWS;
        |x| [-(0..4).map(|j| Q[j] * (x[j] - sum_of(x, f64::exp).ln())).sum::<f64>()];
        |x| [cross_entropy(x, &Q.map(p::<S::Passive>))];
        |x, y_, x_| cross_entropy_reverse(x, &Q.map(p), y_[0], x_);
    // As the compiler lowers it.
    cross_entropy_of_index: CrossEntropyOfIndex [4 -> 1] ROWS; |x| [sum_of(x, f64::exp).ln() - x[2]];
        |x| [cross_entropy(x, 2)];
        |x, y_, x_| {
            logsumexp_reverse(x, logsumexp(x), y_[0], x_);
            x_[2] -= y_[0];
        };
    cumsum: Cumsum [4 -> 4] ROWS; |x| std::array::from_fn(|j| x[..=j].iter().sum()); |x| cumsum(x);
        |x, y_, x_| cumsum_reverse(y_, x_);
    cumprod: Cumprod [4 -> 4] FACTORS; |x| std::array::from_fn(|j| x[..=j].iter().product()); |x| cumprod(x);
        |x, y_, x_| cumprod_reverse(x, &cumprod(x), y_, x_);
    // 2 x 3 times 3 x 2
    matmul: Matmul [12 -> 4] MATRICES;
        |x| std::array::from_fn(|i| (0..3).map(|m| x[i / 2 * 3 + m] * x[6 + 2 * m + i % 2]).sum());
        |x| flat(&matmul(part::<S, [[S; 3]; 2]>(x, 0), part::<S, [[S; 2]; 3]>(x, 6)));
        |x, y_, x_| {
            let y_: &[[S; 2]; 2] = part(y_, 0);
            matmul_reverse_first(part::<S, [[S; 2]; 3]>(x, 6), y_, part_mut(x_, 0));
            matmul_reverse_second(part::<S, [[S; 3]; 2]>(x, 0), y_, part_mut(x_, 6));
        };
    // 3 x 3 times 3
    matvec: Matvec [12 -> 3] MATRICES;
        |x| std::array::from_fn(|r| (0..3).map(|c| x[3 * r + c] * x[9 + c]).sum());
        |x| matvec(part::<S, [[S; 3]; 3]>(x, 0), part::<S, [S; 3]>(x, 9));
        |x, y_, x_| {
            matvec_reverse_first(part::<S, [S; 3]>(x, 9), y_, part_mut(x_, 0));
            matvec_reverse_second(part::<S, [[S; 3]; 3]>(x, 0), y_, part_mut(x_, 9));
        };
    // 4 by 2
    outer: Outer [6 -> 8] PAIRS; |x| std::array::from_fn(|i| x[i / 2] * x[4 + i % 2]);
        |x| flat(&outer(part::<S, [S; 4]>(x, 0), part::<S, [S; 2]>(x, 4)));
        |x, y_, x_| {
            let y_: &[[S; 2]; 4] = part(y_, 0);
            outer_reverse_first(part::<S, [S; 2]>(x, 4), y_, part_mut(x_, 0));
            outer_reverse_second(part::<S, [S; 4]>(x, 0), y_, part_mut(x_, 4));
        };
    // 2 x 3
    transpose: Transpose [6 -> 6] PAIRS; |x| [x[0], x[3], x[1], x[4], x[2], x[5]];
        |x| flat(&transpose(part::<S, [[S; 3]; 2]>(x, 0)));
        |x, y_, x_| transpose_reverse(part::<S, [[S; 2]; 3]>(y_, 0), part_mut(x_, 0));
    sort: Sort [4 -> 4] ROWS; |x| ordered(x, false); |x| sort(x);
        |x, y_, x_| gather_reverse(&lanes::argsort(x), y_, x_);
    sort_desc: SortDesc [4 -> 4] ROWS; |x| ordered(x, true); |x| sort_desc(x);
        |x, y_, x_| gather_reverse(&lanes::argsort_desc(x), y_, x_);
    top_k: TopK [4 -> 2] ROWS; |x| [ordered(x, true)[0], ordered(x, true)[1]]; |x| top_k(x);
        |x, y_, x_| {
            let order = lanes::argsort_desc(x);
            for j in 0..2 {
                y_[j].scatter_add(x_, order[j], S::Passive::mask(true));
            }
        };
}

type D = Dual<f64, 2>;

fn active(i: usize) -> D {
    let x = i as f64;
    Dual { value: (x * 0.7).sin(), tangents: [(x * 1.3).cos(), 0.3 - x] }
}

/// A passive argument gives what the same numbers, lifted, give.
#[test]
fn either_argument_may_be_passive() {
    let a: [[D; 3]; 2] = std::array::from_fn(|i| std::array::from_fn(|j| active(3 * i + j)));
    let b: [[D; 2]; 3] = std::array::from_fn(|i| std::array::from_fn(|j| active(10 + 2 * i + j)));
    let (pa, pb) = (a.map(|r| r.map(D::value)), b.map(|r| r.map(D::value)));
    let (la, lb) = (pa.map(|r| r.map(D::constant)), pb.map(|r| r.map(D::constant)));
    let (u, v) = (a[0], a[1]);
    let (pu, pv) = (pa[0], pa[1]);
    let (lu, lv) = (la[0], la[1]);

    assert_eq!(dot(&u, &pv), dot(&u, &lv));
    assert_eq!(dot_right(&pu, &v), dot(&lu, &v));
    assert_eq!(dot(&pu, &pv), dot(&lu, &lv).value);
    assert_eq!(mse(&u, &pv), mse(&u, &lv));
    assert_eq!(mse_right(&pu, &v), mse(&lu, &v));
    assert_eq!(outer(&u, &pv), outer(&u, &lv));
    assert_eq!(outer_right(&pu, &v), outer(&lu, &v));
    assert_eq!(matmul(&a, &pb), matmul(&a, &lb));
    assert_eq!(matmul_right(&pa, &b), matmul(&la, &b));
    assert_eq!(matvec(&a, &pu), matvec(&a, &lu));
    assert_eq!(matvec_right(&pa, &u), matvec(&la, &u));

    let s = active(7);
    macro_rules! adjoints {
        ($zero:expr; $($function:ident($($arg:expr),*) == ($($lifted:expr),*);)*) => {$(
            let (mut found, mut expected) = ($zero, $zero);
            $function($($arg,)* &mut found);
            $function($($lifted,)* &mut expected);
            assert_eq!(found, expected, stringify!($function));
        )*};
    }
    adjoints! { [D::zero(); 3];
        dot_reverse_first(&pv, s) == (&lv, s);
        dot_reverse_second(&pu, s) == (&lu, s);
        mse_reverse_first(&u, &pv, s) == (&u, &lv, s);
        mse_reverse_second(&pu, &v, s) == (&lu, &v, s);
        matvec_reverse_second(&pa, &[s, u[0]]) == (&la, &[s, u[0]]);
        outer_reverse_first(&pv, &[u, v, a[0]]) == (&lv, &[u, v, a[0]]);
        outer_reverse_second(&pu, &[u, v, a[0]]) == (&lu, &[u, v, a[0]]);
    }
    let y_ = [[s, u[0]], [v[1], v[2]]];
    adjoints! { [[D::zero(); 3]; 2];
        matmul_reverse_first(&pb, &y_) == (&lb, &y_);
        matvec_reverse_first(&pu, &[s, u[0]]) == (&lu, &[s, u[0]]);
    }
    adjoints! { [[D::zero(); 2]; 3];
        matmul_reverse_second(&pa, &y_) == (&la, &y_);
    }
}

/// What a user's own function writes compiles without annotations.
#[test]
fn plain_calls_infer_their_types() {
    let y = [0.5_f32, -1.0, 2.0];
    assert_eq!(dot(&y, &[1.0, 2.0, 3.0]), 4.5);
    assert_eq!(dot(&[1.0, 2.0, 3.0], &y), 4.5);
    assert_eq!(mse(&y, &[0.5, -1.0, 5.0]), 3.0);
    let turned = matvec(&[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], &y);
    assert_eq!(turned.len() as f32 + turned[0].max(0.0), 2.0);
    let loss = cross_entropy(&y, 2) - cross_entropy(&y, &[0.0, 0.0, 1.0]);
    assert!(loss.abs() < 1e-6);
    let mut best = smooth_max(&y, 0.1);
    best += max(&y) - norm(&y);
    assert!(best.is_finite());
}
