//! The one error of the loss interface. Every variant names the culprit: which sample, which entry, which sizes.

use core::fmt;

use crate::smoothing::{Reason, SmoothingError};

/// What a non-finite number was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quantity {
    /// The prediction handed in (the network's output).
    Prediction,
    /// A label handed in.
    Label,
    /// A hyper-parameter of the loss or of its Newton step.
    Parameter,
    /// The loss of a sample.
    Loss,
    /// The gradient of a sample's loss.
    Gradient,
    /// The Hessian of a sample's loss; the entry is `row * m + column`.
    Hessian,
    /// The Fisher matrix of the batch's gradients.
    Fisher,
    /// A direction `C^-1 g` of a sample.
    Direction,
    /// A gradient handed back by what follows in the graph (seen by `inject_fisher`).
    IncomingGradient,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prediction => "prediction",
            Self::Label => "label",
            Self::Parameter => "parameter",
            Self::Loss => "loss",
            Self::Gradient => "gradient",
            Self::Hessian => "Hessian",
            Self::Fisher => "Fisher matrix",
            Self::Direction => "Newton direction",
            Self::IncomingGradient => "incoming gradient",
        })
    }
}

/// Why a loss, its curvature or its Newton step could not be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A NaN or an infinity, and where.
    #[error("{quantity} of sample {sample} is not finite at entry {entry}: {value}")]
    NonFinite {
        /// What it was found in.
        quantity: Quantity,
        /// Index of the sample in the batch.
        sample: usize,
        /// Row-major index within the sample.
        entry: usize,
        /// The number itself.
        value: f64,
    },
    /// A NaN or an infinity in a mean over the batch, where no sample can be named any more.
    #[error("the batch's mean {quantity} is not finite at entry {entry}: {value}")]
    NonFiniteMean {
        /// What it was found in.
        quantity: Quantity,
        /// Row-major index, `row * m + column`.
        entry: usize,
        /// The number itself.
        value: f64,
    },
    /// What went wrong with one sample where every sample has its own matrix.
    #[error("sample {sample}: {source}")]
    InSample {
        /// Index of the sample in the batch.
        sample: usize,
        /// What went wrong.
        source: Box<Error>,
    },
    /// A label led to an index outside of its array.
    #[error("sample {sample}: in `{loss}`, the index {index} is out of range for an array of {len}")]
    IndexOutOfRange {
        /// The loss.
        loss: &'static str,
        /// Index of the sample in the batch.
        sample: usize,
        /// The index that its label led to.
        index: i64,
        /// The array's length.
        len: usize,
    },
    /// A label led to an integer division by zero.
    #[error("sample {sample}: in `{loss}`, an integer is divided by zero")]
    DivisionByZero {
        /// The loss.
        loss: &'static str,
        /// Index of the sample in the batch.
        sample: usize,
    },
    /// The loss's own code panicked, as the plain function would: a hyper-parameter that is no index of an array, say.
    #[error("`{loss}` panicked: {message}")]
    Panicked {
        /// The loss.
        loss: &'static str,
        /// What the panic said.
        message: String,
    },
    /// A batch without samples has no mean.
    #[error("the batch is empty: a mean loss needs at least one sample")]
    EmptyBatch,
    /// Two parts of the input disagree on a length.
    #[error("{what} has {found} elements, expected {expected}: {why}")]
    Mismatch {
        /// The argument at fault.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length that the other arguments ask for.
        expected: usize,
        /// How the expected length comes about.
        why: String,
    },
    /// A setting outside its range.
    #[error("`{name}` is {value}: {expected}")]
    Setting {
        /// Name of the setting or hyper-parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// `C + lambda I` cannot be inverted.
    #[error(
        "C + lambda I is singular at lambda = {lambda}: pivot {pivot} of {dim} is {value:e}, \
         the largest entry {scale:e}; use a larger lambda{hint}"
    )]
    Singular {
        /// The Tikhonov term used.
        lambda: f64,
        /// Which pivot vanished.
        pivot: usize,
        /// Size of the matrix.
        dim: usize,
        /// The pivot's value.
        value: f64,
        /// Largest absolute entry of the matrix.
        scale: f64,
        /// What else may be at fault (ranking losses always have a null direction), or empty.
        hint: &'static str,
    },
    /// Negative curvature where the policy `OnIndefinite::Error` forbids it.
    #[error(
        "C is indefinite: {negative} of {dim} eigenvalues are below -lambda, the lowest is {lowest:e} \
         (lambda = {lambda}); use a larger lambda, or on_indefinite = abs"
    )]
    Indefinite {
        /// How many eigenvalues of `C + lambda I` are negative.
        negative: usize,
        /// Size of the matrix.
        dim: usize,
        /// Lowest eigenvalue of C (without lambda).
        lowest: f64,
        /// The Tikhonov term used.
        lambda: f64,
    },
    /// The eigenvalues of C did not converge: no finite matrix is known for which they do not.
    #[error("eigenvalue {eigenvalue} of the {dim} x {dim} curvature did not converge")]
    NoConvergence {
        /// Size of the matrix.
        dim: usize,
        /// Which eigenvalue.
        eigenvalue: usize,
    },
    /// A black box gave no results, or none that can be used.
    #[error("{}", black_box(name, *sample, *perturbation, reason))]
    BlackBox {
        /// The function, or "the black box" if it has no name.
        name: &'static str,
        /// Index of the sample in the batch; `None` if a call for the whole batch failed.
        sample: Option<usize>,
        /// Which of the sample's perturbed arguments; `None` for the argument itself.
        perturbation: Option<usize>,
        /// What went wrong.
        reason: Reason,
    },
    /// A label whose numbers cannot be compared with the results of a black box.
    #[error("the target of sample {sample}: {why}")]
    Target {
        /// Index of the sample in the batch.
        sample: usize,
        /// What is wrong with it.
        why: String,
    },
    /// Noise that does not fit its use.
    #[error(transparent)]
    Smoothing(#[from] SmoothingError),
    /// A GPU could not do its part.
    #[error(transparent)]
    Cuda(#[from] crate::cuda::CudaError),
    /// One of several processes that share a batch could not do its part; all of them have this error.
    #[error("rank {rank}: {message}")]
    InRank {
        /// Which; the lowest, if it is several.
        rank: usize,
        /// What went wrong there. Samples are counted in the rank's share.
        message: String,
    },
    /// Processes that share a batch could not talk to each other, or cannot share it.
    #[error(transparent)]
    Collective(#[from] crate::parallel::CollectiveError),
    /// A hand-written loss that offers no Hessian was asked for one.
    #[error("this loss has no Hessian: implement `NewtonLoss::hessians` for it, or use fisher curvature")]
    NoHessian,
}

fn black_box(name: &str, sample: Option<usize>, perturbation: Option<usize>, reason: &Reason) -> String {
    let name = quoted(name);
    match (sample, perturbation) {
        (Some(sample), Some(at)) => format!("sample {sample}, perturbation {at}: {name} {reason}"),
        (Some(sample), None) => format!("sample {sample}, unperturbed: {name} {reason}"),
        (None, _) => format!("{name} {reason}"),
    }
}

/// The name of a function; what has none is told of in words.
pub(crate) fn quoted(name: &str) -> String {
    if name.contains(' ') { name.to_owned() } else { format!("`{name}`") }
}

/// What a panic said.
pub(crate) fn panic_message(payload: &(dyn core::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or(payload.downcast_ref::<&str>().copied()).unwrap_or("for an unknown reason").to_owned()
}
