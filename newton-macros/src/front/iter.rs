//! Iterators: a range of positions and what is yielded at each of them. They are lowered to loops where they are consumed.

use super::Front;
use super::pattern::Mode;
use super::value::{Scope, Value};
use super::weight::{HEAVIEST, Weight};
use crate::errors::Outcome;
use crate::ir::{Adapter, Block, Discrete, Expr, Kind, Op, Place, Range, Stmt, Type};
use proc_macro2::{Ident, Span};
use syn::Pat;
use syn::spanned::Spanned;

/// An iterator.
#[derive(Clone)]
pub struct Iter {
    range: Range,
    item: Item,
    /// The range was written without an end.
    pub open_end: bool,
}

/// What is yielded at a position.
#[derive(Clone)]
enum Item {
    /// The position itself.
    Position,
    /// An element of an array.
    Element(Value),
    /// `.windows(n)`, `.chunks_exact(n)`: so many elements from the position times a stride on.
    Part { of: Value, size: Discrete, stride: Discrete },
    /// At another position: a base plus (or minus) a multiple of the position.
    Moved(Box<Item>, Line),
    /// Two at once.
    Pair(Box<Item>, Box<Item>),
    /// A function of it.
    Mapped(Box<Item>, Value),
    /// Only where a condition holds.
    Filtered(Box<Item>, Value),
    /// Each element of it.
    Flat(Box<Item>),
}

/// `base + k * step`, or `base - k * step`.
#[derive(Clone)]
struct Line {
    base: Discrete,
    step: Discrete,
    down: bool,
}

impl Line {
    fn at(&self, k: Discrete) -> Discrete {
        let offset = Discrete::times(k, self.step.clone());
        if self.down {
            Discrete::minus(self.base.clone(), offset)
        } else {
            Discrete::plus(self.base.clone(), offset)
        }
    }
}

/// What is done with each item.
type Sink<'s> = dyn FnMut(&mut Front<'_>, Value) -> Outcome<()> + 's;

impl Iter {
    fn positions(start: Discrete, end: Discrete, item: Item) -> Iter {
        Iter { range: Range { start, end, adapters: Vec::new() }, item, open_end: false }
    }

    /// The range of integers that this is.
    pub fn plain_range(&self) -> Option<&Range> {
        matches!(self.item, Item::Position).then_some(&self.range)
    }

    /// How many positions there are.
    pub fn count(&self) -> Discrete {
        let full = Discrete::minus(self.range.end.clone(), self.range.start.clone());
        self.range.adapters.iter().fold(full, |len, adapter| match adapter {
            Adapter::Rev => len,
            Adapter::StepBy(k) => Discrete::method(len, "div_ceil", k.clone()),
        })
    }

    /// The same with positions 0, 1, 2, ...
    fn counted(self) -> Iter {
        let len = self.count();
        let mut line = Line { base: self.range.start.clone(), step: Discrete::lit(1), down: false };
        let mut left = Discrete::minus(self.range.end.clone(), self.range.start.clone());
        for adapter in &self.range.adapters {
            match adapter {
                Adapter::Rev => {
                    let last = Discrete::minus(left.clone(), Discrete::lit(1));
                    line.base = line.at(last);
                    line.down = !line.down;
                }
                Adapter::StepBy(k) => {
                    line.step = Discrete::times(line.step, k.clone());
                    left = Discrete::method(left, "div_ceil", k.clone());
                }
            }
        }
        let same = line.base.literal() == Some(0) && line.step.literal() == Some(1) && !line.down;
        let item = if same { self.item } else { Item::Moved(Box::new(self.item), line) };
        Iter::positions(Discrete::lit(0), len, item)
    }

    /// Adds what it is made of.
    pub fn weigh(&self, weight: &mut Weight) {
        fn item(item_: &Item, weight: &mut Weight) {
            weight.0 += 32;
            if weight.0 > HEAVIEST {
                return;
            }
            match item_ {
                Item::Position => {}
                Item::Element(value) => weight.value(value),
                Item::Part { of, size, stride } => {
                    weight.value(of);
                    weight.discrete(size);
                    weight.discrete(stride);
                }
                Item::Moved(inner, line) => {
                    item(inner, weight);
                    weight.discrete(&line.base);
                    weight.discrete(&line.step);
                }
                Item::Pair(a, b) => {
                    item(a, weight);
                    item(b, weight);
                }
                Item::Mapped(inner, _) | Item::Filtered(inner, _) | Item::Flat(inner) => item(inner, weight),
            }
        }
        weight.discrete(&self.range.start);
        weight.discrete(&self.range.end);
        weight.0 += 32 * self.range.adapters.len();
        item(&self.item, weight);
    }

    fn skips_items(&self) -> bool {
        fn skips(item: &Item) -> bool {
            match item {
                Item::Filtered(..) | Item::Flat(_) => true,
                Item::Moved(inner, _) | Item::Mapped(inner, _) => skips(inner),
                Item::Pair(a, b) => skips(a) || skips(b),
                _ => false,
            }
        }
        skips(&self.item)
    }
}

impl Front<'_> {
    /// `a..b` as a value.
    pub(super) fn range_value(&mut self, range: &syn::ExprRange) -> Outcome<Value> {
        let start = match &range.start {
            None => Discrete::lit(0),
            Some(start) => {
                let value = self.operand(start)?;
                self.int(value, start.span())?
            }
        };
        let (end, open_end) = match &range.end {
            None => (start.clone(), true),
            Some(end) => {
                let value = self.operand(end)?;
                let end = self.int(value, end.span())?;
                match range.limits {
                    syn::RangeLimits::Closed(_) => (Discrete::plus(end, Discrete::lit(1)), false),
                    syn::RangeLimits::HalfOpen(_) => (end, false),
                }
            }
        };
        let (start, end) = (self.settled(start, "start", Type::INT), self.settled(end, "end", Type::INT));
        let mut iter = Iter::positions(start, end, Item::Position);
        iter.open_end = open_end;
        Ok(Value::Iter(Box::new(iter)))
    }

    /// What iterates over a value, if something does.
    pub(super) fn iterator(&mut self, value: Value, span: Span) -> Outcome<Iter> {
        let zero = Discrete::lit(0);
        match value {
            Value::Iter(iter) if iter.open_end => {
                Err(self.errors.at(span, "a loop needs both bounds: `0..N`"))
            }
            Value::Iter(iter) => Ok(*iter),
            Value::Slice { of, offset, len } => {
                let of = self.settled_place(of);
                let offset = self.settled(offset, "start", Type::INT);
                let len = self.settled(len, "len", Type::INT);
                Ok(Iter::positions(zero, len.clone(), Item::Element(Value::Slice { of, offset, len })))
            }
            Value::Constant(constant) => {
                let len = constant.len();
                Ok(Iter::positions(zero, len, Item::Element(Value::Constant(constant))))
            }
            Value::Rows(arrays) => {
                let arrays: Vec<_> = arrays.into_iter().map(|array| self.iterator(array, span)).collect();
                let arrays = arrays.into_iter().collect::<Outcome<Vec<_>>>()?;
                let range = arrays[0].range.clone();
                let columns = arrays.into_iter().map(|array| match array.item {
                    Item::Element(value) => value,
                    _ => unreachable!("it iterates over an array"),
                });
                let item = Item::Element(Value::Rows(columns.collect()));
                Ok(Iter { range, item, open_end: false })
            }
            value => match (value.ty(), value.place().cloned()) {
                (Some(ty), place) if !ty.is_scalar() => {
                    let len = ty.dims[0].clone();
                    let value = match place {
                        Some(place) => {
                            let place = self.settled_place(place);
                            self.read_place(place)
                        }
                        None => {
                            let var = self.store(&Ident::new("array", Span::call_site()), value, span)?;
                            self.read_place(Place::of(var))
                        }
                    };
                    Ok(Iter::positions(zero, len, Item::Element(value)))
                }
                _ => Err(self.errors.at(
                    span,
                    format_args!("a loop runs over a range `0..N` or an array, this is {}", value.describe()),
                )),
            },
        }
    }

    /// An adapter: `iter.name(args)`. Nothing if it is none.
    pub(super) fn adapt(
        &mut self,
        iter: &Iter,
        name: &Ident,
        args: &[(Value, Span)],
        span: Span,
    ) -> Outcome<Option<Iter>> {
        let text = name.to_string();
        let mut iter = iter.clone();
        let ordered = matches!(&*text, "rev" | "step_by" | "skip" | "take" | "zip" | "enumerate");
        if ordered && iter.skips_items() {
            return Err(self.errors.at(
                name.span(),
                format_args!("`{text}` after `filter` or `flatten` is not understood: write it before, or write the loop out"),
            ));
        }
        match (&*text, args) {
            ("iter" | "into_iter" | "copied" | "cloned" | "by_ref" | "iter_mut", []) => {}
            ("rev", []) => iter.range = iter.range.reversed(),
            ("step_by", [(k, span)]) => {
                let k = self.int(k.clone(), *span)?;
                let k = self.settled(k, "step", Type::INT);
                iter.range.adapters.push(Adapter::StepBy(k));
            }
            ("skip", [(n, span)]) => {
                let n = self.int(n.clone(), *span)?;
                let n = self.settled(n, "skipped", Type::INT);
                if !iter.range.adapters.is_empty() {
                    iter = iter.counted();
                }
                iter.range.start = Discrete::plus(iter.range.start, n);
            }
            ("take", [(n, span)]) => {
                let n = self.int(n.clone(), *span)?;
                let n = self.settled(n, "taken", Type::INT);
                if !iter.range.adapters.is_empty() {
                    iter = iter.counted();
                }
                let last = Discrete::plus(iter.range.start.clone(), n);
                iter.range.end =
                    if iter.open_end { last } else { Discrete::method(iter.range.end, "min", last) };
                iter.open_end = false;
            }
            ("enumerate", []) => {
                if !iter.range.adapters.is_empty() || iter.range.start.literal() != Some(0) {
                    iter = iter.counted();
                }
                iter.item = Item::Pair(Box::new(Item::Position), Box::new(iter.item));
            }
            ("zip", [(other, span)]) => {
                let open = matches!(other, Value::Iter(other) if other.open_end);
                let other = match other {
                    Value::Iter(other) => (**other).clone(),
                    other => self.iterator(other.clone(), *span)?,
                };
                if other.skips_items() {
                    return Err(self
                        .errors
                        .at(*span, "`zip` with a filtered iterator is not understood: write the loop out"));
                }
                iter = self.zipped(iter, other, open);
            }
            ("map", [(f, _)]) => iter.item = Item::Mapped(Box::new(iter.item), f.clone()),
            ("filter", [(f, _)]) => iter.item = Item::Filtered(Box::new(iter.item), f.clone()),
            ("flatten", []) => iter.item = Item::Flat(Box::new(iter.item)),
            ("flat_map", [(f, _)]) => {
                iter.item = Item::Flat(Box::new(Item::Mapped(Box::new(iter.item), f.clone())));
            }
            ("windows" | "chunks_exact", [(n, at)]) => {
                let Item::Element(of) = iter.item else {
                    return Err(self.errors.at(span, format_args!("`{text}` works on arrays")));
                };
                let size = self.int(n.clone(), *at)?;
                let size = self.settled(size, "size", Type::INT);
                let len = Discrete::minus(iter.range.end, iter.range.start);
                let (end, stride) = if text == "windows" {
                    let one = Discrete::lit(1);
                    let longer = Discrete::plus(len, one.clone());
                    (Discrete::method(longer, "saturating_sub", size.clone()), one)
                } else {
                    (Discrete::binary(len, syn::parse_quote!(/), size.clone()), size.clone())
                };
                iter = Iter::positions(Discrete::lit(0), end, Item::Part { of, size, stride });
            }
            _ => return Ok(None),
        }
        Ok(Some(iter))
    }

    fn zipped(&mut self, a: Iter, b: Iter, open: bool) -> Iter {
        let plain = a.range.adapters.is_empty() && b.range.adapters.is_empty();
        let (a, b) = if plain && a.range.start == b.range.start {
            (a, b)
        } else if open {
            let line = Line { base: b.range.start.clone(), step: Discrete::lit(1), down: false };
            let a = a.counted();
            let b =
                Iter { range: a.range.clone(), item: Item::Moved(Box::new(b.item), line), open_end: false };
            (a, b)
        } else {
            (a.counted(), b.counted())
        };
        let end = if open || a.range.end == b.range.end {
            a.range.end
        } else {
            Discrete::method(a.range.end, "min", b.range.end)
        };
        Iter::positions(a.range.start, end, Item::Pair(Box::new(a.item), Box::new(b.item)))
    }

    /// Runs `sink` on each item, in a loop.
    pub(super) fn drive(&mut self, iter: &Iter, name: &Ident, span: Span, sink: &mut Sink) -> Outcome<()> {
        if iter.open_end {
            return Err(self.errors.at(span, "a loop needs both bounds: `0..N`"));
        }
        let mut range = iter.range.clone();
        range.start = self.settled(range.start, "start", Type::INT);
        range.end = self.settled(range.end, "end", Type::INT);
        let mut var = None;
        let body = self.nested(|front| {
            let counter = front.declare(name, Type::INT);
            var = Some(counter);
            front.item(&iter.item, Discrete::Read(Place::of(counter)), span, sink)
        })?;
        self.out.push(Stmt::For { var: var.expect("declared above"), range, body });
        Ok(())
    }

    fn item(&mut self, item: &Item, position: Discrete, span: Span, sink: &mut Sink) -> Outcome<()> {
        match item {
            Item::Position => sink(self, Value::int(position)),
            Item::Element(of) => {
                let element = self.index(of.clone(), position, span)?;
                sink(self, element)
            }
            Item::Part { of, size, stride } => {
                let offset = Discrete::times(position, stride.clone());
                let part = match of {
                    Value::Slice { of, offset: first, .. } => Value::Slice {
                        of: of.clone(),
                        offset: Discrete::plus(first.clone(), offset),
                        len: size.clone(),
                    },
                    of => match of.place() {
                        Some(place) => Value::Slice { of: place.clone(), offset, len: size.clone() },
                        None => {
                            return Err(self
                                .errors
                                .at(span, "give the array a name first: `let x: [f32; 4] = TABLE;`"));
                        }
                    },
                };
                sink(self, part)
            }
            Item::Moved(inner, line) => self.item(inner, line.at(position), span, sink),
            Item::Pair(a, b) => self.item(a, position.clone(), span, &mut |front, first| {
                front.item(b, position.clone(), span, &mut |front, second| {
                    sink(front, Value::Tuple(vec![first.clone(), second]))
                })
            }),
            Item::Mapped(inner, f) => self.item(inner, position, span, &mut |front, value| {
                let value = front.apply(f, vec![(value, span)], span)?;
                sink(front, value)
            }),
            Item::Filtered(inner, f) => self.item(inner, position, span, &mut |front, value| {
                let cond = front.apply(f, vec![(value.clone(), span)], span)?;
                let cond = front.as_condition(cond, span)?;
                let cond = front.settled(cond, "cond", Type::BOOL);
                let then = front.nested(|front| sink(front, value))?;
                front.out.push(Stmt::If { cond, then, otherwise: Block::new() });
                Ok(())
            }),
            Item::Flat(inner) => self.item(inner, position, span, &mut |front, value| {
                let rows = front.iterator(value, span)?;
                front.drive(&rows, &Ident::new("j", Span::call_site()), span, sink)
            }),
        }
    }

    /// `for pat in iter { body }`
    pub(super) fn for_loop(&mut self, e: &syn::ExprForLoop) -> Outcome<()> {
        if let Some(label) = &e.label {
            self.errors.at(label.span(), "loop labels are of no use here: there is no `break` or `continue`");
        }
        let iter = self.expr(&e.expr).and_then(|value| match value {
            // An array by value is copied: what the loop assigns does not change what it iterates over.
            value if !matches!(&*e.expr, syn::Expr::Reference(_)) && self.is_mutable(&value) => {
                let value = self.taken(value, e.expr.span())?;
                self.iterator(value, e.expr.span())
            }
            value => self.iterator(value, e.expr.span()),
        });
        let Ok(iter) = iter else {
            // Its mistakes are worth reporting as well.
            self.scopes.push(Scope::new());
            self.poison(&e.pat);
            let _ = self.nested(|front| front.unit_stmts(&e.body));
            self.scopes.pop();
            return Err(crate::errors::Reported);
        };
        let name = counter_name(&e.pat, &iter);
        self.drive(&iter, &name, e.expr.span(), &mut |front, value| {
            front.bind_pattern(&e.pat, value, Mode::Borrow, e.pat.span())?;
            front.unit_stmts(&e.body)
        })
    }

    fn is_mutable(&self, value: &Value) -> bool {
        value.place().is_some_and(|place| self.vars[place.var.0].mutable)
    }

    /// What consumes an iterator: `iter.name(args)`. Nothing if it is no consumer that is known.
    pub(super) fn consume(
        &mut self,
        iter: &Iter,
        call: &syn::ExprMethodCall,
        args: &[(Value, Span)],
    ) -> Outcome<Option<Value>> {
        let span = call.method.span();
        let name = Ident::new("i", Span::call_site());
        let slot = |front: &mut Self, name: &str, init: Value| {
            let var = front.store(&Ident::new(name, Span::call_site()), init, span)?;
            front.vars[var.0].mutable = true;
            Outcome::Ok(Place::of(var))
        };
        Ok(Some(match (&*call.method.to_string(), args) {
            (kind @ ("sum" | "product"), []) => {
                let add = kind == "sum";
                let integer = call.turbofish.as_ref().is_some_and(|fish| {
                    matches!(fish.args.first(), Some(syn::GenericArgument::Type(ty)) if super::params::element(ty) == Some(Kind::Int))
                });
                let start: Value = match (integer, add) {
                    (true, true) => Value::int(Discrete::lit(0)),
                    (true, false) => Value::int(Discrete::lit(1)),
                    (false, true) => Value::float(Expr::Lit(0.0)),
                    (false, false) => Value::float(Expr::Lit(1.0)),
                };
                let total = slot(self, if add { "total" } else { "product" }, start)?;
                self.drive(iter, &name, span, &mut |front, value| {
                    if integer {
                        let value = front.int(value, span)?;
                        let old = Discrete::Read(total.clone());
                        let op = if add { syn::parse_quote!(+) } else { syn::parse_quote!(*) };
                        let value = Discrete::binary(old, op, value);
                        front.out.push(Stmt::AssignDiscrete { place: total.clone(), value });
                    } else {
                        let value = front.scalar(value, span)?;
                        front.out.push(if add {
                            Stmt::Accumulate { place: total.clone(), value }
                        } else {
                            let old = Box::new(Expr::Read(total.clone()));
                            Stmt::Assign {
                                place: total.clone(),
                                value: Expr::Binary(Op::Mul, old, Box::new(value)),
                            }
                        });
                    }
                    Ok(())
                })?;
                self.read_place(total)
            }
            ("count", []) => {
                let total = slot(self, "count", Value::int(Discrete::lit(0)))?;
                self.drive(iter, &name, span, &mut |front, _| {
                    let value = Discrete::plus(Discrete::Read(total.clone()), Discrete::lit(1));
                    front.out.push(Stmt::AssignDiscrete { place: total.clone(), value });
                    Ok(())
                })?;
                self.read_place(total)
            }
            (kind @ ("any" | "all"), [(f, _)]) => {
                let any = kind == "any";
                let start: syn::Expr = if any { syn::parse_quote!(false) } else { syn::parse_quote!(true) };
                let found = slot(self, kind, Value::bool(Discrete::Path(start)))?;
                self.drive(iter, &name, span, &mut |front, value| {
                    let cond = front.apply(f, vec![(value, span)], span)?;
                    let cond = front.as_condition(cond, span)?;
                    let op = if any { syn::parse_quote!(|) } else { syn::parse_quote!(&) };
                    let value = Discrete::binary(Discrete::Read(found.clone()), op, cond);
                    front.out.push(Stmt::AssignDiscrete { place: found.clone(), value });
                    Ok(())
                })?;
                self.read_place(found)
            }
            ("contains", [(x, at)]) => self.contains(iter, x.clone(), *at)?,
            ("fold", [(init, at), (f, _)]) => {
                let state = self.state(init.clone(), *at)?;
                self.drive(iter, &name, span, &mut |front, value| {
                    let next = front.apply(f, vec![(state.clone(), span), (value, span)], span)?;
                    let next = if matches!(next, Value::Tuple(_)) { front.taken(next, span)? } else { next };
                    front.store_value(next, &state, span)
                })?;
                state
            }
            ("for_each", [(f, _)]) => {
                self.drive(iter, &name, span, &mut |front, value| {
                    front.apply(f, vec![(value, span)], span).map(|_| ())
                })?;
                Value::Tuple(Vec::new())
            }
            ("len", []) => Value::int(iter.count()),
            _ => return Ok(None),
        }))
    }

    /// `(a..b).contains(&x)`, `array.contains(&x)`
    fn contains(&mut self, iter: &Iter, x: Value, span: Span) -> Outcome<Value> {
        if let Some(Range { start, end, .. }) = iter.plain_range() {
            let x = self.int(x, span)?;
            let x = self.settled(x, "x", Type::INT);
            let low = Discrete::binary(x.clone(), syn::parse_quote!(>=), start.clone());
            let high = Discrete::binary(x, syn::parse_quote!(<), end.clone());
            return Ok(Value::bool(Discrete::binary(low, syn::parse_quote!(&&), high)));
        }
        let found = self.store(
            &Ident::new("found", Span::call_site()),
            Value::bool(Discrete::Path(syn::parse_quote!(false))),
            span,
        )?;
        self.vars[found.0].mutable = true;
        let found = Place::of(found);
        self.drive(iter, &Ident::new("i", Span::call_site()), span, &mut |front, element| {
            let equal: syn::BinOp = syn::parse_quote!(==);
            let cond = match element {
                Value::Float(..) => {
                    let (a, b) = (front.scalar(element, span)?, front.scalar(x.clone(), span)?);
                    Discrete::Compare(equal, Box::new(a), Box::new(b))
                }
                element => {
                    let (a, b) = (front.int(element, span)?, front.int(x.clone(), span)?);
                    Discrete::binary(a, equal, b)
                }
            };
            let value = Discrete::binary(Discrete::Read(found.clone()), syn::parse_quote!(|), cond);
            front.out.push(Stmt::AssignDiscrete { place: found.clone(), value });
            Ok(())
        })?;
        Ok(self.read_place(found))
    }

    /// Mutable variables that start with this value.
    fn state(&mut self, init: Value, span: Span) -> Outcome<Value> {
        match init {
            Value::Tuple(values) => {
                let values: Vec<_> = values.into_iter().map(|v| self.state(v, span)).collect();
                Ok(Value::Tuple(values.into_iter().collect::<Outcome<_>>()?))
            }
            // What starts as a constant of the standard library is a float: `f32::NEG_INFINITY`.
            Value::Constant(constant) => self.state(Value::float(Expr::Const(constant)), span),
            Value::Untyped(untyped) => self.state(Value::float(untyped.float()), span),
            value => {
                let var = self.store(&Ident::new("state", Span::call_site()), value, span)?;
                self.vars[var.0].mutable = true;
                Ok(self.read_place(Place::of(var)))
            }
        }
    }

    /// `std::array::from_fn(f)`, of a known length.
    pub(super) fn array_from_fn(
        &mut self,
        f: &Value,
        len: Discrete,
        span: Span,
        name: Option<Ident>,
    ) -> Outcome<Value> {
        let iter =
            Iter::positions(Discrete::lit(0), len.clone(), Item::Mapped(Box::new(Item::Position), f.clone()));
        self.collected(&iter, len, name, span)
    }

    /// `array.map(f)`
    pub(super) fn mapped_array(&mut self, array: Value, f: &Value, span: Span) -> Outcome<Value> {
        let iter = self.iterator(array, span)?;
        let len = iter.count();
        let iter = Iter { item: Item::Mapped(Box::new(iter.item), f.clone()), ..iter };
        self.collected(&iter, len, None, span)
    }

    /// An array of what an iterator yields, one element for each position from 0 on.
    fn collected(&mut self, iter: &Iter, len: Discrete, name: Option<Ident>, span: Span) -> Outcome<Value> {
        // The type of the elements shows once the loop is lowered: the array is declared in front of it then.
        let array = self.names.unique(&name.unwrap_or_else(|| Ident::new("array", Span::call_site())));
        let outer = std::mem::take(&mut self.out);
        let mut found = None;
        let counter = Ident::new("i", Span::call_site());
        let outcome = self.drive(iter, &counter, span, &mut |front, value| {
            let value = match value {
                Value::Constant(constant) => Value::float(Expr::Const(constant)),
                Value::Untyped(untyped) => Value::float(untyped.float()),
                value => value,
            };
            let Some(mut ty) = value.ty() else {
                return Err(front.errors.at(
                    span,
                    format_args!(
                        "an array holds numbers, conditions or arrays, this yields {}",
                        value.describe()
                    ),
                ));
            };
            ty.dims.insert(0, len.clone());
            let var = front.declare_as(array.clone(), ty);
            found = Some(var);
            // The index is the innermost loop's counter: positions start at 0.
            front.assign(Place::of(var).at(Discrete::lit(0)), value);
            Ok(())
        });
        let mut loops = std::mem::replace(&mut self.out, outer);
        outcome?;
        let var = found.expect("the loop was lowered");
        if let Some(Stmt::For { var: counter, body, .. }) = loops.last_mut()
            && let Some(Stmt::Assign { place, .. } | Stmt::AssignDiscrete { place, .. }) = body.last_mut()
        {
            place.indices = vec![Discrete::Read(Place::of(*counter))];
        }
        let zeros = self.zeros(var);
        self.out.push(zeros);
        self.out.extend(loops);
        Ok(self.read_place(Place::of(var)))
    }
}

/// A name for the counter of a loop: the user's, where it is bound to the counter alone.
fn counter_name(pat: &Pat, iter: &Iter) -> Ident {
    let plain = |pat: &Pat| match pat {
        Pat::Ident(pat) if pat.mutability.is_none() => Some(pat.ident.clone()),
        _ => None,
    };
    let name = match (pat, &iter.item) {
        (pat, Item::Position) => plain(pat),
        (Pat::Tuple(pats), Item::Pair(first, _)) if matches!(**first, Item::Position) => {
            pats.elems.first().and_then(plain)
        }
        _ => None,
    };
    let fallback = if matches!(pat, Pat::Wild(_)) { "step" } else { "i" };
    name.unwrap_or_else(|| Ident::new(fallback, Span::call_site()))
}
