//! Names for intermediate values.
//!
//! After this pass, a builtin whose reverse needs its value is the whole right-hand side of a `let`, and what stays inside an
//! expression is cheap to compute again: a few sums and products of variables.

use crate::builtins::{BUILTINS, INTERNAL, Rule};
use crate::ir::{Argument, Block, Discrete, Expr, Kind, Op, Output, Place, Program, Range, Stmt, Type};
use proc_macro2::{Ident, Span};
use std::collections::BTreeSet;

/// An operand of a product with more operations than this gets a name.
const CHEAP: usize = 3;

/// Rewrites the program's body and result.
pub fn flatten(program: &mut Program) {
    let body = std::mem::take(&mut program.body);
    let mut body = block(body, program);
    if let Output::Loss(result) = program.output.clone() {
        program.output = Output::Loss(expr(result, &mut body, program));
    }
    program.body = body;
}

fn block(stmts: Block, program: &mut Program) -> Block {
    let mut out = Vec::new();
    for stmt in stmts {
        match stmt {
            Stmt::Let { var, init: Expr::Filled(scalar, dims) } if scalar.is_active(&program.vars) => {
                let scalar = expr(*scalar, &mut out, program);
                out.push(Stmt::Let { var, init: Expr::zeros(dims.clone()) });
                fill(Place::of(var), &dims, scalar, &mut out, program);
            }
            Stmt::Assign { place, value: Expr::Filled(scalar, dims) } if scalar.is_active(&program.vars) => {
                let scalar = expr(*scalar, &mut out, program);
                let scalar = named(scalar, "fill", Type::FLOAT, &mut out, program);
                fill(place, &dims, scalar, &mut out, program);
            }
            Stmt::Let { var, init } => {
                let init = right_hand_side(init, &mut out, program);
                out.push(Stmt::Let { var, init });
            }
            Stmt::Assign { place, value } => {
                let value = stored(value, &mut out, program);
                out.push(Stmt::Assign { place, value });
            }
            Stmt::Accumulate { place, value } => {
                let mut reads_itself = false;
                value.for_each_read(&mut |read| reads_itself |= read.var == place.var);
                if reads_itself {
                    // The adjoint of an element must be taken before it is added to: `x[i] += c * x[j]` with i = j.
                    let sum = Expr::Binary(Op::Add, Box::new(Expr::Read(place.clone())), Box::new(value));
                    let value = stored(sum, &mut out, program);
                    out.push(Stmt::Assign { place, value });
                } else {
                    let value = stored(value, &mut out, program);
                    out.push(Stmt::Accumulate { place, value });
                }
            }
            Stmt::For { var, range, body } => {
                let body = block(body, program);
                out.push(Stmt::For { var, range, body });
            }
            Stmt::If { cond, then, otherwise } => {
                let (then, otherwise) = (block(then, program), block(otherwise, program));
                out.push(Stmt::If { cond, then, otherwise });
            }
            Stmt::Call { results, callee, args } => {
                let args = arguments(args, &mut out, program);
                out.push(Stmt::Call { results, callee, args });
            }
            other => out.push(other),
        }
    }
    out
}

/// Arguments of a function as its forms take them: each active one a variable or array of its own, whose adjoint can be lent.
fn arguments(args: Vec<Argument>, out: &mut Block, program: &mut Program) -> Vec<Argument> {
    let active = args.iter().any(|arg| arg.is_active(&program.vars));
    let by_lane = args.iter().any(|arg| arg.is_varying(&program.vars));
    let mut lent = BTreeSet::new();
    args.into_iter()
        .map(|arg| match arg {
            Argument::Float(e) if active && e.is_active(&program.vars) => {
                let own =
                    matches!(&e, Expr::Read(place) if place.indices.is_empty() && lent.insert(place.var));
                Argument::Float(if own {
                    e
                } else {
                    named(right_hand_side(e, out, program), "argument", Type::FLOAT, out, program)
                })
            }
            Argument::Array(place) => {
                let var = &program.vars[place.var.0];
                let discrete = var.ty.is_discrete();
                let mut copy = var.shared || place.is_varying(&program.vars);
                if discrete {
                    copy |= by_lane && !var.varying;
                } else if active {
                    copy |= !var.active || !lent.insert(place.var);
                }
                Argument::Array(if copy { copied(place, active, by_lane, out, program) } else { place })
            }
            arg => arg,
        })
        .collect()
}

/// The array in a variable of its own, active or varying as the function takes it.
fn copied(place: Place, active: bool, by_lane: bool, out: &mut Block, program: &mut Program) -> Place {
    let kind = program.vars[place.var.0].ty.kind;
    let ty = Type { kind, dims: program.dims(&place).to_vec() };
    let name = fresh(program, "argument");
    let var = program.declare(name, ty, false);
    let copy = &mut program.vars[var.0];
    if kind == Kind::Float {
        (copy.active, copy.forced) = (active, active);
        out.push(Stmt::Let { var, init: Expr::Read(place) });
    } else {
        (copy.varying, copy.forced) = (by_lane, by_lane);
        out.push(Stmt::LetDiscrete { var, init: Discrete::Read(place) });
    }
    Place::of(var)
}

/// Assigns an active scalar to every element, in loops.
fn fill(mut place: Place, dims: &[Discrete], value: Expr, out: &mut Block, program: &mut Program) {
    let Some((n, rest)) = dims.split_first() else {
        out.push(Stmt::Assign { place, value });
        return;
    };
    let name = fresh(program, "i");
    let i = program.declare(name, Type::INT, false);
    place.indices.push(Discrete::Read(Place::of(i)));
    program.vars[place.var.0].mutable = true;
    let mut body = Vec::new();
    fill(place, rest, value, &mut body, program);
    let start = Discrete::lit(0);
    out.push(Stmt::For { var: i, range: Range { start, end: n.clone(), adapters: Vec::new() }, body });
}

/// The right-hand side of a `let`: the one place where a builtin needs no name of its own.
fn right_hand_side(e: Expr, out: &mut Block, program: &mut Program) -> Expr {
    match e {
        Expr::Call(builtin, args) => Expr::Call(builtin, operands(args, out, program)),
        Expr::Binary(Op::Div, a, b) if b.is_active(&program.vars) => quotient(*a, *b, out, program),
        e => terms(e, out, program),
    }
}

/// A sum. A term whose reverse does not need its value keeps its place: no other term's derivative reads it.
fn terms(e: Expr, out: &mut Block, program: &mut Program) -> Expr {
    match e {
        Expr::Neg(a) => Expr::Neg(Box::new(terms(*a, out, program))),
        Expr::Binary(op @ (Op::Add | Op::Sub), a, b) => {
            let a = terms(*a, out, program);
            let b = terms(*b, out, program);
            Expr::Binary(op, Box::new(a), Box::new(b))
        }
        Expr::Call(builtin, args) if !builtin.needs_value() && !matches!(builtin.rule, Rule::Reverse(_)) => {
            Expr::Call(builtin, operands(args, out, program))
        }
        e => expr(e, out, program),
    }
}

/// Arguments, which the derivative may read again.
fn operands(args: Vec<Expr>, out: &mut Block, program: &mut Program) -> Vec<Expr> {
    args.into_iter().map(|a| cheap(a, "operand", out, program)).collect()
}

/// What is stored into a variable that exists: an array value passes through a variable of its own.
fn stored(e: Expr, out: &mut Block, program: &mut Program) -> Expr {
    match e {
        Expr::Gather(place, order) => {
            let dims = program.dims(&place).to_vec();
            named(Expr::Gather(place, order), "sorted", Type::float(dims), out, program)
        }
        Expr::Filled(scalar, dims) => Expr::Filled(Box::new(expr(*scalar, out, program)), dims),
        Expr::Array(elems) => {
            let elems: Vec<_> = elems.into_iter().map(|e| expr(e, out, program)).collect();
            let n = elems.len();
            let ty = Type::float(vec![Discrete::lit(n)]);
            named(Expr::Array(elems), "array", ty, out, program)
        }
        e => terms(e, out, program),
    }
}

fn expr(e: Expr, out: &mut Block, program: &mut Program) -> Expr {
    match e {
        Expr::Neg(a) => Expr::Neg(Box::new(expr(*a, out, program))),
        Expr::Powi(a, n) => Expr::Powi(Box::new(cheap(*a, "base", out, program)), n),
        Expr::Filled(a, dims) => Expr::Filled(Box::new(expr(*a, out, program)), dims),
        Expr::Array(elems) => Expr::Array(elems.into_iter().map(|e| expr(e, out, program)).collect()),
        Expr::Binary(Op::Mul, a, b) => {
            let a = cheap(*a, "factor", out, program);
            let b = cheap(*b, "factor", out, program);
            Expr::Binary(Op::Mul, Box::new(a), Box::new(b))
        }
        Expr::Binary(Op::Div, a, b) if b.is_active(&program.vars) => {
            let init = quotient(*a, *b, out, program);
            named(init, "quotient", Type::FLOAT, out, program)
        }
        Expr::Binary(op, a, b) => {
            let a = expr(*a, out, program);
            let b = expr(*b, out, program);
            Expr::Binary(op, Box::new(a), Box::new(b))
        }
        Expr::Call(builtin, args) if builtin.is_cheap() => Expr::Call(builtin, operands(args, out, program)),
        Expr::Call(builtin, args) => {
            let of_arg = |arg: &Expr| match arg {
                Expr::Read(place) => program.dims(place).to_vec(),
                _ => Vec::new(),
            };
            let dims = builtin.dims(&args.iter().map(of_arg).collect::<Vec<_>>());
            let init = right_hand_side(Expr::Call(builtin, args), out, program);
            named(init, builtin.name, Type::float(dims), out, program)
        }
        other => other,
    }
}

/// a / b with both cheap; its value will have a name.
fn quotient(a: Expr, b: Expr, out: &mut Block, program: &mut Program) -> Expr {
    let a = cheap(a, "numerator", out, program);
    let b = cheap(b, "denominator", out, program);
    Expr::Binary(Op::Div, Box::new(a), Box::new(b))
}

/// An operand that the reverse sweep computes again: a name for it if that would cost more than a few operations.
fn cheap(e: Expr, name: &str, out: &mut Block, program: &mut Program) -> Expr {
    let e = expr(e, out, program);
    if cost(&e) > CHEAP { named(e, name, Type::FLOAT, out, program) } else { e }
}

/// Operations it takes to compute the expression.
pub fn cost(e: &Expr) -> usize {
    match e {
        Expr::Neg(a) => cost(a),
        Expr::Powi(a, _) => 2 + cost(a),
        Expr::Binary(Op::Div, a, b) => 4 + cost(a) + cost(b),
        Expr::Binary(_, a, b) => 1 + cost(a) + cost(b),
        Expr::Call(_, args) => 1 + args.iter().map(cost).sum::<usize>(),
        _ => 0,
    }
}

fn named(init: Expr, name: &str, ty: Type, out: &mut Block, program: &mut Program) -> Expr {
    let name = fresh(program, name);
    let var = program.declare(name, ty, false);
    program.vars[var.0].active = init.is_active(&program.vars);
    out.push(Stmt::Let { var, init });
    Expr::Read(Place::of(var))
}

/// A name that no variable of the program has. Builtins' names get a suffix, for generated code calls those.
pub fn fresh(program: &Program, base: &str) -> Ident {
    let is_function = |name: &str| BUILTINS.iter().chain(INTERNAL).any(|b| b.name == name);
    let taken = |name: &str| program.names.contains(name) || is_function(name);
    let stem = if taken(base) { format!("{base}_value") } else { base.to_owned() };
    let name = if taken(&stem) { program.names.numbered(&stem, taken) } else { stem };
    Ident::new(&name, Span::call_site())
}
