//! Functions of the corpus, their tokens mutated.

use super::Input;
use super::generate::{Random, token};
use proc_macro2::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// All functions that users write in the tests of this repository.
pub struct Corpus {
    pub functions: Vec<Input>,
    /// Pieces of them: single tokens and groups.
    pieces: Vec<TokenTree>,
}

impl Corpus {
    pub fn read() -> Corpus {
        let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus");
        let mut paths: Vec<_> = std::fs::read_dir(format!("{tests}/losses"))
            .expect("the corpus is there")
            .map(|entry| entry.expect("a file").path())
            .chain([format!("{tests}/programs.rs").into()])
            .collect();
        paths.sort();
        let (mut functions, mut pieces) = (Vec::new(), Vec::new());
        for path in paths {
            let file = std::fs::read_to_string(path).expect("a file");
            for item in syn::parse_file(&file).expect("it is Rust").items {
                if let syn::Item::Fn(mut item) = item {
                    let Some(at) = item.attrs.iter().position(is_ours) else { continue };
                    let attribute = item.attrs.remove(at);
                    item.attrs.clear();
                    let tokens = match &attribute.meta {
                        syn::Meta::List(list) => list.tokens.clone(),
                        _ => TokenStream::new(),
                    };
                    collect(item.to_token_stream(), &mut pieces);
                    functions.push(Input {
                        loss: attribute.path().is_ident("newton_loss"),
                        attribute: tokens,
                        item: item.to_token_stream(),
                    });
                }
            }
        }
        Corpus { functions, pieces }
    }
}

fn is_ours(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("newton_loss") || attribute.path().is_ident("newton_fn")
}

fn collect(tokens: TokenStream, into: &mut Vec<TokenTree>) {
    for tree in tokens {
        if let TokenTree::Group(group) = &tree {
            collect(group.stream(), into);
        }
        into.push(tree);
    }
}

/// A function of the corpus with a few mutations.
pub fn mutated(corpus: &Corpus, random: &mut Random) -> Input {
    let mut input = random.one_of(&corpus.functions).clone();
    if random.chance(20) {
        input.loss = !input.loss;
        input.attribute = if input.loss { quote::quote!(hessian, lambda = 1.0) } else { TokenStream::new() };
    }
    // Most of them keep their shape: those get past the parser, and far.
    let gentle = !random.chance(4);
    for _ in 0..random.below(4) + 1 {
        let size = super::count(&input.item);
        let mut at = random.below(size);
        input.item = edit(input.item, &mut at, &mut |trees, i| mutate(trees, i, gentle, corpus, random));
    }
    input
}

/// Calls `f` with the siblings and the position of the token with this number.
fn edit(stream: TokenStream, at: &mut usize, f: &mut dyn FnMut(&mut Vec<TokenTree>, usize)) -> TokenStream {
    let mut trees: Vec<TokenTree> = stream.into_iter().collect();
    for i in 0..trees.len() {
        if *at == 0 {
            f(&mut trees, i);
            *at = usize::MAX;
            break;
        }
        *at -= 1;
        if let TokenTree::Group(group) = &trees[i] {
            let (inside, span) = (edit(group.stream(), at, f), group.span());
            let mut group = Group::new(group.delimiter(), inside);
            group.set_span(span);
            trees[i] = group.into();
            if *at > usize::MAX / 2 {
                break;
            }
        }
    }
    trees.into_iter().collect()
}

fn mutate(trees: &mut Vec<TokenTree>, i: usize, gentle: bool, corpus: &Corpus, random: &mut Random) {
    if gentle {
        if let TokenTree::Punct(punct) = &mut trees[i] {
            // Operators only: other punctuation is what holds the syntax together.
            if "+-*/<>".contains(punct.as_char()) && punct.spacing() == Spacing::Alone {
                *punct = Punct::new(*random.one_of(&['+', '-', '*', '/', '%', '<', '>']), Spacing::Alone);
            }
            return;
        }
        if matches!(&trees[i], TokenTree::Ident(_)) && !is_name(&trees[i]) {
            return;
        }
        // Like for like.
        let like = |tree: &TokenTree| match (tree, &trees[i]) {
            (TokenTree::Group(a), TokenTree::Group(b)) => a.delimiter() == b.delimiter(),
            (TokenTree::Ident(_), TokenTree::Ident(_)) => is_name(tree),
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        };
        trees[i] = loop {
            let other = if random.chance(3) { token(random) } else { random.one_of(&corpus.pieces).clone() };
            if like(&other) || random.chance(500) {
                break other;
            }
        };
        return;
    }
    match random.below(10) {
        0 => drop(trees.remove(i)),
        1 => trees.insert(i, trees[i].clone()),
        2 => {
            let j = random.below(trees.len());
            trees.swap(i, j);
        }
        3 => trees[i] = random.one_of(&corpus.pieces).clone(),
        4 => trees.insert(i, random.one_of(&corpus.pieces).clone()),
        5 => trees[i] = token(random),
        6 => trees.insert(i, token(random)),
        7 => {
            // In groups, many of them.
            let deep = if random.chance(4) { random.below(60) } else { 1 };
            let delimiter = *random.one_of(&[Delimiter::Parenthesis, Delimiter::Bracket, Delimiter::Brace]);
            for _ in 0..deep {
                trees[i] = Group::new(delimiter, trees[i].clone().into()).into();
            }
        }
        8 => {
            if let TokenTree::Group(group) = &trees[i] {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                trees.splice(i..=i, inside);
            }
        }
        _ => {
            // A run of siblings, again.
            let end = (i + 1 + random.below(12)).min(trees.len());
            let run = trees[i..end].to_vec();
            let to = random.below(trees.len() + 1);
            trees.splice(to..to, run);
        }
    }
}

/// An identifier that is no keyword.
fn is_name(tree: &TokenTree) -> bool {
    syn::parse2::<proc_macro2::Ident>(tree.clone().into()).is_ok()
}
