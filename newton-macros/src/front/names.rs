//! Unique names for variables: the user's where possible.

use crate::builtins::BUILTINS;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::HashSet;

/// Names in use.
pub struct Names {
    used: HashSet<String>,
    /// Names that the function's text uses for something else than its own variables, or may.
    mentioned: HashSet<String>,
}

impl Names {
    /// For a function: no variable may be called like a builtin, or like what generated code brings along.
    pub fn new(item: &syn::ItemFn) -> Self {
        let mut used: HashSet<String> =
            ["tape", "label", "value", "add_all", "argsort", "argsort_desc", "gather", "gather_reverse"]
                .map(String::from)
                .into();
        for b in BUILTINS {
            used.extend([b.name.to_owned(), format!("{}_d", b.name), format!("{}_reverse", b.name)]);
        }
        used.extend(item.sig.generics.const_params().map(|p| p.ident.to_string()));
        let mut mentioned = HashSet::new();
        collect(item.to_token_stream(), &mut mentioned);
        Names { used, mentioned }
    }

    /// A name for a variable that the user calls so.
    pub fn unique(&mut self, ident: &Ident) -> Ident {
        let base = ident.to_string();
        if self.used.insert(base.clone()) {
            return ident.clone();
        }
        let name = (2..)
            .map(|i| format!("{}{i}", base.trim_start_matches("r#")))
            .find(|name| !self.used.contains(name) && !self.mentioned.contains(name))
            .expect("some number is free");
        self.used.insert(name.clone());
        Ident::new(&name, Span::call_site())
    }
}

/// All identifiers of a token stream.
pub fn collect(tokens: TokenStream, into: &mut HashSet<String>) {
    for tree in tokens {
        match tree {
            TokenTree::Ident(ident) => {
                into.insert(ident.to_string());
            }
            TokenTree::Group(group) => collect(group.stream(), into),
            _ => {}
        }
    }
}
