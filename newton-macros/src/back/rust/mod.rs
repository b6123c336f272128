//! The IR as Rust, generic over the scalar: a printer that knows nothing of differentiation.

mod call;
mod discrete;
mod expr;
mod function;
mod item;
mod stmt;
mod tape;

pub use function::{custom, function, function_stub};
pub use item::{builders, loss, settings, stub, type_name};

use crate::ir::{Program, VarId};
use proc_macro2::Ident;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// What printing needs to know.
struct Printer<'a> {
    program: &'a Program,
    /// Name of the scalar's type parameter.
    scalar: Ident,
    /// Name of the passive scalar's.
    passive: Ident,
    /// Adjoints of parameters, and of results that are arrays: references in generated code.
    outputs: BTreeSet<VarId>,
    /// Array parameters that generated code has as arrays of its own.
    copied: BTreeSet<VarId>,
    /// A function, which is called with the mask of the region it is called in.
    in_function: bool,
    /// What is printed saves what a reverse sweep needs.
    saving: Cell<bool>,
    /// Variables declared in the masked regions that are open, outermost first.
    regions: RefCell<Vec<BTreeSet<VarId>>>,
    /// Integers that come from loops whose bounds are labels.
    unsure: RefCell<BTreeSet<VarId>>,
    /// Functions of the runtime that the text calls.
    calls: RefCell<BTreeSet<String>>,
}

impl<'a> Printer<'a> {
    fn new(item: &syn::ItemFn, program: &'a Program, outputs: BTreeSet<VarId>) -> Self {
        Printer {
            program,
            scalar: item::type_parameter(item, "S"),
            passive: item::type_parameter(item, "P"),
            outputs,
            copied: item::copied(program),
            in_function: false,
            saving: Cell::new(true),
            regions: RefCell::default(),
            unsure: RefCell::default(),
            calls: RefCell::default(),
        }
    }

    /// Notes that a runtime function is called, so that it is imported.
    fn runtime(&self, name: &str) -> Ident {
        self.calls.borrow_mut().insert(name.to_owned());
        Ident::new(name, proc_macro2::Span::call_site())
    }

    /// A variable called `mask` says which samples take part.
    fn is_masked(&self) -> bool {
        self.in_function || !self.regions.borrow().is_empty()
    }

    /// The variable is declared in the innermost masked region.
    fn declare(&self, var: VarId) {
        if let Some(region) = self.regions.borrow_mut().last_mut() {
            region.insert(var);
        }
    }

    /// Assigning to the variable must leave samples alone that do not take part.
    fn is_outer(&self, var: VarId) -> bool {
        self.regions.borrow().last().is_some_and(|region| !region.contains(&var))
    }
}
