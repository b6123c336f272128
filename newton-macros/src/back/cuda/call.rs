//! Calls of functions marked `#[newton_fn]`, in the forward sweep and in the reverse.

use super::Printer;
use crate::ir::{Argument, Callee, Expr, Place, VarId};

impl Printer<'_> {
    pub fn call_function(&self, results: &[VarId], callee: &Callee, args: &[Argument]) {
        let active = args.iter().any(|arg| arg.is_active(&self.program.vars));
        let tape = active && self.saving.get();
        let function = self.form(callee, args, if tape { "forward" } else { "value" }, active);
        let mut all = self.function_arguments(args, active);
        for var in results {
            let name = self.bind(*var);
            self.line(format!("{} {name};", self.type_of(*var)));
            all.push(name);
        }
        if tape {
            all.push("tape".to_owned());
        }
        self.line(format!("{function}({});", all.join(", ")));
    }

    pub fn reverse_call(
        &self,
        callee: &Callee,
        args: &[Argument],
        adjoints: &[VarId],
        into: &[Option<Place>],
    ) {
        let s = &self.scalar;
        let function = self.form(callee, args, "reverse", true);
        let mut all = self.function_arguments(args, true);
        all.extend(adjoints.iter().map(|var| match self.program.vars[var.0].ty.is_scalar() {
            true => self.active(&Expr::Read(Place::of(*var))).0,
            false => self.var(*var),
        }));
        // Adjoints of arguments that carry none are computed and dropped.
        let mut dropped = Vec::new();
        for (i, (arg, into)) in args.iter().zip(into).enumerate() {
            let part = format!("part{i}");
            dropped.push(match (arg, into) {
                (_, Some(place)) => {
                    all.push(self.place(place));
                    continue;
                }
                (Argument::Float(_), _) => format!("{s} {part} = {s}(0);"),
                (Argument::Array(place), _) if !self.program.vars[place.var.0].ty.is_discrete() => {
                    format!("{} {part}{{}};", self.array_type(s, self.program.dims(place)))
                }
                (Argument::Constant(constant), _) => {
                    format!("auto {part} = nl::adjoint<{s}>({});", self.constant(constant))
                }
                _ => format!("nl::None {part};"),
            });
            all.push(part);
        }
        all.push("tape".to_owned());
        let call = format!("{function}({});", all.join(", "));
        if dropped.is_empty() {
            return self.line(call);
        }
        self.line("{");
        self.indented(|| {
            dropped.iter().for_each(|line| self.line(line));
            self.line(call);
        });
        self.line("}");
    }

    /// One of a function's forms, with its template's arguments.
    fn form(&self, callee: &Callee, args: &[Argument], form: &str, active: bool) -> String {
        let by_lane = if args.iter().any(|arg| arg.is_varying(&self.program.vars)) { "_by_lane" } else { "" };
        let helper = self.uses.helper(&callee.path);
        let mut arguments = vec![if active { self.scalar.clone() } else { self.passive.clone() }];
        // What the user left out the arrays' lengths say.
        arguments.extend(callee.generics.iter().map_while(|argument| self.generic_argument(argument)));
        format!("{helper}::{form}{by_lane}<{}>", arguments.join(", "))
    }

    fn generic_argument(&self, argument: &syn::GenericArgument) -> Option<String> {
        let expr = match argument {
            syn::GenericArgument::Const(expr) => expr.clone(),
            syn::GenericArgument::Type(syn::Type::Path(path)) => {
                syn::Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path: path.path.clone() })
            }
            _ => return None,
        };
        let expr = match expr {
            syn::Expr::Block(block) => match &block.block.stmts[..] {
                [syn::Stmt::Expr(expr, None)] => expr.clone(),
                _ => return None,
            },
            expr => expr,
        };
        Some(self.length(&crate::ir::Discrete::Path(expr)))
    }

    fn function_arguments(&self, args: &[Argument], active: bool) -> Vec<String> {
        let by_lane = args.iter().any(|arg| arg.is_varying(&self.program.vars));
        args.iter()
            .map(|arg| match arg {
                Argument::Float(e) if active => self.active(e).0,
                Argument::Float(e) => self.passive(e).0,
                Argument::Array(place) => self.place(place),
                Argument::Discrete(int) if by_lane => self.by_lane(int).0,
                Argument::Discrete(int) => self.int(int).0,
                Argument::Constant(constant) => {
                    let t = if active { &self.scalar } else { &self.passive };
                    let function = if by_lane { "argument_by_lane" } else { "argument" };
                    format!("nl::{function}<{t}>({})", self.constant(constant))
                }
            })
            .collect()
    }
}
