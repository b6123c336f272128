//! The IR as CUDA C++, templated on the scalar: a printer that knows nothing of differentiation, as `back::rust`.
//!
//! On a GPU a thread is one sample, so what differs between samples is a plain branch, a plain index: masks and gathers are the CPU's
//! business. Integers that are the same for all samples are `nl::integer`, others `nl::Int` (32 bits that wrap around, as on the CPU);
//! conditions are `bool`. `S` is the scalar and `P` the same without tangents. Everything that the text calls is in namespace `nl`, the
//! device library (`newton-runtime/src/cuda/device`).
//!
//! What the macro cannot know enters at run time, in front of the text: const generics, integer hyper-parameters and constants of the
//! user's ([`Uses::constants`]), as `constexpr`; and the text of the functions that are called ([`Uses::helpers`]).

mod call;
mod discrete;
mod expr;
mod function;
mod item;
mod names;
mod stmt;

pub use function::{custom, function};
pub use item::loss;

use crate::ir::{Discrete, Kind, Place, Program, VarId};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

/// What a text refers to that only the run time knows.
#[derive(Default)]
struct Uses {
    /// Name in the text; Rust tokens of a reference to the value; none: there is no way to get at it.
    constants: RefCell<Vec<(String, Option<TokenStream>)>>,
    /// By the tokens of the path, the name in the text.
    known: RefCell<Vec<(String, String)>>,
    /// Name in the text, path.
    helpers: RefCell<Vec<(String, syn::Path)>>,
}

impl Uses {
    /// The name of a constant, noted if it is new.
    fn constant(
        &self,
        stem: &str,
        key: String,
        value: Option<TokenStream>,
        taken: impl Fn(&str) -> bool,
    ) -> String {
        if let Some((_, name)) = self.known.borrow().iter().find(|(known, _)| *known == key) {
            return name.clone();
        }
        let used = |name: &str| {
            taken(name)
                || self.constants.borrow().iter().any(|(other, _)| other == name)
                || self.helpers.borrow().iter().any(|(other, _)| other == name)
        };
        let name = names::escaped(stem, used);
        let name = match used(&name) {
            true => {
                (2..).map(|i| format!("{name}_{i}")).find(|name| !used(name)).expect("numbers do not end")
            }
            false => name,
        };
        self.known.borrow_mut().push((key, name.clone()));
        self.constants.borrow_mut().push((name.clone(), value));
        name
    }

    /// The name of a function.
    fn helper(&self, path: &syn::Path) -> String {
        let key = path.to_token_stream().to_string();
        let known = |(_, path): &&(String, syn::Path)| path.to_token_stream().to_string() == key;
        if let Some((name, _)) = self.helpers.borrow().iter().find(known) {
            return name.clone();
        }
        let last = path.segments.last().expect("a path has a segment").ident.to_string();
        let used = |name: &str| {
            self.constants.borrow().iter().any(|(other, _)| other == name)
                || self.helpers.borrow().iter().any(|(other, _)| other == name)
        };
        let stem = names::escaped(&last, used);
        let name = match used(&stem) {
            true => {
                (2..).map(|i| format!("{stem}_{i}")).find(|name| !used(name)).expect("numbers do not end")
            }
            false => stem,
        };
        self.helpers.borrow_mut().push((name.clone(), path.clone()));
        name
    }

    /// Tokens of the fields `constants` and `helpers` of a `Source`.
    fn fields(&self, krate: &TokenStream) -> TokenStream {
        let constants = self.constants.borrow();
        let constants = constants.iter().map(|(name, value)| match value {
            Some(value) => quote!(#krate::cuda::constant(#name, #value)),
            None => quote!(#krate::cuda::unavailable(#name)),
        });
        let helpers = self.helpers.borrow();
        let helpers =
            helpers.iter().map(|(name, path)| quote!((#name, <#path>::cuda as #krate::cuda::Helper)));
        quote! {
            constants: ::std::vec![#(#constants),*],
            helpers: ::std::vec![#(#helpers),*],
        }
    }
}

/// A variable that a block declares, and what it was called before.
type Hiding = (VarId, Option<String>);

/// What printing needs to know.
struct Printer<'a> {
    program: &'a Program,
    uses: &'a Uses,
    /// Const generics, as the user wrote them.
    generics: HashSet<String>,
    /// Constants of a function cannot name its const generics: they are evaluated once for all.
    in_function: bool,
    /// Name of the scalar's type parameter.
    scalar: String,
    /// Name of the passive scalar's.
    passive: String,
    /// What is printed saves what a reverse sweep needs.
    saving: Cell<bool>,
    out: RefCell<String>,
    indent: Cell<usize>,
    /// What variables that are in scope are called.
    names: RefCell<HashMap<VarId, String>>,
    /// These, and what they hide.
    used: RefCell<HashSet<String>>,
    /// The open blocks: names declared in them, and what each hides.
    scopes: RefCell<Vec<Vec<Hiding>>>,
}

impl<'a> Printer<'a> {
    fn new(item: &syn::ItemFn, program: &'a Program, uses: &'a Uses, in_function: bool) -> Self {
        let generics: HashSet<String> =
            item.sig.generics.const_params().map(|p| p.ident.to_string()).collect();
        let parameter = |name: &str| match generics.contains(name) || program.names.contains(name) {
            true => format!("{name}Type"),
            false => name.to_owned(),
        };
        Printer {
            program,
            uses,
            scalar: parameter("S"),
            passive: parameter("P"),
            generics,
            in_function,
            saving: Cell::new(true),
            out: RefCell::default(),
            indent: Cell::new(0),
            names: RefCell::default(),
            used: RefCell::default(),
            scopes: RefCell::new(vec![Vec::new()]),
        }
    }

    fn line(&self, text: impl AsRef<str>) {
        let mut out = self.out.borrow_mut();
        out.push_str(&"    ".repeat(self.indent.get()));
        out.push_str(text.as_ref());
        out.push('\n');
    }

    /// A block of its own.
    fn indented(&self, inner: impl FnOnce()) {
        self.indent.set(self.indent.get() + 1);
        self.scoped(inner);
        self.indent.set(self.indent.get() - 1);
    }

    fn scoped(&self, inner: impl FnOnce()) {
        self.scopes.borrow_mut().push(Vec::new());
        inner();
        let ended = self.scopes.borrow_mut().pop().expect("it was opened");
        let (mut names, mut used) = (self.names.borrow_mut(), self.used.borrow_mut());
        for (var, before) in ended.into_iter().rev() {
            let name = match before {
                Some(before) => names.insert(var, before),
                None => names.remove(&var),
            };
            used.remove(&name.expect("it was bound"));
        }
    }

    fn name(&self, ident: &Ident) -> String {
        names::escaped(&ident.to_string(), |name| self.program.names.contains(name))
    }

    /// What a variable is called.
    fn var(&self, var: VarId) -> String {
        match self.names.borrow().get(&var) {
            Some(name) => name.clone(),
            None => self.name(&self.program.vars[var.0].name),
        }
    }

    /// Names a variable that is declared here. In C++ a block cannot declare a name twice, and a declaration that hides another
    /// cannot read it: other than in Rust no two variables in scope have the same name.
    fn bind(&self, var: VarId) -> String {
        let stem = self.name(&self.program.vars[var.0].name);
        let mut used = self.used.borrow_mut();
        let free = |name: &String| !used.contains(name) && !self.program.names.contains(name);
        let name = match used.contains(&stem) {
            true => (2..).map(|i| format!("{stem}_{i}")).find(free).expect("numbers do not end"),
            false => stem,
        };
        used.insert(name.clone());
        let before = self.names.borrow_mut().insert(var, name.clone());
        self.scopes.borrow_mut().last_mut().expect("the outermost one stays").push((var, before));
        name
    }

    /// The type of a variable's elements.
    fn element(&self, var: VarId) -> String {
        let v = &self.program.vars[var.0];
        match (v.ty.kind, v.active, v.varying) {
            (Kind::Float, true, _) => self.scalar.clone(),
            (Kind::Float, false, _) => self.passive.clone(),
            (Kind::Int, _, true) => "nl::Int".to_owned(),
            (Kind::Int, _, false) => "nl::integer".to_owned(),
            (Kind::Bool, ..) => "bool".to_owned(),
        }
    }

    /// The type of an array, or of its element if there are no lengths.
    fn array_type(&self, element: &str, dims: &[Discrete]) -> String {
        let mut text = element.to_owned();
        if !dims.is_empty() {
            let dims: Vec<String> = dims.iter().map(|n| self.length(n)).collect();
            text = format!("nl::Array<{element}, {}>", dims.join(", "));
        }
        text
    }

    fn type_of(&self, var: VarId) -> String {
        self.array_type(&self.element(var), &self.program.vars[var.0].ty.dims)
    }

    /// The type of what a place selects.
    fn place_type(&self, place: &Place) -> String {
        self.array_type(&self.element(place.var), self.program.dims(place))
    }

    /// An array's length, as an argument of a template.
    fn length(&self, n: &Discrete) -> String {
        let text = self.int(n).0;
        if text.contains('>') { format!("({text})") } else { text }
    }
}

/// Text as a literal over several lines, as a person would write it.
fn raw_literal(text: &str) -> proc_macro2::Literal {
    let hashes = (1..)
        .map(|n| "#".repeat(n))
        .find(|hashes| !text.contains(&format!("\"{hashes}")))
        .expect("numbers do not end");
    format!("r{hashes}\"{text}\"{hashes}").parse().expect("it is a literal")
}
