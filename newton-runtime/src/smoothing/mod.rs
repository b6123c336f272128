//! Derivatives of functions that have none: of the mean of a function under noise on its argument.
//!
//! With noise `e = scale z` of density `exp(-nu(e))`, the mean `E f(y + e)` is smooth whatever `f` is, and its derivatives are means of values of
//! `f` alone: `E f(y + e) nu'(e)`, `E f(y + e) (nu'(e) nu'(e)^T - nu''(e))` ("Newton Losses", appendix B.4). This module has the noise
//! ([`Noise`]: seeded, a function of step and sample), the estimators, and the losses made of them:
//!
//! - [`SmoothedLoss`], [`SmoothedAlgorithm`], [`PerturbedOptimizer`]: closures, solvers and whatever else is an [`Oracle`] as losses
//!   ([`crate::loss::NewtonLoss`]). The attribute makes the same of functions: `#[newton_loss(hessian, lambda = 1000.0,
//!   smoothing(gaussian, sigma = 0.1, samples = 10))]`;
//! - [`Evaluations`]: estimates of a smoothed loss, gradient and Hessian, from values that the caller has, with a [`Covariate`] against
//!   variance;
//! - [`Solutions`]: the same of an algorithm whose result a loss is taken of, without its Jacobian, and of an optimizer with its
//!   Fenchel-Young loss (Berthet et al., NeurIPS 2020).
#![forbid(unsafe_code)]

mod algorithm;
mod batch;
mod compared;
mod covariate;
mod distribution;
mod estimator;
mod evaluations;
mod factors;
mod fenchel_young;
mod grid_paths;
mod noise;
mod numbers;
mod oracle;
mod round;
mod settings;
mod smoothed;
mod solutions;
mod squared;

#[doc(hidden)]
pub use algorithm::output_loss;
#[cfg(feature = "cuda")]
pub(crate) use algorithm::target;
pub use algorithm::{MeanSquaredError, OfAlgorithm};
pub use compared::{Compared, compared};
pub use covariate::Covariate;
pub use distribution::Distribution;
pub use estimator::{Estimator, OfLoss};
pub use evaluations::Evaluations;
pub use fenchel_young::{OfOptimizer, Sense};
pub use grid_paths::GridPaths;
pub use noise::{Noise, Sampling};
pub use numbers::{Labelled, Numbers};
pub use oracle::{Arguments, Batched, Each, Failure, Oracle, Reason, batched, each, evaluate_each};
pub use round::Round;
#[cfg(feature = "cuda")]
pub(crate) use round::{evaluate, place};
#[cfg(feature = "cuda")]
pub(crate) use settings::Begun;
pub use settings::Smoothing;
pub use smoothed::{PerturbedOptimizer, Smoothed, SmoothedAlgorithm, SmoothedLoss};
pub use solutions::Solutions;
#[cfg(feature = "cuda")]
pub(crate) use squared::targets;
pub use squared::{Squared, squared};

/// What generated losses have for steps that several processes share.
#[doc(hidden)]
#[macro_export]
macro_rules! smoothed_derivatives {
    ($element:ty) => {
        fn derivatives(
            &self,
            predictions: &[$element],
            labels: &[Self::Label],
        ) -> ::core::result::Result<$crate::loss::Derivatives<$element>, $crate::Error> {
            $crate::loss::NewtonLoss::derivatives(&self.smoothed(), predictions, labels)
        }

        fn noise(&self) -> ::core::option::Option<&$crate::smoothing::Smoothing> {
            ::core::option::Option::Some(&self.smoothing)
        }
    };
}

/// The same, and what they have for GPUs. Whether there is such a thing, the runtime's features say and not those of the crate that
/// generated code stands in.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "cuda")]
macro_rules! smoothed_on_device {
    ($element:ty) => {
        $crate::smoothed_derivatives!($element);

        fn on_device(
            &self,
            gpu: &$crate::cuda::Gpu,
            predictions: $crate::cuda::Slice<'_, $element>,
            labels: &[Self::Label],
            request: $crate::cuda::Request,
        ) -> ::core::result::Result<::core::option::Option<$crate::cuda::Parts<$element>>, $crate::Error> {
            $crate::loss::NewtonLoss::on_device(&self.smoothed(), gpu, predictions, labels, request)
        }
    };
}

/// Without the feature `cuda`, nothing for GPUs.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "cuda"))]
macro_rules! smoothed_on_device {
    ($element:ty) => {
        $crate::smoothed_derivatives!($element);
    };
}

/// Noise that does not fit its use.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SmoothingError {
    /// A setting out of range.
    #[error("`{name}` is {value}, expected {expected}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// What it was.
        value: f64,
        /// What it should be.
        expected: &'static str,
    },
    /// Lengths that do not belong together.
    #[error("{what}: {found} numbers, expected {expected}")]
    Length {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// The second derivative of this noise's density is no function.
    #[error(
        "{0} noise has no Hessian estimate: the slope of its density jumps; use gaussian, logistic, gumbel or cauchy noise, or fisher curvature"
    )]
    NoCurvature(Distribution),
    /// Second derivatives through the result of an algorithm.
    #[error(
        "a smoothed algorithm has no Hessian estimate: it would be a product of two Jacobians estimated from the same noise, which is biased; use fisher curvature, or smooth the loss: a function that returns one number"
    )]
    HessianOfAlgorithm,
    /// The function returned NaN or an infinity.
    #[error("the function returned {value} for perturbation {perturbation}, expected a finite number")]
    NonFinite {
        /// Which of the perturbed arguments; as many as there are samples of noise: the unperturbed one.
        perturbation: usize,
        /// What it returned.
        value: f64,
    },
}

/// Checks a length.
fn length(what: &'static str, found: usize, expected: usize) -> Result<(), SmoothingError> {
    if found == expected { Ok(()) } else { Err(SmoothingError::Length { what, found, expected }) }
}
