//! What must hold before the compiler differentiates; after it nothing is refused and nothing panics.

pub mod activity;

use crate::errors::Errors;
use crate::ir::{Block, Expr, Program, Role, Stmt};
use proc_macro2::Span;

/// Marks what is active, and refuses what has no derivative.
pub fn check(program: &mut Program, errors: &mut Errors) {
    activity::mark(
        program,
        program.params.iter().filter(|p| p.role == Role::Prediction).map(|p| p.var).collect(),
    );
    let mut found = Vec::new();
    block(&program.body, program, &mut found);
    expr(&program.result, program, &mut found);
    for (span, message) in found {
        errors.at(span, message);
    }
    if !program.result.is_active(&program.vars) {
        errors.at(
            program.name.span(),
            "this loss does not depend on its prediction: there is nothing to differentiate",
        );
    }
}

type Found = Vec<(Span, String)>;

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
                        "powf" => "write `(p * x.ln()).exp()` for a power whose exponent does",
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
