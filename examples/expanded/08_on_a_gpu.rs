// What the attributes in `../08_on_a_gpu.rs` generate. For reading: written by a test, and not compiled from here.

#[allow(dead_code)]
/// Which of `N` items belongs to which place: SoftSort's rows, compared with the true permutation.
fn sorted<const N: usize>(y: &[f32; N], target: &[[f32; N]; N], tau: f32) -> f32 {
    let s = sort_desc(y);
    let mut loss = 0.0;
    for i in 0..N {
        let mut z = [0.0; N];
        for j in 0..N {
            z[j] = -(s[i] - y[j]).abs() / tau;
        }
        let p = softmax(&z);
        for j in 0..N {
            loss += binary_cross_entropy(p[j], target[i][j]);
        }
    }
    loss / (N * N) as f32
}
/// The loss [`sorted`] with value, gradient, Hessian and Newton step.
///
/// Which of `N` items belongs to which place: SoftSort's rows, compared with the true permutation.
#[derive(Debug, Clone, PartialEq)]
struct Sorted<const N: usize> {
    newton: ::newton_losses::newton::Newton,
    tau: f64,
}
#[allow(dead_code)]
impl<const N: usize> Sorted<N> {
    /// The loss with its hyper-parameters (`tau`) and the attribute's settings.
    #[allow(clippy::new_without_default)]
    fn new(tau: impl ::core::convert::Into<f64>) -> Self {
        let newton = ::newton_losses::newton::Newton {
            curvature: ::newton_losses::newton::Curvature::Hessian,
            lambda: 0.1,
            average: ::newton_losses::newton::Average::Batch,
            on_indefinite: ::newton_losses::newton::OnIndefinite::Keep,
        };
        Self {
            newton,
            tau: ::core::convert::Into::into(tau),
        }
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
impl<const N: usize> ::newton_losses::kernel::Kernel for Sorted<N> {
    type Label<T: ::newton_losses::scalar::Float> = [[T; N]; N];
    const NAME: &'static str = "sorted";
    const DIM: usize = N;
    fn newton(&self) -> ::newton_losses::newton::Newton {
        self.newton
    }
    fn parameters(&self) -> impl ::core::iter::Iterator<Item = (&'static str, f64)> {
        use ::core::iter::{IntoIterator as _, Iterator as _};
        [("tau", self.tau)].into_iter()
    }
    fn size(&self) -> usize {
        N + N + N + N + N + N + N + N
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
        use ::newton_losses::builtins::{
            abs_d, binary_cross_entropy, binary_cross_entropy_d, gather, gather_reverse,
            softmax, softmax_reverse,
        };
        use ::newton_losses::lanes;
        use ::newton_losses::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        let y: &[S; N] = S::view_as(y);
        let y_: &mut [S; N] = S::view_as_mut(y_);
        let target: &[[P; N]; N] = P::view_as(label);
        let tau = P::lit(self.tau);
        let order = lanes::argsort_desc(y);
        let s = gather(y, &order);
        let mut loss = S::zero();
        for i in 0..N {
            let mut z = [S::zero(); N];
            for j in 0..N {
                z[j] = -(s[i] - y[j]).abs() / tau;
                across_lanes();
            }
            let p = softmax(&z);
            for j in 0..N {
                loss += binary_cross_entropy(p[j], target[i][j]);
                across_lanes();
            }
            tape.push_all(&p);
            across_lanes();
        }
        let value = loss / P::lit((N * N) as f64);
        let mut s_ = [S::zero(); N];
        let loss_ = P::one() / P::lit((N * N) as f64);
        for i in (0..N).rev() {
            let mut p = [S::zero(); N];
            tape.pop_all(&mut p);
            let mut z_ = [S::zero(); N];
            let mut p_ = [S::zero(); N];
            for j in (0..N).rev() {
                p_[j].add_scaled(binary_cross_entropy_d(p[j], target[i][j]), loss_);
                across_lanes();
            }
            softmax_reverse(&p, &p_, &mut z_);
            for j in (0..N).rev() {
                let z_new_ = z_[j];
                z_[j] = S::zero();
                s_[i].add_scaled(z_new_, -(abs_d((s[i] - y[j])) / tau));
                y_[j].add_scaled(z_new_, abs_d((s[i] - y[j])) / tau);
                across_lanes();
            }
            across_lanes();
        }
        gather_reverse(&order, &s_, y_);
        value
    }
}
