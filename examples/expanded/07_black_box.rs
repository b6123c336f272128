// What the attributes in `../07_black_box.rs` generate. For reading: written by a test, and not compiled from here.

#[allow(dead_code)]
/// The best load by dynamic programming, with comparisons and indices that nothing can differentiate. Any Rust will do: only the
/// signature is read.
fn load<const N: usize>(
    worth: &[f32; N],
    weight: &[u32; N],
    capacity: u32,
) -> Result<[bool; N], String> {
    if let Some(i) = weight.iter().position(|w| *w == 0) {
        return Err(format!("thing {i} weighs nothing"));
    }
    let mut best = vec![(0.0, [false; N]); capacity as usize + 1];
    for i in 0..N {
        for room in (weight[i] as usize..best.len()).rev() {
            let (value, mut taken) = best[room - weight[i] as usize];
            if value + worth[i] > best[room].0 {
                taken[i] = true;
                best[room] = (value + worth[i], taken);
            }
        }
    }
    Ok(best[capacity as usize].1)
}
/// The Fenchel-Young loss of the optimizer [`load`] under noise, with gradient, Hessian and Newton step.
///
/// The best load by dynamic programming, with comparisons and indices that nothing can differentiate. Any Rust will do: only the
/// signature is read.
#[derive(Debug, Clone, PartialEq)]
struct Load<const N: usize> {
    newton: ::newton_losses::newton::Newton,
    smoothing: ::newton_losses::smoothing::Smoothing,
    capacity: u32,
}
#[allow(dead_code)]
impl<const N: usize> Load<N> {
    /// The loss with its hyper-parameters (`capacity`) and the attribute's settings.
    #[allow(clippy::new_without_default)]
    fn new(capacity: u32) -> Self {
        let newton = ::newton_losses::newton::Newton {
            curvature: ::newton_losses::newton::Curvature::Hessian,
            lambda: 1.0,
            average: ::newton_losses::newton::Average::Batch,
            on_indefinite: ::newton_losses::newton::OnIndefinite::Abs,
        };
        let smoothing = ::newton_losses::smoothing::Smoothing::new(::newton_losses::smoothing::Noise {
                distribution: ::newton_losses::smoothing::Distribution::Gaussian,
                scale: 0.3,
                samples: 20,
                sampling: ::newton_losses::smoothing::Sampling::MonteCarlo,
                antithetic: false,
                seed: 0,
            })
            .covariate(::newton_losses::smoothing::Covariate::Unperturbed);
        Self {
            newton,
            smoothing,
            capacity,
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
    /// The same loss with other noise, variance reduction or step.
    #[must_use]
    fn smoothed_by(mut self, smoothing: ::newton_losses::smoothing::Smoothing) -> Self {
        self.smoothing = smoothing;
        self
    }
    /// The noise and the step at hand.
    fn smoothing(&self) -> &::newton_losses::smoothing::Smoothing {
        &self.smoothing
    }
    fn smoothed(
        &self,
    ) -> impl ::newton_losses::loss::NewtonLoss<f32, Label = ([bool; N], [u32; N])> {
        ::newton_losses::smoothing::Smoothed::of(
                self,
                &self.smoothing,
                ::newton_losses::smoothing::OfOptimizer {
                    sense: ::newton_losses::smoothing::Sense::Maximize,
                },
            )
            .newton(self.newton)
    }
}
#[allow(clippy::all)]
impl<const N: usize> ::newton_losses::smoothing::Oracle<f32> for Load<N> {
    type Label = ([bool; N], [u32; N]);
    fn name(&self) -> &'static str {
        "load"
    }
    fn dim(&self) -> usize {
        N
    }
    fn outputs(&self) -> usize {
        N
    }
    fn evaluate_all(
        &self,
        arguments: &::newton_losses::smoothing::Arguments<
            '_,
            f32,
            <Self as ::newton_losses::smoothing::Oracle<f32>>::Label,
        >,
        results: &mut [f32],
    ) -> ::core::result::Result<(), ::newton_losses::smoothing::Failure> {
        ::newton_losses::smoothing::evaluate_each(
            arguments,
            results,
            |worth, (_, weight)| {
                let worth: &[f32; N] = <f32 as ::newton_losses::scalar::Scalar>::view_as(
                    worth,
                );
                load::<N>(worth, weight, self.capacity)
            },
        )
    }
}
impl<const N: usize> ::newton_losses::loss::NewtonLoss<f32> for Load<N> {
    type Label = <Self as ::newton_losses::smoothing::Oracle<f32>>::Label;
    fn dim(&self) -> usize {
        N
    }
    fn newton(&self) -> ::newton_losses::newton::Newton {
        self.newton
    }
    fn gradients(
        &self,
        predictions: &[f32],
        labels: &[Self::Label],
    ) -> ::core::result::Result<
        ::newton_losses::loss::Gradients<f32>,
        ::newton_losses::Error,
    > {
        ::newton_losses::loss::NewtonLoss::gradients(
            &self.smoothed(),
            predictions,
            labels,
        )
    }
    fn hessians(
        &self,
        predictions: &[f32],
        labels: &[Self::Label],
    ) -> ::core::result::Result<::std::vec::Vec<f32>, ::newton_losses::Error> {
        ::newton_losses::loss::NewtonLoss::hessians(
            &self.smoothed(),
            predictions,
            labels,
        )
    }
    fn mean_hessian(
        &self,
        predictions: &[f32],
        labels: &[Self::Label],
    ) -> ::core::result::Result<::std::vec::Vec<f64>, ::newton_losses::Error> {
        ::newton_losses::loss::NewtonLoss::mean_hessian(
            &self.smoothed(),
            predictions,
            labels,
        )
    }
    fn evaluate(
        &self,
        predictions: &[f32],
        labels: &[Self::Label],
    ) -> ::core::result::Result<
        ::newton_losses::loss::Evaluation<f32>,
        ::newton_losses::Error,
    > {
        ::newton_losses::loss::NewtonLoss::evaluate(
            &self.smoothed(),
            predictions,
            labels,
        )
    }
    fn z_star(
        &self,
        predictions: &[f32],
        labels: &[Self::Label],
    ) -> ::core::result::Result<::std::vec::Vec<f32>, ::newton_losses::Error> {
        ::newton_losses::loss::NewtonLoss::z_star(&self.smoothed(), predictions, labels)
    }
    fn diagnose(
        &self,
        predictions: &[f32],
        labels: &[Self::Label],
        exploding_factor: f64,
    ) -> ::core::result::Result<
        ::newton_losses::newton::Diagnostics,
        ::newton_losses::Error,
    > {
        ::newton_losses::loss::NewtonLoss::diagnose(
            &self.smoothed(),
            predictions,
            labels,
            exploding_factor,
        )
    }
    ::newton_losses::smoothed_on_device!(f32);
}

#[allow(dead_code)]
/// The share of things that are loaded wrongly: a loss that only jumps.
fn misloaded<const N: usize>(
    worth: &[f32; N],
    seen: &[bool; N],
    weight: &[u32; N],
    capacity: u32,
) -> Result<f32, String> {
    let found = load(worth, weight, capacity)?;
    Ok(found.iter().zip(seen).filter(|(a, b)| a != b).count() as f32 / N as f32)
}
/// The loss [`misloaded`], smoothed by noise, with gradient, Hessian and Newton step.
///
/// The share of things that are loaded wrongly: a loss that only jumps.
#[derive(Debug, Clone, PartialEq)]
struct Misloaded<const N: usize> {
    newton: ::newton_losses::newton::Newton,
    smoothing: ::newton_losses::smoothing::Smoothing,
    capacity: u32,
}
#[allow(dead_code)]
impl<const N: usize> Misloaded<N> {
    /// The loss with its hyper-parameters (`capacity`) and the attribute's settings.
    #[allow(clippy::new_without_default)]
    fn new(capacity: u32) -> Self {
        let newton = ::newton_losses::newton::Newton {
            curvature: ::newton_losses::newton::Curvature::Fisher,
            lambda: 0.01,
            average: ::newton_losses::newton::Average::Batch,
            on_indefinite: ::newton_losses::newton::OnIndefinite::Keep,
        };
        let smoothing = ::newton_losses::smoothing::Smoothing::new(::newton_losses::smoothing::Noise {
                distribution: ::newton_losses::smoothing::Distribution::Gaussian,
                scale: 0.3,
                samples: 20,
                sampling: ::newton_losses::smoothing::Sampling::MonteCarlo,
                antithetic: false,
                seed: 0,
            })
            .covariate(::newton_losses::smoothing::Covariate::Unperturbed);
        Self {
            newton,
            smoothing,
            capacity,
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
    /// The same loss with other noise, variance reduction or step.
    #[must_use]
    fn smoothed_by(mut self, smoothing: ::newton_losses::smoothing::Smoothing) -> Self {
        self.smoothing = smoothing;
        self
    }
    /// The noise and the step at hand.
    fn smoothing(&self) -> &::newton_losses::smoothing::Smoothing {
        &self.smoothing
    }
    fn smoothed(
        &self,
    ) -> impl ::newton_losses::loss::NewtonLoss<f32, Label = ([bool; N], [u32; N])> {
        ::newton_losses::smoothing::Smoothed::of(
                self,
                &self.smoothing,
                ::newton_losses::smoothing::OfLoss,
            )
            .newton(self.newton)
    }
}
#[allow(clippy::all)]
impl<const N: usize> ::newton_losses::smoothing::Oracle<f32> for Misloaded<N> {
    type Label = ([bool; N], [u32; N]);
    fn name(&self) -> &'static str {
        "misloaded"
    }
    fn dim(&self) -> usize {
        N
    }
    fn outputs(&self) -> usize {
        1
    }
    fn evaluate_all(
        &self,
        arguments: &::newton_losses::smoothing::Arguments<
            '_,
            f32,
            <Self as ::newton_losses::smoothing::Oracle<f32>>::Label,
        >,
        results: &mut [f32],
    ) -> ::core::result::Result<(), ::newton_losses::smoothing::Failure> {
        ::newton_losses::smoothing::evaluate_each(
            arguments,
            results,
            |worth, (seen, weight)| {
                let worth: &[f32; N] = <f32 as ::newton_losses::scalar::Scalar>::view_as(
                    worth,
                );
                misloaded::<N>(worth, seen, weight, self.capacity)
            },
        )
    }
}
impl<const N: usize> ::newton_losses::loss::NewtonLoss<f32> for Misloaded<N> {
    type Label = <Self as ::newton_losses::smoothing::Oracle<f32>>::Label;
    fn dim(&self) -> usize {
        N
    }
    fn newton(&self) -> ::newton_losses::newton::Newton {
        self.newton
    }
    fn gradients(
        &self,
        predictions: &[f32],
        labels: &[Self::Label],
    ) -> ::core::result::Result<
        ::newton_losses::loss::Gradients<f32>,
        ::newton_losses::Error,
    > {
        ::newton_losses::loss::NewtonLoss::gradients(
            &self.smoothed(),
            predictions,
            labels,
        )
    }
    fn hessians(
        &self,
        predictions: &[f32],
        labels: &[Self::Label],
    ) -> ::core::result::Result<::std::vec::Vec<f32>, ::newton_losses::Error> {
        ::newton_losses::loss::NewtonLoss::hessians(
            &self.smoothed(),
            predictions,
            labels,
        )
    }
    fn mean_hessian(
        &self,
        predictions: &[f32],
        labels: &[Self::Label],
    ) -> ::core::result::Result<::std::vec::Vec<f64>, ::newton_losses::Error> {
        ::newton_losses::loss::NewtonLoss::mean_hessian(
            &self.smoothed(),
            predictions,
            labels,
        )
    }
    fn evaluate(
        &self,
        predictions: &[f32],
        labels: &[Self::Label],
    ) -> ::core::result::Result<
        ::newton_losses::loss::Evaluation<f32>,
        ::newton_losses::Error,
    > {
        ::newton_losses::loss::NewtonLoss::evaluate(
            &self.smoothed(),
            predictions,
            labels,
        )
    }
    fn z_star(
        &self,
        predictions: &[f32],
        labels: &[Self::Label],
    ) -> ::core::result::Result<::std::vec::Vec<f32>, ::newton_losses::Error> {
        ::newton_losses::loss::NewtonLoss::z_star(&self.smoothed(), predictions, labels)
    }
    fn diagnose(
        &self,
        predictions: &[f32],
        labels: &[Self::Label],
        exploding_factor: f64,
    ) -> ::core::result::Result<
        ::newton_losses::newton::Diagnostics,
        ::newton_losses::Error,
    > {
        ::newton_losses::loss::NewtonLoss::diagnose(
            &self.smoothed(),
            predictions,
            labels,
            exploding_factor,
        )
    }
    ::newton_losses::smoothed_on_device!(f32);
}
