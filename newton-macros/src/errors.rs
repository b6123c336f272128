//! Collects every error of a function, so that the user sees all mistakes at once.

use proc_macro2::Span;

/// The errors found so far.
#[derive(Default)]
pub struct Errors {
    found: Option<syn::Error>,
    silent: bool,
}

/// A marker: the error is already in [`Errors`].
#[derive(Debug, Clone, Copy)]
pub struct Reported;

/// The outcome of lowering a piece of syntax.
pub type Outcome<T> = Result<T, Reported>;

impl Errors {
    /// Records an error that says what to write instead.
    pub fn at(&mut self, span: Span, message: impl std::fmt::Display) -> Reported {
        self.add(syn::Error::new(span, message))
    }

    /// Records an error.
    pub fn add(&mut self, error: syn::Error) -> Reported {
        match &mut self.found {
            Some(errors) => errors.combine(error),
            None => self.found = Some(error),
        }
        Reported
    }

    /// Notes a mistake that rustc reports itself, on the user's function.
    pub fn silent(&mut self) -> Reported {
        self.silent = true;
        Reported
    }

    /// Nothing was refused so far.
    pub fn is_empty(&self) -> bool {
        self.found.is_none() && !self.silent
    }

    /// All of them, if any.
    pub fn take(self) -> Option<syn::Error> {
        self.found
    }
}
