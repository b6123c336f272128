//! What is too large to be parsed: the parser, like all that follows it, is recursive, and the stack is finite.

use proc_macro2::{Span, TokenStream, TokenTree};

/// Groups that nest deeper than this are refused.
const DEEPEST: usize = 64;

/// So many tokens without a `;` or a `,` between them are refused: operators, closures and `else if` nest as well.
const LONGEST: usize = 2000;

/// So many operators, or keywords, in front of an operand are refused.
const PREFIXES: usize = 32;

/// So many `|` in them: closures that return closures.
const BARS: usize = 200;

/// Where the tokens would be too much for the parser, if anywhere.
pub fn check(tokens: &TokenStream) -> Result<(), (Span, &'static str)> {
    visit(tokens, DEEPEST)
}

fn visit(tokens: &TokenStream, depth: usize) -> Result<(), (Span, &'static str)> {
    let (mut run, mut operators, mut words, mut bars) = (0, 0, 0, 0);
    for tree in tokens.clone() {
        run += 1;
        match &tree {
            TokenTree::Punct(punct) if matches!(punct.as_char(), ';' | ',') => {
                (run, operators, words, bars) = (0, 0, 0, 0);
            }
            TokenTree::Punct(punct) => {
                (operators, words) = (operators + 1, 0);
                bars += usize::from(punct.as_char() == '|');
            }
            TokenTree::Ident(_) => (operators, words) = (0, words + 1),
            TokenTree::Group(_) if depth == 0 => {
                return Err((tree.span(), "this nests too deeply: give parts of it a name with `let`"));
            }
            TokenTree::Group(group) => {
                (operators, words) = (0, 0);
                visit(&group.stream(), depth - 1)?;
            }
            TokenTree::Literal(_) => (operators, words) = (0, 0),
        }
        if run > LONGEST || operators.max(words) > PREFIXES || bars > BARS {
            return Err((tree.span(), "this is too long: give parts of it a name with `let`"));
        }
    }
    Ok(())
}
