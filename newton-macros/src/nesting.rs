//! What is too large to be parsed: the parser, like all that follows it, is recursive, and the stack is finite.

use proc_macro2::{Span, TokenStream, TokenTree};

/// Groups that nest deeper than this are refused.
const DEEPEST: usize = 64;

/// So many tokens without a `;` or a `,` between them are refused: operators, closures and `else if` nest as well.
const LONGEST: usize = 2000;

/// So many operators in front of an operand are refused.
const PREFIXES: usize = 32;

/// Where the tokens would be too much for the parser, if anywhere.
pub fn check(tokens: &TokenStream) -> Result<(), (Span, &'static str)> {
    visit(tokens, DEEPEST)
}

fn visit(tokens: &TokenStream, depth: usize) -> Result<(), (Span, &'static str)> {
    let (mut run, mut prefixes) = (0, 0);
    for tree in tokens.clone() {
        run += 1;
        match &tree {
            TokenTree::Punct(punct) if matches!(punct.as_char(), ';' | ',') => (run, prefixes) = (0, 0),
            TokenTree::Punct(_) => prefixes += 1,
            TokenTree::Group(_) if depth == 0 => {
                return Err((tree.span(), "this nests too deeply: give parts of it a name with `let`"));
            }
            TokenTree::Group(group) => {
                prefixes = 0;
                visit(&group.stream(), depth - 1)?;
            }
            _ => prefixes = 0,
        }
        if run > LONGEST || prefixes > PREFIXES {
            return Err((tree.span(), "this is too long: give parts of it a name with `let`"));
        }
    }
    Ok(())
}
