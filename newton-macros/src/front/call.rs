//! Calls: builtins, closures, and functions marked `#[newton_fn]`.

use super::pattern::Mode;
use super::value::{Closure, Scope, Value};
use super::{Expected, Front};
use crate::builtins::{Builtin, Rule, Syntax};
use crate::errors::Outcome;
use crate::ir::{Argument, Callee, Discrete, Expr, Kind, Op, Place, Range, Stmt, Type};
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;

/// Functions of an array whose results are positions in it.
const ORDERS: [&str; 5] = ["argsort", "argsort_desc", "argmax", "argmin", "rank"];

impl Front<'_> {
    pub(super) fn call(
        &mut self,
        c: &syn::ExprCall,
        ty: Option<syn::Type>,
        name: Option<Ident>,
    ) -> Outcome<Value> {
        let args: Vec<_> = c.args.iter().map(|e| self.operand(e).map(|v| (v, e.span()))).collect();
        let function = match &*c.func {
            syn::Expr::Path(path) => match path.path.get_ident().and_then(|ident| self.lookup(ident)) {
                Some(binding) => self.callable(binding, c.func.span()),
                None => Ok(Value::Function(path.clone())),
            },
            e => self.operand(e),
        };
        let args = args.into_iter().collect::<Outcome<Vec<_>>>()?;
        match function? {
            Value::Function(path) => self.call_path(&path, args, c.span(), Expected { ty, name }),
            f @ Value::Closure(_) => self.apply(&f, args, c.span()),
            value => Err(self
                .errors
                .at(c.func.span(), format_args!("this is {}: it cannot be called", value.describe()))),
        }
    }

    fn callable(&mut self, binding: super::value::Binding, span: Span) -> Outcome<Value> {
        use super::value::Binding;
        match binding {
            Binding::Value(value) => Ok(value),
            Binding::Refused => Err(crate::errors::Reported),
            _ => Err(self.errors.at(span, "this is a variable: it cannot be called")),
        }
    }

    /// Runs a closure or a function on values.
    pub(super) fn apply(&mut self, f: &Value, args: Vec<(Value, Span)>, span: Span) -> Outcome<Value> {
        match f {
            Value::Closure(closure) => self.inline(closure, args),
            Value::Function(path) => self.call_path(path, args, span, Expected::default()),
            value => Err(self
                .errors
                .at(span, format_args!("expected a closure `|x| ..` here, found {}", value.describe()))),
        }
    }

    fn inline(&mut self, closure: &Closure, args: Vec<(Value, Span)>) -> Outcome<Value> {
        let text = &closure.text;
        if text.inputs.len() != args.len() {
            return Err(self.errors.at(
                text.inputs_begin.span,
                format_args!("this closure is called with {} argument{}", args.len(), plural(args.len())),
            ));
        }
        let yields = self.yields.take();
        let outer = std::mem::replace(&mut self.scopes, closure.scopes.clone());
        self.scopes.push(Scope::new());
        let bound: Vec<_> = text
            .inputs
            .iter()
            .zip(args)
            .map(|(pat, (value, span))| self.bind_pattern(pat, value, Mode::Borrow, span))
            .collect();
        let outcome =
            bound.into_iter().collect::<Outcome<Vec<()>>>().and_then(|_| self.body_value(&text.body, yields));
        self.scopes = outer;
        outcome
    }

    /// The value of a closure's body; nothing for one that only assigns.
    fn body_value(&mut self, body: &syn::Expr, ty: Option<syn::Type>) -> Outcome<Value> {
        match body {
            syn::Expr::Block(block) if !super::stmt::has_tail(&block.block) => {
                self.inline_block(&block.block)?;
                Ok(Value::Tuple(Vec::new()))
            }
            body if super::stmt::is_statement(body) => {
                self.statement(body)?;
                Ok(Value::Tuple(Vec::new()))
            }
            body => self.expr_of_type(body, ty, None),
        }
    }

    fn call_path(
        &mut self,
        path: &syn::ExprPath,
        args: Vec<(Value, Span)>,
        span: Span,
        expected: Expected,
    ) -> Outcome<Value> {
        let segments = &path.path.segments;
        let last = segments.last().expect("a path has a segment");
        let name = last.ident.to_string();
        let owner = (segments.len() >= 2).then(|| segments[segments.len() - 2].ident.to_string());
        match owner.as_deref() {
            // `f32::max(a, b)` is `a.max(b)`.
            Some("f32") if !args.is_empty() => return self.float_method(&last.ident, args, span),
            Some("array") if name == "from_fn" => return self.call_from_fn(last, args, span, expected),
            _ => {}
        }
        if matches!(owner.as_deref(), None | Some("builtins" | "prelude")) {
            if let Some(order) = ORDERS.iter().find(|order| **order == name) {
                return self.order_function(order, args, span);
            }
            if name == "top_k" {
                return self.top_k(last, args, span, expected);
            }
            if let Some(builtin) = Builtin::find(Syntax::Function, &name) {
                return match builtin.name {
                    "cross_entropy" if args.len() == 2 && is_index(&args[1].0) => {
                        self.cross_entropy_of_class(args)
                    }
                    _ => self.builtin(builtin, args, span),
                };
            }
        }
        self.call_function(path, args, expected)
    }

    fn call_from_fn(
        &mut self,
        last: &syn::PathSegment,
        args: Vec<(Value, Span)>,
        span: Span,
        expected: Expected,
    ) -> Outcome<Value> {
        let len = match (&last.arguments, &expected.ty) {
            (syn::PathArguments::AngleBracketed(generics), _) => generics.args.iter().nth(1).cloned(),
            (_, Some(syn::Type::Array(array))) => Some(syn::GenericArgument::Const(array.len.clone())),
            _ => None,
        };
        let len = match len {
            Some(syn::GenericArgument::Const(len)) => len,
            Some(syn::GenericArgument::Type(syn::Type::Path(path))) => {
                syn::Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path: path.path })
            }
            _ => {
                return Err(self.errors.at(
                    span,
                    "the length of this array cannot be seen here: write `let x: [f32; N] = std::array::from_fn(|i| ..);`",
                ));
            }
        };
        let value = self.expr(&len)?;
        let len = self.int(value, span)?;
        match &args[..] {
            [(f, _)] => {
                self.yields = match expected.ty {
                    Some(syn::Type::Array(array)) => Some(*array.elem),
                    _ => None,
                };
                let array = self.array_from_fn(&f.clone(), len, span, expected.name);
                self.yields = None;
                array
            }
            _ => Err(self.errors.at(span, "`from_fn` takes one closure")),
        }
    }

    /// `argsort(&x)` and the like.
    fn order_function(&mut self, name: &'static str, args: Vec<(Value, Span)>, span: Span) -> Outcome<Value> {
        let Ok([(of, at)]) = <[_; 1]>::try_from(args) else {
            return Err(self.errors.at(span, format_args!("`{name}` takes 1 argument")));
        };
        let of = self.array_argument(name, 1, of, at)?;
        let dims =
            if name.starts_with("arg") && !name.starts_with("argsort") { Vec::new() } else { self.dims(&of) };
        Ok(Value::Discrete(Discrete::Call(name, of), Type { kind: Kind::Int, dims }))
    }

    /// `logsumexp(x) - x[class]`
    fn cross_entropy_of_class(&mut self, mut args: Vec<(Value, Span)>) -> Outcome<Value> {
        let (class, at) = args.remove(1);
        let class = self.int(class, at)?;
        let find = |name| Builtin::find(Syntax::Function, name).expect("in the table");
        let (logits, at) = args.remove(0);
        let place = self.array_argument("cross_entropy", 1, logits, at)?;
        let total = Expr::Call(find("logsumexp"), vec![Expr::Read(place.clone())]);
        let chosen = Expr::Read(place.at(class));
        Ok(Value::float(Expr::Binary(Op::Sub, Box::new(total), Box::new(chosen))))
    }

    /// The first elements in descending order.
    fn top_k(
        &mut self,
        last: &syn::PathSegment,
        args: Vec<(Value, Span)>,
        span: Span,
        expected: Expected,
    ) -> Outcome<Value> {
        let generic = match &last.arguments {
            syn::PathArguments::AngleBracketed(generics) => generics.args.last().cloned(),
            _ => None,
        };
        let len = match (generic, expected.ty) {
            (Some(syn::GenericArgument::Const(len)), _) => len,
            (Some(syn::GenericArgument::Type(ty)), _) => syn::parse_quote!(#ty),
            (_, Some(syn::Type::Array(array))) => array.len,
            _ => {
                return Err(self.errors.at(span, "say how many: `let best: [f32; 3] = top_k(&x);`"));
            }
        };
        let value = self.expr(&len)?;
        let len = self.int(value, len.span())?;
        let Ok([(of, at)]) = <[_; 1]>::try_from(args) else {
            return Err(self.errors.at(span, "`top_k` takes 1 argument"));
        };
        let of = self.array_argument("top_k", 1, of, at)?;
        let n = self.dims(&of)[0].clone();
        let order = self.order("argsort_desc", of.clone(), n);
        let var = self.empty_array(&Ident::new("best", Span::call_site()), Type::float(vec![len.clone()]));
        let i = self.declare(&Ident::new("i", Span::call_site()), Type::INT);
        let i_read = Discrete::Read(Place::of(i));
        let from = of.at(Discrete::Read(Place::of(order).at(i_read.clone())));
        let body = vec![Stmt::Assign { place: Place::of(var).at(i_read), value: Expr::Read(from) }];
        let range = Range { start: Discrete::lit(0), end: len, adapters: Vec::new() };
        self.out.push(Stmt::For { var: i, range, body });
        Ok(self.read_place(Place::of(var)))
    }

    /// A sorting permutation.
    fn order(&mut self, by: &'static str, of: Place, n: Discrete) -> crate::ir::VarId {
        let ty = Type { kind: Kind::Int, dims: vec![n] };
        let order = self.declare(&Ident::new("order", Span::call_site()), ty);
        self.out.push(Stmt::LetDiscrete { var: order, init: Discrete::Call(by, of) });
        order
    }

    pub(super) fn builtin(
        &mut self,
        builtin: &'static Builtin,
        args: Vec<(Value, Span)>,
        span: Span,
    ) -> Outcome<Value> {
        let name = builtin.name;
        if args.len() != builtin.args.len() {
            let n = builtin.args.len() - usize::from(builtin.syntax == Syntax::Method);
            // `max(a, b)` is meant as `a.max(b)`.
            let method = Builtin::find(Syntax::Method, name).filter(|m| m.args.len() == args.len());
            let instead = match (builtin.syntax, method) {
                (Syntax::Function, Some(_)) => format!(", an array; of two numbers, write `a.{name}(b)`"),
                _ => String::new(),
            };
            return Err(self
                .errors
                .at(span, format_args!("`{name}` takes {n} argument{}{instead}", plural(n))));
        }
        let mut lowered = Vec::new();
        for ((value, at), kind) in args.into_iter().zip(builtin.args) {
            lowered.push(match kind.rank() {
                0 => self.scalar(value, at)?,
                rank => Expr::Read(self.array_argument(name, rank, value, at)?),
            });
        }
        let shapes: Vec<_> = lowered
            .iter()
            .map(|arg| match arg {
                Expr::Read(place) => self.dims(place),
                _ => Vec::new(),
            })
            .collect();
        let dims = builtin.dims(&shapes);
        if let Rule::Sort { descending } = builtin.rule {
            let Expr::Read(of) = lowered.remove(0) else { unreachable!("array arguments are places") };
            let by = if descending { "argsort_desc" } else { "argsort" };
            let order = self.order(by, of.clone(), dims[0].clone());
            return Ok(Value::Float(Expr::Gather(of, order), dims));
        }
        Ok(Value::Float(Expr::Call(builtin, lowered), dims))
    }

    /// An array of so many dimensions; a value that has no place yet gets one.
    pub(super) fn array_argument(
        &mut self,
        name: &str,
        rank: usize,
        value: Value,
        span: Span,
    ) -> Outcome<Place> {
        let found = match &value {
            Value::Float(_, dims) => dims.len(),
            Value::Constant(constant) => {
                let row = constant.clone().part(crate::ir::Part::Index(Discrete::lit(0)));
                let dims = [constant.len(), row.len()];
                let ty = Type::float(dims[..rank].to_vec());
                let value = Value::Float(Expr::Const(constant.clone()), ty.dims);
                let var = self.store(&Ident::new("array", Span::call_site()), value, span)?;
                return Ok(Place::of(var));
            }
            Value::Slice { of, offset, len } => {
                let of = self.copied_slice(of.clone(), offset.clone(), len.clone(), span)?;
                let whole = self.read_place(of);
                return self.array_argument(name, rank, whole, span);
            }
            _ => 0,
        };
        if found == rank {
            return match value.place() {
                Some(place) => Ok(place.clone()),
                None => {
                    let var = self.store(&Ident::new("array", Span::call_site()), value, span)?;
                    Ok(Place::of(var))
                }
            };
        }
        let message = match (rank, found) {
            (_, 0) => {
                let hint = self.hint(&value);
                format!("`{name}` takes an array by reference, `&x`; this is {}{hint}", value.describe())
            }
            (1, _) => format!("`{name}` takes one row: call it for each `&x[i]` in a loop"),
            _ => format!("`{name}` takes an array of arrays by reference, `&x`; this is an array of numbers"),
        };
        Err(self.errors.at(span, message))
    }

    fn copied_slice(&mut self, of: Place, offset: Discrete, len: Discrete, span: Span) -> Outcome<Place> {
        let whole = offset.literal() == Some(0) && self.dims(&of).first() == Some(&len);
        if whole {
            return Ok(of);
        }
        Err(self.errors.at(
            span,
            "copy the elements that are meant first: `let part: [f32; 3] = std::array::from_fn(|k| x[i + k]);`",
        ))
    }

    /// A function marked `#[newton_fn]`.
    fn call_function(
        &mut self,
        path: &syn::ExprPath,
        args: Vec<(Value, Span)>,
        expected: Expected,
    ) -> Outcome<Value> {
        let mut callee = Callee { path: path.path.clone(), generics: Vec::new() };
        if let Some(last) = callee.path.segments.last_mut()
            && let syn::PathArguments::AngleBracketed(generics) = &last.arguments
        {
            callee.generics = generics.args.iter().cloned().collect();
            last.arguments = syn::PathArguments::None;
        }
        let args: Vec<_> = args.into_iter().map(|(value, span)| self.argument(value, span)).collect();
        let args = args.into_iter().collect::<Outcome<Vec<_>>>()?;
        let function = &callee.path.segments.last().expect("not empty").ident;
        let name = expected.name.clone().unwrap_or_else(|| quote::format_ident!("{function}_result"));
        let (tuple, types) = match &expected.ty {
            None => (false, vec![Type::FLOAT]),
            Some(syn::Type::Tuple(tuple)) => {
                let types: Vec<_> = tuple.elems.iter().map(|ty| self.ty(ty)).collect();
                (true, types.into_iter().collect::<Outcome<Vec<_>>>()?)
            }
            Some(syn::Type::Infer(_)) => (false, vec![Type::FLOAT]),
            Some(ty) => (false, vec![self.ty(ty)?]),
        };
        let results: Vec<_> = types
            .into_iter()
            .map(|ty| {
                let discrete = ty.is_discrete();
                let var = self.declare(&name, ty);
                self.vars[var.0].varying = discrete;
                var
            })
            .collect();
        if expected.ty.is_none() {
            self.assumed.push((results[0], function.clone()));
        }
        self.out.push(Stmt::Call { results: results.clone(), callee, args });
        let mut values: Vec<_> = results.into_iter().map(|var| self.read_place(Place::of(var))).collect();
        Ok(if tuple { Value::Tuple(values) } else { values.remove(0) })
    }

    fn argument(&mut self, value: Value, span: Span) -> Outcome<Argument> {
        match value {
            Value::Float(e, dims) if dims.is_empty() => Ok(Argument::Float(e)),
            Value::Discrete(int, ty) if ty.is_scalar() => Ok(Argument::Discrete(self.settled(int, "argument", ty))),
            Value::Constant(constant) => Ok(Argument::Constant(constant)),
            Value::Untyped(_) => Err(self.errors.at(
                span,
                "the type of this argument cannot be seen here: write `let x: f32 = ..` or `let n: usize = ..` first",
            )),
            value @ (Value::Float(..) | Value::Discrete(..)) => match value.place() {
                Some(place) => Ok(Argument::Array(place.clone())),
                None => {
                    let var = self.store(&Ident::new("array", Span::call_site()), value, span)?;
                    Ok(Argument::Array(Place::of(var)))
                }
            },
            Value::Slice { of, offset, len } => Ok(Argument::Array(self.copied_slice(of, offset, len, span)?)),
            value => Err(self.errors.at(
                span,
                format_args!("a `#[newton_fn]` takes numbers and arrays, this is {}", value.describe()),
            )),
        }
    }
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

fn is_index(value: &Value) -> bool {
    matches!(value, Value::Discrete(_, ty) if *ty == Type::INT)
}
