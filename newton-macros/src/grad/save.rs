//! What to save for the reverse sweep.
//!
//! The reverse of a statement reads variables as they were when the statement ran ([`Node::reverse`]). A variable is
//! *required* from there on; if something overwrites it while it is required, its old value is pushed first, and the reverse
//! of the overwriting statement pops it. A required variable that goes out of scope is pushed at the end of its block, or
//! computed again if that is a cheap function of what is still there ([`super::replay`]). What only enters linearly is never
//! required. Integers and conditions are treated alike: what indices, conditions and bounds of the reverse sweep read is required.
//!
//! The analysis is a forward data flow over the structured program; loops are iterated to a fixed point. Arrays count as one:
//! an element written leaves the rest required.

use super::replay::{self, Later};
use crate::ir::{Block, Discrete, Place, Program, Range, Stmt, VarId};
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
    /// Statements that are run again when it is reversed, in this order: declarations of locals, and what fills those that are arrays.
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
    let mut saved = Vec::new();
    let mut recomputed = Vec::new();
    let mut later = Later::default();
    for at in (0..scope.nodes.len()).rev() {
        if let Node::Plain { stmt, .. } = &scope.nodes[at] {
            match stmt {
                Stmt::Let { var, .. } | Stmt::LetDiscrete { var, .. } if required.remove(var) => {
                    match replay::of(scope, at, &later, &required, program) {
                        Some(again) => {
                            required.extend(again.reads);
                            recomputed.extend(again.stmts);
                        }
                        None => saved.push(*var),
                    }
                }
                Stmt::Call { results, .. } => {
                    saved.extend(results.iter().rev().filter(|var| required.remove(var)));
                }
                _ => {}
            }
        }
        later.note(&scope.nodes[at]);
    }
    saved.reverse();
    recomputed.sort_by_key(|(at, _)| *at);
    scope.saved = saved;
    scope.recomputed = recomputed.into_iter().map(|(_, stmt)| stmt).collect();
    required
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
