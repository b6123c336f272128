//! The items that replace an annotated function: the function itself, a type for the loss, its kernel.

use super::Printer;
use super::stmt::pushes;
use crate::attr::Attr;
use crate::grad::Gradient;
use crate::ir::{Param, Program, Role, Static, Type, VarId};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::ItemFn;

/// Everything generated for a loss, the user's function first.
pub fn loss(item: &ItemFn, attr: &Attr, gradient: &Gradient) -> TokenStream {
    let program = &gradient.program;
    let printer = Printer::new(item, program, Some(gradient.adjoint));
    let body = printer.block(&program.body);
    let result = printer.expr(&program.result).0;
    let prologue = prologue(&printer, gradient.adjoint);
    let imports: Vec<Ident> =
        printer.calls.borrow().iter().map(|name| Ident::new(name, Span::call_site())).collect();
    let krate = krate(attr);
    let import = (!imports.is_empty()).then(|| quote!(use #krate::builtins::{#(#imports),*};));
    let adjoint = &program.vars[gradient.adjoint.0].name;
    let y = &program.vars[prediction(program).0].name;
    let code = Code {
        arguments: [quote!(#y), quote!(label), quote!(#adjoint), quote!(tape)],
        tape_len: tape_len(&printer, &krate),
        body: quote! {
            #import
            use #krate::scalar::across_lanes;
            #prologue
            #body
            #result
        },
    };
    items(item, attr, &printer, &code)
}

/// What stands in for the generated code of a function with errors, so that uses of the loss give no errors of their own.
pub fn stub(item: &ItemFn, attr: &Attr, program: Option<&Program>) -> TokenStream {
    match program {
        Some(program) if program.params.len() == item.sig.inputs.len() && !program.params.is_empty() => {
            let printer = Printer::new(item, program, None);
            let s = &printer.scalar;
            let code = Code {
                arguments: [quote!(_), quote!(_), quote!(_), quote!(_)],
                tape_len: quote!(Default::default()),
                body: quote!(#s::zero()),
            };
            items(item, attr, &printer, &code)
        }
        _ => quote!(#item),
    }
}

/// What depends on the function's body.
struct Code {
    /// Patterns of prediction, label, adjoint and tape.
    arguments: [TokenStream; 4],
    tape_len: TokenStream,
    body: TokenStream,
}

fn items(item: &ItemFn, attr: &Attr, printer: &Printer, code: &Code) -> TokenStream {
    let krate = krate(attr);
    let Shell { items, name, generics, arguments, t, label, dim, parameters } =
        shell(item, attr, printer.program, printer);
    let Code { arguments: [y, labels, adjoint, tape], tape_len, body } = code;
    let (s, p) = (&printer.scalar, &printer.passive);
    let text = item.sig.ident.to_string();
    quote! {
        #items

        #[allow(unused, clippy::all)]
        impl #generics #krate::kernel::Kernel for #name #arguments {
            type Label<#t: #krate::scalar::Float> = #label;
            const NAME: &'static str = #text;

            fn dim(&self) -> usize {
                #dim
            }

            fn newton(&self) -> #krate::newton::Newton {
                self.newton
            }

            fn parameters(&self) -> impl Iterator<Item = (&'static str, f64)> {
                [#parameters].into_iter()
            }

            fn tape_len(&self) -> #krate::scalar::TapeLen {
                #tape_len
            }

            #[inline(always)]
            fn value_and_gradient<#s, #p>(
                &self,
                #y: &[#s],
                #labels: &[#p],
                #adjoint: &mut [#s],
                #tape: &mut #krate::scalar::Tape<#s>,
            ) -> #s
            where
                #s: #krate::scalar::Scalar<Passive = #p>,
                #p: #krate::scalar::Real,
            {
                #body
            }
        }
    }
}

fn krate(attr: &Attr) -> TokenStream {
    match &attr.krate {
        Some(path) => quote!(#path),
        None => quote!(::newton_losses),
    }
}

/// The parts that do not depend on the function's body.
struct Shell {
    items: TokenStream,
    name: Ident,
    generics: TokenStream,
    arguments: TokenStream,
    /// Name of the label's type parameter.
    t: Ident,
    label: TokenStream,
    dim: TokenStream,
    parameters: TokenStream,
}

fn shell(item: &ItemFn, attr: &Attr, program: &Program, printer: &Printer) -> Shell {
    let krate = krate(attr);
    let t = type_parameter(item, "T");
    let function = &item.sig.ident;
    let name =
        attr.name.clone().unwrap_or_else(|| Ident::new(&camel_case(&function.to_string()), function.span()));
    let vis = &item.vis;
    let (generics, arguments, _) = item.sig.generics.split_for_impl();
    let declared = &item.sig.generics;
    let docs: Vec<_> = item.attrs.iter().filter(|a| a.path().is_ident("doc")).collect();
    let summary = format!("The loss [`{function}`] with value, gradient, Hessian and Newton step.");

    let hypers =
        |role| program.params.iter().filter(move |p| p.role == role).map(|p| &program.vars[p.var.0].name);
    let floats: Vec<_> = hypers(Role::Hyper).collect();
    let ints: Vec<_> = hypers(Role::StaticHyper).collect();
    let fields = program.params.iter().filter_map(|p| {
        let field = &program.vars[p.var.0].name;
        match p.role {
            Role::Hyper => {
                Some((quote!(#field: f64), quote!(#field: impl Into<f64>), quote!(#field: #field.into())))
            }
            Role::StaticHyper => Some((quote!(#field: usize), quote!(#field: usize), quote!(#field))),
            _ => None,
        }
    });
    let (mut types, mut takes, mut gives) = (Vec::new(), Vec::new(), Vec::new());
    for (ty, take, give) in fields {
        types.push(ty);
        takes.push(take);
        gives.push(give);
    }
    let (curvature, lambda) = (&attr.curvature, attr.lambda);
    let (average, on_indefinite) = (&attr.average, &attr.on_indefinite);
    let new_doc = match takes.len() {
        0 => "The loss with the attribute's settings.".to_owned(),
        _ => format!(
            "The loss with its hyper-parameters ({}) and the attribute's settings.",
            floats.iter().chain(&ints).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
        ),
    };
    let items = quote! {
        // A loss is often used through its type alone.
        #[allow(dead_code)]
        #item

        #[doc = #summary]
        ///
        #(#docs)*
        #[derive(Debug, Clone, PartialEq)]
        #vis struct #name #declared {
            newton: #krate::newton::Newton,
            #(#types,)*
        }

        impl #generics #name #arguments {
            #[doc = #new_doc]
            #[allow(clippy::new_without_default)]
            #vis fn new(#(#takes),*) -> Self {
                let newton = #krate::newton::Newton {
                    curvature: #krate::newton::Curvature::#curvature,
                    lambda: #lambda,
                    average: #krate::newton::Average::#average,
                    on_indefinite: #krate::newton::OnIndefinite::#on_indefinite,
                };
                Self { newton, #(#gives,)* }
            }

            /// The same loss with another curvature.
            #[must_use]
            #vis fn curvature(mut self, curvature: #krate::newton::Curvature) -> Self {
                self.newton.curvature = curvature;
                self
            }

            /// The same loss with another Tikhonov term.
            #[must_use]
            #vis fn lambda(mut self, lambda: f64) -> Self {
                self.newton.lambda = lambda;
                self
            }

            /// The same loss with its curvature averaged over the batch, or one per sample.
            #[must_use]
            #vis fn average(mut self, average: #krate::newton::Average) -> Self {
                self.newton.average = average;
                self
            }

            /// The same loss with another policy for negative curvature.
            #[must_use]
            #vis fn on_indefinite(mut self, policy: #krate::newton::OnIndefinite) -> Self {
                self.newton.on_indefinite = policy;
                self
            }
        }
    };
    let parameters = floats.iter().map(|n| {
        let text = n.to_string();
        quote!((#text, self.#n),)
    });
    Shell {
        items,
        name,
        generics: quote!(#generics),
        arguments: quote!(#arguments),
        label: label_type(printer, &t),
        t,
        dim: size(printer, prediction(program)),
        parameters: quote!(#(#parameters)*),
    }
}

fn prediction(program: &Program) -> VarId {
    program.params[0].var
}

fn dims(program: &Program, var: VarId) -> &[Static] {
    match &program.vars[var.0].ty {
        Type::Float(dims) => dims,
        _ => &[],
    }
}

/// How many numbers a parameter has.
fn size(printer: &Printer, var: VarId) -> TokenStream {
    let factors = dims(printer.program, var).iter().map(|n| {
        let n = printer.int(n).0;
        quote!((#n))
    });
    factors.reduce(|a, b| quote!(#a * #b)).unwrap_or_else(|| quote!(1))
}

fn array_type(printer: &Printer, var: VarId, of: TokenStream) -> TokenStream {
    dims(printer.program, var).iter().rev().fold(of, |inner, n| {
        let n = printer.int(n).0;
        quote!([#inner; #n])
    })
}

fn labels<'a>(printer: &'a Printer) -> impl Iterator<Item = &'a Param> {
    printer.program.params.iter().filter(|p| p.role == Role::Label)
}

fn label_type(printer: &Printer, t: &Ident) -> TokenStream {
    let types: Vec<_> = labels(printer).map(|p| array_type(printer, p.var, quote!(#t))).collect();
    match &types[..] {
        [one] => quote!(#one),
        all => quote!((#(#all),*)),
    }
}

/// Typed views of the flat arguments.
fn prologue(printer: &Printer, adjoint: VarId) -> TokenStream {
    let program = printer.program;
    let (s, p) = (&printer.scalar, &printer.passive);
    let mut out = TokenStream::new();
    let krate_shape = quote!(#s::view_as);
    let y = &program.vars[prediction(program).0].name;
    let ty = array_type(printer, prediction(program), quote!(#s));
    out.extend(quote!(let #y: &#ty = #krate_shape(#y);));
    let y_ = &program.vars[adjoint.0].name;
    out.extend(quote!(let #y_: &mut #ty = #s::view_as_mut(#y_);));
    let mut offset: Option<TokenStream> = None;
    for param in labels(printer) {
        let name = &program.vars[param.var.0].name;
        let at = match &offset {
            None => quote!(label),
            Some(offset) => quote!(&label[#offset..]),
        };
        out.extend(if dims(program, param.var).is_empty() {
            let start = offset.clone().unwrap_or_else(|| quote!(0));
            quote!(let #name = label[#start];)
        } else {
            let ty = array_type(printer, param.var, quote!(#p));
            quote!(let #name: &#ty = #p::view_as(#at);)
        });
        let size = size(printer, param.var);
        offset = Some(match offset {
            None => size,
            Some(offset) => quote!(#offset + #size),
        });
    }
    for param in &program.params {
        let name = &program.vars[param.var.0].name;
        match param.role {
            Role::Hyper => out.extend(quote!(let #name = #p::lit(self.#name);)),
            Role::StaticHyper => out.extend(quote!(let #name = self.#name;)),
            _ => {}
        }
    }
    out
}

fn tape_len(printer: &Printer, krate: &TokenStream) -> TokenStream {
    let body = &printer.program.body;
    if !pushes(body) {
        return quote!(#krate::scalar::TapeLen::default());
    }
    let ints = printer.program.params.iter().filter(|p| p.role == Role::StaticHyper).map(|p| {
        let name = &printer.program.vars[p.var.0].name;
        quote!(let #name = self.#name;)
    });
    let count = printer.tape_len(body);
    quote! {
        let mut len = #krate::scalar::TapeLen::default();
        #(#ints)*
        #count
        len
    }
}

/// A name for a type parameter that no const generic of the function has.
pub fn type_parameter(item: &ItemFn, name: &str) -> Ident {
    let taken = item.sig.generics.const_params().any(|p| p.ident == name);
    if taken { format_ident!("{name}Type") } else { format_ident!("{name}") }
}

fn camel_case(name: &str) -> String {
    name.trim_start_matches("r#")
        .split('_')
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
        })
        .collect()
}
