//! The items that replace a function marked `#[newton_fn]`: the function itself, and a type of the same name (types have a
//! namespace of their own, so one `use` imports both) whose associated functions are the forms that losses call:
//!
//! - `value`: the result, nothing saved;
//! - `forward`: the result, with what the reverse needs pushed on the tape;
//! - `reverse`: from the adjoint of each float result to the adjoint of each parameter (of integers: none, `()`).
//!
//! All take the mask of the region they are called in. A function with integer parameters has a second set of forms,
//! `*_by_lane`, for integers that differ between samples.

use super::Printer;
use super::item::{array_type, imports};
use crate::attr::FunctionAttr;
use crate::back::krate;
use crate::grad::Function;
use crate::ir::{Kind, Output, Program, VarId};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use std::collections::BTreeSet;
use syn::ItemFn;
use syn::spanned::Spanned;

/// Everything generated for a function, the user's first. `cuda`: the form of that name, if there is one.
pub fn function(
    item: &ItemFn,
    attr: &FunctionAttr,
    flavours: &[(bool, Function)],
    cuda: Option<TokenStream>,
) -> TokenStream {
    let forms = flavours.iter().map(|(by_lane, function)| {
        let shape = Shape::new(item, attr, &function.program, *by_lane, &function.outputs);
        let outputs = &shape.outputs;
        let body = |block, adjoints: BTreeSet<VarId>, saving| {
            let printer = shape.printer(adjoints, saving);
            let body = printer.block(block);
            let imports = imports(&printer, &shape.krate);
            quote!(#imports #body)
        };
        let value = body(&function.value, BTreeSet::new(), false);
        let forward = body(&function.forward, BTreeSet::new(), true);
        let arrays = function.output_adjoints.iter().flatten().copied();
        let arrays = arrays.filter(|var| !function.program.vars[var.0].ty.is_scalar());
        let references = function.parameter_adjoints.iter().copied().chain(arrays).collect();
        let reverse = body(&function.reverse, references, true);
        let names = |vars: &[VarId]| -> Vec<Ident> {
            vars.iter().map(|var| function.program.vars[var.0].name.clone()).collect()
        };
        let given: Vec<Option<Ident>> = function
            .output_adjoints
            .iter()
            .map(|var| var.map(|var| function.program.vars[var.0].name.clone()))
            .collect();
        let value = shape.form("value", false, quote!(#value #outputs));
        let forward = shape.form("forward", true, quote!(#forward #outputs));
        let reverse = shape.reverse(&given, &names(&function.parameter_adjoints), reverse);
        quote!(#value #forward #reverse)
    });
    items(item, quote!(#(#forms)* #cuda))
}

/// As [`function`], with a derivative of the user's own: tangents and adjoints are products with it.
pub fn custom(
    item: &ItemFn,
    attr: &FunctionAttr,
    gradient: &syn::Path,
    flavours: &[(bool, Program)],
    cuda: Option<TokenStream>,
) -> TokenStream {
    let forms = flavours.iter().map(|(by_lane, program)| {
        let Output::Values(outputs) = &program.output else { unreachable!("a function returns values") };
        let shape = Shape::new(item, attr, program, *by_lane, outputs);
        let (s, p, krate) = (&shape.scalar, &shape.passive, &shape.krate);
        let result = &shape.outputs;
        let printer = shape.printer(BTreeSet::new(), false);
        let body = printer.block(&program.body);
        let imports = imports(&printer, krate);

        let params = || program.params.iter().map(|param| (param.var, &program.vars[param.var.0]));
        let all: Vec<&Ident> = params().map(|(_, var)| &var.name).collect();
        let floats: Vec<&Ident> =
            params().filter(|(_, var)| var.ty.kind == Kind::Float).map(|(_, var)| &var.name).collect();
        let values = params().filter(|(_, var)| var.ty.kind == Kind::Float).map(|(id, var)| {
            let name = &var.name;
            if var.ty.is_scalar() {
                return quote!(let #name = #name.value(););
            }
            let zeros = array_type(&printer, id, quote!(#p::zero()));
            quote!(let #name = &lanes::values::<#s, _, _>(#name, #zeros);)
        });
        let chained = params().filter(|(_, var)| var.ty.kind == Kind::Float).map(|(_, var)| {
            let (name, part) = (&var.name, format_ident!("d_{}", var.name));
            let reference = if var.ty.is_scalar() { quote!(&#name) } else { quote!(#name) };
            quote!(lanes::chain_all::<#s, _, _>(&mut result, #reference, &#part);)
        });
        let parts: Vec<_> = floats.iter().map(|name| format_ident!("d_{name}")).collect();
        let pattern = match &parts[..] {
            [part] => quote!(#part),
            parts => quote!((#(#parts),*)),
        };
        let (primal, value) = (shape.name("primal"), shape.name("value"));
        let constants: Vec<&Ident> = item.sig.generics.const_params().map(|param| &param.ident).collect();
        let adjoints: Vec<_> = floats.iter().map(|name| format_ident!("{name}_")).collect();
        let checked = check_gradient(item, gradient);

        let primal_form = shape.form("primal", false, quote!(#imports #body #result));
        let value_form = shape.form(
            "value",
            false,
            quote! {
                use #krate::lanes;
                let (value, #pattern) = {
                    #(#values)*
                    let value = Self::#primal::<#p, #p, #(#constants),*>(#(#all,)* mask);
                    // The derivative may call this function again.
                    if !#s::HAS_TANGENTS {
                        return #s::constant(value);
                    }
                    (value, <#gradient>::#value(#(#all,)* mask))
                };
                let mut result = #s::constant(value);
                #(#chained)*
                result
            },
        );
        let forward =
            shape.form("forward", true, quote!(Self::#value::<#s, #p, #(#constants),*>(#(#all,)* mask)));
        let reverse = shape.reverse(
            &[Some(format_ident!("result_"))],
            &adjoints,
            quote! {
                use #krate::lanes;
                let #pattern = <#gradient>::#value(#(#all,)* mask);
                #(lanes::add_scaled_all(#adjoints, &#parts, result_);)*
            },
        );
        let checked = (!by_lane).then_some(checked);
        quote!(#primal_form #value_form #forward #reverse #checked)
    });
    items(item, quote!(#(#forms)* #cuda))
}

/// A function that rustc accepts exactly if the user's derivative has the type it must have.
fn check_gradient(item: &ItemFn, gradient: &syn::Path) -> TokenStream {
    let types: Vec<&syn::Type> = item
        .sig
        .inputs
        .iter()
        .filter_map(|arg| match arg {
            syn::FnArg::Typed(arg) => Some(match &*arg.ty {
                syn::Type::Reference(reference) => &*reference.elem,
                ty => ty,
            }),
            syn::FnArg::Receiver(_) => None,
        })
        .collect();
    let float = |ty: &&&syn::Type| {
        let mut element = **ty;
        while let syn::Type::Array(array) = element {
            element = &array.elem;
        }
        matches!(element, syn::Type::Path(path) if path.path.is_ident("f32"))
    };
    let floats: Vec<_> = types.iter().filter(float).collect();
    let result = match &floats[..] {
        [one] => quote!(#one),
        all => quote!((#(#all),*)),
    };
    let (generics, _, _) = item.sig.generics.split_for_impl();
    let inputs = &item.sig.inputs;
    let names = item.sig.inputs.iter().filter_map(|arg| match arg {
        syn::FnArg::Typed(arg) => match &*arg.pat {
            syn::Pat::Ident(pat) => Some(&pat.ident),
            _ => None,
        },
        syn::FnArg::Receiver(_) => None,
    });
    let span = gradient.span();
    let call = quote_spanned!(span=> #gradient(#(#names),*));
    quote! {
        #[doc = " The gradient has one element for each float parameter, of the parameter's type."]
        #[allow(dead_code)]
        fn gradient #generics (#inputs) -> #result {
            #call
        }
    }
}

/// What stands in for the generated code of a function with errors, so that calls of it give no errors of their own.
pub fn function_stub(item: &ItemFn, attr: &FunctionAttr, program: Option<Program>) -> TokenStream {
    let Some(program) = program.filter(|p| !p.params.is_empty() && p.params.len() == item.sig.inputs.len())
    else {
        return quote!(#[allow(dead_code)] #item);
    };
    let forms = [false, true].map(|by_lane| {
        let mut program = program.clone();
        if !crate::check::prepare_function(&mut program, by_lane) {
            return TokenStream::new();
        }
        let Output::Values(outputs) = &program.output else { return TokenStream::new() };
        let shape = Shape::new(item, attr, &program, by_lane, outputs);
        // It never runs: the errors are there.
        let body = quote!(loop {});
        let given: Vec<_> = outputs
            .iter()
            .enumerate()
            .map(|(i, var)| (!program.vars[var.0].ty.is_discrete()).then(|| format_ident!("result{i}_")))
            .collect();
        let floats = program.params.iter().filter(|p| !program.vars[p.var.0].ty.is_discrete());
        let wanted: Vec<_> = floats.enumerate().map(|(i, _)| format_ident!("adjoint{i}_")).collect();
        let (value, forward) =
            (shape.form("value", false, body.clone()), shape.form("forward", true, body.clone()));
        let reverse = shape.reverse(&given, &wanted, body);
        quote!(#value #forward #reverse)
    });
    let krate = krate(&attr.krate);
    let cuda = crate::CUDA.then(|| quote!(pub fn cuda() -> #krate::cuda::Source { loop {} }));
    items(item, quote!(#(#forms)* #cuda))
}

fn items(item: &ItemFn, forms: TokenStream) -> TokenStream {
    let (vis, name) = (&item.vis, &item.sig.ident);
    let summary = format!(" The forms of [`{name}`](fn@{name}) that generated code calls.");
    quote! {
        // A function may be called from generated code alone.
        #[allow(dead_code)]
        #item

        #[doc = #summary]
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #vis enum #name {}

        #[allow(unused, clippy::all)]
        impl #name {
            #forms
        }
    }
}

/// What the forms of one flavour share.
struct Shape<'a> {
    item: &'a ItemFn,
    program: &'a Program,
    by_lane: bool,
    krate: TokenStream,
    scalar: Ident,
    passive: Ident,
    /// Names and types of the parameters.
    params: Vec<(Ident, TokenStream)>,
    /// The types of adjoints of the parameters.
    adjoint_types: Vec<TokenStream>,
    /// The result as an expression.
    outputs: TokenStream,
    /// The type of the result.
    result: TokenStream,
    /// The types of adjoints of the results; none for integers.
    result_adjoints: Vec<Option<TokenStream>>,
}

impl<'a> Shape<'a> {
    fn new(
        item: &'a ItemFn,
        attr: &FunctionAttr,
        program: &'a Program,
        by_lane: bool,
        outputs: &[VarId],
    ) -> Self {
        let printer = Printer::new(item, program, BTreeSet::new());
        let (s, p) = (printer.scalar.clone(), printer.passive.clone());
        let element = |var: VarId| {
            let var = &program.vars[var.0];
            match (var.ty.kind, var.varying) {
                (Kind::Float, _) => quote!(#s),
                (Kind::Int, true) => quote!(#p::Index),
                (Kind::Bool, true) => quote!(#p::Mask),
                (Kind::Bool, false) => quote!(bool),
                (Kind::Int, false) => {
                    let mut ty = var.annotation.clone();
                    while let Some(syn::Type::Array(array)) = ty {
                        ty = Some(*array.elem);
                    }
                    quote!(#ty)
                }
            }
        };
        let passed = |var: VarId, of: TokenStream| {
            let ty = array_type(&printer, var, of);
            if program.vars[var.0].ty.is_scalar() { ty } else { quote!(&#ty) }
        };
        let params = program
            .params
            .iter()
            .map(|param| (program.vars[param.var.0].name.clone(), passed(param.var, element(param.var))));
        let adjoint_types = program.params.iter().map(|param| {
            if program.vars[param.var.0].ty.is_discrete() {
                return quote!(&mut ());
            }
            let ty = array_type(&printer, param.var, quote!(#s));
            quote!(&mut #ty)
        });
        let names: Vec<_> = outputs.iter().map(|var| &program.vars[var.0].name).collect();
        let types: Vec<_> = outputs.iter().map(|var| array_type(&printer, *var, element(*var))).collect();
        let tuple =
            matches!(&item.sig.output, syn::ReturnType::Type(_, ty) if matches!(**ty, syn::Type::Tuple(_)));
        let (outputs_text, result) = match (&names[..], &types[..]) {
            ([name], [ty]) if !tuple => (quote!(#name), quote!(#ty)),
            (names, types) => (quote!((#(#names,)*)), quote!((#(#types,)*))),
        };
        let result_adjoints = outputs
            .iter()
            .map(|var| (!program.vars[var.0].ty.is_discrete()).then(|| passed(*var, quote!(#s))));
        Shape {
            item,
            program,
            by_lane,
            krate: krate(&attr.krate),
            params: params.collect(),
            adjoint_types: adjoint_types.collect(),
            outputs: outputs_text,
            result,
            result_adjoints: result_adjoints.collect(),
            scalar: s,
            passive: p,
        }
    }

    fn printer(&self, adjoints: BTreeSet<VarId>, saving: bool) -> Printer<'a> {
        let mut printer = Printer::new(self.item, self.program, adjoints);
        printer.in_function = true;
        printer.copied = BTreeSet::new();
        printer.saving.set(saving);
        printer
    }

    fn name(&self, form: &str) -> Ident {
        if self.by_lane { format_ident!("{form}_by_lane") } else { format_ident!("{form}") }
    }

    fn generics(&self) -> TokenStream {
        let (s, p) = (&self.scalar, &self.passive);
        let constants = self.item.sig.generics.const_params();
        quote!(<#s, #p, #(#constants),*>)
    }

    fn bounds(&self) -> TokenStream {
        let (s, p, krate) = (&self.scalar, &self.passive, &self.krate);
        quote!(where #s: #krate::scalar::Scalar<Passive = #p>, #p: #krate::scalar::Real)
    }

    /// A form that returns the result.
    fn form(&self, form: &str, with_tape: bool, body: TokenStream) -> TokenStream {
        let (name, generics, bounds) = (self.name(form), self.generics(), self.bounds());
        let (names, types): (Vec<_>, Vec<_>) = self.params.iter().cloned().unzip();
        let (s, p, krate, result) = (&self.scalar, &self.passive, &self.krate, &self.result);
        let tape = with_tape.then(|| quote!(tape: &mut #krate::scalar::Tape<#s>,));
        quote! {
            #[inline(always)]
            pub fn #name #generics (#(#names: #types,)* #tape mask: #p::Mask) -> #result #bounds {
                #body
            }
        }
    }

    /// The form that passes adjoints on. `given`: the names of the results' adjoints; `wanted`: those of the float parameters.
    fn reverse(&self, given: &[Option<Ident>], wanted: &[Ident], body: TokenStream) -> TokenStream {
        let (name, generics, bounds) = (self.name("reverse"), self.generics(), self.bounds());
        let (names, types): (Vec<_>, Vec<_>) = self.params.iter().cloned().unzip();
        let (s, p, krate) = (&self.scalar, &self.passive, &self.krate);
        let given = given.iter().zip(&self.result_adjoints).filter_map(|(name, ty)| {
            let (name, ty) = (name.as_ref()?, ty.as_ref()?);
            Some(quote!(#name: #ty,))
        });
        let mut wanted = wanted.iter();
        let lent = self.program.params.iter().zip(&self.adjoint_types).map(|(param, ty)| {
            let float = !self.program.vars[param.var.0].ty.is_discrete();
            match if float { wanted.next() } else { None } {
                Some(name) => quote!(#name: #ty,),
                None => quote!(_: #ty,),
            }
        });
        quote! {
            #[inline(always)]
            pub fn #name #generics (
                #(#names: #types,)*
                #(#given)*
                #(#lent)*
                tape: &mut #krate::scalar::Tape<#s>,
                mask: #p::Mask,
            ) #bounds {
                #body
            }
        }
    }
}
