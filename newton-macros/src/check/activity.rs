//! Which variables depend on the prediction: a forward data-flow analysis to a fixed point.
//!
//! A variable is active everywhere if it is active anywhere. The analysis also runs on gradient programs, where it finds
//! adjoints that are passive (the weight of a mean, say), and so spares their tangents.

use crate::ir::{Block, Program, Stmt, VarId};
use std::collections::BTreeSet;

/// Sets [`crate::ir::Var::active`], starting from variables that are active by definition.
pub fn mark(program: &mut Program, sources: BTreeSet<VarId>) {
    for (i, var) in program.vars.iter_mut().enumerate() {
        var.active = sources.contains(&VarId(i));
    }
    let body = std::mem::take(&mut program.body);
    while step(&body, program) {}
    program.body = body;
}

/// One pass; whether it found more.
fn step(block: &Block, program: &mut Program) -> bool {
    let mut grew = false;
    for stmt in block {
        match stmt {
            Stmt::Let { var, init } => grew |= activate(program, *var, init.is_active(&program.vars)),
            Stmt::Assign { place, value } | Stmt::Accumulate { place, value } => {
                grew |= activate(program, place.var, value.is_active(&program.vars));
            }
            Stmt::For { body, .. } => grew |= step(body, program),
            Stmt::If { then, otherwise, .. } => grew |= step(then, program) | step(otherwise, program),
            Stmt::Reverse { args, into, .. } => {
                // Adjoint functions take an active adjoint; a scalar is lifted where it is passed.
                grew |= activate(program, into.var, true);
                if let Some(crate::ir::Expr::Read(place)) = args.last()
                    && !program.dims(place).is_empty()
                {
                    grew |= activate(program, place.var, true);
                }
            }
            Stmt::Scatter { adjoint, into, .. } => {
                grew |= activate(program, into.var, true) | activate(program, adjoint.var, true);
            }
            Stmt::LetStatic { .. }
            | Stmt::LetOrder { .. }
            | Stmt::LetEmptyOrder { .. }
            | Stmt::Push(_)
            | Stmt::Pop(_)
            | Stmt::LetPop { .. } => {}
        }
    }
    grew
}

fn activate(program: &mut Program, var: VarId, active: bool) -> bool {
    let slot = &mut program.vars[var.0].active;
    let grew = active && !*slot;
    *slot |= active;
    grew
}
