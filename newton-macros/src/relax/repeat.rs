//! Relaxed loops: the states in which a loop may stop, each weighted by how likely it stops there.

use super::attr::Resolve;
use super::{Pass, mark};
use crate::ir::{Block, Discrete, Expr, Kind, Place, Range, Stmt, VarId};
use proc_macro2::Span;

impl Pass<'_> {
    /// `while { prologue; cond } { body }`
    pub(super) fn repeat(&mut self, prologue: Block, cond: Discrete, body: Block, span: Span) {
        let Some(most) = &self.relax.max_iter else {
            self.errors.at(
                span,
                "say how often at most: `relax(logistic, beta = 10.0, max_iter = 18)`; what has not stopped by then is taken as it is",
            );
            return;
        };
        let most = most.resolve(self.program, self.errors);
        if !self.marks.is_soft(&cond) {
            return self.repeat_while_hard(prologue, cond, body, most);
        }
        let state: Vec<VarId> = mark::changed(&prologue).union(&mark::changed(&body)).copied().collect();
        let state: Vec<VarId> =
            state.into_iter().filter(|var| self.program.vars[var.0].ty.kind == Kind::Float).collect();
        let going = self.store("going", Expr::Lit(1.0));
        let stopped: Vec<VarId> = state.iter().map(|var| self.nothing_of(*var)).collect();
        let step = self.declare("step", crate::ir::Type::INT);
        let inner = self.collect(|pass| {
            let on = pass.above_epsilon(Expr::var(going), "on");
            let inner = pass.collect(|pass| {
                prologue.into_iter().for_each(|stmt| pass.stmt(stmt));
                let p = pass.probability(cond);
                let next = Expr::var(pass.store("next", Expr::mul(Expr::var(going), p)));
                let share =
                    Expr::var(pass.store("share", Expr::add(Expr::var(going), Expr::neg(next.clone()))));
                for (var, sum) in state.iter().zip(&stopped) {
                    let (var, sum, share) = (*var, *sum, share.clone());
                    pass.each(sum, |_, at| Expr::add(at(sum), Expr::mul(share, at(var))));
                }
                pass.assign(going, next);
                let run = pass.above_epsilon(Expr::var(going), "run");
                let more =
                    Discrete::binary(Discrete::Read(Place::of(step)), syn::parse_quote!(<), most.clone());
                let body = pass.block(body);
                let then = vec![Stmt::If { cond: run, then: body, otherwise: Vec::new() }];
                pass.out.push(Stmt::If { cond: more, then, otherwise: Vec::new() });
            });
            pass.out.push(Stmt::If { cond: on, then: inner.1, otherwise: Vec::new() });
        });
        let end = Discrete::plus(most, Discrete::lit(1));
        let range = Range { start: Discrete::lit(0), end, adapters: Vec::new() };
        self.out.push(Stmt::For { var: step, range, body: inner.1 });
        for (var, sum) in state.into_iter().zip(stopped) {
            self.each(var, |_, at| Expr::add(at(sum), Expr::mul(Expr::var(going), at(var))));
        }
    }

    /// Once it does not hold it never does again: nothing changes any more.
    fn repeat_while_hard(&mut self, prologue: Block, cond: Discrete, body: Block, most: Discrete) {
        let var = self.declare("step", crate::ir::Type::INT);
        let inner = self.collect(|pass| {
            prologue.into_iter().for_each(|stmt| pass.stmt(stmt));
            let cond = pass.hard(cond);
            let body = pass.block(body);
            pass.out.push(Stmt::If { cond, then: body, otherwise: Vec::new() });
        });
        let range = Range { start: Discrete::lit(0), end: most, adapters: Vec::new() };
        self.out.push(Stmt::For { var, range, body: inner.1 });
    }

    fn assign(&mut self, var: VarId, value: Expr) {
        self.program.vars[var.0].mutable = true;
        self.out.push(Stmt::Assign { place: Place::of(var), value });
    }

    /// Zero, of a variable's type.
    fn nothing_of(&mut self, var: VarId) -> VarId {
        let ty = self.program.vars[var.0].ty.clone();
        let name = format!("{}_stopped", self.program.vars[var.0].name.to_string().trim_end_matches('_'));
        let sum = self.declare(&name, ty.clone());
        self.out.push(Stmt::Let { var: sum, init: Expr::zeros(ty.dims) });
        sum
    }
}
