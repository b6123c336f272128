//! Second derivatives by hyper-dual numbers: independent of the compiler and of the crate's own numbers.

use std::cell::Cell;
use std::cmp::Ordering;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

thread_local! {
    /// How close the nearest comparison came to going the other way.
    static MARGIN: Cell<f64> = const { Cell::new(f64::INFINITY) };
}

/// Starts over, and returns the margin so far.
pub fn margin() -> f64 {
    MARGIN.replace(f64::INFINITY)
}

fn note(distance: f64) {
    MARGIN.set(MARGIN.get().min(if distance.is_nan() { 0.0 } else { distance }));
}

/// a + b e1 + c e2 + d e1 e2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hyper {
    pub re: f64,
    pub e1: f64,
    pub e2: f64,
    pub e12: f64,
}

/// What programs compute with.
pub trait Num:
    Copy
    + PartialOrd
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum<Self>
{
    fn lit(x: f64) -> Self;
    fn int(i: usize) -> Self {
        Self::lit(i as f64)
    }
    fn re(self) -> f64;
    fn to_int(self) -> usize;
    /// A function of it, given its value and its first two derivatives here.
    fn chain(self, f: f64, df: f64, ddf: f64) -> Self;
    fn max(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self {
        -(-self).max(-other)
    }
    fn abs(self) -> Self {
        self.max(-self)
    }
    fn tanh(self) -> Self {
        let f = self.re().tanh();
        self.chain(f, 1.0 - f * f, -2.0 * f * (1.0 - f * f))
    }
    fn sin(self) -> Self {
        let (sin, cos) = self.re().sin_cos();
        self.chain(sin, cos, -sin)
    }
    fn cos(self) -> Self {
        let (sin, cos) = self.re().sin_cos();
        self.chain(cos, -sin, -cos)
    }
    fn atan(self) -> Self {
        let x = self.re();
        let d = 1.0 / (1.0 + x * x);
        self.chain(x.atan(), d, -2.0 * x * d * d)
    }
    fn exp(self) -> Self {
        let f = self.re().exp();
        self.chain(f, f, f)
    }
    fn ln(self) -> Self {
        let x = self.re();
        self.chain(x.ln(), 1.0 / x, -1.0 / (x * x))
    }
    fn sqrt(self) -> Self {
        let f = self.re().sqrt();
        self.chain(f, 0.5 / f, -0.25 / (f * self.re()))
    }
    fn recip(self) -> Self {
        Self::lit(1.0) / self
    }
    fn powi(self, n: i32) -> Self {
        (0..n).fold(Self::lit(1.0), |p, _| p * self)
    }
    fn mul_add(self, a: Self, b: Self) -> Self {
        self * a + b
    }
    fn clamp(self, low: Self, high: Self) -> Self {
        self.max(low).min(high)
    }
}

impl Hyper {
    pub fn new(re: f64, e1: f64, e2: f64) -> Self {
        Hyper { re, e1, e2, e12: 0.0 }
    }
    /// Notes how close a comparison is; numbers that are the same in all respects cannot be told apart by rounding.
    fn compare(self, other: Self) {
        if self != other {
            note((self.re - other.re).abs());
        }
    }
}

impl Num for Hyper {
    fn lit(x: f64) -> Self {
        Hyper::new(x, 0.0, 0.0)
    }
    fn re(self) -> f64 {
        self.re
    }
    fn to_int(self) -> usize {
        if self != Hyper::lit(self.re.round()) {
            note((self.re - self.re.round()).abs());
        }
        self.re as usize
    }
    fn chain(self, f: f64, df: f64, ddf: f64) -> Self {
        Hyper { re: f, e1: df * self.e1, e2: df * self.e2, e12: df * self.e12 + ddf * self.e1 * self.e2 }
    }
    fn max(self, other: Self) -> Self {
        self.compare(other);
        match self.re.partial_cmp(&other.re) {
            Some(Ordering::Greater) => self,
            Some(Ordering::Less) => other,
            // Equal ones share the derivative.
            _ => (self + other) * Hyper::lit(0.5),
        }
    }
}

impl PartialOrd for Hyper {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.compare(*other);
        self.re.partial_cmp(&other.re)
    }
}

impl Neg for Hyper {
    type Output = Self;
    fn neg(self) -> Self {
        Hyper { re: -self.re, e1: -self.e1, e2: -self.e2, e12: -self.e12 }
    }
}
impl Add for Hyper {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Hyper { re: self.re + o.re, e1: self.e1 + o.e1, e2: self.e2 + o.e2, e12: self.e12 + o.e12 }
    }
}
impl Sub for Hyper {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self + -o
    }
}
impl Mul for Hyper {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        Hyper {
            re: self.re * o.re,
            e1: self.re * o.e1 + self.e1 * o.re,
            e2: self.re * o.e2 + self.e2 * o.re,
            e12: self.re * o.e12 + self.e1 * o.e2 + self.e2 * o.e1 + self.e12 * o.re,
        }
    }
}
impl Div for Hyper {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let x = o.re;
        self * o.chain(1.0 / x, -1.0 / (x * x), 2.0 / (x * x * x))
    }
}
macro_rules! assign {
    ($($trait:ident $method:ident $op:tt),*) => {$(
        impl $trait for Hyper {
            fn $method(&mut self, o: Self) {
                *self = *self $op o;
            }
        }
    )*};
}
assign!(AddAssign add_assign +, SubAssign sub_assign -, MulAssign mul_assign *, DivAssign div_assign /);
impl Sum for Hyper {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Hyper::lit(0.0), |a, b| a + b)
    }
}

pub fn sigmoid<T: Num>(x: T) -> T {
    T::lit(1.0) / (T::lit(1.0) + (-x).exp())
}
pub fn softplus<T: Num>(x: T) -> T {
    (T::lit(1.0) + x.exp()).ln()
}
pub fn relu<T: Num>(x: T) -> T {
    if x > T::lit(0.0) { x } else { T::lit(0.0) }
}
pub fn sum<T: Num, const N: usize>(x: &[T; N]) -> T {
    x.iter().copied().sum()
}
pub fn mean<T: Num, const N: usize>(x: &[T; N]) -> T {
    sum(x) / T::int(N)
}
pub fn dot<T: Num, const N: usize>(x: &[T; N], y: &[T; N]) -> T {
    (0..N).map(|i| x[i] * y[i]).sum()
}
pub fn mse<T: Num, const N: usize>(x: &[T; N], y: &[T; N]) -> T {
    (0..N).map(|i| (x[i] - y[i]) * (x[i] - y[i])).sum::<T>() / T::int(N)
}
pub fn logsumexp<T: Num, const N: usize>(x: &[T; N]) -> T {
    x.iter().map(|v| v.exp()).sum::<T>().ln()
}
pub fn smooth_max<T: Num, const N: usize>(x: &[T; N], t: T) -> T {
    t * logsumexp(&x.map(|v| v / t))
}
pub fn softmax<T: Num, const N: usize>(x: &[T; N]) -> [T; N] {
    let total = x.iter().map(|v| v.exp()).sum::<T>();
    x.map(|v| v.exp() / total)
}
pub fn softmin<T: Num, const N: usize>(x: &[T; N]) -> [T; N] {
    softmax(&x.map(|v| -v))
}
pub fn log_softmax<T: Num, const N: usize>(x: &[T; N]) -> [T; N] {
    let total = logsumexp(x);
    x.map(|v| v - total)
}
/// The elements that are the largest share the derivative.
pub fn max<T: Num, const N: usize>(x: &[T; N]) -> T {
    let mut largest = vec![x[0]];
    for v in &x[1..] {
        if *v > largest[0] {
            largest = vec![*v];
        } else if v.re() == largest[0].re() {
            largest.push(*v);
        }
    }
    let n = T::int(largest.len());
    largest.into_iter().sum::<T>() / n
}
pub fn min<T: Num, const N: usize>(x: &[T; N]) -> T {
    -max(&x.map(|v| -v))
}
pub fn argmax<T: Num, const N: usize>(x: &[T; N]) -> usize {
    let mut at = 0;
    for i in 1..N {
        if x[i] > x[at] {
            at = i;
        }
    }
    at
}
pub fn sort<T: Num, const N: usize>(x: &[T; N]) -> [T; N] {
    let mut out = *x;
    out.sort_by(|a, b| a.partial_cmp(b).expect("no NaN"));
    out
}
pub fn sort_desc<T: Num, const N: usize>(x: &[T; N]) -> [T; N] {
    let mut out = *x;
    out.sort_by(|a, b| b.partial_cmp(a).expect("no NaN"));
    out
}
pub fn cumsum<T: Num, const N: usize>(x: &[T; N]) -> [T; N] {
    std::array::from_fn(|i| x[..=i].iter().copied().sum())
}
pub fn matvec<T: Num, const R: usize, const C: usize>(a: &[[T; C]; R], x: &[T; C]) -> [T; R] {
    std::array::from_fn(|i| dot(&a[i], x))
}
