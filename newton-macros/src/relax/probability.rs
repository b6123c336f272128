//! Conditions as probabilities, and the relaxed smaller and larger of floats.

use super::attr::Conorm;
use super::{Pass, function, span_of};
use crate::builtins::{Builtin, Syntax};
use crate::ir::{Discrete, Expr, Part, Place, Stmt, Type, VarId};
use proc_macro2::Span;
use syn::BinOp;

impl Pass<'_> {
    /// The new value of a variable that has become a float; the value as it was, if it has not.
    pub(super) fn soft(&mut self, var: VarId, value: Discrete, span: Span) -> Result<Expr, Discrete> {
        if self.marks.probabilities.contains(&var) {
            return Ok(self.probability(value));
        }
        if self.marks.weights.contains_key(&var) {
            return Ok(self.weights(value, span));
        }
        Err(value)
    }

    /// How likely a condition holds.
    pub(super) fn probability(&mut self, cond: Discrete) -> Expr {
        match cond {
            Discrete::Compare(op, a, b) => {
                let (a, b) = (self.expr(*a), self.expr(*b));
                self.comparison(op, a, b)
            }
            Discrete::Read(ref place) if self.marks.is_soft(&cond) => self.read(place.clone()),
            Discrete::Cast(a, _) if self.marks.is_soft(&a) => self.probability(*a),
            Discrete::Unary(syn::UnOp::Not(_), a) => {
                let p = self.probability(*a);
                complement(p)
            }
            Discrete::Binary(op, a, b) if self.marks.is_soft(&a) || self.marks.is_soft(&b) => {
                let span = span_of(&a);
                let (p, q) = (self.probability(*a), self.probability(*b));
                let (p, q) = (self.named("p", p), self.named("q", q));
                match op {
                    BinOp::And(_) | BinOp::BitAnd(_) => Expr::mul(p, q),
                    BinOp::Or(_) | BinOp::BitOr(_) => self.either(p, q),
                    BinOp::Ne(_) | BinOp::BitXor(_) => differ(p, q),
                    BinOp::Eq(_) => complement(differ(p, q)),
                    _ => {
                        self.errors.at(
                            span,
                            "a relaxed condition is a probability: there is no arithmetic with it but `!`, `&&`, `||`, `==` and `!=`; \
                             take it as a float, `(a < b) as usize as f32`",
                        );
                        Expr::Lit(0.0)
                    }
                }
            }
            Discrete::Filled(a, dims) => Expr::Filled(Box::new(self.probability(*a)), dims),
            Discrete::Array(elems) => Expr::Array(elems.into_iter().map(|e| self.probability(e)).collect()),
            Discrete::Path(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Bool(b), .. })) => {
                Expr::Lit(if b.value { 1.0 } else { 0.0 })
            }
            hard => {
                let hard = self.hard(hard);
                one_if(hard)
            }
        }
    }

    fn comparison(&mut self, op: BinOp, a: Expr, b: Expr) -> Expr {
        let beta = self.beta.clone();
        let gap = |a: Expr, b: Expr| Expr::mul(beta.clone(), Expr::add(a, Expr::neg(b)));
        match op {
            BinOp::Lt(_) | BinOp::Le(_) => sigmoid(gap(b, a)),
            BinOp::Gt(_) | BinOp::Ge(_) => sigmoid(gap(a, b)),
            // sech(x / 2)^2 = 4 sigmoid(x) sigmoid(-x)
            op => {
                let gap = self.named("gap", gap(a, b));
                let sides = Expr::mul(sigmoid(gap.clone()), sigmoid(Expr::neg(gap)));
                let equal = Expr::mul(Expr::Lit(4.0), sides);
                if matches!(op, BinOp::Eq(_)) { equal } else { complement(equal) }
            }
        }
    }

    /// The t-conorm of two probabilities.
    pub(super) fn either(&self, p: Expr, q: Expr) -> Expr {
        let sum = Expr::add(p.clone(), q.clone());
        let product = Expr::mul(p, q);
        match self.relax.conorm {
            Conorm::Probabilistic => Expr::add(sum, Expr::neg(product)),
            Conorm::Hamacher(r) => {
                let above = Expr::add(sum, Expr::mul(Expr::Lit(r - 2.0), product.clone()));
                Expr::div(above, Expr::add(Expr::Lit(1.0), Expr::mul(Expr::Lit(r - 1.0), product)))
            }
            Conorm::Yager => {
                let min = Builtin::find(Syntax::Method, "min").expect("in the table");
                Expr::Call(min, vec![sum, Expr::Lit(1.0)])
            }
        }
    }

    /// The smaller or larger of two: each weighted by how likely it is that.
    pub(super) fn extreme_of_two(&mut self, largest: bool, args: Vec<Expr>) -> Expr {
        let mut args = args.into_iter();
        let (a, b) = (args.next().expect("two arguments"), args.next().expect("two arguments"));
        let (a, b) = (self.named("a", a), self.named("b", b));
        let gap = Expr::add(a.clone(), Expr::neg(b.clone()));
        let gap = if largest { gap } else { Expr::neg(gap) };
        let p = sigmoid(Expr::mul(self.beta.clone(), gap));
        let p = Expr::var(self.store("p", p));
        super::branch::mixture(&p, a, b)
    }

    /// The smallest or largest of an array: its elements weighted by how likely each is that.
    pub(super) fn extreme_of_array(&mut self, largest: bool, args: Vec<Expr>) -> Expr {
        let array = args.into_iter().next().expect("one argument");
        let Some(array) = self.array(array) else { return Expr::Lit(0.0) };
        let builtin = Builtin::internal(if largest { "relaxed_max" } else { "relaxed_min" });
        Expr::Call(builtin, vec![Expr::Read(array), self.beta.clone()])
    }

    /// An array of floats in a variable; none if it is no array, which the checks report.
    pub(super) fn array(&mut self, array: Expr) -> Option<Place> {
        if let Expr::Read(place) = array {
            return (!self.program.dims(&place).is_empty()).then_some(place);
        }
        let len = self.len(&array)?;
        let var = self.declare("values", Type::float(vec![len]));
        self.out.push(Stmt::Let { var, init: array });
        Some(Place::of(var))
    }

    /// The length of an array of floats.
    fn len(&self, array: &Expr) -> Option<Discrete> {
        match array {
            Expr::Read(place) => self.program.dims(place).first().cloned(),
            Expr::Gather(place, _) => self.program.dims(place).first().cloned(),
            Expr::Filled(_, dims) => dims.first().cloned(),
            Expr::Array(elems) => Some(Discrete::lit(elems.len())),
            Expr::Call(builtin, args) => {
                let &(arg, dim) = builtin.shape.first()?;
                match &args[arg] {
                    Expr::Read(place) => self.program.dims(place).get(dim).cloned(),
                    arg => self.len(arg),
                }
            }
            Expr::Const(constant) => {
                let mut row = constant.clone();
                row.parts.push(Part::Index(Discrete::lit(0)));
                Some(row.len())
            }
            _ => None,
        }
    }

    /// How likely each element is the smallest or largest: softmin or softmax of `beta x`.
    pub(super) fn weights_over(&mut self, largest: bool, array: Place) -> Expr {
        let builtin = Builtin::internal(if largest { "relaxed_argmax" } else { "relaxed_argmin" });
        Expr::Call(builtin, vec![Expr::Read(array), self.beta.clone()])
    }
}

/// 1 where a condition holds, else 0.
pub(super) fn one_if(hard: Discrete) -> Expr {
    Expr::FromInt(Discrete::Cast(Box::new(hard), syn::parse_quote!(usize)))
}

/// 1 - p
pub(super) fn complement(p: Expr) -> Expr {
    Expr::add(Expr::Lit(1.0), Expr::neg(p))
}

/// p (1 - q) + (1 - p) q
fn differ(p: Expr, q: Expr) -> Expr {
    Expr::add(Expr::mul(p.clone(), complement(q.clone())), Expr::mul(complement(p), q))
}

fn sigmoid(x: Expr) -> Expr {
    Expr::Call(function("sigmoid"), vec![x])
}
