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
            Stmt::While { .. } | Stmt::Logic { .. } => unreachable!("`relax` has rewritten it"),
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

/// A builtin that makes a passive array for an active variable.
fn passive_array(e: &Expr, var: VarId, program: &Program) -> bool {
    let array = match e {
        Expr::Call(builtin, _) => !builtin.shape.is_empty(),
        e => matches!(e, Expr::Gather(..)),
    };
    array && program.vars[var.0].active && !e.is_active(&program.vars)
}

fn stored(e: Expr, like: VarId, ty: crate::ir::Type, out: &mut Block, program: &mut Program) -> Expr {
    let name = crate::grad::fresh(program, &program.vars[like.0].name.to_string());
    let var = program.declare(name, ty, false);
    out.push(Stmt::Let { var, init: e });
    Expr::var(var)
}

/// A function of passive arguments has passive results: where their variables become active later, they are copies.
pub fn results(program: &mut Program) {
    fn block(stmts: Block, program: &mut Program) -> Block {
        let mut out = Block::new();
        for stmt in stmts {
            match stmt {
                Stmt::Call { mut results, callee, args }
                    if !args.iter().any(|arg| arg.is_active(&program.vars)) =>
                {
                    let mut copies = Block::new();
                    for result in &mut results {
                        let var = program.vars[result.0].clone();
                        if var.active && var.ty.kind == Kind::Float {
                            let name = crate::grad::fresh(program, &var.name.to_string());
                            let passive = program.declare(name, var.ty, false);
                            let init = Expr::var(passive);
                            copies.push(Stmt::Let { var: std::mem::replace(result, passive), init });
                        }
                    }
                    out.push(Stmt::Call { results, callee, args });
                    out.extend(copies);
                }
                Stmt::Let { var, init } if passive_array(&init, var, program) => {
                    let init = stored(init, var, program.vars[var.0].ty.clone(), &mut out, program);
                    out.push(Stmt::Let { var, init });
                }
                Stmt::Assign { place, value } if passive_array(&value, place.var, program) => {
                    let ty = crate::ir::Type::float(program.dims(&place).to_vec());
                    let value = stored(value, place.var, ty, &mut out, program);
                    out.push(Stmt::Assign { place, value });
                }
                Stmt::For { var, range, body } => {
                    let body = block(body, program);
                    out.push(Stmt::For { var, range, body });
                }
                Stmt::If { cond, then, otherwise } => {
                    let (then, otherwise) = (block(then, program), block(otherwise, program));
                    out.push(Stmt::If { cond, then, otherwise });
                }
                stmt => out.push(stmt),
            }
        }
        out
    }
    let body = std::mem::take(&mut program.body);
    program.body = block(body, program);
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
