//! Calls of functions marked `#[newton_fn]`, in the forward sweep and in the reverse.

use super::Printer;
use crate::ir::{Argument, Callee, Expr, Place, VarId};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

impl Printer<'_> {
    pub fn call_function(&self, results: &[VarId], callee: &Callee, args: &[Argument]) -> TokenStream {
        let vars = &self.program.vars;
        let names: Vec<_> = results
            .iter()
            .map(|var| {
                self.declare(*var);
                self.binding(*var)
            })
            .collect();
        let pattern = match &names[..] {
            [name] => quote!(#name),
            names => quote!((#(#names),*)),
        };
        let active = args.iter().any(|arg| arg.is_active(vars));
        let (form, tape) =
            if active && self.saving.get() { ("forward", Some(quote!(tape,))) } else { ("value", None) };
        let function = self.form(callee, args, form, active);
        let (args, mask) = (self.function_arguments(args, active), self.mask());
        quote_spanned!(span_of(callee)=> let #pattern = #function(#(#args,)* #tape #mask);)
    }

    pub fn reverse_call(
        &self,
        callee: &Callee,
        args: &[Argument],
        adjoints: &[VarId],
        into: &[Option<Place>],
    ) -> TokenStream {
        let s = &self.scalar;
        let function = self.form(callee, args, "reverse", true);
        let (values, mask) = (self.function_arguments(args, true), self.mask());
        let adjoints = adjoints.iter().map(|var| {
            let place = Place::of(*var);
            if self.program.vars[var.0].ty.is_scalar() {
                let value = self.active(&Expr::Read(place)).0;
                quote!(#value)
            } else {
                self.reference(&place)
            }
        });
        // Adjoints of arguments that carry none are computed and dropped; those of regions are masked afterwards.
        let (mut before, mut lent, mut after) = (TokenStream::new(), Vec::new(), TokenStream::new());
        for (i, (arg, into)) in args.iter().zip(into).enumerate() {
            let name = format_ident!("part{i}");
            let zeros = match arg {
                Argument::Float(_) => quote!(#s::zero()),
                Argument::Array(place) if !self.program.vars[place.var.0].ty.is_discrete() => {
                    self.filled(quote!(#s::zero()), self.program.dims(place))
                }
                Argument::Constant(constant) => {
                    let text = self.constant(constant);
                    quote!(lanes::adjoint::<#s, _>(&#text))
                }
                _ => {
                    lent.push(quote!(&mut ()));
                    continue;
                }
            };
            match into {
                Some(place) if !self.is_outer(place.var) => lent.push(self.reference_mut(place)),
                into => {
                    before.extend(quote!(let mut #name = #zeros;));
                    lent.push(quote!(&mut #name));
                    if let Some(place) = into {
                        let into = self.reference_mut(place);
                        after.extend(quote!(lanes::add_all_where::<#s, _>(mask, #into, &#name);));
                    }
                }
            }
        }
        let span = span_of(callee);
        let call = quote_spanned!(span=> #function(#(#values,)* #(#adjoints,)* #(#lent,)* tape, #mask););
        if before.is_empty() { call } else { quote!({ #before #call #after }) }
    }

    /// The path of one of a function's forms.
    fn form(&self, callee: &Callee, args: &[Argument], form: &str, active: bool) -> TokenStream {
        let by_lane = args.iter().any(|arg| arg.is_varying(&self.program.vars));
        let name =
            Ident::new(&if by_lane { format!("{form}_by_lane") } else { form.to_owned() }, span_of(callee));
        // Of a function that is not marked rustc says that it is no type: `path::value` reads like a missing module to it.
        let path = &callee.path;
        let (s, p) = (&self.scalar, &self.passive);
        let t = if active { s } else { p };
        let generics = &callee.generics;
        if generics.is_empty() {
            return quote_spanned!(span_of(callee)=> <#path>::#name);
        }
        quote_spanned!(span_of(callee)=> <#path>::#name::<#t, #p, #(#generics),*>)
    }

    fn function_arguments(&self, args: &[Argument], active: bool) -> Vec<TokenStream> {
        let by_lane = args.iter().any(|arg| arg.is_varying(&self.program.vars));
        args.iter()
            .map(|arg| match arg {
                Argument::Float(e) if active => self.active(e).0,
                Argument::Float(e) => self.passive(e).0,
                Argument::Array(place) => self.reference(place),
                Argument::Discrete(int) if by_lane => self.by_lane(int),
                Argument::Discrete(int) => self.int(int).0,
                Argument::Constant(constant) => {
                    let text = self.constant(constant);
                    let argument = if by_lane { quote!(argument_by_lane) } else { quote!(argument) };
                    let t = if active { &self.scalar } else { &self.passive };
                    quote!(lanes::#argument::<#t, _>(#text))
                }
            })
            .collect()
    }
}

/// Where the user wrote a call: mistakes in it are shown there.
fn span_of(callee: &Callee) -> Span {
    callee.path.segments.last().expect("a path has a segment").ident.span()
}
