// What the attributes in `../01_first_loss.rs` generate. For reading: written by a test, and not compiled from here.

#[allow(dead_code)]
/// Mean squared distance of `e^y0 e^(-e^y1 t)` from what was seen at the times `t` = 0, dt, 2 dt, ...
fn decay<const N: usize>(y: &[f32; 2], seen: &[f32; N], dt: f32) -> f32 {
    let (amplitude, rate) = (y[0].exp(), y[1].exp());
    let mut loss = 0.0;
    for i in 0..N {
        let t = i as f32 * dt;
        let miss = amplitude * (-rate * t).exp() - seen[i];
        loss += miss * miss;
    }
    loss / N as f32
}
/// The loss [`decay`] with value, gradient, Hessian and Newton step.
///
/// Mean squared distance of `e^y0 e^(-e^y1 t)` from what was seen at the times `t` = 0, dt, 2 dt, ...
#[derive(Debug, Clone, PartialEq)]
struct Decay<const N: usize> {
    newton: ::newton_losses::newton::Newton,
    dt: f64,
}
#[allow(dead_code)]
impl<const N: usize> Decay<N> {
    /// The loss with its hyper-parameters (`dt`) and the attribute's settings.
    #[allow(clippy::new_without_default)]
    fn new(dt: impl ::core::convert::Into<f64>) -> Self {
        let newton = ::newton_losses::newton::Newton {
            curvature: ::newton_losses::newton::Curvature::Hessian,
            lambda: 0.0001,
            average: ::newton_losses::newton::Average::Batch,
            on_indefinite: ::newton_losses::newton::OnIndefinite::Abs,
        };
        Self {
            newton,
            dt: ::core::convert::Into::into(dt),
        }
    }
    /// How many numbers a prediction has.
    fn dim(&self) -> usize {
        2
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
impl<const N: usize> ::newton_losses::kernel::Kernel for Decay<N> {
    type Label<T: ::newton_losses::scalar::Float> = [T; N];
    const NAME: &'static str = "decay";
    const DIM: usize = 2;
    fn newton(&self) -> ::newton_losses::newton::Newton {
        self.newton
    }
    fn parameters(&self) -> impl ::core::iter::Iterator<Item = (&'static str, f64)> {
        use ::core::iter::{IntoIterator as _, Iterator as _};
        [("dt", self.dt)].into_iter()
    }
    fn size(&self) -> usize {
        2
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
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let y: &[S; 2] = S::view_as(y);
        let y_: &mut [S; 2] = S::view_as_mut(y_);
        let seen: &[P; N] = P::view_as(label);
        let dt = P::lit(self.dt);
        let amplitude = y[0].exp();
        let rate = y[1].exp();
        let mut loss = S::zero();
        for i in 0..N {
            let t = P::lit(i as f64) * dt;
            let exp_value = (-rate * t).exp();
            let miss = amplitude * exp_value - seen[i];
            loss.add_product(miss, miss);
            tape.push(exp_value);
            across_lanes();
        }
        let value = loss / P::lit(N as f64);
        let mut amplitude_ = S::zero();
        let mut rate_ = S::zero();
        let loss_ = P::one() / P::lit(N as f64);
        for i in (0..N).rev() {
            let exp_value = tape.pop();
            let t = P::lit(i as f64) * dt;
            let miss = amplitude * exp_value - seen[i];
            let miss_ = (miss + miss) * loss_;
            amplitude_.add_product(miss_, exp_value);
            let exp_value_ = miss_ * amplitude;
            rate_.sub_product(exp_value * t, exp_value_);
            across_lanes();
        }
        y_[1].add_product(rate_, rate);
        y_[0].add_product(amplitude_, amplitude);
        value
    }
}
