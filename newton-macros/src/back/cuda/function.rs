//! A function marked `#[newton_fn]`, in the forms that losses call; what they are for, `back::rust::function` says. Results are the last
//! parameters (but for the tape), references.

use super::{Printer, Uses, raw_literal};
use crate::attr::FunctionAttr;
use crate::back::krate;
use crate::grad::Function;
use crate::ir::{Block, Kind, Output, Program, VarId};
use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemFn;

/// The function `cuda` of the type that stands for a function.
pub fn function(item: &ItemFn, attr: &FunctionAttr, flavours: &[(bool, Function)]) -> TokenStream {
    let uses = Uses::default();
    let mut text = Forms::default();
    for (by_lane, function) in flavours {
        let shape = Shape {
            item,
            program: &function.program,
            uses: &uses,
            by_lane: *by_lane,
            outputs: &function.outputs,
        };
        let printed = |printer: &Printer, block: &Block, saving: bool| {
            printer.saving.set(saving);
            printer.block(block);
        };
        text.add(
            shape.form("value", Ends::Results, false, |printer| printed(printer, &function.value, false)),
        );
        text.add(
            shape.form("forward", Ends::Results, true, |printer| printed(printer, &function.forward, true)),
        );
        let (given, wanted) = (&function.output_adjoints, &function.parameter_adjoints);
        let name = |var: &VarId| {
            super::names::escaped(&function.program.vars[var.0].name.to_string(), |name| {
                function.program.names.contains(name)
            })
        };
        let ends = Ends::Adjoints {
            given: given.iter().map(|var| var.as_ref().map(name)).collect(),
            wanted: wanted.iter().map(name).collect(),
        };
        text.add(shape.form("reverse", ends, true, |printer| {
            given.iter().flatten().chain(wanted).for_each(|var| {
                printer.bind(*var);
            });
            printed(printer, &function.reverse, true);
        }));
    }
    let items = flavours.first().map(|(_, function)| function.program.items.clone()).unwrap_or_default();
    source(item, attr, &items, &uses, &text)
}

/// As [`function`], with a derivative of the user's own: tangents and adjoints are products with it.
pub fn custom(
    item: &ItemFn,
    attr: &FunctionAttr,
    gradient: &syn::Path,
    flavours: &[(bool, Program)],
) -> TokenStream {
    let uses = Uses::default();
    let mut text = Forms::default();
    for (by_lane, program) in flavours {
        let Output::Values(outputs) = &program.output else { unreachable!("a function returns values") };
        let shape = Shape { item, program, uses: &uses, by_lane: *by_lane, outputs };
        let suffix = if *by_lane { "_by_lane" } else { "" };
        let gradient = uses.helper(gradient);
        text.add(shape.form("primal", Ends::Results, false, |printer| {
            printer.saving.set(false);
            printer.block(&program.body);
        }));
        // Tangents come from the derivative; it may call this function again, without any.
        let derivative = |printer: &Printer, of: &str, scalar: &str| {
            let mut parts = Vec::new();
            for (name, dims) in floats(program) {
                let part = format!("d_{}", printer.name(name));
                printer.line(format!("{} {part};", printer.array_type(scalar, dims)));
                parts.push(part);
            }
            let args = arguments(printer, of);
            printer.line(format!("{gradient}::value{suffix}<{scalar}>({args}, {});", parts.join(", ")));
        };
        let value = |printer: &Printer| {
            let (s, p) = (&printer.scalar, &printer.passive);
            let constants =
                item.sig.generics.const_params().map(|param| format!(", {}", printer.name(&param.ident)));
            let constants: String = constants.collect();
            printer.line(format!("{p} primal_result;"));
            let values = arguments(printer, "nl::value");
            printer.line(format!("primal{suffix}<{p}{constants}>({values}, primal_result);"));
            printer.line(format!("out0 = {s}(primal_result);"));
            printer.line(format!("if constexpr (nl::Traits<{s}>::HAS_TANGENTS) {{"));
            printer.indented(|| {
                derivative(printer, "nl::value", p);
                for (name, _) in floats(program) {
                    let name = printer.name(name);
                    printer.line(format!("nl::chain_all(out0, {name}, d_{name});"));
                }
            });
            printer.line("}");
        };
        text.add(shape.form("value", Ends::Written, false, value));
        text.add(shape.form("forward", Ends::Written, true, value));
        let ends = Ends::Adjoints {
            given: vec![Some("result_".to_owned())],
            wanted: floats(program).map(|(name, _)| format!("{}_", plain(program, name))).collect(),
        };
        text.add(shape.form("reverse", ends, true, |printer| {
            derivative(printer, "", &printer.scalar);
            for (name, _) in floats(program) {
                let (name, adjoint) = (printer.name(name), format!("{}_", plain(program, name)));
                printer.line(format!("nl::add_scaled_all({adjoint}, d_{name}, result_);"));
            }
        }));
    }
    let items = flavours.first().map(|(_, program)| program.items.clone()).unwrap_or_default();
    source(item, attr, &items, &uses, &text)
}

fn source(
    item: &ItemFn,
    attr: &FunctionAttr,
    items: &[syn::ItemConst],
    uses: &Uses,
    text: &Forms,
) -> TokenStream {
    let krate = krate(&attr.krate);
    let name = item.sig.ident.to_string();
    let (declarations, code) = (raw_literal(&text.declarations), raw_literal(&text.definitions));
    let used = uses.fields(&krate);
    quote! {
        #[doc = " The text for CUDA."]
        pub fn cuda() -> #krate::cuda::Source {
            #(#items)*
            #krate::cuda::Source {
                name: #name,
                place: (::core::module_path!(), ::core::line!(), ::core::column!()),
                parameters: ::std::vec![],
                declarations: #declarations,
                code: #code,
                #used
            }
        }
    }
}

fn plain(program: &Program, name: &proc_macro2::Ident) -> String {
    super::names::escaped(&name.to_string(), |name| program.names.contains(name))
}

/// The float parameters.
fn floats(program: &Program) -> impl Iterator<Item = (&proc_macro2::Ident, &[crate::ir::Discrete])> {
    let vars = program.params.iter().map(|param| &program.vars[param.var.0]);
    vars.filter(|var| var.ty.kind == Kind::Float).map(|var| (&var.name, &*var.ty.dims))
}

/// The parameters as arguments, floats by way of a function.
fn arguments(printer: &Printer, of: &str) -> String {
    let one = |param: &crate::ir::Param| {
        let name = printer.var(param.var);
        let float = printer.program.vars[param.var.0].ty.kind == Kind::Float;
        if float && !of.is_empty() { format!("{of}({name})") } else { name }
    };
    printer.program.params.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Texts of the forms.
#[derive(Default)]
struct Forms {
    /// Functions may call each other in a circle: a derivative its function.
    declarations: String,
    definitions: String,
}

impl Forms {
    fn add(&mut self, (header, body): (String, String)) {
        self.declarations.push_str(&format!("{header};\n"));
        if !self.definitions.is_empty() {
            self.definitions.push('\n');
        }
        self.definitions.push_str(&format!("{header} {{\n{body}}}\n"));
    }
}

/// What a form has beside the function's parameters.
enum Ends {
    /// References to the results, which are copied from variables.
    Results,
    /// The same, and the body assigns to them.
    Written,
    /// The adjoints of the results (none of integers), and references to those of the float parameters.
    Adjoints { given: Vec<Option<String>>, wanted: Vec<String> },
}

/// What the forms of one flavour share.
struct Shape<'a> {
    item: &'a ItemFn,
    program: &'a Program,
    uses: &'a Uses,
    by_lane: bool,
    outputs: &'a [VarId],
}

impl Shape<'_> {
    /// Header and body of a form.
    fn form(&self, form: &str, ends: Ends, tape: bool, body: impl FnOnce(&Printer)) -> (String, String) {
        let printer = Printer::new(self.item, self.program, self.uses, true);
        let (s, p) = (&printer.scalar, &printer.passive);
        let vars = &self.program.vars;
        let by_reference = |var: VarId, ty: String| match vars[var.0].ty.is_scalar() {
            true => format!("{ty} "),
            false => format!("const {ty}& "),
        };
        // Parameters and results count as active whatever the body makes of them.
        let type_of = |var: VarId| match vars[var.0].ty.kind {
            Kind::Float => printer.array_type(s, &vars[var.0].ty.dims),
            _ => printer.type_of(var),
        };
        let mut parameters: Vec<String> = self
            .program
            .params
            .iter()
            .map(|param| {
                format!("{}{}", by_reference(param.var, type_of(param.var)), printer.bind(param.var))
            })
            .collect();
        match &ends {
            Ends::Results | Ends::Written => {
                let results =
                    self.outputs.iter().enumerate().map(|(i, var)| format!("{}& out{i}", type_of(*var)));
                parameters.extend(results);
            }
            Ends::Adjoints { given, wanted } => {
                for (var, name) in self.outputs.iter().zip(given) {
                    if let Some(name) = name {
                        parameters.push(format!("{}{name}", by_reference(*var, type_of(*var))));
                    }
                }
                let mut wanted = wanted.iter();
                for param in &self.program.params {
                    let name = if vars[param.var.0].ty.is_discrete() { None } else { wanted.next() };
                    parameters.push(match name {
                        Some(name) => format!("{}& {name}", type_of(param.var)),
                        None => "nl::None&".to_owned(),
                    });
                }
            }
        }
        if tape {
            parameters.push(format!("nl::Tape<{s}>& tape"));
        }
        let constants = self.item.sig.generics.const_params().map(|param| {
            let ty = &param.ty;
            let ty = if quote!(#ty).to_string() == "bool" { "bool" } else { "nl::integer" };
            format!(", {ty} {}", printer.name(&param.ident))
        });
        let constants: String = constants.collect();
        let lane = if self.by_lane { "_by_lane" } else { "" };
        let header = format!(
            "template <class {s}{constants}>\n__device__ void {form}{lane}({})",
            parameters.join(", ")
        );
        printer.indented(|| {
            printer.line(format!("using {p} = nl::Passive<{s}>;"));
            body(&printer);
            if matches!(ends, Ends::Results) {
                for (i, var) in self.outputs.iter().enumerate() {
                    printer.line(format!("out{i} = {};", printer.var(*var)));
                }
            }
        });
        (header, printer.out.take())
    }
}
