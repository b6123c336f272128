//! Float expressions.

use super::{Constant, Discrete, Place, Var, VarId};
use crate::builtins::Builtin;

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
    /// A float constant of the user's, or an element of it.
    Const(Constant),
    /// An integer as a float.
    FromInt(Discrete),
    /// The value of a place.
    Read(Place),
    /// -x
    Neg(Box<Expr>),
    /// Arithmetic.
    Binary(Op, Box<Expr>, Box<Expr>),
    /// x to an integer power.
    Powi(Box<Expr>, Discrete),
    /// A builtin.
    Call(&'static Builtin, Vec<Expr>),
    /// The derivative of a builtin with respect to its first argument; what it takes, its rule says.
    Derivative(&'static Builtin, Vec<Expr>),
    /// The elements of a place in sorted order.
    Gather(Place, VarId),
    /// An array with the same scalar everywhere; lengths outermost first.
    Filled(Box<Expr>, Vec<Discrete>),
    /// An array by its elements.
    Array(Vec<Expr>),
}

impl Expr {
    /// Zero; an array of zeros if there are lengths, outermost first.
    pub fn zeros(dims: Vec<Discrete>) -> Expr {
        let zero = Expr::Lit(0.0);
        if dims.is_empty() { zero } else { Expr::Filled(Box::new(zero), dims) }
    }

    /// The value of a whole variable.
    pub fn var(var: VarId) -> Expr {
        Expr::Read(Place::of(var))
    }

    /// Calls `f` on every place it reads, indices included.
    pub fn for_each_read(&self, f: &mut dyn FnMut(&Place)) {
        match self {
            Expr::Lit(_) => {}
            Expr::Const(constant) => constant.indices().for_each(|i| i.for_each_read(f)),
            Expr::FromInt(int) => int.for_each_read(f),
            Expr::Read(place) => place.for_each_read(f),
            Expr::Gather(place, order) => {
                place.for_each_read(f);
                f(&Place::of(*order));
            }
            Expr::Neg(a) => a.for_each_read(f),
            Expr::Powi(a, n) => {
                a.for_each_read(f);
                n.for_each_read(f);
            }
            Expr::Filled(a, dims) => {
                a.for_each_read(f);
                dims.iter().for_each(|n| n.for_each_read(f));
            }
            Expr::Binary(_, a, b) => {
                a.for_each_read(f);
                b.for_each_read(f);
            }
            Expr::Call(_, args) | Expr::Derivative(_, args) | Expr::Array(args) => {
                args.iter().for_each(|a| a.for_each_read(f));
            }
        }
    }

    /// Whether evaluating it where the user's program would not could go wrong: an index out of range, say.
    pub fn is_risky(&self) -> bool {
        match self {
            Expr::Lit(_) => false,
            Expr::Const(constant) => constant.indices().next().is_some(),
            Expr::FromInt(int) => int.is_risky(),
            Expr::Read(place) => !place.indices.is_empty(),
            Expr::Gather(place, _) => !place.indices.is_empty(),
            Expr::Neg(a) | Expr::Filled(a, _) => a.is_risky(),
            Expr::Powi(a, n) => a.is_risky() || n.is_risky(),
            Expr::Binary(_, a, b) => a.is_risky() || b.is_risky(),
            Expr::Call(_, args) | Expr::Derivative(_, args) | Expr::Array(args) => {
                args.iter().any(Expr::is_risky)
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
