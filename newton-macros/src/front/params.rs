//! The signature: which parameter is what.

use super::value::Binding;
use super::{Front, Item};
use crate::errors::{Errors, Outcome};
use crate::ir::{Kind, Param, Role, Type};
use syn::spanned::Spanned;
use syn::{FnArg, GenericParam, ItemFn, Pat, ReturnType};

/// What a signature may not have.
pub fn check_signature(item: &ItemFn, kind: Item, errors: &mut Errors) {
    let sig = &item.sig;
    let this = match kind {
        Item::Loss => "a loss",
        Item::Function => "a `#[newton_fn]`",
    };
    let mut refuse = |span: proc_macro2::Span, what: &str| {
        errors.at(span, format_args!("{this} is a plain function: remove {what}"));
    };
    if let Some(token) = &sig.asyncness {
        refuse(token.span(), "`async`");
    }
    if let Some(abi) = &sig.abi {
        refuse(abi.span(), "`extern`");
    }
    if let syn::Safety::Unsafe(token) = &sig.safety {
        refuse(token.span(), "`unsafe`");
    }
    if let Some(clause) = &sig.generics.where_clause {
        refuse(clause.span(), "the `where` clause");
    }
    for param in &sig.generics.params {
        match param {
            GenericParam::Const(_) => {}
            GenericParam::Type(_) => {
                errors.at(
                    param.span(),
                    format_args!(
                        "{this} is written for `f32` and compiled for others: use `f32`, not a type parameter"
                    ),
                );
            }
            GenericParam::Lifetime(_) => {
                errors.at(
                    param.span(),
                    format_args!("{this} returns no reference: its arguments need no named lifetimes"),
                );
            }
        }
    }
    if sig.variadic.is_some() {
        errors.at(sig.variadic.span(), format_args!("{this} has named parameters only: remove `...`"));
    }
    let returns_f32 = matches!(&sig.output, ReturnType::Type(_, ty) if is_ident(ty, "f32"));
    if kind == Item::Loss && !returns_f32 {
        errors.at(result_span(item), "a loss returns `f32`: the loss of one sample");
    }
    if kind == Item::Function && result_types(item).is_none() {
        errors.at(
            result_span(item),
            "a `#[newton_fn]` returns `f32`, an array such as `[f32; N]`, or a tuple of those",
        );
    }
}

/// Where the return type stands, or should.
fn result_span(item: &ItemFn) -> proc_macro2::Span {
    match &item.sig.output {
        ReturnType::Default => item.sig.ident.span(),
        ReturnType::Type(..) => item.sig.output.span(),
    }
}

/// What a function returns.
pub struct FunctionOutput {
    /// A tuple, if not a single value.
    pub tuple: bool,
    /// The types of its elements.
    pub elements: Vec<syn::Type>,
}

/// The return type of a function, if it has one that can be differentiated.
pub fn result_types(item: &ItemFn) -> Option<FunctionOutput> {
    fn known(ty: &syn::Type) -> bool {
        match ty {
            syn::Type::Array(array) => known(&array.elem),
            syn::Type::Paren(inner) => known(&inner.elem),
            ty => element(ty).is_some(),
        }
    }
    let ReturnType::Type(_, ty) = &item.sig.output else { return None };
    let (tuple, elements) = match &**ty {
        syn::Type::Tuple(tuple) => (true, tuple.elems.iter().cloned().collect::<Vec<_>>()),
        ty => (false, vec![ty.clone()]),
    };
    (!elements.is_empty() && elements.iter().all(known)).then_some(FunctionOutput { tuple, elements })
}

impl Front<'_> {
    pub(super) fn params(&mut self, sig: &syn::Signature, kind: Item) -> Outcome<Vec<Param>> {
        if sig.inputs.is_empty() {
            let message = match kind {
                Item::Loss => "the first parameter is the prediction, an array by reference: `y: &[f32; N]`",
                Item::Function => {
                    "a `#[newton_fn]` without parameters is a constant: declare it with `const`"
                }
            };
            return Err(self.errors.at(sig.paren_token.span.join(), message));
        }
        let params: Vec<_> = sig.inputs.iter().enumerate().map(|(i, arg)| self.param(i, arg, kind)).collect();
        params.into_iter().collect()
    }

    fn param(&mut self, index: usize, arg: &FnArg, kind: Item) -> Outcome<Param> {
        let FnArg::Typed(arg) = arg else {
            return Err(self.errors.at(arg.span(), "this is a function, not a method: remove `self`"));
        };
        let Pat::Ident(pat) = &*arg.pat else {
            self.poison(&arg.pat);
            return Err(self.errors.at(arg.pat.span(), "give the parameter a plain name: `y: &[f32; N]`"));
        };
        let mut shared = false;
        for attr in &arg.attrs {
            if attr.path().is_ident("shared") && kind == Item::Loss && index > 0 {
                shared = true;
            } else if !attr.path().is_ident("allow") {
                let message = match (attr.path().is_ident("shared"), kind) {
                    (true, Item::Loss) => "the prediction differs between samples: it cannot be `#[shared]`",
                    (true, Item::Function) => "`#[shared]` belongs on the loss's parameter: remove it here",
                    _ => "attributes on parameters are not understood, except `#[shared]`",
                };
                self.poison(&arg.pat);
                return Err(self.errors.at(attr.span(), message));
            }
        }
        let found = match kind {
            Item::Loss => self.param_type(index, shared, &arg.ty),
            Item::Function => self.function_param_type(&arg.ty),
        };
        let (role, ty, annotation) = match found {
            Ok(found) => found,
            Err(reported) => {
                self.poison(&arg.pat);
                return Err(reported);
            }
        };
        if pat.mutability.is_some() || pat.by_ref.is_some() || pat.subpat.is_some() {
            self.poison(&arg.pat);
            return Err(self
                .errors
                .at(pat.span(), "parameters stay as they are: copy it with `let mut` instead"));
        }
        let discrete = ty.is_discrete();
        let var = self.declare(&pat.ident, ty);
        self.vars[var.0].annotation = annotation;
        self.vars[var.0].parameter = true;
        self.vars[var.0].shared = role == Role::Shared;
        self.vars[var.0].varying = discrete && role == Role::Label && kind == Item::Loss;
        self.bind(&pat.ident, Binding::Var(var));
        Ok(Param { var, role })
    }

    fn param_type(
        &mut self,
        index: usize,
        shared: bool,
        ty: &syn::Type,
    ) -> Outcome<(Role, Type, Option<syn::Type>)> {
        if let syn::Type::Reference(reference) = ty {
            if let Some(token) = &reference.mutability {
                return Err(self
                    .errors
                    .at(token.span(), "a loss changes none of its arguments: remove `mut`"));
            }
            let found = self.ty(&reference.elem)?;
            if index == 0 && (found.is_scalar() || found.is_discrete()) {
                return Err(self.errors.at(
                    ty.span(),
                    "the prediction is an array of floats: `&[f32; N]`, or `&[f32; 1]` for one number",
                ));
            }
            let role = match (index, shared) {
                (0, _) => Role::Prediction,
                (_, true) => Role::Shared,
                (_, false) => Role::Label,
            };
            return Ok((role, found, Some((*reference.elem).clone())));
        }
        if index == 0 {
            return Err(self
                .errors
                .at(ty.span(), "the first parameter is the prediction, an array by reference: `&[f32; N]`"));
        }
        if shared {
            return Err(self.errors.at(
                ty.span(),
                "`#[shared]` is for arrays by reference, `#[shared] w: &[f32; N]`; a number by value is shared anyway",
            ));
        }
        match element(ty) {
            Some(Kind::Float) => Ok((Role::Hyper, Type::FLOAT, None)),
            Some(kind) => Ok((Role::StaticHyper, Type { kind, dims: Vec::new() }, Some(ty.clone()))),
            None if matches!(ty, syn::Type::Array(_)) => Err(self.errors.at(
                ty.span(),
                "an array comes by reference: `&[f32; N]` for one per sample, `#[shared] w: &[f32; N]` for one per batch",
            )),
            None => Err(self.errors.at(
                ty.span(),
                "a parameter is a per-sample array `&[f32; N]`, `&[usize; N]`, `&[bool; N]` (of any rank), a per-sample number \
                 `&f32`, `&usize`, a hyper-parameter `f32` or `usize`, or `#[shared] w: &[f32; N]`",
            )),
        }
    }

    fn function_param_type(&mut self, ty: &syn::Type) -> Outcome<(Role, Type, Option<syn::Type>)> {
        let by_value = match ty {
            syn::Type::Reference(reference) => {
                if let Some(token) = &reference.mutability {
                    return Err(self.errors.at(
                        token.span(),
                        "a `#[newton_fn]` returns what it computes: take `&[f32; N]` and return the new array",
                    ));
                }
                &*reference.elem
            }
            ty => ty,
        };
        let found = self.ty(by_value)?;
        let role = if found.is_discrete() { Role::Label } else { Role::Prediction };
        Ok((role, found, Some(by_value.clone())))
    }

    /// The type of a variable: nested arrays of floats, integers or conditions.
    pub(super) fn ty(&mut self, ty: &syn::Type) -> Outcome<Type> {
        match ty {
            syn::Type::Array(array) => {
                let span = array.len.span();
                let length = self.expr(&array.len)?;
                let length = self.int(length, span)?;
                let mut found = self.ty(&array.elem)?;
                found.dims.insert(0, length);
                Ok(found)
            }
            syn::Type::Paren(inner) => self.ty(&inner.elem),
            syn::Type::Group(inner) => self.ty(&inner.elem),
            syn::Type::Reference(inner) if inner.mutability.is_none() => self.ty(&inner.elem),
            syn::Type::Slice(_) => Err(self
                .errors
                .at(ty.span(), "arrays have their length in their type: `[f32; N]` with `const N: usize`")),
            _ if is_ident(ty, "f64") => {
                Err(self.errors.at(ty.span(), "write `f32`: it is compiled for `f64` as well"))
            }
            _ => match element(ty) {
                Some(kind) => Ok(Type { kind, dims: Vec::new() }),
                None => Err(self
                    .errors
                    .at(ty.span(), "expected `f32`, an integer type, `bool`, or an array of one of them, written out: no name for another type, and an enum as `u8`")),
            },
        }
    }
}

/// What a type of a single word holds.
pub fn element(ty: &syn::Type) -> Option<Kind> {
    const INTEGERS: [&str; 10] = ["usize", "isize", "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"];
    if is_ident(ty, "f32") {
        Some(Kind::Float)
    } else if is_ident(ty, "bool") {
        Some(Kind::Bool)
    } else if INTEGERS.iter().any(|name| is_ident(ty, name)) {
        Some(Kind::Int)
    } else {
        None
    }
}

/// The type is this single word.
pub fn is_ident(ty: &syn::Type, name: &str) -> bool {
    matches!(ty, syn::Type::Path(path) if path.qself.is_none() && path.path.is_ident(name))
}
