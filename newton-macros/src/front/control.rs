//! Branches, as statements and as values.

use super::value::{Scope, Value};
use super::{Front, describe};
use crate::errors::Outcome;
use crate::ir::{Block, Discrete, Kind, Place, Stmt, Type};
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::{BinOp, Pat};

/// A `match`, or a chain of `else if`, with more branches than this is refused: they nest.
const MOST_ARMS: usize = 100;

const TOO_MANY: &str =
    "these are too many branches: write a table, `const TABLE: [f32; 200] = ..;`, and `TABLE[k]`";

/// A branch whose value is not stored yet.
struct Branch {
    stmts: Block,
    value: Value,
    span: Span,
}

/// Branches and what decides between them.
enum Tree {
    Leaf(Branch),
    Fork { prologue: Block, cond: Discrete, then: Box<Tree>, otherwise: Box<Tree> },
}

impl Front<'_> {
    /// `a && right`, where `right` needs `inner` to be run first: only where `a` does not decide.
    pub(super) fn short_circuit(
        &mut self,
        left: Discrete,
        op: BinOp,
        mut inner: Block,
        right: Discrete,
    ) -> Discrete {
        let and = matches!(op, BinOp::And(_));
        let var =
            self.declare(&Ident::new(if and { "both" } else { "either" }, Span::call_site()), Type::BOOL);
        if self.relaxed {
            self.out.push(Stmt::Logic { var, op, left, inner, right });
            return Discrete::Read(Place::of(var));
        }
        let start: syn::Expr = if and { syn::parse_quote!(false) } else { syn::parse_quote!(true) };
        self.out.push(Stmt::LetDiscrete { var, init: Discrete::Path(start) });
        self.vars[var.0].mutable = true;
        inner.push(Stmt::AssignDiscrete { place: Place::of(var), value: right });
        let decided = self.settled(left, "first", Type::BOOL);
        let (then, otherwise) = if and { (inner, Vec::new()) } else { (Vec::new(), inner) };
        self.out.push(Stmt::If { cond: decided, then, otherwise });
        Discrete::Read(Place::of(var))
    }

    /// Refuses a chain of `else if` that is too long.
    fn check_chain(&mut self, e: &syn::ExprIf) -> Outcome<()> {
        let (mut n, mut at) = (1, e);
        while let Some((_, other)) = &at.else_branch
            && let syn::Expr::If(next) = &**other
        {
            (n, at) = (n + 1, next);
        }
        match n > MOST_ARMS {
            true => Err(self.errors.at(e.if_token.span, TOO_MANY)),
            false => Ok(()),
        }
    }

    pub(super) fn if_statement(&mut self, e: &syn::ExprIf) -> Outcome<()> {
        self.check_chain(e)?;
        let cond = self.condition(&e.cond).map(|cond| self.settled(cond, "cond", Type::BOOL));
        let then = self.unit_block(&e.then_branch);
        let otherwise = match &e.else_branch {
            None => Ok(Vec::new()),
            Some((_, e)) => self.nested(|front| front.statement(e)),
        };
        self.out.push(Stmt::If { cond: cond?, then: then?, otherwise: otherwise? });
        Ok(())
    }

    pub(super) fn while_loop(&mut self, e: &syn::ExprWhile) -> Outcome<()> {
        let outer = std::mem::take(&mut self.out);
        let cond = self.condition(&e.cond).map(|cond| self.settled(cond, "cond", Type::BOOL));
        let prologue = std::mem::replace(&mut self.out, outer);
        let body = self.unit_block(&e.body);
        self.out.push(Stmt::While { prologue, cond: cond?, body: body?, span: e.while_token.span });
        Ok(())
    }

    /// Runs `f` with a block of its own, and returns that block.
    pub(super) fn nested(&mut self, f: impl FnOnce(&mut Self) -> Outcome<()>) -> Outcome<Block> {
        let outer = std::mem::take(&mut self.out);
        self.names.open();
        self.scopes.push(Scope::new());
        let outcome = f(self);
        self.scopes.pop();
        self.names.close();
        let inner = std::mem::replace(&mut self.out, outer);
        outcome.map(|()| inner)
    }

    pub(super) fn if_value(
        &mut self,
        e: &syn::ExprIf,
        name: Option<Ident>,
        ty: Option<syn::Type>,
    ) -> Outcome<Value> {
        self.check_chain(e)?;
        let name = self.names.unique(&name.unwrap_or_else(|| Ident::new("chosen", Span::call_site())));
        let tree = self.if_tree(e)?;
        self.chosen(tree, name, ty)
    }

    fn if_tree(&mut self, e: &syn::ExprIf) -> Outcome<Tree> {
        let outer = std::mem::take(&mut self.out);
        let cond = self.condition(&e.cond).map(|cond| self.settled(cond, "cond", Type::BOOL));
        let prologue = std::mem::replace(&mut self.out, outer);
        let then = self.branch(&e.then_branch).map(Tree::Leaf);
        let otherwise = match &e.else_branch {
            None => Err(self.errors.at(e.span(), "an `if` that is a value needs an `else`")),
            Some((_, other)) => match &**other {
                syn::Expr::If(e) => self.if_tree(e),
                syn::Expr::Block(e) => self.branch(&e.block).map(Tree::Leaf),
                _ => unreachable!("nothing else follows `else`"),
            },
        };
        Ok(Tree::Fork { prologue, cond: cond?, then: Box::new(then?), otherwise: Box::new(otherwise?) })
    }

    fn branch(&mut self, block: &syn::Block) -> Outcome<Branch> {
        let (stmts, value) = self.block(block)?;
        match value {
            Some(value) => Ok(Branch { stmts, value, span: block.stmts.last().span() }),
            None => Err(self
                .errors
                .at(block.span(), "this branch has no value: end it with an expression without `;`")),
        }
    }

    /// A variable, so called, that all branches assign.
    fn chosen(&mut self, tree: Tree, name: Ident, ty: Option<syn::Type>) -> Outcome<Value> {
        let span = tree.first().span;
        let declared = match ty {
            Some(ty @ (syn::Type::Path(_) | syn::Type::Array(_))) => Some(self.ty(&ty)?),
            _ => None,
        };
        let slots = self.slots(&tree, &name, declared, span)?;
        let stmts = self.store_branches(tree, &slots)?;
        self.out.extend(stmts);
        Ok(slots)
    }

    /// Variables of the types that the branches have.
    fn slots(&mut self, tree: &Tree, name: &Ident, declared: Option<Type>, span: Span) -> Outcome<Value> {
        let mut tuple = None;
        let mut found = declared;
        tree.for_each(&mut |branch| match &branch.value {
            Value::Tuple(values) => tuple = tuple.take().or(Some(values.len())),
            value => found = found.take().or(value.ty()),
        });
        match (tuple, found) {
            (Some(n), None) => {
                let slots: Vec<_> = (0..n)
                    .map(|i| {
                        let part = tree.part(i);
                        match part {
                            Some(part) => {
                                let name = self.names.unique(name);
                                self.slots(&part, &name, None, span)
                            }
                            None => Err(self.errors.at(span, "the branches have values of different types")),
                        }
                    })
                    .collect();
                Ok(Value::Tuple(slots.into_iter().collect::<Outcome<_>>()?))
            }
            (None, Some(ty)) => {
                let var = self.empty_array_as(name.clone(), ty);
                Ok(self.read_place(Place::of(var)))
            }
            (None, None) => Err(self.errors.at(
                span,
                "the type of these constants cannot be seen here: write `let x: f32 = if ..` or `let n: usize = if ..`",
            )),
            (Some(_), Some(_)) => Err(self.errors.at(span, "the branches have values of different types")),
        }
    }

    fn store_branches(&mut self, tree: Tree, slots: &Value) -> Outcome<Block> {
        match tree {
            Tree::Leaf(branch) => {
                let outer = std::mem::replace(&mut self.out, branch.stmts);
                let outcome = self.store_value(branch.value, slots, branch.span);
                let stmts = std::mem::replace(&mut self.out, outer);
                outcome.map(|()| stmts)
            }
            Tree::Fork { mut prologue, cond, then, otherwise } => {
                let (then, otherwise) =
                    (self.store_branches(*then, slots), self.store_branches(*otherwise, slots));
                prologue.push(Stmt::If { cond, then: then?, otherwise: otherwise? });
                Ok(prologue)
            }
        }
    }

    /// Assigns a value to variables made for it.
    pub(super) fn store_value(&mut self, value: Value, slots: &Value, span: Span) -> Outcome<()> {
        match (value, slots) {
            (Value::Tuple(values), Value::Tuple(slots)) if values.len() == slots.len() => values
                .into_iter()
                .zip(slots)
                .map(|(value, slot)| self.store_value(value, slot, span))
                .collect::<Vec<_>>()
                .into_iter()
                .collect(),
            (value, slot) => match (slot.ty(), slot.place()) {
                (Some(ty), Some(place)) => {
                    let place = place.clone();
                    let value = match value {
                        Value::Tuple(_) => Err(self
                            .errors
                            .at(span, format_args!("expected {} here, found a tuple", describe(&ty)))),
                        value => self.as_type(value, &ty, span),
                    }?;
                    self.assign(place, value);
                    Ok(())
                }
                _ => Err(self.errors.at(span, "the branches have values of different types")),
            },
        }
    }

    pub(super) fn match_value(
        &mut self,
        m: &syn::ExprMatch,
        name: Option<Ident>,
        ty: Option<syn::Type>,
    ) -> Outcome<Value> {
        let name = self.names.unique(&name.unwrap_or_else(|| Ident::new("chosen", Span::call_site())));
        let scrutinee = self.scrutinee(m)?;
        let tree = self.match_tree(&scrutinee, &m.arms, m)?;
        self.chosen(tree, name, ty)
    }

    pub(super) fn match_statement(&mut self, m: &syn::ExprMatch) -> Outcome<()> {
        let scrutinee = self.scrutinee(m)?;
        let stmts = self.match_block(&scrutinee, &m.arms)?;
        self.out.extend(stmts);
        Ok(())
    }

    fn scrutinee(&mut self, m: &syn::ExprMatch) -> Outcome<Value> {
        if m.arms.len() > MOST_ARMS {
            return Err(self.errors.at(m.match_token.span, TOO_MANY));
        }
        let value = self.expr(&m.expr)?;
        self.settled_value(value, m.expr.span())
    }

    fn settled_value(&mut self, value: Value, span: Span) -> Outcome<Value> {
        match value {
            Value::Tuple(values) => {
                let values: Vec<_> = values.into_iter().map(|v| self.settled_value(v, span)).collect();
                Ok(Value::Tuple(values.into_iter().collect::<Outcome<_>>()?))
            }
            Value::Discrete(discrete, ty) if ty.is_scalar() => {
                Ok(Value::Discrete(self.settled(discrete, "matched", ty.clone()), ty))
            }
            Value::Constant(constant) => Ok(Value::int(Discrete::Constant(constant))),
            value => Err(self.errors.at(
                span,
                format_args!(
                    "`match` works on integers and conditions, this is {}: write `if .. else if ..`",
                    value.describe()
                ),
            )),
        }
    }

    fn match_tree(&mut self, scrutinee: &Value, arms: &[syn::Arm], m: &syn::ExprMatch) -> Outcome<Tree> {
        let Some((arm, rest)) = arms.split_first() else {
            return Err(self.errors.at(m.match_token.span, "the last arm of this `match` must be `_`"));
        };
        let outer = std::mem::take(&mut self.out);
        self.names.open();
        self.scopes.push(Scope::new());
        let cond = self.arm_condition(scrutinee, arm);
        let prologue = std::mem::take(&mut self.out);
        let value = self.expr(&arm.body);
        self.scopes.pop();
        self.names.close();
        let stmts = std::mem::replace(&mut self.out, outer);
        let leaf = value.map(|value| Branch { stmts, value, span: arm.body.span() });
        match cond {
            Ok(None) => Ok(Tree::Leaf(leaf?)),
            // rustc checks that all cases are covered: the last arm needs no condition.
            Ok(Some(_)) if rest.is_empty() && !has_guard(arm) => Ok(Tree::Leaf(leaf?)),
            cond => {
                let otherwise = self.match_tree(scrutinee, rest, m);
                let cond = cond?.expect("the other case is above");
                Ok(Tree::Fork {
                    prologue,
                    cond,
                    then: Box::new(Tree::Leaf(leaf?)),
                    otherwise: Box::new(otherwise?),
                })
            }
        }
    }

    fn match_block(&mut self, scrutinee: &Value, arms: &[syn::Arm]) -> Outcome<Block> {
        let Some((arm, rest)) = arms.split_first() else { return Ok(Vec::new()) };
        let outer = std::mem::take(&mut self.out);
        self.names.open();
        self.scopes.push(Scope::new());
        let cond = self.arm_condition(scrutinee, arm);
        let mut prologue = std::mem::take(&mut self.out);
        let outcome = match &*arm.body {
            syn::Expr::Tuple(unit) if unit.elems.is_empty() => Ok(()),
            body => self.statement(body),
        };
        self.scopes.pop();
        self.names.close();
        let stmts = std::mem::replace(&mut self.out, outer);
        match cond? {
            None => outcome.map(|()| stmts),
            Some(_) if rest.is_empty() && !has_guard(arm) => outcome.map(|()| stmts),
            Some(cond) => {
                let otherwise = self.match_block(scrutinee, rest);
                outcome?;
                prologue.push(Stmt::If { cond, then: stmts, otherwise: otherwise? });
                Ok(prologue)
            }
        }
    }

    /// When an arm is taken; nothing if always. Binds what its pattern names.
    fn arm_condition(&mut self, scrutinee: &Value, arm: &syn::Arm) -> Outcome<Option<Discrete>> {
        let cond = self.pattern_condition(scrutinee, &arm.pat)?;
        Ok(cond.map(|cond| self.settled(cond, "cond", Type::BOOL)))
    }

    fn pattern_condition(&mut self, value: &Value, pat: &Pat) -> Outcome<Option<Discrete>> {
        match (pat, value) {
            (Pat::Wild(_), _) => Ok(None),
            (Pat::Paren(inner), value) => self.pattern_condition(value, &inner.pat),
            (Pat::Guard(guarded), value) => {
                let pattern = self.pattern_condition(value, &guarded.pat)?;
                let guard = self.condition(&guarded.guard)?;
                Ok(Some(match pattern {
                    None => guard,
                    Some(pattern) => Discrete::binary(pattern, syn::parse_quote!(&&), guard),
                }))
            }
            (Pat::Ident(pat), value) if pat.subpat.is_none() && pat.by_ref.is_none() => {
                let constant = pat.ident.to_string().starts_with(|c: char| c.is_uppercase());
                if constant && self.lookup(&pat.ident).is_none() {
                    let ident = &pat.ident;
                    return self.equals(value, &syn::parse_quote!(#ident), pat.span());
                }
                self.bind_pattern(
                    &Pat::Ident(pat.clone()),
                    value.clone(),
                    super::pattern::Mode::Borrow,
                    pat.span(),
                )?;
                Ok(None)
            }
            (Pat::Lit(lit), value) => self.equals(value, &syn::Expr::Lit(lit.clone()), pat.span()),
            (Pat::Path(path), value) => self.equals(value, &syn::Expr::Path(path.clone()), pat.span()),
            (Pat::Or(or), value) => {
                let mut any: Option<Discrete> = None;
                for pat in &or.cases {
                    let Some(cond) = self.pattern_condition(value, pat)? else { return Ok(None) };
                    any = Some(match any {
                        None => cond,
                        Some(any) => Discrete::binary(any, syn::parse_quote!(||), cond),
                    });
                }
                Ok(any)
            }
            (Pat::Range(range), Value::Discrete(int, ty)) if ty.kind == Kind::Int => {
                let mut all: Option<Discrete> = None;
                let closed = matches!(range.limits, syn::RangeLimits::Closed(_));
                let below: BinOp = if closed { syn::parse_quote!(<=) } else { syn::parse_quote!(<) };
                for (end, op) in [(&range.start, syn::parse_quote!(>=)), (&range.end, below)] {
                    let Some(end) = end else { continue };
                    let bound = self.expr(end)?;
                    let bound = self.int(bound, end.span())?;
                    let cond = Discrete::binary(int.clone(), op, bound);
                    all = Some(match all {
                        None => cond,
                        Some(all) => Discrete::binary(all, syn::parse_quote!(&&), cond),
                    });
                }
                Ok(all)
            }
            (Pat::Tuple(pats), Value::Tuple(values)) if pats.elems.len() == values.len() => {
                let mut all: Option<Discrete> = None;
                for (pat, value) in pats.elems.iter().zip(values) {
                    let Some(cond) = self.pattern_condition(value, pat)? else { continue };
                    all = Some(match all {
                        None => cond,
                        Some(all) => Discrete::binary(all, syn::parse_quote!(&&), cond),
                    });
                }
                Ok(all)
            }
            _ => Err(self
                .errors
                .at(pat.span(), "an arm is an integer, a range of them, `a | b`, a name or `_`")),
        }
    }

    fn equals(&mut self, value: &Value, to: &syn::Expr, span: Span) -> Outcome<Option<Discrete>> {
        let Value::Discrete(discrete, ty) = value else {
            return Err(self.errors.at(span, "this arm has another type than what is matched"));
        };
        let to = self.expr(to)?;
        if to.ty().is_some_and(|to| to != *ty) {
            return Err(self.errors.at(span, "this arm has another type than what is matched"));
        }
        if ty.kind == Kind::Bool {
            let to = self.as_condition(to, span)?;
            return Ok(Some(Discrete::binary(discrete.clone(), syn::parse_quote!(==), to)));
        }
        let to = self.int(to, span)?;
        Ok(Some(Discrete::binary(discrete.clone(), syn::parse_quote!(==), to)))
    }
}

fn has_guard(arm: &syn::Arm) -> bool {
    matches!(arm.pat, Pat::Guard(_))
}

impl Tree {
    fn first(&self) -> &Branch {
        match self {
            Tree::Leaf(branch) => branch,
            Tree::Fork { then, .. } => then.first(),
        }
    }

    fn for_each(&self, f: &mut impl FnMut(&Branch)) {
        match self {
            Tree::Leaf(branch) => f(branch),
            Tree::Fork { then, otherwise, .. } => {
                then.for_each(f);
                otherwise.for_each(f);
            }
        }
    }

    /// The same branches with one element of their tuples each; without statements, for types only.
    fn part(&self, i: usize) -> Option<Tree> {
        Some(match self {
            Tree::Leaf(branch) => match &branch.value {
                Value::Tuple(values) => {
                    Tree::Leaf(Branch { stmts: Vec::new(), value: values.get(i)?.clone(), span: branch.span })
                }
                _ => return None,
            },
            Tree::Fork { cond, then, otherwise, .. } => Tree::Fork {
                prologue: Vec::new(),
                cond: cond.clone(),
                then: Box::new(then.part(i)?),
                otherwise: Box::new(otherwise.part(i)?),
            },
        })
    }
}
