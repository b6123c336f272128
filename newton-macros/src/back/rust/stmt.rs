//! Statements.

use super::Printer;
use super::expr::Bind;
use crate::ir::{Adapter, Block, Discrete, Expr, Kind, Op, Place, Range, Stmt, VarId};
use proc_macro2::TokenStream;
use quote::quote;

impl Printer<'_> {
    /// Statements in order.
    pub fn block(&self, block: &Block) -> TokenStream {
        block.iter().map(|stmt| self.stmt(stmt)).collect()
    }

    fn stmt(&self, stmt: &Stmt) -> TokenStream {
        match stmt {
            Stmt::Let { var, init } => {
                let (name, value) = (self.binding(*var), self.stored(*var, init));
                self.declare(*var);
                quote!(let #name = #value;)
            }
            Stmt::LetDiscrete { var, init } => {
                let (name, value) = (self.binding(*var), self.stored_discrete(*var, init));
                self.declare(*var);
                if self.is_unsure(init) {
                    self.unsure.borrow_mut().insert(*var);
                }
                let ty = self.annotation(*var);
                quote!(let #name #ty = #value;)
            }
            Stmt::LetEmpty { var } => self.empty(*var),
            Stmt::Assign { place, value } => self.assign(place, value),
            Stmt::AssignDiscrete { place, value } => self.assign_discrete(place, value),
            Stmt::Accumulate { place, value } => self.accumulate(place, value),
            Stmt::For { var, range, body } => {
                self.declare(*var);
                if [&range.start, &range.end].iter().any(|bound| self.is_extreme(bound)) {
                    self.unsure.borrow_mut().insert(*var);
                }
                let (name, range, body) =
                    (&self.program.vars[var.0].name, self.range(range), self.block(body));
                quote!(for #name in #range { #body across_lanes(); })
            }
            Stmt::If { cond, then, otherwise } => self.branch(cond, then, otherwise),
            Stmt::While { .. } | Stmt::Logic { .. } => unreachable!("`relax` has rewritten it"),
            Stmt::Call { results, callee, args } => self.call_function(results, callee, args),
            Stmt::Push(place) => self.push(place),
            Stmt::Pop(place) => self.pop(place),
            Stmt::LetPop { var } => {
                let name = self.binding(*var);
                let v = &self.program.vars[var.0];
                if v.ty.is_scalar() {
                    self.declare(*var);
                    let (value, ty) = (self.popped(*var), self.discrete_type(*var));
                    return quote!(let #name #ty = #value;);
                }
                let (empty, pop) = (self.empty(*var), self.pop(&Place::of(*var)));
                quote!(#empty #pop)
            }
            Stmt::Reverse { builtin, function, args, into } => {
                let name = self.runtime(function.function);
                let passive =
                    |i: usize| function.args.get(i).is_some_and(|&of| builtin.args[of].is_passive());
                let args: Vec<_> = args
                    .iter()
                    .enumerate()
                    .map(|(i, arg)| match arg {
                        Expr::Read(place) if !self.program.dims(place).is_empty() => self.reference(place),
                        arg if passive(i) => self.passive(arg).0,
                        arg => self.active(arg).0,
                    })
                    .collect();
                self.adding(into, |into| quote!(#name(#(#args,)* #into);))
            }
            Stmt::Scatter { order, adjoint, into } => {
                let name = self.runtime("gather_reverse");
                let (order, adjoint) = (&self.program.vars[order.0].name, self.reference(adjoint));
                self.adding(into, |into| quote!(#name(&#order, #adjoint, #into);))
            }
            Stmt::ReverseCall { callee, args, adjoints, into } => {
                self.reverse_call(callee, args, adjoints, into)
            }
        }
    }

    /// The bound of a loop comes from labels.
    fn is_extreme(&self, bound: &Discrete) -> bool {
        matches!(bound, Discrete::Extreme { .. }) || self.is_unsure(bound)
    }

    /// The name in a `let`.
    pub fn binding(&self, var: VarId) -> TokenStream {
        let var = &self.program.vars[var.0];
        let name = &var.name;
        if var.mutable { quote!(mut #name) } else { quote!(#name) }
    }

    /// The type of a uniform integer, where the user gave it.
    fn annotation(&self, var: VarId) -> Option<TokenStream> {
        let var = &self.program.vars[var.0];
        let ty = var.annotation.as_ref().filter(|_| !var.varying && var.ty.is_discrete())?;
        Some(quote!(: #ty))
    }

    /// The type of an integer or a condition that the reverse sweep declares anew.
    fn discrete_type(&self, var: VarId) -> Option<TokenStream> {
        let v = &self.program.vars[var.0];
        let p = &self.passive;
        match (v.ty.kind, v.varying) {
            (Kind::Float, _) => None,
            (Kind::Int, true) => Some(quote!(: #p::Index)),
            (Kind::Bool, true) => Some(quote!(: #p::Mask)),
            (Kind::Bool, false) => Some(quote!(: bool)),
            (Kind::Int, false) => Some(self.annotation(var).unwrap_or_else(|| quote!(: usize))),
        }
    }

    /// A variable of the right type whose value does not matter yet.
    fn empty(&self, var: VarId) -> TokenStream {
        self.declare(var);
        let v = &self.program.vars[var.0];
        let name = &v.name;
        let (s, p) = (&self.scalar, &self.passive);
        let element = match (v.ty.kind, v.active, v.varying) {
            (Kind::Float, true, _) => quote!(#s::zero()),
            (Kind::Float, false, _) => quote!(#p::zero()),
            (Kind::Int, _, true) => quote!(#p::int(0)),
            (Kind::Int, _, false) => quote!(0),
            (Kind::Bool, _, true) => quote!(#p::mask(false)),
            (Kind::Bool, _, false) => quote!(false),
        };
        let ty = if v.ty.is_scalar() { self.discrete_type(var) } else { self.annotation(var) };
        let value = self.filled(element, &v.ty.dims);
        quote!(let mut #name #ty = #value;)
    }

    /// A branch: Rust's own on a uniform condition, else masked regions.
    fn branch(&self, cond: &Discrete, then: &Block, otherwise: &Block) -> TokenStream {
        if cond.is_varying(&self.program.vars) {
            let (yes, no) = match cond {
                Discrete::Unary(syn::UnOp::Not(_), inner) => {
                    let inner = self.by_lane_as(inner, true);
                    (quote!(!#inner), quote!(#inner))
                }
                cond => {
                    let cond = self.by_lane_as(cond, true);
                    (quote!(#cond), quote!(!#cond))
                }
            };
            let then = self.region(yes, then);
            let otherwise = self.region(no, otherwise);
            return quote!(#then #otherwise);
        }
        let (cond, then) = (self.int(cond).0, self.block(then));
        if otherwise.is_empty() {
            return quote!(if #cond { #then });
        }
        let tokens = self.block(otherwise);
        match &otherwise[..] {
            [Stmt::If { cond: next, .. }] if !next.is_varying(&self.program.vars) => {
                quote!(if #cond { #then } else #tokens)
            }
            _ => quote!(if #cond { #then } else { #tokens }),
        }
    }

    /// Statements in which only those samples take part for which a condition holds.
    fn region(&self, cond: TokenStream, body: &Block) -> TokenStream {
        if body.is_empty() {
            return TokenStream::new();
        }
        let mask = if self.is_masked() { quote!(mask & #cond) } else { cond };
        self.regions.borrow_mut().push(Default::default());
        let text = self.block(body);
        self.regions.borrow_mut().pop();
        if is_guarded(body) {
            quote!({ let mask = #mask; if mask.any() { #text } })
        } else {
            quote!({ let mask = #mask; #text })
        }
    }

    /// The left side of an assignment.
    pub fn target(&self, place: &Place) -> TokenStream {
        let text = self.place(place);
        if place.indices.is_empty() && self.is_reference(place) { quote!(*#text) } else { text }
    }

    fn assign(&self, place: &Place, assigned: &Expr) -> TokenStream {
        let var = &self.program.vars[place.var.0];
        let value = self.stored(place.var, assigned);
        let t = if var.active { &self.scalar } else { &self.passive };
        let scalar = self.program.dims(place).is_empty();
        if place.is_varying(&self.program.vars) {
            let (flat, index) = self.element_mut(place);
            let mask = self.mask();
            return if scalar {
                quote!({ let (value, index) = (#value, #index); value.scatter(#flat, index, #mask); })
            } else {
                quote!({ let (row, index) = (#value, #index); lanes::scatter_row::<#t, _>(&row, #flat, index, #mask); })
            };
        }
        let target = self.target(place);
        if !self.is_outer(place.var) {
            return quote!(#target = #value;);
        }
        if scalar {
            quote!(#target = #t::select(mask, #value, #target);)
        } else {
            let into = self.reference_mut(place);
            let mut own = false;
            assigned.for_each_read(&mut |read| own |= read.var == place.var);
            if own {
                // A row of the same array: it cannot be lent beside the array.
                return quote!({ let row = #value; lanes::assign_where::<#t, _>(mask, #into, &row); });
            }
            quote!(lanes::assign_where::<#t, _>(mask, #into, &#value);)
        }
    }

    fn assign_discrete(&self, place: &Place, value: &Discrete) -> TokenStream {
        let p = &self.passive;
        let var = &self.program.vars[place.var.0];
        let value = self.stored_discrete(place.var, value);
        let condition = var.ty.kind == Kind::Bool;
        if place.is_varying(&self.program.vars) {
            let (flat, index) = self.element_mut(place);
            let mask = self.mask();
            let value = if condition { quote!(#value.as_int()) } else { value };
            return quote!({ let (value, index) = (#value, #index); lanes::store::<#p, _>(value, #flat, index, #mask); });
        }
        let target = self.target(place);
        if !self.is_outer(place.var) || !var.varying {
            return quote!(#target = #value;);
        }
        let scalar = self.program.dims(place).is_empty();
        let into = self.reference_mut(place);
        match (condition, scalar) {
            (false, true) => quote!(#target = #p::pick(mask, #value, #target);),
            (true, true) => quote!(#target = #p::pick_mask(mask, #value, #target);),
            (false, false) => {
                quote!({ let row = #value; lanes::assign_ints_where::<#p, _>(mask, #into, &row); })
            }
            (true, false) => {
                quote!({ let row = #value; lanes::assign_masks_where::<#p, _>(mask, #into, &row); })
            }
        }
    }

    /// An integer or a condition as the variable holds it.
    fn stored_discrete(&self, var: VarId, value: &Discrete) -> TokenStream {
        let v = &self.program.vars[var.0];
        if !v.varying {
            return self.int(value).0;
        }
        match value {
            Discrete::Read(place) if !self.program.dims(place).is_empty() => {
                if self.program.vars[place.var.0].shared && place.is_varying(&self.program.vars) {
                    return self.read(place).0;
                }
                let varying = self.program.vars[place.var.0].varying;
                if varying {
                    let text = self.reference(place);
                    quote!(*#text)
                } else {
                    let (p, text) = (&self.passive, self.reference(place));
                    quote!(lanes::spread::<#p, _>(#text))
                }
            }
            value => self.by_lane_as(value, v.ty.kind == Kind::Bool),
        }
    }

    /// A value as the variable holds it.
    fn stored(&self, var: VarId, value: &Expr) -> TokenStream {
        let (s, p) = (&self.scalar, &self.passive);
        let active = self.program.vars[var.0].active;
        let lifted = |rank: usize, text: TokenStream| {
            let lift = (1..rank).fold(quote!(#s::constant), |inner, _| quote!(|row| row.map(#inner)));
            quote!(#text.map(#lift))
        };
        match value {
            Expr::Filled(..) | Expr::Array(_) => self.array(value, active),
            Expr::Const(constant) if !self.program.vars[var.0].ty.is_scalar() => {
                let text = if self.varies(constant) {
                    let (rows, index) = self.constant_table(constant);
                    quote!(lanes::table_row::<#p, _>(&#rows, #index))
                } else {
                    let text = self.constant(constant);
                    quote!(lanes::lift::<#p, _>(&#text))
                };
                if active { lifted(self.program.vars[var.0].ty.dims.len(), text) } else { text }
            }
            // A passive array copied into an active variable: lifted element by element.
            Expr::Read(place)
                if active && !value.is_active(&self.program.vars) && !self.program.dims(place).is_empty() =>
            {
                let text = self.expr(value).at_least(Bind::Atom);
                lifted(self.program.dims(place).len(), text)
            }
            value if active => self.active(value).0,
            value => self.passive(value).0,
        }
    }

    /// A statement that adds to an array: to one of its own first where not all samples take part.
    fn adding(&self, into: &Place, add: impl Fn(TokenStream) -> TokenStream) -> TokenStream {
        let varying = into.is_varying(&self.program.vars);
        if !varying && !self.is_outer(into.var) {
            return add(self.reference_mut(into));
        }
        let s = &self.scalar;
        let zeros = self.filled(quote!(#s::zero()), self.program.dims(into));
        let statement = add(quote!(&mut part));
        let add_all = if varying {
            let (flat, index) = self.element_mut(into);
            let mask = self.mask();
            quote!({ let index = #index; lanes::scatter_add_row::<#s, _>(&part, #flat, index, #mask); })
        } else {
            let into = self.reference_mut(into);
            quote!(lanes::add_all_where::<#s, _>(mask, #into, &part);)
        };
        quote!({ let mut part = #zeros; #statement #add_all })
    }

    fn accumulate(&self, place: &Place, value: &Expr) -> TokenStream {
        let vars = &self.program.vars;
        let active = vars[place.var.0].active;
        let t = if active { &self.scalar } else { &self.passive };
        if !self.program.dims(place).is_empty() {
            let Expr::Read(from) = value else { unreachable!("only whole arrays are added") };
            let from = self.reference(from);
            if place.is_varying(vars) {
                let (flat, index) = self.element_mut(place);
                let mask = self.mask();
                return quote!({ let index = #index; lanes::scatter_add_row::<#t, _>(#from, #flat, index, #mask); });
            }
            let into = self.reference_mut(place);
            return if self.is_outer(place.var) {
                quote!(lanes::add_all_where::<#t, _>(mask, #into, #from);)
            } else {
                quote!(lanes::add_all(#into, #from);)
            };
        }
        if place.is_varying(vars) {
            let value = if active { self.active(value).0 } else { self.passive(value).0 };
            let (flat, index) = self.element_mut(place);
            let mask = self.mask();
            return quote!({ let (value, index) = (#value, #index); value.scatter_add(#flat, index, #mask); });
        }
        let target = self.target(place);
        if self.is_outer(place.var) {
            let value = if active { self.active(value).0 } else { self.passive(value).0 };
            return quote!(#target += #t::select(mask, #value, #t::zero()););
        }
        self.accumulate_plain(place, target, value)
    }

    /// `x += e` for all samples. Products are fused with the sum: `x += a * b` as one instruction per tangent and factor.
    fn accumulate_plain(&self, place: &Place, target: TokenStream, value: &Expr) -> TokenStream {
        let vars = &self.program.vars;
        let (value, minus) = match value {
            Expr::Neg(value) => (&**value, true),
            value => (value, false),
        };
        if !vars[place.var.0].active {
            let value = self.passive(value).0;
            return if minus { quote!(#target -= #value;) } else { quote!(#target += #value;) };
        }
        let receiver = if place.indices.is_empty() && self.is_reference(place) {
            quote!((#target))
        } else {
            target.clone()
        };
        if let Expr::Binary(Op::Mul, a, b) = value {
            match (a.is_active(vars), b.is_active(vars)) {
                (true, true) => {
                    let (a, b) = (self.expr(a).0, self.expr(b).0);
                    return if minus {
                        quote!(#receiver.sub_product(#a, #b);)
                    } else {
                        quote!(#receiver.add_product(#a, #b);)
                    };
                }
                (false, false) => {}
                (active, _) => {
                    let (a, b) = if active { (a, b) } else { (b, a) };
                    let factor = if minus { Expr::neg((**b).clone()) } else { (**b).clone() };
                    let (a, factor) = (self.expr(a).0, self.expr(&factor).0);
                    return quote!(#receiver.add_scaled(#a, #factor););
                }
            }
        }
        let value = self.expr(value).0;
        if minus { quote!(#target -= #value;) } else { quote!(#target += #value;) }
    }

    fn range(&self, range: &Range) -> TokenStream {
        let (start, end) =
            (self.int(&range.start).at_least(Bind::Sum), self.int(&range.end).at_least(Bind::Sum));
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
}

/// Whether the statements must not run for no sample: because an index, say, may be out of range where the user's program would
/// not have been; or because they pass over the tape, so that the two sweeps, whose statements differ, skip the same regions.
fn is_guarded(block: &Block) -> bool {
    block.iter().any(|stmt| match stmt {
        Stmt::Let { init, .. } => init.is_risky(),
        Stmt::LetDiscrete { init, .. } => init.is_risky(),
        Stmt::Assign { place, value } | Stmt::Accumulate { place, value } => {
            !place.indices.is_empty() || value.is_risky()
        }
        Stmt::AssignDiscrete { place, value } => !place.indices.is_empty() || value.is_risky(),
        Stmt::If { cond, then, otherwise } => cond.is_risky() || is_guarded(then) || is_guarded(otherwise),
        Stmt::Push(_) | Stmt::Pop(_) | Stmt::LetPop { .. } => true,
        Stmt::LetEmpty { .. } => false,
        Stmt::While { .. } | Stmt::Logic { .. } => unreachable!("`relax` has rewritten it"),
        Stmt::For { .. } | Stmt::Call { .. } | Stmt::ReverseCall { .. } => true,
        Stmt::Reverse { into, .. } | Stmt::Scatter { into, .. } => !into.indices.is_empty(),
    })
}
