//! What is saved for the reverse sweep, and restored there.

use super::Printer;
use crate::ir::{Discrete, Expr, Kind, Place, VarId};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

impl Printer<'_> {
    pub fn push(&self, place: &Place) -> TokenStream {
        let var = &self.program.vars[place.var.0];
        let scalar = self.program.dims(place).is_empty();
        let method = tape_method("push", var.ty.kind, var.active, scalar);
        if !scalar {
            let value = self.reference(place);
            return quote!(tape.#method(#value););
        }
        let value = match var.ty.kind {
            Kind::Float => self.expr(&Expr::Read(place.clone())).0,
            _ if var.varying && place.is_varying(&self.program.vars) => {
                let value = self.by_lane_as(&Discrete::Read(place.clone()), var.ty.kind == Kind::Bool);
                quote!(#value)
            }
            _ => self.int(&Discrete::Read(place.clone())).0,
        };
        quote!(tape.#method(#value);)
    }

    pub fn pop(&self, place: &Place) -> TokenStream {
        let var = &self.program.vars[place.var.0];
        let scalar = self.program.dims(place).is_empty();
        if place.is_varying(&self.program.vars) {
            return self.pop_varying(place);
        }
        if scalar {
            let (target, value) = (self.target(place), self.popped(place.var));
            return quote!(#target = #value;);
        }
        let method = tape_method("pop", var.ty.kind, var.active, scalar);
        let target = self.reference_mut(place);
        quote!(tape.#method(#target);)
    }

    /// Restores an element at another index for each sample.
    fn pop_varying(&self, place: &Place) -> TokenStream {
        let (s, p) = (&self.scalar, &self.passive);
        let var = &self.program.vars[place.var.0];
        let scalar = self.program.dims(place).is_empty();
        let (flat, index) = self.element_mut(place);
        let mask = self.mask();
        let t = if var.active { s } else { p };
        if scalar {
            let value = self.popped(place.var);
            return match var.ty.kind {
                Kind::Float => {
                    quote!({ let (value, index): (#t, _) = (#value, #index); value.scatter(#flat, index, #mask); })
                }
                _ => {
                    quote!({ let (value, index) = (tape.pop_discrete(), #index); lanes::store::<#p, _>(value, #flat, index, #mask); })
                }
            };
        }
        let method = tape_method("pop", var.ty.kind, var.active, scalar);
        let zeros = self.filled(quote!(#t::zero()), self.program.dims(place));
        quote!({
            let mut row = #zeros;
            tape.#method(&mut row);
            let index = #index;
            lanes::scatter_row::<#t, _>(&row, #flat, index, #mask);
        })
    }

    pub fn popped(&self, var: VarId) -> TokenStream {
        let var = &self.program.vars[var.0];
        let method = tape_method("pop", var.ty.kind, var.active, true);
        quote!(tape.#method())
    }
}

/// The tape's method for a kind of value.
fn tape_method(verb: &str, kind: Kind, active: bool, scalar: bool) -> Ident {
    let all = if scalar { "" } else { "_all" };
    let kind = match (kind, active) {
        (Kind::Float, true) => "",
        (Kind::Float, false) => "_passive",
        _ => "_discrete",
    };
    format_ident!("{verb}{all}{kind}")
}
