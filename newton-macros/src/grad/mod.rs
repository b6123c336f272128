//! The value of a program to its value and gradient: reverse-mode differentiation, source to source.
//!
//! The forward sweep runs as the user wrote it. The reverse sweep then visits its statements in the opposite order, with the
//! variables restored to what they held there, and passes adjoints from results to arguments. Stages:
//!
//! 1. [`flatten`]: a nonlinear function's value gets a name where the reverse sweep will want it.
//! 2. [`reverse`]: for each statement, the statements of its reverse.
//! 3. [`save`]: which variables those read, and so what must be pushed before it is overwritten or goes out of scope.
//! 4. [`build`]: the two sweeps, put together.

mod build;
mod flatten;
mod partials;
mod reverse;
mod save;

use crate::check::activity;
use crate::ir::{Program, Role, VarId};

/// A program that computes value and gradient.
pub struct Gradient {
    /// Forward sweep, value, reverse sweep. Its result is the value.
    pub program: Program,
    /// The adjoint of the prediction: an output, zero at entry.
    pub adjoint: VarId,
}

/// Differentiates a checked program.
pub fn gradient(mut program: Program) -> Gradient {
    flatten::flatten(&mut program);
    let prediction = program.params.iter().find(|p| p.role == Role::Prediction).expect("checked").var;
    activity::mark(&mut program, [prediction].into());
    let adjoint = build::build(&mut program, prediction);
    activity::mark(&mut program, [prediction, adjoint].into());
    Gradient { program, adjoint }
}
