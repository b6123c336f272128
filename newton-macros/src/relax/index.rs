//! Relaxed indices: reads are weighted sums over all elements, writes go to all by weight.

use super::Pass;
use super::branch::mixture;
use super::probability::one_if;
use crate::builtins::Builtin;
use crate::ir::{Discrete, Expr, Kind, Place, Range, Stmt, Type, VarId};
use proc_macro2::Span;

impl Pass<'_> {
    /// The indices of a place that are relaxed: which, and what variables.
    pub(super) fn soft_indices(&self, place: &Place) -> Vec<(usize, VarId)> {
        let all = place.indices.iter().enumerate();
        all.filter_map(|(i, index)| match index {
            Discrete::Read(index) if self.marks.weights.contains_key(&index.var) => Some((i, index.var)),
            _ => None,
        })
        .collect()
    }

    /// The weights that an index has become.
    pub(super) fn weights(&mut self, index: Discrete, span: Span) -> Expr {
        match index {
            Discrete::Call(name, place) => {
                let row = self.read(place);
                let Some(array) = self.array(row) else { return Expr::Lit(0.0) };
                self.weights_over(name == "argmax", array)
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

    /// With a variable for each index that is an `argmin` or `argmax` itself.
    pub(super) fn with_weights(&mut self, mut place: Place) -> Place {
        for index in &mut place.indices {
            if let Some(len) = self.marks.weights_of(index, self.program)
                && let Discrete::Call(..) = index
            {
                let init = self.weights(index.clone(), place.span);
                let var = self.declare("index", Type::float(vec![len.clone()]));
                self.out.push(Stmt::Let { var, init });
                self.marks.weights.insert(var, len);
                *index = Discrete::Read(Place { span: place.span, ..Place::of(var) });
            }
        }
        place
    }

    /// The value of a place; at relaxed indices, the sum over all elements by weight. Conditions count as 0 and 1.
    pub(super) fn read(&mut self, place: Place) -> Expr {
        let place = self.with_weights(place);
        let kind = self.program.vars[place.var.0].ty.kind;
        let dims = self.program.dims(&place).to_vec();
        match self.soft_indices(&place)[..] {
            [] => return Expr::Read(self.place(place)),
            // An element of a row.
            [(at, index)] if kind == Kind::Float && dims.is_empty() && at + 1 == place.indices.len() => {
                let mut row = place;
                row.indices.pop();
                let row = self.place(row);
                return Expr::Call(Builtin::internal("soft_read"), vec![Expr::var(index), Expr::Read(row)]);
            }
            _ => {}
        }
        let name = format!("{}_read", self.program.vars[place.var.0].name);
        let sum = self.declare(&name, Type::float(dims.clone()));
        self.out.push(Stmt::Let { var: sum, init: Expr::zeros(dims) });
        self.program.vars[sum.0].mutable = true;
        self.over(place, |pass, weight, place| {
            let place = pass.place(place);
            if pass.program.dims(&place).is_empty() {
                let element = match kind {
                    Kind::Float => Expr::Read(place),
                    Kind::Int => Expr::FromInt(Discrete::Read(place)),
                    Kind::Bool => one_if(Discrete::Read(place)),
                };
                let value = Expr::mul(weight, element);
                pass.out.push(Stmt::Accumulate { place: Place::of(sum), value });
            } else {
                let row = pass.row(&place);
                pass.each(sum, |_, at| Expr::add(at(sum), Expr::mul(weight, at(row))));
            }
        });
        Expr::var(sum)
    }

    /// `place = value`; at relaxed indices, all elements move towards the value by weight.
    pub(super) fn write(&mut self, place: Place, value: Expr) {
        let place = self.with_weights(place);
        if self.soft_indices(&place).is_empty() {
            let place = self.place(place);
            self.out.push(Stmt::Assign { place, value });
            return;
        }
        let dims = self.program.dims(&place).to_vec();
        let new = self.declare("new", Type::float(dims));
        self.out.push(Stmt::Let { var: new, init: value });
        self.over(place, |pass, weight, place| {
            let place = pass.place(place);
            let value = if pass.program.dims(&place).is_empty() {
                mixture(&weight, Expr::var(new), Expr::Read(place.clone()))
            } else {
                let row = pass.row(&place);
                pass.each(row, |_, at| mixture(&weight, at(new), at(row)));
                Expr::var(row)
            };
            pass.out.push(Stmt::Assign { place, value });
        });
    }

    /// A copy of a row.
    fn row(&mut self, place: &Place) -> VarId {
        let row = self.declare("row", Type::float(self.program.dims(place).to_vec()));
        self.out.push(Stmt::Let { var: row, init: Expr::Read(place.clone()) });
        row
    }

    /// Runs `f` for every element over which a place's indices are spread, with its weight and the place with its indices.
    fn over(&mut self, place: Place, f: impl FnOnce(&mut Self, Expr, Place)) {
        let mut element = place;
        let mut weights = None;
        let mut ranges = Vec::new();
        for (at, index) in self.soft_indices(&element) {
            let counter = self.declare("k", Type::INT);
            let k = Discrete::Read(Place::of(counter));
            let weight = Expr::Read(Place::of(index).at(k.clone()));
            element.indices[at] = k;
            weights = Some(match weights {
                None => weight,
                Some(weights) => Expr::mul(weights, weight),
            });
            let end = self.marks.weights[&index].clone();
            ranges.push((counter, Range { start: Discrete::lit(0), end, adapters: Vec::new() }));
        }
        let weight = weights.expect("an index is relaxed");
        let ((), mut body) = self.collect(|pass| {
            let weight = pass.named("weight", weight);
            f(pass, weight, element);
        });
        for (var, range) in ranges.into_iter().rev() {
            body = vec![Stmt::For { var, range, body }];
        }
        self.out.extend(body);
    }
}
