//! Symbolic derivatives of an expression with respect to the places it reads.
//!
//! All contributions of one statement to one place are summed before they are multiplied by the statement's adjoint: for
//! `a * u + (1 - a) * w` that is one product, `adjoint * (u - w)`, instead of two.

use crate::builtins::{Builtin, Rule};
use crate::ir::{Discrete, Expr, Op, Place, Var};
use std::f64::consts::{LN_2, LOG2_E, LOG10_E};

/// `(place, d e / d place)` for every active place read by `e`. `value` is where the value of `e` can be read, if `e` is a
/// builtin that needs it, or a quotient.
pub fn partials(e: &Expr, value: Option<&Expr>, vars: &[Var]) -> Vec<(Place, Expr)> {
    let mut walk = Walk { vars, value, found: Vec::new() };
    walk.visit(e, Expr::Lit(1.0), true);
    walk.found
}

struct Walk<'a> {
    vars: &'a [Var],
    value: Option<&'a Expr>,
    found: Vec<(Place, Expr)>,
}

impl Walk<'_> {
    /// Adds `weight * d e / d place` for all places. `top`: `e` is the whole right-hand side.
    fn visit(&mut self, e: &Expr, weight: Expr, top: bool) {
        if !e.is_active(self.vars) {
            return;
        }
        match e {
            Expr::Read(place) => match self.found.iter_mut().find(|(p, _)| p == place) {
                Some((_, sum)) => *sum = Expr::add(std::mem::replace(sum, Expr::Lit(0.0)), weight),
                None => self.found.push((place.clone(), weight)),
            },
            Expr::Neg(a) => self.visit(a, Expr::neg(weight), false),
            Expr::Binary(Op::Add, a, b) => {
                self.visit(a, weight.clone(), false);
                self.visit(b, weight, false);
            }
            Expr::Binary(Op::Sub, a, b) => {
                self.visit(a, weight.clone(), false);
                self.visit(b, Expr::neg(weight), false);
            }
            Expr::Binary(Op::Mul, a, b) => {
                self.visit(a, Expr::mul(weight.clone(), (**b).clone()), false);
                self.visit(b, Expr::mul(weight, (**a).clone()), false);
            }
            Expr::Binary(Op::Div, a, b) => {
                let over = Expr::div(weight, (**b).clone());
                self.visit(a, over.clone(), false);
                if b.is_active(self.vars) {
                    let quotient = self.value.filter(|_| top).cloned().unwrap_or_else(|| e.clone());
                    self.visit(b, Expr::neg(Expr::mul(over, quotient)), false);
                }
            }
            Expr::Powi(a, n) => {
                let less = one_less(n);
                let power = match less.literal() {
                    Some(1) => (**a).clone(),
                    _ => Expr::Powi(a.clone(), less),
                };
                let d = Expr::mul(Expr::FromInt(n.clone()), power);
                self.visit(a, Expr::mul(weight, d), false);
            }
            Expr::Call(builtin, args) => {
                let first = self.derivative(builtin, args, top);
                if builtin.rule == Rule::Either {
                    let second = Expr::Binary(Op::Sub, Box::new(Expr::Lit(1.0)), Box::new(first.clone()));
                    self.visit(&args[1], Expr::mul(weight.clone(), second), false);
                }
                if builtin.rule == Rule::Both {
                    let second = Builtin::internal(&format!("{}_d2", builtin.name));
                    let second = Expr::Call(second, args.clone());
                    self.visit(&args[1], Expr::mul(weight.clone(), second), false);
                }
                self.visit(&args[0], Expr::mul(weight, first), false);
            }
            // Array values have their own reverse statements.
            _ => {}
        }
    }

    /// Derivative of a scalar builtin with respect to its first argument.
    fn derivative(&self, builtin: &'static Builtin, args: &[Expr], top: bool) -> Expr {
        let x = || args[0].clone();
        let value =
            || self.value.filter(|_| top).cloned().unwrap_or_else(|| Expr::Call(builtin, args.to_vec()));
        let call = |name, args: Vec<Expr>| {
            Expr::Call(Builtin::find(crate::builtins::Syntax::Method, name).expect("in the table"), args)
        };
        let plus_one = |e: Expr| Expr::Binary(Op::Add, Box::new(e), Box::new(Expr::Lit(1.0)));
        let minus_one = |e: Expr| Expr::Binary(Op::Sub, Box::new(e), Box::new(Expr::Lit(1.0)));
        let one_minus = |e: Expr| Expr::Binary(Op::Sub, Box::new(Expr::Lit(1.0)), Box::new(e));
        let square = |e: Expr| Expr::Binary(Op::Mul, Box::new(e.clone()), Box::new(e));
        // 1 - x^2 and x^2 - 1 without cancellation near 1.
        let one_minus_square = |x: Expr| Expr::mul(one_minus(x.clone()), plus_one(x));
        let square_minus_one = |x: Expr| Expr::mul(minus_one(x.clone()), plus_one(x));
        let over_root = |e: Expr| Expr::div(Expr::Lit(1.0), call("sqrt", vec![e]));
        match builtin.rule {
            Rule::OfValue => Expr::Derivative(builtin, vec![value()]),
            Rule::Written => match builtin.name {
                "exp" => value(),
                "exp2" => Expr::mul(Expr::Lit(LN_2), value()),
                "exp_m1" => plus_one(value()),
                "ln" => Expr::div(Expr::Lit(1.0), x()),
                "ln_1p" => Expr::div(Expr::Lit(1.0), plus_one(x())),
                "log2" => Expr::div(Expr::Lit(LOG2_E), x()),
                "log10" => Expr::div(Expr::Lit(LOG10_E), x()),
                "sqrt" => Expr::div(Expr::Lit(0.5), value()),
                "cbrt" => Expr::div(Expr::Lit(1.0 / 3.0), square(value())),
                "fract" => Expr::Lit(1.0),
                "recip" => Expr::neg(square(value())),
                "sin" => call("cos", vec![x()]),
                "cos" => Expr::neg(call("sin", vec![x()])),
                "tan" => plus_one(square(value())),
                "sinh" => call("cosh", vec![x()]),
                "cosh" => call("sinh", vec![x()]),
                "tanh" => one_minus(square(value())),
                "asinh" => over_root(plus_one(square(x()))),
                "acosh" => over_root(square_minus_one(x())),
                "atanh" => Expr::div(Expr::Lit(1.0), one_minus_square(x())),
                "asin" => over_root(one_minus_square(x())),
                "acos" => Expr::neg(over_root(one_minus_square(x()))),
                "atan" => Expr::div(Expr::Lit(1.0), plus_one(square(x()))),
                "powf" => Expr::mul(args[1].clone(), call("powf", vec![x(), minus_one(args[1].clone())])),
                name => unreachable!("`{name}` has no written rule"),
            },
            _ => Expr::Derivative(builtin, args.to_vec()),
        }
    }
}

/// n - 1 as the exponent of a derivative, but 0 for n = 0: the derivative is n x^0 = 0 there, also at x = 0.
fn one_less(n: &Discrete) -> Discrete {
    match n.literal() {
        Some(n) => Discrete::lit(n.saturating_sub(1)),
        None => {
            let signed: syn::Type = syn::parse_quote!(i32);
            let zero = Discrete::binary(n.clone(), syn::parse_quote!(==), Discrete::lit(0));
            let n = Discrete::Cast(Box::new(n.clone()), signed.clone());
            let less = Discrete::minus(n, Discrete::lit(1));
            Discrete::plus(less, Discrete::Cast(Box::new(zero), signed))
        }
    }
}
