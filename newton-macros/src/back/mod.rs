//! The IR as text.

pub mod cuda;
pub mod rust;

use proc_macro2::TokenStream;
use quote::quote;

/// The path of the runtime: what `crate = path` says, if anything.
pub fn krate(path: &Option<syn::Path>) -> TokenStream {
    match path {
        Some(path) => quote!(#path),
        None => quote!(::newton_losses),
    }
}
