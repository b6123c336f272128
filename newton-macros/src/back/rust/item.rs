//! The items that replace an annotated function: the function itself, a type for the loss, its kernel.

use super::Printer;
use super::expr::Bind;
use crate::attr::Attr;
use crate::back::krate;
use crate::grad::Gradient;
use crate::ir::{Discrete, Kind, Program, Role, VarId};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeSet;
use syn::ItemFn;

/// Everything generated for a loss, the user's function first. `cuda`: the kernel's method of that name, if there is one.
pub fn loss(item: &ItemFn, attr: &Attr, gradient: &Gradient, cuda: Option<TokenStream>) -> TokenStream {
    let program = &gradient.program;
    let printer = Printer::new(item, program, [gradient.adjoint].into());
    let body = printer.block(&program.body);
    let result = printer.expr(&gradient.value).0;
    let prologue = prologue(&printer, gradient.adjoint);
    let krate = krate(&attr.krate);
    let imports = imports(&printer, &krate);
    let adjoint = &program.vars[gradient.adjoint.0].name;
    let y = &program.vars[prediction(program).0].name;
    let code = Code {
        arguments: [quote!(#y), quote!(label), quote!(integers), quote!(#adjoint), quote!(tape)],
        body: quote! {
            #imports
            #prologue
            #body
            #result
        },
        cuda,
    };
    items(item, attr, &printer, &code)
}

/// What stands in for the generated code of a function with errors, so that uses of the loss give no errors of their own.
pub fn stub(item: &ItemFn, attr: &Attr, program: Option<&Program>) -> TokenStream {
    match program {
        Some(program) if program.params.len() == item.sig.inputs.len() && !program.params.is_empty() => {
            let printer = Printer::new(item, program, BTreeSet::new());
            let code = Code {
                arguments: [quote!(_), quote!(_), quote!(_), quote!(_), quote!(_)],
                body: quote!(::core::unreachable!("the loss has errors")),
                cuda: None,
            };
            items(item, attr, &printer, &code)
        }
        _ => quote!(#item),
    }
}

/// What depends on the function's body.
struct Code {
    /// Patterns of prediction, label, integers, adjoint and tape.
    arguments: [TokenStream; 5],
    body: TokenStream,
    /// A method of the kernel.
    cuda: Option<TokenStream>,
}

fn items(item: &ItemFn, attr: &Attr, printer: &Printer, code: &Code) -> TokenStream {
    let krate = krate(&attr.krate);
    let Shell { items, name, generics, arguments, t, label, dim, parameters } =
        shell(item, attr, printer.program, printer);
    let Code { arguments: [y, labels, integers, adjoint, tape], body, cuda } = code;
    let size = stack_size(printer);
    let constants = &printer.program.items;
    let (s, p) = (&printer.scalar, &printer.passive);
    let text = item.sig.ident.to_string();
    quote! {
        #items

        #[allow(unused, clippy::all)]
        impl #generics #krate::kernel::Kernel for #name #arguments {
            type Label<#t: #krate::scalar::Float> = #label;
            const NAME: &'static str = #text;
            const DIM: usize = #dim;

            fn newton(&self) -> #krate::newton::Newton {
                self.newton
            }

            fn parameters(&self) -> impl ::core::iter::Iterator<Item = (&'static str, f64)> {
                use ::core::iter::{IntoIterator as _, Iterator as _};
                #parameters
            }

            fn size(&self) -> usize {
                #(#constants)*
                #size
            }

            #[inline(always)]
            fn value_and_gradient<#s, #p>(
                &self,
                #y: &[#s],
                #labels: &[#p],
                #integers: &[#p::Index],
                #adjoint: &mut [#s],
                #tape: &mut #krate::scalar::Tape<#s>,
            ) -> #s
            where
                #s: #krate::scalar::Scalar<Passive = #p>,
                #p: #krate::scalar::Real,
            {
                #body
            }

            #cuda
        }
    }
}

/// What generated code of a function's body calls.
pub fn imports(printer: &Printer, krate: &TokenStream) -> TokenStream {
    let names: Vec<Ident> =
        printer.calls.borrow().iter().map(|name| Ident::new(name, Span::call_site())).collect();
    let items = &printer.program.items;
    let builtins = (!names.is_empty()).then(|| quote!(use #krate::builtins::{#(#names),*};));
    quote! {
        #builtins
        use #krate::lanes;
        use #krate::scalar::{Integer as _, Mask as _, across_lanes};
        use ::core::iter::Iterator as _;
        #(#items)*
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
    let krate = krate(&attr.krate);
    let t = type_parameter(item, "T");
    let function = &item.sig.ident;
    let name = attr.name.clone().or_else(|| type_name(function)).unwrap_or_else(|| format_ident!("Loss"));
    let vis = &item.vis;
    let (generics, arguments, _) = item.sig.generics.split_for_impl();
    let declared = &item.sig.generics;
    let docs: Vec<_> = item.attrs.iter().filter(|a| a.path().is_ident("doc")).collect();
    let summary = format!(" The loss [`{function}`] with value, gradient, Hessian and Newton step.");

    let hypers =
        |role| program.params.iter().filter(move |p| p.role == role).map(|p| &program.vars[p.var.0].name);
    let floats: Vec<_> = hypers(Role::Hyper).collect();
    let fields = program.params.iter().filter_map(|p| {
        let var = &program.vars[p.var.0];
        let field = &var.name;
        let into = quote!(impl ::core::convert::Into<f64>);
        match p.role {
            Role::Hyper => Some((
                quote!(#field: f64),
                quote!(#field: #into),
                quote!(#field: ::core::convert::Into::into(#field)),
            )),
            Role::StaticHyper => {
                let ty = &var.annotation;
                Some((quote!(#field: #ty), quote!(#field: #ty), quote!(#field)))
            }
            Role::Shared if var.ty.is_discrete() => {
                let ty = &var.annotation;
                Some((quote!(#field: #ty), quote!(#field: #ty), quote!(#field)))
            }
            Role::Shared => {
                let (held, taken) =
                    (array_type(printer, p.var, quote!(f64)), array_type(printer, p.var, into));
                let convert = (1..var.ty.dims.len())
                    .fold(quote!(::core::convert::Into::into), |inner, _| quote!(|row| row.map(#inner)));
                let convert = quote!(#field.map(#convert));
                Some((quote!(#field: #held), quote!(#field: #taken), quote!(#field: #convert)))
            }
            _ => None,
        }
    });
    let dim = size(printer, prediction(program));
    let (mut types, mut takes, mut gives) = (Vec::new(), Vec::new(), Vec::new());
    for (ty, take, give) in fields {
        types.push(ty);
        takes.push(take);
        gives.push(give);
    }
    let (settings, builders) = (settings(attr), builders(attr, vis));
    let taken = program.params.iter().filter(|p| !matches!(p.role, Role::Prediction | Role::Label));
    let taken = taken.map(|p| format!("`{}`", program.vars[p.var.0].name));
    let new_doc = match takes.len() {
        0 => " The loss with the attribute's settings.".to_owned(),
        _ => format!(
            " The loss with its hyper-parameters ({}) and the attribute's settings.",
            taken.collect::<Vec<_>>().join(", ")
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

        #[allow(dead_code)]
        impl #generics #name #arguments {
            #[doc = #new_doc]
            #[allow(clippy::new_without_default)]
            #vis fn new(#(#takes),*) -> Self {
                let newton = #settings;
                Self { newton, #(#gives,)* }
            }

            /// How many numbers a prediction has.
            #vis fn dim(&self) -> usize {
                #dim
            }

            #builders
        }
    };
    let numbers = floats.iter().map(|n| {
        let text = n.to_string();
        quote!((#text, self.#n),)
    });
    let shared = program.params.iter().filter(|p| p.role == Role::Shared).filter_map(|p| {
        let var = &program.vars[p.var.0];
        let (name, text) = (&var.name, var.name.to_string());
        let flattened = (1..var.ty.dims.len()).map(|_| quote!(.as_flattened()));
        (!var.ty.is_discrete())
            .then(|| quote!(.chain(self.#name #(#flattened)* .iter().map(|x| (#text, *x)))))
    });
    let parameters = quote!([#(#numbers)*].into_iter() #(#shared)*);
    Shell {
        items,
        name,
        generics: quote!(#generics),
        arguments: quote!(#arguments),
        label: label_type(printer, &t),
        t,
        dim,
        parameters,
    }
}

/// The attribute's curvature, lambda and policies as an expression.
pub fn settings(attr: &Attr) -> TokenStream {
    let krate = krate(&attr.krate);
    let (curvature, lambda) = (&attr.curvature, Literal::f64_unsuffixed(attr.lambda));
    let (average, on_indefinite) = (&attr.average, &attr.on_indefinite);
    quote! {
        #krate::newton::Newton {
            curvature: #krate::newton::Curvature::#curvature,
            lambda: #lambda,
            average: #krate::newton::Average::#average,
            on_indefinite: #krate::newton::OnIndefinite::#on_indefinite,
        }
    }
}

/// Methods that change them one by one.
pub fn builders(attr: &Attr, vis: &syn::Visibility) -> TokenStream {
    let krate = krate(&attr.krate);
    quote! {
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
}

/// How many numbers the arrays of the function's body hold.
fn stack_size(printer: &Printer) -> TokenStream {
    let vars = &printer.program.vars;
    let mut sizes: Vec<TokenStream> = Vec::new();
    for (i, var) in vars.iter().enumerate() {
        let constant = var.ty.dims.iter().all(|n| {
            let mut reads = false;
            n.for_each_read(&mut |_| reads = true);
            !reads
        });
        if !var.ty.is_scalar() && !var.parameter && constant {
            sizes.push(size(printer, VarId(i)));
        }
    }
    sizes.into_iter().reduce(|a, b| quote!(#a + #b)).unwrap_or_else(|| quote!(0))
}

fn prediction(program: &Program) -> VarId {
    program.params[0].var
}

fn dims(program: &Program, var: VarId) -> &[Discrete] {
    &program.vars[var.0].ty.dims
}

/// How many numbers a variable holds.
fn size(printer: &Printer, var: VarId) -> TokenStream {
    let factors = dims(printer.program, var).iter().map(|n| printer.int(n).at_least(Bind::Cast));
    factors.reduce(|a, b| quote!(#a * #b)).unwrap_or_else(|| quote!(1))
}

/// The variable's type with these elements.
pub fn array_type(printer: &Printer, var: VarId, of: TokenStream) -> TokenStream {
    printer.filled(of, dims(printer.program, var))
}

/// Labels whose conditions are arrays: generated code has them as masks of its own.
pub fn copied(program: &Program) -> BTreeSet<VarId> {
    let masks = program.params.iter().filter(|p| {
        let var = &program.vars[p.var.0];
        p.role == Role::Label && var.varying && var.ty.kind == Kind::Bool
    });
    masks.map(|p| p.var).collect()
}

fn labels(printer: &Printer) -> impl Iterator<Item = VarId> {
    printer.program.params.iter().filter(|p| p.role == Role::Label).map(|p| p.var)
}

fn label_type(printer: &Printer, t: &Ident) -> TokenStream {
    let types: Vec<_> = labels(printer)
        .map(|var| match &printer.program.vars[var.0] {
            v if v.ty.is_discrete() => {
                let ty = &v.annotation;
                quote!(#ty)
            }
            _ => array_type(printer, var, quote!(#t)),
        })
        .collect();
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
    let y = &program.vars[prediction(program).0].name;
    let ty = array_type(printer, prediction(program), quote!(#s));
    out.extend(quote!(let #y: &#ty = #s::view_as(#y);));
    let y_ = &program.vars[adjoint.0].name;
    out.extend(quote!(let #y_: &mut #ty = #s::view_as_mut(#y_);));
    let (mut number, mut integer): (Option<TokenStream>, Option<TokenStream>) = (None, None);
    for label in labels(printer) {
        let var = &program.vars[label.0];
        let name = &var.name;
        let (offset, source) = match var.ty.is_discrete() {
            true => (&mut integer, quote!(integers)),
            false => (&mut number, quote!(label)),
        };
        let at = match &*offset {
            None => quote!(#source),
            Some(offset) => quote!(&#source[#offset..]),
        };
        let start = offset.clone().unwrap_or_else(|| quote!(0));
        let array = |of| array_type(printer, label, of);
        out.extend(match (var.ty.kind, var.ty.is_scalar()) {
            (Kind::Bool, true) => quote!(let #name = #source[#start].is_true();),
            (_, true) => quote!(let #name = #source[#start];),
            (Kind::Float, false) => {
                let ty = array(quote!(#p));
                quote!(let #name: &#ty = #p::view_as(#at);)
            }
            (Kind::Int, false) => {
                let ty = array(quote!(#p::Index));
                quote!(let #name: &#ty = lanes::view(#at);)
            }
            (Kind::Bool, false) => {
                let empty = array(quote!(#p::mask(false)));
                quote!(let #name = lanes::masks::<#p, _>(#at, #empty);)
            }
        });
        let size = size(printer, label);
        *offset = Some(match offset.take() {
            None => size,
            Some(offset) => quote!(#offset + #size),
        });
    }
    for param in &program.params {
        let name = &program.vars[param.var.0].name;
        match param.role {
            Role::Hyper => out.extend(quote!(let #name = #p::lit(self.#name);)),
            Role::StaticHyper => out.extend(quote!(let #name = self.#name;)),
            Role::Shared => out.extend(quote!(let #name = &self.#name;)),
            _ => {}
        }
    }
    out
}

/// A name for a type parameter that no const generic of the function has.
pub fn type_parameter(item: &ItemFn, name: &str) -> Ident {
    let taken = item.sig.generics.const_params().any(|p| p.ident == name);
    if taken { format_ident!("{name}Type") } else { format_ident!("{name}") }
}

/// The function's name in camel case, if that is a name.
pub fn type_name(function: &Ident) -> Option<Ident> {
    let capitalised = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
    };
    let name: String = function.to_string().trim_start_matches("r#").split('_').map(capitalised).collect();
    let mut ident = syn::parse_str::<Ident>(&name).ok()?;
    ident.set_span(function.span());
    Some(ident)
}
