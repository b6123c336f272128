//! Expressions.

use super::value::{Binding, Closure, Untyped, Value};
use super::weight::{HEAVIEST, Weight};
use super::{Expected, Front, constant};
use crate::errors::{Outcome, Reported};
use crate::ir::{Discrete, Expr, Kind, Op, Part, Place, Type};
use proc_macro2::Span;
use std::rc::Rc;
use syn::spanned::Spanned;
use syn::{BinOp, Lit, UnOp};

/// Expressions that nest deeper than this are refused: the compiler, and rustc after it, are recursive.
const DEEPEST: usize = 50;

/// Sums and products of more operands than this are refused.
const MOST_OPERANDS: usize = 200;

/// A function in which more expressions than this have to be lowered is refused.
pub(super) const MOST: usize = 50_000;

impl Front<'_> {
    /// An operand: lowered like any expression, but it must not assign to what other operands may read.
    pub(super) fn operand(&mut self, e: &syn::Expr) -> Outcome<Value> {
        let outer = std::mem::replace(&mut self.barrier, self.vars.len());
        let value = self.expr(e);
        self.barrier = outer;
        value
    }

    pub(super) fn expr(&mut self, e: &syn::Expr) -> Outcome<Value> {
        if self.depth > DEEPEST {
            return Err(self
                .errors
                .at(e.span(), "this nests too deeply: give parts of it a name with `let`"));
        }
        if self.left == 0 {
            // Said once.
            return Err(Reported);
        }
        self.left -= 1;
        if self.left == 0 {
            return Err(self.errors.at(
                e.span(),
                "closures are compiled wherever they are called, and here that is too often: make this a `#[newton_fn]`",
            ));
        }
        self.depth += 1;
        let value = self.any_expr(e);
        self.depth -= 1;
        match value {
            Ok(value) if Weight::of(&value) > HEAVIEST => {
                Err(self.errors.at(e.span(), "this is too long: give parts of it a name with `let`"))
            }
            value => value,
        }
    }

    fn any_expr(&mut self, e: &syn::Expr) -> Outcome<Value> {
        let Expected { ty, name } = std::mem::take(&mut self.expected);
        let refuse = |front: &mut Self, message: &str| Err(front.errors.at(e.span(), message));
        match e {
            syn::Expr::Paren(e) => self.expr_of_type(&e.expr, ty, name),
            syn::Expr::Group(e) => self.expr_of_type(&e.expr, ty, name),
            syn::Expr::Lit(lit) => self.literal(&lit.lit, e),
            syn::Expr::Path(path) => self.path(path, e),
            syn::Expr::Index(index) => self.indexed(index),
            syn::Expr::Field(field) => self.field(field),
            syn::Expr::Reference(r) => self.expr(&r.expr),
            syn::Expr::Unary(u) if matches!(u.op, UnOp::Deref(_)) => self.expr(&u.expr),
            syn::Expr::Unary(u) => self.unary(u),
            syn::Expr::Binary(b) => self.binary(b),
            syn::Expr::Cast(c) => self.cast(c),
            syn::Expr::Call(c) => self.call(c, ty, name),
            syn::Expr::MethodCall(c) => self.method(c),
            syn::Expr::If(branch) => self.if_value(branch, name, ty),
            syn::Expr::Match(m) => self.match_value(m, name, ty),
            syn::Expr::Block(b) if b.label.is_none() => match self.inline_block(&b.block)? {
                Some(value) => Ok(value),
                None => refuse(self, "this block has no value: end it with an expression without `;`"),
            },
            syn::Expr::Array(a) => self.array(a),
            syn::Expr::Repeat(r) => self.repeat(r),
            syn::Expr::Tuple(t) => {
                let values: Vec<_> = t.elems.iter().map(|e| self.operand(e)).collect();
                Ok(Value::Tuple(values.into_iter().collect::<Outcome<_>>()?))
            }
            syn::Expr::Range(range) => self.range_value(range),
            syn::Expr::Closure(text) => {
                Ok(Value::Closure(Rc::new(Closure { text: text.clone(), scopes: self.scopes.clone() })))
            }
            syn::Expr::Macro(m) => Err(self.refuse_macro(&m.mac)),
            syn::Expr::While(_) | syn::Expr::Loop(_) => refuse(
                self,
                "the number of steps is known before the loop starts: write `for step in 0..n` with a const generic, a `usize` \
                 parameter or an integer label `n`, and an `if` around what should stop changing; or relax the loop: \
                 `relax(logistic, beta = 10.0, max_iter = 18)`",
            ),
            syn::Expr::Return(_) => {
                refuse(self, "there is one exit: end the function with its value, without `return`")
            }
            syn::Expr::Break(_) | syn::Expr::Continue(_) => {
                refuse(self, "there are no jumps: put what follows into an `if`")
            }
            syn::Expr::Let(_) => {
                refuse(self, "`if let` is not understood: compare with `==`, or use `match` on integers")
            }
            syn::Expr::Assign(_) => {
                refuse(self, "an assignment is not a value: write it as a statement of its own")
            }
            syn::Expr::Struct(_) => refuse(self, "structs are not understood: use a tuple or an array"),
            syn::Expr::Try(_) => refuse(self, "nothing can fail here: remove `?`"),
            syn::Expr::Unsafe(_) => refuse(self, "`unsafe` has no place here: remove it"),
            _ => refuse(
                self,
                "this expression is not understood here: there are numbers, arrays, tuples, closures and iterators",
            ),
        }
    }

    fn literal(&mut self, lit: &Lit, e: &syn::Expr) -> Outcome<Value> {
        match lit {
            Lit::Float(x) if x.suffix() == "f64" => {
                Err(self.errors.at(e.span(), "write `f32`: it is compiled for `f64` as well"))
            }
            Lit::Float(x) => self.float_literal(x.base10_parse::<f64>().ok(), e),
            Lit::Int(x) if x.suffix() == "f32" => self.float_literal(x.base10_parse::<f64>().ok(), e),
            Lit::Int(_) => Ok(Value::int(Discrete::Path(e.clone()))),
            Lit::Bool(_) => Ok(Value::bool(Discrete::Path(e.clone()))),
            _ => Err(self.errors.at(e.span(), "expected a number")),
        }
    }

    fn float_literal(&mut self, value: Option<f64>, e: &syn::Expr) -> Outcome<Value> {
        match value.filter(|x| x.is_finite()) {
            Some(x) => Ok(Value::float(Expr::Lit(x))),
            None => Err(self.errors.at(e.span(), "this is not a number that `f32` can hold")),
        }
    }

    /// A variable, a const generic, a constant, or a function.
    fn path(&mut self, path: &syn::ExprPath, e: &syn::Expr) -> Outcome<Value> {
        let Some(ident) = path.path.get_ident() else {
            let last = path.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
            // Functions are written in lower case, constants are not.
            if last.starts_with(|c: char| c.is_lowercase()) {
                return Ok(Value::Function(path.clone()));
            }
            // Constants of the standard library say their type.
            let constant = constant(e);
            let kind = path.path.segments.iter().find_map(|segment| {
                let name = &segment.ident;
                super::params::element(&syn::parse_quote!(#name))
            });
            return match kind {
                Some(kind) => self.as_type(constant, &Type { kind, dims: Vec::new() }, e.span()),
                None => Ok(constant),
            };
        };
        match self.lookup(ident) {
            Some(binding) => self.bound(binding),
            None => match self.const_generics.iter().find(|(name, _)| name == ident) {
                Some((_, true)) => Ok(Value::bool(Discrete::Path(e.clone()))),
                Some((_, false)) => Ok(Value::int(Discrete::Path(e.clone()))),
                None if ident.to_string().starts_with(|c: char| c.is_lowercase()) => {
                    Ok(Value::Function(path.clone()))
                }
                None => Ok(constant(e)),
            },
        }
        .map(|value| spanned(value, e.span()))
    }

    fn bound(&mut self, binding: Binding) -> Outcome<Value> {
        match binding {
            Binding::Var(var) => Ok(self.read_place(Place::of(var))),
            Binding::Value(value) => Ok(value),
            Binding::Tuple(elements) => {
                let values: Vec<_> = elements.into_iter().map(|element| self.bound(element)).collect();
                Ok(Value::Tuple(values.into_iter().collect::<Outcome<_>>()?))
            }
            Binding::Rows(elements) => {
                let values: Vec<_> = elements.into_iter().map(|element| self.bound(element)).collect();
                Ok(Value::Rows(values.into_iter().collect::<Outcome<_>>()?))
            }
            Binding::Refused => Err(Reported),
        }
    }

    fn field(&mut self, field: &syn::ExprField) -> Outcome<Value> {
        let value = self.expr(&field.base)?;
        let syn::Member::Unnamed(index) = &field.member else {
            return Err(self
                .errors
                .at(field.member.span(), "structs are not understood: use a tuple or an array"));
        };
        match value {
            Value::Tuple(mut values) if (index.index as usize) < values.len() => {
                Ok(values.swap_remove(index.index as usize))
            }
            Value::Constant(constant) => Ok(Value::Constant(constant.part(Part::Field(index.clone())))),
            value => Err(self.errors.at(
                field.member.span(),
                format_args!("there is no element {} in {}", index.index, value.describe()),
            )),
        }
    }

    fn unary(&mut self, u: &syn::ExprUnary) -> Outcome<Value> {
        let value = self.operand(&u.expr)?;
        match (&u.op, value) {
            (UnOp::Neg(_), Value::Discrete(a, ty)) if ty == Type::INT => {
                Ok(Value::int(Discrete::Unary(u.op, Box::new(a))))
            }
            (UnOp::Neg(_), value @ (Value::Constant(_) | Value::Untyped(_))) => match untyped(value) {
                Ok(a) => Ok(Value::Untyped(Untyped::Neg(Box::new(a)))),
                Err(value) => Ok(value),
            },
            (UnOp::Neg(_), value) => Ok(Value::float(Expr::neg(self.scalar(value, u.expr.span())?))),
            (UnOp::Not(_), Value::Discrete(a, ty)) if ty.is_scalar() => {
                Ok(Value::Discrete(Discrete::Unary(u.op, Box::new(a)), ty))
            }
            (UnOp::Not(_), Value::Constant(c)) => {
                Ok(Value::bool(Discrete::Unary(u.op, Box::new(Discrete::Constant(c)))))
            }
            _ => Err(self.errors.at(u.span(), "this operator works on numbers and conditions")),
        }
    }

    fn binary(&mut self, b: &syn::ExprBinary) -> Outcome<Value> {
        if matches!(b.op, BinOp::And(_) | BinOp::Or(_)) {
            return self.logic(b);
        }
        // `a + b + c + ..` nests to the left: its operands one after the other instead of one inside the other.
        let mut operations = vec![b];
        let mut first = &b.left;
        while let syn::Expr::Binary(b) = &**first
            && float_operator(&b.op).is_some()
        {
            operations.push(b);
            first = &b.left;
        }
        if operations.len() > MOST_OPERANDS {
            return Err(self.errors.at(b.span(), "this is too long: give parts of it a name with `let`"));
        }
        let mut value = self.operand(first);
        while let Some(b) = operations.pop() {
            let right = self.operand(&b.right);
            value = value.and_then(|left| self.arithmetic(left, b.op, right?, b));
        }
        value
    }

    fn arithmetic(&mut self, left: Value, op: BinOp, right: Value, b: &syn::ExprBinary) -> Outcome<Value> {
        let is_array = |v: &Value| v.ty().is_some_and(|ty| !ty.is_scalar());
        if is_array(&left) || is_array(&right) {
            return Err(self.errors.at(
                b.span(),
                "arithmetic works on numbers: loop over the elements, or `std::array::from_fn(|i| a[i] + b[i])`",
            ));
        }
        let compares = is_comparison(&op);
        let float_op = float_operator(&op);
        let floats = matches!(left, Value::Float(..)) || matches!(right, Value::Float(..));
        if floats {
            let (l, r) = (self.scalar(left, b.left.span()), self.scalar(right, b.right.span()));
            let (l, r) = (Box::new(l?), Box::new(r?));
            return match float_op {
                Some(op) => Ok(Value::float(Expr::Binary(op, l, r))),
                None if compares => Ok(Value::bool(Discrete::Compare(op, l, r))),
                None => Err(self.errors.at(
                    b.op.span(),
                    match op {
                        BinOp::Rem(_) => {
                            "the remainder of floats is not understood: write `x - (x / p).floor() * p`"
                        }
                        _ => "this operator does not work on floats",
                    },
                )),
            };
        }
        let (left, right) = match (untyped(left), untyped(right), float_op) {
            (Ok(l), Ok(r), Some(_)) => {
                return Ok(Value::Untyped(Untyped::Binary(op, Box::new(l), Box::new(r))));
            }
            (l, r, _) => (typed(l), typed(r)),
        };
        let logical = |v: &Value| matches!(v, Value::Discrete(_, ty) if *ty == Type::BOOL);
        let conditions = logical(&left) || logical(&right);
        let (left, right) = if conditions {
            (self.as_condition(left, b.left.span())?, self.as_condition(right, b.right.span())?)
        } else {
            (self.int(left, b.left.span())?, self.int(right, b.right.span())?)
        };
        let whole = Discrete::binary(left, op, right);
        match op {
            _ if compares => Ok(Value::bool(whole)),
            BinOp::BitAnd(_) | BinOp::BitOr(_) | BinOp::BitXor(_) if conditions => Ok(Value::bool(whole)),
            _ if conditions => Err(self.errors.at(b.op.span(), "this operator does not work on conditions")),
            _ => Ok(Value::int(whole)),
        }
    }

    /// `a && b`, `a || b`: b is evaluated only where a does not decide.
    fn logic(&mut self, b: &syn::ExprBinary) -> Outcome<Value> {
        let left = self.operand(&b.left).and_then(|value| self.as_condition(value, b.left.span()));
        let outer = std::mem::take(&mut self.out);
        let right = self.operand(&b.right).and_then(|value| self.as_condition(value, b.right.span()));
        let inner = std::mem::replace(&mut self.out, outer);
        let (left, right) = (left?, right?);
        if inner.is_empty() && !right.is_risky() {
            return Ok(Value::bool(Discrete::binary(left, b.op, right)));
        }
        Ok(Value::bool(self.short_circuit(left, b.op, inner, right)))
    }

    fn cast(&mut self, c: &syn::ExprCast) -> Outcome<Value> {
        let value = self.operand(&c.expr)?;
        let Some(kind) = super::params::element(&c.ty) else {
            let message = if super::params::is_ident(&c.ty, "f64") {
                "write `f32`: it is compiled for `f64` as well"
            } else {
                "casts are to `f32` and to integers only"
            };
            return Err(self.errors.at(c.ty.span(), message));
        };
        match (value, kind) {
            (Value::Float(expr, dims), Kind::Float) if dims.is_empty() => Ok(Value::float(expr)),
            (Value::Float(expr, dims), Kind::Int) if dims.is_empty() => {
                let truncated = Box::new(Discrete::Truncated(Box::new(expr)));
                Ok(Value::int(Discrete::Cast(truncated, (*c.ty).clone())))
            }
            (Value::Constant(constant), Kind::Float) => Ok(Value::float(Expr::Const(constant))),
            (Value::Untyped(untyped), Kind::Float) => Ok(Value::float(untyped.float())),
            (value, kind) => {
                let int = match value {
                    Value::Discrete(b, ty) if ty == Type::BOOL => {
                        Discrete::Cast(Box::new(b), syn::parse_quote!(usize))
                    }
                    value => self.int(value, c.expr.span())?,
                };
                Ok(match kind {
                    Kind::Float => Value::float(Expr::FromInt(int)),
                    _ => Value::int(Discrete::Cast(Box::new(int), (*c.ty).clone())),
                })
            }
        }
    }

    pub(super) fn refuse_macro(&mut self, mac: &syn::Macro) -> Reported {
        let name = mac.path.segments.last().map_or(String::new(), |s| s.ident.to_string());
        self.errors.at(
            mac.span(),
            format_args!(
                "`{name}!` cannot be differentiated: remove it, or check in a function around this one"
            ),
        )
    }
}

/// The value with the span of where it is used, for messages.
pub(super) fn spanned(value: Value, span: Span) -> Value {
    match value {
        Value::Float(Expr::Read(place), dims) => Value::Float(Expr::Read(Place { span, ..place }), dims),
        Value::Discrete(Discrete::Read(place), ty) => {
            Value::Discrete(Discrete::Read(Place { span, ..place }), ty)
        }
        value => value,
    }
}

/// A number whose type is not known, or the value itself.
fn untyped(value: Value) -> Result<Untyped, Value> {
    match value {
        Value::Constant(constant) => Ok(Untyped::Constant(constant)),
        Value::Untyped(untyped) => Ok(untyped),
        value => Err(value),
    }
}

fn typed(number: Result<Untyped, Value>) -> Value {
    match number {
        Ok(Untyped::Constant(constant)) => Value::Constant(constant),
        Ok(untyped) => Value::Untyped(untyped),
        Err(value) => value,
    }
}

fn is_comparison(op: &BinOp) -> bool {
    use BinOp::*;
    matches!(op, Eq(_) | Ne(_) | Lt(_) | Le(_) | Gt(_) | Ge(_))
}

pub(super) fn float_operator(op: &BinOp) -> Option<Op> {
    Some(match op {
        BinOp::Add(_) => Op::Add,
        BinOp::Sub(_) => Op::Sub,
        BinOp::Mul(_) => Op::Mul,
        BinOp::Div(_) => Op::Div,
        _ => return None,
    })
}
