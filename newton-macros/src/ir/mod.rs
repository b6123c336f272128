//! The intermediate representation: what a loss is between syntax and generated code.
//!
//! A program is a function from one sample's prediction, its labels and hyper-parameters to one number. The compiler rests on
//! keeping apart what kinds of value occur in it. Numbers are
//!
//! - **active**: floats that depend on the prediction, or
//! - **passive**: all other floats;
//!
//! and integers and conditions ([`Discrete`]) are
//!
//! - **uniform**: constants, const generics, loop variables, `usize` hyper-parameters and what is computed from them: the same
//!   for every sample of a batch; or
//! - **varying**: labels, comparisons of floats, sorting permutations. A varying index is a gather, one per sample; a branch on
//!   a varying condition is a *masked region*: its statements run for all samples, and only those take part for which
//!   the condition holds (`check::varying` turns loops with varying bounds into uniform ones around such a region).
//!
//! Hence every sample of a batch runs the same instructions (a sample can be a SIMD lane), and the forward sweep can be
//! replayed backwards by running each loop in the opposite order. Nothing discrete has a derivative; what is discrete and the
//! reverse sweep needs again is computed again if it can be, and saved like a float otherwise.
//!
//! Expressions are pure; statements are structured (no jumps). Loops stay loops: array lengths are const generics whose values
//! the macro does not know. Conditions and bounds of [`Stmt::If`] and [`Stmt::For`] read no variable that their bodies change.
//!
//! Variables live in one arena, [`Program::vars`], and are unique: shadowing is resolved by the front end, which renames where
//! it must and keeps the user's names where it can. A variable declared in a block is visible to the end of that block.
//!
//! The gradient of a program is a program again: `grad` appends the reverse sweep, whose adjoint variables carry the name of
//! their variable and an underscore, and inserts [`Stmt::Push`] and [`Stmt::Pop`] for values that the reverse sweep reads and
//! that would be gone by then. Back ends know nothing of differentiation; they print.

mod discrete;
mod expr;

pub use discrete::{Constant, Discrete, Part};
pub use expr::{Expr, Op};

use crate::builtins::{Adjoint, Builtin};
use proc_macro2::{Ident, Span};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// Index into [`Program::vars`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VarId(pub usize);

/// A loss, or a function that losses call.
#[derive(Debug, Clone)]
pub struct Program {
    /// The user's function.
    pub name: Ident,
    /// Its parameters, in order.
    pub params: Vec<Param>,
    /// Constants declared in it.
    pub items: Vec<syn::ItemConst>,
    /// All variables.
    pub vars: Vec<Var>,
    /// What it does.
    pub body: Block,
    /// What it returns.
    pub output: Output,
    /// The names of its variables.
    pub names: Names,
}

/// Names in use, in sets: looking for a free one among thousands of variables takes no time.
#[derive(Debug, Clone, Default)]
pub struct Names {
    used: HashSet<String>,
    /// By stem, a number below which all are used.
    next: RefCell<HashMap<String, usize>>,
}

impl Names {
    /// The names of these variables.
    pub fn of(vars: &[Var]) -> Names {
        Names { used: vars.iter().map(|var| var.name.to_string()).collect(), next: RefCell::default() }
    }
    /// Some variable is called so.
    pub fn contains(&self, name: &str) -> bool {
        self.used.contains(name)
    }
    /// The first of `stem2`, `stem3`, ... that is not taken.
    pub fn numbered(&self, stem: &str, taken: impl Fn(&str) -> bool) -> String {
        let mut next = self.next.borrow_mut();
        let i = next.entry(stem.to_owned()).or_insert(2);
        while taken(&format!("{stem}{i}")) {
            *i += 1;
        }
        format!("{stem}{i}")
    }
}

/// What a program returns.
#[derive(Debug, Clone)]
pub enum Output {
    /// A loss: a scalar.
    Loss(Expr),
    /// A function: variables.
    Values(Vec<VarId>),
}

/// What a parameter is to a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Different for each sample, and differentiated.
    Prediction,
    /// Different for each sample.
    Label,
    /// A number, one for the batch.
    Hyper,
    /// An integer, one for the batch.
    StaticHyper,
    /// An array, one for the batch.
    Shared,
}

/// A parameter.
#[derive(Debug, Clone)]
pub struct Param {
    /// Its variable.
    pub var: VarId,
    /// What it is.
    pub role: Role,
}

/// A variable.
#[derive(Debug, Clone)]
pub struct Var {
    /// Unique within the program.
    pub name: Ident,
    /// Its type.
    pub ty: Type,
    /// Depends on the prediction. Set by `check::activity`.
    pub active: bool,
    /// Integers and conditions: may differ between samples. Set by `check::varying`.
    pub varying: bool,
    /// Assigned to after its declaration.
    pub mutable: bool,
    /// A parameter.
    pub parameter: bool,
    /// One for the batch, stored as the user gave it.
    pub shared: bool,
    /// Active, or varying, whatever is assigned to it: a copy that is made to fit an argument.
    pub forced: bool,
    /// The type of an integer as the user wrote it.
    pub annotation: Option<syn::Type>,
}

/// What an element of a variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A float.
    Float,
    /// An integer.
    Int,
    /// A condition.
    Bool,
}

/// The type of a variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// Of its elements.
    pub kind: Kind,
    /// None for a scalar, else the lengths, outermost first.
    pub dims: Vec<Discrete>,
}

impl Type {
    /// Floats.
    pub fn float(dims: Vec<Discrete>) -> Type {
        Type { kind: Kind::Float, dims }
    }
    /// One float.
    pub const FLOAT: Type = Type { kind: Kind::Float, dims: Vec::new() };
    /// One integer.
    pub const INT: Type = Type { kind: Kind::Int, dims: Vec::new() };
    /// One condition.
    pub const BOOL: Type = Type { kind: Kind::Bool, dims: Vec::new() };
    /// No float.
    pub fn is_discrete(&self) -> bool {
        self.kind != Kind::Float
    }
    /// A scalar.
    pub fn is_scalar(&self) -> bool {
        self.dims.is_empty()
    }
}

/// Statements in order.
pub type Block = Vec<Stmt>;

/// A statement.
#[derive(Debug, Clone)]
pub enum Stmt {
    /// Declares a float variable.
    Let { var: VarId, init: Expr },
    /// Declares integers or conditions.
    LetDiscrete { var: VarId, init: Discrete },
    /// Overwrites.
    Assign { place: Place, value: Expr },
    /// Overwrites integers or conditions.
    AssignDiscrete { place: Place, value: Discrete },
    /// Adds to a scalar, or elementwise to an array.
    Accumulate { place: Place, value: Expr },
    /// Runs the body once for each number of the range.
    For { var: VarId, range: Range, body: Block },
    /// Runs one of two blocks.
    If { cond: Discrete, then: Block, otherwise: Block },
    /// Repeats the body as long as the condition, which the statements before it compute, holds. `relax` makes loops of it.
    While { prologue: Block, cond: Discrete, body: Block, span: Span },
    /// Declares a condition, `left && right` or `left || right`, where `right` needs `inner` to be run first and may not make sense where
    /// `left` decides. `relax` makes a branch or a product of it.
    Logic { var: VarId, op: syn::BinOp, left: Discrete, inner: Block, right: Discrete },
    /// Declares the results of a user's function.
    Call { results: Vec<VarId>, callee: Callee, args: Vec<Argument> },
    /// Saves a variable or a part of it for the reverse sweep.
    Push(Place),
    /// Restores what was pushed last into a variable that exists.
    Pop(Place),
    /// Declares a variable and restores it.
    LetPop { var: VarId },
    /// Declares a variable without a value yet.
    LetEmpty { var: VarId },
    /// Adjoint of an array builtin: adds to the adjoint of one argument. `args` are what the adjoint function reads: arguments,
    /// the value, and last the adjoint of the value.
    Reverse { builtin: &'static Builtin, function: &'static Adjoint, args: Vec<Expr>, into: Place },
    /// Adjoint of a gather: `into[order[j]] += adjoint[j]`.
    Scatter { order: VarId, adjoint: Place, into: Place },
    /// Adjoint of a call: adds to the adjoints of its active arguments.
    ReverseCall { callee: Callee, args: Vec<Argument>, adjoints: Vec<VarId>, into: Vec<Option<Place>> },
}

/// A user's function, marked `#[newton_fn]`.
#[derive(Debug, Clone)]
pub struct Callee {
    /// Its path, without generic arguments.
    pub path: syn::Path,
    /// Its generic arguments, if given.
    pub generics: Vec<syn::GenericArgument>,
}

/// An argument of a user's function.
#[derive(Debug, Clone)]
pub enum Argument {
    /// A float.
    Float(Expr),
    /// An array, or a row of one.
    Array(Place),
    /// An integer or a condition.
    Discrete(Discrete),
    /// A constant whose type the macro cannot see.
    Constant(Constant),
}

impl Argument {
    /// Calls `f` on every place it reads.
    pub fn for_each_read(&self, f: &mut dyn FnMut(&Place)) {
        match self {
            Argument::Float(e) => e.for_each_read(f),
            Argument::Array(place) => place.for_each_read(f),
            Argument::Discrete(int) => int.for_each_read(f),
            Argument::Constant(constant) => constant.indices().for_each(|i| i.for_each_read(f)),
        }
    }

    /// Depends on the prediction.
    pub fn is_active(&self, vars: &[Var]) -> bool {
        match self {
            Argument::Float(e) => e.is_active(vars),
            Argument::Array(place) => vars[place.var.0].active,
            _ => false,
        }
    }

    /// An integer or a condition that may differ between samples.
    pub fn is_varying(&self, vars: &[Var]) -> bool {
        match self {
            Argument::Discrete(int) => int.is_varying(vars),
            Argument::Array(place) => vars[place.var.0].varying,
            _ => false,
        }
    }
}

/// The numbers of a loop, half open.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// First.
    pub start: Discrete,
    /// One past the last.
    pub end: Discrete,
    /// `.rev()` and `.step_by(k)`, in the order written.
    pub adapters: Vec<Adapter>,
}

/// What modifies a range.
#[derive(Debug, Clone, PartialEq)]
pub enum Adapter {
    /// Backwards.
    Rev,
    /// Every k-th.
    StepBy(Discrete),
}

impl Range {
    /// The same numbers in the opposite order.
    pub fn reversed(&self) -> Range {
        let mut range = self.clone();
        if range.adapters.last() == Some(&Adapter::Rev) {
            range.adapters.pop();
        } else {
            range.adapters.push(Adapter::Rev);
        }
        range
    }
}

/// A variable, or an element or row of it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The variable.
    pub var: VarId,
    /// Indices, outermost first; fewer than dimensions select a row.
    pub indices: Vec<Discrete>,
    /// Where the user wrote it.
    pub span: Span,
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.var == other.var && self.indices == other.indices
    }
}

impl Place {
    /// A whole variable.
    pub fn of(var: VarId) -> Self {
        Place { var, indices: Vec::new(), span: Span::call_site() }
    }
    /// The same place in another variable of the same shape.
    pub fn in_var(&self, var: VarId) -> Self {
        Place { var, ..self.clone() }
    }
    /// An element or row of it.
    pub fn at(mut self, index: Discrete) -> Self {
        self.indices.push(index);
        self
    }
    /// Some index differs between samples.
    pub fn is_varying(&self, vars: &[Var]) -> bool {
        self.indices.iter().any(|i| i.is_varying(vars))
    }
    /// Calls `f` on itself and on what its indices read.
    pub fn for_each_read(&self, f: &mut dyn FnMut(&Place)) {
        f(self);
        self.indices.iter().for_each(|i| i.for_each_read(f));
    }
}

impl Program {
    /// The lengths of what a place selects; none for a scalar.
    pub fn dims(&self, place: &Place) -> &[Discrete] {
        let dims = &self.vars[place.var.0].ty.dims;
        &dims[place.indices.len().min(dims.len())..]
    }

    /// Adds a variable.
    pub fn declare(&mut self, name: Ident, ty: Type, mutable: bool) -> VarId {
        self.names.used.insert(name.to_string());
        self.vars.push(Var::new(name, ty, mutable));
        VarId(self.vars.len() - 1)
    }

    /// The parameters that carry derivatives.
    pub fn predictions(&self) -> impl Iterator<Item = VarId> {
        self.params.iter().filter(|p| p.role == Role::Prediction).map(|p| p.var)
    }
}

impl Var {
    /// A variable of which nothing is known but its type.
    pub fn new(name: Ident, ty: Type, mutable: bool) -> Var {
        Var {
            name,
            ty,
            active: false,
            varying: false,
            mutable,
            parameter: false,
            shared: false,
            forced: false,
            annotation: None,
        }
    }
}
