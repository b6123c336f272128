//! Arrays: literals, elements, rows.

use super::Front;
use super::value::Value;
use crate::errors::Outcome;
use crate::ir::{Discrete, Expr, Kind, Part, Place, Range, Stmt, Type, VarId};
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;

impl Front<'_> {
    /// `x[i]`
    pub(super) fn indexed(&mut self, index: &syn::ExprIndex) -> Outcome<Value> {
        let base = self.expr(&index.expr);
        let at = self.operand(&index.index)?;
        if let Value::Iter(range) = at {
            let base = base?;
            return self.sliced(base, *range, index);
        }
        let at = self.int(at, index.index.span())?;
        let base = base?;
        let value = self.index(base, at, index.span())?;
        Ok(super::expr::spanned(value, index.span()))
    }

    fn sliced(&mut self, base: Value, iter: super::iter::Iter, index: &syn::ExprIndex) -> Outcome<Value> {
        let Some(range) = iter.plain_range() else {
            return Err(self.errors.at(index.index.span(), "a part of an array is `x[a..b]`"));
        };
        let (of, offset, whole) = match (base.place().cloned(), base) {
            (_, Value::Slice { of, offset, len }) => (of, offset, len),
            (Some(of), _) if !self.dims(&of).is_empty() => {
                let whole = self.dims(&of)[0].clone();
                (of, Discrete::lit(0), whole)
            }
            _ => {
                return Err(self.errors.at(
                    index.span(),
                    "only a variable has parts: give the array a name first, `let x: [f32; 4] = TABLE;`",
                ));
            }
        };
        let end = if iter.open_end { whole } else { range.end.clone() };
        let len = Discrete::minus(end, range.start.clone());
        Ok(Value::Slice { of, offset: Discrete::plus(offset, range.start.clone()), len })
    }

    /// An element or row of a value.
    pub(super) fn index(&mut self, base: Value, at: Discrete, span: Span) -> Outcome<Value> {
        match base {
            Value::Constant(constant) => Ok(Value::Constant(constant.part(Part::Index(at)))),
            Value::Slice { of, offset, .. } => Ok(self.read_place(of.at(Discrete::plus(offset, at)))),
            Value::Rows(arrays) => {
                let at = self.settled(at, "at", Type::INT);
                let elements: Vec<_> =
                    arrays.into_iter().map(|array| self.index(array, at.clone(), span)).collect();
                Ok(Value::Tuple(elements.into_iter().collect::<Outcome<_>>()?))
            }
            Value::Tuple(_) => Err(self.errors.at(span, "the elements of a tuple are `t.0`, `t.1`, ...")),
            value => {
                let place = match (value.place(), value.ty()) {
                    (Some(place), Some(ty)) if !ty.is_scalar() => place.clone(),
                    (None, Some(ty)) if !ty.is_scalar() => {
                        Place::of(self.store(&Ident::new("array", Span::call_site()), value, span)?)
                    }
                    _ => {
                        return Err(self.errors.at(
                            span,
                            format_args!(
                                "this is {}, not an array: it has no elements{}",
                                value.describe(),
                                self.hint(&value)
                            ),
                        ));
                    }
                };
                Ok(self.read_place(place.at(at)))
            }
        }
    }

    pub(super) fn array(&mut self, a: &syn::ExprArray) -> Outcome<Value> {
        let values: Vec<_> = a.elems.iter().map(|e| self.operand(e).map(|v| (v, e.span()))).collect();
        let values = values.into_iter().collect::<Outcome<Vec<_>>>()?;
        self.array_of(values, a.span())
    }

    /// An array by the values of its elements.
    pub(super) fn array_of(&mut self, values: Vec<(Value, Span)>, span: Span) -> Outcome<Value> {
        let n = Discrete::lit(values.len());
        let nothing = |value: &Value| matches!(value, Value::Tuple(elements) if elements.is_empty());
        if values.is_empty() || values.iter().any(|(value, _)| nothing(value)) {
            return Err(self.errors.at(span, "an empty array has no elements to compute with"));
        }
        let typed = values.iter().find_map(|(value, _)| value.ty());
        if let Some((Value::Tuple(first), _)) = values.first() {
            // An array for each element of the tuples.
            let columns = (0..first.len())
                .map(|k| {
                    let column = values.iter().map(|(value, span)| match value {
                        Value::Tuple(elements) if elements.len() == first.len() => {
                            Ok((elements[k].clone(), *span))
                        }
                        _ => Err(self.errors.at(*span, "the elements of this array have different types")),
                    });
                    let column = column.collect::<Outcome<Vec<_>>>()?;
                    self.array_of(column, span)
                })
                .collect::<Outcome<Vec<_>>>()?;
            return Ok(Value::Rows(columns));
        }
        let Some(ty) = typed else {
            return Err(self.errors.at(
                span,
                "the type of these constants cannot be seen here: give one a name with its type, `let w: f32 = ..`",
            ));
        };
        let mut dims = vec![n];
        dims.extend(ty.dims.clone());
        if ty.is_scalar() {
            if ty.kind == Kind::Float {
                let elems: Vec<_> = values.into_iter().map(|(v, span)| self.scalar(v, span)).collect();
                return Ok(Value::Float(Expr::Array(elems.into_iter().collect::<Outcome<_>>()?), dims));
            }
            let elems: Vec<_> = values
                .into_iter()
                .map(|(v, span)| match ty.kind {
                    Kind::Int => self.int(v, span),
                    _ => self.as_condition(v, span),
                })
                .collect();
            let elems = Discrete::Array(elems.into_iter().collect::<Outcome<_>>()?);
            return Ok(Value::Discrete(elems, Type { kind: ty.kind, dims }));
        }
        // Rows one by one.
        let var = self.empty_array(&Ident::new("array", Span::call_site()), Type { kind: ty.kind, dims });
        for (i, (value, span)) in values.into_iter().enumerate() {
            let value = self.as_type(value, &ty, span)?;
            self.assign(Place::of(var).at(Discrete::lit(i)), value);
        }
        Ok(self.read_place(Place::of(var)))
    }

    /// A variable full of zeros, to be filled.
    pub(super) fn empty_array(&mut self, name: &Ident, ty: Type) -> VarId {
        let name = self.names.unique(name);
        self.empty_array_as(name, ty)
    }

    /// As [`Self::empty_array`], with a name that is reserved.
    pub(super) fn empty_array_as(&mut self, name: Ident, ty: Type) -> VarId {
        let var = self.declare_as(name, ty);
        let zeros = self.zeros(var);
        self.out.push(zeros);
        var
    }

    /// Declares a variable full of zeros, to be filled.
    pub(super) fn zeros(&mut self, var: VarId) -> Stmt {
        self.vars[var.0].mutable = true;
        let Type { kind, dims } = self.vars[var.0].ty.clone();
        let zero: syn::Expr = match kind {
            Kind::Float => return Stmt::Let { var, init: Expr::zeros(dims) },
            Kind::Bool => syn::parse_quote!(false),
            Kind::Int => syn::parse_quote!(0),
        };
        let zero = Discrete::Path(zero);
        let init = if dims.is_empty() { zero } else { Discrete::Filled(Box::new(zero), dims) };
        Stmt::LetDiscrete { var, init }
    }

    /// Stores a value that fits.
    pub(super) fn assign(&mut self, place: Place, value: Value) {
        self.vars[place.var.0].mutable = true;
        self.out.push(match value {
            Value::Float(value, _) => Stmt::Assign { place, value },
            Value::Discrete(value, _) => Stmt::AssignDiscrete { place, value },
            Value::Constant(constant) if self.vars[place.var.0].ty.kind == Kind::Float => {
                Stmt::Assign { place, value: Expr::Const(constant) }
            }
            Value::Untyped(untyped) if self.vars[place.var.0].ty.kind == Kind::Float => {
                Stmt::Assign { place, value: untyped.float() }
            }
            Value::Untyped(untyped) => Stmt::AssignDiscrete { place, value: untyped.int() },
            Value::Constant(constant) => Stmt::AssignDiscrete { place, value: Discrete::Constant(constant) },
            _ => unreachable!("its type was checked"),
        });
    }

    pub(super) fn repeat(&mut self, r: &syn::ExprRepeat) -> Outcome<Value> {
        let length = self.operand(&r.len)?;
        let length = self.int(length, r.len.span())?;
        let value = self.operand(&r.expr)?;
        self.repeated(value, length, r.expr.span())
    }

    pub(super) fn repeated(&mut self, value: Value, length: Discrete, span: Span) -> Outcome<Value> {
        if let Value::Tuple(elements) = value {
            if elements.is_empty() {
                return Err(self.errors.at(span, "an empty array has no elements to compute with"));
            }
            let arrays: Vec<_> =
                elements.into_iter().map(|element| self.repeated(element, length.clone(), span)).collect();
            return Ok(Value::Rows(arrays.into_iter().collect::<Outcome<_>>()?));
        }
        let longer = |inner: Vec<Discrete>| {
            let mut dims = vec![length.clone()];
            dims.extend(inner);
            dims
        };
        match value {
            Value::Float(Expr::Filled(scalar, inner), _) => {
                let dims = longer(inner);
                Ok(Value::Float(Expr::Filled(scalar, dims.clone()), dims))
            }
            Value::Discrete(Discrete::Filled(scalar, inner), ty) => {
                let dims = longer(inner);
                Ok(Value::Discrete(Discrete::Filled(scalar, dims.clone()), Type { kind: ty.kind, dims }))
            }
            Value::Discrete(scalar, ty) if ty.is_scalar() => {
                let dims = longer(Vec::new());
                Ok(Value::Discrete(
                    Discrete::Filled(Box::new(scalar), dims.clone()),
                    Type { kind: ty.kind, dims },
                ))
            }
            value @ (Value::Float(..) | Value::Discrete(..))
                if value.ty().is_some_and(|ty| !ty.is_scalar()) =>
            {
                // The same row again and again.
                let ty = value.ty().expect("just checked");
                let row = self.store(&Ident::new("row", Span::call_site()), value, span)?;
                let dims = longer(ty.dims.clone());
                let var =
                    self.empty_array(&Ident::new("array", Span::call_site()), Type { kind: ty.kind, dims });
                let i = self.declare(&Ident::new("i", Span::call_site()), Type::INT);
                let row = self.read_place(Place::of(row));
                let outer = std::mem::take(&mut self.out);
                self.assign(Place::of(var).at(Discrete::Read(Place::of(i))), row);
                let body = std::mem::replace(&mut self.out, outer);
                let range = Range { start: Discrete::lit(0), end: length, adapters: Vec::new() };
                self.out.push(Stmt::For { var: i, range, body });
                Ok(self.read_place(Place::of(var)))
            }
            value => {
                let scalar = self.scalar(value, span)?;
                let dims = longer(Vec::new());
                Ok(Value::Float(Expr::Filled(Box::new(scalar), dims.clone()), dims))
            }
        }
    }
}
