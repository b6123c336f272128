//! Integers and conditions.

use super::{Expr, Place, Var};
use proc_macro2::Ident;

/// An integer or a condition, or an array of them.
///
/// It is *uniform* if every sample of a batch has the same, and *varying* if it comes from a label or a comparison of floats:
/// see `check::varying`.
#[derive(Debug, Clone)]
pub enum Discrete {
    /// A literal or a const generic: printed as the user wrote it.
    Path(syn::Expr),
    /// A constant whose type the macro cannot see, or an element of it.
    Constant(Constant),
    /// The value of a place.
    Read(Place),
    /// Negation, logical not.
    Unary(syn::UnOp, Box<Discrete>),
    /// Arithmetic, comparison, logic.
    Binary(syn::BinOp, Box<Discrete>, Box<Discrete>),
    /// An integer method.
    Method(Box<Discrete>, Ident, Vec<Discrete>),
    /// `as` another integer type.
    Cast(Box<Discrete>, syn::Type),
    /// A comparison of floats.
    Compare(syn::BinOp, Box<Expr>, Box<Expr>),
    /// `x.is_nan()`, `x.is_finite()`.
    Test(Ident, Box<Expr>),
    /// A float as an integer, truncated.
    Truncated(Box<Expr>),
    /// `argsort`, `rank`, `argmax`, ... of an array.
    Call(&'static str, Place),
    /// The smallest (or largest) over the samples that are evaluated together: bounds of a loop.
    Extreme { largest: bool, of: Box<Discrete> },
    /// An array with the same element everywhere; lengths outermost first.
    Filled(Box<Discrete>, Vec<Discrete>),
    /// An array by its elements.
    Array(Vec<Discrete>),
}

/// A path to a constant of the user's, with the indices and fields that select a part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// As the user wrote it.
    pub path: syn::Expr,
    /// What is selected.
    pub parts: Vec<Part>,
}

/// A step into a constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// `[i]`
    Index(Discrete),
    /// `.0`
    Field(syn::Index),
}

impl Constant {
    /// The whole of it.
    pub fn whole(path: syn::Expr) -> Self {
        Constant { path, parts: Vec::new() }
    }
    /// A part of it.
    pub fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }
    /// How many elements it has. The rows of an array are of the same length: which one it is does not matter.
    pub fn len(&self) -> Discrete {
        let parts = self.parts.iter().map(|part| match part {
            Part::Index(_) => Part::Index(Discrete::lit(0)),
            part => part.clone(),
        });
        let any = Constant { path: self.path.clone(), parts: parts.collect() };
        let len = Ident::new("len", proc_macro2::Span::call_site());
        Discrete::Method(Box::new(Discrete::Constant(any)), len, Vec::new())
    }
    /// The indices among its parts.
    pub fn indices(&self) -> impl Iterator<Item = &Discrete> {
        self.parts.iter().filter_map(|part| match part {
            Part::Index(index) => Some(index),
            Part::Field(_) => None,
        })
    }
}

impl PartialEq for Discrete {
    fn eq(&self, other: &Self) -> bool {
        use Discrete::*;
        match (self, other) {
            (Path(a), Path(b)) => a == b,
            (Constant(a), Constant(b)) => a == b,
            (Read(a), Read(b)) => a == b,
            (Unary(f, a), Unary(g, b)) => f == g && a == b,
            (Binary(f, a, b), Binary(g, c, d)) => f == g && a == c && b == d,
            (Method(a, f, x), Method(b, g, y)) => a == b && f == g && x == y,
            (Cast(a, t), Cast(b, u)) => a == b && t == u,
            (Compare(f, a, b), Compare(g, c, d)) => f == g && a == c && b == d,
            (Test(f, a), Test(g, b)) => f == g && a == b,
            (Truncated(a), Truncated(b)) => a == b,
            (Call(f, a), Call(g, b)) => f == g && a == b,
            (Extreme { largest: f, of: a }, Extreme { largest: g, of: b }) => f == g && a == b,
            (Filled(a, m), Filled(b, n)) => a == b && m == n,
            (Array(a), Array(b)) => a == b,
            _ => false,
        }
    }
}

impl Discrete {
    /// A literal.
    pub fn lit(n: usize) -> Discrete {
        let n = syn::LitInt::new(&n.to_string(), proc_macro2::Span::call_site());
        Discrete::Path(syn::parse_quote!(#n))
    }

    /// Arithmetic, comparison, logic; the operator by its symbol.
    pub fn binary(a: Discrete, op: syn::BinOp, b: Discrete) -> Discrete {
        Discrete::Binary(op, Box::new(a), Box::new(b))
    }

    /// a + b, folded where one of them is 0.
    pub fn plus(a: Discrete, b: Discrete) -> Discrete {
        match (a.literal(), b.literal()) {
            (Some(x), Some(y)) if x.checked_add(y).is_some() => Discrete::lit(x + y),
            (Some(0), _) => b,
            (_, Some(0)) => a,
            _ => Discrete::binary(a, syn::parse_quote!(+), b),
        }
    }

    /// a - b, folded where b is 0.
    pub fn minus(a: Discrete, b: Discrete) -> Discrete {
        match b.literal() {
            Some(0) => a,
            _ => Discrete::binary(a, syn::parse_quote!(-), b),
        }
    }

    /// a * b, folded where one of them is 1.
    pub fn times(a: Discrete, b: Discrete) -> Discrete {
        match (a.literal(), b.literal()) {
            (Some(1), _) => b,
            (_, Some(1)) => a,
            _ => Discrete::binary(a, syn::parse_quote!(*), b),
        }
    }

    /// `a.name(b)`
    pub fn method(a: Discrete, name: &str, b: Discrete) -> Discrete {
        Discrete::Method(Box::new(a), Ident::new(name, proc_macro2::Span::call_site()), vec![b])
    }

    /// The number, if it is a literal.
    pub fn literal(&self) -> Option<usize> {
        match self {
            Discrete::Path(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. })) => {
                n.base10_parse().ok()
            }
            _ => None,
        }
    }

    /// Calls `f` on its direct parts.
    pub fn for_each_part(&self, f: &mut impl FnMut(&Discrete)) {
        use Discrete::*;
        match self {
            Path(_) | Compare(..) | Test(..) | Truncated(_) | Call(..) | Read(_) => {}
            Constant(constant) => constant.indices().for_each(f),
            Unary(_, a) | Cast(a, _) | Extreme { of: a, .. } => f(a),
            Binary(_, a, b) => {
                f(a);
                f(b);
            }
            Method(a, _, args) => {
                f(a);
                args.iter().for_each(f);
            }
            Filled(a, dims) => {
                f(a);
                dims.iter().for_each(f);
            }
            Array(elems) => elems.iter().for_each(f),
        }
    }

    /// Calls `f` on every place it reads, indices included.
    pub fn for_each_read(&self, f: &mut dyn FnMut(&Place)) {
        use Discrete::*;
        match self {
            Read(place) | Call(_, place) => place.for_each_read(f),
            Compare(_, a, b) => {
                a.for_each_read(f);
                b.for_each_read(f);
            }
            Test(_, a) | Truncated(a) => a.for_each_read(f),
            other => other.for_each_part(&mut |part| part.for_each_read(f)),
        }
    }

    /// May differ between the samples that are evaluated together.
    pub fn is_varying(&self, vars: &[Var]) -> bool {
        use Discrete::*;
        match self {
            Compare(..) | Test(..) | Truncated(_) | Call(..) => true,
            Extreme { .. } => false,
            Read(place) => place.is_varying(vars) || vars[place.var.0].varying,
            other => {
                let mut varying = false;
                other.for_each_part(&mut |part| varying |= part.is_varying(vars));
                varying
            }
        }
    }

    /// Whether evaluating it where the user's program would not could go wrong: an index out of range, an integer below zero,
    /// a division by zero.
    pub fn is_risky(&self) -> bool {
        use Discrete::*;
        match self {
            Read(place) => !place.indices.is_empty(),
            Constant(constant) => constant.indices().next().is_some(),
            Compare(_, a, b) => a.is_risky() || b.is_risky(),
            Test(_, a) | Truncated(a) => a.is_risky(),
            Call(_, place) => !place.indices.is_empty(),
            Method(..) => true,
            Binary(op, ..)
                if !matches!(
                    op,
                    syn::BinOp::Add(_)
                        | syn::BinOp::Eq(_)
                        | syn::BinOp::Ne(_)
                        | syn::BinOp::Lt(_)
                        | syn::BinOp::Le(_)
                        | syn::BinOp::Gt(_)
                        | syn::BinOp::Ge(_)
                        | syn::BinOp::And(_)
                        | syn::BinOp::Or(_)
                ) =>
            {
                true
            }
            other => {
                let mut risky = false;
                other.for_each_part(&mut |part| risky |= part.is_risky());
                risky
            }
        }
    }
}
