//! The two sweeps, put together.

use super::flatten::fresh;
use super::partials::partials;
use super::reverse::{Adjoints, of_let, pass_on};
use super::save::{Node, Scope, decide, visit_reads};
use crate::ir::{Block, Expr, Place, Program, Stmt, Type, VarId};
use quote::format_ident;
use std::collections::BTreeSet;

/// Replaces the program's body by forward and reverse sweep; the adjoint of the prediction.
pub fn build(program: &mut Program, prediction: VarId) -> VarId {
    let adjoints = declare_adjoints(program);
    let adjoint = adjoints[&prediction];
    let mut root = scope(std::mem::take(&mut program.body), program, &adjoints);
    decide(&mut root, program);

    let mut body = forward(&root);
    let value = program.declare(fresh(program, "value"), Type::Float(Vec::new()), false);
    let result = std::mem::replace(&mut program.result, Expr::var(value));
    body.push(Stmt::Let { var: value, init: result.clone() });

    // The adjoint of the value is one.
    let seed = partials(&result, None, &program.vars).into_iter().map(|(place, partial)| Stmt::Accumulate {
        place: place.in_var(adjoints[&place.var]),
        value: partial,
    });
    let mut back: Block = seed.collect();
    back.extend(reverse(&root, program, &adjoints));
    let mut locals: Vec<VarId> = declared(&root.nodes);
    locals.retain(|v| adjoints.contains_key(v));
    body.extend(with_adjoints(locals, back, program, &adjoints));
    program.body = body;
    set_mutability(program);
    adjoint
}

/// A variable `x_` for every active `x`.
fn declare_adjoints(program: &mut Program) -> Adjoints {
    let active: Vec<VarId> =
        (0..program.vars.len()).map(VarId).filter(|v| program.vars[v.0].active).collect();
    // The user's names may end like that already.
    let suffix =
        if program.vars.iter().any(|v| v.name.to_string().ends_with('_')) { "_adjoint" } else { "_" };
    active
        .into_iter()
        .map(|var| {
            let name = format_ident!("{}{suffix}", program.vars[var.0].name);
            let ty = program.vars[var.0].ty.clone();
            (var, program.declare(name, ty, true))
        })
        .collect()
}

/// Attaches its reverse to every statement.
fn scope(block: Block, program: &mut Program, adjoints: &Adjoints) -> Scope {
    let nodes = block
        .into_iter()
        .map(|stmt| match stmt {
            Stmt::For { var, range, body } => Node::For { var, range, body: scope(body, program, adjoints) },
            Stmt::If { cond, then, otherwise } => Node::If {
                cond,
                then: scope(then, program, adjoints),
                otherwise: scope(otherwise, program, adjoints),
            },
            stmt => {
                let (reverse, taken) = of_statement(&stmt, program, adjoints);
                Node::Plain { stmt, reverse, taken, push: false }
            }
        })
        .collect();
    Scope { nodes, ..Scope::default() }
}

fn of_statement(stmt: &Stmt, program: &mut Program, adjoints: &Adjoints) -> (Block, Option<VarId>) {
    match stmt {
        Stmt::Let { var, init } => (of_let(*var, init, program, adjoints), None),
        Stmt::Accumulate { place, value } => {
            let Some(adjoint) = adjoints.get(&place.var) else { return (Vec::new(), None) };
            (pass_on(value, None, place.in_var(*adjoint), program, adjoints), None)
        }
        Stmt::Assign { place, value }
            if adjoints.contains_key(&place.var) && value.is_active(&program.vars) =>
        {
            // Read by the statements right behind it only: the next of the same name may shadow it.
            let name = format_ident!("{}_new_", program.vars[place.var.0].name);
            let dims = program.dims(place).to_vec();
            let taken = program.declare(name, Type::Float(dims), false);
            (pass_on(value, None, Place::of(taken), program, adjoints), Some(taken))
        }
        _ => (Vec::new(), None),
    }
}

fn forward(scope: &Scope) -> Block {
    let mut out = Vec::new();
    for node in &scope.nodes {
        match node {
            Node::Plain { stmt, push, .. } => {
                if let (true, Stmt::Assign { place, .. } | Stmt::Accumulate { place, .. }) = (*push, stmt) {
                    out.push(Stmt::Push(place.clone()));
                }
                out.push(stmt.clone());
            }
            Node::For { var, range, body } => {
                out.push(Stmt::For { var: *var, range: range.clone(), body: forward(body) });
            }
            Node::If { cond, then, otherwise } => {
                out.push(Stmt::If { cond: cond.clone(), then: forward(then), otherwise: forward(otherwise) });
            }
        }
    }
    out.extend(scope.saved.iter().map(|var| Stmt::Push(Place::of(*var))));
    out
}

/// The reverse of a scope's statements, without the declarations that an inner scope needs.
fn reverse(scope: &Scope, program: &Program, adjoints: &Adjoints) -> Block {
    let mut out = Vec::new();
    for node in scope.nodes.iter().rev() {
        match node {
            Node::Plain { stmt, reverse, taken, push } => {
                if let Stmt::Assign { place, .. } = stmt
                    && let Some(adjoint) = adjoints.get(&place.var)
                {
                    let adjoint = place.in_var(*adjoint);
                    if let Some(taken) = taken {
                        out.push(Stmt::Let { var: *taken, init: Expr::Read(adjoint.clone()) });
                    }
                    let dims = program.dims(place).to_vec();
                    let zero = Expr::Lit(0.0);
                    let value = if dims.is_empty() { zero } else { Expr::Filled(Box::new(zero), dims) };
                    out.push(Stmt::Assign { place: adjoint, value });
                }
                if let (true, Stmt::Assign { place, .. } | Stmt::Accumulate { place, .. }) = (*push, stmt) {
                    out.push(Stmt::Pop(place.clone()));
                }
                out.extend(reverse.clone());
            }
            Node::For { var, range, body } => {
                let body = reverse_inner(body, program, adjoints);
                if !body.is_empty() {
                    out.push(Stmt::For { var: *var, range: range.reversed(), body });
                }
            }
            Node::If { cond, then, otherwise } => {
                let then = reverse_inner(then, program, adjoints);
                let otherwise = reverse_inner(otherwise, program, adjoints);
                if !(then.is_empty() && otherwise.is_empty()) {
                    out.push(Stmt::If { cond: cond.clone(), then, otherwise });
                }
            }
        }
    }
    out
}

/// The reverse of an inner scope: integers again, saved and recomputed locals, adjoints at zero, statements backwards.
fn reverse_inner(scope: &Scope, program: &Program, adjoints: &Adjoints) -> Block {
    let back = reverse(scope, program, adjoints);
    let locals = declared(&scope.nodes);
    let mut out: Block = scope.saved.iter().rev().map(|var| Stmt::LetPop { var: *var }).collect();
    out.extend(scope.recomputed.iter().map(|(var, init)| Stmt::Let { var: *var, init: init.clone() }));
    // A local that the reverse sweep only ever restores still has to exist.
    let mut mentioned = BTreeSet::new();
    visit_reads(&back, &mut |place| {
        mentioned.insert(place.var);
    });
    popped(&back, &mut mentioned);
    for var in &locals {
        let known = scope.saved.contains(var) || scope.recomputed.iter().any(|(v, _)| v == var);
        if mentioned.contains(var) && !known {
            out.push(match &program.vars[var.0].ty {
                Type::Order(_) => Stmt::LetEmptyOrder { var: *var },
                _ => Stmt::Let { var: *var, init: zero(program, *var) },
            });
        }
    }
    let active: Vec<VarId> = locals.into_iter().filter(|v| adjoints.contains_key(v)).collect();
    out.extend(with_adjoints(active, back, program, adjoints));
    if out.is_empty() {
        return out;
    }
    let statics = scope.nodes.iter().filter_map(|node| match node {
        Node::Plain { stmt: stmt @ Stmt::LetStatic { .. }, .. } => Some(stmt.clone()),
        _ => None,
    });
    statics.chain(out).collect()
}

fn popped(block: &Block, into: &mut BTreeSet<VarId>) {
    for stmt in block {
        match stmt {
            Stmt::Pop(place) => {
                into.insert(place.var);
            }
            Stmt::For { body, .. } => popped(body, into),
            Stmt::If { then, otherwise, .. } => {
                popped(then, into);
                popped(otherwise, into);
            }
            _ => {}
        }
    }
}

/// Floats and orders that a block declares, in order.
fn declared(nodes: &[Node]) -> Vec<VarId> {
    let of = |node: &Node| match node {
        Node::Plain { stmt: Stmt::Let { var, .. } | Stmt::LetOrder { var, .. }, .. } => Some(*var),
        _ => None,
    };
    nodes.iter().filter_map(of).collect()
}

fn zero(program: &Program, var: VarId) -> Expr {
    match &program.vars[var.0].ty {
        Type::Float(dims) if !dims.is_empty() => Expr::Filled(Box::new(Expr::Lit(0.0)), dims.clone()),
        _ => Expr::Lit(0.0),
    }
}

/// Declares the adjoints that a block uses: at zero in front, or with the first contribution where that is unconditional.
fn with_adjoints(locals: Vec<VarId>, mut block: Block, program: &Program, adjoints: &Adjoints) -> Block {
    let mut front = Vec::new();
    for var in locals {
        let adjoint = adjoints[&var];
        let Some(first) = block.iter().position(|stmt| mentions(stmt, adjoint)) else { continue };
        match &mut block[first] {
            Stmt::Accumulate { place, value }
                if place.var == adjoint && place.indices.is_empty() && scalar(program, var) =>
            {
                let mut reads_itself = false;
                value.for_each_read(&mut |read| reads_itself |= read.var == adjoint);
                if !reads_itself {
                    let init = value.clone();
                    block[first] = Stmt::Let { var: adjoint, init };
                    continue;
                }
            }
            _ => {}
        }
        front.push(Stmt::Let { var: adjoint, init: zero(program, adjoint) });
    }
    front.extend(block);
    front
}

fn scalar(program: &Program, var: VarId) -> bool {
    matches!(&program.vars[var.0].ty, Type::Float(dims) if dims.is_empty())
}

fn mentions(stmt: &Stmt, var: VarId) -> bool {
    let mut found = false;
    visit_reads(&vec![stmt.clone()], &mut |place| found |= place.var == var);
    visit_writes(std::slice::from_ref(stmt), &mut |v| found |= v == var);
    found
}

/// Calls `f` on every variable assigned to after its declaration.
fn visit_writes(block: &[Stmt], f: &mut impl FnMut(VarId)) {
    for stmt in block {
        match stmt {
            Stmt::Assign { place, .. } | Stmt::Accumulate { place, .. } | Stmt::Pop(place) => f(place.var),
            Stmt::Reverse { into, .. } | Stmt::Scatter { into, .. } => f(into.var),
            Stmt::For { body, .. } => visit_writes(body, f),
            Stmt::If { then, otherwise, .. } => {
                visit_writes(then, f);
                visit_writes(otherwise, f);
            }
            _ => {}
        }
    }
}

fn set_mutability(program: &mut Program) {
    let mut written = BTreeSet::new();
    visit_writes(&program.body, &mut |var| {
        written.insert(var);
    });
    for (i, var) in program.vars.iter_mut().enumerate() {
        var.mutable = written.contains(&VarId(i));
    }
}
