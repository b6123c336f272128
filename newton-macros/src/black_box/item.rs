//! The items that replace a black-box function: the function itself, a type for the loss, and how the runtime calls it.

use super::attr::BlackBox;
use super::made::{self, Made};
use super::signature::{self, Param, Role, Signature, product};
use crate::attr::Attr;
use crate::back::krate;
use crate::back::rust::{builders, settings, type_name};
use crate::errors::Errors;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ItemFn, Type};

/// Everything generated for a black box, the user's function first.
pub fn expand(item: &ItemFn, attr: &Attr, black_box: &BlackBox, mut errors: Errors) -> TokenStream {
    let function = crate::strip(item, None);
    let mut found = Errors::default();
    let code = signature::read(item, &mut found).and_then(|signature| {
        // What is made of the result depends on the attribute: once is enough if that was refused.
        let mut unclear = Errors::default();
        let made =
            made::made(&signature, black_box, if errors.is_empty() { &mut found } else { &mut unclear })?;
        Ok(loss(item, attr, black_box, &signature, &made))
    });
    // What a refused signature would make has errors of its own.
    let code = if found.is_empty() { code } else { Err(found.silent()) };
    if let Some(found) = found.take() {
        errors.add(found);
    }
    let errors = errors.take().map(|e| e.to_compile_error());
    let code = code.unwrap_or_default();
    quote! {
        #errors

        // A loss is often used through its type alone.
        #[allow(dead_code)]
        #function

        #code
    }
}

fn loss(
    item: &ItemFn,
    attr: &Attr,
    black_box: &BlackBox,
    signature: &Signature,
    made: &Made<'_>,
) -> TokenStream {
    let krate = krate(&attr.krate);
    let (vis, function) = (&item.vis, &item.sig.ident);
    let name = attr.name.clone().or_else(|| type_name(function)).unwrap_or_else(|| format_ident!("Loss"));
    let declared = &item.sig.generics;
    let (generics, arguments, bounds) = declared.split_for_impl();
    let docs: Vec<_> = item.attrs.iter().filter(|a| a.path().is_ident("doc")).collect();
    let summary = match made {
        Made::Loss => {
            format!(" The loss [`{function}`], smoothed by noise, with gradient, Hessian and Newton step.")
        }
        Made::Algorithm(..) => format!(
            " A loss on the result of [`{function}`], smoothed by noise, with gradient and Newton step."
        ),
        Made::Optimizer { .. } => format!(
            " The Fenchel-Young loss of the optimizer [`{function}`] under noise, with gradient, Hessian and Newton step."
        ),
    };
    let held: Vec<&Param> = signature.others.iter().filter(|p| p.role != Role::Label).collect();
    let fields: Vec<TokenStream> = held
        .iter()
        .map(|p @ Param { name, held, .. }| match p.is_counted() {
            true => quote_spanned!(held.span()=> #name: ::std::sync::Arc<#held>),
            false => quote_spanned!(held.span()=> #name: #held),
        })
        .collect();
    let takes: Vec<TokenStream> =
        held.iter().map(|Param { name, held, .. }| quote_spanned!(held.span()=> #name: #held)).collect();
    let gives = held.iter().map(|p @ Param { name, .. }| match p.is_counted() {
        true => quote!(#name: ::std::sync::Arc::new(#name)),
        false => quote!(#name),
    });
    let names: Vec<&Ident> = held.iter().map(|p| &p.name).collect();
    let derives = derives(&held);
    let new_doc = match names.len() {
        0 => " The loss with the attribute's settings.".to_owned(),
        _ => {
            let all: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
            format!(" The loss with its hyper-parameters ({}) and the attribute's settings.", all.join(", "))
        }
    };
    let (settings, builders) = (settings(attr), builders(attr, vis));
    let smoothing = smoothing(black_box, &krate);
    let element = &signature.element;
    let dim = product(&signature.dims);
    let label = made::label(signature, made);
    let (outputs, estimator) = made::parts(signature, made, &krate);
    let call = made::call(item, signature, made, &krate);
    let text = function.to_string();
    let delegated = [
        ("gradients", quote!(#krate::loss::Gradients<#element>)),
        ("hessians", quote!(::std::vec::Vec<#element>)),
        ("mean_hessian", quote!(::std::vec::Vec<f64>)),
        ("evaluate", quote!(#krate::loss::Evaluation<#element>)),
        ("z_star", quote!(::std::vec::Vec<#element>)),
    ]
    .map(|(method, result)| {
        let method = format_ident!("{method}");
        quote! {
            fn #method(
                &self,
                predictions: &[#element],
                labels: &[Self::Label],
            ) -> ::core::result::Result<#result, #krate::Error> {
                #krate::loss::NewtonLoss::#method(&self.smoothed(), predictions, labels)
            }
        }
    });
    let inner = quote_spanned!(signature.result.span()=> #krate::loss::NewtonLoss);
    quote! {
        #[doc = #summary]
        ///
        #(#docs)*
        #derives
        #vis struct #name #declared {
            newton: #krate::newton::Newton,
            smoothing: #krate::smoothing::Smoothing,
            #(#fields,)*
        }

        #[allow(dead_code)]
        impl #generics #name #arguments #bounds {
            #[doc = #new_doc]
            #[allow(clippy::new_without_default)]
            #vis fn new(#(#takes),*) -> Self {
                let newton = #settings;
                let smoothing = #smoothing;
                Self { newton, smoothing, #(#gives,)* }
            }

            /// How many numbers a prediction has.
            #vis fn dim(&self) -> usize {
                #dim
            }

            #builders

            /// The same loss with other noise, variance reduction or step.
            #[must_use]
            #vis fn smoothed_by(mut self, smoothing: #krate::smoothing::Smoothing) -> Self {
                self.smoothing = smoothing;
                self
            }

            /// The noise and the step at hand.
            #vis fn smoothing(&self) -> &#krate::smoothing::Smoothing {
                &self.smoothing
            }

            fn smoothed(&self) -> impl #inner<#element, Label = #label> {
                #krate::smoothing::Smoothed::of(self, &self.smoothing, #estimator).newton(self.newton)
            }
        }

        #[allow(clippy::all)]
        impl #generics #krate::smoothing::Oracle<#element> for #name #arguments #bounds {
            type Label = #label;

            fn name(&self) -> &'static str {
                #text
            }

            fn dim(&self) -> usize {
                #dim
            }

            fn outputs(&self) -> usize {
                #outputs
            }

            #call
        }

        impl #generics #krate::loss::NewtonLoss<#element> for #name #arguments #bounds {
            type Label = <Self as #krate::smoothing::Oracle<#element>>::Label;

            fn dim(&self) -> usize {
                #dim
            }

            fn newton(&self) -> #krate::newton::Newton {
                self.newton
            }

            #(#delegated)*

            fn diagnose(
                &self,
                predictions: &[#element],
                labels: &[Self::Label],
                exploding_factor: f64,
            ) -> ::core::result::Result<#krate::newton::Diagnostics, #krate::Error> {
                #krate::loss::NewtonLoss::diagnose(&self.smoothed(), predictions, labels, exploding_factor)
            }

            #krate::smoothed_on_device!(#element);
        }
    }
}

/// What numbers and arrays of them have; other values can at least be cloned: every call gets one of its own, or lends what is counted.
fn derives(held: &[&Param]) -> TokenStream {
    match held.iter().all(|p| is_plain(&p.held)) {
        true => quote!(#[derive(Debug, Clone, PartialEq)]),
        false => quote!(#[derive(Clone)]),
    }
}

impl Param {
    /// One for all clones of the loss: it may be large, or no clone may be had of it.
    fn is_counted(&self) -> bool {
        self.role == Role::Shared && !is_plain(&self.held)
    }
}

fn is_plain(ty: &Type) -> bool {
    match ty {
        Type::Array(array) => is_plain(&array.elem),
        ty => is_copy(ty),
    }
}

/// A number or a condition.
pub fn is_copy(ty: &Type) -> bool {
    crate::front::params::is_ident(ty, "f64") || crate::front::params::element(ty).is_some()
}

/// The `Smoothing` of the attribute.
fn smoothing(black_box: &BlackBox, krate: &TokenStream) -> TokenStream {
    let BlackBox { distribution: (distribution, _), sampling, covariate, antithetic, .. } = black_box;
    let (sigma, seed) = (Literal::f64_unsuffixed(black_box.sigma), Literal::u64_unsuffixed(black_box.seed));
    let samples = Literal::u64_unsuffixed(black_box.samples);
    quote! {
        #krate::smoothing::Smoothing::new(#krate::smoothing::Noise {
            distribution: #krate::smoothing::Distribution::#distribution,
            scale: #sigma,
            samples: #samples,
            sampling: #krate::smoothing::Sampling::#sampling,
            antithetic: #antithetic,
            seed: #seed,
        })
        .covariate(#krate::smoothing::Covariate::#covariate)
    }
}
