//! What to save for the reverse sweep.
//!
//! The reverse of a statement reads variables as they were when the statement ran ([`Node::reverse`]). A variable is
//! *required* from there on; if something overwrites it while it is required, its old value is pushed first, and the reverse
//! of the overwriting statement pops it. A required variable that goes out of scope is pushed at the end of its block, or
//! computed again if that is a cheap function of what is still there. What only enters linearly is never required.
//!
//! The analysis is a forward data flow over the structured program; loops are iterated to a fixed point. Arrays count as one:
//! an element written leaves the rest required.

use super::flatten::cost;
use crate::ir::{Block, Expr, Place, Program, Range, Static, Stmt, Type, VarId};
use std::collections::BTreeSet;

/// A statement of the forward sweep, with its reverse.
pub enum Node {
    /// Anything that is no control flow.
    Plain {
        /// The statement.
        stmt: Stmt,
        /// What passes its adjoint on, without restoring what it overwrote.
        reverse: Block,
        /// For an assignment to an active place: a variable that takes over the adjoint of the new value.
        taken: Option<VarId>,
        /// What it overwrites must be saved first.
        push: bool,
    },
    /// A loop.
    For { var: VarId, range: Range, body: Scope },
    /// A branch.
    If { cond: Static, then: Scope, otherwise: Scope },
}

/// A block of the forward sweep.
#[derive(Default)]
pub struct Scope {
    /// Its statements.
    pub nodes: Vec<Node>,
    /// Locals pushed at its end, in this order.
    pub saved: Vec<VarId>,
    /// Locals computed again when it is reversed, in this order.
    pub recomputed: Vec<(VarId, Expr)>,
}

/// Required variables.
pub type Required = BTreeSet<VarId>;

/// Decides for the whole program. Variables of the outermost block live through the reverse sweep.
pub fn decide(scope: &mut Scope, program: &Program) {
    nodes(&mut scope.nodes, Required::new(), program);
}

fn nodes(nodes: &mut [Node], mut required: Required, program: &Program) -> Required {
    for node in nodes {
        match node {
            Node::Plain { stmt, reverse, push, .. } => {
                let reads = reads_of(reverse);
                match stmt {
                    Stmt::Assign { place, .. } | Stmt::Accumulate { place, .. } => {
                        *push |= required.contains(&place.var) || reads.contains(&place.var);
                        required.extend(reads);
                        if place.indices.is_empty() {
                            required.remove(&place.var);
                        }
                    }
                    _ => required.extend(reads),
                }
            }
            Node::For { body, .. } => loop {
                let mut head = required.clone();
                head.extend(inner(body, required.clone(), program));
                if head == required {
                    break;
                }
                required = head;
            },
            Node::If { then, otherwise, .. } => {
                let mut after = inner(then, required.clone(), program);
                after.extend(inner(otherwise, required, program));
                required = after;
            }
        }
    }
    required
}

/// A block that ends: its locals are saved, computed again, or forgotten.
fn inner(scope: &mut Scope, required: Required, program: &Program) -> Required {
    let mut required = nodes(&mut scope.nodes, required, program);
    scope.saved.clear();
    scope.recomputed.clear();
    let mut overwritten_later = BTreeSet::new();
    for at in (0..scope.nodes.len()).rev() {
        if let Node::Plain { stmt: Stmt::Let { var, init }, .. } = &scope.nodes[at]
            && required.remove(var)
        {
            if can_recompute(*var, init, &overwritten_later, &required, scope, program) {
                init.for_each_read(&mut |place| {
                    required.insert(place.var);
                });
                scope.recomputed.push((*var, init.clone()));
            } else {
                scope.saved.push(*var);
            }
        }
        if let Node::Plain { stmt: Stmt::LetOrder { var, .. }, .. } = &scope.nodes[at]
            && required.remove(var)
        {
            scope.saved.push(*var);
        }
        overwritten(&scope.nodes[at], &mut overwritten_later);
    }
    scope.saved.reverse();
    scope.recomputed.reverse();
    required
}

/// Computing it again is a matter of one or two operations on values that are there anyway.
fn can_recompute(
    var: VarId,
    init: &Expr,
    overwritten_later: &BTreeSet<VarId>,
    required: &Required,
    scope: &Scope,
    program: &Program,
) -> bool {
    let simple =
        !matches!(init, Expr::Gather(..) | Expr::Array(_) | Expr::Filled(..)) && !has_costly_call(init);
    let is_scalar = matches!(&program.vars[var.0].ty, Type::Float(dims) if dims.is_empty());
    // What depends on integers and parameters alone is cheap next to an active value's tangents.
    let budget = if init.is_active(&program.vars) { 2 } else { 8 };
    if program.vars[var.0].mutable || !simple || !is_scalar || cost(init) > budget {
        return false;
    }
    let mut available = true;
    init.for_each_read(&mut |place| {
        let v = place.var;
        let local = scope
            .nodes
            .iter()
            .any(|n| matches!(n, Node::Plain { stmt: Stmt::Let { var, .. }, .. } if *var == v));
        let cheap = required.contains(&v) || !local && !program.vars[v.0].mutable;
        available &= cheap && !overwritten_later.contains(&v);
    });
    available
}

fn has_costly_call(e: &Expr) -> bool {
    match e {
        Expr::Call(builtin, args) => !builtin.is_cheap() || args.iter().any(has_costly_call),
        Expr::Neg(a) | Expr::Powi(a, _) => has_costly_call(a),
        Expr::Binary(_, a, b) => has_costly_call(a) || has_costly_call(b),
        _ => false,
    }
}

/// Adds the variables that a node assigns to.
fn overwritten(node: &Node, into: &mut BTreeSet<VarId>) {
    match node {
        Node::Plain { stmt: Stmt::Assign { place, .. } | Stmt::Accumulate { place, .. }, .. } => {
            into.insert(place.var);
        }
        Node::Plain { .. } => {}
        Node::For { body, .. } => body.nodes.iter().for_each(|n| overwritten(n, into)),
        Node::If { then, otherwise, .. } => {
            then.nodes.iter().chain(&otherwise.nodes).for_each(|n| overwritten(n, into));
        }
    }
}

/// Variables that statements read, adjoints included.
pub fn reads_of(block: &Block) -> BTreeSet<VarId> {
    let mut reads = BTreeSet::new();
    visit_reads(block, &mut |place| {
        reads.insert(place.var);
    });
    reads
}

/// Calls `f` on every float or order place that statements read.
pub fn visit_reads(block: &Block, f: &mut impl FnMut(&Place)) {
    for stmt in block {
        match stmt {
            Stmt::Let { init: value, .. } | Stmt::Assign { value, .. } | Stmt::Accumulate { value, .. } => {
                value.for_each_read(f);
            }
            Stmt::LetOrder { of, .. } => f(of),
            Stmt::Push(place) => f(place),
            Stmt::Reverse { args, .. } => args.iter().for_each(|a| a.for_each_read(f)),
            Stmt::Scatter { order, adjoint, .. } => {
                f(&Place::of(*order));
                f(adjoint);
            }
            Stmt::For { body, .. } => visit_reads(body, f),
            Stmt::If { then, otherwise, .. } => {
                visit_reads(then, f);
                visit_reads(otherwise, f);
            }
            Stmt::LetStatic { .. } | Stmt::Pop(_) | Stmt::LetPop { .. } | Stmt::LetEmptyOrder { .. } => {}
        }
    }
}
