//! Calls: builtins, float methods, integer methods.

use super::{Front, Value};
use crate::builtins::{Builtin, Rule, Syntax, nearest};
use crate::errors::{Outcome, Reported};
use crate::ir::{Expr, Op, Place, Static, Stmt, Type};
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;

/// Integer methods that mean the same on every target.
const INT_METHODS: &[(&str, usize)] = &[
    ("min", 1),
    ("max", 1),
    ("pow", 1),
    ("abs_diff", 1),
    ("saturating_sub", 1),
    ("div_ceil", 1),
    ("rem_euclid", 1),
    ("next_power_of_two", 0),
    ("ilog2", 0),
    ("trailing_zeros", 0),
    ("count_ones", 0),
];

impl Front<'_> {
    pub(super) fn call(&mut self, c: &syn::ExprCall) -> Outcome<Value> {
        let syn::Expr::Path(path) = &*c.func else {
            return Err(self.errors.at(c.func.span(), "call a builtin by its name"));
        };
        let ident = &path.path.segments.last().expect("a path has a segment").ident;
        let name = ident.to_string();
        let args: Vec<&syn::Expr> = c.args.iter().collect();
        // `f32::max(a, b)` is `a.max(b)`.
        let of_f32 =
            path.path.segments.len() >= 2 && path.path.segments[path.path.segments.len() - 2].ident == "f32";
        if of_f32 && !args.is_empty() {
            return self.float_method(ident, &args, c.span());
        }
        match Builtin::find(Syntax::Function, &name) {
            Some(builtin) => self.builtin(builtin, &args, c.span()),
            None => {
                let hint = match (nearest(Syntax::Function, &name), Builtin::find(Syntax::Method, &name)) {
                    (Some(known), _) => format!("; did you mean `{known}`?"),
                    (None, Some(_)) => format!(": write it as a method, `x.{name}(..)`"),
                    _ => ": write its body here, or use the builtins (sigmoid, softmax, sort, sum, ...)"
                        .to_owned(),
                };
                Err(self.errors.at(c.func.span(), format_args!("`{name}` has no known derivative{hint}")))
            }
        }
    }

    pub(super) fn method(&mut self, c: &syn::ExprMethodCall) -> Outcome<Value> {
        let receiver = self.operand(&c.receiver)?;
        let name = c.method.to_string();
        match receiver {
            Value::Float(expr, dims) if !dims.is_empty() => match (&*name, c.args.len()) {
                ("len", 0) => Ok(Value::Int(dims[0].clone())),
                ("clone" | "to_owned", 0) => Ok(Value::Float(expr, dims)),
                _ => Err(self.refuse_array_method(c, &name)),
            },
            Value::Float(..) | Value::Constant(_) => {
                let mut args: Vec<&syn::Expr> = vec![&c.receiver];
                args.extend(&c.args);
                self.float_method(&c.method, &args, c.span())
            }
            Value::Int(int) => {
                if !INT_METHODS.iter().any(|(known, n)| *known == name && *n == c.args.len()) {
                    return Err(self
                        .errors
                        .at(c.method.span(), format_args!("the integer method `{name}` is not understood")));
                }
                let mut args = Vec::new();
                for arg in &c.args {
                    let value = self.operand(arg)?;
                    args.push(self.int(value, arg.span())?);
                }
                Ok(Value::Int(Static::Method(Box::new(int), c.method.clone(), args)))
            }
            _ => Err(self.errors.at(c.method.span(), format_args!("`{name}` is not understood here"))),
        }
    }

    fn refuse_array_method(&mut self, c: &syn::ExprMethodCall, name: &str) -> Reported {
        let instead = match name {
            "iter" | "into_iter" | "map" | "iter_mut" => {
                "write a `for` loop over the indices, or `sum(&x)`, `mean(&x)`"
            }
            "sort" | "sort_by" | "sort_unstable" | "sort_unstable_by" => {
                "write `let s = sort(&x);` or `sort_desc(&x)`"
            }
            _ => "index its elements in a `for` loop",
        };
        self.errors.at(c.method.span(), format_args!("`{name}` on an array is not understood: {instead}"))
    }

    /// `args[0].name(args[1..])`.
    fn float_method(&mut self, name: &Ident, args: &[&syn::Expr], span: Span) -> Outcome<Value> {
        let text = name.to_string();
        match (&*text, args.len()) {
            ("powi", 2) => {
                let x = self.float(args[0])?;
                let value = self.operand(args[1])?;
                let n = self.int(value, args[1].span())?;
                Ok(Value::Float(Expr::Powi(Box::new(x), n), Vec::new()))
            }
            ("mul_add", 3) => {
                let (x, a, b) = (self.float(args[0])?, self.float(args[1])?, self.float(args[2])?);
                let product = Expr::Binary(Op::Mul, Box::new(x), Box::new(a));
                Ok(Value::Float(Expr::Binary(Op::Add, Box::new(product), Box::new(b)), Vec::new()))
            }
            ("clamp", 3) => {
                let [max, min] =
                    ["max", "min"].map(|n| Builtin::find(Syntax::Method, n).expect("in the table"));
                let (x, lo, hi) = (self.float(args[0])?, self.float(args[1])?, self.float(args[2])?);
                Ok(Value::Float(Expr::Call(min, vec![Expr::Call(max, vec![x, lo]), hi]), Vec::new()))
            }
            ("clone", 1) => Ok(Value::Float(self.float(args[0])?, Vec::new())),
            _ => match Builtin::find(Syntax::Method, &text) {
                Some(builtin) => self.builtin(builtin, args, span),
                None => {
                    let hint = match (nearest(Syntax::Method, &text), Builtin::find(Syntax::Function, &text))
                    {
                        (_, Some(_)) => format!(": write it as a function, `{text}(x)`"),
                        (Some(known), _) => format!("; did you mean `{known}`?"),
                        _ => String::new(),
                    };
                    Err(self.errors.at(
                        name.span(),
                        format_args!("the float method `{text}` has no known derivative{hint}"),
                    ))
                }
            },
        }
    }

    fn float(&mut self, e: &syn::Expr) -> Outcome<Expr> {
        let value = self.operand(e)?;
        self.scalar(value, e.span())
    }

    fn builtin(&mut self, builtin: &'static Builtin, args: &[&syn::Expr], span: Span) -> Outcome<Value> {
        if args.len() != builtin.args.len() {
            let (name, n) =
                (builtin.name, builtin.args.len() - usize::from(builtin.syntax == Syntax::Method));
            return Err(self
                .errors
                .at(span, format_args!("`{name}` takes {n} argument{}", if n == 1 { "" } else { "s" })));
        }
        let mut lowered = Vec::new();
        let mut dims = Vec::new();
        for (arg, kind) in args.iter().zip(builtin.args) {
            if kind.rank() > 0 {
                let (place, lengths) = self.array_argument(builtin, kind.rank(), arg)?;
                dims.push(lengths);
                lowered.push(Expr::Read(place));
            } else {
                lowered.push(self.float(arg)?);
                dims.push(Vec::new());
            }
        }
        let dims = builtin.dims(&dims);
        if let Rule::Sort { descending } = builtin.rule {
            let Expr::Read(of) = lowered.remove(0) else { unreachable!("array arguments are places") };
            let order = self.declare(&Ident::new("order", Span::call_site()), Type::Order(dims[0].clone()));
            self.out.push(Stmt::LetOrder { var: order, of: of.clone(), descending });
            return Ok(Value::Float(Expr::Gather(of, order), dims));
        }
        Ok(Value::Float(Expr::Call(builtin, lowered), dims))
    }

    /// An array of a rank; a value that has no place yet gets one.
    fn array_argument(
        &mut self,
        builtin: &Builtin,
        rank: usize,
        e: &syn::Expr,
    ) -> Outcome<(Place, Vec<Static>)> {
        match self.operand(e)? {
            Value::Float(Expr::Read(place), dims) if dims.len() == rank => Ok((place, dims)),
            Value::Float(expr, dims) if dims.len() == rank => {
                let var = self.declare(&Ident::new("array", Span::call_site()), Type::Float(dims.clone()));
                self.out.push(Stmt::Let { var, init: expr });
                Ok((Place::of(var), dims))
            }
            Value::Float(_, dims) if rank == 1 && dims.len() > 1 => Err(self.errors.at(
                e.span(),
                format_args!("`{}` takes one row: call it for each `&x[i]` in a loop", builtin.name),
            )),
            Value::Float(_, dims) if rank == 2 && dims.len() == 1 => Err(self.errors.at(
                e.span(),
                format_args!("`{}` takes a matrix by reference: `[[f32; C]; R]`", builtin.name),
            )),
            _ => Err(self
                .errors
                .at(e.span(), format_args!("`{}` takes an array by reference: `&x`", builtin.name))),
        }
    }
}
