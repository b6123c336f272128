//! Unique names for variables: the user's where possible.

use crate::builtins::called_names;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::{HashMap, HashSet};

/// Names in use.
///
/// A name is free once the block that used it has ended: blocks that do not nest may use the same one, in the forward sweep
/// and in its reverse.
pub struct Names {
    /// Used everywhere.
    reserved: HashSet<String>,
    /// Used in the open blocks, outermost first.
    blocks: Vec<HashSet<String>>,
    /// By the user's name, a number below which all are used.
    next: HashMap<String, usize>,
    /// Names that the function's text uses for something else than its own variables, or may.
    mentioned: HashSet<String>,
}

impl Names {
    /// For a function: no variable may be called like a builtin, or like what generated code brings along.
    pub fn new(item: &syn::ItemFn) -> Self {
        let mut reserved: HashSet<String> =
            ["tape", "label", "integers", "value", "mask"].map(String::from).into();
        reserved.extend(called_names());
        reserved.extend(item.sig.generics.const_params().map(|p| p.ident.to_string()));
        let mut mentioned = HashSet::new();
        collect(item.to_token_stream(), &mut mentioned);
        Names { reserved, blocks: vec![HashSet::new()], next: HashMap::new(), mentioned }
    }

    /// A block begins.
    pub fn open(&mut self) {
        self.blocks.push(HashSet::new());
    }

    /// The block opened last ends.
    pub fn close(&mut self) {
        self.blocks.pop();
        self.next.clear();
    }

    fn is_used(&self, name: &str) -> bool {
        self.reserved.contains(name) || self.blocks.iter().any(|block| block.contains(name))
    }

    /// A name for a variable that the user calls so.
    pub fn unique(&mut self, ident: &Ident) -> Ident {
        let base = ident.to_string();
        let mut name = base.clone();
        if self.is_used(&name) {
            let stem = base.trim_start_matches("r#");
            let mut i = self.next.get(&base).copied().unwrap_or(2);
            name = format!("{stem}{i}");
            while self.is_used(&name) || self.mentioned.contains(&name) {
                i += 1;
                name = format!("{stem}{i}");
            }
            self.next.insert(base.clone(), i);
        }
        self.blocks.last_mut().expect("the function's block is open").insert(name.clone());
        if name == base { ident.clone() } else { Ident::new(&name, Span::call_site()) }
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
