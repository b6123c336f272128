//! `a && b` and `a || b` where b does not make sense for every a: `j > 0 && x[j - 1] > x[j]`.
//!
//! Of probabilities both sides count, so b is evaluated wherever a is no condition on integers that decides. An index that such a condition
//! guards stays guarded.

use super::Pass;
use crate::ir::{Block, Discrete, Expr, Place, Stmt, Type, VarId};
use syn::BinOp;

impl Pass<'_> {
    /// `let var = left op { inner; right };`
    pub(super) fn logic(
        &mut self,
        var: VarId,
        op: &BinOp,
        left: Discrete,
        mut inner: Block,
        right: Discrete,
    ) {
        let and = is_and(op).expect("the front end knows no others");
        if !self.marks.is_float(var) {
            let decided =
                Discrete::Path(if and { syn::parse_quote!(false) } else { syn::parse_quote!(true) });
            self.out.push(Stmt::LetDiscrete { var, init: decided });
            let left = self.condition(left);
            inner.push(Stmt::AssignDiscrete { place: Place::of(var), value: right });
            let inner = self.block(inner);
            self.guarded(and, Some(left), inner);
        } else {
            let guard = self.decides(and, &left);
            let guard = guard.map(|guard| self.condition(guard));
            if let Some(guard) = &guard {
                self.guards.insert(var, (and, guard.clone()));
            }
            let p = self.marks.is_soft(&left).then(|| self.probability(left));
            let p = p.map(|p| self.named("p", p));
            self.out.push(Stmt::Let { var, init: Expr::Lit(if and { 0.0 } else { 1.0 }) });
            let ((), inner) = self.collect(|pass| {
                inner.into_iter().for_each(|stmt| pass.stmt(stmt));
                let q = pass.probability(right);
                let value = match p {
                    None => q,
                    Some(p) if and => Expr::mul(p, q),
                    Some(p) => {
                        let q = pass.named("q", q);
                        pass.either(p, q)
                    }
                };
                pass.out.push(Stmt::Assign { place: Place::of(var), value });
            });
            self.guarded(and, guard, inner);
        }
        self.program.vars[var.0].mutable = true;
    }

    /// Runs a block unless the guard decides.
    fn guarded(&mut self, and: bool, guard: Option<Discrete>, block: Block) {
        match guard {
            None => self.out.extend(block),
            Some(cond) => {
                let (then, otherwise) = if and { (block, Vec::new()) } else { (Vec::new(), block) };
                self.out.push(Stmt::If { cond, then, otherwise });
            }
        }
    }

    /// Keeps what decides a condition that the user has given a name.
    pub(super) fn note_guards(&mut self, var: VarId, init: &Discrete) {
        if !self.marks.probabilities.contains(&var) || self.program.vars[var.0].mutable {
            return;
        }
        for and in [true, false] {
            if let Some(guard) = self.decides(and, init) {
                let guard = self.condition(guard);
                self.guards.insert(var, (and, guard));
            }
        }
    }

    /// Conditions on integers among the operands of `&&` (of `||`): where one is false (true), the whole is.
    fn decides(&self, and: bool, cond: &Discrete) -> Option<Discrete> {
        match cond {
            hard if !self.marks.is_soft(hard) => Some(hard.clone()),
            Discrete::Read(place) => {
                self.guards.get(&place.var).filter(|(of, _)| *of == and).map(|(_, guard)| guard.clone())
            }
            Discrete::Binary(op, a, b) if is_and(op) == Some(and) => {
                match (self.decides(and, a), self.decides(and, b)) {
                    (Some(a), Some(b)) => Some(Discrete::binary(a, *op, b)),
                    (a, b) => a.or(b),
                }
            }
            _ => None,
        }
    }

    /// A variable with a condition that stays one.
    fn condition(&mut self, cond: Discrete) -> Discrete {
        let init = self.hard(cond);
        let var = self.declare("first", Type::BOOL);
        self.out.push(Stmt::LetDiscrete { var, init });
        Discrete::Read(Place::of(var))
    }
}

fn is_and(op: &BinOp) -> Option<bool> {
    match op {
        BinOp::And(_) => Some(true),
        BinOp::Or(_) => Some(false),
        _ => None,
    }
}
