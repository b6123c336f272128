//! The compiler of Newton Losses: `#[newton_loss]`.
//!
//! ```text
//! syntax --front--> IR --relax, if asked--> IR --check--> typed IR --grad--> IR of value and gradient --back--> Rust
//!                                                                                                       '-> CUDA C++
//! ```
//!
//! Each stage is a function of the one before; `ir` defines what passes between them. Second derivatives are not the
//! compiler's business: the generated gradient is generic over its scalar, and on dual numbers it yields Hessian columns.
#![forbid(unsafe_code)]
// A function has tens of statements: the size of what stands for one does not matter.
#![allow(clippy::large_enum_variant, clippy::result_large_err)]

mod attr;
mod back;
mod black_box;
mod builtins;
mod check;
mod errors;
#[cfg(test)]
mod expanded;
mod front;
#[cfg(test)]
mod fuzz;
mod grad;
mod ir;
mod nesting;
mod print;
#[cfg(test)]
mod refusals;
mod relax;

use proc_macro::TokenStream;
use quote::quote;

/// Compiles a relaxed algorithm into value, gradient, Hessian and Newton step.
///
/// With `smoothing(..)` or `fenchel_young(..)` the function may be any Rust: it is evaluated under noise, and only its signature is read.
#[proc_macro_attribute]
pub fn newton_loss(attribute: TokenStream, item: TokenStream) -> TokenStream {
    match function_of(item.into()) {
        Ok(item) => expand(attribute.into(), &item, CUDA).into(),
        Err(error) => error.into(),
    }
}

/// Makes a function callable from losses: its derivatives are generated with it.
///
/// The function takes and returns floats, arrays of floats, integers and conditions; it may call other such functions.
/// `#[newton_fn(gradient = path)]` gives it a derivative of the user's own: `path` is another such function with the same
/// parameters that returns the derivative with respect to each float parameter.
#[proc_macro_attribute]
pub fn newton_fn(attribute: TokenStream, item: TokenStream) -> TokenStream {
    match function_of(item.into()) {
        Ok(item) => expand_function(attribute.into(), &item, CUDA).into(),
        Err(error) => error.into(),
    }
}

/// The annotated function, or what takes its place if it is none.
fn function_of(tokens: proc_macro2::TokenStream) -> Result<syn::ItemFn, proc_macro2::TokenStream> {
    let parsed = match nesting::check(&tokens) {
        Ok(()) => syn::parse2(tokens.clone()),
        Err((span, message)) => Err(syn::Error::new(span, message)),
    };
    parsed.map_err(|error| {
        let error = error.to_compile_error();
        quote!(#error #tokens)
    })
}

/// Losses carry their text for CUDA.
const CUDA: bool = cfg!(feature = "cuda");

fn expand(attribute: proc_macro2::TokenStream, item: &syn::ItemFn, cuda: bool) -> proc_macro2::TokenStream {
    let mut errors = errors::Errors::default();
    let attr = attr::parse(attribute, &mut errors);
    if attr.name.is_none() && back::rust::type_name(&item.sig.ident).is_none() {
        errors.at(item.sig.ident.span(), "the loss is a type as well: give it a name, `name = MyLoss`");
    }
    if let Some(black_box) = &attr.black_box {
        return print::shown(black_box::expand(item, &attr, black_box, errors), attr.print);
    }
    let program = front::lower(item, front::Item::Loss, attr.relax.is_some(), &mut errors);
    let program = program.map(|mut program| {
        if let (Some(relax), true) = (&attr.relax, errors.is_empty()) {
            relax::relax(&mut program, relax, &mut errors);
        }
        if errors.is_empty() {
            check::check(&mut program, &mut errors);
        }
        program
    });
    let item = &strip(item, attr.relax.as_ref());
    match (program, errors.is_empty()) {
        (Some(program), true) => {
            let gradient = grad::gradient(program);
            let cuda = cuda.then(|| back::cuda::loss(item, &attr, &gradient));
            print::shown(back::rust::loss(item, &attr, &gradient, cuda), attr.print)
        }
        (program, _) => {
            let errors = errors.take().map(|e| e.to_compile_error());
            let stub = back::rust::stub(item, &attr, program.as_ref());
            quote!(#errors #stub)
        }
    }
}

fn expand_function(
    attribute: proc_macro2::TokenStream,
    item: &syn::ItemFn,
    cuda: bool,
) -> proc_macro2::TokenStream {
    let mut errors = errors::Errors::default();
    let attr = attr::parse_function(attribute, &mut errors);
    let mut program = front::lower(item, front::Item::Function, attr.relax.is_some(), &mut errors);
    if let (Some(relax), Some(program), true) = (&attr.relax, &mut program, errors.is_empty()) {
        relax::relax(program, relax, &mut errors);
    }
    if let (Some(path), Some(program)) = (&attr.gradient, &program)
        && let ir::Output::Values(outputs) = &program.output
        && outputs.iter().map(|var| &program.vars[var.0].ty).ne([&ir::Type::FLOAT])
    {
        errors.add(syn::Error::new_spanned(
            path,
            "a function with a derivative of its own returns one float: make one function for each result",
        ));
    }
    let mut flavours = Vec::new();
    if let (Some(program), true) = (&program, errors.is_empty()) {
        for by_lane in [false, true] {
            let mut program = program.clone();
            if !check::prepare_function(&mut program, by_lane) {
                continue;
            }
            check::check(&mut program, &mut errors);
            if !errors.is_empty() {
                break;
            }
            flavours.push((by_lane, program));
        }
    }
    if !errors.is_empty() || program.is_none() {
        let errors = errors.take().map(|e| e.to_compile_error());
        let stub = back::rust::function_stub(item, &attr, program);
        return quote!(#errors #stub);
    }
    let item = &strip(item, attr.relax.as_ref());
    let code = match &attr.gradient {
        Some(path) => {
            let cuda = cuda.then(|| back::cuda::custom(item, &attr, path, &flavours));
            back::rust::custom(item, &attr, path, &flavours, cuda)
        }
        None => {
            let flavours = flavours.into_iter().map(|(by_lane, program)| (by_lane, grad::function(program)));
            let flavours: Vec<_> = flavours.collect();
            let cuda = cuda.then(|| back::cuda::function(item, &attr, &flavours));
            back::rust::function(item, &attr, &flavours, cuda)
        }
    };
    print::shown(code, attr.print)
}

/// The function without the attributes on its parameters that only the macro understands, and without a warning for parameters that only
/// the macro reads.
fn strip(item: &syn::ItemFn, relax: Option<&relax::Relax>) -> syn::ItemFn {
    let mut item = item.clone();
    for arg in &mut item.sig.inputs {
        if let syn::FnArg::Typed(arg) = arg {
            arg.attrs.retain(|attr| !attr.path().is_ident("shared"));
            if let (syn::Pat::Ident(name), Some(relax)) = (&*arg.pat, relax)
                && relax.reads(&name.ident)
            {
                arg.attrs.push(syn::parse_quote!(#[allow(unused_variables)]));
            }
        }
    }
    item
}
