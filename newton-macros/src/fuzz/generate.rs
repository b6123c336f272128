//! Random numbers and random tokens.

use super::Input;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

/// A small generator (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x9e37_79b9_7f4a_7c15)
    }
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// In 0..n.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
    /// True once in n times.
    pub fn chance(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// What may matter to the compiler.
const WORDS: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "%",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+=",
    "-=",
    "*=",
    "/=",
    "%=",
    "<<=",
    "&&",
    "||",
    "!",
    "&",
    "|",
    "^",
    "<<",
    ">>",
    "..",
    "..=",
    ".",
    ",",
    ";",
    ":",
    "::",
    "->",
    "=>",
    "?",
    "#",
    "_",
    "'a",
    "let",
    "mut",
    "for",
    "in",
    "if",
    "else",
    "match",
    "while",
    "loop",
    "return",
    "break",
    "continue",
    "fn",
    "const",
    "as",
    "ref",
    "move",
    "unsafe",
    "async",
    "struct",
    "static",
    "self",
    "Self",
    "crate",
    "true",
    "false",
    "f32",
    "f64",
    "usize",
    "i32",
    "u8",
    "bool",
    "str",
    "y",
    "label",
    "target",
    "x",
    "i",
    "j",
    "k",
    "N",
    "M",
    "r#type",
    "r#fn",
    "__",
    "_1",
    "TABLE",
    "K",
    "iter",
    "iter_mut",
    "map",
    "zip",
    "rev",
    "step_by",
    "skip",
    "take",
    "enumerate",
    "filter",
    "flatten",
    "flat_map",
    "windows",
    "chunks_exact",
    "sum",
    "product",
    "count",
    "any",
    "all",
    "fold",
    "for_each",
    "len",
    "clone",
    "copied",
    "collect",
    "swap",
    "fill",
    "powi",
    "powf",
    "max",
    "min",
    "abs",
    "exp",
    "ln",
    "sqrt",
    "clamp",
    "rem_euclid",
    "sin_cos",
    "fract",
    "mul_add",
    "is_nan",
    "softmax",
    "sort",
    "argsort",
    "argmax",
    "top_k",
    "rank",
    "cross_entropy",
    "logsumexp",
    "dot",
    "matmul",
    "transpose",
    "huber",
    "sigmoid",
    "mean",
    "norm",
    "cumsum",
    "std",
    "array",
    "from_fn",
    "helper",
    "hessian",
    "fisher",
    "none",
    "lambda",
    "average",
    "sample",
    "on_indefinite",
    "name",
    "gradient",
    "shared",
    "0",
    "1",
    "2",
    "7",
    "0usize",
    "1i32",
    "3u8",
    "1i128",
    "18446744073709551615",
    "99999999999999999999999",
    "0xff",
    "1_000",
    "0.0",
    "1.0",
    "-1.0",
    "0.5",
    "1e30",
    "1e400",
    "1f32",
    "2f64",
    "3.0f64",
    "'c'",
    "\"text\"",
    "b\"bytes\"",
    "f32::MAX",
    "usize::MAX",
    "std::f32::consts::PI",
];

/// One token of those, or a few.
pub fn token(random: &mut Random) -> TokenTree {
    let text = random.one_of(WORDS);
    let all: Vec<TokenTree> = text.parse::<TokenStream>().expect("tokens").into_iter().collect();
    match &all[..] {
        [one] => one.clone(),
        _ => Group::new(Delimiter::None, all.into_iter().collect()).into(),
    }
}

/// Tokens one after the other, with groups among them.
fn tokens(random: &mut Random, depth: usize) -> TokenStream {
    let mut out = Vec::new();
    for _ in 0..random.below(8) {
        if depth > 0 && random.chance(4) {
            let all = [Delimiter::Parenthesis, Delimiter::Bracket, Delimiter::Brace, Delimiter::None];
            let delimiter = *random.one_of(&all);
            out.push(Group::new(delimiter, tokens(random, depth - 1)).into());
        } else {
            // Punctuation of several characters stays together.
            let text = random.one_of(WORDS);
            out.extend(text.parse::<TokenStream>().expect("tokens"));
        }
    }
    out.into_iter().collect()
}

/// A plain loss, or function, with random arguments to its attribute.
pub fn random_attribute(random: &mut Random) -> Input {
    let words = [
        "hessian",
        "fisher",
        "none",
        "lambda = 1.0",
        "average = batch",
        "on_indefinite = abs",
        "name = A",
        "crate = a",
    ];
    let attribute = match random.below(3) {
        0 => tokens(random, 3),
        1 => {
            let parts: Vec<&str> = (0..random.below(6)).map(|_| *random.one_of(&words)).collect();
            parts.join(",").parse().expect("tokens")
        }
        _ => {
            let known: TokenStream = random.one_of(&words).parse().expect("tokens");
            let (some, other) = (tokens(random, 2), tokens(random, 2));
            quote!(#known, #some = #other)
        }
    };
    let item = quote! { fn f<const N: usize>(y: &[f32; N]) -> f32 { y[0] } };
    Input { loss: random.chance(2), attribute, item }
}

/// Expressions of every kind, well formed but for their types.
fn expression(random: &mut Random, depth: usize) -> TokenStream {
    if depth == 0 {
        let leaves = [
            "y", "y[0]", "t", "n", "x", "a", "b", "0", "1", "2", "0.0", "1.5", "N", "M", "TABLE", "PAIRS",
            "true", "label", "f32::MAX", "flags[0]",
        ];
        return random.one_of(&leaves).parse().expect("tokens");
    }
    let mut e = || {
        let less = 1 + random.below(2);
        expression(random, depth.saturating_sub(less))
    };
    let (a, b, c) = (e(), e(), e());
    let operators = ["+", "-", "*", "/", "%", "<", ">=", "==", "&&", "||", "&", "^", "<<", "..", "..="];
    let operator: TokenStream = random.one_of(&operators).parse().expect("tokens");
    let methods = [
        "exp",
        "ln",
        "abs",
        "max",
        "min",
        "powi",
        "powf",
        "clamp",
        "rem_euclid",
        "fract",
        "sin_cos",
        "mul_add",
        "iter",
        "rev",
        "step_by",
        "skip",
        "take",
        "zip",
        "enumerate",
        "map",
        "filter",
        "flatten",
        "flat_map",
        "sum",
        "product",
        "count",
        "any",
        "all",
        "fold",
        "for_each",
        "len",
        "clone",
        "windows",
        "chunks_exact",
        "swap",
        "fill",
        "is_nan",
        "pow",
        "signum",
        "log",
        "hypot",
        "atan2",
        "abs_diff",
        "saturating_sub",
        "div_ceil",
        "collect",
        "sort",
        "copied",
        "position",
    ];
    let method: TokenStream = random.one_of(&methods).parse().expect("tokens");
    let functions = [
        "sum",
        "softmax",
        "sort",
        "argsort",
        "argmax",
        "rank",
        "max",
        "dot",
        "matmul",
        "outer",
        "huber",
        "sigmoid",
        "helper",
        "helper::<3>",
        "top_k",
        "top_k::<2>",
        "cross_entropy",
        "mse",
        "std::array::from_fn",
        "f32::max",
        "x",
        "transpose",
        "smooth_max",
        "binary_cross_entropy",
        "f",
        "logsumexp",
        "cumprod",
        "matvec",
        "norm",
    ];
    let function: TokenStream = random.one_of(&functions).parse().expect("tokens");
    match random.below(22) {
        0..=3 => quote!((#a) #operator (#b)),
        4 => quote!(#a #operator #b),
        5 => quote!(-#a),
        6 => quote!(!#a),
        7 => quote!(#a[#b]),
        8 => quote!((#a).#method()),
        9 => quote!((#a).#method(#b)),
        10 => quote!((#a).#method(#b, #c)),
        11 => quote!(#function(#a)),
        12 => quote!(#function(#a, #b)),
        13 => quote!(&#a),
        14 => quote!((#a, #b)),
        15 => quote!([#a, #b]),
        16 => quote!([#a; #b]),
        17 => quote!(if #a { #b } else { #c }),
        18 => quote!(match #a { 0 => #b, 1..=2 => #c, x => #b }),
        19 => quote!(|x| #a),
        20 => quote!({ let x = #a; #b }),
        _ => {
            let kind: TokenStream = random.one_of(&["f32", "usize", "i32", "bool"]).parse().expect("tokens");
            let member = random.below(3);
            let member = proc_macro2::Literal::usize_unsuffixed(member);
            if random.chance(2) { quote!((#a) as #kind) } else { quote!((#a).#member) }
        }
    }
}

fn statement(random: &mut Random, depth: usize) -> TokenStream {
    let deep = random.below(4);
    let a = expression(random, deep);
    let names = ["a", "b", "x", "label", "mask", "t", "r#type"];
    let name: TokenStream = random.one_of(&names).parse().expect("tokens");
    let assignments = ["=", "+=", "-=", "*=", "/=", "%=", "&=", "<<="];
    let assign: TokenStream = random.one_of(&assignments).parse().expect("tokens");
    if depth == 0 {
        return quote!(let #name = #a;);
    }
    let body = statement(random, depth - 1);
    let deep = random.below(3).min(deep);
    let b = expression(random, deep);
    match random.below(12) {
        0 => quote!(let mut #name = #a; #body),
        1 => quote!(let (#name, b) = #a; #body),
        2 => quote!(let #name: f32 = #a; #body),
        3 => quote!(let #name: [f32; 3] = #a; #body),
        4 => quote!(for #name in #a { #body }),
        5 => quote!(for (a, #name) in #a { #body } #b),
        6 => quote!(if #a { #body } else { #b; }),
        7 => quote!(match #a { 0 => { #body } _ => {} }),
        8 => quote!(#name #assign #a; #body),
        9 => quote!(#name[#b] #assign #a; #body),
        10 => quote!((#name, a) = #a; #body),
        _ => quote!(#body #a;),
    }
}

/// A loss, or function, with a random body.
pub fn random_body(random: &mut Random) -> Input {
    let mut body = TokenStream::new();
    if random.chance(5) {
        body.extend(tokens(random, 4));
    }
    for _ in 0..random.below(5) {
        let depth = random.below(4);
        body.extend(statement(random, depth));
    }
    let deep = random.below(4);
    let end = expression(random, deep);
    let tail = if random.chance(2) { quote!(#end) } else { quote!(a[0] + y[0] * #end) };
    let start = quote! {
        let mut a = *y;
        let mut b = [[0.0; N]; 2];
        let x = (1, 2.0);
    };
    let item = if random.chance(2) {
        quote! {
            fn f<const N: usize, const M: usize>(
                y: &[f32; N], t: &f32, label: &usize, flags: &[bool; 4], #[shared] table: &[f32; M], h: f32, n: usize,
            ) -> f32 { #start #body #tail }
        }
    } else {
        quote! {
            fn f<const N: usize, const M: usize>(y: &[f32; N], t: f32, label: usize, flags: &[bool; 4], n: usize) -> f32 {
                #start #body #tail
            }
        }
    };
    let loss = random.chance(2);
    let attribute = if loss { quote!(hessian, lambda = 1.0) } else { TokenStream::new() };
    Input { loss, attribute, item }
}
