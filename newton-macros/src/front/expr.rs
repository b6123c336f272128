//! Expressions.

use super::stmt::has_tail;
use super::{Binding, Front, Value};
use crate::errors::{Outcome, Reported};
use crate::ir::{Block, Expr, Op, Place, Static, Stmt, Type, VarId};
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::{BinOp, Lit, UnOp};

impl Front<'_> {
    /// An operand: lowered like any expression, but it must not assign to what other operands may read.
    pub(super) fn operand(&mut self, e: &syn::Expr) -> Outcome<Value> {
        let outer = std::mem::replace(&mut self.barrier, self.vars.len());
        let value = self.expr(e);
        self.barrier = outer;
        value
    }

    pub(super) fn expr(&mut self, e: &syn::Expr) -> Outcome<Value> {
        let refuse = |front: &mut Self, message: &str| Err(front.errors.at(e.span(), message));
        match e {
            syn::Expr::Paren(e) => self.expr(&e.expr),
            syn::Expr::Group(e) => self.expr(&e.expr),
            syn::Expr::Lit(lit) => self.literal(&lit.lit, e),
            syn::Expr::Path(_) | syn::Expr::Index(_) => self.read(e),
            syn::Expr::Reference(r) if r.mutability.is_none() => self.expr(&r.expr),
            syn::Expr::Unary(u) if matches!(u.op, UnOp::Deref(_)) => self.expr(&u.expr),
            syn::Expr::Unary(u) => self.unary(u),
            syn::Expr::Binary(b) => self.binary(b),
            syn::Expr::Cast(c) => self.cast(c),
            syn::Expr::Call(c) => self.call(c),
            syn::Expr::MethodCall(c) => self.method(c),
            syn::Expr::If(branch) => {
                let (var, dims) = self.if_value(branch, &Ident::new("chosen", Span::call_site()))?;
                Ok(Value::Float(Expr::var(var), dims))
            }
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
            syn::Expr::Macro(m) => Err(self.refuse_macro(&m.mac)),
            syn::Expr::While(_) | syn::Expr::Loop(_) => refuse(
                self,
                "the number of steps must not depend on floats: write `for step in 0..n` with a `usize` parameter or const \
                 generic `n`",
            ),
            syn::Expr::Return(_) => {
                refuse(self, "a loss has one exit: end the function with its value, without `return`")
            }
            syn::Expr::Break(_) | syn::Expr::Continue(_) => {
                refuse(self, "a loss has no jumps: put what follows into an `if` on integers")
            }
            syn::Expr::Match(_) => {
                refuse(self, "`match` is not understood: write `if .. else if ..` on integers")
            }
            syn::Expr::Closure(_) => refuse(self, "closures are not understood: write a `for` loop"),
            syn::Expr::Range(_) => refuse(self, "slices are not understood: index single elements in a loop"),
            syn::Expr::Reference(_) => {
                refuse(self, "`&mut` is not understood: assign to the array's elements directly")
            }
            syn::Expr::Assign(_) => refuse(self, "an assignment is not a value"),
            _ => refuse(self, "this expression is not understood in a loss"),
        }
    }

    fn literal(&mut self, lit: &Lit, e: &syn::Expr) -> Outcome<Value> {
        match lit {
            Lit::Float(x) => self.float_literal(x.base10_parse::<f64>().ok(), e),
            Lit::Int(x) if x.suffix() == "f32" => self.float_literal(x.base10_parse::<f64>().ok(), e),
            Lit::Int(_) => Ok(Value::Int(Static::Path(e.clone()))),
            Lit::Bool(_) => Ok(Value::Bool(Static::Path(e.clone()))),
            _ => Err(self.errors.at(e.span(), "expected a number")),
        }
    }

    fn float_literal(&mut self, value: Option<f64>, e: &syn::Expr) -> Outcome<Value> {
        match value {
            Some(x) => Ok(Value::Float(Expr::Lit(x), Vec::new())),
            None => Err(self.errors.at(e.span(), "this is not a number that `f32` can hold")),
        }
    }

    /// A variable, an element, or a constant.
    fn read(&mut self, e: &syn::Expr) -> Outcome<Value> {
        if let syn::Expr::Path(path) = e {
            let generic = |ident: &Ident| {
                self.const_generics.iter().find(|(name, _)| name == ident).map(|(_, is_bool)| *is_bool)
            };
            match path.path.get_ident() {
                Some(ident) if self.lookup(ident).is_none() && generic(ident).is_some() => {
                    let path = Static::Path(e.clone());
                    return Ok(if generic(ident) == Some(true) {
                        Value::Bool(path)
                    } else {
                        Value::Int(path)
                    });
                }
                Some(ident) if self.lookup(ident).is_none() => return Ok(Value::Constant(e.clone())),
                Some(_) => {}
                None => return Ok(Value::Constant(e.clone())),
            }
        }
        let place = self.place(e)?;
        Ok(match &self.vars[place.var.0].ty {
            Type::Int => Value::Int(Static::Var(place.var)),
            Type::Bool => Value::Bool(Static::Var(place.var)),
            _ => {
                let dims = self.dims(&place);
                Value::Float(Expr::Read(place), dims)
            }
        })
    }

    /// A variable or an element of it.
    pub(super) fn place(&mut self, e: &syn::Expr) -> Outcome<Place> {
        match e {
            syn::Expr::Paren(e) => self.place(&e.expr),
            syn::Expr::Group(e) => self.place(&e.expr),
            syn::Expr::Reference(e) => self.place(&e.expr),
            syn::Expr::Unary(u) if matches!(u.op, UnOp::Deref(_)) => self.place(&u.expr),
            syn::Expr::Path(path) => {
                let binding = path.path.get_ident().and_then(|ident| self.lookup(ident));
                match binding {
                    Some(Binding::Var(var)) => Ok(Place { var, indices: Vec::new(), span: e.span() }),
                    Some(Binding::Alias(place)) => Ok(Place { span: e.span(), ..place }),
                    Some(Binding::Refused) => Err(Reported),
                    None => Err(self.errors.at(
                        e.span(),
                        "this is no variable of the loss: pass it as a parameter (statics and captured values have no derivative)",
                    )),
                }
            }
            syn::Expr::Index(index) => {
                let mut place = self.place(&index.expr)?;
                let value = self.operand(&index.index)?;
                let at = self.int(value, index.index.span())?;
                if self.dims(&place).is_empty() {
                    return Err(self
                        .errors
                        .at(e.span(), "this is a number, not an array: it has no elements"));
                }
                place.indices.push(at);
                place.span = e.span();
                Ok(place)
            }
            e => Err(self.errors.at(e.span(), "expected a variable or an element: `x`, `x[i]`, `x[i][j]`")),
        }
    }

    fn unary(&mut self, u: &syn::ExprUnary) -> Outcome<Value> {
        let value = self.operand(&u.expr)?;
        match (&u.op, value) {
            (UnOp::Neg(_), Value::Int(a)) => Ok(Value::Int(Static::Unary(u.op, Box::new(a)))),
            (UnOp::Neg(_), Value::Constant(_)) => Ok(Value::Constant(syn::Expr::Unary(u.clone()))),
            (UnOp::Neg(_), value) => {
                Ok(Value::Float(Expr::neg(self.scalar(value, u.expr.span())?), Vec::new()))
            }
            (UnOp::Not(_), Value::Bool(a)) => Ok(Value::Bool(Static::Unary(u.op, Box::new(a)))),
            _ => Err(self.errors.at(u.span(), "this operator is not understood here")),
        }
    }

    fn binary(&mut self, b: &syn::ExprBinary) -> Outcome<Value> {
        let (left, right) = (self.operand(&b.left), self.operand(&b.right));
        let (left, right) = (left?, right?);
        let floats = matches!(left, Value::Float(..)) || matches!(right, Value::Float(..));
        if let (Value::Float(_, dims), _) | (_, Value::Float(_, dims)) = (&left, &right)
            && !dims.is_empty()
        {
            return Err(self.errors.at(b.span(), "arithmetic works on numbers: loop over the elements"));
        }
        let float_op = match b.op {
            BinOp::Add(_) => Some(Op::Add),
            BinOp::Sub(_) => Some(Op::Sub),
            BinOp::Mul(_) => Some(Op::Mul),
            BinOp::Div(_) => Some(Op::Div),
            _ => None,
        };
        if floats {
            let Some(op) = float_op else {
                return Err(self.refuse_float_operator(b));
            };
            let (l, r) = (self.scalar(left, b.left.span()), self.scalar(right, b.right.span()));
            return Ok(Value::Float(Expr::Binary(op, Box::new(l?), Box::new(r?)), Vec::new()));
        }
        if let (Value::Constant(_), Value::Constant(_), Some(_)) = (&left, &right, float_op) {
            return Ok(Value::Constant(syn::Expr::Binary(b.clone())));
        }
        let logic = matches!(b.op, BinOp::And(_) | BinOp::Or(_));
        let compares = matches!(
            b.op,
            BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_)
        );
        let mut side = |value: Value, span: Span| match value {
            Value::Bool(s) if logic || compares => Ok(s),
            value => self.int(value, span),
        };
        let (l, r) = (side(left, b.left.span()), side(right, b.right.span()));
        let whole = Static::Binary(b.op, Box::new(l?), Box::new(r?));
        Ok(if logic || compares { Value::Bool(whole) } else { Value::Int(whole) })
    }

    fn refuse_float_operator(&mut self, b: &syn::ExprBinary) -> Reported {
        let message = match b.op {
            BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) | BinOp::Eq(_) | BinOp::Ne(_) => {
                "a branch on floats is not understood: write it with `.max(..)`, `.min(..)`, `.abs()` or a smooth step such as \
                 `sigmoid(beta * (b - a))`"
            }
            BinOp::Rem(_) => "the remainder of floats is not understood",
            _ => "this operator does not work on floats",
        };
        self.errors.at(b.op.span(), message)
    }

    fn cast(&mut self, c: &syn::ExprCast) -> Outcome<Value> {
        let value = self.operand(&c.expr)?;
        let to_float = super::params::is_ident(&c.ty, "f32");
        match value {
            Value::Float(expr, dims) if to_float && dims.is_empty() => Ok(Value::Float(expr, dims)),
            Value::Float(..) => Err(self.errors.at(
                c.span(),
                "a float cannot steer the loss: integers come from constants, loop variables and `usize` parameters",
            )),
            value => {
                let int = match value {
                    Value::Bool(b) => Static::Cast(Box::new(b), syn::parse_quote!(u8)),
                    value => self.int(value, c.expr.span())?,
                };
                Ok(if to_float {
                    Value::Float(Expr::FromInt(int), Vec::new())
                } else {
                    Value::Int(Static::Cast(Box::new(int), (*c.ty).clone()))
                })
            }
        }
    }

    /// `if` as a value: a variable, so called, that all branches assign. Also its dimensions.
    pub(super) fn if_value(&mut self, e: &syn::ExprIf, name: &Ident) -> Outcome<(VarId, Vec<Static>)> {
        let mut target = None;
        let stmt = self.branches(e, name, &mut target)?;
        let (var, dims) = target.expect("the first branch declared it");
        let zero = Expr::Lit(0.0);
        let init = if dims.is_empty() { zero } else { Expr::Filled(Box::new(zero), dims.clone()) };
        self.out.push(Stmt::Let { var, init });
        self.out.push(stmt);
        Ok((var, dims))
    }

    fn branches(
        &mut self,
        e: &syn::ExprIf,
        name: &Ident,
        target: &mut Option<(VarId, Vec<Static>)>,
    ) -> Outcome<Stmt> {
        let cond = self.condition(&e.cond);
        let then = self.branch(&e.then_branch, name, target);
        let otherwise = match &e.else_branch {
            None => Err(self.errors.at(e.span(), "an `if` that is a value needs an `else`")),
            Some((_, other)) => match &**other {
                syn::Expr::If(e) => {
                    let outer = std::mem::take(&mut self.out);
                    let stmt = self.branches(e, name, target);
                    let mut inner = std::mem::replace(&mut self.out, outer);
                    stmt.map(|stmt| {
                        inner.push(stmt);
                        inner
                    })
                }
                syn::Expr::Block(e) => self.branch(&e.block, name, target),
                e => Err(self.errors.at(e.span(), "expected a block or `if` after `else`")),
            },
        };
        Ok(Stmt::If { cond: cond?, then: then?, otherwise: otherwise? })
    }

    /// A branch that ends by assigning its value to the target, which the first branch declares.
    fn branch(
        &mut self,
        block: &syn::Block,
        name: &Ident,
        target: &mut Option<(VarId, Vec<Static>)>,
    ) -> Outcome<Block> {
        if !has_tail(block) {
            return Err(self
                .errors
                .at(block.span(), "this branch has no value: end it with an expression without `;`"));
        }
        let (mut stmts, value) = self.block(block)?;
        let (value, dims) = match value.expect("it has a tail") {
            Value::Float(expr, dims) => (expr, dims),
            value => (self.scalar(value, block.span())?, Vec::new()),
        };
        let (var, expected) = match target {
            Some(target) => target.clone(),
            None => {
                let var = self.declare(name, Type::Float(dims.clone()));
                self.vars[var.0].mutable = true;
                target.insert((var, dims.clone())).clone()
            }
        };
        if dims.len() != expected.len() {
            return Err(self.errors.at(block.span(), "the branches have values of different types"));
        }
        stmts.push(Stmt::Assign { place: Place::of(var), value });
        Ok(stmts)
    }

    fn array(&mut self, a: &syn::ExprArray) -> Outcome<Value> {
        let elems: Vec<_> =
            a.elems.iter().map(|e| self.operand(e).and_then(|v| self.scalar(v, e.span()))).collect();
        let elems = elems.into_iter().collect::<Outcome<Vec<_>>>()?;
        let n = elems.len();
        let dims = vec![Static::Path(syn::parse_quote!(#n))];
        Ok(Value::Float(Expr::Array(elems), dims))
    }

    fn repeat(&mut self, r: &syn::ExprRepeat) -> Outcome<Value> {
        let length = self.operand(&r.len)?;
        let mut dims = vec![self.int(length, r.len.span())?];
        match self.operand(&r.expr)? {
            Value::Float(Expr::Filled(scalar, inner), _) => {
                dims.extend(inner);
                Ok(Value::Float(Expr::Filled(scalar, dims.clone()), dims))
            }
            Value::Float(scalar, inner) if inner.is_empty() => {
                Ok(Value::Float(Expr::Filled(Box::new(scalar), dims.clone()), dims))
            }
            Value::Float(..) => {
                Err(self.errors.at(r.span(), "repeat a number, `[[0.0; M]; N]`, and fill the rows in a loop"))
            }
            value => {
                let scalar = self.scalar(value, r.expr.span())?;
                Ok(Value::Float(Expr::Filled(Box::new(scalar), dims.clone()), dims))
            }
        }
    }

    pub(super) fn refuse_macro(&mut self, mac: &syn::Macro) -> Reported {
        let name = mac.path.segments.last().map_or(String::new(), |s| s.ident.to_string());
        self.errors.at(
            mac.span(),
            format_args!("`{name}!` cannot be differentiated: remove it from the loss, or check in a function around it"),
        )
    }
}
