//! How large values get: names that stand for tuples, iterators and constants are copied where they are used, and a copy of
//! copies of copies is too large to be compiled.

use super::iter::Iter;
use super::value::{Untyped, Value};
use crate::ir::{Constant, Discrete, Expr, Place};

/// Values heavier than this are refused. A number of a sum weighs 1, an element of a tuple 32.
pub const HEAVIEST: usize = 20_000;

/// Arithmetic with constants of an unknown type that has more operands than this is refused.
pub const LONGEST_UNTYPED: usize = 64;

/// Counts what a value is made of, up to a limit.
pub struct Weight(pub usize);

impl Weight {
    /// Of a value, or more than [`HEAVIEST`].
    pub fn of(value: &Value) -> usize {
        let mut weight = Weight(0);
        weight.value(value);
        weight.0
    }

    /// Adds; whether there is room for more.
    fn add(&mut self, n: usize) -> bool {
        self.0 += n;
        self.0 <= HEAVIEST
    }

    pub fn value(&mut self, value: &Value) {
        if !self.add(32) {
            return;
        }
        match value {
            Value::Float(e, dims) => {
                self.expr(e);
                dims.iter().for_each(|n| self.discrete(n));
            }
            Value::Discrete(e, ty) => {
                self.discrete(e);
                ty.dims.iter().for_each(|n| self.discrete(n));
            }
            Value::Constant(constant) => self.constant(constant),
            Value::Untyped(untyped) => self.untyped(untyped),
            Value::Tuple(values) | Value::Rows(values) => values.iter().for_each(|value| self.value(value)),
            Value::Slice { of, offset, len } => {
                self.place(of);
                self.discrete(offset);
                self.discrete(len);
            }
            Value::Iter(iter) => self.iter(iter),
            Value::Closure(_) | Value::Function(_) => {}
        }
    }

    fn iter(&mut self, iter: &Iter) {
        if self.add(32) {
            iter.weigh(self);
        }
    }

    fn expr(&mut self, e: &Expr) {
        if !self.add(1) {
            return;
        }
        match e {
            Expr::Lit(_) => {}
            Expr::Const(constant) => self.constant(constant),
            Expr::FromInt(int) => self.discrete(int),
            Expr::Read(place) | Expr::Gather(place, _) => self.place(place),
            Expr::Neg(a) => self.expr(a),
            Expr::Binary(_, a, b) => {
                self.expr(a);
                self.expr(b);
            }
            Expr::Powi(a, n) => {
                self.expr(a);
                self.discrete(n);
            }
            Expr::Filled(a, dims) => {
                self.expr(a);
                dims.iter().for_each(|n| self.discrete(n));
            }
            Expr::Call(_, args) | Expr::Derivative(_, args) | Expr::Array(args) => {
                args.iter().for_each(|arg| self.expr(arg));
            }
        }
    }

    pub fn discrete(&mut self, e: &Discrete) {
        if !self.add(1) {
            return;
        }
        match e {
            Discrete::Path(_) => {}
            Discrete::Constant(constant) => self.constant(constant),
            Discrete::Read(place) | Discrete::Call(_, place) => self.place(place),
            Discrete::Unary(_, a) | Discrete::Cast(a, _) | Discrete::Extreme { of: a, .. } => {
                self.discrete(a)
            }
            Discrete::Binary(_, a, b) => {
                self.discrete(a);
                self.discrete(b);
            }
            Discrete::Method(a, _, args) => {
                self.discrete(a);
                args.iter().for_each(|arg| self.discrete(arg));
            }
            Discrete::Compare(_, a, b) => {
                self.expr(a);
                self.expr(b);
            }
            Discrete::Test(_, a) | Discrete::Truncated(a) => self.expr(a),
            Discrete::Filled(a, dims) => {
                self.discrete(a);
                dims.iter().for_each(|n| self.discrete(n));
            }
            Discrete::Array(elements) => elements.iter().for_each(|e| self.discrete(e)),
        }
    }

    fn place(&mut self, place: &Place) {
        place.indices.iter().for_each(|i| self.discrete(i));
    }

    fn constant(&mut self, constant: &Constant) {
        constant.indices().for_each(|i| self.discrete(i));
    }

    pub fn untyped(&mut self, untyped: &Untyped) {
        if !self.add(1) {
            return;
        }
        match untyped {
            Untyped::Constant(constant) => self.constant(constant),
            Untyped::Neg(a) => self.untyped(a),
            Untyped::Binary(_, a, b) => {
                self.untyped(a);
                self.untyped(b);
            }
        }
    }
}
