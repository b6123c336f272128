//! Relaxed branches: both sides are run, and what they change is mixed.

use super::probability::complement;
use super::{Pass, mark};
use crate::ir::{Block, Discrete, Expr, Place, Stmt, Type, VarId};

impl Pass<'_> {
    /// `if p { then } else { otherwise }`
    pub(super) fn branch(&mut self, p: Expr, then: Block, otherwise: Block) {
        let p = Expr::var(self.store("p", p));
        let (in_then, in_otherwise) = (mark::changed(&then), mark::changed(&otherwise));
        let both: Vec<VarId> = in_then.union(&in_otherwise).copied().collect();
        let before: Vec<VarId> = both.iter().map(|var| self.copy("before", *var)).collect();
        self.side(p.clone(), then);
        // What the first side made of each, where the second starts from what was before.
        let second = !otherwise.is_empty();
        let after: Vec<VarId> = both
            .iter()
            .zip(&before)
            .map(|(var, before)| {
                if !second || !in_then.contains(var) {
                    return *before;
                }
                let after = self.copy("taken", *var);
                self.out.push(Stmt::Assign { place: Place::of(*var), value: Expr::var(*before) });
                self.program.vars[var.0].mutable = true;
                after
            })
            .collect();
        self.side(complement(p.clone()), otherwise);
        for (var, other) in both.into_iter().zip(after) {
            let p = p.clone();
            if second {
                self.each(var, |_, at| mixture(&p, at(other), at(var)));
            } else {
                self.each(var, |_, at| mixture(&p, at(var), at(other)));
            }
        }
    }

    /// A side of a branch, skipped where it hardly counts.
    fn side(&mut self, p: Expr, block: Block) {
        if block.is_empty() {
            return;
        }
        let block = self.block(block);
        if self.relax.epsilon == 0.0 {
            // Names in it may be those of the other side.
            let always = Discrete::Path(syn::parse_quote!(true));
            self.out.push(Stmt::If { cond: always, then: block, otherwise: Vec::new() });
            return;
        }
        let cond = self.above_epsilon(p, "counts");
        self.out.push(Stmt::If { cond, then: block, otherwise: Vec::new() });
    }

    /// A variable that says whether a probability is more than epsilon.
    pub(super) fn above_epsilon(&mut self, p: Expr, name: &str) -> Discrete {
        let cond = self.declare(name, Type::BOOL);
        let epsilon = Expr::Lit(self.relax.epsilon);
        let init = Discrete::Compare(syn::parse_quote!(>), Box::new(p), Box::new(epsilon));
        self.out.push(Stmt::LetDiscrete { var: cond, init });
        Discrete::Read(Place::of(cond))
    }

    pub(super) fn copy(&mut self, name: &str, var: VarId) -> VarId {
        let ty = self.program.vars[var.0].ty.clone();
        let name = format!("{}_{name}", self.program.vars[var.0].name.to_string().trim_end_matches('_'));
        let copy = self.declare(&name, ty);
        self.out.push(Stmt::Let { var: copy, init: Expr::var(var) });
        copy
    }
}

/// p a + (1 - p) b
pub(super) fn mixture(p: &Expr, a: Expr, b: Expr) -> Expr {
    Expr::add(Expr::mul(p.clone(), a), Expr::mul(complement(p.clone()), b))
}
