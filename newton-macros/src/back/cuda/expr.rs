//! Float expressions.

use super::Printer;
use crate::builtins::{Arg, Builtin, Rule};
use crate::ir::{Discrete, Expr, Op, Place};

/// How tightly printed text binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bind {
    Or,
    And,
    Compare,
    Sum,
    Product,
    Prefix,
    Atom,
}

/// Text and how tightly it binds.
pub struct Text(pub String, pub Bind);

impl Text {
    /// In parentheses if it binds less tightly.
    pub fn at_least(self, bind: Bind) -> String {
        let Text(text, own) = self;
        if own < bind { format!("({text})") } else { text }
    }
}

impl Printer<'_> {
    /// As an active scalar.
    pub fn active(&self, e: &Expr) -> Text {
        if e.is_active(&self.program.vars) {
            return self.expr(e);
        }
        let s = &self.scalar;
        Text(
            match e {
                Expr::Lit(x) => format!("{s}({})", literal(*x)),
                Expr::Const(constant) => format!("{s}({}({}))", self.passive, self.constant(constant)),
                e => format!("{s}({})", self.expr(e).0),
            },
            Bind::Atom,
        )
    }

    /// As a passive scalar.
    pub fn passive(&self, e: &Expr) -> Text {
        if !e.is_active(&self.program.vars) {
            return self.expr(e);
        }
        Text(format!("nl::value({})", self.expr(e).0), Bind::Atom)
    }

    /// As what it is.
    pub fn expr(&self, e: &Expr) -> Text {
        let p = &self.passive;
        let atom = |text| Text(text, Bind::Atom);
        match e {
            Expr::Lit(x) => atom(format!("{p}({})", literal(*x))),
            Expr::Const(constant) => atom(format!("{p}({})", self.constant(constant))),
            Expr::FromInt(int) => atom(format!("{p}({})", self.discrete(int).0)),
            Expr::Read(place) => atom(self.place(place)),
            Expr::Neg(a) => Text(format!("-{}", self.expr(a).at_least(Bind::Atom)), Bind::Prefix),
            Expr::Binary(op, a, b) => {
                let (symbol, bind, tighter) = match op {
                    Op::Add => ("+", Bind::Sum, Bind::Product),
                    Op::Sub => ("-", Bind::Sum, Bind::Product),
                    Op::Mul => ("*", Bind::Product, Bind::Prefix),
                    Op::Div => ("/", Bind::Product, Bind::Prefix),
                };
                Text(
                    format!("{} {symbol} {}", self.expr(a).at_least(bind), self.expr(b).at_least(tighter)),
                    bind,
                )
            }
            Expr::Powi(a, n) => atom(format!("nl::powi({}, {})", self.expr(a).0, self.discrete(n).0)),
            Expr::Call(builtin, args) => {
                // Whichever argument is active, the name is the same: C++ has overloads.
                atom(format!("nl::{}({})", builtin.name, self.arguments(builtin, args).join(", ")))
            }
            Expr::Derivative(builtin, args) => {
                let args = match builtin.rule {
                    Rule::OfValue => vec![self.expr(&args[0]).0],
                    _ => self.arguments(builtin, args),
                };
                atom(format!("nl::{}_d({})", builtin.name, args.join(", ")))
            }
            Expr::Gather(place, order) => {
                atom(format!("nl::gather({}, {})", self.place(place), self.var(*order)))
            }
            Expr::Filled(..) | Expr::Array(_) => unreachable!("arrays are printed with their type"),
        }
    }

    /// An array of floats of a type, or one of them.
    pub fn array(&self, e: &Expr, active: bool, dims: &[Discrete]) -> String {
        let element = if active { &self.scalar } else { &self.passive };
        let ty = self.array_type(element, dims);
        match e {
            Expr::Filled(value, _) if matches!(**value, Expr::Lit(0.0)) => format!("{ty}{{}}"),
            Expr::Filled(value, inner) => {
                let rest = dims.get(inner.len()..).unwrap_or_default();
                format!("nl::filled<{ty}>({})", self.array(value, active, rest))
            }
            Expr::Array(elems) => {
                let rest = dims.get(1..).unwrap_or_default();
                let elems: Vec<String> = elems.iter().map(|e| self.array(e, active, rest)).collect();
                format!("{ty}{{{{{}}}}}", elems.join(", "))
            }
            Expr::Const(constant) if !dims.is_empty() => format!("nl::to<{ty}>({})", self.constant(constant)),
            e if !dims.is_empty() => {
                let text = self.expr(e).0;
                if active && !e.is_active(&self.program.vars) {
                    format!("nl::to<{ty}>({text})")
                } else {
                    text
                }
            }
            e if active => self.active(e).0,
            e => self.passive(e).0,
        }
    }

    /// Arguments as the builtin takes them: active together or passive together.
    fn arguments(&self, builtin: &Builtin, args: &[Expr]) -> Vec<String> {
        let any = args.iter().any(|a| a.is_active(&self.program.vars));
        let one = |(arg, kind): (&Expr, &Arg)| match (kind, arg) {
            (kind, Expr::Read(place)) if kind.rank() > 0 => self.place(place),
            (Arg::Scalar, arg) if any => self.active(arg).0,
            (_, arg) => self.passive(arg).0,
        };
        args.iter().zip(builtin.args).map(one).collect()
    }

    /// The place itself.
    pub fn place(&self, place: &Place) -> String {
        let mut text = self.var(place.var);
        for index in &place.indices {
            text.push_str(&format!("[{}]", self.discrete(index).0));
        }
        text
    }
}

/// As short as it can be: `1e-10`, `0`.
pub fn literal(x: f64) -> String {
    if x == 0.0 && x.is_sign_positive() || x == 1.0 { format!("{x}") } else { format!("{x:?}") }
}
