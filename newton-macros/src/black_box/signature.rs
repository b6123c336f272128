//! What a black box's signature says.

use crate::errors::{Errors, Outcome};
use crate::front::params::is_ident;
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Expr, FnArg, GenericParam, Ident, ItemFn, Pat, ReturnType, Safety, Type};

/// The parameters and the result.
pub struct Signature {
    /// The prediction's name.
    pub prediction: Ident,
    /// Its type without the reference.
    pub prediction_type: Type,
    /// `f32` or `f64`.
    pub element: Ident,
    /// Lengths of its dimensions.
    pub dims: Vec<Expr>,
    /// All others, in their order.
    pub others: Vec<Param>,
    /// The result, without a `Result` around it.
    pub result: Type,
    /// Lengths of its dimensions; `None` for a type that is not written out.
    pub result_dims: Option<Vec<Expr>>,
}

/// A parameter beside the prediction.
pub struct Param {
    pub name: Ident,
    /// The type that the loss holds or its labels have: without the reference, with owned slices.
    pub held: Type,
    pub role: Role,
}

/// Where a parameter's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// By reference: one per sample.
    Label,
    /// `#[shared]`, by reference: one for the batch, held by the loss.
    Shared,
    /// By value: one for the batch, held by the loss.
    Value,
}

/// Reads it.
pub fn read(item: &ItemFn, errors: &mut Errors) -> Outcome<Signature> {
    let sig = &item.sig;
    let unsafety = match sig.safety {
        Safety::Unsafe(token) => Some(token.span()),
        _ => None,
    };
    for (span, what) in [
        (sig.asyncness.map(|t| t.span()), "the loss calls the function and waits: remove `async`"),
        (unsafety, "the loss calls the function by itself: make it a safe function"),
        (sig.variadic.as_ref().map(|t| t.span()), "the number of parameters is fixed"),
    ] {
        if let Some(span) = span {
            errors.at(span, what);
        }
    }
    for param in &sig.generics.params {
        match param {
            GenericParam::Const(_) => {}
            GenericParam::Lifetime(lifetime) => {
                errors.at(lifetime.span(), "references are lent for the call alone: leave the lifetime out; a label owns its data, and cannot be of a type that borrows");
            }
            GenericParam::Type(ty) => {
                errors.at(
                    ty.span(),
                    "const generics only; with a type parameter, use the library: `smoothing::SmoothedLoss::new(..)` and its like take closures",
                );
            }
        }
    }
    let mut inputs = sig.inputs.iter().enumerate();
    let first = inputs.next().map(|(_, arg)| prediction(arg, errors));
    let others: Vec<_> = inputs.map(|(_, arg)| other(arg, errors)).collect();
    let result = match &sig.output {
        ReturnType::Type(_, ty) => Ok(unwrapped(ty)),
        ReturnType::Default => Err(errors.at(
            sig.ident.span(),
            "it returns nothing: a loss returns a number, an algorithm or an optimizer an array",
        )),
    };
    for param in others.iter().flatten().filter(|p| p.role != Role::Label) {
        if param.name == "newton" || param.name == "smoothing" {
            errors.at(
                param.name.span(),
                format_args!(
                    "the loss has a field of this name: call the parameter something else than `{}`",
                    param.name
                ),
            );
        }
    }
    let first = first.unwrap_or_else(|| {
        Err(errors.at(sig.paren_token.span.join(), "the first parameter is the prediction: `y: &[f32; N]`"))
    });
    let (prediction, prediction_type, element, dims) = first?;
    let others = others.into_iter().collect::<Outcome<Vec<_>>>()?;
    let result = result?;
    let result_dims = array(&result).filter(|(element, _)| is_number(element)).map(|(_, dims)| dims);
    Ok(Signature { prediction, prediction_type, element, dims, others, result, result_dims })
}

fn prediction(arg: &FnArg, errors: &mut Errors) -> Outcome<(Ident, Type, Ident, Vec<Expr>)> {
    let (name, ty) = named(arg, errors)?;
    let message = "the first parameter is the prediction, an array of floats by reference: `y: &[f32; N]` (any rank, `f32` or `f64`)";
    let Type::Reference(reference) = ty else { return Err(errors.at(ty.span(), message)) };
    if let Some(token) = &reference.mutability {
        return Err(errors.at(token.span(), "a loss changes none of its arguments: remove `mut`"));
    }
    let (element, dims) = array(&reference.elem).ok_or(()).map_err(|()| errors.at(ty.span(), message))?;
    let float = ["f32", "f64"].into_iter().find(|float| is_ident(&element, float));
    match (float, dims.is_empty()) {
        (Some(float), false) => {
            Ok((name, (*reference.elem).clone(), Ident::new(float, element.span()), dims))
        }
        _ => Err(errors.at(ty.span(), message)),
    }
}

fn other(arg: &FnArg, errors: &mut Errors) -> Outcome<Param> {
    let (name, ty) = named(arg, errors)?;
    let FnArg::Typed(typed) = arg else { return Err(errors.silent()) };
    let mut shared = false;
    for attr in &typed.attrs {
        match attr.path() {
            path if path.is_ident("shared") => shared = true,
            path if path.is_ident("allow") => {}
            path => {
                return Err(
                    errors.at(path.span(), "attributes on parameters are not understood, except `#[shared]`")
                );
            }
        }
    }
    let Type::Reference(reference) = ty else {
        if shared {
            return Err(errors.at(
                ty.span(),
                "`#[shared]` is for what comes by reference; a value is shared anyway: remove it",
            ));
        }
        return match ty {
            Type::ImplTrait(_) | Type::Infer(_) => {
                Err(errors.at(ty.span(), "write the type out: the loss holds it"))
            }
            _ => Ok(Param { name, held: ty.clone(), role: Role::Value }),
        };
    };
    if let Some(token) = &reference.mutability {
        return Err(errors.at(token.span(), "a loss changes none of its arguments: remove `mut`"));
    }
    let role = if shared { Role::Shared } else { Role::Label };
    let held = match plain(&reference.elem) {
        Type::Slice(slice) => {
            let element = &slice.elem;
            syn::parse_quote!(::std::vec::Vec<#element>)
        }
        ty if is_ident(ty, "str") => syn::parse_quote!(::std::string::String),
        Type::TraitObject(object) if shared => {
            syn::parse_quote!(::std::boxed::Box<#object + ::core::marker::Send + ::core::marker::Sync>)
        }
        ty @ (Type::TraitObject(_) | Type::ImplTrait(_) | Type::Infer(_)) => {
            return Err(errors.at(
                ty.span(),
                "a label has a type of its own, one value for each sample: write it out, or `#[shared]` before the parameter",
            ));
        }
        ty if borrows(ty.to_token_stream()) => {
            return Err(errors.at(
                ty.span(),
                "this borrows, and the loss needs data of its own: `String` for `&str`, `Vec<T>` for `&[T]`, no lifetimes",
            ));
        }
        ty => ty.clone(),
    };
    Ok(Param { name, held, role })
}

/// Without parentheses around it.
fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => plain(&inner.elem),
        Type::Group(inner) => plain(&inner.elem),
        ty => ty,
    }
}

/// A type in which a reference or a lifetime stands.
fn borrows(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '&' | '\''),
        TokenTree::Group(group) => borrows(group.stream()),
        _ => false,
    })
}

fn named<'a>(arg: &'a FnArg, errors: &mut Errors) -> Outcome<(Ident, &'a Type)> {
    let FnArg::Typed(arg) = arg else {
        return Err(errors.at(arg.span(), "this is a function, not a method: remove `self`"));
    };
    match &*arg.pat {
        Pat::Ident(pat) => Ok((pat.ident.clone(), &*arg.ty)),
        pat => Err(errors.at(pat.span(), "give the parameter a plain name: `y: &[f32; N]`")),
    }
}

/// What arrays of arrays hold, and their lengths.
fn array(ty: &Type) -> Option<(Type, Vec<Expr>)> {
    match ty {
        Type::Array(array_type) => {
            let (element, mut dims) = array(&array_type.elem)?;
            dims.insert(0, array_type.len.clone());
            Some((element, dims))
        }
        Type::Paren(inner) => array(&inner.elem),
        Type::Group(inner) => array(&inner.elem),
        ty => Some((ty.clone(), Vec::new())),
    }
}

/// The type is a number, or a condition.
fn is_number(ty: &Type) -> bool {
    is_ident(ty, "f64") || crate::front::params::element(ty).is_some()
}

/// The first argument of a `Result`; any other type itself.
fn unwrapped(ty: &Type) -> Type {
    if let Type::Path(path) = ty
        && let Some(last) = path.path.segments.last()
        && last.ident == "Result"
        && let syn::PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(syn::GenericArgument::Type(first)) = arguments.args.first()
    {
        return first.clone();
    }
    ty.clone()
}

/// How many numbers arrays of these lengths hold.
pub fn product(dims: &[Expr]) -> TokenStream {
    let factor = |dim: &Expr| match dim {
        Expr::Path(_) | Expr::Lit(_) => dim.to_token_stream(),
        dim => quote!((#dim)),
    };
    dims.iter().map(factor).reduce(|a, b| quote!(#a * #b)).unwrap_or_else(|| quote!(1))
}
