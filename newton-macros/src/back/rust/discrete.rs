//! Integers and conditions: uniform ones as Rust's own, varying ones one per lane.

use super::Printer;
use super::expr::{Bind, Text};
use crate::ir::{Constant, Discrete, Kind, Part, Place};
use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};
use quote::quote;
use syn::BinOp;

impl Printer<'_> {
    /// A uniform integer or condition.
    pub fn int(&self, e: &Discrete) -> Text {
        let atom = |text| Text(text, Bind::Atom);
        match e {
            Discrete::Path(path) => {
                let simple = matches!(path, syn::Expr::Path(_) | syn::Expr::Lit(_));
                atom(if simple { quote!(#path) } else { quote!((#path)) })
            }
            Discrete::Constant(constant) => atom(self.constant(constant)),
            Discrete::Read(place) => {
                let text = self.place(place);
                let reference = place.indices.is_empty() && self.is_reference(place);
                if reference { Text(quote!(*#text), Bind::Prefix) } else { atom(text) }
            }
            Discrete::Unary(op, a) => {
                let a = self.int(a).at_least(Bind::Prefix);
                Text(quote!(#op #a), Bind::Prefix)
            }
            Discrete::Binary(op, a, b) => {
                let (left, own, right) = precedence(op);
                let (a, b) = (self.int(a).at_least(left), self.int(b).at_least(right));
                Text(quote!(#a #op #b), own)
            }
            Discrete::Method(a, name, args) => {
                let text = self.int(a);
                // Rust looks for no methods on numbers whose type it has not seen.
                let a = match is_literal(a) {
                    true => {
                        let text = text.at_least(Bind::Cast);
                        quote!((#text as usize))
                    }
                    false => text.at_least(Bind::Atom),
                };
                let args = args.iter().map(|a| self.int(a).0);
                atom(quote!(#a.#name(#(#args),*)))
            }
            Discrete::Cast(a, ty) => {
                let a = self.int(a).at_least(Bind::Cast);
                // In parentheses: a following `<` would be read as the type's.
                atom(quote!((#a as #ty)))
            }
            Discrete::Filled(a, dims) => atom(self.filled(self.int(a).0, dims)),
            Discrete::Array(elems) => {
                let elems = elems.iter().map(|e| self.int(e).0);
                atom(quote!([#(#elems),*]))
            }
            Discrete::Extreme { largest, of } => {
                let ty = self.int_type(of);
                let of = self.by_lane(of);
                let mask = self.mask();
                let method = if *largest { quote!(highest) } else { quote!(lowest) };
                Text(quote!(#of.#method(#mask) as #ty), Bind::Cast)
            }
            // What compares floats is never uniform.
            e => atom(self.by_lane(e)),
        }
    }

    /// The type of an integer in the user's function, as far as it shows.
    fn int_type(&self, e: &Discrete) -> TokenStream {
        let mut found = None;
        e.for_each_read(&mut |place| {
            let mut ty = self.program.vars[place.var.0].annotation.clone();
            while let Some(syn::Type::Array(array)) = ty {
                ty = Some(*array.elem);
            }
            found = found.take().or(ty);
        });
        match (e, found) {
            (Discrete::Cast(_, ty), _) => quote!(#ty),
            (_, Some(ty)) => quote!(#ty),
            _ => quote!(usize),
        }
    }

    /// The same element everywhere.
    pub fn filled(&self, element: TokenStream, dims: &[Discrete]) -> TokenStream {
        dims.iter().rev().fold(element, |inner, n| {
            let n = self.int(n).0;
            quote!([#inner; #n])
        })
    }

    /// A path to a constant, with its parts.
    pub fn constant(&self, constant: &Constant) -> TokenStream {
        let path = &constant.path;
        let simple = matches!(path, syn::Expr::Path(_) | syn::Expr::Lit(_) | syn::Expr::Paren(_));
        let path = if simple { quote!(#path) } else { quote!((#path)) };
        constant.parts.iter().fold(path, |text, part| match part {
            Part::Index(index) => {
                let at = self.int(index).0;
                let at = if self.is_unsure(index) { self.checked(at, quote!(#text.len())) } else { at };
                quote!(#text[#at])
            }
            Part::Field(field) => quote!(#text.#field),
        })
    }

    /// A condition rather than an integer.
    fn is_condition(&self, e: &Discrete) -> bool {
        match e {
            Discrete::Path(path) => {
                matches!(path, syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Bool(_), .. }))
            }
            Discrete::Read(place) => self.program.vars[place.var.0].ty.kind == Kind::Bool,
            Discrete::Unary(_, a) => self.is_condition(a),
            Discrete::Binary(op, a, b) => match op {
                BinOp::BitAnd(_) | BinOp::BitOr(_) | BinOp::BitXor(_) => {
                    self.is_condition(a) || self.is_condition(b)
                }
                op => precedence(op).1 <= Bind::Compare,
            },
            Discrete::Compare(..) | Discrete::Test(..) => true,
            Discrete::Filled(a, _) => self.is_condition(a),
            Discrete::Array(elems) => elems.iter().any(|e| self.is_condition(e)),
            _ => false,
        }
    }

    /// An integer per lane, or a condition per lane; uniform ones are the same in every lane.
    pub fn by_lane(&self, e: &Discrete) -> TokenStream {
        self.by_lane_as(e, self.is_condition(e))
    }

    /// As [`Self::by_lane`], for what is known to be a condition, or not.
    pub fn by_lane_as(&self, e: &Discrete, condition: bool) -> TokenStream {
        let p = &self.passive;
        if let Discrete::Filled(a, dims) = e {
            return self.filled(self.by_lane_as(a, condition), dims);
        }
        if let Discrete::Array(elems) = e {
            let elems = elems.iter().map(|e| self.by_lane_as(e, condition));
            return quote!([#(#elems),*]);
        }
        if !e.is_varying(&self.program.vars) {
            let text = self.int(e);
            return if condition {
                let text = text.0;
                quote!(#p::mask(#text))
            } else if let Some(n) = small_literal(e) {
                quote!(#p::int(#n))
            } else {
                let text = text.at_least(Bind::Cast);
                quote!(#p::int(#text as i32))
            };
        }
        match e {
            Discrete::Read(place) => self.read_by_lane(place, condition),
            Discrete::Constant(constant) => {
                let (table, index) = self.constant_table(constant);
                quote!(lanes::lookup::<#p, _>(&#table, #index))
            }
            Discrete::Unary(op, a) => {
                let a = self.by_lane_as(a, condition);
                quote!((#op #a))
            }
            Discrete::Binary(op, a, b) => self.binary_by_lane(op, a, b, condition),
            Discrete::Method(a, name, args) => {
                let a = self.by_lane_as(a, false);
                let mut args: Vec<_> = args.iter().map(|a| self.by_lane_as(a, false)).collect();
                if name == "rem_euclid" || name == "div_ceil" {
                    args.push(self.mask());
                }
                quote!(#a.#name(#(#args),*))
            }
            Discrete::Cast(a, _) if self.is_condition(a) => {
                let a = self.by_lane_as(a, true);
                quote!(#a.as_int())
            }
            Discrete::Cast(a, ty) => {
                let from_float = matches!(**a, Discrete::Truncated(_));
                narrowed(p, self.by_lane_as(a, false), ty, from_float)
            }
            Discrete::Compare(op, a, b) => {
                let (a, b) = (self.passive(a).at_least(Bind::Atom), self.passive(b).0);
                let method = comparison(op);
                quote!(#a.#method(#b))
            }
            Discrete::Test(name, a) => {
                let a = self.passive(a).at_least(Bind::Atom);
                let name = quote::format_ident!("{}", name.to_string().replace("is_", "where_"));
                quote!(#a.#name())
            }
            Discrete::Truncated(a) => {
                let a = self.passive(a).at_least(Bind::Atom);
                quote!(#a.to_int())
            }
            Discrete::Call(name, place) => {
                let name = quote::format_ident!("{}", name);
                let place = self.reference(place);
                quote!(lanes::#name(#place))
            }
            _ => unreachable!("it is uniform"),
        }
    }

    fn binary_by_lane(&self, op: &BinOp, a: &Discrete, b: &Discrete, condition: bool) -> TokenStream {
        let compares = precedence(op).1 == Bind::Compare;
        let conditions = if compares { self.is_condition(a) || self.is_condition(b) } else { condition };
        let (a, b) = (self.by_lane_as(a, conditions), self.by_lane_as(b, conditions));
        match op {
            BinOp::And(_) => quote!((#a & #b)),
            BinOp::Or(_) => quote!((#a | #b)),
            BinOp::Eq(_) if conditions => quote!((!(#a ^ #b))),
            BinOp::Ne(_) if conditions => quote!((#a ^ #b)),
            op if compares => {
                let (method, b) = (comparison(op), argument(b));
                quote!(#a.#method(#b))
            }
            BinOp::Div(_) => {
                let mask = self.mask();
                quote!(#a.div(#b, #mask))
            }
            BinOp::Rem(_) => {
                let mask = self.mask();
                quote!(#a.rem(#b, #mask))
            }
            op => quote!((#a #op #b)),
        }
    }

    fn read_by_lane(&self, place: &Place, condition: bool) -> TokenStream {
        let p = &self.passive;
        if !place.is_varying(&self.program.vars) {
            let text = self.place(place);
            let reference = place.indices.is_empty() && self.is_reference(place);
            return if reference { quote!(*#text) } else { text };
        }
        let (flat, index) = self.element(place);
        let text = quote!(lanes::lookup::<#p, _>(#flat, #index));
        if condition { quote!(#text.is_true()) } else { text }
    }

    /// The flat memory of the array that an element with a varying index is in, and the element's index there, in range.
    pub fn element(&self, place: &Place) -> (TokenStream, TokenStream) {
        let vars = &self.program.vars;
        let first = place.indices.iter().position(|i| i.is_varying(vars)).expect("some index varies");
        let base = Place { indices: place.indices[..first].to_vec(), ..place.clone() };
        let text = self.place(&base);
        let dims = self.program.dims(&base);
        let index = self.flat_index(&place.indices[first..], dims);
        let flattened = (1..place.indices.len() - first).map(|_| quote!(.as_flattened()));
        (quote!(&#text #(#flattened)* [..]), index)
    }

    /// As [`Self::element`], to be changed.
    pub fn element_mut(&self, place: &Place) -> (TokenStream, TokenStream) {
        let vars = &self.program.vars;
        let first = place.indices.iter().position(|i| i.is_varying(vars)).expect("some index varies");
        let base = Place { indices: place.indices[..first].to_vec(), ..place.clone() };
        let text = self.place(&base);
        let dims = self.program.dims(&base);
        let index = self.flat_index(&place.indices[first..], dims);
        let flattened = (1..place.indices.len() - first).map(|_| quote!(.as_flattened_mut()));
        (quote!(&mut #text #(#flattened)* [..]), index)
    }

    /// Indices into nested arrays as one index into their flat memory.
    fn flat_index(&self, indices: &[Discrete], dims: &[Discrete]) -> TokenStream {
        let p = &self.passive;
        let mask = self.mask();
        let mut flat: Option<TokenStream> = None;
        for (index, n) in indices.iter().zip(dims) {
            let index = self.by_lane_as(index, false);
            let n = self.int(n).at_least(Bind::Cast);
            let index = quote!(#index.within(#n, #mask));
            flat = Some(match flat {
                None => index,
                Some(outer) => quote!((#outer * #p::int(#n as i32) + #index)),
            });
        }
        flat.expect("there is an index")
    }

    /// A constant with a varying index: the flat table and the index into it, in range.
    pub fn constant_table(&self, constant: &Constant) -> (TokenStream, TokenStream) {
        let p = &self.passive;
        let mask = self.mask();
        let varies = |part: &Part| matches!(part, Part::Index(i) if i.is_varying(&self.program.vars));
        let first = constant.parts.iter().position(varies).expect("an index varies");
        let (base, rest) = constant.parts.split_at(first);
        let mut table = self.constant(&Constant { path: constant.path.clone(), parts: base.to_vec() });
        let mut row = table.clone();
        let mut flat: Option<TokenStream> = None;
        let mut rank = 0;
        for part in rest {
            let index = match part {
                Part::Index(index) => index,
                Part::Field(field) => {
                    // A table of that field alone.
                    let select = quote!(|entry| entry.#field);
                    let select = (1..rank).fold(select, |inner, _| quote!(|row| row.map(#inner)));
                    table = quote!(#table.map(#select));
                    row = quote!(#row.#field);
                    continue;
                }
            };
            rank += 1;
            let index = self.by_lane_as(index, false);
            let index = quote!(#index.within(#row.len(), #mask));
            flat = Some(match flat {
                None => index,
                Some(outer) => quote!((#outer * #p::int(#row.len() as i32) + #index)),
            });
            row = quote!(#row[0]);
        }
        let flattened = (1..rank).map(|_| quote!(.as_flattened()));
        (quote!(#table #(#flattened)*), flat.expect("there is an index"))
    }

    /// The condition under which statements take part.
    pub fn mask(&self) -> TokenStream {
        let p = &self.passive;
        if self.is_masked() { quote!(mask) } else { quote!(#p::mask(true)) }
    }
}

/// Made of literals alone.
fn is_literal(e: &Discrete) -> bool {
    match e {
        Discrete::Path(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. })) => n.suffix().is_empty(),
        Discrete::Unary(_, a) => is_literal(a),
        Discrete::Binary(_, a, b) => is_literal(a) && is_literal(b),
        _ => false,
    }
}

/// An integer per lane as one of a narrower type, from an integer (which wraps) or from a float (which saturates).
fn narrowed(p: &proc_macro2::Ident, text: TokenStream, ty: &syn::Type, from_float: bool) -> TokenStream {
    let syn::Type::Path(path) = ty else { return text };
    let Some(name) = path.path.get_ident().map(ToString::to_string) else { return text };
    let (signed, bits) = name.split_at(1);
    let (signed, bits) = (signed == "i", bits.parse::<u32>().ok());
    match (bits, from_float) {
        (Some(bits @ (8 | 16)), true) => {
            let (low, high) = match signed {
                true => (-(1_i32 << (bits - 1)), (1_i32 << (bits - 1)) - 1),
                false => (0, (1_i32 << bits) - 1),
            };
            quote!(#text.clamp(#p::int(#low), #p::int(#high)))
        }
        (_, true) if !signed => quote!(#text.max(#p::int(0))),
        (Some(bits @ (8 | 16)), false) if signed => {
            let unused = 32 - bits as i32;
            quote!(((#text << #p::int(#unused)) >> #p::int(#unused)))
        }
        (Some(bits @ (8 | 16)), false) => {
            let all = (1_i32 << bits) - 1;
            quote!((#text & #p::int(#all)))
        }
        _ => text,
    }
}

fn comparison(op: &BinOp) -> TokenStream {
    match op {
        BinOp::Lt(_) => quote!(is_lt),
        BinOp::Le(_) => quote!(is_le),
        BinOp::Gt(_) => quote!(is_gt),
        BinOp::Ge(_) => quote!(is_ge),
        BinOp::Eq(_) => quote!(is_eq),
        _ => quote!(is_ne),
    }
}

/// What the left operand, the whole and the right operand bind.
pub fn precedence(op: &BinOp) -> (Bind, Bind, Bind) {
    use BinOp::*;
    match op {
        Mul(_) | Div(_) | Rem(_) => (Bind::Product, Bind::Product, Bind::Cast),
        Add(_) | Sub(_) => (Bind::Sum, Bind::Sum, Bind::Product),
        Shl(_) | Shr(_) => (Bind::Atom, Bind::Shift, Bind::Atom),
        BitAnd(_) | BitOr(_) | BitXor(_) => (Bind::Atom, Bind::Bits, Bind::Atom),
        And(_) => (Bind::And, Bind::And, Bind::Compare),
        Or(_) => (Bind::Or, Bind::Or, Bind::And),
        _ => (Bind::Bits, Bind::Compare, Bind::Bits),
    }
}

/// A literal that any type of number can hold, without its suffix.
pub fn small_literal(e: &Discrete) -> Option<Literal> {
    e.literal().filter(|n| *n < 1 << 16).map(Literal::usize_unsuffixed)
}

/// Without the parentheses around all of it.
fn argument(text: TokenStream) -> TokenStream {
    let mut trees = text.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => {
            group.stream()
        }
        _ => text,
    }
}
