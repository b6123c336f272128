//! Black boxes as losses.

use std::borrow::Borrow;

use super::batch;
use super::estimator::Estimator;
use super::oracle::{Each, each};
use super::{
    Labelled, Noise, Numbers, OfAlgorithm, OfLoss, OfOptimizer, Oracle, Round, Sense, Smoothing,
    SmoothingError,
};
use crate::Error;
use crate::loss::{Derivatives, Evaluation, Gradients, NewtonLoss, Second, check_batch};
use crate::newton::{self, Average, Curvature, Diagnostics, Newton};
use crate::scalar::Float;

/// A black box smoothed by noise, as a [`NewtonLoss`]: [`SmoothedLoss`], [`SmoothedAlgorithm`] or [`PerturbedOptimizer`].
///
/// The samples of a batch are evaluated at once, on all cores. [`NewtonLoss::evaluate`] (a training step; dfdx's `apply`) evaluates
/// each argument once for value, gradient and Hessian, and moves on to the noise of the next step if it succeeds; all else has the noise
/// of the step at hand. `S` owns or borrows the [`Smoothing`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smoothed<O, E, S = Smoothing> {
    oracle: O,
    estimator: E,
    smoothing: S,
    newton: Newton,
}

/// A loss smoothed by noise: the function of prediction and label returns one number.
///
/// ```
/// use newton_runtime::loss::NewtonLoss;
/// use newton_runtime::newton::Newton;
/// use newton_runtime::smoothing::{Noise, SmoothedLoss};
///
/// // How many of three numbers are on the wrong side of 0: its own gradient is 0 wherever there is one.
/// let wrong = |y: &[f32], label: &[bool; 3]| {
///     y.iter().zip(label).filter(|(y, positive)| (**y > 0.0) != **positive).count() as f32
/// };
/// let loss = SmoothedLoss::new(3, Noise::gaussian(0.5, 1000), wrong).newton(Newton::fisher(0.1));
/// let all = loss.evaluate(&[0.1, -0.2, 2.0], &[[true; 3]])?;
/// assert!(all.gradients[0] < -0.5 && all.gradients[1] < -0.5 && all.gradients[2].abs() < 0.2);
/// # Ok::<(), newton_runtime::Error>(())
/// ```
pub type SmoothedLoss<O, S = Smoothing> = Smoothed<O, OfLoss, S>;

/// An algorithm smoothed by noise, with a differentiable loss on its result.
///
/// ```
/// use newton_runtime::loss::NewtonLoss;
/// use newton_runtime::newton::Newton;
/// use newton_runtime::smoothing::{MeanSquaredError, Noise, SmoothedAlgorithm};
///
/// // The ranks of three numbers.
/// let ranks = |y: &[f32], _: &[f32; 3]| [0, 1, 2].map(|i| y.iter().filter(|other| **other > y[i]).count());
/// let loss = SmoothedAlgorithm::new(3, Noise::gaussian(0.5, 1000), ranks, MeanSquaredError::new(3))
///     .newton(Newton::fisher(0.1));
/// // The largest should be the first of them.
/// let all = loss.evaluate(&[0.1, 0.5, 0.3], &[[0.0, 1.0, 2.0]])?;
/// assert!(all.gradients[0] < 0.0 && all.gradients[1] > 0.0);
/// # Ok::<(), newton_runtime::Error>(())
/// ```
pub type SmoothedAlgorithm<O, L, S = Smoothing> = Smoothed<O, OfAlgorithm<L>, S>;

/// An optimizer under noise, with its Fenchel-Young loss: see [`OfOptimizer`].
///
/// ```
/// use newton_runtime::loss::NewtonLoss;
/// use newton_runtime::newton::Newton;
/// use newton_runtime::smoothing::{Noise, PerturbedOptimizer};
///
/// // The cheapest of three offers.
/// let cheapest = |costs: &[f32], _: &[f32; 3]| {
///     let least = (0..3).min_by(|a, b| costs[*a].total_cmp(&costs[*b])).unwrap();
///     std::array::from_fn::<bool, 3, _>(|i| i == least)
/// };
/// let loss = PerturbedOptimizer::new(3, Noise::gaussian(0.5, 1000), cheapest).newton(Newton::hessian(1.0));
/// // The first was taken: it should be cheaper than the network thinks, and the second, dearer.
/// let all = loss.evaluate(&[0.3, 0.1, 2.0], &[[1.0, 0.0, 0.0]])?;
/// assert!(all.gradients[0] > 0.0 && all.gradients[1] < 0.0 && all.mean > 0.0);
/// # Ok::<(), newton_runtime::Error>(())
/// ```
pub type PerturbedOptimizer<O, S = Smoothing> = Smoothed<O, OfOptimizer, S>;

impl<T, L, R, F> SmoothedLoss<Each<T, L, R, F>>
where
    T: Float,
    L: Sync,
    R: Numbers<T>,
    F: Fn(&[T], &L) -> R + Sync,
{
    /// The loss `function(y, label)` for predictions of `dim` numbers; plain gradients until [`newton`](Smoothed::newton) is called.
    pub fn new(dim: usize, noise: Noise, function: F) -> Self {
        Self::of(each(dim, 1, function), Smoothing::new(noise), OfLoss)
    }
}

impl<T, L, R, F, M> SmoothedAlgorithm<Each<T, L, R, F>, M>
where
    T: Float,
    L: Labelled<Target = M::Label>,
    R: Numbers<T>,
    F: Fn(&[T], &L) -> R + Sync,
    M: NewtonLoss<T>,
{
    /// The algorithm `function(y, label)` for predictions of `dim` numbers, with `loss` taken of its mean result. Plain gradients until
    /// [`newton`](Smoothed::newton) is called.
    pub fn new(dim: usize, noise: Noise, function: F, loss: M) -> Self {
        Self::of(each(dim, loss.dim(), function), Smoothing::new(noise), OfAlgorithm { loss })
    }
}

impl<T, L, R, F> PerturbedOptimizer<Each<T, L, R, F>>
where
    T: Float,
    L: Labelled,
    L::Target: Numbers<T>,
    R: Numbers<T>,
    F: Fn(&[T], &L) -> R + Sync,
{
    /// The solver `function(y, label)` of `argmin <y, w>`, `dim` numbers to `dim` numbers. Plain gradients until
    /// [`newton`](Smoothed::newton) is called.
    pub fn new(dim: usize, noise: Noise, function: F) -> Self {
        Self::of(each(dim, dim, function), Smoothing::new(noise), OfOptimizer::default())
    }

    /// The same for a solver of `argmax <y, w>`.
    #[must_use]
    pub fn maximizing(self) -> Self {
        Self { estimator: OfOptimizer { sense: Sense::Maximize }, ..self }
    }
}

impl<O, E, S: Borrow<Smoothing>> Smoothed<O, E, S> {
    /// Any oracle, plain gradients.
    pub fn of(oracle: O, smoothing: S, estimator: E) -> Self {
        Self { oracle, estimator, smoothing, newton: Newton::none() }
    }

    /// The same with another curvature, lambda, policies.
    #[must_use]
    pub fn newton(self, newton: Newton) -> Self {
        Self { newton, ..self }
    }

    /// The same with other noise, variance reduction or step.
    #[must_use]
    pub fn smoothed_by<U: Borrow<Smoothing>>(self, smoothing: U) -> Smoothed<O, E, U> {
        Smoothed { oracle: self.oracle, estimator: self.estimator, smoothing, newton: self.newton }
    }

    /// The noise and the step at hand.
    pub fn smoothing(&self) -> &Smoothing {
        self.smoothing.borrow()
    }

    /// The black box.
    pub fn oracle(&self) -> &O {
        &self.oracle
    }

    /// One round of evaluations with the noise of a step.
    fn round<'a, T: Float>(
        &'a self,
        step: u64,
        predictions: &'a [T],
        labels: &[O::Label],
        hessian: bool,
    ) -> Result<Round<'a, T>, Error>
    where
        O: Oracle<T>,
        E: Estimator<T, O::Label>,
    {
        let oracle = &self.oracle;
        check_batch(oracle.name(), oracle.dim(), predictions, labels.len())?;
        let unperturbed = self.validate(hessian)?;
        Round::new(oracle, self.smoothing(), step, predictions, labels, unperturbed)
    }

    /// Whether settings fit the black box; if they do, whether it is to be evaluated at the unperturbed arguments, too.
    pub(crate) fn validate<T: Float>(&self, hessian: bool) -> Result<bool, SmoothingError>
    where
        O: Oracle<T>,
        E: Estimator<T, O::Label>,
    {
        let (dim, outputs, smoothing) = (self.oracle.dim(), self.oracle.outputs(), self.smoothing());
        if dim == 0 || outputs == 0 {
            let what = if dim == 0 { "an argument" } else { "a result" };
            return Err(SmoothingError::Length { what, found: 0, expected: 1 });
        }
        smoothing.validate(dim)?;
        self.estimator.validate(dim, outputs, hessian, &smoothing.noise)?;
        Ok(self.estimator.reads_unperturbed(smoothing.covariate, hessian))
    }

    #[cfg(feature = "cuda")]
    pub(crate) fn estimator(&self) -> &E {
        &self.estimator
    }

    /// From one round of evaluations.
    fn derivatives_at<T: Float>(
        &self,
        step: u64,
        predictions: &[T],
        labels: &[O::Label],
    ) -> Result<Derivatives<T>, Error>
    where
        O: Oracle<T>,
        E: Estimator<T, O::Label>,
    {
        let wants = self.newton.curvature == Curvature::Hessian;
        let round = self.round(step, predictions, labels, wants)?;
        let first = batch::gradients(&self.estimator, &round, labels)?;
        let second = match self.newton.average {
            _ if !wants => Second::Unused,
            Average::Batch => Second::Mean(batch::mean_hessian(&self.estimator, &round)?),
            Average::Sample => Second::PerSample(batch::hessians(&self.estimator, &round)?),
        };
        Ok(Derivatives { first, second })
    }

    /// With what the curvature was made of.
    fn evaluate_at<T: Float>(
        &self,
        step: u64,
        predictions: &[T],
        labels: &[O::Label],
    ) -> Result<(Evaluation<T>, Second<T>), Error>
    where
        O: Oracle<T>,
        E: Estimator<T, O::Label>,
    {
        self.newton.validate()?;
        let Derivatives { first, second } = self.derivatives_at(step, predictions, labels)?;
        let dim = self.oracle.dim();
        Ok((Evaluation::of(&self.newton, predictions, first, dim, second.hessians())?, second))
    }
}

impl<T, O, E, S> NewtonLoss<T> for Smoothed<O, E, S>
where
    T: Float,
    O: Oracle<T>,
    E: Estimator<T, O::Label>,
    S: Borrow<Smoothing> + Sync,
{
    type Label = O::Label;

    fn dim(&self) -> usize {
        self.oracle.dim()
    }

    fn newton(&self) -> Newton {
        self.newton
    }

    fn gradients(&self, predictions: &[T], labels: &[O::Label]) -> Result<Gradients<T>, Error> {
        batch::gradients(
            &self.estimator,
            &self.round(self.smoothing().step(), predictions, labels, false)?,
            labels,
        )
    }

    fn hessians(&self, predictions: &[T], labels: &[O::Label]) -> Result<Vec<T>, Error> {
        batch::hessians(&self.estimator, &self.round(self.smoothing().step(), predictions, labels, true)?)
    }

    fn mean_hessian(&self, predictions: &[T], labels: &[O::Label]) -> Result<Vec<f64>, Error> {
        batch::mean_hessian(&self.estimator, &self.round(self.smoothing().step(), predictions, labels, true)?)
    }

    fn derivatives(&self, predictions: &[T], labels: &[O::Label]) -> Result<Derivatives<T>, Error> {
        self.derivatives_at(self.smoothing().step(), predictions, labels)
    }

    fn noise(&self) -> Option<&Smoothing> {
        Some(self.smoothing())
    }

    fn evaluate(&self, predictions: &[T], labels: &[O::Label]) -> Result<Evaluation<T>, Error> {
        let step = self.smoothing().begin();
        let all = self.evaluate_at(step, predictions, labels);
        all.map(|(all, _)| all).inspect_err(|_| self.smoothing().abandon(step))
    }

    /// Looks, and leaves the step as it is.
    fn z_star(&self, predictions: &[T], labels: &[O::Label]) -> Result<Vec<T>, Error> {
        Ok(self.evaluate_at(self.smoothing().step(), predictions, labels)?.0.step.z_star)
    }

    #[cfg(feature = "cuda")]
    fn on_device(
        &self,
        gpu: &crate::cuda::Gpu,
        predictions: crate::cuda::Slice<'_, T>,
        labels: &[O::Label],
        request: crate::cuda::Request,
    ) -> Result<Option<crate::cuda::Parts<T>>, Error> {
        crate::cuda::smoothing::parts(self, gpu, predictions, labels, request)
    }

    /// Looks, and leaves the step as it is.
    fn diagnose(
        &self,
        predictions: &[T],
        labels: &[O::Label],
        exploding_factor: f64,
    ) -> Result<Diagnostics, Error> {
        let (all, second) = self.evaluate_at(self.smoothing().step(), predictions, labels)?;
        let dim = self.oracle.dim();
        let curvature = match (second, self.newton.curvature) {
            (Second::Mean(mean), _) => mean,
            (_, Curvature::Hessian) => NewtonLoss::<T>::mean_hessian(self, predictions, labels)?,
            (_, Curvature::Fisher) => newton::fisher(&all.gradients, dim)?.into_vec(),
            (_, Curvature::None) => vec![0.0; dim * dim],
        };
        all.diagnose(&self.newton, &curvature, dim, exploding_factor)
    }
}
