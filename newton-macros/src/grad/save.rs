//! What to save for the reverse sweep.
//!
//! The reverse of a statement reads variables as they were when the statement ran ([`Node::reverse`]). A variable is
//! *required* from there on; if something overwrites it while it is required, its old value is pushed first, and the reverse
//! of the overwriting statement pops it. A required variable that goes out of scope is pushed at the end of its block, or
//! computed again if that is a cheap function of what is still there. What only enters linearly is never required. Integers and
//! conditions are treated alike: what indices, conditions and bounds of the reverse sweep read is required.
//!
//! The analysis is a forward data flow over the structured program; loops are iterated to a fixed point. Arrays count as one:
//! an element written leaves the rest required.

use super::flatten::cost;
use crate::ir::{Block, Discrete, Expr, Place, Program, Range, Stmt, VarId};
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
    /// A loop; `head`: what was required at its start when it was last looked at.
    For { var: VarId, range: Range, body: Scope, head: Required },
    /// A branch.
    If { cond: Discrete, then: Scope, otherwise: Scope },
}

/// A block of the forward sweep.
#[derive(Default)]
pub struct Scope {
    /// Its statements.
    pub nodes: Vec<Node>,
    /// Locals pushed at its end, in this order.
    pub saved: Vec<VarId>,
    /// Declarations of locals that are run again when it is reversed, in this order.
    pub recomputed: Vec<Stmt>,
}

impl Scope {
    /// Reversing it does something.
    fn has_reverse(&self, program: &Program) -> bool {
        self.nodes.iter().any(|node| match node {
            // Assigning to an active variable takes its adjoint away, even if the value is passive.
            Node::Plain { stmt: Stmt::Assign { place, .. }, .. } if program.vars[place.var.0].active => true,
            Node::Plain { reverse, push, .. } => !reverse.is_empty() || *push,
            Node::For { body, .. } => body.has_reverse(program),
            Node::If { then, otherwise, .. } => then.has_reverse(program) || otherwise.has_reverse(program),
        })
    }
}

/// Required variables.
pub type Required = BTreeSet<VarId>;

/// Decides for a whole loss. Variables of the outermost block live through the reverse sweep.
pub fn decide(scope: &mut Scope, program: &Program) {
    nodes(&mut scope.nodes, Required::new(), program);
}

/// Decides for a function, whose reverse is another: what it needs of the outermost block is saved like that of any other.
pub fn decide_function(scope: &mut Scope, program: &Program) {
    inner(scope, Required::new(), program);
}

fn nodes(nodes: &mut [Node], mut required: Required, program: &Program) -> Required {
    for node in nodes {
        match node {
            Node::Plain { stmt, reverse, push, .. } => {
                let reads = reads_of(reverse);
                match stmt {
                    Stmt::Assign { place, .. }
                    | Stmt::Accumulate { place, .. }
                    | Stmt::AssignDiscrete { place, .. } => {
                        *push |= required.contains(&place.var) || reads.contains(&place.var);
                        let active = program.vars[place.var.0].active;
                        required.extend(reads);
                        if place.indices.is_empty() {
                            required.remove(&place.var);
                        }
                        // Restoring it, and taking its adjoint, is done at the same place.
                        if *push || active {
                            for index in &place.indices {
                                index.for_each_read(&mut |read| {
                                    required.insert(read.var);
                                });
                            }
                        }
                    }
                    _ => required.extend(reads),
                }
            }
            // Around it, what is required only grows: the fixed point is not below that found before. Loops that nest would
            // take exponentially many steps otherwise.
            Node::For { var, range, body, head: known } => {
                required.append(known);
                loop {
                    let mut head = required.clone();
                    head.extend(inner(body, required.clone(), program));
                    head.remove(var);
                    if body.has_reverse(program) {
                        head.extend(reads_of_range(range));
                    }
                    if head == required {
                        break;
                    }
                    required = head;
                }
                known.clone_from(&required);
            }
            Node::If { cond, then, otherwise } => {
                let mut after = inner(then, required.clone(), program);
                after.extend(inner(otherwise, required, program));
                if then.has_reverse(program) || otherwise.has_reverse(program) {
                    cond.for_each_read(&mut |read| {
                        after.insert(read.var);
                    });
                }
                required = after;
            }
        }
    }
    required
}

fn reads_of_range(range: &Range) -> BTreeSet<VarId> {
    let mut reads = BTreeSet::new();
    let mut note = |read: &Place| {
        reads.insert(read.var);
    };
    range.start.for_each_read(&mut note);
    range.end.for_each_read(&mut note);
    for adapter in &range.adapters {
        if let crate::ir::Adapter::StepBy(k) = adapter {
            k.for_each_read(&mut note);
        }
    }
    reads
}

/// A block that ends: its locals are saved, computed again, or forgotten.
fn inner(scope: &mut Scope, required: Required, program: &Program) -> Required {
    let mut required = nodes(&mut scope.nodes, required, program);
    scope.saved.clear();
    scope.recomputed.clear();
    let mut overwritten_later = BTreeSet::new();
    for at in (0..scope.nodes.len()).rev() {
        if let Node::Plain { stmt, .. } = &scope.nodes[at] {
            match stmt {
                Stmt::Let { var, init } if required.remove(var) => {
                    if can_recompute(*var, init, &overwritten_later, &required, scope, program) {
                        init.for_each_read(&mut |place| {
                            required.insert(place.var);
                        });
                        scope.recomputed.push(stmt.clone());
                    } else {
                        scope.saved.push(*var);
                    }
                }
                Stmt::LetDiscrete { var, init } if required.remove(var) => {
                    if can_replay(*var, init, &overwritten_later, &required, scope, program) {
                        init.for_each_read(&mut |place| {
                            required.insert(place.var);
                        });
                        scope.recomputed.push(stmt.clone());
                    } else {
                        scope.saved.push(*var);
                    }
                }
                Stmt::Call { results, .. } => {
                    scope.saved.extend(results.iter().rev().filter(|var| required.remove(var)));
                }
                _ => {}
            }
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
    // What depends on integers and parameters alone is cheap next to an active value's tangents.
    let budget = if init.is_active(&program.vars) { 2 } else { 8 };
    let var = &program.vars[var.0];
    if var.mutable || !simple || !var.ty.is_scalar() || cost(init) > budget {
        return false;
    }
    let mut available = true;
    init.for_each_read(&mut |place| {
        available &= is_available(place.var, overwritten_later, required, scope, program);
    });
    available
}

/// As [`can_recompute`], for integers and conditions.
fn can_replay(
    var: VarId,
    init: &Discrete,
    overwritten_later: &BTreeSet<VarId>,
    required: &Required,
    scope: &Scope,
    program: &Program,
) -> bool {
    let simple = !matches!(init, Discrete::Call(..) | Discrete::Array(_) | Discrete::Filled(..))
        && !matches!(init, Discrete::Compare(_, a, b) if has_costly_call(a) || has_costly_call(b))
        && !has_costly_test(init);
    let var = &program.vars[var.0];
    if var.mutable || !simple || !var.ty.is_scalar() {
        return false;
    }
    let mut available = true;
    init.for_each_read(&mut |place| {
        available &= is_available(place.var, overwritten_later, required, scope, program);
    });
    available
}

/// It will hold the same when the scope is reversed, without much ado.
fn is_available(
    v: VarId,
    overwritten_later: &BTreeSet<VarId>,
    required: &Required,
    scope: &Scope,
    program: &Program,
) -> bool {
    let local = scope.nodes.iter().any(|node| match node {
        Node::Plain { stmt: Stmt::Let { var, .. } | Stmt::LetDiscrete { var, .. }, .. } => *var == v,
        Node::Plain { stmt: Stmt::Call { results, .. }, .. } => results.contains(&v),
        _ => false,
    });
    let var = &program.vars[v.0];
    let cheap = required.contains(&v) || !var.mutable && (!local || var.ty.is_discrete());
    cheap && !overwritten_later.contains(&v)
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

/// Adds the variables that a node assigns to.
fn overwritten(node: &Node, into: &mut BTreeSet<VarId>) {
    match node {
        Node::Plain {
            stmt:
                Stmt::Assign { place, .. } | Stmt::Accumulate { place, .. } | Stmt::AssignDiscrete { place, .. },
            ..
        } => {
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

/// Calls `f` on every place that statements read, and on those that they write for what their indices read.
pub fn visit_reads(block: &[Stmt], f: &mut dyn FnMut(&Place)) {
    fn indices(place: &Place, f: &mut dyn FnMut(&Place)) {
        place.indices.iter().for_each(|i| i.for_each_read(f));
    }
    for stmt in block {
        match stmt {
            Stmt::Let { init, .. } => init.for_each_read(f),
            Stmt::LetDiscrete { init, .. } => init.for_each_read(f),
            Stmt::Assign { place, value } | Stmt::Accumulate { place, value } => {
                indices(place, f);
                value.for_each_read(f);
            }
            Stmt::AssignDiscrete { place, value } => {
                indices(place, f);
                value.for_each_read(f);
            }
            Stmt::Call { args, .. } => args.iter().for_each(|arg| arg.for_each_read(f)),
            Stmt::Push(place) => place.for_each_read(f),
            Stmt::Pop(place) => indices(place, f),
            Stmt::Reverse { args, into, .. } => {
                args.iter().for_each(|a| a.for_each_read(f));
                indices(into, f);
            }
            Stmt::Scatter { order, adjoint, into } => {
                f(&Place::of(*order));
                adjoint.for_each_read(f);
                indices(into, f);
            }
            Stmt::ReverseCall { args, adjoints, into, .. } => {
                args.iter().for_each(|arg| arg.for_each_read(f));
                adjoints.iter().for_each(|var| f(&Place::of(*var)));
                into.iter().flatten().for_each(|place| indices(place, f));
            }
            Stmt::For { range, body, .. } => {
                range.start.for_each_read(f);
                range.end.for_each_read(f);
                for adapter in &range.adapters {
                    if let crate::ir::Adapter::StepBy(k) = adapter {
                        k.for_each_read(f);
                    }
                }
                visit_reads(body, f);
            }
            Stmt::If { cond, then, otherwise } => {
                cond.for_each_read(f);
                visit_reads(then, f);
                visit_reads(otherwise, f);
            }
            Stmt::While { .. } | Stmt::Logic { .. } => unreachable!("`relax` has rewritten it"),
            Stmt::LetPop { .. } | Stmt::LetEmpty { .. } => {}
        }
    }
}
