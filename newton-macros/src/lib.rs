//! The compiler of Newton Losses: `#[newton_loss]`.
//!
//! ```text
//! syntax --front--> IR --check--> typed IR --grad--> IR of value and gradient --back--> Rust
//! ```
//!
//! Each stage is a function of the one before; `ir` defines what passes between them. Second derivatives are not the
//! compiler's business: the generated gradient is generic over its scalar, and on dual numbers it yields Hessian columns.
#![forbid(unsafe_code)]

mod attr;
mod back;
mod builtins;
mod check;
mod errors;
mod front;
mod grad;
mod ir;
#[cfg(test)]
mod refusals;

use proc_macro::TokenStream;
use quote::quote;

/// Compiles a relaxed algorithm into value, gradient, Hessian and Newton step.
#[proc_macro_attribute]
pub fn newton_loss(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let item = match syn::parse::<syn::ItemFn>(item.clone()) {
        Ok(item) => item,
        Err(error) => {
            let (error, item) = (error.to_compile_error(), proc_macro2::TokenStream::from(item));
            return quote!(#error #item).into();
        }
    };
    expand(attribute.into(), &item).into()
}

fn expand(attribute: proc_macro2::TokenStream, item: &syn::ItemFn) -> proc_macro2::TokenStream {
    let mut errors = errors::Errors::default();
    let attr = attr::parse(attribute, &mut errors);
    let program = front::lower(item, &mut errors);
    let program = program.map(|mut program| {
        if errors.is_empty() {
            check::check(&mut program, &mut errors);
        }
        program
    });
    match (program, errors.take()) {
        (Some(program), None) => back::rust::loss(item, &attr, &grad::gradient(program)),
        (program, errors) => {
            let errors = errors.map(|e| e.to_compile_error());
            let stub = back::rust::stub(item, &attr, program.as_ref());
            quote!(#errors #stub)
        }
    }
}
