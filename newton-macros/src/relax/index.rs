//! Relaxed indices: reads are weighted sums over all elements, writes go to all by weight.

use super::Pass;
use super::branch::mixture;
use crate::builtins::Builtin;
use crate::ir::{Discrete, Expr, Place, Range, Stmt, Type, VarId};
use proc_macro2::Span;

impl Pass<'_> {
    /// The first index of a place that is relaxed: where it is, and which variable.
    pub(super) fn soft_index(&self, place: &Place) -> Option<(usize, VarId)> {
        place.indices.iter().enumerate().find_map(|(i, index)| match index {
            Discrete::Read(index) if self.marks.weights.contains_key(&index.var) => Some((i, index.var)),
            _ => None,
        })
    }

    /// The weights that an index has become.
    pub(super) fn weights(&mut self, index: Discrete, span: Span) -> Expr {
        match index {
            Discrete::Call(name, place) => {
                let place = self.place(place);
                self.weights_over(name == "argmax", place)
            }
            Discrete::Read(place) => Expr::Read(place),
            _ => {
                self.errors.at(
                    span,
                    "this variable is a relaxed index elsewhere: give it `argmin` or `argmax` of an array here as well",
                );
                Expr::Lit(0.0)
            }
        }
    }

    /// The value of a place; at a relaxed index, the sum over all elements by weight.
    pub(super) fn read(&mut self, place: Place) -> Expr {
        let Some((at, index)) = self.soft_index(&place) else { return Expr::Read(self.place(place)) };
        let dims = self.program.dims(&place).to_vec();
        if dims.is_empty() && at + 1 == place.indices.len() {
            let mut row = place;
            row.indices.pop();
            let row = self.place(row);
            return Expr::Call(Builtin::internal("soft_read"), vec![Expr::var(index), Expr::Read(row)]);
        }
        let name = format!("{}_read", self.program.vars[place.var.0].name);
        let sum = self.declare(&name, Type::float(dims.clone()));
        self.out.push(Stmt::Let { var: sum, init: Expr::zeros(dims) });
        self.program.vars[sum.0].mutable = true;
        self.over(index, at, place, |pass, weight, place| {
            if pass.program.dims(&place).is_empty() {
                let value = Expr::mul(weight, pass.read(place));
                pass.out.push(Stmt::Accumulate { place: Place::of(sum), value });
            } else {
                let row = pass.declare("row", Type::float(pass.program.dims(&place).to_vec()));
                let init = pass.read(place);
                pass.out.push(Stmt::Let { var: row, init });
                pass.each(sum, |_, at| Expr::add(at(sum), Expr::mul(weight, at(row))));
            }
        });
        Expr::var(sum)
    }

    /// `place = value`; at a relaxed index, all elements move towards the value by weight.
    pub(super) fn write(&mut self, place: Place, value: Expr) {
        let Some((at, index)) = self.soft_index(&place) else {
            let place = self.place(place);
            self.out.push(Stmt::Assign { place, value });
            return;
        };
        let dims = self.program.dims(&place).to_vec();
        let new = self.declare("new", Type::float(dims));
        self.out.push(Stmt::Let { var: new, init: value });
        self.over(index, at, place, |pass, weight, place| {
            if pass.program.dims(&place).is_empty() {
                let old = pass.read(place.clone());
                pass.write(place, mixture(&weight, Expr::var(new), old));
            } else {
                let row = pass.declare("row", Type::float(pass.program.dims(&place).to_vec()));
                let init = pass.read(place.clone());
                pass.out.push(Stmt::Let { var: row, init });
                pass.each(row, |_, at| mixture(&weight, at(new), at(row)));
                pass.write(place, Expr::var(row));
            }
        });
    }

    /// Runs `f` for every element over which an index is spread, with its weight and the place with that index.
    fn over(&mut self, index: VarId, at: usize, place: Place, f: impl FnOnce(&mut Self, Expr, Place)) {
        let len = self.marks.weights[&index].clone();
        let counter = self.declare("k", Type::INT);
        let k = Discrete::Read(Place::of(counter));
        let weight = Expr::Read(Place::of(index).at(k.clone()));
        let mut element = place;
        element.indices[at] = k;
        let ((), body) = self.collect(|pass| f(pass, weight, element));
        let range = Range { start: Discrete::lit(0), end: len, adapters: Vec::new() };
        self.out.push(Stmt::For { var: counter, range, body });
    }
}
