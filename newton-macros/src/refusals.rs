//! Every refusal, with its exact message and span: `tests/refusals/*.txt` hold a function and what the compiler says to it.
//!
//! `BLESS=1 cargo test -p newton-macros` rewrites the expectations; read the difference.

use proc_macro2::{TokenStream, TokenTree};
use std::fmt::Write;

/// The messages of the `compile_error!` invocations in an expansion, each with where it points.
fn messages(expansion: TokenStream, found: &mut Vec<String>) {
    let mut trees = expansion.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Ident(ident) if ident == "compile_error" => {
                let _bang = trees.next();
                let Some(TokenTree::Group(group)) = trees.next() else { continue };
                let text: syn::LitStr = syn::parse2(group.stream()).expect("a message");
                let at = ident.span().start();
                found.push(format!("{}:{} {}", at.line, at.column + 1, text.value()));
            }
            TokenTree::Group(group) => messages(group.stream(), found),
            _ => {}
        }
    }
}

fn refusals(source: &str) -> Vec<String> {
    let mut item: syn::ItemFn = syn::parse_str(source).expect("the case is a function");
    let ours = |a: &syn::Attribute| a.path().is_ident("newton_loss") || a.path().is_ident("newton_fn");
    let at = item.attrs.iter().position(ours).expect("it is annotated");
    let function = item.attrs[at].path().is_ident("newton_fn");
    let attribute = match item.attrs.remove(at).meta {
        syn::Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    let mut found = Vec::new();
    let expansion = match function {
        true => crate::expand_function(attribute, &item, false),
        false => crate::expand(attribute, &item, false),
    };
    messages(expansion, &mut found);
    found
}

#[test]
fn refusals_say_what_to_write_instead() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/refusals");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let (mut cases, mut wrong, mut understood, mut said) = (0, String::new(), String::new(), Vec::new());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut blessed = String::new();
        for case in text.split("\n===\n") {
            let (source, expected) =
                case.split_once("\n---\n").expect("a case has `---` before what is expected");
            let found = refusals(source).join("\n");
            cases += 1;
            if found.is_empty() {
                writeln!(understood, "not refused:\n{source}\n").unwrap();
            }
            said.extend(found.lines().map(str::to_owned));
            if found.trim() != expected.trim() {
                writeln!(wrong, "{}:\n{source}\nexpected\n{expected}\nfound\n{found}\n", path.display())
                    .unwrap();
            }
            let gap = if blessed.is_empty() { "" } else { "\n===\n" };
            write!(blessed, "{gap}{source}\n---\n{found}").unwrap();
        }
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, blessed + "\n").unwrap();
            wrong.clear();
        }
    }
    assert!(cases >= 50, "only {cases} cases were found");
    assert!(understood.is_empty(), "{understood}");
    assert!(wrong.is_empty(), "{wrong}");
    let silent: Vec<_> =
        written().into_iter().filter(|text| !said.iter().any(|line| is_from(line, text))).collect();
    assert!(silent.is_empty(), "no case makes the compiler say\n{}", silent.join("\n"));
}

/// The line is this text with something in the place of each `{..}`.
fn is_from(line: &str, text: &str) -> bool {
    let mut rest = line;
    text.split('{').enumerate().all(|(i, part)| {
        let part = if i == 0 { part } else { part.split_once('}').map_or(part, |(_, part)| part) };
        let found = rest.find(part).map(|at| rest = &rest[at + part.len()..]);
        found.is_some()
    })
}

/// What the compiler may say: the texts of its sources that read like a message.
fn written() -> Vec<String> {
    let src = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut paths = vec![
        format!("{src}/attr.rs").into(),
        format!("{src}/nesting.rs").into(),
        format!("{src}/lib.rs").into(),
    ];
    for folder in ["front", "check", "relax"] {
        let files = std::fs::read_dir(format!("{src}/{folder}")).unwrap();
        paths.extend(files.map(|entry| entry.unwrap().path()));
    }
    let mut texts = Vec::new();
    for path in paths {
        let source: TokenStream = std::fs::read_to_string(path).unwrap().parse().unwrap();
        collect(source, &mut texts);
    }
    texts.sort();
    texts.dedup();
    texts
}

/// Texts with a blank in them, apart from comments and from what is said of the compiler's own mistakes.
fn collect(source: TokenStream, texts: &mut Vec<String>) {
    let mut skip = false;
    for tree in source {
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '#' => skip = true,
            TokenTree::Ident(ident) if ident == "expect" || ident == "unreachable" => skip = true,
            TokenTree::Punct(punct) if punct.as_char() == '!' => {}
            TokenTree::Group(group) => {
                if !std::mem::take(&mut skip) {
                    collect(group.stream(), texts);
                }
            }
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string())
                    && text.value().contains(' ')
                {
                    texts.push(text.value().replace("{{", "{").replace("}}", "}"));
                }
            }
            _ => skip = false,
        }
    }
}

#[test]
fn what_is_understood_is_not_refused() {
    let source = "#[newton_loss(hessian, lambda = 1)] fn f<const N: usize>(y: &[f32; N]) -> f32 { sum(y) }";
    assert_eq!(refusals(source), [""; 0]);
}
