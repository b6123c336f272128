//! What is checked of every function, and mutants that the checks must catch.

use newton_runtime::scalar::{Dual, Lanes, Real, Scalar};

/// A function from `N` to `M` numbers with its derivatives, as the compiler pairs them.
pub trait Subject<const N: usize, const M: usize> {
    const NAME: &'static str;
    /// Where it is checked.
    fn points() -> Vec<[f64; N]>;
    /// Written down once more, in plain `f64`.
    fn reference(x: &[f64; N]) -> [f64; M];
    /// The runtime's function.
    fn value<S: Scalar>(x: &[S; N]) -> [S; M];
    /// Adds to the adjoint of the arguments, given that of the results.
    fn adjoint<S: Scalar>(x: &[S; N], y_: &[S; M], x_: &mut [S; N]);
}

fn gradient<F: Subject<N, M>, S: Scalar, const N: usize, const M: usize>(x: &[S; N], y_: &[S; M]) -> [S; N] {
    let mut x_ = [S::zero(); N];
    F::adjoint(x, y_, &mut x_);
    x_
}

/// Largest difference, relative to the largest expected number or 1.
fn off(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs() / scale);
    // NaN must not pass.
    differences.fold(0.0, |m, d| if d <= m { m } else { d })
}

/// Central differences of fourth order along coordinate `k`.
fn slope<const N: usize>(f: impl Fn(&[f64; N]) -> Vec<f64>, x: &[f64; N], k: usize) -> Vec<f64> {
    let h = 2e-4 * x[k].abs().max(1.0);
    let at = |t: f64| {
        let mut x = *x;
        x[k] += t;
        f(&x)
    };
    let (a, b, c, d) = (at(-2.0 * h), at(-h), at(h), at(2.0 * h));
    (0..a.len()).map(|i| (a[i] - 8.0 * b[i] + 8.0 * c[i] - d[i]) / (12.0 * h)).collect()
}

fn weights<const M: usize>() -> [f64; M] {
    std::array::from_fn(|i| [0.7, -1.1, 0.4, 2.0, -0.6, 1.3][i % 6])
}

fn same(what: &str, at: &[f64], found: &[f64], expected: &[f64], tolerance: f64) -> Result<(), String> {
    let off = off(found, expected);
    if off <= tolerance {
        return Ok(());
    }
    Err(format!("{what} at {at:?} is off by {off:e}: {found:?}, expected {expected:?}"))
}

/// With a tangent along each coordinate in turn.
fn towards_each<P: Real, const N: usize>(x: &[P; N]) -> [[Dual<P, 1>; N]; N] {
    std::array::from_fn(|k| {
        let mut x = x.map(Dual::constant);
        x[k].tangents[0] = P::one();
        x
    })
}

/// Everything, in `f64`.
fn in_f64<F: Subject<N, M>, const N: usize, const M: usize>(x: &[f64; N]) -> Result<(), String> {
    let (name, w) = (F::NAME, weights::<M>());
    same(name, x, &F::value(x), &F::reference(x), 1e-13)?;

    let g = gradient::<F, f64, N, M>(x, &w);
    let weighted = |y: &[f64; M]| vec![y.iter().zip(w).map(|(y, w)| y * w).sum::<f64>()];
    let slopes: Vec<f64> = (0..N).flat_map(|k| slope(|x| weighted(&F::reference(x)), x, k)).collect();
    same(&format!("{name}: gradient"), x, &g, &slopes, 1e-8)?;
    let mut twice = g;
    F::adjoint(x, &w, &mut twice);
    same(&format!("{name}: adjoint added to another"), x, &twice, &g.map(|g| 2.0 * g), 1e-14)?;

    for (k, duals) in towards_each(x).iter().enumerate() {
        let y = F::value(duals);
        same(&format!("{name}: value on duals"), x, &y.map(|y| y.value), &F::value(x), 0.0)?;
        let tangent = weighted(&y.map(|y| y.tangents[0]));
        same(&format!("{name}: tangents"), x, &tangent, &g[k..=k], 1e-12)?;

        let rows = gradient::<F, Dual<f64, 1>, N, M>(duals, &w.map(Scalar::lit));
        same(&format!("{name}: adjoint on duals"), x, &rows.map(|r| r.value), &g, 1e-15)?;
        let column = slope(|x| gradient::<F, f64, N, M>(x, &w).to_vec(), x, k);
        same(&format!("{name}: Hessian's column {k}"), x, &rows.map(|r| r.tangents[0]), &column, 1e-8)?;
    }
    // Linear in the adjoint of the result, tangents included.
    for m in 0..M {
        let mut y_ = w.map(Dual::<f64, 1>::constant);
        y_[m].tangents[0] = 1.0;
        let unit = std::array::from_fn(|i| f64::from(u8::from(i == m)));
        let by_tangent = gradient::<F, Dual<f64, 1>, N, M>(&x.map(Scalar::lit), &y_).map(|d| d.tangents[0]);
        let direct = gradient::<F, f64, N, M>(x, &unit);
        same(&format!("{name}: tangents of adjoint {m}"), x, &by_tangent, &direct, 1e-12)?;
    }
    Ok(())
}

/// `f32` lanes, each another point, against `f64` at the same (rounded) points.
fn in_lanes<F: Subject<N, M>, const N: usize, const M: usize>() -> Result<(), String> {
    type L = Lanes<f32, 16, false>;
    let name = F::NAME;
    let points = F::points();
    let at = |l: usize| points[l % points.len()].map(|x| x as f32);
    let x: [L; N] = std::array::from_fn(|i| Lanes(std::array::from_fn(|l| at(l)[i])));
    let w = weights::<M>();
    let y = F::value(&x);
    let columns = towards_each(&x).map(|x| gradient::<F, Dual<L, 1>, N, M>(&x, &w.map(Scalar::lit)));
    for l in 0..16 {
        let exact = at(l).map(f64::from);
        let wide = |x: L| f64::from(x.lane(l));
        // Rounding an argument moves the result by its size.
        let size = exact.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
        same(&format!("{name} in f32"), &exact, &y.map(wide), &F::value(&exact), 1e-6 * size)?;
        let expected =
            towards_each(&exact).map(|x| gradient::<F, Dual<f64, 1>, N, M>(&x, &w.map(Scalar::lit)));
        for (k, (found, expected)) in columns.iter().zip(expected).enumerate() {
            let (g, h) = (found.map(|r| wide(r.value)), found.map(|r| wide(r.tangents[0])));
            same(&format!("{name}: gradient in f32"), &exact, &g, &expected.map(|e| e.value), 4e-6 * size)?;
            let what = format!("{name}: Hessian's column {k} in f32");
            same(&what, &exact, &h, &expected.map(|e| e.tangents[0]), 2e-5 * size)?;
        }
    }
    Ok(())
}

fn in_all_f64<F: Subject<N, M>, const N: usize, const M: usize>() -> Result<(), String> {
    F::points().iter().try_for_each(in_f64::<F, N, M>)
}

/// The function is right, and the checks see each of its mutants.
pub fn check<F: Subject<N, M>, const N: usize, const M: usize>() {
    if let Err(message) = in_all_f64::<F, N, M>().and_then(|()| in_lanes::<F, N, M>()) {
        panic!("{message}");
    }
    assert!(in_all_f64::<WrongValue<F>, N, M>().is_err(), "{}: a wrong value passes", F::NAME);
    assert!(in_all_f64::<WrongTangent<F>, N, M>().is_err(), "{}: a wrong tangent passes", F::NAME);
    assert!(in_all_f64::<WrongGradient<F>, N, M>().is_err(), "{}: a wrong gradient passes", F::NAME);
    assert!(in_all_f64::<WrongHessian<F>, N, M>().is_err(), "{}: a wrong Hessian passes", F::NAME);
}

/// Lanes whose numbers differ from those of `f64` are seen as well.
pub fn lanes_must_differ<F: Subject<N, M>, const N: usize, const M: usize>() {
    let message = in_lanes::<WrongLanes<F>, N, M>().unwrap_err();
    assert!(message.contains("in f32"), "{message}");
}

/// The number without its value: what its tangents alone contribute.
fn tangents_of<S: Scalar>(x: S) -> S {
    x - S::constant(x.value())
}

macro_rules! mutants {
    ($($name:ident: |$x:ident, $y:ident| $value:expr, |$g:ident| $adjoint:expr;)*) => {$(
        struct $name<F>(F);
        impl<F: Subject<N, M>, const N: usize, const M: usize> Subject<N, M> for $name<F> {
            const NAME: &'static str = F::NAME;
            fn points() -> Vec<[f64; N]> {
                F::points()
            }
            fn reference(x: &[f64; N]) -> [f64; M] {
                F::reference(x)
            }
            #[allow(unused)]
            fn value<S: Scalar>($x: &[S; N]) -> [S; M] {
                let mut $y = F::value($x);
                $value;
                $y
            }
            #[allow(unused)]
            fn adjoint<S: Scalar>($x: &[S; N], y_: &[S; M], $g: &mut [S; N]) {
                F::adjoint($x, y_, $g);
                let $x = $x[N - 1];
                let y_ = y_[0];
                let $g = &mut $g[N - 1];
                let mut change = |c: S| *$g += y_ * c;
                let f: fn(S) -> S = $adjoint;
                change(f($x));
            }
        }
    )*};
}
mutants! {
    WrongValue: |x, y| y[M - 1] += y[M - 1] * S::lit(1e-5) + S::lit(1e-5), |g| |_| S::zero();
    WrongLanes: |x, y| if S::Passive::LANES == 16 { y[M - 1] += S::lit(1e-5) }, |g| |_| S::zero();
    WrongTangent: |x, y| y[M - 1] += tangents_of(x[N - 1]) * S::lit(1e-5), |g| |_| S::zero();
    WrongGradient: |x, y| {}, |g| |_| S::lit(1e-4);
    WrongHessian: |x, y| {}, |g| |x| tangents_of(x) * S::lit(1e-4);
}
