//! Statements.

use super::Printer;
use super::expr::{Bind, Text};
use crate::ir::{Adapter, Block, Discrete, Expr, Kind, Op, Place, Range, Stmt, VarId};

impl Printer<'_> {
    /// Statements in order.
    pub fn block(&self, block: &Block) {
        block.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&self, stmt: &Stmt) {
        match stmt {
            Stmt::Let { var, init } => self.declare(*var, self.stored(&Place::of(*var), init)),
            Stmt::LetDiscrete { var, init } => {
                self.declare(*var, self.stored_discrete(&Place::of(*var), init))
            }
            Stmt::LetEmpty { var } => self.line(format!("{} {}{{}};", self.type_of(*var), self.bind(*var))),
            Stmt::Assign { place, value } => {
                self.line(format!("{} = {};", self.place(place), self.stored(place, value)));
            }
            Stmt::AssignDiscrete { place, value } => {
                self.line(format!("{} = {};", self.place(place), self.stored_discrete(place, value)));
            }
            Stmt::Accumulate { place, value } => self.accumulate(place, value),
            Stmt::For { var, range, body } => self.repeat(*var, range, body),
            Stmt::If { cond, then, otherwise } => self.branch(cond, then, otherwise),
            Stmt::While { .. } | Stmt::Logic { .. } => unreachable!("`relax` has rewritten it"),
            Stmt::Call { results, callee, args } => self.call_function(results, callee, args),
            Stmt::Push(place) => {
                self.line(format!("tape.push{}({});", self.suffix(place.var), self.place(place)));
            }
            Stmt::Pop(place) => {
                self.line(format!("tape.pop{}({});", self.suffix(place.var), self.place(place)))
            }
            Stmt::LetPop { var } => {
                let (ty, name) = (self.type_of(*var), self.bind(*var));
                self.line(format!("{ty} {name};"));
                self.line(format!("tape.pop{}({name});", self.suffix(*var)));
            }
            Stmt::Reverse { builtin, function, args, into } => {
                let passive =
                    |i: usize| function.args.get(i).is_some_and(|&of| builtin.args[of].is_passive());
                let args: Vec<String> = args
                    .iter()
                    .enumerate()
                    .map(|(i, arg)| match arg {
                        Expr::Read(place) if !self.program.dims(place).is_empty() => self.place(place),
                        arg if passive(i) => self.passive(arg).0,
                        arg => self.active(arg).0,
                    })
                    .chain([self.place(into)])
                    .collect();
                self.line(format!("nl::{}({});", function.function, args.join(", ")));
            }
            Stmt::Scatter { order, adjoint, into } => {
                let (order, adjoint, into) = (self.var(*order), self.place(adjoint), self.place(into));
                self.line(format!("nl::gather_reverse({order}, {adjoint}, {into});"));
            }
            Stmt::ReverseCall { callee, args, adjoints, into } => {
                self.reverse_call(callee, args, adjoints, into)
            }
        }
    }

    fn declare(&self, var: VarId, value: String) {
        let (ty, name) = (self.type_of(var), self.bind(var));
        let mutability = if self.program.vars[var.0].mutable { "" } else { "const " };
        // `T x{..}` for `T x = T{..}`.
        match value.strip_prefix(&*ty).filter(|rest| rest.starts_with('{')) {
            Some(rest) => self.line(format!("{mutability}{ty} {name}{rest};")),
            None => self.line(format!("{mutability}{ty} {name} = {value};")),
        }
    }

    /// A value as the place holds it.
    fn stored(&self, place: &Place, value: &Expr) -> String {
        self.array(value, self.program.vars[place.var.0].active, self.program.dims(place))
    }

    fn stored_discrete(&self, place: &Place, value: &Discrete) -> String {
        self.discrete_array(value, &self.element(place.var), self.program.dims(place))
    }

    /// Which of the tape's stacks a variable goes to.
    fn suffix(&self, var: VarId) -> &'static str {
        let v = &self.program.vars[var.0];
        match (v.ty.kind, v.active) {
            (Kind::Float, true) => "",
            (Kind::Float, false) => "_passive",
            _ => "_discrete",
        }
    }

    /// `x += e`. Products are added by a function, which needs fewer instructions.
    fn accumulate(&self, place: &Place, value: &Expr) {
        let target = self.place(place);
        if !self.program.dims(place).is_empty() {
            let Expr::Read(from) = value else { unreachable!("only whole arrays are added") };
            let from_active = self.program.vars[from.var.0].active;
            let mut from = self.place(from);
            if self.program.vars[place.var.0].active && !from_active {
                from = format!("nl::to<{}>({from})", self.place_type(place));
            }
            self.line(format!("nl::add_all({target}, {from});"));
            return;
        }
        let (value, minus) = match value {
            Expr::Neg(value) => (&**value, true),
            value => (value, false),
        };
        let vars = &self.program.vars;
        if let Expr::Binary(Op::Mul, a, b) = value
            && vars[place.var.0].active
        {
            match (a.is_active(vars), b.is_active(vars)) {
                (true, true) => {
                    let function = if minus { "sub_product" } else { "add_product" };
                    self.line(format!("nl::{function}({target}, {}, {});", self.expr(a).0, self.expr(b).0));
                    return;
                }
                (false, false) => {}
                (active, _) => {
                    let (a, b) = if active { (a, b) } else { (b, a) };
                    let factor = if minus { Expr::neg((**b).clone()) } else { (**b).clone() };
                    self.line(format!(
                        "nl::add_product({target}, {}, {});",
                        self.expr(a).0,
                        self.expr(&factor).0
                    ));
                    return;
                }
            }
        }
        let value = match vars[place.var.0].active {
            true => self.expr(value).0,
            false => self.passive(value).0,
        };
        self.line(format!("{target} {} {value};", if minus { "-=" } else { "+=" }));
    }

    fn branch(&self, cond: &Discrete, then: &Block, otherwise: &Block) {
        self.line(format!("if ({}) {{", self.discrete(cond).0));
        self.indented(|| self.block(then));
        let mut otherwise = otherwise;
        // `else if` where there is nothing else in it.
        while let [Stmt::If { cond, then, otherwise: next }] = &otherwise[..] {
            self.line(format!("}} else if ({}) {{", self.discrete(cond).0));
            self.indented(|| self.block(then));
            otherwise = next;
        }
        if !otherwise.is_empty() {
            self.line("} else {");
            self.indented(|| self.block(otherwise));
        }
        self.line("}");
    }

    fn repeat(&self, var: VarId, range: &Range, body: &Block) {
        let (start, end) = (self.int(&range.start), self.int(&range.end));
        self.scoped(|| self.repeat_from(var, start, end, range, body));
    }

    fn repeat_from(&self, var: VarId, start: Text, end: Text, range: &Range, body: &Block) {
        let k = |k: &Discrete| {
            let text = self.int(k).0;
            if k.literal().is_some_and(|n| n > 0) { text } else { format!("nl::step({text})") }
        };
        let steps: Vec<String> = range
            .adapters
            .iter()
            .map(|adapter| match adapter {
                Adapter::Rev => String::new(),
                Adapter::StepBy(n) => k(n),
            })
            .collect();
        let i = self.bind(var);
        let header = match &range.adapters[..] {
            [] => format!("for (nl::integer {i} = {}; {i} < {}; ++{i}) {{", start.0, end.at_least(Bind::Sum)),
            [Adapter::Rev] => {
                let last = format!("{} - 1", end.at_least(Bind::Sum));
                format!("for (nl::integer {i} = {last}; {i} >= {}; --{i}) {{", start.at_least(Bind::Sum))
            }
            [Adapter::StepBy(_)] => {
                let n = &steps[0];
                format!(
                    "for (nl::integer {i} = {}; {i} < {}; {i} += {n}) {{",
                    start.0,
                    end.at_least(Bind::Sum)
                )
            }
            [Adapter::Rev, Adapter::StepBy(_)] => {
                let (last, n) = (format!("{} - 1", end.at_least(Bind::Sum)), &steps[1]);
                format!("for (nl::integer {i} = {last}; {i} >= {}; {i} -= {n}) {{", start.at_least(Bind::Sum))
            }
            [Adapter::StepBy(_), Adapter::Rev] => {
                let (start, n) = (start.at_least(Bind::Sum), &steps[0]);
                let last = format!("nl::last({start}, {}, {n})", end.0);
                format!("for (nl::integer {i} = {last}; {i} >= {start}; {i} -= {n}) {{")
            }
            adapters => {
                let mut numbers = format!("nl::Steps({}, {})", start.0, end.0);
                for (adapter, n) in adapters.iter().zip(&steps) {
                    numbers.push_str(&match adapter {
                        Adapter::Rev => ".rev()".to_owned(),
                        Adapter::StepBy(_) => format!(".step_by({n})"),
                    });
                }
                format!("for (const nl::integer {i} : {numbers}) {{")
            }
        };
        self.line(header);
        self.indented(|| self.block(body));
        self.line("}");
    }
}
