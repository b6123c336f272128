//! Expanded twins: `examples/expanded/*.rs` show what the attributes of `examples/*.rs` generate, and are kept in step here.
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

/// The expansion of a function that has one of the attributes.
fn expansion(item: &syn::ItemFn) -> Option<TokenStream> {
    let mut item = item.clone();
    let at =
        item.attrs.iter().position(|a| a.path().is_ident("newton_loss") || a.path().is_ident("newton_fn"))?;
    let attribute = item.attrs.remove(at);
    let function = attribute.path().is_ident("newton_fn");
    let tokens = match attribute.meta {
        syn::Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    Some(if function { crate::expand_function(tokens, &item, false) } else { crate::expand(tokens, &item, false) })
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
            && let Some(code) = expansion(item)
        {
            out.push('\n');
            out.push_str(&crate::print::formatted(&code));
        }
    }
    out
}

#[test]
fn twins_are_in_step() {
    for path in examples() {
        let twin = path.parent().expect("a folder").join("expanded").join(path.file_name().expect("a file"));
        let text = expanded(&path);
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(twin.parent().expect("a folder")).expect("it is writable");
            std::fs::write(&twin, &text).expect("it is writable");
        }
        let kept = std::fs::read_to_string(&twin).unwrap_or_default();
        assert!(kept == text, "{} is out of step: run `BLESS=1 cargo test -p newton-macros`", twin.display());
    }
}
