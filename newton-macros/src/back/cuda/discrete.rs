//! Integers and conditions.

use super::Printer;
use super::expr::{Bind, Text};
use crate::ir::{Constant, Discrete, Kind, Part};
use quote::{ToTokens, quote};
use syn::BinOp;

impl Printer<'_> {
    /// An integer or a condition as what it is: the same for all samples, or not.
    pub fn discrete(&self, e: &Discrete) -> Text {
        if e.is_varying(&self.program.vars) { self.by_lane(e) } else { self.int(e) }
    }

    /// A uniform integer or condition.
    pub fn int(&self, e: &Discrete) -> Text {
        let atom = |text| Text(text, Bind::Atom);
        match e {
            Discrete::Path(path) => atom(self.path(path)),
            Discrete::Constant(constant) => atom(self.constant(constant)),
            Discrete::Read(place) => atom(self.place(place)),
            Discrete::Unary(op, a) => {
                let operator = self.unary(op, a);
                Text(format!("{operator}{}", self.int(a).at_least(Bind::Atom)), Bind::Prefix)
            }
            Discrete::Binary(op, a, b) => self.binary_discrete(op, a, b, &|e| self.int(e)),
            Discrete::Method(a, name, args) => self.method(a, &name.to_string(), args, &|e| self.int(e)),
            Discrete::Cast(a, ty) => {
                let condition = self.is_condition(a);
                let text = self.int(a);
                match c_type(ty) {
                    _ if condition => atom(format!("nl::integer({})", text.0)),
                    Some(narrow) => atom(format!("nl::integer(({narrow}){})", text.at_least(Bind::Atom))),
                    None => text,
                }
            }
            Discrete::Extreme { largest, of } => {
                let of = self.by_lane(of).0;
                atom(if *largest { format!("nl::bound({of})") } else { format!("nl::integer({of})") })
            }
            // Arrays, and what is never uniform.
            e => self.by_lane(e),
        }
    }

    /// A literal, a const generic, or what else a user put where an integer is known before the program runs.
    fn path(&self, path: &syn::Expr) -> String {
        match path {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. }) => match n.base10_parse::<u128>() {
                Ok(n) if n <= i32::MAX as u128 => n.to_string(),
                Ok(n) if n <= i64::MAX as u128 => format!("{n}LL"),
                Ok(n) => format!("nl::integer({n}ULL)"),
                Err(_) => n.to_string(),
            },
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Bool(b), .. }) => b.value.to_string(),
            syn::Expr::Paren(inner) => self.path(&inner.expr),
            syn::Expr::Path(p)
                if p.path.get_ident().is_some_and(|name| self.generics.contains(&name.to_string())) =>
            {
                self.name(p.path.get_ident().expect("it is one"))
            }
            path => self.constant(&Constant::whole(path.clone())),
        }
    }

    /// A constant of the user's, with its parts.
    pub fn constant(&self, constant: &Constant) -> String {
        let path = &constant.path;
        let stem = match path {
            syn::Expr::Path(path) => path.path.segments.last().map(|s| s.ident.to_string()),
            _ => None,
        };
        let name = self.uses.constant(
            &stem.unwrap_or_else(|| "constant".to_owned()),
            path.to_token_stream().to_string(),
            (!self.in_function || !self.mentions_generic(path)).then(|| quote!(&(#path))),
            |name| {
                // Types of the text hide what stands around it.
                let hidden = name == self.scalar || name == self.passive;
                hidden || self.program.names.contains(name) || self.generics.contains(name)
            },
        );
        constant.parts.iter().fold(name, |text, part| match part {
            Part::Index(index) => format!("{text}[{}]", self.discrete(index).0),
            Part::Field(field) => format!("{text}._{}", field.index),
        })
    }

    fn mentions_generic(&self, path: &syn::Expr) -> bool {
        fn find(tokens: proc_macro2::TokenStream, names: &std::collections::HashSet<String>) -> bool {
            tokens.into_iter().any(|tree| match tree {
                proc_macro2::TokenTree::Ident(name) => names.contains(&name.to_string()),
                proc_macro2::TokenTree::Group(group) => find(group.stream(), names),
                _ => false,
            })
        }
        find(path.to_token_stream(), &self.generics)
    }

    /// A condition rather than an integer.
    pub fn is_condition(&self, e: &Discrete) -> bool {
        match e {
            Discrete::Path(syn::Expr::Lit(lit)) => matches!(lit.lit, syn::Lit::Bool(_)),
            Discrete::Read(place) => self.program.vars[place.var.0].ty.kind == Kind::Bool,
            Discrete::Unary(_, a) | Discrete::Filled(a, _) => self.is_condition(a),
            Discrete::Binary(op, a, b) => match op {
                BinOp::BitAnd(_) | BinOp::BitOr(_) | BinOp::BitXor(_) => {
                    self.is_condition(a) || self.is_condition(b)
                }
                op => precedence(op) <= Bind::Compare,
            },
            Discrete::Compare(..) | Discrete::Test(..) => true,
            Discrete::Array(elems) => elems.iter().any(|e| self.is_condition(e)),
            _ => false,
        }
    }

    /// An integer or condition that may differ between samples; uniform ones are converted.
    pub fn by_lane(&self, e: &Discrete) -> Text {
        self.by_lane_as(e, self.is_condition(e))
    }

    /// As [`Self::by_lane`], for what is known to be a condition, or not.
    pub fn by_lane_as(&self, e: &Discrete, condition: bool) -> Text {
        let atom = |text| Text(text, Bind::Atom);
        if !e.is_varying(&self.program.vars) && !matches!(e, Discrete::Filled(..) | Discrete::Array(_)) {
            let text = self.int(e);
            return if condition { text } else { atom(format!("nl::Int({})", text.0)) };
        }
        let same = |e: &Discrete| self.by_lane_as(e, condition);
        match e {
            Discrete::Read(place) => atom(self.place(place)),
            Discrete::Constant(constant) if condition => atom(self.constant(constant)),
            Discrete::Constant(constant) => atom(format!("nl::Int({})", self.constant(constant))),
            Discrete::Unary(op, a) => {
                let operator = self.unary(op, a);
                Text(format!("{operator}{}", same(a).at_least(Bind::Atom)), Bind::Prefix)
            }
            Discrete::Binary(op, a, b) => {
                let compares = precedence(op) == Bind::Compare;
                let conditions =
                    if compares { self.is_condition(a) || self.is_condition(b) } else { condition };
                self.binary_discrete(op, a, b, &|e| self.by_lane_as(e, conditions))
            }
            Discrete::Method(a, name, args) => {
                self.method(a, &name.to_string(), args, &|e| self.by_lane_as(e, false))
            }
            Discrete::Cast(a, _) if self.is_condition(a) => {
                atom(format!("nl::Int({})", self.by_lane_as(a, true).0))
            }
            Discrete::Cast(a, ty) => {
                let from_float = matches!(**a, Discrete::Truncated(_));
                narrowed(self.by_lane_as(a, false), ty, from_float)
            }
            Discrete::Compare(op, a, b) => {
                let (a, b) = (self.passive(a).at_least(Bind::Sum), self.passive(b).at_least(Bind::Sum));
                Text(format!("{a} {} {b}", symbol(op)), Bind::Compare)
            }
            Discrete::Test(name, a) => atom(format!("nl::{name}({})", self.passive(a).0)),
            Discrete::Truncated(a) => atom(format!("nl::truncated({})", self.passive(a).0)),
            Discrete::Call(name, place) => atom(format!("nl::{name}({})", self.place(place))),
            _ => unreachable!("arrays are printed with their type"),
        }
    }

    /// An array of integers or conditions of a type, or one of them.
    pub fn discrete_array(&self, e: &Discrete, element: &str, dims: &[Discrete]) -> String {
        let ty = self.array_type(element, dims);
        let one = |e: &Discrete| match element {
            "nl::Int" => self.by_lane_as(e, false).0,
            _ => self.discrete(e).0,
        };
        match e {
            Discrete::Filled(a, inner) => {
                let value = self.discrete_array(a, element, dims.get(inner.len()..).unwrap_or_default());
                match dims.len() == inner.len() {
                    true => format!("nl::filled<{ty}>({element}({value}))"),
                    // The same row everywhere.
                    false => format!("nl::filled<{ty}>({value})"),
                }
            }
            Discrete::Array(elems) => {
                let rest = dims.get(1..).unwrap_or_default();
                let elems: Vec<String> =
                    elems.iter().map(|e| self.discrete_array(e, element, rest)).collect();
                format!("{ty}{{{{{}}}}}", elems.join(", "))
            }
            e if !dims.is_empty() => {
                let converts = match e {
                    Discrete::Read(place) => self.element(place.var) != element,
                    _ => !matches!(e, Discrete::Call(..)),
                };
                let text = self.discrete(e).0;
                if converts { format!("nl::to<{ty}>({text})") } else { text }
            }
            e => one(e),
        }
    }

    fn unary(&self, op: &syn::UnOp, a: &Discrete) -> &'static str {
        match op {
            syn::UnOp::Not(_) if self.is_condition(a) => "!",
            syn::UnOp::Not(_) => "~",
            _ => "-",
        }
    }

    fn binary_discrete(
        &self,
        op: &BinOp,
        a: &Discrete,
        b: &Discrete,
        of: &dyn Fn(&Discrete) -> Text,
    ) -> Text {
        let literal = b.literal().is_some_and(|n| n > 0)
            && !a.is_varying(&self.program.vars)
            && !b.is_varying(&self.program.vars);
        match op {
            BinOp::Div(_) | BinOp::Rem(_) if !literal || matches!(a, Discrete::Path(syn::Expr::Lit(_))) => {
                let function = if matches!(op, BinOp::Div(_)) { "div" } else { "rem" };
                Text(format!("nl::{function}({}, {})", of(a).0, of(b).0), Bind::Atom)
            }
            // Literals are narrow in C++, and bits bind less than comparisons.
            BinOp::Shl(_) | BinOp::Shr(_) => {
                let (a, wide) = (of(a), a.literal().is_some());
                let a = if wide && !a.0.starts_with("nl::") {
                    format!("nl::integer({})", a.0)
                } else {
                    a.at_least(Bind::Atom)
                };
                Text(format!("({a} {} {})", symbol(op), of(b).at_least(Bind::Atom)), Bind::Atom)
            }
            BinOp::BitAnd(_) | BinOp::BitOr(_) | BinOp::BitXor(_) => Text(
                format!("({} {} {})", of(a).at_least(Bind::Atom), symbol(op), of(b).at_least(Bind::Atom)),
                Bind::Atom,
            ),
            op => {
                let bind = precedence(op);
                let tighter = match bind {
                    Bind::Or => Bind::And,
                    Bind::And => Bind::Compare,
                    Bind::Compare => Bind::Sum,
                    Bind::Sum => Bind::Product,
                    _ => Bind::Prefix,
                };
                let left = if bind == Bind::Compare { Bind::Sum } else { bind };
                Text(format!("{} {} {}", of(a).at_least(left), symbol(op), of(b).at_least(tighter)), bind)
            }
        }
    }

    fn method(&self, a: &Discrete, name: &str, args: &[Discrete], of: &dyn Fn(&Discrete) -> Text) -> Text {
        let first = of(a);
        let mut all = vec![first.0];
        // Literals are narrow in C++.
        if a.literal().is_some() && !all[0].starts_with("nl::") {
            all[0] = format!("nl::integer({})", all[0]);
        }
        if name == "saturating_sub" && !a.is_varying(&self.program.vars) && self.is_signed(a) {
            let b = of(&args[0]).at_least(Bind::Product);
            return Text(format!("{} - {b}", all[0]), Bind::Sum);
        }
        all.extend(args.iter().map(|arg| of(arg).0));
        Text(format!("nl::{name}({})", all.join(", ")), Bind::Atom)
    }

    /// The user gave the integer a signed type, as far as it shows.
    fn is_signed(&self, e: &Discrete) -> bool {
        let signed = |ty: &syn::Type| ty.to_token_stream().to_string().starts_with('i');
        if let Discrete::Cast(_, ty) = e {
            return signed(ty);
        }
        let mut found = false;
        e.for_each_read(&mut |place| {
            let mut ty = self.program.vars[place.var.0].annotation.clone();
            while let Some(syn::Type::Array(array)) = ty {
                ty = Some(*array.elem);
            }
            found |= ty.is_some_and(|ty| signed(&ty));
        });
        found
    }
}

/// The C++ type that a cast goes by way of, where it can lose digits.
fn c_type(ty: &syn::Type) -> Option<&'static str> {
    match &*ty.to_token_stream().to_string() {
        "u8" => Some("unsigned char"),
        "u16" => Some("unsigned short"),
        "u32" => Some("unsigned int"),
        "i8" => Some("signed char"),
        "i16" => Some("short"),
        "i32" => Some("int"),
        _ => None,
    }
}

/// An integer as one of a narrower type, from an integer (which wraps) or from a float (which saturates).
fn narrowed(text: Text, ty: &syn::Type, from_float: bool) -> Text {
    let name = ty.to_token_stream().to_string();
    let bounds = match &*name {
        "u8" => Some((0, 255)),
        "u16" => Some((0, 65_535)),
        "i8" => Some((-128, 127)),
        "i16" => Some((-32_768, 32_767)),
        _ => None,
    };
    let text = match (bounds, from_float) {
        (Some((low, high)), true) => format!("nl::clamp({}, nl::Int({low}), nl::Int({high}))", text.0),
        (None, true) if name.starts_with('u') => format!("nl::max({}, nl::Int(0))", text.0),
        (Some(_), false) => {
            let narrow = c_type(ty).expect("it is narrow");
            format!("nl::Int(int(({narrow}){}.value))", text.at_least(Bind::Atom))
        }
        _ => return text,
    };
    Text(text, Bind::Atom)
}

fn symbol(op: &BinOp) -> String {
    op.to_token_stream().to_string()
}

fn precedence(op: &BinOp) -> Bind {
    match op {
        BinOp::Mul(_) | BinOp::Div(_) | BinOp::Rem(_) => Bind::Product,
        BinOp::Add(_) | BinOp::Sub(_) => Bind::Sum,
        BinOp::Shl(_) | BinOp::Shr(_) | BinOp::BitAnd(_) | BinOp::BitOr(_) | BinOp::BitXor(_) => Bind::Atom,
        BinOp::And(_) => Bind::And,
        BinOp::Or(_) => Bind::Or,
        _ => Bind::Compare,
    }
}
