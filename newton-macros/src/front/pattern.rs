//! Patterns: what `let`, `for` and closures bind.

use super::Front;
use super::value::{Binding, Untyped, Value};
use super::weight::{LONGEST_UNTYPED, Weight};
use crate::errors::Outcome;
use crate::ir::{Constant, Discrete, Expr, Part, Place, Type};
use proc_macro2::{Ident, Span};
use syn::Pat;
use syn::spanned::Spanned;

/// How names are bound to values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `let`: the name has a variable of its own. One that was made for its value, from this index on, will do.
    Own {
        /// Index of the first such variable.
        fresh: usize,
    },
    /// Parameters of closures, items of iterators, references: another name for a place, where the value is one.
    Borrow,
}

impl Front<'_> {
    /// Later uses of the names would only repeat the error.
    pub(super) fn poison(&mut self, pat: &Pat) {
        match pat {
            Pat::Ident(pat) => self.bind(&pat.ident, Binding::Refused),
            Pat::Type(typed) => self.poison(&typed.pat),
            Pat::Paren(inner) => self.poison(&inner.pat),
            Pat::Reference(inner) => self.poison(&inner.pat),
            Pat::Tuple(tuple) => tuple.elems.iter().for_each(|pat| self.poison(pat)),
            Pat::Slice(slice) => slice.elems.iter().for_each(|pat| self.poison(pat)),
            _ => {}
        }
    }

    pub(super) fn bind_pattern(&mut self, pat: &Pat, value: Value, mode: Mode, span: Span) -> Outcome<()> {
        match (pat, value) {
            (Pat::Type(typed), value) => {
                let value = self.as_declared(value, &typed.ty, span)?;
                self.bind_annotated(&typed.pat, value, mode, span, Some(&typed.ty))
            }
            (pat, value) => self.bind_annotated(pat, value, mode, span, None),
        }
    }

    fn bind_annotated(
        &mut self,
        pat: &Pat,
        value: Value,
        mode: Mode,
        span: Span,
        annotation: Option<&syn::Type>,
    ) -> Outcome<()> {
        match (pat, value) {
            (Pat::Wild(_), _) => Ok(()),
            (Pat::Paren(inner), value) => self.bind_annotated(&inner.pat, value, mode, span, annotation),
            (Pat::Reference(inner), value) => self.bind_annotated(&inner.pat, value, mode, span, annotation),
            (Pat::Tuple(pats), Value::Constant(constant)) => {
                let parts = pats.elems.iter().enumerate().map(|(i, pat)| {
                    let field = constant.clone().part(Part::Field(syn::Index::from(i)));
                    self.bind_pattern(pat, Value::Constant(field), mode, span)
                });
                parts.collect::<Vec<_>>().into_iter().collect()
            }
            (Pat::Tuple(pats), Value::Tuple(values)) if pats.elems.len() == values.len() => {
                // All values are read before the first name is bound.
                let outcomes = pats
                    .elems
                    .iter()
                    .zip(values)
                    .map(|(pat, value)| self.bind_pattern(pat, value, mode, span));
                outcomes.collect::<Vec<_>>().into_iter().collect()
            }
            (Pat::Slice(pats), value) => {
                let outcomes = pats.elems.iter().enumerate().map(|(i, pat)| {
                    let element = self.index(value.clone(), Discrete::lit(i), span)?;
                    self.bind_pattern(pat, element, mode, span)
                });
                outcomes.collect::<Vec<_>>().into_iter().collect()
            }
            (Pat::Ident(pat), value) if pat.by_ref.is_none() && pat.subpat.is_none() => {
                let mutable = pat.mutability.is_some();
                let binding = self.binding(&pat.ident, value, mode, mutable, span)?;
                if let (Binding::Var(var), Some(ty)) = (&binding, annotation)
                    && self.vars[var.0].ty.is_discrete()
                {
                    self.vars[var.0].annotation = Some(ty.clone());
                }
                self.bind(&pat.ident, binding);
                Ok(())
            }
            (Pat::Tuple(_), value) => Err(self.errors.at(
                pat.span(),
                format_args!(
                    "this pattern has another number of elements than the value, {}",
                    value.describe()
                ),
            )),
            (pat, _) => {
                self.poison(pat);
                Err(self.errors.at(
                    pat.span(),
                    "give the variable a plain name: `let x = ..`, `let (a, b) = ..` or `let [a, b] = ..`",
                ))
            }
        }
    }

    fn binding(
        &mut self,
        ident: &Ident,
        value: Value,
        mode: Mode,
        mutable: bool,
        span: Span,
    ) -> Outcome<Binding> {
        match value {
            Value::Tuple(values) => {
                let elements: Vec<_> =
                    values.into_iter().map(|v| self.binding(ident, v, mode, mutable, span)).collect();
                Ok(Binding::Tuple(elements.into_iter().collect::<Outcome<_>>()?))
            }
            Value::Rows(arrays) => {
                let arrays: Vec<_> =
                    arrays.into_iter().map(|v| self.binding(ident, v, mode, mutable, span)).collect();
                Ok(Binding::Rows(arrays.into_iter().collect::<Outcome<_>>()?))
            }
            value if self.is_fresh(&value, mode) => {
                let place = value.place().cloned().expect("it is a variable");
                self.vars[place.var.0].mutable |= mutable && self.vars[place.var.0].ty.is_discrete();
                Ok(Binding::Var(place.var))
            }
            value if mode == Mode::Borrow && !mutable => match value.place().cloned() {
                Some(place) => {
                    let place = self.settled_place(place);
                    Ok(Binding::Value(self.read_place(place)))
                }
                None => self.owned(ident, value, mutable, span),
            },
            value => self.owned(ident, value, mutable, span),
        }
    }

    /// The value is a variable that was made for it.
    fn is_fresh(&self, value: &Value, mode: Mode) -> bool {
        match (mode, value.place()) {
            (Mode::Own { fresh }, Some(place)) => place.var.0 >= fresh && place.indices.is_empty(),
            _ => false,
        }
    }

    fn owned(&mut self, ident: &Ident, value: Value, mutable: bool, span: Span) -> Outcome<Binding> {
        match value {
            Value::Constant(constant) if !mutable => {
                Ok(Binding::Value(Value::Constant(self.settled_constant(constant))))
            }
            Value::Untyped(untyped) if !mutable => {
                let mut weight = Weight(0);
                weight.untyped(&untyped);
                if weight.0 > LONGEST_UNTYPED {
                    return Err(self.errors.at(
                        span,
                        "the type of these constants cannot be seen here: write `let x: f32 = ..` or `let n: usize = ..`",
                    ));
                }
                Ok(Binding::Value(Value::Untyped(self.settled_untyped(untyped))))
            }
            value @ (Value::Slice { .. } | Value::Iter(_) | Value::Closure(_) | Value::Function(_)) => {
                Ok(Binding::Value(value))
            }
            value => {
                let var = self.store(ident, value, span)?;
                // Floats are marked where they are assigned to.
                self.vars[var.0].mutable = mutable && self.vars[var.0].ty.is_discrete();
                Ok(Binding::Var(var))
            }
        }
    }

    fn settled_constant(&mut self, constant: Constant) -> Constant {
        let parts = constant.parts.into_iter().map(|part| match part {
            Part::Index(index) => Part::Index(self.settled(index, "at", Type::INT)),
            part => part,
        });
        Constant { parts: parts.collect(), path: constant.path }
    }

    fn settled_untyped(&mut self, untyped: Untyped) -> Untyped {
        match untyped {
            Untyped::Constant(constant) => Untyped::Constant(self.settled_constant(constant)),
            Untyped::Neg(a) => Untyped::Neg(Box::new(self.settled_untyped(*a))),
            Untyped::Binary(op, a, b) => {
                let (a, b) = (self.settled_untyped(*a), self.settled_untyped(*b));
                Untyped::Binary(op, Box::new(a), Box::new(b))
            }
        }
    }

    /// The place with indices that no later statement changes.
    pub(super) fn settled_place(&mut self, place: Place) -> Place {
        let indices = place.indices.iter().map(|i| self.settled(i.clone(), "at", Type::INT)).collect();
        Place { indices, ..place }
    }

    /// The value as the type in its declaration: constants get their type this way.
    pub(super) fn as_declared(&mut self, value: Value, ty: &syn::Type, span: Span) -> Outcome<Value> {
        match (value, ty) {
            (value, syn::Type::Infer(_)) => Ok(value),
            (value, syn::Type::Reference(reference)) => self.as_declared(value, &reference.elem, span),
            (Value::Tuple(values), syn::Type::Tuple(types)) if values.len() == types.elems.len() => {
                let values: Vec<_> = values
                    .into_iter()
                    .zip(&types.elems)
                    .map(|(value, ty)| self.as_declared(value, ty, span))
                    .collect();
                Ok(Value::Tuple(values.into_iter().collect::<Outcome<_>>()?))
            }
            (Value::Rows(arrays), syn::Type::Array(array)) => match &*array.elem {
                syn::Type::Tuple(types) if types.elems.len() == arrays.len() => {
                    let n = &array.len;
                    let arrays: Vec<_> = arrays
                        .into_iter()
                        .zip(&types.elems)
                        .map(|(value, ty)| self.as_declared(value, &syn::parse_quote!([#ty; #n]), span))
                        .collect();
                    Ok(Value::Rows(arrays.into_iter().collect::<Outcome<_>>()?))
                }
                _ => Ok(Value::Rows(arrays)),
            },
            (value @ (Value::Tuple(_) | Value::Rows(_) | Value::Slice { .. } | Value::Iter(_)), _) => {
                Ok(value)
            }
            (value, ty) => {
                let ty = self.ty(ty)?;
                // A wrong type is rustc's to report, on the user's function.
                match value {
                    Value::Constant(_) | Value::Untyped(_) => self.as_type(value, &ty, span),
                    value => Ok(value),
                }
            }
        }
    }

    /// A value of its own for each part of a tuple: what is assigned next does not change it.
    pub(super) fn taken(&mut self, value: Value, span: Span) -> Outcome<Value> {
        match value {
            Value::Tuple(values) => {
                let values: Vec<_> = values.into_iter().map(|v| self.taken(v, span)).collect();
                Ok(Value::Tuple(values.into_iter().collect::<Outcome<_>>()?))
            }
            Value::Rows(arrays) => {
                let arrays: Vec<_> = arrays.into_iter().map(|v| self.taken(v, span)).collect();
                Ok(Value::Rows(arrays.into_iter().collect::<Outcome<_>>()?))
            }
            Value::Float(Expr::Lit(x), dims) => Ok(Value::Float(Expr::Lit(x), dims)),
            value @ (Value::Float(..) | Value::Discrete(..)) => {
                let var = self.store(&Ident::new("taken", Span::call_site()), value, span)?;
                Ok(self.read_place(Place::of(var)))
            }
            value @ (Value::Constant(_) | Value::Untyped(_)) => Ok(value),
            value => Err(self.errors.at(
                span,
                format_args!("expected a number, an array or a tuple, found {}", value.describe()),
            )),
        }
    }
}
