//! Which variables depend on the prediction: a forward data-flow analysis to a fixed point.
//!
//! A variable is active everywhere if it is active anywhere. The analysis also runs on gradient programs, where it finds
//! adjoints that are passive (the weight of a mean, say), and so spares their tangents.

use crate::builtins::Builtin;
use crate::ir::{Argument, Block, Expr, Kind, Output, Program, Stmt, Var, VarId};
use std::collections::BTreeSet;

/// Sets [`crate::ir::Var::active`], starting from variables that are active by definition.
pub fn mark(program: &mut Program, sources: BTreeSet<VarId>) {
    for (i, var) in program.vars.iter_mut().enumerate() {
        var.active = sources.contains(&VarId(i)) || (var.forced && var.ty.kind == Kind::Float);
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
                // Whole arrays are added to their like.
                if let (Stmt::Accumulate { .. }, Expr::Read(from)) = (stmt, value)
                    && !program.dims(place).is_empty()
                    && program.vars[place.var.0].active
                {
                    grew |= activate(program, from.var, true);
                }
            }
            Stmt::For { body, .. } => grew |= step(body, program),
            Stmt::If { then, otherwise, .. } => grew |= step(then, program) | step(otherwise, program),
            Stmt::While { .. } => unreachable!("`relax` has made a loop of it"),
            Stmt::Call { results, args, .. } => {
                let active = args.iter().any(|arg| arg.is_active(&program.vars));
                for result in results {
                    let float = program.vars[result.0].ty.kind == Kind::Float;
                    grew |= activate(program, *result, active && float);
                }
            }
            Stmt::Reverse { args, into, .. } => {
                // Adjoint functions take an active adjoint; a scalar is lifted where it is passed.
                grew |= activate(program, into.var, true);
                if let Some(Expr::Read(place)) = args.last()
                    && !program.dims(place).is_empty()
                {
                    grew |= activate(program, place.var, true);
                }
            }
            Stmt::Scatter { adjoint, into, .. } => {
                grew |= activate(program, into.var, true) | activate(program, adjoint.var, true);
            }
            Stmt::ReverseCall { adjoints, into, .. } => {
                for var in into.iter().flatten().map(|place| place.var).chain(adjoints.iter().copied()) {
                    grew |= activate(program, var, true);
                }
            }
            Stmt::LetDiscrete { .. }
            | Stmt::AssignDiscrete { .. }
            | Stmt::LetEmpty { .. }
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

/// A power whose exponent depends on the prediction is another function.
pub fn powers(program: &mut Program) {
    fn expr(e: &mut Expr, vars: &[Var]) {
        match e {
            Expr::Call(builtin, args) => {
                if builtin.name == "powf" && args[1].is_active(vars) {
                    *builtin = Builtin::internal("pow");
                }
                args.iter_mut().for_each(|arg| expr(arg, vars));
            }
            Expr::Neg(a) | Expr::Powi(a, _) | Expr::Filled(a, _) => expr(a, vars),
            Expr::Binary(_, a, b) => {
                expr(a, vars);
                expr(b, vars);
            }
            Expr::Array(elems) => elems.iter_mut().for_each(|e| expr(e, vars)),
            _ => {}
        }
    }
    fn block(stmts: &mut Block, vars: &[Var]) {
        for stmt in stmts {
            match stmt {
                Stmt::Let { init: e, .. }
                | Stmt::Assign { value: e, .. }
                | Stmt::Accumulate { value: e, .. } => {
                    expr(e, vars);
                }
                Stmt::Call { args, .. } => {
                    for arg in args {
                        if let Argument::Float(e) = arg {
                            expr(e, vars);
                        }
                    }
                }
                Stmt::For { body, .. } => block(body, vars),
                Stmt::If { then, otherwise, .. } => {
                    block(then, vars);
                    block(otherwise, vars);
                }
                _ => {}
            }
        }
    }
    block(&mut program.body, &program.vars);
    if let Output::Loss(result) = &mut program.output {
        expr(result, &program.vars);
    }
}
