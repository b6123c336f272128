// What the attributes in `../03_helper_functions.rs` generate. For reading: written by a test, and not compiled from here.

#[allow(dead_code)]
/// Solves E - e sin E = M for E by Newton's method. `gradient` names the function with the derivatives.
fn anomaly(mean: f32, e: f32, steps: usize) -> f32 {
    let mut x = mean + e * mean.sin();
    for _ in 0..steps {
        x -= (x - e * x.sin() - mean) / (1.0 - e * x.cos());
    }
    x
}
/// The forms of [`anomaly`](fn@anomaly) that generated code calls.
#[doc(hidden)]
#[allow(non_camel_case_types)]
enum anomaly {}
#[allow(unused, clippy::all)]
impl anomaly {
    #[inline(always)]
    pub fn primal<S, P>(mean2: S, e: S, steps: usize, mask: P::Mask) -> S
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let mut x = mean2 + e * mean2.sin();
        for step in 0..steps {
            x -= (x - e * x.sin() - mean2) / (S::one() - e * x.cos());
            across_lanes();
        }
        let result = x;
        result
    }
    #[inline(always)]
    pub fn value<S, P>(mean2: S, e: S, steps: usize, mask: P::Mask) -> S
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        let (value, (d_mean2, d_e)) = {
            let mean2 = mean2.value();
            let e = e.value();
            let value = Self::primal::<P, P>(mean2, e, steps, mask);
            if !S::HAS_TANGENTS {
                return S::constant(value);
            }
            (value, <anomaly_gradient>::value(mean2, e, steps, mask))
        };
        let mut result = S::constant(value);
        lanes::chain_all::<S, _, _>(&mut result, &mean2, &d_mean2);
        lanes::chain_all::<S, _, _>(&mut result, &e, &d_e);
        result
    }
    #[inline(always)]
    pub fn forward<S, P>(
        mean2: S,
        e: S,
        steps: usize,
        tape: &mut ::newton_losses::scalar::Tape<S>,
        mask: P::Mask,
    ) -> S
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        Self::value::<S, P>(mean2, e, steps, mask)
    }
    #[inline(always)]
    pub fn reverse<S, P>(
        mean2: S,
        e: S,
        steps: usize,
        result_: S,
        mean2_: &mut S,
        e_: &mut S,
        _: &mut (),
        tape: &mut ::newton_losses::scalar::Tape<S>,
        mask: P::Mask,
    )
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        let (d_mean2, d_e) = <anomaly_gradient>::value(mean2, e, steps, mask);
        lanes::add_scaled_all(mean2_, &d_mean2, result_);
        lanes::add_scaled_all(e_, &d_e, result_);
    }
    /// The gradient has one element for each float parameter, of the parameter's type.
    #[allow(dead_code)]
    fn gradient(mean: f32, e: f32, steps: usize) -> (f32, f32) {
        anomaly_gradient(mean, e, steps)
    }
    #[inline(always)]
    pub fn primal_by_lane<S, P>(mean2: S, e: S, steps: P::Index, mask: P::Mask) -> S
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let mut x = mean2 + e * mean2.sin();
        for step in 0..steps.highest(mask) as usize {
            let within = P::int(step as i32).is_lt(steps);
            {
                let mask = mask & within;
                x
                    += S::select(
                        mask,
                        -((x - e * x.sin() - mean2) / (S::one() - e * x.cos())),
                        S::zero(),
                    );
            }
            across_lanes();
        }
        let result = x;
        result
    }
    #[inline(always)]
    pub fn value_by_lane<S, P>(mean2: S, e: S, steps: P::Index, mask: P::Mask) -> S
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        let (value, (d_mean2, d_e)) = {
            let mean2 = mean2.value();
            let e = e.value();
            let value = Self::primal_by_lane::<P, P>(mean2, e, steps, mask);
            if !S::HAS_TANGENTS {
                return S::constant(value);
            }
            (value, <anomaly_gradient>::value_by_lane(mean2, e, steps, mask))
        };
        let mut result = S::constant(value);
        lanes::chain_all::<S, _, _>(&mut result, &mean2, &d_mean2);
        lanes::chain_all::<S, _, _>(&mut result, &e, &d_e);
        result
    }
    #[inline(always)]
    pub fn forward_by_lane<S, P>(
        mean2: S,
        e: S,
        steps: P::Index,
        tape: &mut ::newton_losses::scalar::Tape<S>,
        mask: P::Mask,
    ) -> S
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        Self::value_by_lane::<S, P>(mean2, e, steps, mask)
    }
    #[inline(always)]
    pub fn reverse_by_lane<S, P>(
        mean2: S,
        e: S,
        steps: P::Index,
        result_: S,
        mean2_: &mut S,
        e_: &mut S,
        _: &mut (),
        tape: &mut ::newton_losses::scalar::Tape<S>,
        mask: P::Mask,
    )
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        let (d_mean2, d_e) = <anomaly_gradient>::value_by_lane(mean2, e, steps, mask);
        lanes::add_scaled_all(mean2_, &d_mean2, result_);
        lanes::add_scaled_all(e_, &d_e, result_);
    }
}

#[allow(dead_code)]
/// dE/dM and dE/de by the implicit function theorem: the same parameters, one result for each float among them.
fn anomaly_gradient(mean: f32, e: f32, steps: usize) -> (f32, f32) {
    let x = anomaly(mean, e, steps);
    let slope = 1.0 / (1.0 - e * x.cos());
    (slope, slope * x.sin())
}
/// The forms of [`anomaly_gradient`](fn@anomaly_gradient) that generated code calls.
#[doc(hidden)]
#[allow(non_camel_case_types)]
enum anomaly_gradient {}
#[allow(unused, clippy::all)]
impl anomaly_gradient {
    #[inline(always)]
    pub fn value<S, P>(mean2: S, e: S, steps: usize, mask: P::Mask) -> (S, S)
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let x = <anomaly>::value(mean2, e, steps, mask);
        let cos_value = x.cos();
        let slope = S::one() / (S::one() - e * cos_value);
        let result = slope;
        let sin_value = x.sin();
        let result2 = slope * sin_value;
        (result, result2)
    }
    #[inline(always)]
    pub fn forward<S, P>(
        mean2: S,
        e: S,
        steps: usize,
        tape: &mut ::newton_losses::scalar::Tape<S>,
        mask: P::Mask,
    ) -> (S, S)
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let x = <anomaly>::forward(mean2, e, steps, tape, mask);
        let cos_value = x.cos();
        let slope = S::one() / (S::one() - e * cos_value);
        let result = slope;
        let sin_value = x.sin();
        let result2 = slope * sin_value;
        tape.push(x);
        tape.push(cos_value);
        tape.push(slope);
        tape.push(sin_value);
        (result, result2)
    }
    #[inline(always)]
    pub fn reverse<S, P>(
        mean2: S,
        e: S,
        steps: usize,
        result_: S,
        result2_: S,
        mean2_: &mut S,
        e_: &mut S,
        _: &mut (),
        tape: &mut ::newton_losses::scalar::Tape<S>,
        mask: P::Mask,
    )
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let sin_value = tape.pop();
        let slope = tape.pop();
        let cos_value = tape.pop();
        let x = tape.pop();
        let mut slope_ = result2_ * sin_value;
        let sin_value_ = result2_ * slope;
        let mut x_ = sin_value_ * x.cos();
        slope_ += result_;
        (*e_).add_product(slope_, slope / (S::one() - e * cos_value) * cos_value);
        let cos_value_ = slope_ * (slope / (S::one() - e * cos_value) * e);
        x_.sub_product(x.sin(), cos_value_);
        <anomaly>::reverse(mean2, e, steps, x_, mean2_, e_, &mut (), tape, mask);
    }
    #[inline(always)]
    pub fn value_by_lane<S, P>(mean2: S, e: S, steps: P::Index, mask: P::Mask) -> (S, S)
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let x = <anomaly>::value_by_lane(mean2, e, steps, mask);
        let cos_value = x.cos();
        let slope = S::one() / (S::one() - e * cos_value);
        let result = slope;
        let sin_value = x.sin();
        let result2 = slope * sin_value;
        (result, result2)
    }
    #[inline(always)]
    pub fn forward_by_lane<S, P>(
        mean2: S,
        e: S,
        steps: P::Index,
        tape: &mut ::newton_losses::scalar::Tape<S>,
        mask: P::Mask,
    ) -> (S, S)
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let x = <anomaly>::forward_by_lane(mean2, e, steps, tape, mask);
        let cos_value = x.cos();
        let slope = S::one() / (S::one() - e * cos_value);
        let result = slope;
        let sin_value = x.sin();
        let result2 = slope * sin_value;
        tape.push(x);
        tape.push(cos_value);
        tape.push(slope);
        tape.push(sin_value);
        (result, result2)
    }
    #[inline(always)]
    pub fn reverse_by_lane<S, P>(
        mean2: S,
        e: S,
        steps: P::Index,
        result_: S,
        result2_: S,
        mean2_: &mut S,
        e_: &mut S,
        _: &mut (),
        tape: &mut ::newton_losses::scalar::Tape<S>,
        mask: P::Mask,
    )
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let sin_value = tape.pop();
        let slope = tape.pop();
        let cos_value = tape.pop();
        let x = tape.pop();
        let mut slope_ = result2_ * sin_value;
        let sin_value_ = result2_ * slope;
        let mut x_ = sin_value_ * x.cos();
        slope_ += result_;
        (*e_).add_product(slope_, slope / (S::one() - e * cos_value) * cos_value);
        let cos_value_ = slope_ * (slope / (S::one() - e * cos_value) * e);
        x_.sub_product(x.sin(), cos_value_);
        <anomaly>::reverse_by_lane(mean2, e, steps, x_, mean2_, e_, &mut (), tape, mask);
    }
}

#[allow(dead_code)]
/// Position on an ellipse with semi-major axis 1: several results are a tuple.
fn position(mean: f32, e: f32) -> (f32, f32) {
    let x = anomaly(mean, e, 8);
    (x.cos() - e, (1.0 - e * e).sqrt() * x.sin())
}
/// The forms of [`position`](fn@position) that generated code calls.
#[doc(hidden)]
#[allow(non_camel_case_types)]
enum position {}
#[allow(unused, clippy::all)]
impl position {
    #[inline(always)]
    pub fn value<S, P>(mean2: S, e: S, mask: P::Mask) -> (S, S)
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let x = <anomaly>::value(mean2, e, 8, mask);
        let result = x.cos() - e;
        let sqrt_value = (S::one() - e * e).sqrt();
        let sin_value = x.sin();
        let result2 = sqrt_value * sin_value;
        (result, result2)
    }
    #[inline(always)]
    pub fn forward<S, P>(
        mean2: S,
        e: S,
        tape: &mut ::newton_losses::scalar::Tape<S>,
        mask: P::Mask,
    ) -> (S, S)
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let x = <anomaly>::forward(mean2, e, 8, tape, mask);
        let result = x.cos() - e;
        let sqrt_value = (S::one() - e * e).sqrt();
        let sin_value = x.sin();
        let result2 = sqrt_value * sin_value;
        tape.push(x);
        tape.push(sqrt_value);
        tape.push(sin_value);
        (result, result2)
    }
    #[inline(always)]
    pub fn reverse<S, P>(
        mean2: S,
        e: S,
        result_: S,
        result2_: S,
        mean2_: &mut S,
        e_: &mut S,
        tape: &mut ::newton_losses::scalar::Tape<S>,
        mask: P::Mask,
    )
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let sin_value = tape.pop();
        let sqrt_value = tape.pop();
        let x = tape.pop();
        let sqrt_value_ = result2_ * sin_value;
        let sin_value_ = result2_ * sqrt_value;
        let mut x_ = sin_value_ * x.cos();
        (*e_)
            .add_product(
                sqrt_value_,
                -(S::lit(0.5) / sqrt_value * e) - S::lit(0.5) / sqrt_value * e,
            );
        x_.sub_product(x.sin(), result_);
        *e_ -= result_;
        <anomaly>::reverse(mean2, e, 8, x_, mean2_, e_, &mut (), tape, mask);
    }
}

#[allow(dead_code)]
/// Prediction: eccentricity (as a logit), phase, and angle per unit of time. Label: times, and places seen then.
fn orbit<const N: usize>(y: &[f32; 3], time: &[f32; N], seen: &[[f32; 2]; N]) -> f32 {
    let e = sigmoid(y[0]);
    let mut loss = 0.0;
    for i in 0..N {
        let (a, b): (f32, f32) = position(y[1] + y[2] * time[i], e);
        loss += (a - seen[i][0]).powi(2) + (b - seen[i][1]).powi(2);
    }
    loss / N as f32
}
/// The loss [`orbit`] with value, gradient, Hessian and Newton step.
///
/// Prediction: eccentricity (as a logit), phase, and angle per unit of time. Label: times, and places seen then.
#[derive(Debug, Clone, PartialEq)]
struct Orbit<const N: usize> {
    newton: ::newton_losses::newton::Newton,
}
#[allow(dead_code)]
impl<const N: usize> Orbit<N> {
    /// The loss with the attribute's settings.
    #[allow(clippy::new_without_default)]
    fn new() -> Self {
        let newton = ::newton_losses::newton::Newton {
            curvature: ::newton_losses::newton::Curvature::Hessian,
            lambda: 0.001,
            average: ::newton_losses::newton::Average::Batch,
            on_indefinite: ::newton_losses::newton::OnIndefinite::Abs,
        };
        Self { newton }
    }
    /// How many numbers a prediction has.
    fn dim(&self) -> usize {
        3
    }
    /// The same loss with another curvature.
    #[must_use]
    fn curvature(mut self, curvature: ::newton_losses::newton::Curvature) -> Self {
        self.newton.curvature = curvature;
        self
    }
    /// The same loss with another Tikhonov term.
    #[must_use]
    fn lambda(mut self, lambda: f64) -> Self {
        self.newton.lambda = lambda;
        self
    }
    /// The same loss with its curvature averaged over the batch, or one per sample.
    #[must_use]
    fn average(mut self, average: ::newton_losses::newton::Average) -> Self {
        self.newton.average = average;
        self
    }
    /// The same loss with another policy for negative curvature.
    #[must_use]
    fn on_indefinite(mut self, policy: ::newton_losses::newton::OnIndefinite) -> Self {
        self.newton.on_indefinite = policy;
        self
    }
}
#[allow(unused, clippy::all)]
impl<const N: usize> ::newton_losses::kernel::Kernel for Orbit<N> {
    type Label<T: ::newton_losses::scalar::Float> = ([T; N], [[T; 2]; N]);
    const NAME: &'static str = "orbit";
    const DIM: usize = 3;
    fn newton(&self) -> ::newton_losses::newton::Newton {
        self.newton
    }
    fn parameters(&self) -> impl ::core::iter::Iterator<Item = (&'static str, f64)> {
        use ::core::iter::{IntoIterator as _, Iterator as _};
        [].into_iter()
    }
    fn size(&self) -> usize {
        3
    }
    #[inline(always)]
    fn value_and_gradient<S, P>(
        &self,
        y: &[S],
        label: &[P],
        integers: &[P::Index],
        y_: &mut [S],
        tape: &mut ::newton_losses::scalar::Tape<S>,
    ) -> S
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::builtins::{sigmoid, sigmoid_d};
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let y: &[S; 3] = S::view_as(y);
        let y_: &mut [S; 3] = S::view_as_mut(y_);
        let time: &[P; N] = P::view_as(label);
        let seen: &[[P; 2]; N] = P::view_as(&label[N..]);
        let e = sigmoid(y[0]);
        let mut loss = S::zero();
        for i in 0..N {
            let argument = y[1] + y[2] * time[i];
            let (position_result, position_result2) = <position>::forward(
                argument,
                e,
                tape,
                P::mask(true),
            );
            loss
                += (position_result - seen[i][0]).powi(2)
                    + (position_result2 - seen[i][1]).powi(2);
            tape.push(position_result);
            tape.push(position_result2);
            across_lanes();
        }
        let value = loss / P::lit(N as f64);
        let mut e_ = S::zero();
        let loss_ = P::one() / P::lit(N as f64);
        for i in (0..N).rev() {
            let position_result2 = tape.pop();
            let position_result = tape.pop();
            let argument = y[1] + y[2] * time[i];
            let mut argument_ = S::zero();
            let position_result_ = (position_result - seen[i][0]) * P::lit(2.0) * loss_;
            let position_result2_ = (position_result2 - seen[i][1]) * P::lit(2.0)
                * loss_;
            <position>::reverse(
                argument,
                e,
                position_result_,
                position_result2_,
                &mut argument_,
                &mut e_,
                tape,
                P::mask(true),
            );
            y_[1] += argument_;
            y_[2].add_scaled(argument_, time[i]);
            across_lanes();
        }
        y_[0].add_product(e_, sigmoid_d(e));
        value
    }
}
