//! A loss: value and gradient of one sample, and how the run time gets hold of the text.

use super::{Printer, Uses, raw_literal};
use crate::attr::Attr;
use crate::back::krate;
use crate::grad::Gradient;
use crate::ir::{Discrete, Kind, Role, VarId};
use proc_macro2::TokenStream;
use quote::quote;

/// The method `cuda` of a loss's kernel.
pub fn loss(item: &syn::ItemFn, attr: &Attr, gradient: &Gradient) -> TokenStream {
    let uses = Uses::default();
    let text = raw_literal(&text(item, gradient, &uses));
    let krate = krate(&attr.krate);
    let program = &gradient.program;
    let constants = &program.items;
    let generics = item.sig.generics.const_params().map(|param| {
        let name = super::names::escaped(&param.ident.to_string(), |name| program.names.contains(name));
        let ident = &param.ident;
        quote!(#krate::cuda::constant(#name, &#ident))
    });
    let fields = program.params.iter().filter(|p| {
        p.role == Role::StaticHyper || p.role == Role::Shared && program.vars[p.var.0].ty.is_discrete()
    });
    let fields = fields.map(|p| {
        let field = &program.vars[p.var.0].name;
        let name = super::names::escaped(&field.to_string(), |name| program.names.contains(name));
        quote!(#krate::cuda::constant(#name, &self.#field))
    });
    let used = uses.fields(&krate);
    let name = item.sig.ident.to_string();
    quote! {
        fn cuda(&self) -> ::core::option::Option<#krate::cuda::Source> {
            #(#constants)*
            ::core::option::Option::Some(#krate::cuda::Source {
                name: #name,
                place: (::core::module_path!(), ::core::line!(), ::core::column!()),
                parameters: ::std::vec![#(#generics,)* #(#fields),*],
                declarations: "",
                code: #text,
                #used
            })
        }
    }
}

fn text(item: &syn::ItemFn, gradient: &Gradient, uses: &Uses) -> String {
    let program = &gradient.program;
    let printer = Printer::new(item, program, uses, false);
    let (s, p) = (&printer.scalar, &printer.passive);
    printer.line(format!("template <class {s}>"));
    printer.line(format!(
        "__device__ {s} value_and_gradient(const {s}* flat, const nl::Passive<{s}>* label, const int* integers, \
         const nl::Passive<{s}>* parameters, {s}* flat_, nl::Tape<{s}>& tape) {{"
    ));
    printer.indented(|| {
        printer.line(format!("using {p} = nl::Passive<{s}>;"));
        prologue(&printer, gradient.adjoint);
        printer.block(&program.body);
        printer.line(format!("return {};", printer.active(&gradient.value).0));
    });
    printer.line("}");
    printer.out.take()
}

/// Typed views of the flat arguments.
fn prologue(printer: &Printer, adjoint: VarId) {
    let program = printer.program;
    let view = |name: &str, ty: &str, from: &str| {
        printer.line(format!("const auto& {name} = nl::view<{ty}>({from});"));
    };
    let prediction = program.params[0].var;
    let ty = printer.array_type(&printer.scalar, &program.vars[prediction.0].ty.dims);
    view(&printer.bind(prediction), &ty, "flat");
    printer.line(format!("auto& {} = nl::view<{ty}>(flat_);", printer.bind(adjoint)));

    // Where the next one starts, in `label`, `integers` and `parameters`.
    let (mut number, mut integer, mut parameter) = (Offset::default(), Offset::default(), Offset::default());
    let hypers = |role| program.params.iter().filter(move |param| param.role == role);
    for param in hypers(Role::Label) {
        let var = &program.vars[param.var.0];
        let (ty, name) = (printer.type_of(param.var), printer.bind(param.var));
        let size = size(printer, &var.ty.dims);
        match (var.ty.kind, var.ty.is_scalar()) {
            (Kind::Float, true) => printer.line(format!("const {ty} {name} = label[{}];", number.next(size))),
            (Kind::Float, false) => view(&name, &ty, &format!("label + {}", number.next(size))),
            (_, true) => printer.line(format!("const {ty} {name} = {ty}(integers[{}]);", integer.next(size))),
            (Kind::Int, false) => view(&name, &ty, &format!("integers + {}", integer.next(size))),
            (Kind::Bool, false) => {
                let ints = printer.array_type("int", &var.ty.dims);
                let from = integer.next(size);
                printer
                    .line(format!("const {ty} {name} = nl::to<{ty}>(nl::view<{ints}>(integers + {from}));"));
            }
        }
    }
    for param in hypers(Role::Hyper) {
        let (ty, name) = (printer.type_of(param.var), printer.bind(param.var));
        printer.line(format!("const {ty} {name} = parameters[{}];", parameter.next("1".to_owned())));
    }
    for param in hypers(Role::Shared).filter(|param| !program.vars[param.var.0].ty.is_discrete()) {
        let size = size(printer, &program.vars[param.var.0].ty.dims);
        view(
            &printer.bind(param.var),
            &printer.type_of(param.var),
            &format!("parameters + {}", parameter.next(size)),
        );
    }
}

/// A sum of sizes.
#[derive(Default)]
struct Offset {
    number: usize,
    text: String,
}

impl Offset {
    /// The sum so far; adds one.
    fn next(&mut self, size: String) -> String {
        let now = match (self.number, &*self.text) {
            (n, "") => n.to_string(),
            (0, text) => text.trim_start_matches(" + ").to_owned(),
            (n, text) => format!("{n}{text}"),
        };
        match size.parse::<usize>() {
            Ok(n) => self.number += n,
            Err(_) => self.text.push_str(&format!(" + {size}")),
        }
        now
    }
}

/// How many numbers an array holds.
fn size(printer: &Printer, dims: &[Discrete]) -> String {
    let factors: Vec<String> =
        dims.iter().map(|n| printer.int(n).at_least(super::expr::Bind::Prefix)).collect();
    if factors.is_empty() { "1".to_owned() } else { factors.join(" * ") }
}
