//! The signature: which parameter is what.

use super::{Binding, Front};
use crate::errors::{Errors, Outcome};
use crate::ir::{Param, Role, Static, Type};
use proc_macro2::Ident;
use syn::spanned::Spanned;
use syn::{FnArg, GenericParam, ItemFn, Pat, ReturnType};

/// What a signature may not have.
pub fn check_signature(item: &ItemFn, errors: &mut Errors) {
    let sig = &item.sig;
    let mut refuse = |span: proc_macro2::Span, what: &str| {
        errors.at(span, format_args!("a loss is a plain function: remove {what}"));
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
                    "a loss is written for `f32` and compiled for others: use `f32`, not a type parameter",
                );
            }
            GenericParam::Lifetime(_) => {
                errors.at(param.span(), "a loss returns a number: its references need no named lifetimes");
            }
        }
    }
    let returns_f32 = matches!(&sig.output, ReturnType::Type(_, ty) if is_ident(ty, "f32"));
    if !returns_f32 {
        errors.at(sig.output.span(), "a loss returns `f32`: the loss of one sample");
    }
}

impl Front<'_> {
    pub(super) fn params(&mut self, sig: &syn::Signature) -> Outcome<Vec<Param>> {
        if sig.inputs.is_empty() {
            return Err(self.errors.at(
                sig.paren_token.span.join(),
                "the first parameter is the prediction, an array by reference: `y: &[f32; N]`",
            ));
        }
        let params: Vec<_> = sig.inputs.iter().enumerate().map(|(i, arg)| self.param(i, arg)).collect();
        params.into_iter().collect()
    }

    fn param(&mut self, index: usize, arg: &FnArg) -> Outcome<Param> {
        let FnArg::Typed(arg) = arg else {
            return Err(self.errors.at(arg.span(), "a loss is a function, not a method: remove `self`"));
        };
        let Pat::Ident(pat) = &*arg.pat else {
            return Err(self.errors.at(arg.pat.span(), "give the parameter a plain name"));
        };
        if let Some(attr) = arg.attrs.first() {
            return Err(self.errors.at(attr.span(), "attributes on parameters are not understood"));
        }
        let (role, ty) = match self.param_type(index, &arg.ty) {
            Ok(found) => found,
            Err(reported) => {
                self.poison(&arg.pat);
                return Err(reported);
            }
        };
        if pat.mutability.is_some() || pat.by_ref.is_some() || pat.subpat.is_some() {
            return Err(self
                .errors
                .at(pat.span(), "parameters stay as they are: copy it with `let mut` instead"));
        }
        let var = self.declare(&pat.ident, ty);
        self.bind(&pat.ident, Binding::Var(var));
        Ok(Param { var, role })
    }

    fn param_type(&mut self, index: usize, ty: &syn::Type) -> Outcome<(Role, Type)> {
        if let syn::Type::Reference(reference) = ty {
            if let Some(token) = &reference.mutability {
                return Err(self
                    .errors
                    .at(token.span(), "a loss changes none of its arguments: remove `mut`"));
            }
            let dims = self.float_array(&reference.elem)?;
            let role = if index == 0 { Role::Prediction } else { Role::Label };
            if index == 0 && dims.is_empty() {
                return Err(self.errors.at(
                    ty.span(),
                    "the prediction is an array: `&[f32; N]`, or `&[f32; 1]` for one number",
                ));
            }
            return Ok((role, Type::Float(dims)));
        }
        if index == 0 {
            return Err(self
                .errors
                .at(ty.span(), "the first parameter is the prediction, an array by reference: `&[f32; N]`"));
        }
        if is_ident(ty, "f32") {
            Ok((Role::Hyper, Type::Float(Vec::new())))
        } else if is_ident(ty, "usize") {
            Ok((Role::StaticHyper, Type::Int))
        } else {
            Err(self.errors.at(
                ty.span(),
                "a parameter is a per-sample array `&[f32; N]`, `&[[f32; M]; N]`, a per-sample number `&f32`, or a \
                 hyper-parameter `f32` or `usize`",
            ))
        }
    }

    /// Lengths of nested arrays of `f32`, outermost first.
    pub(super) fn float_array(&mut self, ty: &syn::Type) -> Outcome<Vec<Static>> {
        match ty {
            syn::Type::Array(array) => {
                let span = array.len.span();
                let length = self.expr(&array.len)?;
                let mut dims = vec![self.int(length, span)?];
                dims.extend(self.float_array(&array.elem)?);
                Ok(dims)
            }
            syn::Type::Paren(inner) => self.float_array(&inner.elem),
            _ if is_ident(ty, "f32") => Ok(Vec::new()),
            syn::Type::Slice(_) => Err(self
                .errors
                .at(ty.span(), "arrays have their length in their type: `[f32; N]` with `const N: usize`")),
            _ => Err(self.errors.at(ty.span(), "expected `f32` or an array of `f32`")),
        }
    }
}

/// The type is this single word.
pub fn is_ident(ty: &syn::Type, name: &str) -> bool {
    matches!(ty, syn::Type::Path(path) if path.qself.is_none() && path.path.is_ident(name))
}

/// A plain identifier pattern.
pub fn pattern_ident(pat: &Pat) -> Option<&Ident> {
    match pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(&pat.ident),
        Pat::Type(typed) => pattern_ident(&typed.pat),
        Pat::Paren(inner) => pattern_ident(&inner.pat),
        _ => None,
    }
}
