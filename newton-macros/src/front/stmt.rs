//! Statements.

use super::params::{is_ident, pattern_ident};
use super::{Binding, Front, Value};
use crate::errors::Outcome;
use crate::ir::{Adapter, Block, Expr, Op, Place, Range, Static, Stmt, Type};
use proc_macro2::{Ident, Span};
use std::collections::HashMap;
use syn::spanned::Spanned;
use syn::{BinOp, Pat};

impl Front<'_> {
    /// Lowers statements into the open block; the value of a tail expression, if there is one.
    pub(super) fn stmts(&mut self, stmts: &[syn::Stmt]) -> Outcome<Option<Value>> {
        let mut failed = None;
        let mut tail = None;
        for (i, stmt) in stmts.iter().enumerate() {
            let outcome = match stmt {
                syn::Stmt::Expr(e, None) if i + 1 == stmts.len() && !is_statement(e) => {
                    self.expr(e).map(|value| tail = Some(value))
                }
                // An `if` at the end may be a value; it is one exactly if its branches end in one.
                syn::Stmt::Expr(e @ syn::Expr::If(branch), None)
                    if i + 1 == stmts.len() && has_tail(&branch.then_branch) =>
                {
                    self.expr(e).map(|value| tail = Some(value))
                }
                syn::Stmt::Expr(e, _) => self.statement(e),
                syn::Stmt::Local(local) => self.local(local),
                syn::Stmt::Item(item) => {
                    Err(self.errors.at(item.span(), "declare items outside of the loss"))
                }
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
        self.scopes.push(HashMap::new());
        let tail = self.stmts(&block.stmts);
        self.scopes.pop();
        tail
    }

    /// A block whose value, if any, is not used.
    fn unit_block(&mut self, block: &syn::Block) -> Outcome<Block> {
        match self.block(block)? {
            (stmts, None) => Ok(stmts),
            (_, Some(_)) => Err(self
                .errors
                .at(block.stmts.last().span(), "this value is not used: assign it, or end it with `;`")),
        }
    }

    fn local(&mut self, local: &syn::Local) -> Outcome<()> {
        let Some(init) = &local.init else {
            self.poison(&local.pat);
            return Err(self
                .errors
                .at(local.span(), "give the variable a value where it is declared: `let mut x = 0.0;`"));
        };
        if let Some((token, _)) = &init.diverge {
            return Err(self.errors.at(token.span(), "`let .. else` has no place in a loss"));
        }
        let declared = self.declared_type(&local.pat);
        if let (Some(ident), syn::Expr::If(branch)) = (pattern_ident(&local.pat), &*init.expr) {
            return match self.if_value(branch, ident) {
                Ok((var, _)) => {
                    self.bind(ident, Binding::Var(var));
                    Ok(())
                }
                Err(reported) => {
                    self.poison(&local.pat);
                    Err(reported)
                }
            };
        }
        let value = self.expr(&init.expr);
        let (value, declared) = match (value, declared) {
            (Ok(value), Ok(declared)) => (value, declared),
            _ => {
                // Later uses of the name would only repeat the error.
                self.poison(&local.pat);
                return Err(crate::errors::Reported);
            }
        };
        self.bind_pattern(&local.pat, value, &init.expr, declared)
    }

    /// Whether a `let` says its type: float or integer, which decides what an unknown constant is.
    fn declared_type(&mut self, pat: &Pat) -> Outcome<Option<Type>> {
        match pat {
            Pat::Type(typed) if is_ident(&typed.ty, "usize") => Ok(Some(Type::Int)),
            Pat::Type(typed) if is_ident(&typed.ty, "bool") => Ok(Some(Type::Bool)),
            Pat::Type(typed) if matches!(&*typed.ty, syn::Type::Path(_)) && !is_ident(&typed.ty, "f32") => {
                Ok(None)
            }
            Pat::Type(typed) => match &*typed.ty {
                syn::Type::Reference(r) => Ok(Some(Type::Float(self.float_array(&r.elem)?))),
                syn::Type::Infer(_) => Ok(None),
                ty => Ok(Some(Type::Float(self.float_array(ty)?))),
            },
            _ => Ok(None),
        }
    }

    pub(super) fn poison(&mut self, pat: &Pat) {
        if let Some(ident) = pattern_ident(pat) {
            self.bind(ident, Binding::Refused);
        }
    }

    fn bind_pattern(
        &mut self,
        pat: &Pat,
        value: Value,
        init: &syn::Expr,
        declared: Option<Type>,
    ) -> Outcome<()> {
        match (pat, value) {
            (Pat::Tuple(pats), Value::Tuple(values)) if pats.elems.len() == values.len() => pats
                .elems
                .iter()
                .zip(values)
                .try_for_each(|(pat, value)| self.bind_pattern(pat, value, init, None)),
            (Pat::Wild(_), _) => Ok(()),
            (pat, value) => match pattern_ident(pat) {
                Some(ident) => self.bind_value(ident, value, init, declared),
                None => Err(self
                    .errors
                    .at(pat.span(), "give the variable a plain name: `let x = ..` or `let (a, b) = ..`")),
            },
        }
    }

    fn bind_value(
        &mut self,
        ident: &Ident,
        value: Value,
        init: &syn::Expr,
        declared: Option<Type>,
    ) -> Outcome<()> {
        let value = match (value, &declared) {
            (Value::Constant(path), Some(Type::Int)) => Value::Int(Static::Path(path)),
            (Value::Constant(path), Some(Type::Float(_))) => Value::Float(Expr::Const(path), Vec::new()),
            (value, _) => value,
        };
        match value {
            // A reference is another name for the place.
            Value::Float(Expr::Read(place), _) if matches!(init, syn::Expr::Reference(_)) => {
                self.bind(ident, Binding::Alias(place));
            }
            Value::Float(init, dims) => {
                let var = self.declare(ident, Type::Float(dims));
                self.out.push(Stmt::Let { var, init });
                self.bind(ident, Binding::Var(var));
            }
            Value::Int(init) => self.bind_static(ident, init, Type::Int),
            Value::Bool(init) => self.bind_static(ident, init, Type::Bool),
            Value::Constant(_) => {
                return Err(self.errors.at(
                    init.span(),
                    "the type of this constant cannot be seen here: write `let x: f32 = ..` or `let n: usize = ..`",
                ));
            }
            Value::Tuple(_) => {
                return Err(self
                    .errors
                    .at(ident.span(), "give each element of the tuple a name: `let (a, b) = ..`"));
            }
        }
        Ok(())
    }

    fn bind_static(&mut self, ident: &Ident, init: Static, ty: Type) {
        let var = self.declare(ident, ty);
        self.out.push(Stmt::LetStatic { var, init });
        self.bind(ident, Binding::Var(var));
    }

    fn statement(&mut self, e: &syn::Expr) -> Outcome<()> {
        match e {
            syn::Expr::ForLoop(e) => self.for_loop(e),
            syn::Expr::If(e) => self.if_statement(e),
            syn::Expr::Block(e) => {
                let outer = self.inline_block(&e.block)?;
                match outer {
                    None => Ok(()),
                    Some(_) => {
                        Err(self.errors.at(e.span(), "this value is not used: assign it, or end it with `;`"))
                    }
                }
            }
            syn::Expr::Assign(e) => {
                let place = self.target(&e.left)?;
                let value = self.expr(&e.right)?;
                let value = self.fits(&place, value, e.right.span())?;
                self.out.push(Stmt::Assign { place, value });
                Ok(())
            }
            syn::Expr::Binary(e) if compound(&e.op).is_some() => {
                let op = compound(&e.op).expect("just checked");
                let place = self.target(&e.left)?;
                let value = self.expr(&e.right)?;
                if !self.dims(&place).is_empty() {
                    return Err(self
                        .errors
                        .at(e.left.span(), "arithmetic works on numbers: loop over the elements"));
                }
                let value = self.scalar(value, e.right.span())?;
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
            syn::Expr::MethodCall(e) if e.method == "swap" && e.args.len() == 2 => self.swap(e),
            syn::Expr::MethodCall(e) if e.method == "fill" && e.args.len() == 1 => {
                let place = self.target(&e.receiver)?;
                let value = self.operand(&e.args[0])?;
                let value = self.scalar(value, e.args[0].span())?;
                let dims = self.dims(&place);
                self.out.push(Stmt::Assign { place, value: Expr::Filled(Box::new(value), dims) });
                Ok(())
            }
            syn::Expr::Paren(e) => self.statement(&e.expr),
            e => {
                self.expr(e)?;
                Err(self.errors.at(e.span(), "this value is not used: assign it or remove the statement"))
            }
        }
    }

    fn swap(&mut self, e: &syn::ExprMethodCall) -> Outcome<()> {
        let base = self.target(&e.receiver)?;
        if self.dims(&base).len() != 1 {
            return Err(self
                .errors
                .at(e.span(), "`swap` works on an array of numbers: swap the elements of rows in a loop"));
        }
        let mut places = Vec::new();
        for index in &e.args {
            let value = self.operand(index)?;
            let mut place = base.clone();
            place.indices.push(self.int(value, index.span())?);
            places.push(place);
        }
        let kept = self.declare(&Ident::new("swapped", Span::call_site()), Type::Float(Vec::new()));
        self.out.push(Stmt::Let { var: kept, init: Expr::Read(places[0].clone()) });
        self.out.push(Stmt::Assign { place: places[0].clone(), value: Expr::Read(places[1].clone()) });
        self.out.push(Stmt::Assign { place: places[1].clone(), value: Expr::var(kept) });
        Ok(())
    }

    /// A float place that may be assigned to.
    fn target(&mut self, e: &syn::Expr) -> Outcome<Place> {
        let place = self.place(e)?;
        match &self.vars[place.var.0].ty {
            Type::Float(_) => {}
            _ => {
                return Err(self.errors.at(
                    e.span(),
                    "integers stay as they are: compute them from loop variables with `let`, or make it a float",
                ));
            }
        }
        if place.var.0 < self.barrier {
            return Err(self.errors.at(
                e.span(),
                "a block that is part of an expression cannot assign to a variable outside of it: assign before the expression",
            ));
        }
        self.vars[place.var.0].mutable = true;
        Ok(place)
    }

    /// The value as something that can be stored in the place.
    fn fits(&mut self, place: &Place, value: Value, span: Span) -> Outcome<Expr> {
        let dims = self.dims(place);
        match value {
            Value::Float(expr, found) if found.len() == dims.len() => Ok(expr),
            value if dims.is_empty() => self.scalar(value, span),
            _ => Err(self.errors.at(span, "the array assigned here has another number of dimensions")),
        }
    }

    fn if_statement(&mut self, e: &syn::ExprIf) -> Outcome<()> {
        let cond = self.condition(&e.cond);
        let then = self.unit_block(&e.then_branch);
        let otherwise = match &e.else_branch {
            None => Ok(Vec::new()),
            Some((_, e)) => match &**e {
                syn::Expr::Block(e) => self.unit_block(&e.block),
                syn::Expr::If(e) => {
                    let outer = std::mem::take(&mut self.out);
                    let outcome = self.if_statement(e);
                    let inner = std::mem::replace(&mut self.out, outer);
                    outcome.map(|()| inner)
                }
                e => Err(self.errors.at(e.span(), "expected a block or `if` after `else`")),
            },
        };
        self.out.push(Stmt::If { cond: cond?, then: then?, otherwise: otherwise? });
        Ok(())
    }

    fn for_loop(&mut self, e: &syn::ExprForLoop) -> Outcome<()> {
        if let Some(label) = &e.label {
            self.errors
                .at(label.span(), "loop labels are of no use here: a loss has no `break` or `continue`");
        }
        let range = self.range(&e.expr);
        let ident = match &*e.pat {
            Pat::Ident(pat) if pat.by_ref.is_none() && pat.mutability.is_none() => pat.ident.clone(),
            Pat::Wild(_) => Ident::new("step", e.pat.span()),
            pat => {
                return Err(self.errors.at(pat.span(), "a loop counts: `for i in 0..N`, with a plain name"));
            }
        };
        self.names.open();
        self.scopes.push(HashMap::new());
        let var = self.declare(&ident, Type::Int);
        self.bind(&ident, Binding::Var(var));
        let body = self.unit_block(&e.body);
        self.scopes.pop();
        self.names.close();
        self.out.push(Stmt::For { var, range: range?, body: body? });
        Ok(())
    }

    fn range(&mut self, e: &syn::Expr) -> Outcome<Range> {
        match e {
            syn::Expr::Paren(e) => self.range(&e.expr),
            syn::Expr::Range(range) => {
                let (Some(start), Some(end)) = (&range.start, &range.end) else {
                    return Err(self.errors.at(e.span(), "a loop needs both bounds: `0..N`"));
                };
                let value = self.operand(start)?;
                let first = self.int(value, start.span())?;
                let value = self.operand(end)?;
                let mut last = self.int(value, end.span())?;
                if let syn::RangeLimits::Closed(_) = range.limits {
                    last = Static::Binary(syn::parse_quote!(+), Box::new(last), Box::new(Static::Path(syn::parse_quote!(1))));
                }
                Ok(Range { start: first, end: last, adapters: Vec::new() })
            }
            syn::Expr::MethodCall(call) if call.method == "rev" && call.args.is_empty() => {
                Ok(self.range(&call.receiver)?.reversed())
            }
            syn::Expr::MethodCall(call) if call.method == "step_by" && call.args.len() == 1 => {
                let mut range = self.range(&call.receiver)?;
                let value = self.operand(&call.args[0])?;
                range.adapters.push(Adapter::StepBy(self.int(value, call.args[0].span())?));
                Ok(range)
            }
            e => Err(self.errors.at(
                e.span(),
                "a loop counts: `for i in 0..N`, `(a..b).rev()`, `(a..b).step_by(k)`; index the array in its body",
            )),
        }
    }
}

/// Expressions that are statements even without `;`.
fn is_statement(e: &syn::Expr) -> bool {
    matches!(
        e,
        syn::Expr::ForLoop(_)
            | syn::Expr::While(_)
            | syn::Expr::Loop(_)
            | syn::Expr::Assign(_)
            | syn::Expr::If(_)
    ) || matches!(e, syn::Expr::Binary(e) if compound(&e.op).is_some())
        || matches!(e, syn::Expr::Block(e) if !has_tail(&e.block))
}

/// The block ends in a value.
pub(super) fn has_tail(block: &syn::Block) -> bool {
    match block.stmts.last() {
        Some(syn::Stmt::Expr(syn::Expr::If(e), None)) => has_tail(&e.then_branch) && e.else_branch.is_some(),
        Some(syn::Stmt::Expr(e, None)) => !is_statement(e),
        _ => false,
    }
}

fn compound(op: &BinOp) -> Option<Op> {
    Some(match op {
        BinOp::AddAssign(_) => Op::Add,
        BinOp::SubAssign(_) => Op::Sub,
        BinOp::MulAssign(_) => Op::Mul,
        BinOp::DivAssign(_) => Op::Div,
        _ => return None,
    })
}
