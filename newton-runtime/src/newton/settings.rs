//! How a loss wants its step: the arguments of the attribute, and the builder that says the same in plain Rust.

use crate::Error;

/// Which curvature preconditions the gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Curvature {
    /// Mean Hessian of the per-sample losses (the paper's Definition 1).
    #[default]
    Hessian,
    /// Empirical Fisher, the mean outer product of the per-sample gradients (Definition 2).
    Fisher,
    /// No preconditioning: the plain gradient of the loss.
    None,
}

/// Over what the curvature is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Average {
    /// One m x m matrix for the batch: the paper's choice.
    #[default]
    Batch,
    /// One matrix per sample.
    Sample,
}

/// What to do with directions of negative curvature. Eigenvalues are those of C, before lambda is added.
///
/// A Fisher matrix has none (it is a sum of squares), so the policy only concerns [`Curvature::Hessian`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnIndefinite {
    /// Keep C as it is, as in the paper: beyond -lambda the step changes its sign.
    #[default]
    Keep,
    /// Raise negative eigenvalues to zero.
    Clamp,
    /// Take absolute values (saddle-free Newton).
    Abs,
    /// Refuse a `C + lambda I` that is not positive definite.
    Error,
}

/// How a loss turns gradients into a Newton step: the arguments of the attribute.
///
/// ```
/// use newton_runtime::newton::{Newton, OnIndefinite};
///
/// let newton = Newton::hessian(0.1).on_indefinite(OnIndefinite::Abs);
/// assert!(newton.validate().is_ok());
/// assert!(newton.lambda(-1.0).validate().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newton {
    /// Which curvature.
    pub curvature: Curvature,
    /// Tikhonov term, `>= 0`.
    pub lambda: f64,
    /// Over what the curvature is averaged.
    pub average: Average,
    /// Policy for negative curvature.
    pub on_indefinite: OnIndefinite,
}

impl Newton {
    /// Precondition by the batch's mean Hessian plus `lambda` (Definition 1).
    pub const fn hessian(lambda: f64) -> Self {
        Self::new(Curvature::Hessian, lambda)
    }

    /// Precondition by the batch's empirical Fisher matrix plus `lambda` (Definition 2).
    pub const fn fisher(lambda: f64) -> Self {
        Self::new(Curvature::Fisher, lambda)
    }

    /// The plain gradient: `d_i = g_i`, whatever lambda is.
    pub const fn none() -> Self {
        Self::new(Curvature::None, 0.0)
    }

    const fn new(curvature: Curvature, lambda: f64) -> Self {
        Self { curvature, lambda, average: Average::Batch, on_indefinite: OnIndefinite::Keep }
    }

    /// The same with another curvature.
    pub const fn curvature(self, curvature: Curvature) -> Self {
        Self { curvature, ..self }
    }

    /// The same with another Tikhonov term.
    pub const fn lambda(self, lambda: f64) -> Self {
        Self { lambda, ..self }
    }

    /// The same with the curvature averaged over `average`.
    pub const fn average(self, average: Average) -> Self {
        Self { average, ..self }
    }

    /// The same with another policy for negative curvature.
    pub const fn on_indefinite(self, on_indefinite: OnIndefinite) -> Self {
        Self { on_indefinite, ..self }
    }

    /// # Errors
    /// [`Error::Setting`] for a lambda that is negative, infinite or NaN.
    pub fn validate(&self) -> Result<(), Error> {
        check_lambda(self.lambda)
    }
}

pub(super) fn check_lambda(lambda: f64) -> Result<(), Error> {
    if lambda.is_finite() && lambda >= 0.0 {
        Ok(())
    } else {
        Err(Error::Setting {
            name: "lambda",
            value: lambda,
            expected: "the Tikhonov term must be finite and not negative",
        })
    }
}
