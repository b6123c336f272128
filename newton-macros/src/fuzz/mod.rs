//! The compiler on inputs that nobody would write: it must refuse or translate them, in bounded time, and never panic.
//!
//! The inputs are the corpus with its tokens mutated, random token trees, and text that is built to grow. They are the same
//! in every run; `NEWTON_FUZZ=200000` makes that many of each kind, `NEWTON_FUZZ_SEED=7` makes others.

mod generate;
mod growth;
mod mutate;

use crate::fuzz::generate::Random;
use crate::{expand, expand_function};
use proc_macro2::{TokenStream, TokenTree};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Inputs of each kind in a plain test run.
const INPUTS: usize = 1500;

/// An expansion has at most so many tokens for each of its input's, and so many more.
const GROWTH: usize = 400;
const SHELL: usize = 20_000;

/// The stack of rustc's main thread has 8 MiB, some of which rustc itself needs.
const STACK: usize = 6 << 20;

fn inputs() -> usize {
    std::env::var("NEWTON_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(INPUTS)
}

fn first_seed() -> u64 {
    std::env::var("NEWTON_FUZZ_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// A function to be compiled.
#[derive(Clone)]
struct Input {
    loss: bool,
    attribute: TokenStream,
    item: TokenStream,
}

fn count(tokens: &TokenStream) -> usize {
    tokens
        .clone()
        .into_iter()
        .map(|tree| match tree {
            TokenTree::Group(group) => 2 + count(&group.stream()),
            _ => 1,
        })
        .sum()
}

/// What came of an input.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    no_function: usize,
    refused: usize,
    silent: usize,
    compiled: usize,
}

/// Compiles; the error says what must not happen.
fn run(input: &Input, tally: &mut Tally) -> Result<(), String> {
    let compile = || {
        let Ok(item) = crate::function_of(input.item.clone()) else { return None };
        Some(match input.loss {
            true => expand(input.attribute.clone(), &item, true),
            false => expand_function(input.attribute.clone(), &item, true),
        })
    };
    let expansion = match catch_unwind(AssertUnwindSafe(compile)) {
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            return Err(format!("it panics: {}", text.unwrap_or_default()));
        }
        Ok(None) => {
            tally.no_function += 1;
            return Ok(());
        }
        Ok(Some(expansion)) => expansion,
    };
    let (before, after) = (count(&input.item), count(&expansion));
    if after > GROWTH * before + SHELL {
        return Err(format!("{before} tokens became {after}"));
    }
    let text = expansion.to_string();
    if text.contains("compile_error") {
        tally.refused += 1;
        return Ok(());
    }
    // Of a mistake that rustc reports there is nothing but the user's function, or a stub.
    if text.contains("value_and_gradient") || text.contains("reverse") {
        tally.compiled += 1;
    } else {
        tally.silent += 1;
    }
    match syn::parse2::<syn::File>(expansion) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("the expansion is not Rust: {error}")),
    }
}

/// Runs `work` on a stack like rustc's; its panics are caught and reported, not printed.
fn on_a_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    static QUIET: std::sync::Once = std::sync::Once::new();
    QUIET.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() != Some("fuzz") {
                default(info);
            }
        }));
    });
    let thread = std::thread::Builder::new().name("fuzz".to_owned()).stack_size(STACK).spawn(work);
    thread.expect("a thread").join().expect("panics of the compiler are caught")
}

/// Makes the inputs of a campaign: one for each state of a generator.
type Maker = Box<dyn FnMut(&mut Random) -> Input>;

/// Runs inputs on a stack like rustc's; all failures, each with the seed that makes it.
fn campaign(name: &'static str, maker: fn() -> Maker) {
    let work = move || {
        let mut make = maker();
        let (mut tally, mut failures) = (Tally::default(), Vec::new());
        for seed in first_seed()..first_seed() + inputs() as u64 {
            let input = make(&mut Random::new(seed));
            if std::env::var_os("NEWTON_FUZZ_SHOW").is_some() {
                eprintln!("{name}, seed {seed}: {}", input.item);
            }
            if let Err(failure) = run(&input, &mut tally) {
                let macro_name = if input.loss { "newton_loss" } else { "newton_fn" };
                let (attribute, item) = (&input.attribute, &input.item);
                failures.push(format!("seed {seed}: {failure}\n#[{macro_name}({attribute})]\n{item}\n"));
            }
        }
        println!("{name}: {tally:?}");
        failures
    };
    let failures = on_a_stack(work);
    let few: Vec<_> = failures.iter().take(10).cloned().collect();
    assert!(few.is_empty(), "{name}: {} failures, among them\n{}", failures.len(), few.join("\n"));
}

#[test]
fn mutated_corpus_is_refused_or_compiled() {
    campaign("mutated corpus", || {
        let corpus = mutate::Corpus::read();
        assert!(corpus.functions.len() >= 80, "the corpus has {} functions only", corpus.functions.len());
        Box::new(move |random| mutate::mutated(&corpus, random))
    });
}

#[test]
fn random_tokens_are_refused_or_compiled() {
    campaign("random attributes", || Box::new(generate::random_attribute));
    campaign("random bodies", || Box::new(generate::random_body));
}
