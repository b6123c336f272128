//! Rust syntax to IR. Every refusal is an error at the exact span that says what to write instead; all are collected.

mod call;
mod expr;
mod names;
mod params;
mod stmt;

use crate::errors::{Errors, Outcome};
use crate::ir::{Block, Expr, Param, Place, Program, Static, Type, Var, VarId};
use names::Names;
use proc_macro2::{Ident, Span};
use std::collections::HashMap;
use syn::ItemFn;

/// What a name stands for.
#[derive(Clone)]
enum Binding {
    /// A variable.
    Var(VarId),
    /// A reference to (a row of) a variable.
    Alias(Place),
    /// Something whose declaration was refused: uses of it are no mistakes of their own.
    Refused,
}

/// The value of an expression.
#[derive(Debug, Clone)]
enum Value {
    /// A float, or an array of floats with these lengths.
    Float(Expr, Vec<Static>),
    /// An integer.
    Int(Static),
    /// A condition.
    Bool(Static),
    /// A path to a constant whose type the macro cannot see: float or integer, as its use decides.
    Constant(syn::Expr),
    /// Several values.
    Tuple(Vec<Value>),
}

/// State of the lowering of one function.
struct Front<'a> {
    errors: &'a mut Errors,
    names: Names,
    /// Const generics, and whether each is a `bool`.
    const_generics: Vec<(Ident, bool)>,
    scopes: Vec<HashMap<String, Binding>>,
    vars: Vec<Var>,
    /// Statements of the block being lowered.
    out: Block,
    /// Variables below this index must not be assigned to: they were declared before an expression whose other operands may
    /// already have been read.
    barrier: usize,
}

/// The function as IR, or nothing if there were errors.
pub fn lower(item: &ItemFn, errors: &mut Errors) -> Option<Program> {
    params::check_signature(item, errors);
    let mut front = Front {
        errors,
        names: Names::new(item),
        const_generics: item
            .sig
            .generics
            .const_params()
            .map(|p| (p.ident.clone(), params::is_ident(&p.ty, "bool")))
            .collect(),
        scopes: vec![HashMap::new()],
        vars: Vec::new(),
        out: Vec::new(),
        barrier: 0,
    };
    let params: Vec<Param> = front.params(&item.sig).unwrap_or_default();
    front.scopes.push(HashMap::new());
    let result = front.body(item);
    let (vars, body) = (front.vars, front.out);
    Some(Program { name: item.sig.ident.clone(), params, vars, body, result: result.ok()? })
}

impl Front<'_> {
    fn body(&mut self, item: &ItemFn) -> Outcome<Expr> {
        let tail = self.stmts(&item.block.stmts);
        let span = item.block.stmts.last().map_or(item.sig.ident.span(), syn::spanned::Spanned::span);
        match tail? {
            Some(value) => self.scalar(value, span),
            None => Err(self
                .errors
                .at(span, "the function must end with the loss: a scalar expression without `;`")),
        }
    }

    fn declare(&mut self, ident: &Ident, ty: Type) -> VarId {
        let name = self.names.unique(ident);
        self.vars.push(Var { name, ty, active: false, mutable: false });
        VarId(self.vars.len() - 1)
    }

    fn bind(&mut self, ident: &Ident, binding: Binding) {
        self.scopes.last_mut().expect("a scope is open").insert(ident.to_string(), binding);
    }

    fn lookup(&self, ident: &Ident) -> Option<Binding> {
        let name = ident.to_string();
        self.scopes.iter().rev().find_map(|scope| scope.get(&name)).cloned()
    }

    fn dims(&self, place: &Place) -> Vec<Static> {
        match &self.vars[place.var.0].ty {
            Type::Float(dims) => dims[place.indices.len()..].to_vec(),
            _ => Vec::new(),
        }
    }

    /// A float scalar, or an error.
    fn scalar(&mut self, value: Value, span: Span) -> Outcome<Expr> {
        match value {
            Value::Float(expr, dims) if dims.is_empty() => Ok(expr),
            Value::Constant(path) => Ok(Expr::Const(path)),
            Value::Float(..) => Err(self.errors.at(span, "expected a number here, found an array")),
            Value::Int(_) => Err(self.errors.at(
                span,
                "expected a float here, found an integer: write `1.0` for `1`, `i as f32` for `i`",
            )),
            Value::Bool(_) => Err(self.errors.at(span, "expected a float here, found a condition")),
            Value::Tuple(_) => Err(self.errors.at(span, "expected a float here, found a tuple")),
        }
    }

    /// An integer, or an error.
    fn int(&mut self, value: Value, span: Span) -> Outcome<Static> {
        match value {
            Value::Int(int) => Ok(int),
            Value::Constant(path) => Ok(Static::Path(path)),
            Value::Float(..) => Err(self.errors.at(
                span,
                "an index or a loop bound cannot depend on a float: use constants, const generics, loop variables or \
                 `usize` parameters",
            )),
            _ => Err(self.errors.at(span, "expected an integer here")),
        }
    }

    /// A condition on integers, or an error.
    fn condition(&mut self, e: &syn::Expr) -> Outcome<Static> {
        let span = syn::spanned::Spanned::span(e);
        match self.expr(e)? {
            Value::Bool(condition) => Ok(condition),
            Value::Constant(path) => Ok(Static::Path(path)),
            _ => Err(self.errors.at(span, "expected a condition on integers here")),
        }
    }
}
