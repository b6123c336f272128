//! Expanded twins: `examples/expanded/*.rs` show what the attributes of `examples/*.rs` generate, `*.cu` what they write for CUDA. They are
//! kept in step here.
//!
//! `BLESS=1 cargo test -p newton-macros` rewrites them; read the difference.

use proc_macro2::TokenStream;
use std::path::{Path, PathBuf};

/// The numbered examples; none where the crate stands alone.
fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let numbered = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(|c: char| c.is_ascii_digit()) && name.ends_with(".rs")
    };
    let mut all: Vec<PathBuf> =
        entries.map(|entry| entry.expect("it is readable").path()).filter(numbered).collect();
    all.sort();
    all
}

/// The expansion of a function that has one of the attributes, with its text for CUDA or without.
fn expansion(item: &syn::ItemFn, cuda: bool) -> Option<TokenStream> {
    let mut item = item.clone();
    let at =
        item.attrs.iter().position(|a| a.path().is_ident("newton_loss") || a.path().is_ident("newton_fn"))?;
    let attribute = item.attrs.remove(at);
    let function = attribute.path().is_ident("newton_fn");
    let tokens = match attribute.meta {
        syn::Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    Some(if function {
        crate::expand_function(tokens, &item, cuda)
    } else {
        crate::expand(tokens, &item, cuda)
    })
}

fn expanded(path: &Path) -> String {
    let source = std::fs::read_to_string(path).expect("it is readable");
    let file = syn::parse_file(&source).expect("it is Rust");
    let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
    let mut out = format!(
        "// What the attributes in `../{name}` generate. For reading: written by a test, and not compiled from here.\n"
    );
    for item in &file.items {
        if let syn::Item::Fn(item) = item
            && let Some(code) = expansion(item, false)
        {
            out.push('\n');
            out.push_str(&crate::print::formatted(&code));
        }
    }
    out
}

/// The texts for CUDA, the literals that are assigned to a field `code`; none of black boxes, which have none.
fn for_cuda(path: &Path) -> Option<String> {
    let source = std::fs::read_to_string(path).expect("it is readable");
    let file = syn::parse_file(&source).expect("it is Rust");
    let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
    let mut out = format!(
        "// What the attributes in `../{name}` write for CUDA. For reading: written by a test, and not compiled from here.\n"
    );
    let mut found = false;
    for item in &file.items {
        if let syn::Item::Fn(item) = item
            && let Some(code) = expansion(item, true)
        {
            let mut before = Vec::new();
            literals(code, &mut before, &mut |text| {
                found = true;
                out.push('\n');
                out.push_str(text);
            });
        }
    }
    found.then_some(out)
}

/// Calls `f` on every literal that follows `code:`.
fn literals(tokens: TokenStream, before: &mut Vec<String>, f: &mut dyn FnMut(&str)) {
    for tree in tokens {
        match tree {
            proc_macro2::TokenTree::Group(group) => literals(group.stream(), before, f),
            proc_macro2::TokenTree::Literal(literal)
                if before.ends_with(&["code".to_owned(), ":".to_owned()]) =>
            {
                let literal: syn::LitStr = syn::parse_quote!(#literal);
                f(&literal.value());
            }
            other => before.push(other.to_string()),
        }
    }
}

#[test]
fn twins_are_in_step() {
    for path in examples() {
        let twin = path.parent().expect("a folder").join("expanded").join(path.file_name().expect("a file"));
        in_step(&twin, expanded(&path));
        if let Some(text) = for_cuda(&path) {
            in_step(&twin.with_extension("cu"), text);
        }
    }
}

fn in_step(twin: &Path, text: String) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(twin.parent().expect("a folder")).expect("it is writable");
        std::fs::write(twin, &text).expect("it is writable");
    }
    let kept = std::fs::read_to_string(twin).unwrap_or_default();
    assert!(kept == text, "{} is out of step: run `BLESS=1 cargo test -p newton-macros`", twin.display());
}
