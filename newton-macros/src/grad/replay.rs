//! What the reverse sweep computes again instead of saving it.
//!
//! A local of a block is computed again if that takes one or two operations for each number, on values that are there anyway: an index, a
//! difference, an array gathered from another. With tangents, a number on the tape is several, and the tape of a long loop does not
//! fit the caches: arithmetic is cheaper.

use super::build::{defines, visit_writes};
use super::flatten::cost;
use super::save::{Node, Required, Scope, reads_of};
use crate::ir::{Block, Discrete, Expr, Program, Stmt, VarId};
use std::collections::BTreeSet;

/// What the rest of a block does, looked at from its end.
#[derive(Default)]
pub struct Later {
    /// What it assigns to.
    overwritten: BTreeSet<VarId>,
    /// What it declares.
    declared: BTreeSet<VarId>,
}

impl Later {
    /// Adds the node in front of it.
    pub fn note(&mut self, node: &Node) {
        writes(node, &mut |var| {
            self.overwritten.insert(var);
        });
        if let Node::Plain { stmt, .. } = node {
            self.declared.extend(defines(stmt));
        }
    }
}

/// How to compute a local again.
pub struct Replay {
    /// The statements, and which of the block's they are.
    pub stmts: Vec<(usize, Stmt)>,
    /// What they read that was there before them.
    pub reads: BTreeSet<VarId>,
}

/// How to compute the local again that a statement of a block declares, when the block is reversed; none if that would cost too much, or
/// reads what is no longer there.
pub fn of(scope: &Scope, at: usize, later: &Later, required: &Required, program: &Program) -> Option<Replay> {
    let Node::Plain { stmt, .. } = &scope.nodes[at] else { return None };
    let var = *defines(stmt).first()?;
    let mut stmts = vec![(at, stmt.clone())];
    if program.vars[var.0].mutable {
        // One number costs less to save than the branches that choose it cost to run.
        if program.vars[var.0].ty.is_scalar() {
            return None;
        }
        for (i, node) in scope.nodes.iter().enumerate().skip(at + 1) {
            let mut overwrites = false;
            writes(node, &mut |written| overwrites |= written == var);
            if overwrites {
                let stmt = forward(node);
                if saves(node) || !fills(&stmt, var, 0, program) {
                    return None;
                }
                stmts.push((i, stmt));
            }
        }
    }
    let cheap = match stmt {
        Stmt::Let { init, .. } => is_cheap(init, var, program),
        Stmt::LetDiscrete { init, .. } => is_cheap_discrete(init) && program.vars[var.0].ty.is_scalar(),
        _ => false,
    };
    let mut reads = reads_of(&stmts.iter().map(|(_, stmt)| stmt.clone()).collect::<Block>());
    reads.remove(&var);
    for (_, stmt) in &stmts[1..] {
        inside(stmt, &mut reads);
    }
    let available = |v: &VarId| {
        let local = scope.nodes.iter().any(|node| match node {
            Node::Plain { stmt, .. } => defines(stmt).contains(v),
            _ => false,
        });
        let var = &program.vars[v.0];
        let there = required.contains(v) || !var.mutable && (!local || var.ty.is_discrete());
        there && !later.overwritten.contains(v) && !later.declared.contains(v)
    };
    (cheap && reads.iter().all(available)).then_some(Replay { stmts, reads })
}

/// A node as the forward sweep runs it, nothing saved.
fn forward(node: &Node) -> Stmt {
    let block = |scope: &Scope| scope.nodes.iter().map(forward).collect();
    match node {
        Node::Plain { stmt, .. } => stmt.clone(),
        Node::For { var, range, body, .. } => {
            Stmt::For { var: *var, range: range.clone(), body: block(body) }
        }
        Node::If { cond, then, otherwise } => {
            Stmt::If { cond: cond.clone(), then: block(then), otherwise: block(otherwise) }
        }
    }
}

/// Calls `f` on every variable that the node assigns to.
fn writes(node: &Node, f: &mut dyn FnMut(VarId)) {
    match node {
        Node::Plain { stmt, .. } => visit_writes(std::slice::from_ref(stmt), &mut |var| f(var)),
        Node::For { body, .. } => body.nodes.iter().for_each(|node| writes(node, f)),
        Node::If { then, otherwise, .. } => {
            then.nodes.iter().chain(&otherwise.nodes).for_each(|node| writes(node, f));
        }
    }
}

/// Something that the node overwrites has to be saved.
fn saves(node: &Node) -> bool {
    let any = |scope: &Scope| scope.nodes.iter().any(saves);
    match node {
        Node::Plain { push, .. } => *push,
        Node::For { body, .. } => any(body),
        Node::If { then, otherwise, .. } => any(then) || any(otherwise),
    }
}

/// The statement does nothing but to give elements of an array new values, each at most about once: there are no more loops around an
/// assignment than it has indices.
fn fills(stmt: &Stmt, var: VarId, loops: usize, program: &Program) -> bool {
    let all = |block: &Block, loops| block.iter().all(|stmt| fills(stmt, var, loops, program));
    match stmt {
        Stmt::Assign { place, value } => {
            place.var == var && loops <= place.indices.len() && is_cheap(value, var, program)
        }
        Stmt::Let { var, init } => !program.vars[var.0].mutable && is_cheap(init, *var, program),
        Stmt::LetDiscrete { var, init } => {
            let var = &program.vars[var.0];
            !var.mutable && var.ty.is_scalar() && is_cheap_discrete(init)
        }
        Stmt::For { body, .. } => all(body, loops + 1),
        Stmt::If { cond, then, otherwise } => {
            is_cheap_discrete(cond) && all(then, loops) && all(otherwise, loops)
        }
        _ => false,
    }
}

/// It takes an operation or two for each number.
fn is_cheap(init: &Expr, var: VarId, program: &Program) -> bool {
    // What depends on integers and parameters alone is cheap next to an active value's tangents.
    let budget = if init.is_active(&program.vars) { 2 } else { 8 };
    let var = &program.vars[var.0];
    match init {
        Expr::Gather(..) | Expr::Array(_) => false,
        Expr::Filled(value, _) => var.mutable && cost(value) == 0 && !has_costly_call(value),
        // A copy that is changed later.
        Expr::Read(place) if !program.dims(place).is_empty() => var.mutable,
        init => !has_costly_call(init) && cost(init) <= budget,
    }
}

fn is_cheap_discrete(init: &Discrete) -> bool {
    match init {
        Discrete::Call(..) | Discrete::Array(_) | Discrete::Filled(..) => false,
        Discrete::Compare(_, a, b) => !has_costly_call(a) && !has_costly_call(b),
        init => !has_costly_test(init),
    }
}

fn has_costly_test(e: &Discrete) -> bool {
    match e {
        Discrete::Test(_, a) | Discrete::Truncated(a) => has_costly_call(a),
        Discrete::Cast(a, _) => has_costly_test(a),
        _ => false,
    }
}

fn has_costly_call(e: &Expr) -> bool {
    match e {
        Expr::Call(builtin, args) => !builtin.is_cheap() || args.iter().any(has_costly_call),
        Expr::Neg(a) | Expr::Powi(a, _) => has_costly_call(a),
        Expr::Binary(_, a, b) => has_costly_call(a) || has_costly_call(b),
        _ => false,
    }
}

/// Removes what a statement declares inside.
fn inside(stmt: &Stmt, reads: &mut BTreeSet<VarId>) {
    let blocks: &[&Block] = match stmt {
        Stmt::For { var, body, .. } => {
            reads.remove(var);
            &[body]
        }
        Stmt::If { then, otherwise, .. } => &[then, otherwise],
        _ => &[],
    };
    for stmt in blocks.iter().copied().flatten() {
        for var in defines(stmt) {
            reads.remove(&var);
        }
        inside(stmt, reads);
    }
}
