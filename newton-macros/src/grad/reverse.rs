//! The reverse of a single statement.

use super::partials::partials;
use crate::builtins::Rule;
use crate::ir::{Argument, Block, Callee, Discrete, Expr, Place, Program, Stmt, VarId};
use std::collections::BTreeMap;

/// Adjoint variables, by variable.
pub type Adjoints = BTreeMap<VarId, VarId>;

/// `var`'s adjoint is complete: passes it on to what the initial value reads.
pub fn of_let(var: VarId, init: &Expr, program: &Program, adjoints: &Adjoints) -> Block {
    match adjoints.get(&var) {
        Some(adjoint) => pass_on(init, Some(&Expr::var(var)), Place::of(*adjoint), program, adjoints),
        None => Vec::new(),
    }
}

/// Passes the adjoint of an expression on to the places it reads. `value` is where its value can be read.
pub fn pass_on(
    e: &Expr,
    value: Option<&Expr>,
    adjoint: Place,
    program: &Program,
    adjoints: &Adjoints,
) -> Block {
    let to = |place: &Place| adjoints.get(&place.var).map(|adjoint| place.in_var(*adjoint));
    match e {
        Expr::Call(builtin, args) if let Rule::Reverse(functions) = builtin.rule => functions
            .iter()
            .filter_map(|function| {
                let Expr::Read(argument) = &args[function.of] else {
                    unreachable!("array arguments are places")
                };
                let mut reads: Vec<Expr> = function.args.iter().map(|&i| args[i].clone()).collect();
                reads.extend(value.filter(|_| function.value).cloned());
                reads.push(Expr::Read(adjoint.clone()));
                Some(Stmt::Reverse { builtin, function, args: reads, into: to(argument)? })
            })
            .collect(),
        Expr::Gather(place, order) => {
            to(place).map(|into| Stmt::Scatter { order: *order, adjoint, into }).into_iter().collect()
        }
        // A copy of an array.
        Expr::Read(place) if !program.dims(place).is_empty() => to(place)
            .map(|place| Stmt::Accumulate { place, value: Expr::Read(adjoint) })
            .into_iter()
            .collect(),
        Expr::Array(elems) => elems
            .iter()
            .enumerate()
            .flat_map(|(i, elem)| {
                let mut element = adjoint.clone();
                element.indices.push(Discrete::lit(i));
                pass_on(elem, None, element, program, adjoints)
            })
            .collect(),
        Expr::Filled(..) => Vec::new(),
        e => partials(e, value, &program.vars)
            .into_iter()
            .filter_map(|(place, partial)| {
                let value = Expr::mul(Expr::Read(adjoint.clone()), partial);
                to(&place).map(|place| Stmt::Accumulate { place, value })
            })
            .collect(),
    }
}

/// The adjoints of a call's results are complete: passes them on to its active arguments.
pub fn of_call(results: &[VarId], callee: &Callee, args: &[Argument], adjoints: &Adjoints) -> Block {
    let complete: Vec<VarId> = results.iter().filter_map(|var| adjoints.get(var).copied()).collect();
    if complete.is_empty() {
        return Vec::new();
    }
    let to = |place: &Place| adjoints.get(&place.var).map(|adjoint| place.in_var(*adjoint));
    let into = args.iter().map(|arg| match arg {
        Argument::Float(Expr::Read(place)) | Argument::Array(place) => to(place),
        _ => None,
    });
    vec![Stmt::ReverseCall {
        callee: callee.clone(),
        args: args.to_vec(),
        adjoints: complete,
        into: into.collect(),
    }]
}
