//! Statements.

use super::pattern::Mode;
use super::value::{Scope, Value};
use super::{Expected, Front};
use crate::errors::Outcome;
use crate::ir::{Block, Discrete, Expr, Op, Place, Stmt};
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::{BinOp, Pat};

impl Front<'_> {
    /// Lowers statements into the open block; the value of a tail expression, if there is one.
    pub(super) fn stmts(&mut self, stmts: &[syn::Stmt]) -> Outcome<Option<Value>> {
        let mut failed = None;
        let mut tail = None;
        // The last expression of a function has the function's type.
        let result_type = self.result_type.take();
        for (i, stmt) in stmts.iter().enumerate() {
            let last = i + 1 == stmts.len();
            let outcome = match stmt {
                syn::Stmt::Expr(e, None) if last && is_value(e) => {
                    self.expr_of_type(e, result_type.clone(), None).map(|value| tail = Some(value))
                }
                syn::Stmt::Expr(e, _) => self.statement(e),
                syn::Stmt::Local(local) => self.local(local),
                syn::Stmt::Item(syn::Item::Const(item)) => self.constant_item(item),
                syn::Stmt::Item(item) => Err(self.errors.at(
                    item.span(),
                    "declare items outside of the function; only a `const` may stand inside",
                )),
                syn::Stmt::Macro(m) => Err(self.refuse_macro(&m.mac)),
            };
            failed = outcome.err().or(failed);
        }
        failed.map_or(Ok(tail), Err)
    }

    /// Lowers a block that stays one: what it declares ends with it.
    pub(super) fn block(&mut self, block: &syn::Block) -> Outcome<(Block, Option<Value>)> {
        let outer = std::mem::take(&mut self.out);
        self.names.open();
        let tail = self.inline_block(block);
        self.names.close();
        let inner = std::mem::replace(&mut self.out, outer);
        Ok((inner, tail?))
    }

    /// Lowers a block into the open one: its statements run there, its names end with it.
    pub(super) fn inline_block(&mut self, block: &syn::Block) -> Outcome<Option<Value>> {
        self.scopes.push(Scope::new());
        let tail = self.stmts(&block.stmts);
        self.scopes.pop();
        tail
    }

    /// A block whose value, if any, is not used.
    pub(super) fn unit_block(&mut self, block: &syn::Block) -> Outcome<Block> {
        self.nested(|front| front.unit_stmts(block))
    }

    /// The statements of a block without a value, into the open block.
    pub(super) fn unit_stmts(&mut self, block: &syn::Block) -> Outcome<()> {
        match self.inline_block(block)? {
            None => Ok(()),
            Some(Value::Tuple(values)) if values.is_empty() => Ok(()),
            Some(_) => Err(self
                .errors
                .at(block.stmts.last().span(), "this value is not used: assign it, or end it with `;`")),
        }
    }

    /// `const N: usize = 4;` in the function: generated code has it as well.
    fn constant_item(&mut self, item: &syn::ItemConst) -> Outcome<()> {
        let name = &item.ident;
        self.items.push(item.clone());
        let value = Value::Constant(crate::ir::Constant::whole(syn::parse_quote!(#name)));
        let value = match &item.ty {
            ty if super::params::element(ty).is_some() => {
                let ty = self.ty(ty)?;
                self.as_type(value, &ty, name.span())?
            }
            _ => value,
        };
        self.bind(name, super::value::Binding::Value(value));
        Ok(())
    }

    fn local(&mut self, local: &syn::Local) -> Outcome<()> {
        let Some(init) = &local.init else {
            self.poison(&local.pat);
            return Err(self
                .errors
                .at(local.span(), "give the variable a value where it is declared: `let mut x = 0.0;`"));
        };
        if let Some((token, _)) = &init.diverge {
            self.poison(&local.pat);
            return Err(self
                .errors
                .at(token.span(), "`let .. else` is not understood: write `if`, or `match` on integers"));
        }
        let first = self.vars.len();
        let outcome = self.initial_value(&local.pat, &init.expr).and_then(|value| {
            let borrowed = matches!(&*init.expr, syn::Expr::Reference(_));
            let mode = if borrowed { Mode::Borrow } else { Mode::Own { fresh: first } };
            self.bind_pattern(&local.pat, value, mode, init.expr.span())
        });
        if outcome.is_err() {
            // Later uses of the name would only repeat the error.
            self.poison(&local.pat);
        }
        outcome
    }

    /// The value of a `let`, as the type and with the name that it gives.
    fn initial_value(&mut self, pat: &Pat, init: &syn::Expr) -> Outcome<Value> {
        let (name, ty) = match pat {
            Pat::Ident(pat) => (Some(&pat.ident), None),
            Pat::Type(typed) => match &*typed.pat {
                Pat::Ident(pat) => (Some(&pat.ident), Some(&*typed.ty)),
                _ => (None, Some(&*typed.ty)),
            },
            _ => (None, None),
        };
        self.expr_of_type(init, ty.cloned(), name.cloned())
    }

    /// An expression whose type, and the name of the variable it is for, are known.
    pub(super) fn expr_of_type(
        &mut self,
        e: &syn::Expr,
        ty: Option<syn::Type>,
        name: Option<Ident>,
    ) -> Outcome<Value> {
        self.expected = Expected { ty, name };
        let value = self.expr(e);
        self.expected = Expected::default();
        value
    }

    /// A statement.
    pub(super) fn statement(&mut self, e: &syn::Expr) -> Outcome<()> {
        match e {
            syn::Expr::ForLoop(e) => self.for_loop(e),
            syn::Expr::While(e) if self.relaxed && e.label.is_none() => self.while_loop(e),
            syn::Expr::If(e) => self.if_statement(e),
            syn::Expr::Match(e) => self.match_statement(e),
            syn::Expr::Block(e) if e.label.is_none() => self.unit_stmts(&e.block),
            syn::Expr::Assign(e) => self.assignment(e),
            syn::Expr::Binary(e) if is_compound(&e.op) => self.compound(e),
            syn::Expr::MethodCall(e) if e.method == "swap" && e.args.len() == 2 => self.swap(e),
            syn::Expr::MethodCall(e) if e.method == "fill" && e.args.len() == 1 => self.fill(e),
            syn::Expr::Paren(e) => self.statement(&e.expr),
            syn::Expr::Tuple(e) if e.elems.is_empty() => Ok(()),
            e => match self.expr(e)? {
                Value::Tuple(values) if values.is_empty() => Ok(()),
                _ => {
                    Err(self.errors.at(e.span(), "this value is not used: assign it or remove the statement"))
                }
            },
        }
    }

    fn assignment(&mut self, e: &syn::ExprAssign) -> Outcome<()> {
        if let syn::Expr::Tuple(targets) = &*e.left {
            let value = self.expr(&e.right)?;
            let Value::Tuple(values) = self.taken(value, e.right.span())? else {
                return Err(self.errors.at(e.right.span(), "expected a tuple here"));
            };
            if values.len() != targets.elems.len() {
                return Err(self
                    .errors
                    .at(e.left.span(), "this pattern has another number of elements than the value"));
            }
            let outcomes: Vec<_> = targets
                .elems
                .iter()
                .zip(values)
                .filter(|(target, _)| !matches!(target, syn::Expr::Infer(_)))
                .map(|(target, value)| self.assign_to(target, value, e.right.span()))
                .collect();
            return outcomes.into_iter().collect();
        }
        if matches!(&*e.left, syn::Expr::Infer(_)) {
            return self.expr(&e.right).map(|_| ());
        }
        let target = self.expr(&e.left)?;
        let expected = target.ty().and_then(|ty| type_tokens(&ty));
        let value = self.expr_of_type(&e.right, expected, None)?;
        let value = if matches!(value, Value::Tuple(_)) { self.taken(value, e.right.span())? } else { value };
        self.assign_to(&e.left, value, e.right.span())
    }

    fn assign_to(&mut self, target: &syn::Expr, value: Value, span: Span) -> Outcome<()> {
        match (self.expr(target)?, value) {
            (Value::Tuple(slots), Value::Tuple(values)) if slots.len() == values.len() => {
                let outcomes: Vec<_> = slots
                    .into_iter()
                    .zip(values)
                    .map(|(slot, value)| {
                        let place = self.target(slot, target.span())?;
                        self.fit(place, value, span)
                    })
                    .collect();
                outcomes.into_iter().collect()
            }
            (Value::Rows(slots), Value::Rows(values)) if slots.len() == values.len() => {
                let outcomes: Vec<_> = slots
                    .into_iter()
                    .zip(values)
                    .map(|(slot, value)| {
                        let place = self.target(slot, target.span())?;
                        self.fit(place, value, span)
                    })
                    .collect();
                outcomes.into_iter().collect()
            }
            (slot, value) => {
                let place = self.target(slot, target.span())?;
                self.fit(place, value, span)
            }
        }
    }

    fn fit(&mut self, place: Place, value: Value, span: Span) -> Outcome<()> {
        let ty = crate::ir::Type { kind: self.vars[place.var.0].ty.kind, dims: self.dims(&place) };
        let value = self.as_type(value, &ty, span)?;
        self.assign(place, value);
        Ok(())
    }

    /// `x += e` and the like.
    fn compound(&mut self, e: &syn::ExprBinary) -> Outcome<()> {
        let target = self.expr(&e.left)?;
        let place = self.target(target, e.left.span())?;
        let value = self.expr(&e.right)?;
        if !self.dims(&place).is_empty() {
            return Err(self
                .errors
                .at(e.left.span(), "arithmetic works on numbers: loop over the elements, `x[i] += ..`"));
        }
        if self.vars[place.var.0].ty.is_discrete() {
            let (op, _) = plain_operator(&e.op).expect("it is a compound operator");
            let conditions = self.vars[place.var.0].ty.kind == crate::ir::Kind::Bool;
            if conditions && !matches!(op, BinOp::BitAnd(_) | BinOp::BitOr(_) | BinOp::BitXor(_)) {
                return Err(self.errors.at(e.op.span(), "this operator does not work on conditions"));
            }
            let value = match conditions {
                true => self.as_condition(value, e.right.span())?,
                false => self.int(value, e.right.span())?,
            };
            let value = Discrete::binary(Discrete::Read(place.clone()), op, value);
            self.vars[place.var.0].mutable = true;
            self.out.push(Stmt::AssignDiscrete { place, value });
            return Ok(());
        }
        let value = self.scalar(value, e.right.span())?;
        self.vars[place.var.0].mutable = true;
        let Some((_, Some(op))) = plain_operator(&e.op) else {
            return Err(self.errors.at(e.op.span(), "this operator does not work on floats"));
        };
        self.out.push(match op {
            Op::Add => Stmt::Accumulate { place, value },
            Op::Sub => Stmt::Accumulate { place, value: Expr::neg(value) },
            op => {
                let old = Box::new(Expr::Read(place.clone()));
                Stmt::Assign { place, value: Expr::Binary(op, old, Box::new(value)) }
            }
        });
        Ok(())
    }

    fn swap(&mut self, e: &syn::ExprMethodCall) -> Outcome<()> {
        let base = self.expr(&e.receiver)?;
        let mut values = Vec::new();
        for index in &e.args {
            let value = self.operand(index)?;
            let at = self.int(value, index.span())?;
            let element = self.index(base.clone(), at, e.receiver.span())?;
            let place = self.target(element.clone(), e.receiver.span())?;
            values.push((place, element));
        }
        let first = self.taken(values[0].1.clone(), e.span())?;
        self.assign(values[0].0.clone(), values[1].1.clone());
        self.assign(values[1].0.clone(), first);
        Ok(())
    }

    fn fill(&mut self, e: &syn::ExprMethodCall) -> Outcome<()> {
        let target = self.expr(&e.receiver)?;
        let place = self.target(target, e.receiver.span())?;
        let value = self.operand(&e.args[0])?;
        let dims = self.dims(&place);
        if let [n, row @ ..] = &dims[..]
            && !row.is_empty()
        {
            // Rows.
            let ty = crate::ir::Type { kind: self.vars[place.var.0].ty.kind, dims: row.to_vec() };
            let row = self.as_type(value, &ty, e.args[0].span())?;
            let value = self.repeated(row, n.clone(), e.args[0].span())?;
            self.assign(place, value);
            return Ok(());
        }
        let value = match self.vars[place.var.0].ty.kind {
            crate::ir::Kind::Float => {
                let value = self.scalar(value, e.args[0].span())?;
                Value::Float(Expr::Filled(Box::new(value), dims.clone()), dims)
            }
            kind => {
                let value = match kind {
                    crate::ir::Kind::Bool => self.as_condition(value, e.args[0].span())?,
                    _ => self.int(value, e.args[0].span())?,
                };
                let ty = crate::ir::Type { kind, dims: dims.clone() };
                Value::Discrete(Discrete::Filled(Box::new(value), dims), ty)
            }
        };
        self.assign(place, value);
        Ok(())
    }

    /// A place that may be assigned to.
    fn target(&mut self, value: Value, span: Span) -> Outcome<Place> {
        let Some(place) = value.place().cloned() else {
            let message = match value {
                Value::Constant(_) | Value::Function(_) => {
                    "this is no variable of the function: what changes must be declared in it with `let mut`"
                        .to_owned()
                }
                value => format!("expected a variable or an element of one here, found {}", value.describe()),
            };
            return Err(self.errors.at(span, message));
        };
        if self.vars[place.var.0].parameter {
            // rustc says so, on the user's function.
            return Err(self.errors.silent());
        }
        if place.var.0 < self.barrier {
            return Err(self.errors.at(
                span,
                "a block that is part of an expression cannot assign to a variable outside of it: assign before the expression",
            ));
        }
        Ok(place)
    }
}

/// The type as syntax: for what takes its length from where it is assigned to.
fn type_tokens(ty: &crate::ir::Type) -> Option<syn::Type> {
    let element: syn::Type = match ty.kind {
        crate::ir::Kind::Float => syn::parse_quote!(f32),
        crate::ir::Kind::Int => syn::parse_quote!(usize),
        crate::ir::Kind::Bool => syn::parse_quote!(bool),
    };
    ty.dims.iter().rev().try_fold(element, |inner, n| match n {
        Discrete::Path(n) => Some(syn::parse_quote!([#inner; #n])),
        Discrete::Constant(n) if n.parts.is_empty() => {
            let n = &n.path;
            Some(syn::parse_quote!([#inner; #n]))
        }
        _ => None,
    })
}

/// Expressions that are statements even without `;`.
pub(super) fn is_statement(e: &syn::Expr) -> bool {
    match e {
        syn::Expr::ForLoop(_) | syn::Expr::While(_) | syn::Expr::Loop(_) | syn::Expr::Assign(_) => true,
        syn::Expr::Binary(e) => is_compound(&e.op),
        syn::Expr::Block(e) => !has_tail(&e.block),
        syn::Expr::If(e) => !has_tail(&e.then_branch),
        syn::Expr::Match(e) => {
            e.arms.first().is_some_and(|arm| is_statement(&arm.body) || is_unit(&arm.body))
        }
        syn::Expr::MethodCall(e) => {
            matches!((&*e.method.to_string(), e.args.len()), ("swap", 2) | ("fill" | "for_each", 1))
        }
        _ => false,
    }
}

fn is_unit(e: &syn::Expr) -> bool {
    matches!(e, syn::Expr::Tuple(tuple) if tuple.elems.is_empty())
}

/// Whether an expression at the end of a block is the block's value.
fn is_value(e: &syn::Expr) -> bool {
    !is_statement(e) && !is_unit(e)
}

/// The block ends in a value.
pub(super) fn has_tail(block: &syn::Block) -> bool {
    matches!(block.stmts.last(), Some(syn::Stmt::Expr(e, None)) if is_value(e))
}

fn is_compound(op: &BinOp) -> bool {
    plain_operator(op).is_some()
}

/// The operator that a compound assignment applies, and the float operation that is.
fn plain_operator(op: &BinOp) -> Option<(BinOp, Option<Op>)> {
    Some(match op {
        BinOp::AddAssign(_) => (syn::parse_quote!(+), Some(Op::Add)),
        BinOp::SubAssign(_) => (syn::parse_quote!(-), Some(Op::Sub)),
        BinOp::MulAssign(_) => (syn::parse_quote!(*), Some(Op::Mul)),
        BinOp::DivAssign(_) => (syn::parse_quote!(/), Some(Op::Div)),
        BinOp::RemAssign(_) => (syn::parse_quote!(%), None),
        BinOp::BitAndAssign(_) => (syn::parse_quote!(&), None),
        BinOp::BitOrAssign(_) => (syn::parse_quote!(|), None),
        BinOp::BitXorAssign(_) => (syn::parse_quote!(^), None),
        BinOp::ShlAssign(_) => (syn::parse_quote!(<<), None),
        BinOp::ShrAssign(_) => (syn::parse_quote!(>>), None),
        _ => return None,
    })
}
