//! `relax(..)`: a plain algorithm as the relaxed one, with the semantics of AlgoVision (Petersen et al., "Learning with
//! Algorithmic Supervision via Continuous Relaxations", NeurIPS 2021).
//!
//! A pass on the IR, between the front end and the checks. A comparison of floats becomes the probability that it holds, and
//! what depends on it becomes a float: conditions are probabilities, `argmin` and `argmax` are weights over indices. A branch
//! on a probability runs both sides and mixes what they changed; a loop on one sums the states in which it may stop. Comparisons of
//! integers stay what they are.

mod attr;
mod branch;
mod index;
mod logic;
mod mark;
mod probability;
mod repeat;

use attr::Resolve;
pub use attr::{Relax, parse};

use crate::builtins::{Builtin, Syntax};
use crate::errors::Errors;
use crate::ir::{Argument, Block, Discrete, Expr, Kind, Output, Place, Program, Range, Stmt, Type, VarId};
use proc_macro2::{Ident, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Relaxes a program.
pub fn relax(program: &mut Program, relax: &Relax, errors: &mut Errors) {
    let marks = mark::mark(program, errors);
    for var in &marks.probabilities {
        program.vars[var.0].ty.kind = Kind::Float;
    }
    for (var, len) in &marks.weights {
        program.vars[var.0].ty = Type::float(vec![len.clone()]);
        program.vars[var.0].annotation = None;
    }
    let beta = relax.beta.resolve(program, errors);
    let body = std::mem::take(&mut program.body);
    let output = program.output.clone();
    let guards = BTreeMap::new();
    let mut pass = Pass { program, errors, relax, beta, marks, guards, out: Vec::new() };
    let mut body = pass.block(body);
    if let Output::Loss(loss) = output {
        let (loss, before) = pass.collect(|pass| pass.expr(loss));
        body.extend(before);
        pass.program.output = Output::Loss(loss);
    }
    program.body = body;
}

/// What has become a float.
#[derive(Default)]
struct Marks {
    /// Conditions.
    probabilities: BTreeSet<VarId>,
    /// Indices, and over how many elements.
    weights: BTreeMap<VarId, Discrete>,
    /// All variables that were conditions.
    conditions: BTreeSet<VarId>,
}

struct Pass<'a> {
    program: &'a mut Program,
    errors: &'a mut Errors,
    relax: &'a Relax,
    /// The inverse temperature.
    beta: Expr,
    marks: Marks,
    /// What decides a probability hard, if it does: the operator, and a condition.
    guards: BTreeMap<VarId, (bool, Discrete)>,
    /// Statements of the block being rewritten.
    out: Block,
}

impl Pass<'_> {
    /// Runs `f`, and returns the statements that it emitted beside its result.
    fn collect<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> (T, Block) {
        let outer = std::mem::take(&mut self.out);
        let result = f(self);
        (result, std::mem::replace(&mut self.out, outer))
    }

    fn block(&mut self, block: Block) -> Block {
        self.collect(|pass| block.into_iter().for_each(|stmt| pass.stmt(stmt))).1
    }

    fn stmt(&mut self, stmt: Stmt) {
        match stmt {
            Stmt::Let { var, init } => {
                let init = self.expr(init);
                self.out.push(Stmt::Let { var, init });
            }
            Stmt::LetDiscrete { var, init } => {
                self.note_guards(var, &init);
                match self.soft(var, init, self.program.vars[var.0].name.span()) {
                    Ok(init) => self.out.push(Stmt::Let { var, init }),
                    Err(init) => {
                        let init = self.hard(init);
                        self.out.push(Stmt::LetDiscrete { var, init });
                    }
                }
            }
            Stmt::Assign { place, value } => {
                let value = self.expr(value);
                self.write(place, value);
            }
            Stmt::Accumulate { place, value } => {
                let value = self.expr(value);
                let place = self.with_weights(place);
                if self.soft_indices(&place).is_empty() {
                    let place = self.place(place);
                    self.out.push(Stmt::Accumulate { place, value });
                } else {
                    let old = self.read(place.clone());
                    self.write(place, Expr::add(old, value));
                }
            }
            Stmt::AssignDiscrete { place, value } => match self.soft(place.var, value, place.span) {
                Ok(value) => self.write(place, value),
                Err(value) => {
                    let (place, value) = (self.place(place), self.hard(value));
                    self.out.push(Stmt::AssignDiscrete { place, value });
                }
            },
            Stmt::For { var, range, body } => {
                let range = Range { start: self.hard(range.start), end: self.hard(range.end), ..range };
                let body = self.block(body);
                self.out.push(Stmt::For { var, range, body });
            }
            Stmt::If { cond, then, otherwise } if self.marks.is_soft(&cond) => {
                let p = self.probability(cond);
                self.branch(p, then, otherwise);
            }
            Stmt::If { cond, then, otherwise } => {
                let cond = self.hard(cond);
                let (then, otherwise) = (self.block(then), self.block(otherwise));
                self.out.push(Stmt::If { cond, then, otherwise });
            }
            Stmt::While { prologue, cond, body, span } => self.repeat(prologue, cond, body, span),
            Stmt::Logic { var, op, left, inner, right } => self.logic(var, &op, left, inner, right),
            Stmt::Call { results, callee, args } => {
                let args = args.into_iter().map(|arg| self.argument(arg)).collect();
                self.out.push(Stmt::Call { results, callee, args });
            }
            // A branch starts from what was before it.
            Stmt::LetEmpty { var } if self.program.vars[var.0].ty.kind == Kind::Float => {
                let init = Expr::zeros(self.program.vars[var.0].ty.dims.clone());
                self.program.vars[var.0].mutable = true;
                self.out.push(Stmt::Let { var, init });
            }
            stmt => self.out.push(stmt),
        }
    }

    fn argument(&mut self, arg: Argument) -> Argument {
        match arg {
            Argument::Float(e) => Argument::Float(self.expr(e)),
            Argument::Array(place) => Argument::Array(self.place(place)),
            Argument::Discrete(discrete) => Argument::Discrete(self.hard(discrete)),
            constant => constant,
        }
    }

    /// A float expression: what it reads at soft indices is read at all, `min` and `max` are relaxed.
    fn expr(&mut self, e: Expr) -> Expr {
        match e {
            Expr::FromInt(discrete) if self.marks.is_soft(&discrete) => self.probability(discrete),
            Expr::FromInt(Discrete::Read(place)) if self.marks.is_spread(&place) => self.read(place),
            Expr::FromInt(discrete) => Expr::FromInt(self.hard(discrete)),
            Expr::Read(place) => self.read(place),
            Expr::Gather(place, order) => Expr::Gather(self.place(place), order),
            Expr::Neg(a) => Expr::Neg(Box::new(self.expr(*a))),
            Expr::Powi(a, n) => Expr::Powi(Box::new(self.expr(*a)), self.hard(n)),
            Expr::Filled(a, dims) => Expr::Filled(Box::new(self.expr(*a)), dims),
            Expr::Binary(op, a, b) => Expr::Binary(op, Box::new(self.expr(*a)), Box::new(self.expr(*b))),
            Expr::Array(elems) => Expr::Array(elems.into_iter().map(|e| self.expr(e)).collect()),
            Expr::Call(builtin, args) => {
                let args: Vec<Expr> = args.into_iter().map(|e| self.expr(e)).collect();
                match (builtin.name, &args[..]) {
                    ("min" | "max", [_, _]) => self.extreme_of_two(builtin.name == "max", args),
                    ("min" | "max", [_]) => self.extreme_of_array(builtin.name == "max", args),
                    _ => Expr::Call(builtin, args),
                }
            }
            e => e,
        }
    }

    /// An integer or a condition that must be one.
    fn hard(&mut self, discrete: Discrete) -> Discrete {
        let mut found = None;
        discrete.for_each_read(&mut |place| {
            if self.marks.is_float(place.var) {
                found.get_or_insert((place.span, self.marks.weights.contains_key(&place.var)));
            }
        });
        if let (None, Some(span)) = (found, picks(&discrete)) {
            found = Some((span, true));
        }
        match found {
            Some((span, true)) => {
                self.errors.at(
                    span,
                    "a relaxed index is spread over all elements: it can only select one, `x[i]`; there is no arithmetic with it",
                );
            }
            Some((span, false)) => {
                self.errors.at(
                    span,
                    "a relaxed condition is a probability: no integer, index or loop can depend on it; compute with floats, `p as usize as f32` is the probability",
                );
            }
            None if self.marks.is_soft(&discrete) => {
                self.errors.at(
                    span_of(&discrete),
                    "a relaxed comparison is a probability: no integer, index or loop can depend on it; compute with floats instead",
                );
            }
            None => {}
        }
        discrete
    }

    /// A place at hard indices.
    fn place(&mut self, place: Place) -> Place {
        Place { indices: place.indices.into_iter().map(|i| self.hard(i)).collect(), ..place }
    }

    fn declare(&mut self, name: &str, ty: Type) -> VarId {
        let name = crate::grad::fresh(self.program, name);
        self.program.declare(Ident::new(&name.to_string(), Span::call_site()), ty, false)
    }

    /// A variable with this value.
    fn store(&mut self, name: &str, init: Expr) -> VarId {
        let var = self.declare(name, Type::FLOAT);
        self.out.push(Stmt::Let { var, init });
        var
    }

    /// A scalar that is cheap to read twice.
    fn named(&mut self, name: &str, e: Expr) -> Expr {
        match e {
            Expr::Lit(_) => e,
            Expr::Read(ref place) if !self.program.vars[place.var.0].mutable => e,
            e => Expr::var(self.store(name, e)),
        }
    }

    /// `place = value(indices)` for each element of a variable; `value` gets the element's indices.
    fn each(&mut self, var: VarId, value: impl FnOnce(&mut Self, &dyn Fn(VarId) -> Expr) -> Expr) {
        let dims = self.program.vars[var.0].ty.dims.clone();
        let counters: Vec<VarId> = dims.iter().map(|_| self.declare("at", Type::INT)).collect();
        let indices: Vec<Discrete> = counters.iter().map(|i| Discrete::Read(Place::of(*i))).collect();
        let at = |var: VarId| Place { indices: indices.clone(), ..Place::of(var) };
        let (value, mut body) = self.collect(|pass| value(pass, &|var| Expr::Read(at(var))));
        self.program.vars[var.0].mutable = true;
        body.push(Stmt::Assign { place: at(var), value });
        for (counter, n) in counters.into_iter().zip(dims).rev() {
            let range = Range { start: Discrete::lit(0), end: n, adapters: Vec::new() };
            body = vec![Stmt::For { var: counter, range, body }];
        }
        self.out.extend(body);
    }
}

fn function(name: &str) -> &'static Builtin {
    Builtin::find(Syntax::Function, name).expect("in the table")
}

/// Where an `argmin` or `argmax` stands in it.
fn picks(discrete: &Discrete) -> Option<Span> {
    let mut found = None;
    match discrete {
        Discrete::Call("argmin" | "argmax", place) => found = Some(place.span),
        Discrete::Read(place) => found = place.indices.iter().find_map(picks),
        other => other.for_each_part(&mut |part| found = found.or_else(|| picks(part))),
    }
    found
}

fn span_of(discrete: &Discrete) -> Span {
    let mut span = None;
    discrete.for_each_read(&mut |place| {
        span.get_or_insert(place.span);
    });
    span.unwrap_or_else(Span::call_site)
}
