//! The IR as Rust, generic over the scalar: a printer that knows nothing of differentiation.

mod expr;
mod item;
mod stmt;

pub use item::{loss, stub};

use crate::ir::{Program, VarId};
use proc_macro2::Ident;
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
    /// Functions of the runtime that the text calls.
    calls: RefCell<BTreeSet<String>>,
}

impl<'a> Printer<'a> {
    fn new(item: &syn::ItemFn, program: &'a Program, output: Option<VarId>) -> Self {
        Printer {
            program,
            scalar: item::type_parameter(item, "S"),
            passive: item::type_parameter(item, "P"),
            output,
            calls: RefCell::default(),
        }
    }

    /// Notes that a runtime function is called, so that it is imported.
    fn runtime(&self, name: &str) -> Ident {
        self.calls.borrow_mut().insert(name.to_owned());
        Ident::new(name, proc_macro2::Span::call_site())
    }
}
