//! What is checked of every function, and mutants that the checks must catch.
#![allow(clippy::type_complexity)]

use newton_runtime::scalar::{Dual, Float, Real, Scalar};

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

type D = Dual<f64, 1>;
type L = <f32 as Float>::Plain;
type DL = Dual<L, 1>;

/// One scalar type of a subject: its value, and its adjoint added to what is there.
struct On<S> {
    value: Box<dyn Fn(&[S]) -> Vec<S>>,
    adjoint: Box<dyn Fn(&[S], &[S], &mut [S])>,
}

impl<S: Scalar> On<S> {
    fn of<F: Subject<N, M>, const N: usize, const M: usize>() -> Self {
        On {
            value: Box::new(|x| F::value(x.as_array().unwrap()).to_vec()),
            adjoint: Box::new(|x, y_, x_| {
                F::adjoint(x.as_array().unwrap(), y_.as_array().unwrap(), x_.as_mut_array().unwrap());
            }),
        }
    }

    fn gradient(&self, x: &[S], y_: &[S]) -> Vec<S> {
        let mut x_ = vec![S::zero(); x.len()];
        (self.adjoint)(x, y_, &mut x_);
        x_
    }

    /// The value's last number is changed, by what the last argument says.
    fn change_value(&mut self, by: impl Fn(S) -> S + 'static) {
        let value = std::mem::replace(&mut self.value, Box::new(|_| unreachable!()));
        self.value = Box::new(move |x| {
            let mut y = value(x);
            *y.last_mut().unwrap() += by(x[x.len() - 1]);
            y
        });
    }

    /// The last argument's adjoint is changed.
    fn change_adjoint(&mut self, by: impl Fn(S) -> S + 'static) {
        let adjoint = std::mem::replace(&mut self.adjoint, Box::new(|_, _, _| unreachable!()));
        self.adjoint = Box::new(move |x, y_, x_| {
            adjoint(x, y_, x_);
            *x_.last_mut().unwrap() += y_[0] * by(x[x.len() - 1]);
        });
    }
}

/// A subject whose sizes and types are gone: the checks are compiled once.
struct Functions {
    name: &'static str,
    points: Vec<Vec<f64>>,
    /// How many results it has.
    results: usize,
    reference: Box<dyn Fn(&[f64]) -> Vec<f64>>,
    plain: On<f64>,
    duals: On<D>,
    lanes: On<L>,
    lane_duals: On<DL>,
}

impl Functions {
    fn of<F: Subject<N, M>, const N: usize, const M: usize>() -> Self {
        Functions {
            name: F::NAME,
            points: F::points().iter().map(|x| x.to_vec()).collect(),
            results: M,
            reference: Box::new(|x| F::reference(x.as_array().unwrap()).to_vec()),
            plain: On::of::<F, N, M>(),
            duals: On::of::<F, N, M>(),
            lanes: On::of::<F, N, M>(),
            lane_duals: On::of::<F, N, M>(),
        }
    }

    fn weights<S: Scalar>(&self) -> Vec<S> {
        (0..self.results).map(|i| S::lit([0.7, -1.1, 0.4, 2.0, -0.6, 1.3][i % 6])).collect()
    }

    fn right(&self) -> Result<(), String> {
        self.points.iter().try_for_each(|x| self.in_f64(x))?;
        self.in_lanes()
    }

    /// Everything, in `f64`.
    fn in_f64(&self, x: &[f64]) -> Result<(), String> {
        let (name, w) = (self.name, self.weights::<f64>());
        let value = (self.plain.value)(x);
        same(name, x, &value, &(self.reference)(x), 1e-13)?;

        let g = self.plain.gradient(x, &w);
        let weighted = |y: Vec<f64>| vec![y.iter().zip(&w).map(|(y, w)| y * w).sum::<f64>()];
        let slopes: Vec<f64> =
            (0..x.len()).flat_map(|k| slope(|x| weighted((self.reference)(x)), x, k)).collect();
        same(&format!("{name}: gradient"), x, &g, &slopes, 1e-8)?;
        let (mut twice, double) = (g.clone(), g.iter().map(|g| 2.0 * g).collect::<Vec<_>>());
        (self.plain.adjoint)(x, &w, &mut twice);
        same(&format!("{name}: adjoint added to another"), x, &twice, &double, 1e-14)?;

        for (k, duals) in towards_each(x).iter().enumerate() {
            let y = (self.duals.value)(duals);
            same(&format!("{name}: value on duals"), x, &values(&y), &value, 0.0)?;
            same(&format!("{name}: tangents"), x, &weighted(tangents(&y)), &g[k..=k], 1e-12)?;

            let rows = self.duals.gradient(duals, &self.weights());
            same(&format!("{name}: adjoint on duals"), x, &values(&rows), &g, 1e-15)?;
            let column = slope(|x| self.plain.gradient(x, &w), x, k);
            same(&format!("{name}: Hessian's column {k}"), x, &tangents(&rows), &column, 1e-8)?;
        }
        // Linear in the adjoint of the result, tangents included.
        let constant: Vec<D> = x.iter().map(|x| D::constant(*x)).collect();
        for m in 0..self.results {
            let mut y_ = self.weights::<D>();
            y_[m].tangents[0] = 1.0;
            let mut unit = vec![0.0; self.results];
            unit[m] = 1.0;
            let by_tangent = tangents(&self.duals.gradient(&constant, &y_));
            let direct = self.plain.gradient(x, &unit);
            same(&format!("{name}: tangents of adjoint {m}"), x, &by_tangent, &direct, 1e-12)?;
        }
        Ok(())
    }

    /// `f32` lanes, each another point, against `f64` at the same (rounded) points.
    fn in_lanes(&self) -> Result<(), String> {
        (0..self.points.len()).step_by(L::LANES).try_for_each(|first| self.in_lanes_from(first))
    }

    fn in_lanes_from(&self, first: usize) -> Result<(), String> {
        let name = self.name;
        let at = |l: usize, i: usize| self.points[(first + l) % self.points.len()][i] as f32;
        let n = self.points[0].len();
        let x: Vec<L> = (0..n).map(|i| L::from(std::array::from_fn(|l| at(l, i)))).collect();
        let y = (self.lanes.value)(&x);
        let columns: Vec<Vec<DL>> =
            towards_each(&x).iter().map(|x| self.lane_duals.gradient(x, &self.weights())).collect();
        for l in 0..L::LANES {
            let exact: Vec<f64> = (0..n).map(|i| f64::from(at(l, i))).collect();
            let wide = |x: Vec<L>| x.iter().map(|x| f64::from(x.lane(l))).collect::<Vec<_>>();
            // Rounding an argument moves the result by its size.
            let size = exact.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
            let value = (self.plain.value)(&exact);
            same(&format!("{name} in f32"), &exact, &wide(y.clone()), &value, 1e-6 * size)?;
            for (k, duals) in towards_each(&exact).iter().enumerate() {
                let expected = self.duals.gradient(duals, &self.weights());
                let (g, h) = (wide(values(&columns[k])), wide(tangents(&columns[k])));
                same(&format!("{name}: gradient in f32"), &exact, &g, &values(&expected), 4e-6 * size)?;
                let what = format!("{name}: Hessian's column {k} in f32");
                same(&what, &exact, &h, &tangents(&expected), 2e-5 * size)?;
            }
        }
        Ok(())
    }
}

fn values<P: Real>(x: &[Dual<P, 1>]) -> Vec<P> {
    x.iter().map(|x| x.value).collect()
}
fn tangents<P: Real>(x: &[Dual<P, 1>]) -> Vec<P> {
    x.iter().map(|x| x.tangents[0]).collect()
}

/// With a tangent along each coordinate in turn.
fn towards_each<P: Real>(x: &[P]) -> Vec<Vec<Dual<P, 1>>> {
    let towards = |k: usize| {
        let mut x: Vec<_> = x.iter().map(|x| Dual::constant(*x)).collect();
        x[k].tangents[0] = P::one();
        x
    };
    (0..x.len()).map(towards).collect()
}

/// Largest difference, relative to the largest expected number or 1.
fn same(what: &str, at: &[f64], found: &[f64], expected: &[f64], tolerance: f64) -> Result<(), String> {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs() / scale);
    // NaN must not pass.
    let off = differences.fold(0.0, |m, d| if d <= m { m } else { d });
    if off <= tolerance {
        return Ok(());
    }
    Err(format!("{what} at {at:?} is off by {off:e}: {found:?}, expected {expected:?}"))
}

/// Central differences of fourth order along coordinate `k`.
fn slope(f: impl Fn(&[f64]) -> Vec<f64>, x: &[f64], k: usize) -> Vec<f64> {
    let h = 2e-4 * x[k].abs().max(1.0);
    let at = |t: f64| {
        let mut x = x.to_vec();
        x[k] += t;
        f(&x)
    };
    let (a, b, c, d) = (at(-2.0 * h), at(-h), at(h), at(2.0 * h));
    (0..a.len()).map(|i| (a[i] - 8.0 * b[i] + 8.0 * c[i] - d[i]) / (12.0 * h)).collect()
}

/// What an argument contributes by its tangents alone.
fn tangents_alone<S: Scalar>(x: S) -> S {
    x - S::constant(x.value())
}

/// The function is right, and the checks see each of its mutants.
pub fn check<F: Subject<N, M>, const N: usize, const M: usize>() {
    if let Err(message) = Functions::of::<F, N, M>().right() {
        panic!("{message}");
    }
    type Change = fn(&mut Functions);
    let mutants: [(&str, Change); 5] = [
        ("value", |f| {
            f.plain.change_value(|_| 1e-5);
            f.duals.change_value(|_| D::lit(1e-5));
        }),
        ("tangent", |f| f.duals.change_value(|x| tangents_alone(x) * 1e-5)),
        ("gradient", |f| {
            f.plain.change_adjoint(|_| 1e-4);
            f.duals.change_adjoint(|_| D::lit(1e-4));
        }),
        ("Hessian", |f| f.duals.change_adjoint(|x| tangents_alone(x) * 1e-4)),
        ("value in f32", |f| f.lanes.change_value(|_| L::lit(1e-3))),
    ];
    for (what, change) in mutants {
        let mut wrong = Functions::of::<F, N, M>();
        change(&mut wrong);
        assert!(wrong.right().is_err(), "{}: a wrong {what} passes", F::NAME);
    }
}
