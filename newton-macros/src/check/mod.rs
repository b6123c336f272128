//! What must hold before the compiler differentiates; after it nothing is refused and nothing panics.

pub mod activity;
mod places;
pub mod varying;

use crate::errors::Errors;
use crate::ir::{Argument, Block, Expr, Output, Program, Role, Stmt};
use proc_macro2::Span;

/// Marks what is active and what is varying, and refuses what has no derivative.
pub fn check(program: &mut Program, errors: &mut Errors) {
    places::name(program);
    activity::mark(program, program.predictions().collect());
    activity::results(program);
    activity::powers(program);
    let mut found = Vec::new();
    varying::check(program, &mut found);
    block(&program.body, program, &mut found);
    if let Output::Loss(result) = &program.output {
        expr(result, program, &mut found);
        if !result.is_active(&program.vars) {
            found.push((
                program.name.span(),
                "this loss does not depend on its prediction: there is nothing to differentiate".to_owned(),
            ));
        }
    }
    for param in program.params.iter().filter(|p| p.role == Role::Shared) {
        let var = &program.vars[param.var.0];
        if var.ty.is_scalar() {
            found
                .push((var.name.span(), "a shared number is a hyper-parameter: take it by value".to_owned()));
        }
    }
    for (span, message) in found {
        errors.at(span, message);
    }
}

/// Readies a function for one of its flavours: integer parameters that are uniform, or that differ between samples. There is no
/// second flavour without integer parameters.
pub fn prepare_function(program: &mut Program, by_lane: bool) -> bool {
    let Output::Values(outputs) = &program.output else { return false };
    // As far as the caller knows, integer results differ between samples and floats depend on the prediction.
    for output in outputs {
        let var = &mut program.vars[output.0];
        var.varying |= var.ty.is_discrete();
        var.forced = true;
    }
    let mut found = false;
    for param in &program.params {
        let var = &mut program.vars[param.var.0];
        if var.ty.is_discrete() {
            found = true;
            var.varying = by_lane;
        }
    }
    found || !by_lane
}

/// Mistakes: where, and what to write instead.
pub type Found = Vec<(Span, String)>;

fn block(stmts: &Block, program: &Program, found: &mut Found) {
    for stmt in stmts {
        match stmt {
            Stmt::Let { init: value, .. } | Stmt::Assign { value, .. } | Stmt::Accumulate { value, .. } => {
                expr(value, program, found);
            }
            Stmt::For { body, .. } => block(body, program, found),
            Stmt::If { then, otherwise, .. } => {
                block(then, program, found);
                block(otherwise, program, found);
            }
            Stmt::Call { args, .. } => {
                for arg in args {
                    if let Argument::Float(e) = arg {
                        expr(e, program, found);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Arguments that carry no derivative must not depend on the prediction.
fn expr(e: &Expr, program: &Program, found: &mut Found) {
    match e {
        Expr::Call(builtin, args) => {
            for (arg, kind) in args.iter().zip(builtin.args) {
                expr(arg, program, found);
                if kind.is_passive() && arg.is_active(&program.vars) {
                    let instead = match builtin.name {
                        _ if matches!(program.output, Output::Values(_)) => {
                            "in a helper function all floats count as if they did; write a literal or a constant here, or call it from the loss itself"
                        }
                        "huber" | "smooth_min" | "smooth_max" => {
                            "it is a number that you choose: pass it as a hyper-parameter"
                        }
                        _ => {
                            "its second argument is the target; swap the arguments, or pass the target as a parameter"
                        }
                    };
                    found.push((
                        span_of(arg),
                        format!(
                            "this argument of `{}` must not depend on the prediction: {instead}",
                            builtin.name
                        ),
                    ));
                }
            }
        }
        Expr::Neg(a) | Expr::Powi(a, _) | Expr::Filled(a, _) => expr(a, program, found),
        Expr::Binary(_, a, b) => {
            expr(a, program, found);
            expr(b, program, found);
        }
        Expr::Array(elems) => elems.iter().for_each(|e| expr(e, program, found)),
        _ => {}
    }
}

fn span_of(e: &Expr) -> Span {
    let mut span = None;
    e.for_each_read(&mut |place| {
        span.get_or_insert(place.span);
    });
    span.unwrap_or_else(Span::call_site)
}
