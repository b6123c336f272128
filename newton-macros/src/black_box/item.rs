//! The items that replace a black-box function: the function itself, a type for the loss, and how the runtime calls it.

use super::attr::{BlackBox, Estimator, OutputLoss};
use super::signature::{self, Param, Role, Signature, product};
use crate::attr::Attr;
use crate::back::rust::{builders, krate, settings, type_name};
use crate::errors::{Errors, Outcome};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ItemFn, Type};

/// Everything generated for a black box, the user's function first.
pub fn expand(item: &ItemFn, attr: &Attr, black_box: &BlackBox, mut errors: Errors) -> TokenStream {
    let function = crate::strip(item, None);
    let mut found = Errors::default();
    let code = signature::read(item, &mut found).and_then(|signature| {
        // What is made of the result depends on the attribute: once is enough if that was refused.
        let mut unclear = Errors::default();
        let made = made(&signature, black_box, if errors.is_empty() { &mut found } else { &mut unclear })?;
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

/// What is made of the function's results.
enum Made<'a> {
    Loss,
    Algorithm(&'a OutputLoss, &'a [Expr]),
    Optimizer { maximize: bool },
}

fn made<'a>(signature: &'a Signature, black_box: &'a BlackBox, errors: &mut Errors) -> Outcome<Made<'a>> {
    let span = signature.result.span();
    match (&black_box.estimator, &signature.result_dims) {
        (Estimator::FenchelYoung { .. }, Some(dims)) if dims.is_empty() => Err(errors.at(
            span,
            "an optimizer returns a solution of the prediction's shape: for a loss of one number, write `smoothing(..)`",
        )),
        (Estimator::FenchelYoung { maximize }, _) => Ok(Made::Optimizer { maximize: *maximize }),
        (Estimator::Smoothing(None), Some(dims)) if dims.is_empty() => {
            let (distribution, smooth) = &black_box.distribution;
            if black_box.hessian && !smooth {
                let name = distribution.to_string().to_lowercase();
                return Err(errors.at(
                    black_box.distribution_span,
                    format_args!("{name} noise has no Hessian estimate, as the slope of its density jumps: `gaussian`, `logistic`, `gumbel` or `cauchy`, or `fisher` instead of `hessian`"),
                ));
            }
            Ok(Made::Loss)
        }
        (Estimator::Smoothing(Some(loss)), Some(dims)) if dims.is_empty() => Err(errors.at(
            loss.span(),
            "the function returns one number, which is the loss itself: leave this out; for a loss on that number, return an array of one",
        )),
        (Estimator::Smoothing(_), Some(_)) if black_box.hessian => Err(errors.at(
            black_box.span,
            "a smoothed algorithm has no Hessian estimate: it would be a product of two Jacobians estimated from the same noise, which is biased; \
             write `fisher` for `hessian`, or smooth the loss: return one number",
        )),
        (Estimator::Smoothing(Some(loss)), Some(dims)) => Ok(Made::Algorithm(loss, dims)),
        (Estimator::Smoothing(None), Some(_)) => Err(errors.at(
            span,
            "say how the array is compared with its label: add `mse` to the attribute, or `output_loss = MyLoss::<N>::new()`, or write \
             `fenchel_young(..)` if the function is an optimizer; or return the loss, one number",
        )),
        (Estimator::Smoothing(_), None) => Err(errors.at(
            span,
            "the result is a number, which is the loss, or an array of numbers with its length, `[f32; N]`, an algorithm's result; written out and not by \
             another name, in a `Result` if the function can fail",
        )),
    }
}

fn loss(
    item: &ItemFn,
    attr: &Attr,
    black_box: &BlackBox,
    signature: &Signature,
    made: &Made<'_>,
) -> TokenStream {
    let krate = krate(attr);
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
    let label = label(signature, made);
    let (outputs, estimator) = parts(signature, made, &krate);
    let call = call(item, signature, made, &krate);
    let text = function.to_string();
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

            fn gradients(
                &self,
                predictions: &[#element],
                labels: &[Self::Label],
            ) -> ::core::result::Result<#krate::loss::Gradients<#element>, #krate::Error> {
                #krate::loss::NewtonLoss::gradients(&self.smoothed(), predictions, labels)
            }

            fn hessians(
                &self,
                predictions: &[#element],
                labels: &[Self::Label],
            ) -> ::core::result::Result<::std::vec::Vec<#element>, #krate::Error> {
                #krate::loss::NewtonLoss::hessians(&self.smoothed(), predictions, labels)
            }

            fn mean_hessian(
                &self,
                predictions: &[#element],
                labels: &[Self::Label],
            ) -> ::core::result::Result<::std::vec::Vec<f64>, #krate::Error> {
                #krate::loss::NewtonLoss::mean_hessian(&self.smoothed(), predictions, labels)
            }

            fn evaluate(
                &self,
                predictions: &[#element],
                labels: &[Self::Label],
            ) -> ::core::result::Result<#krate::loss::Evaluation<#element>, #krate::Error> {
                #krate::loss::NewtonLoss::evaluate(&self.smoothed(), predictions, labels)
            }

            fn z_star(
                &self,
                predictions: &[#element],
                labels: &[Self::Label],
            ) -> ::core::result::Result<::std::vec::Vec<#element>, #krate::Error> {
                #krate::loss::NewtonLoss::z_star(&self.smoothed(), predictions, labels)
            }

            fn diagnose(
                &self,
                predictions: &[#element],
                labels: &[Self::Label],
                exploding_factor: f64,
            ) -> ::core::result::Result<#krate::newton::Diagnostics, #krate::Error> {
                #krate::loss::NewtonLoss::diagnose(&self.smoothed(), predictions, labels, exploding_factor)
            }
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

fn is_copy(ty: &Type) -> bool {
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

fn labels(signature: &Signature) -> impl Iterator<Item = &Param> {
    signature.others.iter().filter(|p| p.role == Role::Label)
}

/// The label: the target of a result first, then what the function takes.
fn label(signature: &Signature, made: &Made<'_>) -> TokenStream {
    let target = match made {
        Made::Loss => None,
        _ => Some(&signature.result),
    };
    let types: Vec<&Type> = target.into_iter().chain(labels(signature).map(|p| &p.held)).collect();
    match &types[..] {
        [one] => quote!(#one),
        all => quote!((#(#all),*)),
    }
}

/// How many numbers the function returns, and the estimator.
fn parts(signature: &Signature, made: &Made<'_>, krate: &TokenStream) -> (TokenStream, TokenStream) {
    match made {
        Made::Loss => (quote!(1), quote!(#krate::smoothing::OfLoss)),
        Made::Algorithm(loss, dims) => {
            let outputs = product(dims);
            let loss = match loss {
                OutputLoss::Mse(_) => quote!(#krate::smoothing::MeanSquaredError::new(#outputs)),
                OutputLoss::Other(expr) => {
                    let (element, result) = (&signature.element, &signature.result);
                    let checked =
                        quote_spanned!(expr.span()=> #krate::smoothing::output_loss::<#element, #result, _>);
                    quote!(#checked(#expr))
                }
            };
            (outputs, quote!(#krate::smoothing::OfAlgorithm { loss: #loss }))
        }
        Made::Optimizer { maximize } => {
            let sense = if *maximize { quote!(Maximize) } else { quote!(Minimize) };
            let sense = quote!(#krate::smoothing::Sense::#sense);
            (product(&signature.dims), quote!(#krate::smoothing::OfOptimizer { sense: #sense }))
        }
    }
}

/// The function at every argument.
fn call(item: &ItemFn, signature: &Signature, made: &Made<'_>, krate: &TokenStream) -> TokenStream {
    let function = &item.sig.ident;
    let Signature { prediction_type, element, .. } = signature;
    let prediction = local(&signature.prediction);
    let target = (!matches!(made, Made::Loss)).then(|| quote!(_));
    let names: Vec<TokenStream> = target
        .into_iter()
        .chain(labels(signature).map(|label| {
            let name = local(&label.name);
            quote!(#name)
        }))
        .collect();
    let pattern = match &names[..] {
        [] => quote!(_),
        [one] => quote!(#one),
        all => quote!((#(#all),*)),
    };
    let passed = signature.others.iter().map(|Param { name, held, role }| match role {
        Role::Label => {
            let name = local(name);
            quote!(#name)
        }
        Role::Shared => quote!(&self.#name),
        Role::Value if is_copy(held) => quote!(self.#name),
        Role::Value => quote!(::core::clone::Clone::clone(&self.#name)),
    });
    let generics: Vec<&Ident> = item.sig.generics.const_params().map(|p| &p.ident).collect();
    let turbofish = (!generics.is_empty()).then(|| quote!(::<#(#generics),*>));
    let [arguments, results] = ["arguments", "results"].map(|name| local(&format_ident!("{name}")));
    let evaluate_each = quote_spanned!(signature.result.span()=> #krate::smoothing::evaluate_each);
    let label = quote!(<Self as #krate::smoothing::Oracle<#element>>::Label);
    quote! {
        fn evaluate_all(
            &self,
            #arguments: &#krate::smoothing::Arguments<'_, #element, #label>,
            #results: &mut [#element],
        ) -> ::core::result::Result<(), #krate::smoothing::Failure> {
            #evaluate_each(#arguments, #results, |#prediction, #pattern| {
                let #prediction: &#prediction_type = <#element as #krate::scalar::Scalar>::view_as(#prediction);
                #function #turbofish (#prediction, #(#passed),*)
            })
        }
    }
}

/// A local variable that no name of the user's means: a parameter may be called as the function is.
fn local(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(name.span().resolved_at(Span::mixed_site()));
    name
}
