//! The IR as Rust, generic over the scalar: a printer that knows nothing of differentiation.

mod expr;
mod item;
mod stmt;

pub use item::{loss, stub};

use crate::ir::{Program, VarId};
use proc_macro2::{Ident, TokenStream};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// What printing needs to know.
struct Printer<'a> {
    program: &'a Program,
    /// Name of the scalar's type parameter.
    scalar: Ident,
    /// Name of the passive scalar's.
    passive: Ident,
    /// The adjoint of the prediction: a reference parameter of generated code.
    output: Option<VarId>,
    /// Path of the function that ends the body of a loop.
    across_lanes: TokenStream,
    /// Functions of the runtime that the text calls.
    calls: RefCell<BTreeSet<String>>,
}

impl Printer<'_> {
    /// Notes that a runtime function is called, so that it is imported.
    fn runtime(&self, name: &str) -> Ident {
        self.calls.borrow_mut().insert(name.to_owned());
        Ident::new(name, proc_macro2::Span::call_site())
    }
}
