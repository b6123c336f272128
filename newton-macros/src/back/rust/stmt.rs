//! Statements.

use super::Printer;
use super::expr::Bind;
use crate::ir::{Adapter, Block, Expr, Op, Place, Range, Stmt, Type, VarId};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

impl Printer<'_> {
    /// Statements in order.
    pub fn block(&self, block: &Block) -> TokenStream {
        block.iter().map(|stmt| self.stmt(stmt)).collect()
    }

    fn stmt(&self, stmt: &Stmt) -> TokenStream {
        match stmt {
            Stmt::Let { var, init } => {
                let (name, value) = (self.binding(*var), self.stored(*var, init));
                quote!(let #name = #value;)
            }
            Stmt::LetStatic { var, init } => {
                let (name, init) = (&self.program.vars[var.0].name, self.int(init).0);
                quote!(let #name = #init;)
            }
            Stmt::LetOrder { var, of, descending } => {
                let name = &self.program.vars[var.0].name;
                let lanes = self.runtime("lanes");
                let argsort = format_ident!("{}", if *descending { "argsort_desc" } else { "argsort" });
                let of = self.reference(of);
                quote!(let #name = #lanes::#argsort(#of);)
            }
            Stmt::LetEmptyOrder { var } => self.empty(*var),
            Stmt::Assign { place, value } => {
                let (target, value) = (self.target(place), self.stored(place.var, value));
                quote!(#target = #value;)
            }
            Stmt::Accumulate { place, value } => self.accumulate(place, value),
            Stmt::For { var, range, body } => {
                let (name, range, body) =
                    (&self.program.vars[var.0].name, self.range(range), self.block(body));
                quote!(for #name in #range { #body across_lanes(); })
            }
            Stmt::If { cond, then, otherwise } => {
                let (cond, then) = (self.int(cond).0, self.block(then));
                if otherwise.is_empty() {
                    return quote!(if #cond { #then });
                }
                let tokens = self.block(otherwise);
                match &otherwise[..] {
                    [Stmt::If { .. }] => quote!(if #cond { #then } else #tokens),
                    _ => quote!(if #cond { #then } else { #tokens }),
                }
            }
            Stmt::Push(place) => self.push(place),
            Stmt::Pop(place) => {
                if self.program.dims(place).is_empty() {
                    let (target, value) = (self.target(place), self.popped(place.var));
                    quote!(#target = #value;)
                } else {
                    let target = self.reference_mut(place);
                    quote!(tape.pop_all(#target);)
                }
            }
            Stmt::LetPop { var } => match &self.program.vars[var.0].ty {
                Type::Float(dims) if dims.is_empty() => {
                    let (name, value) = (self.binding(*var), self.popped(*var));
                    quote!(let #name = #value;)
                }
                Type::Float(_) => {
                    let (empty, name) = (self.empty(*var), &self.program.vars[var.0].name);
                    quote!(#empty tape.pop_all(&mut #name);)
                }
                _ => {
                    let (empty, name) = (self.empty(*var), &self.program.vars[var.0].name);
                    quote!(#empty tape.pop_indices(&mut #name);)
                }
            },
            Stmt::Reverse { builtin, function, args, into } => {
                let name = self.runtime(function.function);
                let passive =
                    |i: usize| function.args.get(i).is_some_and(|&of| builtin.args[of].is_passive());
                let args = args.iter().enumerate().map(|(i, arg)| match arg {
                    Expr::Read(place) if !self.program.dims(place).is_empty() => self.reference(place),
                    arg if passive(i) => self.passive(arg).0,
                    arg => self.active(arg).0,
                });
                let into = self.reference_mut(into);
                quote!(#name(#(#args,)* #into);)
            }
            Stmt::Scatter { order, adjoint, into } => {
                let name = self.runtime("gather_reverse");
                let (order, adjoint) = (&self.program.vars[order.0].name, self.reference(adjoint));
                let into = self.reference_mut(into);
                quote!(#name(&#order, #adjoint, #into);)
            }
        }
    }

    /// The name in a `let`.
    fn binding(&self, var: VarId) -> TokenStream {
        let var = &self.program.vars[var.0];
        let name = &var.name;
        if var.mutable { quote!(mut #name) } else { quote!(#name) }
    }

    /// A variable of the right type whose value does not matter yet.
    fn empty(&self, var: VarId) -> TokenStream {
        let name = &self.program.vars[var.0].name;
        match &self.program.vars[var.0].ty {
            Type::Float(dims) => {
                let zeros = self.array(
                    &Expr::Filled(Box::new(Expr::Lit(0.0)), dims.clone()),
                    self.program.vars[var.0].active,
                );
                quote!(let mut #name = #zeros;)
            }
            Type::Order(n) => {
                let n = self.int(n).0;
                quote!(let mut #name = [Default::default(); #n];)
            }
            Type::Int | Type::Bool => unreachable!("integers are never saved"),
        }
    }

    /// The left side of an assignment.
    fn target(&self, place: &Place) -> TokenStream {
        let text = self.place(place);
        // The whole of an array behind a reference.
        if place.indices.is_empty() && self.reference(place).to_string() == text.to_string() {
            quote!(*#text)
        } else {
            text
        }
    }

    /// A value as the variable holds it.
    fn stored(&self, var: VarId, value: &Expr) -> TokenStream {
        let active = self.program.vars[var.0].active;
        match value {
            Expr::Filled(..) | Expr::Array(_) => self.array(value, active),
            // A passive array copied into an active variable: lifted element by element.
            Expr::Read(place)
                if active && !value.is_active(&self.program.vars) && !self.program.dims(place).is_empty() =>
            {
                let (rank, s) = (self.program.dims(place).len(), &self.scalar);
                let lift = (1..rank).fold(quote!(#s::constant), |inner, _| quote!(|row| row.map(#inner)));
                let place = self.place(place);
                quote!(#place.map(#lift))
            }
            value if active => self.active(value).0,
            value => self.passive(value).0,
        }
    }

    fn accumulate(&self, place: &Place, value: &Expr) -> TokenStream {
        if !self.program.dims(place).is_empty() {
            let add_all = self.runtime("add_all");
            let Expr::Read(from) = value else { unreachable!("only whole arrays are added") };
            let (into, from) = (self.reference_mut(place), self.reference(from));
            return quote!(#add_all(#into, #from););
        }
        let target = self.target(place);
        let vars = &self.program.vars;
        let (value, minus) = match value {
            Expr::Neg(value) => (&**value, true),
            value => (value, false),
        };
        if !vars[place.var.0].active {
            let value = self.passive(value).0;
            return if minus { quote!(#target -= #value;) } else { quote!(#target += #value;) };
        }
        // Products are fused with the sum: `x += a * b` as one instruction per tangent and factor.
        if let Expr::Binary(Op::Mul, a, b) = value {
            match (a.is_active(vars), b.is_active(vars)) {
                (true, true) => {
                    let (a, b) = (self.expr(a).0, self.expr(b).0);
                    return if minus {
                        quote!(#target.sub_product(#a, #b);)
                    } else {
                        quote!(#target.add_product(#a, #b);)
                    };
                }
                (false, false) => {}
                (active, _) => {
                    let (a, b) = if active { (a, b) } else { (b, a) };
                    let factor = if minus { Expr::neg((**b).clone()) } else { (**b).clone() };
                    let (a, factor) = (self.expr(a).0, self.expr(&factor).0);
                    return quote!(#target.add_scaled(#a, #factor););
                }
            }
        }
        let value = self.expr(value).0;
        if minus { quote!(#target -= #value;) } else { quote!(#target += #value;) }
    }

    fn push(&self, place: &Place) -> TokenStream {
        let var = &self.program.vars[place.var.0];
        if let Type::Order(_) = var.ty {
            let name = &var.name;
            return quote!(tape.push_indices(&#name););
        }
        if self.program.dims(place).is_empty() {
            let value = self.active(&Expr::Read(place.clone())).0;
            quote!(tape.push(#value);)
        } else {
            let value = self.reference(place);
            quote!(tape.push_all(#value);)
        }
    }

    fn popped(&self, var: VarId) -> TokenStream {
        if self.program.vars[var.0].active { quote!(tape.pop()) } else { quote!(tape.pop().value()) }
    }

    fn range(&self, range: &Range) -> TokenStream {
        let (start, end) = (self.int(&range.start).at_least_sum(), self.int(&range.end).at_least_sum());
        let plain = quote!(#start..#end);
        if range.adapters.is_empty() {
            return plain;
        }
        let adapters = range.adapters.iter().map(|adapter| match adapter {
            Adapter::Rev => quote!(.rev()),
            Adapter::StepBy(k) => {
                let k = self.int(k).0;
                quote!(.step_by(#k))
            }
        });
        quote!((#plain)#(#adapters)*)
    }

    /// What a block pushes, counted without computing floats.
    pub fn tape_len(&self, block: &Block) -> TokenStream {
        let mut out = TokenStream::new();
        for stmt in block {
            out.extend(match stmt {
                Stmt::LetStatic { .. } => self.stmt(stmt),
                Stmt::Push(place) => {
                    let sizes = self.program.dims(place).iter().map(|n| self.int(n).at_least_product());
                    let size = sizes.reduce(|a, b| quote!(#a * #b)).unwrap_or_else(|| quote!(1));
                    match &self.program.vars[place.var.0].ty {
                        Type::Order(_) => quote!(len.indices += #size;),
                        _ => quote!(len.values += #size;),
                    }
                }
                Stmt::For { var, range, body } if pushes(body) => {
                    let (name, range, body) =
                        (&self.program.vars[var.0].name, self.range(range), self.tape_len(body));
                    quote!(for #name in #range { #body })
                }
                Stmt::If { cond, then, otherwise } if pushes(then) || pushes(otherwise) => {
                    let cond = self.int(cond).0;
                    let (then, otherwise) = (self.tape_len(then), self.tape_len(otherwise));
                    quote!(if #cond { #then } else { #otherwise })
                }
                _ => TokenStream::new(),
            });
        }
        out
    }
}

/// The block pushes something.
pub fn pushes(block: &Block) -> bool {
    block.iter().any(|stmt| match stmt {
        Stmt::Push(_) => true,
        Stmt::For { body, .. } => pushes(body),
        Stmt::If { then, otherwise, .. } => pushes(then) || pushes(otherwise),
        _ => false,
    })
}

impl super::expr::Text {
    fn at_least_sum(self) -> TokenStream {
        if self.1 < Bind::Sum {
            let text = self.0;
            quote!((#text))
        } else {
            self.0
        }
    }
    fn at_least_product(self) -> TokenStream {
        if self.1 < Bind::Product {
            let text = self.0;
            quote!((#text))
        } else {
            self.0
        }
    }
}
