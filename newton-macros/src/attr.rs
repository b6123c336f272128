//! The attribute's arguments: `#[newton_loss(hessian, lambda = 10.0, average = sample, on_indefinite = abs)]`.

use crate::black_box::{self, BlackBox};
use crate::errors::{Errors, Outcome};
use crate::nesting;
use crate::relax::{self, Relax};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Expr, Path, Token};

/// What the attribute says.
pub struct Attr {
    /// Tokens of a `Curvature`.
    pub curvature: TokenStream,
    /// Tikhonov term.
    pub lambda: f64,
    /// Tokens of an `Average`.
    pub average: TokenStream,
    /// Tokens of an `OnIndefinite`.
    pub on_indefinite: TokenStream,
    /// Name of the generated type, if not the function's in camel case.
    pub name: Option<Ident>,
    /// Path of the runtime, if not `::newton_losses`.
    pub krate: Option<Path>,
    /// Relax the control flow.
    pub relax: Option<Relax>,
    /// Smooth the function, and do not read it.
    pub black_box: Option<BlackBox>,
    /// Show the generated code while compiling.
    pub print: bool,
}

/// One argument.
pub struct Item {
    /// Its name.
    pub key: Ident,
    /// What is after `=`.
    pub value: Option<Expr>,
    /// What is in parentheses after the key.
    pub group: Option<TokenStream>,
}

impl Item {
    /// Its name and value, where it takes no parentheses.
    pub fn without_group(self, errors: &mut Errors) -> Outcome<(Ident, Option<Expr>)> {
        match self.group {
            None => Ok((self.key, self.value)),
            Some(_) => {
                Err(errors.at(self.key.span(), format_args!("`{}` takes nothing in parentheses", self.key)))
            }
        }
    }

    /// What is in the parentheses of this key.
    fn group_of(&self, key: &str) -> Option<&TokenStream> {
        self.group.as_ref().filter(|_| self.key == key)
    }
}

impl Parse for Item {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        use syn::ext::IdentExt;
        let key = Ident::parse_any(input)?;
        let group = match input.peek(syn::token::Paren) {
            true => {
                let inner;
                syn::parenthesized!(inner in input);
                Some(inner.parse()?)
            }
            false => None,
        };
        let value = match group.is_none() && input.peek(Token![=]) {
            true => {
                input.parse::<Token![=]>()?;
                Some(input.parse()?)
            }
            false => None,
        };
        Ok(Item { key, value, group })
    }
}

/// Arguments.
pub type Items = syn::punctuated::Punctuated<Item, Token![,]>;

/// The arguments between two parentheses.
pub fn items(tokens: TokenStream, errors: &mut Errors) -> Outcome<Items> {
    let parser = Items::parse_terminated;
    nesting::check(&tokens)
        .map_err(|(span, _)| syn::Error::new(span, "this nests too deeply"))
        .and_then(|()| syn::parse::Parser::parse2(parser, tokens))
        .map_err(|error| errors.add(error))
}

/// The arguments, each understood or refused.
pub fn parse(tokens: TokenStream, errors: &mut Errors) -> Attr {
    let mut attr = Attr {
        curvature: quote!(Hessian),
        lambda: 0.0,
        average: quote!(Batch),
        on_indefinite: quote!(Keep),
        name: None,
        krate: None,
        relax: None,
        black_box: None,
        print: false,
    };
    let mut smoothing = black_box::Arguments::default();
    let whole = tokens.span();
    let Ok(items) = items(tokens, errors) else { return attr };
    let mut seen: Vec<String> = Vec::new();
    let mut curvature = None;
    for item in items {
        let name = item.key.to_string();
        let kind = if matches!(&*name, "hessian" | "fisher" | "none") {
            "curvature".to_owned()
        } else {
            name.clone()
        };
        if seen.contains(&kind) {
            errors.at(item.key.span(), format_args!("`{name}`: the {kind} is given twice"));
        }
        seen.push(kind);
        if let Some(group) = item.group_of("relax") {
            attr.relax = relax::parse(group.clone(), item.key.span(), errors);
            continue;
        }
        if smoothing.take(&item, errors) {
            continue;
        }
        let Ok((key, value)) = item.without_group(errors) else { continue };
        match (&*name, value) {
            ("hessian" | "fisher" | "none", None) => {
                attr.curvature = match &*name {
                    "hessian" => quote!(Hessian),
                    "fisher" => quote!(Fisher),
                    _ => quote!(None),
                };
                curvature = Some(name);
            }
            ("lambda", Some(value)) => match number(&value) {
                Some(x) if x >= 0.0 && x.is_finite() => attr.lambda = x,
                _ => {
                    errors.at(value.span(), "lambda is a literal number, 0 or larger: `lambda = 10.0`");
                }
            },
            ("average", Some(value)) => {
                if let Some(tokens) =
                    choice(&value, &[("batch", quote!(Batch)), ("sample", quote!(Sample))], errors)
                {
                    attr.average = tokens;
                }
            }
            ("on_indefinite", Some(value)) => {
                let choices = [
                    ("keep", quote!(Keep)),
                    ("clamp", quote!(Clamp)),
                    ("abs", quote!(Abs)),
                    ("error", quote!(Error)),
                ];
                if let Some(tokens) = choice(&value, &choices, errors) {
                    attr.on_indefinite = tokens;
                }
            }
            ("name", Some(Expr::Path(path))) if path.path.get_ident().is_some() => {
                attr.name = path.path.get_ident().cloned();
            }
            ("crate", Some(Expr::Path(path))) => attr.krate = Some(path.path),
            ("print", None) => attr.print = true,
            _ => {
                errors.at(
                    key.span(),
                    format_args!(
                        "`{name}` is not understood here; the arguments are `hessian`, `fisher` or `none`, `lambda = 10.0`, \
                         `average = batch | sample`, `on_indefinite = keep | clamp | abs | error`, `name = MyLoss`, \
                         `crate = path`, `relax(logistic, beta = 10.0)`, `print`; for a function that is only evaluated, \
                         `smoothing(gaussian, sigma = 0.1, samples = 10)`, with `mse` or `output_loss = MyLoss::<N>::new()` if it \
                         returns an array, or `fenchel_young(gaussian, sigma = 0.1, samples = 10)`"
                    ),
                );
            }
        }
    }
    attr.black_box = smoothing.finish(curvature.as_deref(), attr.relax.is_some(), errors);
    match curvature.as_deref() {
        None => {
            errors.at(
                whole,
                "say which curvature: `#[newton_loss(hessian, lambda = 10.0)]`, `fisher` or `none`",
            );
        }
        Some("none") => {}
        Some(c) if !seen.iter().any(|s| s == "lambda") => {
            errors
                .at(whole, format_args!("`{c}` needs a Tikhonov term: `#[newton_loss({c}, lambda = 10.0)]`"));
        }
        Some(_) => {}
    }
    attr
}

/// What the attribute of a function says.
pub struct FunctionAttr {
    /// A derivative of the user's own.
    pub gradient: Option<Path>,
    /// Path of the runtime, if not `::newton_losses`.
    pub krate: Option<Path>,
    /// Relax the control flow.
    pub relax: Option<Relax>,
    /// Show the generated code while compiling.
    pub print: bool,
}

/// The arguments of `#[newton_fn]`, each understood or refused.
pub fn parse_function(tokens: TokenStream, errors: &mut Errors) -> FunctionAttr {
    let mut attr = FunctionAttr { gradient: None, krate: None, relax: None, print: false };
    let Ok(items) = items(tokens, errors) else { return attr };
    let mut seen: Vec<String> = Vec::new();
    for item in items {
        let name = item.key.to_string();
        if seen.contains(&name) {
            errors.at(item.key.span(), format_args!("`{name}` is given twice"));
        }
        seen.push(name.clone());
        if let Some(group) = item.group_of("relax") {
            attr.relax = relax::parse(group.clone(), item.key.span(), errors);
            continue;
        }
        let Ok((key, value)) = item.without_group(errors) else { continue };
        let slot = match &*name {
            "gradient" => &mut attr.gradient,
            "crate" => &mut attr.krate,
            "print" if value.is_none() => {
                attr.print = true;
                continue;
            }
            _ => {
                errors.at(
                    key.span(),
                    format_args!(
                        "`{name}` is not understood here; the arguments are `gradient = path`, `crate = path`, `relax(logistic, beta = 10.0)` and `print`"
                    ),
                );
                continue;
            }
        };
        match value {
            Some(Expr::Path(path)) => *slot = Some(path.path),
            _ => {
                errors.at(key.span(), format_args!("`{name}` is a path: `{name} = my::path`"));
            }
        }
    }
    attr
}

pub fn number(value: &Expr) -> Option<f64> {
    match value {
        Expr::Lit(lit) => match &lit.lit {
            syn::Lit::Float(x) => x.base10_parse().ok(),
            syn::Lit::Int(x) => x.base10_parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

pub fn choice(value: &Expr, choices: &[(&str, TokenStream)], errors: &mut Errors) -> Option<TokenStream> {
    if let Expr::Path(path) = value
        && let Some((_, tokens)) = choices.iter().find(|(name, _)| path.path.is_ident(name))
    {
        return Some(tokens.clone());
    }
    let names: Vec<String> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
    errors.at(value.span(), format_args!("choose one of {}", names.join(", ")));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(errors: Errors) -> Vec<String> {
        errors.take().into_iter().flatten().map(|error| error.to_string()).collect()
    }

    #[test]
    fn settings_of_a_loss() {
        let mut errors = Errors::default();
        let attr = parse(
            quote!(
                fisher,
                lambda = 2.5,
                average = sample,
                on_indefinite = abs,
                name = Mine,
                crate = a::b,
                print
            ),
            &mut errors,
        );
        assert_eq!(messages(errors), [""; 0]);
        assert_eq!(attr.curvature.to_string(), "Fisher");
        assert_eq!(attr.lambda, 2.5);
        assert_eq!(attr.average.to_string(), "Sample");
        assert_eq!(attr.on_indefinite.to_string(), "Abs");
        assert_eq!(attr.name.unwrap(), "Mine");
        assert_eq!(attr.krate.unwrap().segments.len(), 2);
        assert!(attr.print);
        assert!(!parse(quote!(none), &mut Errors::default()).print);
    }

    #[test]
    fn settings_of_a_function() {
        let mut errors = Errors::default();
        let attr = parse_function(quote!(print, gradient = slope), &mut errors);
        assert_eq!(messages(errors), [""; 0]);
        assert!(attr.print && attr.gradient.is_some() && attr.krate.is_none());
        assert!(!parse_function(quote!(), &mut Errors::default()).print);
    }

    #[test]
    fn print_takes_no_value_and_stands_once() {
        let mut errors = Errors::default();
        parse(quote!(none, print, print), &mut errors);
        assert_eq!(messages(errors), ["`print`: the print is given twice"]);
        let mut errors = Errors::default();
        parse(quote!(none, print = true), &mut errors);
        assert!(messages(errors)[0].starts_with("`print` is not understood here"));
        let mut errors = Errors::default();
        parse_function(quote!(print = true), &mut errors);
        assert!(messages(errors)[0].starts_with("`print` is not understood here"));
    }
}
