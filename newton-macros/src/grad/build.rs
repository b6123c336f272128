//! The two sweeps, put together.

use super::flatten::fresh;
use super::partials::partials;
use super::reverse::{Adjoints, of_call, of_let, pass_on};
use super::save::{Node, Scope, decide, decide_function, visit_reads};
use crate::ir::{Block, Discrete, Expr, Output, Place, Program, Stmt, Type, VarId};
use quote::format_ident;
use std::collections::{BTreeMap, BTreeSet};

/// Replaces a loss's body by forward and reverse sweep; its value, and the adjoint of the prediction.
pub fn loss(program: &mut Program, prediction: VarId) -> (Expr, VarId) {
    let adjoints = declare_adjoints(program);
    let adjoint = adjoints[&prediction];
    let mut root = scope(std::mem::take(&mut program.body), program, &adjoints);
    decide(&mut root, program);

    let mut body = forward(&root);
    let Output::Loss(result) = program.output.clone() else { unreachable!("a loss returns one number") };
    let value = program.declare(fresh(program, "value"), Type::FLOAT, false);
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
    (Expr::var(value), adjoint)
}

/// The two sweeps of a function.
pub struct Sweeps {
    pub forward: Block,
    pub reverse: Block,
    pub adjoints: Adjoints,
}

/// Forward and reverse sweep of a function, one function each.
pub fn function(program: &mut Program, outputs: &[VarId]) -> Sweeps {
    let adjoints = declare_adjoints(program);
    let mut root = scope(std::mem::take(&mut program.body), program, &adjoints);
    decide_function(&mut root, program);
    let forward = forward(&root);
    // The adjoints of the outputs are parameters.
    let inner: Adjoints =
        adjoints.iter().filter(|(var, _)| !outputs.contains(var)).map(|(a, b)| (*a, *b)).collect();
    let reverse = reverse_inner(&root, program, &adjoints, &inner);
    program.body = forward.iter().chain(&reverse).cloned().collect();
    set_mutability(program);
    Sweeps { forward, reverse, adjoints }
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
            Stmt::For { var, range, body } => {
                let body = scope(body, program, adjoints);
                Node::For { var, range, body, head: Default::default() }
            }
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
        Stmt::Call { results, callee, args } => (of_call(results, callee, args, adjoints), None),
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
            let taken = program.declare(name, Type::float(dims), false);
            (pass_on(value, None, Place::of(taken), program, adjoints), Some(taken))
        }
        _ => (Vec::new(), None),
    }
}

/// The place that an assignment changes.
fn overwrites(stmt: &Stmt) -> Option<&Place> {
    match stmt {
        Stmt::Assign { place, .. } | Stmt::Accumulate { place, .. } | Stmt::AssignDiscrete { place, .. } => {
            Some(place)
        }
        _ => None,
    }
}

fn forward(scope: &Scope) -> Block {
    let mut out = Vec::new();
    for node in &scope.nodes {
        match node {
            Node::Plain { stmt, push, .. } => {
                if let (true, Some(place)) = (*push, overwrites(stmt)) {
                    out.push(Stmt::Push(place.clone()));
                }
                out.push(stmt.clone());
            }
            Node::For { var, range, body, .. } => {
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
                if let (true, Some(place)) = (*push, overwrites(stmt)) {
                    out.push(Stmt::Pop(place.clone()));
                }
                out.extend(reverse.clone());
            }
            Node::For { var, range, body, .. } => {
                let body = reverse_inner(body, program, adjoints, adjoints);
                if !body.is_empty() {
                    out.push(Stmt::For { var: *var, range: range.reversed(), body });
                }
            }
            Node::If { cond, then, otherwise } => {
                let then = reverse_inner(then, program, adjoints, adjoints);
                let otherwise = reverse_inner(otherwise, program, adjoints, adjoints);
                if then.is_empty() && otherwise.is_empty() {
                    continue;
                }
                // Both branches of a varying condition run, one after the other: what the second saved lies on top.
                out.push(if cond.is_varying(&program.vars) && !then.is_empty() && !otherwise.is_empty() {
                    let not = Discrete::Unary(syn::parse_quote!(!), Box::new(cond.clone()));
                    Stmt::If { cond: not, then: otherwise, otherwise: then }
                } else {
                    Stmt::If { cond: cond.clone(), then, otherwise }
                });
            }
        }
    }
    out
}

/// The reverse of an inner scope: saved and recomputed locals, adjoints at zero, statements backwards. `declare`: the adjoints
/// of locals that have to be declared.
fn reverse_inner(scope: &Scope, program: &Program, adjoints: &Adjoints, declare: &Adjoints) -> Block {
    let back = reverse(scope, program, adjoints);
    let locals = declared(&scope.nodes);
    let mut out: Block = scope.saved.iter().rev().map(|var| Stmt::LetPop { var: *var }).collect();
    out.extend(scope.recomputed.iter().cloned());
    // A local that the reverse sweep only ever restores still has to exist.
    let mut mentioned = BTreeSet::new();
    visit_reads(&back, &mut |place| {
        mentioned.insert(place.var);
    });
    popped(&back, &mut mentioned);
    let recomputed: BTreeSet<VarId> = scope.recomputed.iter().flat_map(defines).collect();
    for var in &locals {
        if mentioned.contains(var) && !scope.saved.contains(var) && !recomputed.contains(var) {
            out.push(Stmt::LetEmpty { var: *var });
        }
    }
    let active: Vec<VarId> = locals.into_iter().filter(|v| declare.contains_key(v)).collect();
    out.extend(with_adjoints(active, back, program, adjoints));
    out
}

/// The variables that a statement declares.
pub(super) fn defines(stmt: &Stmt) -> Vec<VarId> {
    match stmt {
        Stmt::Let { var, .. } | Stmt::LetDiscrete { var, .. } => vec![*var],
        Stmt::Call { results, .. } => results.clone(),
        _ => Vec::new(),
    }
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

/// What a block declares, in order.
fn declared(nodes: &[Node]) -> Vec<VarId> {
    let of = |node: &Node| match node {
        Node::Plain { stmt, .. } => defines(stmt),
        _ => Vec::new(),
    };
    nodes.iter().flat_map(of).collect()
}

fn zero(program: &Program, var: VarId) -> Expr {
    Expr::zeros(program.vars[var.0].ty.dims.clone())
}

/// Declares the adjoints that a block uses: at zero in front, or with the first contribution where that is unconditional.
fn with_adjoints(locals: Vec<VarId>, mut block: Block, program: &Program, adjoints: &Adjoints) -> Block {
    let mut front = Vec::new();
    let mentions = first_mentions(&block);
    for var in locals {
        let adjoint = adjoints[&var];
        let Some(&first) = mentions.get(&adjoint) else { continue };
        match &mut block[first] {
            Stmt::Accumulate { place, value }
                if place.var == adjoint && place.indices.is_empty() && starts_with(value, var, program) =>
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
    without_copies(front)
}

/// An adjoint can start with this contribution: a number, or a whole array.
fn starts_with(value: &Expr, var: VarId, program: &Program) -> bool {
    program.vars[var.0].ty.is_scalar()
        || matches!(value, Expr::Read(place) if program.dims(place).len() == program.vars[var.0].ty.dims.len())
}

/// An array that is only there to be copied into another is that other one.
fn without_copies(mut block: Block) -> Block {
    let mut at = 0;
    while at < block.len() {
        if let Stmt::Let { var, init: Expr::Read(place) } = &block[at]
            && place.indices.is_empty()
            && let Some(from) = declared_for(place.var, &block[..at], &block[at..])
        {
            let (var, Stmt::Let { init, .. }) = (*var, &block[from]) else { unreachable!("it is a `let`") };
            block[from] = Stmt::Let { var, init: init.clone() };
            block.remove(at);
        } else {
            at += 1;
        }
    }
    block
}

/// Where a copy is declared that is read once, by the first statement behind.
fn declared_for(copy: VarId, before: &[Stmt], behind: &[Stmt]) -> Option<usize> {
    let from = before.iter().position(
        |stmt| matches!(stmt, Stmt::Let { var, init: Expr::Read(place) } if *var == copy && place.indices.is_empty()),
    )?;
    let mut mentions = 0;
    visit_reads(before, &mut |place| mentions += usize::from(place.var == copy));
    visit_reads(behind, &mut |place| mentions += usize::from(place.var == copy));
    let mut writes = false;
    visit_writes(before, &mut |var| writes |= var == copy);
    visit_writes(behind, &mut |var| writes |= var == copy);
    (mentions == 1 && !writes).then_some(from)
}

/// Which statement of a block is the first to read or write a variable.
fn first_mentions(block: &Block) -> BTreeMap<VarId, usize> {
    let mut first = BTreeMap::new();
    for (i, stmt) in block.iter().enumerate() {
        visit_reads(std::slice::from_ref(stmt), &mut |place| {
            first.entry(place.var).or_insert(i);
        });
        visit_writes(std::slice::from_ref(stmt), &mut |var| {
            first.entry(var).or_insert(i);
        });
    }
    first
}

/// Calls `f` on every variable assigned to after its declaration.
pub(super) fn visit_writes(block: &[Stmt], f: &mut impl FnMut(VarId)) {
    for stmt in block {
        match stmt {
            Stmt::Assign { place, .. }
            | Stmt::Accumulate { place, .. }
            | Stmt::AssignDiscrete { place, .. }
            | Stmt::Pop(place) => f(place.var),
            Stmt::Reverse { into, .. } | Stmt::Scatter { into, .. } => f(into.var),
            Stmt::ReverseCall { into, .. } => into.iter().flatten().for_each(|place| f(place.var)),
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
