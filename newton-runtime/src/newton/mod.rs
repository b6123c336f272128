//! Curvature at the network's output and the step it implies.
//!
//! For per-sample losses `l_i(y_i)` with gradients `g_i` (rows of `G`, N x m) and Hessians `H_i`:
//!
//! ```text
//! C    = 1/N sum_j H_j   (hessian)     or     C = 1/N sum_j g_j g_j^T   (fisher)
//! d_i  = (C + lambda I)^-1 g_i
//! z*_i = y_i - d_i                      l*(y) = 1/2 ||z* - y||^2
//! ```
//!
//! Scale: `l_i`, `g_i`, `H_i` are always per sample; the batch loss is their mean; a graph node back-propagates `d_i / N`.

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
