//! Expressions.
//!
//! Mixed arithmetic keeps the active operand on the left, `active op passive`; where the order matters the passive one is
//! lifted.

use super::Printer;
use crate::builtins::{Arg, Builtin, Rule, Syntax};
use crate::ir::{Expr, Op, Place, Role};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// How tightly printed text binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bind {
    Or,
    And,
    Compare,
    Bits,
    Shift,
    Sum,
    Product,
    Cast,
    Prefix,
    Atom,
}

/// Text and how tightly it binds.
pub struct Text(pub TokenStream, pub Bind);

impl Text {
    /// In parentheses if it binds less tightly.
    pub fn at_least(self, bind: Bind) -> TokenStream {
        let Text(text, own) = self;
        if own < bind { quote!((#text)) } else { text }
    }
}

impl Printer<'_> {
    /// As an active scalar.
    pub fn active(&self, e: &Expr) -> Text {
        if e.is_active(&self.program.vars) {
            return self.expr(e);
        }
        let s = &self.scalar;
        match e {
            Expr::Lit(0.0) => Text(quote!(#s::zero()), Bind::Atom),
            Expr::Lit(1.0) => Text(quote!(#s::one()), Bind::Atom),
            Expr::Lit(x) => {
                let x = literal(*x);
                Text(quote!(#s::lit(#x)), Bind::Atom)
            }
            Expr::Const(constant) if !self.varies(constant) => {
                let x = self.constant(constant);
                Text(quote!(lanes::number::<#s, _>(#x)), Bind::Atom)
            }
            e => {
                let text = self.expr(e).0;
                Text(quote!(#s::constant(#text)), Bind::Atom)
            }
        }
    }

    /// As a passive scalar.
    pub fn passive(&self, e: &Expr) -> Text {
        if !e.is_active(&self.program.vars) {
            return self.expr(e);
        }
        let text = self.expr(e).at_least(Bind::Atom);
        Text(quote!(#text.value()), Bind::Atom)
    }

    /// As what it is.
    pub fn expr(&self, e: &Expr) -> Text {
        let p = &self.passive;
        let atom = |text| Text(text, Bind::Atom);
        match e {
            Expr::Lit(0.0) => atom(quote!(#p::zero())),
            Expr::Lit(1.0) => atom(quote!(#p::one())),
            Expr::Lit(x) => {
                let x = literal(*x);
                atom(quote!(#p::lit(#x)))
            }
            Expr::Const(constant) if self.varies(constant) => {
                let (table, index) = self.constant_table(constant);
                atom(quote!(lanes::table::<#p, _>(&#table, #index)))
            }
            Expr::Const(constant) => {
                let x = self.constant(constant);
                atom(quote!(lanes::number::<#p, _>(#x)))
            }
            Expr::FromInt(int) if int.is_varying(&self.program.vars) => {
                let int = self.by_lane(int);
                atom(quote!(#p::from_int(#int)))
            }
            Expr::FromInt(int) if super::discrete::small_literal(int).is_some() => {
                let x = literal(int.literal().expect("it is one") as f64);
                atom(quote!(#p::lit(#x)))
            }
            Expr::FromInt(int) => {
                let int = self.int(int).at_least(Bind::Cast);
                atom(quote!(#p::lit(#int as f64)))
            }
            Expr::Read(place) => self.read(place),
            Expr::Neg(a) => {
                let a = self.expr(a).at_least(Bind::Prefix);
                Text(quote!(-#a), Bind::Prefix)
            }
            Expr::Binary(op, a, b) => self.binary(*op, a, b),
            Expr::Powi(a, n) => {
                let a = self.expr(a).at_least(Bind::Atom);
                if n.is_varying(&self.program.vars) {
                    let n = self.by_lane_as(n, false);
                    return atom(quote!(#a.powi_by_lane(#n)));
                }
                if let Some(n) = super::discrete::small_literal(n) {
                    return atom(quote!(#a.powi(#n)));
                }
                let n = self.int(n).at_least(Bind::Cast);
                atom(quote!(#a.powi(#n as i32)))
            }
            Expr::Call(builtin, args) => atom(self.call(builtin, args)),
            Expr::Derivative(builtin, args) => {
                let name = self.runtime(&format!("{}_d", builtin.name));
                let args = match builtin.rule {
                    Rule::OfValue => vec![self.expr(&args[0]).0],
                    _ => self.arguments(builtin, args),
                };
                atom(quote!(#name(#(#args),*)))
            }
            Expr::Gather(place, order) => {
                let gather = self.runtime("gather");
                let place = self.reference(place);
                let order = &self.program.vars[order.0].name;
                atom(quote!(#gather(#place, &#order)))
            }
            Expr::Filled(..) | Expr::Array(_) => atom(self.array(e, e.is_active(&self.program.vars))),
        }
    }

    /// An array literal, its elements lifted where the variable is active.
    pub fn array(&self, e: &Expr, active: bool) -> TokenStream {
        let scalar = |e: &Expr| if active { self.active(e).0 } else { self.expr(e).0 };
        match e {
            Expr::Filled(value, dims) => self.filled(scalar(value), dims),
            Expr::Array(elems) => {
                let elems = elems.iter().map(scalar);
                quote!([#(#elems),*])
            }
            e => self.expr(e).0,
        }
    }

    fn binary(&self, op: Op, a: &Expr, b: &Expr) -> Text {
        let vars = &self.program.vars;
        let (mut a, mut b) = (a, b);
        let mut lift = false;
        if !a.is_active(vars) && b.is_active(vars) {
            match op {
                Op::Add | Op::Mul => (a, b) = (b, a),
                Op::Sub | Op::Div => lift = true,
            }
        }
        let (bind, tighter) = match op {
            Op::Add | Op::Sub => (Bind::Sum, Bind::Product),
            Op::Mul | Op::Div => (Bind::Product, Bind::Cast),
        };
        let left = if lift { self.active(a) } else { self.expr(a) }.at_least(bind);
        let right = self.expr(b).at_least(tighter);
        Text(
            match op {
                Op::Add => quote!(#left + #right),
                Op::Sub => quote!(#left - #right),
                Op::Mul => quote!(#left * #right),
                Op::Div => quote!(#left / #right),
            },
            bind,
        )
    }

    fn call(&self, builtin: &'static Builtin, args: &[Expr]) -> TokenStream {
        let active = args.iter().map(|a| a.is_active(&self.program.vars));
        let function = builtin.function_for(active);
        let args = self.arguments(builtin, args);
        match builtin.syntax {
            Syntax::Function => {
                let name = self.runtime(&function);
                quote!(#name(#(#args),*))
            }
            Syntax::Method => {
                let name = quote::format_ident!("{}", builtin.name);
                let (receiver, rest) = args.split_first().expect("a method has a receiver");
                quote!(#receiver.#name(#(#rest),*))
            }
        }
    }

    /// Arguments as the builtin takes them: active together or passive together.
    fn arguments(&self, builtin: &Builtin, args: &[Expr]) -> Vec<TokenStream> {
        let any = args.iter().any(|a| a.is_active(&self.program.vars));
        let one = |(i, (arg, kind)): (usize, (&Expr, &Arg))| {
            let bind = if i == 0 && builtin.syntax == Syntax::Method { Bind::Atom } else { Bind::Or };
            match (kind, arg) {
                (kind, Expr::Read(place)) if kind.rank() > 0 => self.reference(place),
                (Arg::Scalar, arg) if any => self.active(arg).at_least(bind),
                (_, arg) => self.passive(arg).at_least(bind),
            }
        };
        args.iter().zip(builtin.args).enumerate().map(one).collect()
    }

    /// Some index into the constant differs between samples.
    pub fn varies(&self, constant: &crate::ir::Constant) -> bool {
        constant.indices().any(|i| i.is_varying(&self.program.vars))
    }

    /// The value of a place.
    pub fn read(&self, place: &Place) -> Text {
        let (s, p) = (&self.scalar, &self.passive);
        let var = &self.program.vars[place.var.0];
        let scalar = self.program.dims(place).is_empty();
        if place.is_varying(&self.program.vars) {
            let (flat, index) = self.element(place);
            let t = if var.active { s } else { p };
            return Text(
                match (var.shared, scalar) {
                    (true, true) => quote!(lanes::table::<#p, _>(#flat, #index)),
                    (true, false) if var.ty.is_discrete() => {
                        quote!(lanes::spread_row::<#p, _>(#flat, #index))
                    }
                    (true, false) => quote!(lanes::table_row::<#p, _>(#flat, #index)),
                    (false, true) => quote!(#t::gather(#flat, #index)),
                    (false, false) => quote!(lanes::gather_row::<#t, _>(#flat, #index)),
                },
                Bind::Atom,
            );
        }
        let text = self.place(place);
        if var.shared {
            return if scalar {
                Text(quote!(#p::lit(#text)), Bind::Atom)
            } else {
                let text = if place.indices.is_empty() { text } else { quote!(&#text) };
                Text(quote!(lanes::lift::<#p, _>(#text)), Bind::Atom)
            };
        }
        if place.indices.is_empty() && self.is_reference(place) {
            Text(quote!(*#text), Bind::Prefix)
        } else {
            Text(text, Bind::Atom)
        }
    }

    /// A reference to a place.
    pub fn reference(&self, place: &Place) -> TokenStream {
        if place.is_varying(&self.program.vars) || self.program.vars[place.var.0].shared {
            let value = self.read(place).0;
            return quote!(&#value);
        }
        let text = self.place(place);
        if place.indices.is_empty() && self.is_reference(place) { text } else { quote!(&#text) }
    }

    /// A mutable reference to a place.
    pub fn reference_mut(&self, place: &Place) -> TokenStream {
        let text = self.place(place);
        if place.indices.is_empty() && self.is_reference(place) { text } else { quote!(&mut #text) }
    }

    /// The place itself.
    pub fn place(&self, place: &Place) -> TokenStream {
        let var = &self.program.vars[place.var.0];
        let name = &var.name;
        let indices = place.indices.iter().enumerate().map(|(k, i)| {
            let text = self.int(i).0;
            match var.ty.dims.get(k) {
                Some(n) if self.is_unsure(i) => {
                    let n = self.int(n).0;
                    self.checked(text, n)
                }
                _ => text,
            }
        });
        quote!(#name #([#indices])*)
    }

    /// The integer comes from a loop whose bound is a label: it may lead out of an array.
    pub fn is_unsure(&self, e: &crate::ir::Discrete) -> bool {
        let mut unsure = false;
        let vars = self.unsure.borrow();
        e.for_each_read(&mut |read| unsure |= vars.contains(&read.var));
        unsure
    }

    /// An index that is checked by us: an error that names the sample instead of a panic.
    pub fn checked(&self, index: TokenStream, len: TokenStream) -> TokenStream {
        let (p, mask) = (&self.passive, self.mask());
        quote!(lanes::at::<#p>(#index, #len, #mask))
    }

    /// Parameters that generated code has as references: arrays, and what it adds adjoints to.
    pub fn is_reference(&self, place: &Place) -> bool {
        let var = &self.program.vars[place.var.0];
        if self.outputs.contains(&place.var) {
            return true;
        }
        let copied = self.copied.contains(&place.var);
        let role = self.program.params.iter().find(|p| p.var == place.var).map(|p| p.role);
        !var.ty.is_scalar() && !copied && matches!(role, Some(Role::Prediction | Role::Label | Role::Shared))
    }
}

fn literal(x: f64) -> TokenStream {
    // As short as Rust prints it: `1e-10`.
    let magnitude: Literal = format!("{:?}", x.abs()).parse().expect("a finite float is a literal");
    if x.is_sign_negative() { quote!(-#magnitude) } else { quote!(#magnitude) }
}
