//! The intermediate representation: what a loss is between syntax and generated code.
//!
//! A program is a function from one sample's prediction, its labels and hyper-parameters to one number. Three kinds of
//! value occur, and the whole compiler rests on keeping them apart:
//!
//! - **static**: integers and bools ([`Static`]). They depend on constants, const generics, loop variables and `usize`
//!   parameters, never on floats. All control flow is static: loop bounds, indices, conditions. Hence every sample of a batch
//!   runs the same instructions (a sample can be a SIMD lane), and the forward sweep can be replayed backwards by running each
//!   loop in the opposite order, with nothing about control flow to record.
//! - **active**: floats that depend on the prediction.
//! - **passive**: all other floats.
//!
//! Expressions are pure; statements are structured (no jumps). Loops stay loops: array lengths are const generics whose values
//! the macro does not know.
//!
//! Variables live in one arena, [`Program::vars`], and are unique: shadowing is resolved by the front end, which renames where
//! it must and keeps the user's names where it can. A variable declared in a block is visible to the end of that block.
//!
//! The gradient of a program is a program again: `grad` appends the reverse sweep, whose adjoint variables carry the name of
//! their variable and an underscore, and inserts [`Stmt::Push`] and [`Stmt::Pop`] for values that the reverse sweep reads and
//! that would be gone by then. Back ends know nothing of differentiation; they print.

// A program has tens of statements: their size does not matter.
#![allow(clippy::large_enum_variant)]

use crate::builtins::{Adjoint, Builtin};
use proc_macro2::{Ident, Span};

/// Index into [`Program::vars`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VarId(pub usize);

/// A loss.
#[derive(Debug, Clone)]
pub struct Program {
    /// The user's function.
    pub name: Ident,
    /// Its parameters, in order.
    pub params: Vec<Param>,
    /// All variables.
    pub vars: Vec<Var>,
    /// What it does.
    pub body: Block,
    /// What it returns: a scalar.
    pub result: Expr,
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
    /// Assigned to after its declaration.
    pub mutable: bool,
}

/// The type of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Floats: a scalar if there are no dimensions, else an array, outermost length first.
    Float(Vec<Static>),
    /// An integer.
    Int,
    /// A condition.
    Bool,
    /// A sorting permutation of so many elements.
    Order(Static),
}

/// Statements in order.
pub type Block = Vec<Stmt>;

/// A statement.
#[derive(Debug, Clone)]
pub enum Stmt {
    /// Declares a float variable.
    Let { var: VarId, init: Expr },
    /// Declares an integer or a condition.
    LetStatic { var: VarId, init: Static },
    /// Declares the permutation that sorts `of`.
    LetOrder { var: VarId, of: Place, descending: bool },
    /// Overwrites.
    Assign { place: Place, value: Expr },
    /// Adds to a scalar, or elementwise to an array.
    Accumulate { place: Place, value: Expr },
    /// Runs the body once for each number of the range.
    For { var: VarId, range: Range, body: Block },
    /// Runs one of two blocks.
    If { cond: Static, then: Block, otherwise: Block },
    /// Saves a scalar, an array or an order for the reverse sweep.
    Push(Place),
    /// Restores what was pushed last into a variable that exists.
    Pop(Place),
    /// Declares a variable and restores it.
    LetPop { var: VarId },
    /// Declares an order variable without a value yet.
    LetEmptyOrder { var: VarId },
    /// Adjoint of an array builtin: adds to the adjoint of one argument. `args` are what the adjoint function reads: arguments,
    /// the value, and last the adjoint of the value.
    Reverse { builtin: &'static Builtin, function: &'static Adjoint, args: Vec<Expr>, into: Place },
    /// Adjoint of a gather: `into[order[j]] += adjoint[j]`.
    Scatter { order: VarId, adjoint: Place, into: Place },
}

/// The numbers of a loop, half open.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// First.
    pub start: Static,
    /// One past the last.
    pub end: Static,
    /// `.rev()` and `.step_by(k)`, in the order written.
    pub adapters: Vec<Adapter>,
}

/// What modifies a range.
#[derive(Debug, Clone, PartialEq)]
pub enum Adapter {
    /// Backwards.
    Rev,
    /// Every k-th.
    StepBy(Static),
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

/// An integer or a condition.
#[derive(Debug, Clone)]
pub enum Static {
    /// A literal, a constant, a const generic: printed as the user wrote it.
    Path(syn::Expr),
    /// A variable.
    Var(VarId),
    /// Negation, logical not.
    Unary(syn::UnOp, Box<Static>),
    /// Arithmetic, comparison, logic.
    Binary(syn::BinOp, Box<Static>, Box<Static>),
    /// An integer method.
    Method(Box<Static>, Ident, Vec<Static>),
    /// `as` another integer type.
    Cast(Box<Static>, syn::Type),
}

impl PartialEq for Static {
    fn eq(&self, other: &Self) -> bool {
        use Static::*;
        match (self, other) {
            (Path(a), Path(b)) => a == b,
            (Var(a), Var(b)) => a == b,
            (Unary(f, a), Unary(g, b)) => f == g && a == b,
            (Binary(f, a, b), Binary(g, c, d)) => f == g && a == c && b == d,
            (Method(a, f, x), Method(b, g, y)) => a == b && f == g && x == y,
            (Cast(a, t), Cast(b, u)) => a == b && t == u,
            _ => false,
        }
    }
}

/// A variable, or an element or row of it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The variable.
    pub var: VarId,
    /// Indices, outermost first; fewer than dimensions select a row.
    pub indices: Vec<Static>,
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
}

/// Float arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// +
    Add,
    /// -
    Sub,
    /// *
    Mul,
    /// /
    Div,
}

/// A float, or an array of floats.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A literal.
    Lit(f64),
    /// A float constant, by its path.
    Const(syn::Expr),
    /// An integer as a float.
    FromInt(Static),
    /// The value of a place.
    Read(Place),
    /// -x
    Neg(Box<Expr>),
    /// Arithmetic.
    Binary(Op, Box<Expr>, Box<Expr>),
    /// x to an integer power.
    Powi(Box<Expr>, Static),
    /// A builtin.
    Call(&'static Builtin, Vec<Expr>),
    /// The derivative of a builtin with respect to its first argument; what it takes, its rule says.
    Derivative(&'static Builtin, Vec<Expr>),
    /// The elements of a place in sorted order.
    Gather(Place, VarId),
    /// An array with the same scalar everywhere; lengths outermost first.
    Filled(Box<Expr>, Vec<Static>),
    /// An array by its elements.
    Array(Vec<Expr>),
}

impl Expr {
    /// The value of a whole variable.
    pub fn var(var: VarId) -> Expr {
        Expr::Read(Place::of(var))
    }

    /// Calls `f` on every place it reads.
    pub fn for_each_read(&self, f: &mut impl FnMut(&Place)) {
        match self {
            Expr::Lit(_) | Expr::Const(_) | Expr::FromInt(_) => {}
            Expr::Read(place) => f(place),
            Expr::Gather(place, order) => {
                f(place);
                f(&Place::of(*order));
            }
            Expr::Neg(a) | Expr::Powi(a, _) | Expr::Filled(a, _) => a.for_each_read(f),
            Expr::Binary(_, a, b) => {
                a.for_each_read(f);
                b.for_each_read(f);
            }
            Expr::Call(_, args) | Expr::Derivative(_, args) | Expr::Array(args) => {
                args.iter().for_each(|a| a.for_each_read(f));
            }
        }
    }

    /// Depends on a variable for which `active` holds.
    pub fn is_active(&self, vars: &[Var]) -> bool {
        match self {
            Expr::Derivative(builtin, _) if builtin.derivative_is_constant() => false,
            Expr::Call(builtin, _) if builtin.is_flat() => false,
            Expr::Lit(_) | Expr::Const(_) | Expr::FromInt(_) => false,
            Expr::Read(place) | Expr::Gather(place, _) => vars[place.var.0].active,
            Expr::Neg(a) | Expr::Powi(a, _) | Expr::Filled(a, _) => a.is_active(vars),
            Expr::Binary(_, a, b) => a.is_active(vars) || b.is_active(vars),
            Expr::Call(_, args) | Expr::Derivative(_, args) | Expr::Array(args) => {
                args.iter().any(|a| a.is_active(vars))
            }
        }
    }
}

/// Smart constructors: arithmetic that folds what is trivially 0 or 1.
impl Expr {
    fn is_lit(&self, x: f64) -> bool {
        matches!(self, Expr::Lit(l) if *l == x)
    }

    /// -a
    #[allow(clippy::should_implement_trait)]
    pub fn neg(a: Expr) -> Expr {
        match a {
            Expr::Neg(a) => *a,
            Expr::Lit(x) => Expr::Lit(-x),
            // A sign moves to the cheaper side of a product, so that sums can turn into differences.
            Expr::Binary(Op::Mul, a, b) => match *a {
                Expr::Neg(a) => Expr::Binary(Op::Mul, a, b),
                Expr::Lit(x) => Expr::mul(Expr::Lit(-x), *b),
                a => Expr::Neg(Box::new(Expr::Binary(Op::Mul, Box::new(a), b))),
            },
            Expr::Binary(Op::Sub, a, b) => Expr::Binary(Op::Sub, b, a),
            a => Expr::Neg(Box::new(a)),
        }
    }

    /// a + b
    #[allow(clippy::should_implement_trait)]
    pub fn add(a: Expr, b: Expr) -> Expr {
        match (a, b) {
            (a, b) if a.is_lit(0.0) => b,
            (a, b) if b.is_lit(0.0) => a,
            (a, Expr::Neg(b)) => Expr::Binary(Op::Sub, Box::new(a), b),
            (Expr::Neg(a), b) => Expr::Binary(Op::Sub, Box::new(b), a),
            (a, b) => Expr::Binary(Op::Add, Box::new(a), Box::new(b)),
        }
    }

    /// a * b
    #[allow(clippy::should_implement_trait)]
    pub fn mul(a: Expr, b: Expr) -> Expr {
        match (a, b) {
            (a, b) if a.is_lit(1.0) => b,
            (a, b) if b.is_lit(1.0) => a,
            (Expr::Lit(x), b) | (b, Expr::Lit(x)) if x == -1.0 => Expr::neg(b),
            (Expr::Neg(a), b) | (b, Expr::Neg(a)) => Expr::neg(Expr::mul(*a, b)),
            // a * (1 / b) = a / b
            (a, Expr::Binary(Op::Div, one, b)) if one.is_lit(1.0) => Expr::div(a, *b),
            (Expr::Binary(Op::Div, one, b), a) if one.is_lit(1.0) => Expr::div(a, *b),
            (a, b) => Expr::Binary(Op::Mul, Box::new(a), Box::new(b)),
        }
    }

    /// a / b
    #[allow(clippy::should_implement_trait)]
    pub fn div(a: Expr, b: Expr) -> Expr {
        match a {
            Expr::Neg(a) => Expr::neg(Expr::div(*a, b)),
            a if b.is_lit(1.0) => a,
            a => Expr::Binary(Op::Div, Box::new(a), Box::new(b)),
        }
    }
}

impl Program {
    /// The lengths of what a place selects; none for a scalar.
    pub fn dims(&self, place: &Place) -> &[Static] {
        match &self.vars[place.var.0].ty {
            Type::Float(dims) => &dims[place.indices.len()..],
            Type::Order(n) => std::slice::from_ref(n),
            Type::Int | Type::Bool => &[],
        }
    }

    /// Adds a variable.
    pub fn declare(&mut self, name: Ident, ty: Type, mutable: bool) -> VarId {
        self.vars.push(Var { name, ty, active: false, mutable });
        VarId(self.vars.len() - 1)
    }
}
