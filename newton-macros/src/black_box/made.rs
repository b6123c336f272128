//! What is made of a black box's results, and how it is called.

use super::attr::{BlackBox, Estimator, OutputLoss};
use super::item::is_copy;
use super::signature::{Param, Role, Signature, product};
use crate::errors::{Errors, Outcome};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ItemFn, Type};

/// What is made of the function's results.
pub enum Made<'a> {
    Loss,
    Algorithm(&'a OutputLoss, &'a [Expr]),
    Optimizer { maximize: bool },
}

pub fn made<'a>(signature: &'a Signature, black_box: &'a BlackBox, errors: &mut Errors) -> Outcome<Made<'a>> {
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

fn labels(signature: &Signature) -> impl Iterator<Item = &Param> {
    signature.others.iter().filter(|p| p.role == Role::Label)
}

/// The label: the target of a result first, then what the function takes.
pub fn label(signature: &Signature, made: &Made<'_>) -> TokenStream {
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
pub fn parts(signature: &Signature, made: &Made<'_>, krate: &TokenStream) -> (TokenStream, TokenStream) {
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
pub fn call(item: &ItemFn, signature: &Signature, made: &Made<'_>, krate: &TokenStream) -> TokenStream {
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
