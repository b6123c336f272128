//! The value of a program to its value and gradient: reverse-mode differentiation, source to source.
//!
//! The forward sweep runs as the user wrote it. The reverse sweep then visits its statements in the opposite order, with the
//! variables restored to what they held there, and passes adjoints from results to arguments. Stages:
//!
//! 1. [`flatten`]: a nonlinear function's value gets a name where the reverse sweep will want it.
//! 2. [`reverse`]: for each statement, the statements of its reverse.
//! 3. [`save`]: which variables those read, and so what must be pushed before it is overwritten or goes out of scope; [`replay`]: what is
//!    computed again instead.
//! 4. [`build`]: the two sweeps, put together.

mod build;
mod flatten;
mod partials;
mod replay;
mod reverse;
mod save;

pub use flatten::fresh;

use crate::check::activity;
use crate::ir::{Block, Expr, Output, Program, VarId};

/// A loss that computes value and gradient.
pub struct Gradient {
    /// Forward sweep, value, reverse sweep.
    pub program: Program,
    /// The value.
    pub value: Expr,
    /// The adjoint of the prediction: an output, zero at entry.
    pub adjoint: VarId,
}

/// Differentiates a checked loss.
pub fn gradient(mut program: Program) -> Gradient {
    flatten::flatten(&mut program);
    let prediction = program.predictions().next().expect("checked");
    activity::mark(&mut program, [prediction].into());
    let (value, adjoint) = build::loss(&mut program, prediction);
    activity::mark(&mut program, [prediction, adjoint].into());
    Gradient { program, value, adjoint }
}

/// A function in the forms that losses call.
pub struct Function {
    /// Its variables and parameters; the body is empty.
    pub program: Program,
    /// What it returns.
    pub outputs: Vec<VarId>,
    /// Its value, nothing saved.
    pub value: Block,
    /// Its value, with what the reverse sweep needs saved on the tape.
    pub forward: Block,
    /// From the adjoints of its outputs to those of its parameters.
    pub reverse: Block,
    /// The adjoints of the outputs; none for integers and conditions.
    pub output_adjoints: Vec<Option<VarId>>,
    /// The adjoints of the parameters that are floats, in order.
    pub parameter_adjoints: Vec<VarId>,
}

/// Differentiates a checked function.
pub fn function(mut program: Program) -> Function {
    let Output::Values(outputs) = program.output.clone() else { unreachable!("a function returns values") };
    flatten::flatten(&mut program);
    let predictions: Vec<VarId> = program.predictions().collect();
    activity::mark(&mut program, predictions.iter().copied().collect());
    let value = program.body.clone();
    let built = build::function(&mut program, &outputs);
    let output_adjoints: Vec<_> = outputs.iter().map(|var| built.adjoints.get(var).copied()).collect();
    let parameter_adjoints: Vec<_> = predictions.iter().map(|var| built.adjoints[var]).collect();
    program.body = built.forward.iter().chain(&built.reverse).cloned().collect();
    let ends = output_adjoints.iter().flatten().chain(&parameter_adjoints);
    activity::mark(&mut program, predictions.iter().chain(ends).copied().collect());
    program.body = Block::new();
    Function {
        program,
        outputs,
        value,
        forward: built.forward,
        reverse: built.reverse,
        output_adjoints,
        parameter_adjoints,
    }
}
