//! Generated code for reading: `#[newton_loss(.., print)]`.

use proc_macro2::TokenStream;

/// The code as a person would lay it out.
pub fn formatted(code: &TokenStream) -> String {
    match syn::parse2(code.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(_) => code.to_string(),
    }
}

/// The code, which the user sees if `print` asks for it.
pub fn shown(code: TokenStream, print: bool) -> TokenStream {
    if print {
        eprintln!("{}", formatted(&code));
    }
    code
}
