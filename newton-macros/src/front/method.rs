//! Methods: of floats, integers, arrays and iterators.

use super::Front;
use super::value::Value;
use crate::builtins::{Builtin, Syntax, nearest};
use crate::errors::{Outcome, Reported};
use crate::ir::{Discrete, Expr, Kind, Op, Stmt, Type};
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;

/// Integer methods that mean the same for every integer type, and how many arguments they take.
pub const INT_METHODS: &[(&str, usize)] = &[
    ("min", 1),
    ("max", 1),
    ("pow", 1),
    ("abs", 0),
    ("signum", 0),
    ("abs_diff", 1),
    ("saturating_sub", 1),
    ("div_ceil", 1),
    ("rem_euclid", 1),
    ("clamp", 2),
    ("next_power_of_two", 0),
    ("ilog2", 0),
    ("trailing_zeros", 0),
    ("count_ones", 0),
];

impl Front<'_> {
    pub(super) fn method(&mut self, c: &syn::ExprMethodCall) -> Outcome<Value> {
        let receiver = self.operand(&c.receiver)?;
        let args: Vec<_> = c.args.iter().map(|e| self.operand(e).map(|v| (v, e.span()))).collect();
        let args = args.into_iter().collect::<Outcome<Vec<_>>>()?;
        let name = c.method.to_string();
        match receiver {
            Value::Iter(iter) => self.iterator_method(c, *iter, &args),
            Value::Slice { ref len, .. } if name == "len" && args.is_empty() => Ok(Value::int(len.clone())),
            value @ Value::Slice { .. } => {
                let iter = self.iterator(value, c.receiver.span())?;
                self.iterator_method(c, iter, &args)
            }
            Value::Constant(constant) if name == "len" && args.is_empty() => Ok(Value::int(constant.len())),
            value @ Value::Constant(_) if is_array_method(&name) => {
                let iter = self.iterator(value, c.receiver.span())?;
                self.iterator_method(c, iter, &args)
            }
            value if value.ty().is_some_and(|ty| !ty.is_scalar()) => self.array_method(c, value, &args),
            Value::Rows(arrays) if name == "len" && args.is_empty() => {
                let iter = self.iterator(arrays[0].clone(), c.receiver.span())?;
                Ok(Value::int(iter.count()))
            }
            value @ Value::Rows(_) if is_array_method(&name) => {
                let iter = self.iterator(value, c.receiver.span())?;
                self.iterator_method(c, iter, &args)
            }
            Value::Float(..) | Value::Constant(_) | Value::Untyped(_) => {
                let mut all = vec![(receiver, c.receiver.span())];
                all.extend(args);
                self.float_method(&c.method, all, c.span())
            }
            Value::Discrete(int, ty) => self.discrete_method(c, int, ty, args),
            Value::Tuple(_) if name == "clone" => Ok(receiver),
            value => Err(self.errors.at(
                c.method.span(),
                format_args!("`{name}` on {} is not understood here", value.describe()),
            )),
        }
    }

    fn discrete_method(
        &mut self,
        c: &syn::ExprMethodCall,
        int: Discrete,
        ty: Type,
        args: Vec<(Value, Span)>,
    ) -> Outcome<Value> {
        let name = c.method.to_string();
        if name == "clone" && args.is_empty() {
            return Ok(Value::Discrete(int, ty));
        }
        let known = INT_METHODS.iter().any(|(known, n)| *known == name && *n == args.len());
        if !known || ty.kind == Kind::Bool {
            let of_floats = ty.kind == Kind::Int && Builtin::find(Syntax::Method, &name).is_some();
            let (of, instead) = match (ty.kind, of_floats) {
                (Kind::Bool, _) => ("conditions", ": write `if`".to_owned()),
                (_, true) => ("integers", format!(": write `(n as f32).{name}(..)`")),
                (_, false) => (
                    "integers",
                    ": write it with operators, or `min`, `max`, `pow`, `rem_euclid`, ..".to_owned(),
                ),
            };
            let message = format!("the method `{name}` of {of} is not understood{instead}");
            return Err(self.errors.at(c.method.span(), message));
        }
        let args: Vec<_> = args.into_iter().map(|(value, span)| self.int(value, span)).collect();
        let args = args.into_iter().collect::<Outcome<Vec<_>>>()?;
        Ok(Value::int(Discrete::Method(Box::new(int), c.method.clone(), args)))
    }

    fn array_method(
        &mut self,
        c: &syn::ExprMethodCall,
        array: Value,
        args: &[(Value, Span)],
    ) -> Outcome<Value> {
        let name = c.method.to_string();
        match (&*name, args) {
            ("len", []) => Ok(Value::int(array.ty().expect("it is an array").dims[0].clone())),
            ("clone" | "to_owned" | "as_slice" | "each_ref", []) => Ok(array),
            ("map", [(f, _)]) => self.mapped_array(array, f, c.method.span()),
            (name, _) if is_array_method(name) => {
                let iter = self.iterator(array, c.receiver.span())?;
                self.iterator_method(c, iter, args)
            }
            _ => Err(self.refuse_array_method(c, &name)),
        }
    }

    fn iterator_method(
        &mut self,
        c: &syn::ExprMethodCall,
        iter: super::iter::Iter,
        args: &[(Value, Span)],
    ) -> Outcome<Value> {
        if let Some(adapted) = self.adapt(&iter, &c.method, args, c.span())? {
            return Ok(Value::Iter(Box::new(adapted)));
        }
        if let Some(value) = self.consume(&iter, c, args)? {
            return Ok(value);
        }
        let name = c.method.to_string();
        let instead = match &*name {
            "collect" => "write `std::array::from_fn(|i| ..)`, whose length is in its type",
            "min_by" | "max_by" | "min" | "max" | "reduce" => {
                "write `max(&x)`, `min(&x)`, `argmax(&x)`, or `.fold(f32::NEG_INFINITY, f32::max)`"
            }
            "scan" => "write `cumsum(&x)`, or a `for` loop over the indices",
            "position" | "find" | "take_while" | "skip_while" => {
                "the number of steps is known before the loop starts: write a `for` loop with an `if`"
            }
            _ => "write a `for` loop over the indices",
        };
        Err(self
            .errors
            .at(c.method.span(), format_args!("the iterator method `{name}` is not understood: {instead}")))
    }

    fn refuse_array_method(&mut self, c: &syn::ExprMethodCall, name: &str) -> Reported {
        let instead = match name {
            "sort" | "sort_by" | "sort_unstable" | "sort_unstable_by" => {
                "write `let s = sort(&x);` or `sort_desc(&x)`"
            }
            "swap" | "fill" => "it changes the array: write it as a statement of its own",
            "max" | "min" => "write `max(&x)`, `min(&x)`",
            _ => "index its elements in a `for` loop",
        };
        self.errors.at(c.method.span(), format_args!("`{name}` on an array is not understood: {instead}"))
    }

    /// `args[0].name(args[1..])`.
    pub(super) fn float_method(
        &mut self,
        name: &Ident,
        mut args: Vec<(Value, Span)>,
        span: Span,
    ) -> Outcome<Value> {
        let text = name.to_string();
        if matches!((&*text, args.len()), ("powi", 2)) {
            let (n, at) = args.remove(1);
            let n = self.int(n, at)?;
            let n = self.settled(n, "power", Type::INT);
            let (x, at) = args.remove(0);
            return Ok(Value::float(Expr::Powi(Box::new(self.scalar(x, at)?), n)));
        }
        let Some(builtin) = Builtin::find(Syntax::Method, &text) else {
            return self.composed_method(name, args);
        };
        self.builtin(builtin, args, name.span().join(span).unwrap_or(span))
    }

    /// Methods that are put together from others.
    fn composed_method(&mut self, name: &Ident, args: Vec<(Value, Span)>) -> Outcome<Value> {
        let text = name.to_string();
        let find = |name| Builtin::find(Syntax::Method, name).expect("in the table");
        let known = [
            ("mul_add", 3),
            ("clamp", 3),
            ("clone", 1),
            ("to_owned", 1),
            ("log", 2),
            ("rem_euclid", 2),
            ("to_radians", 1),
            ("to_degrees", 1),
            ("sin_cos", 1),
            ("is_nan", 1),
            ("is_finite", 1),
            ("is_infinite", 1),
            ("is_sign_negative", 1),
            ("is_sign_positive", 1),
        ];
        if !known.contains(&(&*text, args.len())) {
            let hint = match (nearest(Syntax::Method, &text), Builtin::find(Syntax::Function, &text)) {
                (_, Some(_)) => format!(": write it as a function, `{text}(x)`"),
                (Some(known), _) => format!("; did you mean `{known}`?"),
                _ => String::new(),
            };
            return Err(self
                .errors
                .at(name.span(), format_args!("the float method `{text}` has no known derivative{hint}")));
        }
        let floats: Vec<_> = args.into_iter().map(|(v, span)| self.scalar(v, span)).collect();
        let mut floats = floats.into_iter().collect::<Outcome<Vec<_>>>()?;
        if matches!(&*text, "rem_euclid" | "sin_cos") {
            floats = floats.into_iter().map(|e| self.once(e)).collect();
        }
        let mut floats = floats.into_iter();
        let mut next = || floats.next().expect("its number was checked");
        let binary = |op, a, b| Expr::Binary(op, Box::new(a), Box::new(b));
        let less: syn::BinOp = syn::parse_quote!(<);
        Ok(Value::float(match &*text {
            "mul_add" => {
                let (x, a, b) = (next(), next(), next());
                binary(Op::Add, binary(Op::Mul, x, a), b)
            }
            "clamp" => {
                let (x, lo, hi) = (next(), next(), next());
                Expr::Call(find("min"), vec![Expr::Call(find("max"), vec![x, lo]), hi])
            }
            "log" => {
                let (x, base) = (next(), next());
                binary(Op::Div, Expr::Call(find("ln"), vec![x]), Expr::Call(find("ln"), vec![base]))
            }
            "rem_euclid" => {
                let (x, p) = (next(), next());
                let whole = Expr::Call(find("floor"), vec![binary(Op::Div, x.clone(), p.clone())]);
                binary(Op::Sub, x, binary(Op::Mul, whole, p))
            }
            "to_radians" => binary(Op::Mul, next(), Expr::Lit(std::f64::consts::PI / 180.0)),
            "to_degrees" => binary(Op::Mul, next(), Expr::Lit(180.0 / std::f64::consts::PI)),
            "sin_cos" => {
                let x = next();
                let (sin, cos) = (Expr::Call(find("sin"), vec![x.clone()]), Expr::Call(find("cos"), vec![x]));
                return Ok(Value::Tuple(vec![Value::float(sin), Value::float(cos)]));
            }
            "is_nan" | "is_finite" => {
                return Ok(Value::bool(Discrete::Test(name.clone(), Box::new(next()))));
            }
            "is_infinite" => {
                let x = next();
                let infinite = Discrete::Compare(
                    syn::parse_quote!(==),
                    Box::new(Expr::Call(find("abs"), vec![x])),
                    Box::new(Expr::Const(crate::ir::Constant::whole(syn::parse_quote!(f32::INFINITY)))),
                );
                return Ok(Value::bool(infinite));
            }
            "is_sign_negative" | "is_sign_positive" => {
                let negative = Discrete::Compare(less, Box::new(next()), Box::new(Expr::Lit(0.0)));
                return Ok(Value::bool(match &*text {
                    "is_sign_negative" => negative,
                    _ => Discrete::Unary(syn::parse_quote!(!), Box::new(negative)),
                }));
            }
            _ => next(),
        }))
    }
}

impl Front<'_> {
    /// The same number for several uses: computed once.
    fn once(&mut self, e: Expr) -> Expr {
        if matches!(e, Expr::Lit(_) | Expr::Read(_) | Expr::Const(_) | Expr::FromInt(_)) {
            return e;
        }
        let var = self.declare(&Ident::new("operand", Span::call_site()), Type::FLOAT);
        self.out.push(Stmt::Let { var, init: e });
        Expr::var(var)
    }
}

/// Methods of arrays that are methods of their iterators.
fn is_array_method(name: &str) -> bool {
    matches!(name, "iter" | "into_iter" | "iter_mut" | "windows" | "chunks_exact" | "contains")
}
