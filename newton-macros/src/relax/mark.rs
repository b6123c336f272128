//! Which conditions become probabilities and which indices weights.

use super::Marks;
use crate::errors::Errors;
use crate::ir::{Block, Discrete, Kind, Place, Program, Stmt, VarId};
use std::collections::BTreeSet;

/// Marks to a fixed point, and refuses integers that a relaxed branch changes.
pub fn mark(program: &Program, errors: &mut Errors) -> Marks {
    let is_condition = |var: &VarId| program.vars[var.0].ty.kind == Kind::Bool;
    let conditions = (0..program.vars.len()).map(VarId).filter(is_condition).collect();
    let mut marks = Marks { conditions, ..Marks::default() };
    while step(&program.body, false, program, &mut marks) {}
    refuse(&program.body, &marks, errors);
    marks
}

impl Marks {
    /// The variable is a float now.
    pub fn is_float(&self, var: VarId) -> bool {
        self.probabilities.contains(&var) || self.weights.contains_key(&var)
    }

    /// It is a probability, or computed from one.
    pub fn is_soft(&self, discrete: &Discrete) -> bool {
        match discrete {
            Discrete::Compare(..) => true,
            Discrete::Read(place) => {
                self.probabilities.contains(&place.var)
                    || self.conditions.contains(&place.var) && self.is_spread(place)
            }
            Discrete::Unary(_, a) | Discrete::Cast(a, _) => self.is_soft(a),
            Discrete::Binary(_, a, b) => self.is_soft(a) || self.is_soft(b),
            Discrete::Filled(a, _) => self.is_soft(a),
            Discrete::Array(elems) => elems.iter().any(|e| self.is_soft(e)),
            _ => false,
        }
    }

    /// An index of it is relaxed.
    pub fn is_spread(&self, place: &Place) -> bool {
        place.indices.iter().any(|index| match index {
            Discrete::Call("argmin" | "argmax", _) => true,
            Discrete::Read(index) => self.weights.contains_key(&index.var),
            _ => false,
        })
    }

    /// Over how many elements it is spread, if it is an index that is.
    pub fn weights_of(&self, discrete: &Discrete, program: &Program) -> Option<Discrete> {
        match discrete {
            Discrete::Call("argmin" | "argmax", place) => program.dims(place).first().cloned(),
            Discrete::Read(place) if place.indices.is_empty() => self.weights.get(&place.var).cloned(),
            _ => None,
        }
    }
}

/// One pass; whether it found more.
fn step(block: &Block, branching: bool, program: &Program, marks: &mut Marks) -> bool {
    let mut grew = false;
    let inside = declared(block);
    for stmt in block {
        match stmt {
            Stmt::LetDiscrete { var, init } => {
                grew |= value(*var, init, false, program, marks);
            }
            Stmt::AssignDiscrete { place, value: new } => {
                let mixed = branching && !inside.contains(&place.var) || marks.is_spread(place);
                grew |= value(place.var, new, mixed, program, marks);
            }
            Stmt::For { body, .. } => grew |= step(body, branching, program, marks),
            Stmt::If { cond, then, otherwise } => {
                let branching = branching || marks.is_soft(cond);
                grew |= step(then, branching, program, marks);
                grew |= step(otherwise, branching, program, marks);
            }
            Stmt::While { prologue, cond, body, .. } => {
                let branching = branching || marks.is_soft(cond);
                grew |= step(prologue, branching, program, marks);
                grew |= step(body, branching, program, marks);
            }
            Stmt::Logic { var, left, inner, right, .. } => {
                grew |= step(inner, branching, program, marks);
                if marks.is_soft(left) || marks.is_soft(right) {
                    grew |= marks.probabilities.insert(*var);
                }
            }
            _ => {}
        }
    }
    grew
}

fn value(var: VarId, new: &Discrete, mixed: bool, program: &Program, marks: &mut Marks) -> bool {
    match program.vars[var.0].ty.kind {
        Kind::Bool if mixed || marks.is_soft(new) => marks.probabilities.insert(var),
        Kind::Int => match marks.weights_of(new, program) {
            Some(len) if program.vars[var.0].ty.is_scalar() => marks.weights.insert(var, len).is_none(),
            _ => false,
        },
        _ => false,
    }
}

/// The variables declared in a block, not in those inside it.
pub fn declared(block: &Block) -> BTreeSet<VarId> {
    let mut vars = BTreeSet::new();
    for stmt in block {
        match stmt {
            Stmt::Let { var, .. }
            | Stmt::LetDiscrete { var, .. }
            | Stmt::LetEmpty { var }
            | Stmt::Logic { var, .. } => {
                vars.insert(*var);
            }
            Stmt::Call { results, .. } => vars.extend(results),
            _ => {}
        }
    }
    vars
}

/// Variables from outside that a block changes, in the order of their declaration.
pub fn changed(block: &Block) -> BTreeSet<VarId> {
    let mut vars = BTreeSet::new();
    for stmt in block {
        match stmt {
            Stmt::Assign { place, .. }
            | Stmt::AssignDiscrete { place, .. }
            | Stmt::Accumulate { place, .. } => {
                vars.insert(place.var);
            }
            Stmt::For { body, .. } | Stmt::Logic { inner: body, .. } => vars.extend(changed(body)),
            Stmt::If { then, otherwise, .. } => {
                vars.extend(changed(then));
                vars.extend(changed(otherwise));
            }
            Stmt::While { prologue, body, .. } => {
                vars.extend(changed(prologue));
                vars.extend(changed(body));
            }
            _ => {}
        }
    }
    &vars - &declared(block)
}

fn refuse(block: &Block, marks: &Marks, errors: &mut Errors) {
    for stmt in block {
        match stmt {
            Stmt::If { cond, then, otherwise } if marks.is_soft(cond) => {
                for side in [then, otherwise] {
                    let changed = changed(side);
                    integers(side, &changed, marks, errors);
                    refuse(side, marks, errors);
                }
            }
            Stmt::If { then, otherwise, .. } => {
                refuse(then, marks, errors);
                refuse(otherwise, marks, errors);
            }
            Stmt::For { body, .. } | Stmt::Logic { inner: body, .. } => refuse(body, marks, errors),
            Stmt::While { prologue, body, .. } => {
                refuse(prologue, marks, errors);
                refuse(body, marks, errors);
            }
            _ => {}
        }
    }
}

/// Integers cannot be mixed.
fn integers(block: &Block, outside: &BTreeSet<VarId>, marks: &Marks, errors: &mut Errors) {
    for stmt in block {
        match stmt {
            Stmt::AssignDiscrete { place, .. }
                if outside.contains(&place.var) && !marks.is_float(place.var) =>
            {
                errors.at(
                    place.span,
                    "this integer changes in a branch that is relaxed, and integers cannot be mixed: count with a float, or keep what it selects instead of the index",
                );
            }
            Stmt::For { body, .. } | Stmt::Logic { inner: body, .. } => {
                integers(body, outside, marks, errors);
            }
            Stmt::If { cond, then, otherwise } if !marks.is_soft(cond) => {
                integers(then, outside, marks, errors);
                integers(otherwise, outside, marks, errors);
            }
            Stmt::While { prologue, body, .. } => {
                integers(prologue, outside, marks, errors);
                integers(body, outside, marks, errors);
            }
            _ => {}
        }
    }
}
