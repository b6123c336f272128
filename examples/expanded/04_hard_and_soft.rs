// What the attributes in `../04_hard_and_soft.rs` generate. For reading: written by a test, and not compiled from here.

#[allow(dead_code)]
/// A price with a discount from 10 pieces on: the function jumps there, and no derivative sees the jump.
fn hard(pieces: &[f32; 1], paid: &f32) -> f32 {
    let n = pieces[0];
    let price = if n >= 10.0 { 0.8 * n } else { n };
    (price - paid).powi(2)
}
/// The loss [`hard`] with value, gradient, Hessian and Newton step.
///
/// A price with a discount from 10 pieces on: the function jumps there, and no derivative sees the jump.
#[derive(Debug, Clone, PartialEq)]
struct Hard {
    newton: ::newton_losses::newton::Newton,
}
#[allow(dead_code)]
impl Hard {
    /// The loss with the attribute's settings.
    #[allow(clippy::new_without_default)]
    fn new() -> Self {
        let newton = ::newton_losses::newton::Newton {
            curvature: ::newton_losses::newton::Curvature::Hessian,
            lambda: 0.1,
            average: ::newton_losses::newton::Average::Batch,
            on_indefinite: ::newton_losses::newton::OnIndefinite::Keep,
        };
        Self { newton }
    }
    /// How many numbers a prediction has.
    fn dim(&self) -> usize {
        1
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
impl ::newton_losses::kernel::Kernel for Hard {
    type Label<T: ::newton_losses::scalar::Float> = T;
    const NAME: &'static str = "hard";
    const DIM: usize = 1;
    fn newton(&self) -> ::newton_losses::newton::Newton {
        self.newton
    }
    fn parameters(&self) -> impl ::core::iter::Iterator<Item = (&'static str, f64)> {
        use ::core::iter::{IntoIterator as _, Iterator as _};
        [].into_iter()
    }
    fn size(&self) -> usize {
        1
    }
    #[inline(always)]
    fn value_and_gradient<S, P>(
        &self,
        pieces: &[S],
        label: &[P],
        integers: &[P::Index],
        pieces_: &mut [S],
        tape: &mut ::newton_losses::scalar::Tape<S>,
    ) -> S
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let pieces: &[S; 1] = S::view_as(pieces);
        let pieces_: &mut [S; 1] = S::view_as_mut(pieces_);
        let paid = label[0];
        let n = pieces[0];
        let mut price = S::zero();
        let cond = n.value().is_ge(P::lit(10.0));
        {
            let mask = cond;
            price = S::select(mask, n * P::lit(0.8), price);
        }
        {
            let mask = !cond;
            price = S::select(mask, n, price);
        }
        let value = (price - paid).powi(2);
        let mut n_ = S::zero();
        let mut price_ = (price - paid) * P::lit(2.0);
        {
            let mask = !cond;
            let price_new_ = price_;
            price_ = S::select(mask, S::zero(), price_);
            n_ += S::select(mask, price_new_, S::zero());
        }
        {
            let mask = cond;
            let price_new_ = price_;
            price_ = S::select(mask, S::zero(), price_);
            n_ += S::select(mask, price_new_ * P::lit(0.8), S::zero());
        }
        pieces_[0] += n_;
        value
    }
}

#[allow(dead_code)]
/// The same with a smooth step of width `width`, through which the derivative sees it.
fn soft(pieces: &[f32; 1], paid: &f32, width: f32) -> f32 {
    let n = pieces[0];
    let discounted = sigmoid((n - 10.0) / width);
    let price = n * (1.0 - 0.2 * discounted);
    (price - paid).powi(2)
}
/// The loss [`soft`] with value, gradient, Hessian and Newton step.
///
/// The same with a smooth step of width `width`, through which the derivative sees it.
#[derive(Debug, Clone, PartialEq)]
struct Soft {
    newton: ::newton_losses::newton::Newton,
    width: f64,
}
#[allow(dead_code)]
impl Soft {
    /// The loss with its hyper-parameters (`width`) and the attribute's settings.
    #[allow(clippy::new_without_default)]
    fn new(width: impl ::core::convert::Into<f64>) -> Self {
        let newton = ::newton_losses::newton::Newton {
            curvature: ::newton_losses::newton::Curvature::Hessian,
            lambda: 0.1,
            average: ::newton_losses::newton::Average::Batch,
            on_indefinite: ::newton_losses::newton::OnIndefinite::Abs,
        };
        Self {
            newton,
            width: ::core::convert::Into::into(width),
        }
    }
    /// How many numbers a prediction has.
    fn dim(&self) -> usize {
        1
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
impl ::newton_losses::kernel::Kernel for Soft {
    type Label<T: ::newton_losses::scalar::Float> = T;
    const NAME: &'static str = "soft";
    const DIM: usize = 1;
    fn newton(&self) -> ::newton_losses::newton::Newton {
        self.newton
    }
    fn parameters(&self) -> impl ::core::iter::Iterator<Item = (&'static str, f64)> {
        use ::core::iter::{IntoIterator as _, Iterator as _};
        [("width", self.width)].into_iter()
    }
    fn size(&self) -> usize {
        1
    }
    #[inline(always)]
    fn value_and_gradient<S, P>(
        &self,
        pieces: &[S],
        label: &[P],
        integers: &[P::Index],
        pieces_: &mut [S],
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
        let pieces: &[S; 1] = S::view_as(pieces);
        let pieces_: &mut [S; 1] = S::view_as_mut(pieces_);
        let paid = label[0];
        let width = P::lit(self.width);
        let n = pieces[0];
        let operand = (n - P::lit(10.0)) / width;
        let discounted = sigmoid(operand);
        let price = n * (S::one() - discounted * P::lit(0.2));
        let value = (price - paid).powi(2);
        let price_ = (price - paid) * P::lit(2.0);
        let mut n_ = price_ * (S::one() - discounted * P::lit(0.2));
        let discounted_ = -(n * P::lit(0.2) * price_);
        let operand_ = discounted_ * sigmoid_d(discounted);
        n_ += operand_ / width;
        pieces_[0] += n_;
        value
    }
}

#[allow(dead_code)]
/// Who comes first is an integer; what the winner has is a float with a derivative.
fn winner<const N: usize>(scores: &[f32; N], prize: &[f32; N]) -> f32 {
    let first = argmax(scores);
    let mut behind = 0.0;
    for i in 0..N {
        if i != first {
            behind += (scores[first] - scores[i]).ln_1p();
        }
    }
    behind - prize[first]
}
/// The loss [`winner`] with value, gradient, Hessian and Newton step.
///
/// Who comes first is an integer; what the winner has is a float with a derivative.
#[derive(Debug, Clone, PartialEq)]
struct Winner<const N: usize> {
    newton: ::newton_losses::newton::Newton,
}
#[allow(dead_code)]
impl<const N: usize> Winner<N> {
    /// The loss with the attribute's settings.
    #[allow(clippy::new_without_default)]
    fn new() -> Self {
        let newton = ::newton_losses::newton::Newton {
            curvature: ::newton_losses::newton::Curvature::Hessian,
            lambda: 0.1,
            average: ::newton_losses::newton::Average::Batch,
            on_indefinite: ::newton_losses::newton::OnIndefinite::Keep,
        };
        Self { newton }
    }
    /// How many numbers a prediction has.
    fn dim(&self) -> usize {
        N
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
impl<const N: usize> ::newton_losses::kernel::Kernel for Winner<N> {
    type Label<T: ::newton_losses::scalar::Float> = [T; N];
    const NAME: &'static str = "winner";
    const DIM: usize = N;
    fn newton(&self) -> ::newton_losses::newton::Newton {
        self.newton
    }
    fn parameters(&self) -> impl ::core::iter::Iterator<Item = (&'static str, f64)> {
        use ::core::iter::{IntoIterator as _, Iterator as _};
        [].into_iter()
    }
    fn size(&self) -> usize {
        N
    }
    #[inline(always)]
    fn value_and_gradient<S, P>(
        &self,
        scores: &[S],
        label: &[P],
        integers: &[P::Index],
        scores_: &mut [S],
        tape: &mut ::newton_losses::scalar::Tape<S>,
    ) -> S
    where
        S: ::newton_losses::scalar::Scalar<Passive = P>,
        P: ::newton_losses::scalar::Real,
    {
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let scores: &[S; N] = S::view_as(scores);
        let scores_: &mut [S; N] = S::view_as_mut(scores_);
        let prize: &[P; N] = P::view_as(label);
        let first = lanes::argmax(scores);
        let mut behind = S::zero();
        for i in 0..N {
            {
                let mask = P::int(i as i32).is_ne(first);
                if mask.any() {
                    behind
                        += S::select(
                            mask,
                            (S::gather(&scores[..], first.within(N, mask)) - scores[i])
                                .ln_1p(),
                            S::zero(),
                        );
                }
            }
            across_lanes();
        }
        let value = behind - P::gather(&prize[..], first.within(N, P::mask(true)));
        let behind_ = P::one();
        for i in (0..N).rev() {
            {
                let mask = P::int(i as i32).is_ne(first);
                if mask.any() {
                    {
                        let (value, index) = (
                            S::constant(behind_)
                                / (S::gather(&scores[..], first.within(N, mask)) - scores[i]
                                    + P::one()),
                            first.within(N, mask),
                        );
                        value.scatter_add(&mut scores_[..], index, mask);
                    }
                    scores_[i]
                        += S::select(
                            mask,
                            -(S::constant(behind_)
                                / (S::gather(&scores[..], first.within(N, mask)) - scores[i]
                                    + P::one())),
                            S::zero(),
                        );
                }
            }
            across_lanes();
        }
        value
    }
}
