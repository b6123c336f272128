//! Rust syntax to IR. Every refusal is an error at the exact span that says what to write instead; all are collected.

mod array;
mod call;
mod control;
mod expr;
mod iter;
mod method;
mod names;
pub mod params;
mod pattern;
mod stmt;
mod value;
mod weight;

use crate::errors::{Errors, Outcome};
use crate::ir::{
    Block, Constant, Discrete, Expr, Kind, Output, Param, Place, Program, Stmt, Type, Var, VarId,
};
use names::Names;
use proc_macro2::{Ident, Span};
use syn::ItemFn;
use syn::spanned::Spanned;
use value::{Binding, Scope, Value};

/// What is being lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// A loss.
    Loss,
    /// A function that losses call.
    Function,
}

/// State of the lowering of one function.
struct Front<'a> {
    errors: &'a mut Errors,
    names: Names,
    /// Const generics, and whether each is a `bool`.
    const_generics: Vec<(Ident, bool)>,
    scopes: Vec<Scope>,
    vars: Vec<Var>,
    /// Statements of the block being lowered.
    out: Block,
    /// Variables below this index must not be assigned to: they were declared before an expression whose other operands may
    /// already have been read.
    barrier: usize,
    /// Constants declared in the function.
    items: Vec<syn::ItemConst>,
    /// How deep expressions nest.
    depth: usize,
    /// How many more expressions are lowered: closures are, wherever they are called.
    left: usize,
    /// What is known of the expression that is lowered next.
    expected: Expected,
    /// The type of the value of the closure that is called next, if known.
    yields: Option<syn::Type>,
    /// The type of the function's result, until its body is entered.
    result_type: Option<syn::Type>,
    /// Comparisons of floats are relaxed, and there is `while`.
    relaxed: bool,
    /// Results of functions that were taken for floats, as nothing says otherwise.
    assumed: Vec<(VarId, Ident)>,
}

/// What a `let` says of its value.
#[derive(Default)]
struct Expected {
    /// Its type.
    ty: Option<syn::Type>,
    /// The name of the variable.
    name: Option<Ident>,
}

/// The function as IR, or nothing if there were errors.
pub fn lower(item: &ItemFn, what: Item, relaxed: bool, errors: &mut Errors) -> Option<Program> {
    params::check_signature(item, what, errors);
    let mut front = Front {
        errors,
        names: Names::new(item),
        const_generics: item
            .sig
            .generics
            .const_params()
            .map(|p| (p.ident.clone(), params::is_ident(&p.ty, "bool")))
            .collect(),
        scopes: vec![Scope::new()],
        vars: Vec::new(),
        out: Vec::new(),
        barrier: 0,
        items: Vec::new(),
        depth: 0,
        left: expr::MOST,
        expected: Expected::default(),
        yields: None,
        result_type: None,
        relaxed,
        assumed: Vec::new(),
    };
    let params: Vec<Param> = front.params(&item.sig, what).unwrap_or_default();
    front.scopes.push(Scope::new());
    // After a mistake in its body it still has its type, for the sake of what uses it.
    let output = match what {
        Item::Loss => Ok(Output::Loss(front.loss(item).unwrap_or(Expr::Lit(0.0)))),
        Item::Function => {
            let found = front.function(item);
            found.or_else(|_| front.promised(item)).map(Output::Values)
        }
    };
    let (vars, body, items) = (front.vars, front.out, front.items);
    let names = crate::ir::Names::of(&vars);
    Some(Program { name: item.sig.ident.clone(), params, items, vars, body, output: output.ok()?, names })
}

impl Front<'_> {
    fn loss(&mut self, item: &ItemFn) -> Outcome<Expr> {
        let tail = self.stmts(&item.block.stmts);
        let span = item.block.stmts.last().map_or(item.sig.ident.span(), Spanned::span);
        match tail? {
            Some(value) => self.scalar(value, span),
            None => Err(self
                .errors
                .at(span, "the function must end with the loss: a scalar expression without `;`")),
        }
    }

    fn function(&mut self, item: &ItemFn) -> Outcome<Vec<VarId>> {
        if let syn::ReturnType::Type(_, ty) = &item.sig.output {
            self.result_type = Some((**ty).clone());
        }
        let tail = self.stmts(&item.block.stmts);
        let span = item.block.stmts.last().map_or(item.sig.ident.span(), Spanned::span);
        let types = params::result_types(item);
        let Some(value) = tail? else {
            return Err(self
                .errors
                .at(span, "the function must end with its result: an expression without `;`"));
        };
        let Some(types) = types else { return Err(crate::errors::Reported) };
        let values = match value {
            Value::Tuple(values) if types.tuple => values,
            value => vec![value],
        };
        if values.len() != types.elements.len() {
            return Err(self
                .errors
                .at(span, "the result has another number of elements than the signature says"));
        }
        let mut outputs = Vec::new();
        for (value, ty) in values.into_iter().zip(&types.elements) {
            let ty = self.ty(ty)?;
            let value = self.as_type(value, &ty, span)?;
            let name = Ident::new("result", Span::call_site());
            outputs.push(self.store(&name, value, span)?);
        }
        Ok(outputs)
    }

    /// What to write if a value was meant to be something else than the float that it was taken for.
    fn hint(&self, value: &Value) -> String {
        let assumed = value.place().and_then(|place| self.assumed.iter().find(|(var, _)| *var == place.var));
        match assumed {
            Some((_, function)) => {
                format!("; a call is a float unless its type is given: `let x: [f32; N] = {function}(..);`")
            }
            None => String::new(),
        }
    }

    /// Variables of the types that a function's signature promises.
    fn promised(&mut self, item: &ItemFn) -> Outcome<Vec<VarId>> {
        let types = params::result_types(item).ok_or(crate::errors::Reported)?;
        let name = Ident::new("result", Span::call_site());
        types.elements.iter().map(|ty| self.ty(ty).map(|ty| self.declare(&name, ty))).collect()
    }

    fn declare(&mut self, ident: &Ident, ty: Type) -> VarId {
        let name = self.names.unique(ident);
        self.declare_as(name, ty)
    }

    /// With a name that [`Names::unique`] gave.
    fn declare_as(&mut self, name: Ident, ty: Type) -> VarId {
        self.vars.push(Var::new(name, ty, false));
        VarId(self.vars.len() - 1)
    }

    /// A new variable with this value.
    fn store(&mut self, name: &Ident, value: Value, span: Span) -> Outcome<VarId> {
        match value {
            Value::Float(init, dims) => {
                let var = self.declare(name, Type::float(dims));
                self.out.push(Stmt::Let { var, init });
                Ok(var)
            }
            Value::Discrete(init, ty) => {
                let annotation = if ty.is_scalar() { self.int_type(&init) } else { None };
                let var = self.declare(name, ty);
                self.vars[var.0].annotation = annotation;
                self.out.push(Stmt::LetDiscrete { var, init });
                Ok(var)
            }
            // Nobody says otherwise: a float. If it is none, its first use as an integer is refused, with a message.
            Value::Constant(constant) => self.store(name, Value::float(Expr::Const(constant)), span),
            Value::Untyped(untyped) => self.store(name, Value::float(untyped.float()), span),
            value => Err(self
                .errors
                .at(span, format_args!("expected a number or an array, found {}", value.describe()))),
        }
    }

    /// The type of an integer, where it shows: Rust converts none by itself.
    fn int_type(&self, e: &Discrete) -> Option<syn::Type> {
        match e {
            Discrete::Read(place) => {
                let mut ty = self.vars[place.var.0].annotation.clone();
                while let Some(syn::Type::Array(array)) = ty {
                    ty = Some(*array.elem);
                }
                ty
            }
            Discrete::Cast(_, ty) => Some(ty.clone()),
            Discrete::Unary(_, a) | Discrete::Method(a, ..) => self.int_type(a),
            Discrete::Binary(op, a, b) => match op {
                syn::BinOp::Shl(_) | syn::BinOp::Shr(_) => self.int_type(a),
                syn::BinOp::Add(_)
                | syn::BinOp::Sub(_)
                | syn::BinOp::Mul(_)
                | syn::BinOp::Div(_)
                | syn::BinOp::Rem(_) => self.int_type(a).or_else(|| self.int_type(b)),
                _ => None,
            },
            _ => None,
        }
    }

    fn bind(&mut self, ident: &Ident, binding: Binding) {
        self.scopes.last_mut().expect("a scope is open").insert(ident.to_string(), binding);
    }

    fn lookup(&self, ident: &Ident) -> Option<Binding> {
        let name = ident.to_string();
        self.scopes.iter().rev().find_map(|scope| scope.get(&name)).cloned()
    }

    fn dims(&self, place: &Place) -> Vec<Discrete> {
        let dims = &self.vars[place.var.0].ty.dims;
        dims[place.indices.len().min(dims.len())..].to_vec()
    }

    /// The value of a place.
    fn read_place(&self, place: Place) -> Value {
        let ty = Type { kind: self.vars[place.var.0].ty.kind, dims: self.dims(&place) };
        Value::read(place, ty)
    }

    /// A float scalar, or an error.
    fn scalar(&mut self, value: Value, span: Span) -> Outcome<Expr> {
        match value {
            Value::Float(expr, dims) if dims.is_empty() => Ok(expr),
            Value::Constant(constant) => Ok(Expr::Const(constant)),
            Value::Untyped(untyped) => Ok(untyped.float()),
            Value::Float(..) => Err(self.errors.at(span, "expected a number here, found an array")),
            Value::Discrete(_, ty) if ty.is_scalar() && ty.kind == Kind::Int => Err(self.errors.at(
                span,
                "expected a float here, found an integer: write `1.0` for `1`, `i as f32` for `i`",
            )),
            Value::Function(_) => Err(self.errors.at(span, NO_VARIABLE)),
            value => {
                Err(self.errors.at(span, format_args!("expected a float here, found {}", value.describe())))
            }
        }
    }

    /// An integer, or an error.
    fn int(&mut self, value: Value, span: Span) -> Outcome<Discrete> {
        match value {
            Value::Discrete(int, ty) if ty == Type::INT => Ok(int),
            Value::Constant(constant) => Ok(Discrete::Constant(constant)),
            Value::Untyped(untyped) => Ok(untyped.int()),
            value @ Value::Float(..) if !self.hint(&value).is_empty() => {
                let hint = self.hint(&value).replace("[f32; N]", "usize");
                Err(self.errors.at(span, format_args!("expected an integer here, found a float{hint}")))
            }
            Value::Float(_, dims) if dims.is_empty() => Err(self.errors.at(
                span,
                "an index or a loop bound is an integer: `x as usize` makes one of a float (and passes no gradient on)",
            )),
            Value::Function(_) => Err(self.errors.at(span, NO_VARIABLE)),
            value => {
                Err(self.errors.at(span, format_args!("expected an integer here, found {}", value.describe())))
            }
        }
    }

    /// A condition, or an error.
    fn condition(&mut self, e: &syn::Expr) -> Outcome<Discrete> {
        let value = self.expr(e)?;
        self.as_condition(value, e.span())
    }

    fn as_condition(&mut self, value: Value, span: Span) -> Outcome<Discrete> {
        match value {
            Value::Discrete(condition, ty) if ty == Type::BOOL => Ok(condition),
            Value::Constant(constant) => Ok(Discrete::Constant(constant)),
            value => Err(self
                .errors
                .at(span, format_args!("expected a condition here, found {}", value.describe()))),
        }
    }

    /// The value with the type that is asked for: constants get their type this way.
    fn as_type(&mut self, value: Value, ty: &Type, span: Span) -> Outcome<Value> {
        match value {
            Value::Constant(constant) => Ok(match ty.kind {
                Kind::Float => Value::Float(Expr::Const(constant), ty.dims.clone()),
                _ => Value::Discrete(Discrete::Constant(constant), ty.clone()),
            }),
            Value::Untyped(untyped) if ty.is_scalar() => Ok(match ty.kind {
                Kind::Float => Value::float(untyped.float()),
                _ => Value::Discrete(untyped.int(), ty.clone()),
            }),
            Value::Slice { .. } => Err(self.errors.at(span, "copy the elements that are meant in a loop")),
            value => match value.ty() {
                Some(found) if found.kind == ty.kind && found.dims.len() == ty.dims.len() => Ok(value),
                _ => Err(self
                    .errors
                    .at(span, format_args!("expected {} here, found {}", describe(ty), value.describe()))),
            },
        }
    }

    /// The same condition or bound, reading only what stays as it is: a variable of its own if it compares floats or reads
    /// what may change.
    fn settled(&mut self, discrete: Discrete, name: &str, ty: Type) -> Discrete {
        let mut changes = false;
        discrete.for_each_read(&mut |place| {
            let var = &self.vars[place.var.0];
            changes |= var.mutable || var.ty.kind == Kind::Float;
        });
        if !changes {
            return discrete;
        }
        let var = self.declare(&Ident::new(name, Span::call_site()), ty);
        self.out.push(Stmt::LetDiscrete { var, init: discrete });
        Discrete::Read(Place::of(var))
    }
}

/// A name in lower case that is bound to nothing stands for a function.
const NO_VARIABLE: &str =
    "this is no variable here: pass it as a parameter (if it is a constant, write its name in upper case)";

/// In plain words, for messages.
fn describe(ty: &Type) -> &'static str {
    match (ty.kind, ty.dims.len()) {
        (Kind::Float, 0) => "a float",
        (Kind::Int, 0) => "an integer",
        (Kind::Bool, 0) => "a condition",
        (Kind::Float, 1) => "an array of floats",
        (Kind::Float, _) => "an array of arrays of floats",
        (Kind::Int, _) => "an array of integers",
        (Kind::Bool, _) => "an array of conditions",
    }
}

/// A whole constant.
fn constant(e: &syn::Expr) -> Value {
    Value::Constant(Constant::whole(e.clone()))
}
