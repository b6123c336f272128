//! Which integers and conditions may differ between the samples that are evaluated together, and what follows from it.

use super::Found;
use crate::ir::{Adapter, Block, Discrete, Kind, Place, Program, Range, Stmt, Type, VarId};
use proc_macro2::{Ident, Span};
use std::collections::BTreeMap;

/// Sets [`crate::ir::Var::varying`], and turns loops whose bounds vary into uniform ones around a masked region.
pub fn check(program: &mut Program, found: &mut Found) {
    let body = std::mem::take(&mut program.body);
    while step(&body, 0, &mut BTreeMap::new(), program) {}
    refuse(&body, program, found);
    program.body = uniform(body, program, found);
}

/// What has no spelling where an index differs between samples.
fn refuse(block: &Block, program: &Program, found: &mut Found) {
    for stmt in block {
        match stmt {
            Stmt::LetDiscrete { init: Discrete::Read(place), .. }
            | Stmt::AssignDiscrete { value: Discrete::Read(place), .. }
                if place.is_varying(&program.vars)
                    && !program.dims(place).is_empty()
                    && !program.vars[place.var.0].shared =>
            {
                found.push((
                    place.span,
                    "a row of integers whose index differs between samples cannot be copied: read its elements one by one"
                        .to_owned(),
                ));
            }
            Stmt::For { body, .. } => refuse(body, program, found),
            Stmt::If { then, otherwise, .. } => {
                refuse(then, program, found);
                refuse(otherwise, program, found);
            }
            _ => {}
        }
    }
}

/// One pass; whether it found more. `depth`: how many varying branches are around; `declared`: where each variable was.
fn step(block: &Block, depth: usize, declared: &mut BTreeMap<VarId, usize>, program: &mut Program) -> bool {
    let mut grew = false;
    for stmt in block {
        match stmt {
            Stmt::Let { var, .. } => {
                declared.insert(*var, depth);
            }
            Stmt::LetDiscrete { var, init } => {
                declared.insert(*var, depth);
                grew |= vary(program, *var, init.is_varying(&program.vars));
            }
            Stmt::AssignDiscrete { place, value } => {
                let outer = declared.get(&place.var).is_none_or(|at| *at < depth);
                let varies = outer || value.is_varying(&program.vars) || place.is_varying(&program.vars);
                grew |= vary(program, place.var, varies);
            }
            Stmt::For { range, body, .. } => {
                let inner = depth + usize::from(range_varies(range, program));
                grew |= step(body, inner, declared, program);
            }
            Stmt::If { cond, then, otherwise } => {
                let inner = depth + usize::from(cond.is_varying(&program.vars));
                grew |= step(then, inner, declared, program);
                grew |= step(otherwise, inner, declared, program);
            }
            Stmt::Call { results, .. } => declared.extend(results.iter().map(|var| (*var, depth))),
            _ => {}
        }
    }
    grew
}

fn vary(program: &mut Program, var: VarId, varies: bool) -> bool {
    let slot = &mut program.vars[var.0].varying;
    let grew = varies && !*slot;
    *slot |= varies;
    grew
}

fn range_varies(range: &Range, program: &Program) -> bool {
    let step = range.adapters.iter().any(|adapter| match adapter {
        Adapter::Rev => false,
        Adapter::StepBy(k) => k.is_varying(&program.vars),
    });
    step || range.start.is_varying(&program.vars) || range.end.is_varying(&program.vars)
}

/// Loops with varying bounds run from the lowest to the highest; samples take part between their own.
fn uniform(block: Block, program: &mut Program, found: &mut Found) -> Block {
    block
        .into_iter()
        .map(|stmt| match stmt {
            Stmt::For { var, range, body } => {
                let body = uniform(body, program, found);
                if range_varies(&range, program) {
                    spread(var, range, body, program, found)
                } else {
                    Stmt::For { var, range, body }
                }
            }
            Stmt::If { cond, then, otherwise } => Stmt::If {
                cond,
                then: uniform(then, program, found),
                otherwise: uniform(otherwise, program, found),
            },
            stmt => stmt,
        })
        .collect()
}

fn spread(var: VarId, range: Range, body: Block, program: &mut Program, found: &mut Found) -> Stmt {
    let (from, to) = (range.start.is_varying(&program.vars), range.end.is_varying(&program.vars));
    let steps = range.adapters.iter().any(|adapter| matches!(adapter, Adapter::StepBy(_)));
    let forward = matches!(&range.adapters[..], [Adapter::StepBy(k)] if !k.is_varying(&program.vars));
    if steps && (from || !forward) {
        found.push((
            program.vars[var.0].name.span(),
            "a loop whose start differs between samples counts by one: write `for k in 0..n` with `let i = start + k * step;` \
             and an `if` in its body"
                .to_owned(),
        ));
    }
    let at = Discrete::Read(Place::of(var));
    let mut conds = Vec::new();
    if from {
        conds.push(Discrete::binary(at.clone(), syn::parse_quote!(>=), range.start.clone()));
    }
    if to {
        conds.push(Discrete::binary(at, syn::parse_quote!(<), range.end.clone()));
    }
    let cond = conds.into_iter().reduce(|a, b| Discrete::binary(a, syn::parse_quote!(&&), b));
    let cond = cond.unwrap_or_else(|| Discrete::Path(syn::parse_quote!(true)));
    let extreme = |of: Discrete, varies: bool, largest: bool| match varies {
        true => Discrete::Extreme { largest, of: Box::new(of) },
        false => of,
    };
    let range = Range {
        start: extreme(range.start, from, false),
        end: extreme(range.end, to, true),
        adapters: range.adapters,
    };
    // The name is that of nothing else: it is only read right below.
    let name = crate::grad::fresh(program, "within");
    let within = program.declare(Ident::new(&name.to_string(), Span::call_site()), Type::BOOL, false);
    program.vars[within.0].varying = true;
    debug_assert_eq!(program.vars[within.0].ty.kind, Kind::Bool);
    let region = Stmt::If { cond: Discrete::Read(Place::of(within)), then: body, otherwise: Block::new() };
    Stmt::For { var, range, body: vec![Stmt::LetDiscrete { var: within, init: cond }, region] }
}
