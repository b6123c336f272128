//! Random losses: well typed, numerically tame, from all of the language.
//!
//! Each is printed twice from the same tree: as a user writes it, and as a function of numbers `T` that the oracle
//! differentiates. The text of both is the same but for literals and casts.

use std::fmt::Write;

/// A small generator (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    fn chance(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// A piece of program text: the user's, and the oracle's.
#[derive(Clone, Default)]
struct Code {
    user: String,
    oracle: String,
}

/// The template with its `{}` replaced by the parts; `F` in angle quotes is the type of floats.
fn code(template: &str, parts: &[&Code]) -> Code {
    let fill = |part: &dyn Fn(&Code) -> String, float: &str| {
        let mut out = String::new();
        let mut parts = parts.iter();
        for (i, text) in template.split("{}").enumerate() {
            if i > 0 {
                out += &part(parts.next().expect("a part for each gap"));
            }
            out += text;
        }
        assert!(parts.next().is_none(), "a gap for each part: {template}");
        out.replace("‹F›", float)
    };
    Code { user: fill(&|c| c.user.clone(), "f32"), oracle: fill(&|c| c.oracle.clone(), "T") }
}

fn text(text: &str) -> Code {
    code(text, &[])
}

fn literal(x: f64) -> Code {
    Code { user: format!("{x:?}_f32"), oracle: format!("T::lit({x:?})") }
}

/// What a variable holds.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Float,
    /// Below 4, or made so by a remainder.
    Int,
    Bool,
    /// `[f32; N]`
    Long,
    /// `[f32; 3]`
    Short,
    /// `[[f32; 3]; N]`
    Matrix,
    /// `|f32| -> f32`
    Closure,
}

#[derive(Clone)]
struct Var {
    name: String,
    /// As it is written where its value is wanted.
    read: String,
    kind: Kind,
    mutable: bool,
    /// Cannot be named for now: it is borrowed.
    hidden: bool,
}

struct Generator {
    random: Random,
    vars: Vec<Var>,
    /// The functions that may be called, by their prefix.
    helpers: Option<String>,
    /// Only what never changes may be read: in closures that are kept.
    frozen: bool,
}

const NAMES: &[&str] = &["a", "b", "c", "d", "e", "g", "p", "q", "x", "z"];

impl Generator {
    fn pick(&mut self, all: &[&str]) -> String {
        all[self.random.below(all.len())].to_owned()
    }

    /// The variables of a kind that are not shadowed.
    fn visible(&self, kind: Kind, mutable: bool) -> Vec<Var> {
        let shadowed = |i: usize| self.vars[i + 1..].iter().any(|v| v.name == self.vars[i].name);
        (0..self.vars.len())
            .filter(|&i| !shadowed(i))
            .map(|i| &self.vars[i])
            .filter(|v| v.kind == kind && !v.hidden && (v.mutable || !mutable) && !(self.frozen && v.mutable))
            .cloned()
            .collect()
    }

    fn some(&mut self, kind: Kind, mutable: bool) -> Option<Var> {
        let all = self.visible(kind, mutable);
        if all.is_empty() { None } else { Some(all[self.random.below(all.len())].clone()) }
    }

    fn bind(&mut self, name: &str, read: &str, kind: Kind, mutable: bool) {
        self.vars.push(Var { name: name.to_owned(), read: read.to_owned(), kind, mutable, hidden: false });
    }

    /// A name for something new; often one that shadows.
    fn name(&mut self) -> String {
        self.pick(NAMES)
    }

    fn number(&mut self) -> Code {
        literal([0.25, 0.5, 0.75, 1.0, 1.5, 2.0, -0.5, -1.25][self.random.below(8)])
    }

    /// An integer below 4.
    fn int(&mut self, depth: usize) -> Code {
        match self.random.below(if depth == 0 { 3 } else { 10 }) {
            0 => text(&self.random.below(4).to_string()),
            1 | 2 => match self.some(Kind::Int, false) {
                Some(var) => text(&format!("{} % 4", var.read)),
                None => text("k"),
            },
            3 | 4 => code("({} + {}) % 4", &[&self.int(0), &self.int(depth - 1)]),
            5 => code("({} * {} + 1) % 4", &[&self.int(0), &self.int(0)]),
            6 => match self.some(Kind::Long, false) {
                Some(var) => text(&format!("argmax({})", reference(&var))),
                None => text("1"),
            },
            7 => {
                let x = self.float(depth - 1);
                Code {
                    user: format!("(2.5 * ({}).abs()) as usize % 4", x.user),
                    oracle: format!("(T::lit(2.5) * ({}).abs()).to_int() % 4", x.oracle),
                }
            }
            8 => {
                code("(if {} { {} } else { {} })", &[&self.condition(depth - 1), &self.int(0), &self.int(0)])
            }
            _ => {
                let (a, b, c, d) = (self.int(0), self.int(0), self.int(0), self.int(0));
                code("(match {} { 0 => {}, 1 | 3 => {}, _ => {} })", &[&paren(a), &b, &c, &d])
            }
        }
    }

    fn condition(&mut self, depth: usize) -> Code {
        let deeper = depth.saturating_sub(1);
        match self.random.below(if depth == 0 { 4 } else { 9 }) {
            0 | 1 => {
                let op = self.pick(&["<", ">", "<=", ">="]);
                code(&format!("({{}}) {op} ({{}})"), &[&self.float(deeper), &self.float(0)])
            }
            2 => {
                let op = self.pick(&["<", ">", "<=", "==", "!="]);
                code(&format!("({{}}) {op} ({{}})"), &[&self.int(0), &self.int(0)])
            }
            3 => match self.some(Kind::Bool, false) {
                Some(var) => text(&var.read),
                None => code("flags[{}]", &[&self.int(0)]),
            },
            4 => code("flags[{}]", &[&self.int(deeper)]),
            5 | 6 => {
                let op = self.pick(&["&&", "||"]);
                code(&format!("({{}}) {op} ({{}})"), &[&self.condition(deeper), &self.condition(deeper)])
            }
            7 => code("!({})", &[&self.condition(deeper)]),
            _ => match self.some(Kind::Long, false) {
                Some(var) => {
                    let how = self.pick(&["any", "all"]);
                    code(&format!("{}.iter().{how}(|v| *v < {{}})", var.name), &[&self.number()])
                }
                None => text("true"),
            },
        }
    }

    fn leaf(&mut self) -> Code {
        match self.random.below(12) {
            0 => self.number(),
            1 | 2 => code("y[{}]", &[&self.int(0)]),
            3 => code(&format!("{}[{{}}]", self.pick(&["u", "s"])), &[&self.int(0)]),
            4 => text(&self.pick(&["*w", "h"])),
            5 | 6 => match self.some(Kind::Long, false) {
                Some(var) => code(&format!("{}[{{}}]", var.name), &[&self.int(0)]),
                None => text("y[0]"),
            },
            7 => match self.some(Kind::Short, false) {
                Some(var) => code(&format!("{}[({{}}) % 3]", var.name), &[&self.int(0)]),
                None => text("y[1]"),
            },
            8 => match self.some(Kind::Matrix, false) {
                Some(var) => code(&format!("{}[{{}}][({{}}) % 3]", var.name), &[&self.int(0), &self.int(0)]),
                None => text("y[2]"),
            },
            9 => {
                let i = self.int(0);
                Code {
                    user: format!("0.5 * ({}) as f32", i.user),
                    oracle: format!("T::lit(0.5) * T::int({})", i.oracle),
                }
            }
            _ => match self.some(Kind::Float, false) {
                Some(var) => text(&var.read),
                None => text("y[3]"),
            },
        }
    }

    /// A float of modest size.
    fn float(&mut self, depth: usize) -> Code {
        if depth == 0 {
            return self.leaf();
        }
        let d = depth - 1;
        let one = literal(1.0);
        match self.random.below(34) {
            0..=2 => code("({} + {})", &[&self.float(d), &self.float(d)]),
            3 => code("({} - {})", &[&self.float(d), &self.float(d)]),
            4..=6 => code("(({}).tanh() * ({}).sin())", &[&self.float(d), &self.float(d)]),
            7 => {
                let x = self.float(d);
                code("(({}) / ({} + ({}).powi(2)))", &[&self.float(d), &one, &x])
            }
            8 => {
                let f = self.pick(&["tanh", "sin", "cos", "atan", "abs"]);
                code(&format!("({{}}).{f}()"), &[&self.float(d)])
            }
            9 => {
                let f = self.pick(&["sigmoid", "softplus", "relu"]);
                code(&format!("{f}({{}})"), &[&self.float(d)])
            }
            10 => {
                let f = self.pick(&["sqrt", "ln", "recip"]);
                code(&format!("({{}} + ({{}}).powi(2)).{f}()"), &[&one, &self.float(d)])
            }
            11 => code("(({}).tanh()).exp()", &[&self.float(d)]),
            12 => {
                let f = self.pick(&["max", "min"]);
                code(&format!("({{}}).{f}({{}})"), &[&self.float(d), &self.float(0)])
            }
            13 => code("({}).clamp({}, {})", &[&self.float(d), &literal(-0.75), &literal(0.5)]),
            14 => code("({}).mul_add({}, {})", &[&self.float(d), &self.number(), &self.float(0)]),
            15 => code("-({})", &[&self.float(d)]),
            16 => {
                let (a, b, c) = (self.condition(d), self.float(d), self.float(d));
                code("(if {} { {} } else { {} })", &[&a, &b, &c])
            }
            17 => {
                let (i, a, b, c) = (self.int(d), self.float(d), self.float(d), self.float(0));
                code("(match {} { 0 => {}, 1 | 2 => {}, _ => {} })", &[&paren(i), &a, &b, &c])
            }
            18 => {
                let scope = self.vars.len();
                let init = self.float(d);
                let name = self.name();
                self.bind(&name, &name, Kind::Float, false);
                let value = self.float(d);
                self.vars.truncate(scope);
                code(&format!("({{ let {name} = {{}}; {{}} * {name}.tanh() }})"), &[&init, &value])
            }
            19 | 20 => match self.some(Kind::Closure, false) {
                Some(f) => code(&format!("{}({{}})", f.name), &[&self.float(d)]),
                None => self.float(d),
            },
            21 | 22 => match (self.helpers.clone(), self.some(Kind::Long, false)) {
                (Some(h), Some(a)) => code(
                    &format!("{h}_scalar::<N>({{}}, {}, {{}})", reference(&a)),
                    &[&self.float(d), &paren(self.int(0))],
                ),
                _ => self.float(d),
            },
            23 => match self.some(Kind::Matrix, false) {
                Some(m) => {
                    let f = self.pick(&["sum", "mean", "logsumexp", "max"]);
                    code(&format!("{f}(&{}[{{}}])", m.name), &[&self.int(0)])
                }
                None => self.float(d),
            },
            24 | 25 => match (self.some(Kind::Long, false), self.some(Kind::Long, false)) {
                (Some(a), Some(b)) => {
                    let f =
                        self.pick(&["sum", "mean", "logsumexp", "max", "min", "dot", "mse", "smooth_max"]);
                    let (a, b) = (reference(&a), reference(&b));
                    match &*f {
                        "dot" | "mse" => text(&format!("({f}({a}, {b})).tanh()")),
                        "smooth_max" => code(&format!("smooth_max({a}, {{}})"), &[&literal(1.5)]),
                        f => text(&format!("{f}({a})")),
                    }
                }
                _ => self.float(d),
            },
            26..=31 => self.iterated(d),
            _ => {
                let (i, x) = (self.int(d), self.leaf());
                Code {
                    user: format!("({}).tanh().powi(({}) as i32 + 1)", x.user, i.user),
                    oracle: format!("({}).tanh().powi(({}) as i32 + 1)", x.oracle, i.oracle),
                }
            }
        }
    }

    /// Something of an iterator.
    fn iterated(&mut self, depth: usize) -> Code {
        let (Some(a), Some(b)) = (self.some(Kind::Long, false), self.some(Kind::Long, false)) else {
            return self.float(depth);
        };
        let (a, b) = (a.name, b.name);
        let scope = self.vars.len();
        let item = |this: &mut Self, name: &str| this.bind(name, &format!("(*{name})"), Kind::Float, false);
        let out = match self.random.below(9) {
            0 => {
                item(self, "v");
                let e = self.float(depth);
                code(&format!("{a}.iter().map(|v| {{}} * *v).sum::<‹F›>()"), &[&paren(e)])
            }
            1 => {
                item(self, "v");
                item(self, "t");
                let e = self.float(depth);
                code(
                    &format!("{a}.iter().zip({b}.iter()).map(|(v, t)| {{}} - *v * *t).sum::<‹F›>()"),
                    &[&paren(e)],
                )
            }
            2 => {
                let range = self.range();
                self.bind("i", "i", Kind::Int, false);
                let e = self.float(depth);
                code("({}).map(|i| {}).sum::<‹F›>()", &[&range, &e])
            }
            3 => {
                item(self, "v");
                self.bind("i", "i", Kind::Int, false);
                let e = self.float(depth);
                code(
                    &format!(
                        "{a}.iter().enumerate().filter(|(_, v)| **v > {{}}).map(|(i, v)| {{}}).sum::<‹F›>()"
                    ),
                    &[&self.number(), &e],
                )
            }
            4 => {
                item(self, "v");
                let e = self.leaf();
                code(
                    &format!("{a}.iter().fold({{}}, |total, v| (total + {{}} * *v).tanh())"),
                    &[&self.number(), &e],
                )
            }
            5 => {
                let skip = self.random.below(3);
                text(&format!(
                    "{a}.iter().skip({skip}).zip({b}.iter().rev()).map(|(v, t)| *v * *t).sum::<‹F›>()"
                ))
            }
            6 => text(&format!("{a}.windows(2).map(|v| (v[1] - v[0]) * v[0]).sum::<‹F›>()")),
            7 => {
                let step = 1 + self.random.below(3);
                text(&format!("{a}.iter().rev().step_by({step}).copied().fold({b}[0], ‹F›::max)"))
            }
            _ => {
                let i = self.float(0);
                let count = code(&format!("{a}.iter().filter(|each| **each < {{}}).count()"), &[&i]);
                Code {
                    user: format!("0.25 * {} as f32", count.user),
                    oracle: format!("T::lit(0.25) * T::int({})", count.oracle),
                }
            }
        };
        self.vars.truncate(scope);
        out
    }

    /// Numbers below 4.
    fn range(&mut self) -> Code {
        match self.random.below(7) {
            0 => text("0..N"),
            1 => text("(0..N).rev()"),
            2 => text("(0..N).step_by(2)"),
            3 => code("0..{}", &[&paren(self.int(0))]),
            4 => code("(0..{}).rev()", &[&paren(self.int(0))]),
            5 => text("0..k"),
            _ => code("{}..N", &[&paren(self.int(0))]),
        }
    }

    /// Values of an array.
    fn long(&mut self, depth: usize) -> Code {
        let d = depth.saturating_sub(1);
        let Some(a) = self.some(Kind::Long, false) else { return text("*y") };
        let scope = self.vars.len();
        let out = match self.random.below(11) {
            0 | 1 => text(&a.read),
            2 => code("[{}; N]", &[&self.float(d)]),
            3 | 4 => {
                self.bind("i", "i", Kind::Int, false);
                code("std::array::from_fn::<‹F›, N, _>(|i| {})", &[&self.float(d)])
            }
            5 | 6 => {
                self.bind("v", "v", Kind::Float, false);
                code(&format!("{}.map(|v| {{}} * v)", a.name), &[&paren(self.float(d))])
            }
            7 => {
                let f = self.pick(&["softmax", "sort", "sort_desc", "cumsum", "log_softmax", "softmin"]);
                text(&format!("{f}({})", reference(&a)))
            }
            8 => match self.some(Kind::Matrix, false) {
                Some(m) => text(&format!("matvec(&{}, &[y[0], h, y[1]])", m.name)),
                None => text(&a.read),
            },
            9 => {
                let (c, x, y) = (self.condition(d), self.long(0), self.long(0));
                code("if {} { {} } else { {} }", &[&c, &x, &y])
            }
            _ => text("*y"),
        };
        self.vars.truncate(scope);
        out
    }

    fn block(&mut self, depth: usize, statements: usize, indent: usize) -> Code {
        let scope = self.vars.len();
        let mut out = Code::default();
        for _ in 0..statements {
            append(&mut out, self.statement(depth, indent));
        }
        // What was declared last has an effect.
        if let (Some(last), Some(x)) = (self.vars[scope..].last().cloned(), self.some(Kind::Float, true)) {
            let value = match last.kind {
                Kind::Float => text(&format!("({}).sin()", last.read)),
                Kind::Long => text(&format!("dot({0}, {0}).tanh()", reference(&last))),
                Kind::Short => text(&format!("({0}[0] * {0}[2]).tanh()", last.name)),
                Kind::Matrix => text(&format!("({0}[0][1] * {0}[3][2]).tanh()", last.name)),
                Kind::Closure => text(&format!("{}(y[2])", last.name)),
                Kind::Bool => code(&format!("if {} {{ {{}} }} else {{ y[1] }}", last.read), &[&self.leaf()]),
                Kind::Int => code(&format!("y[{} % 4] * {{}}.tanh()", last.read), &[&paren(self.leaf())]),
            };
            let pad = "    ".repeat(indent);
            append(&mut out, code(&format!("{pad}{{}}\n"), &[&assign(&text(&x.read), "+=", &value)]));
        }
        self.vars.truncate(scope);
        out
    }

    fn statement(&mut self, depth: usize, indent: usize) -> Code {
        let pad = "    ".repeat(indent);
        let line = |c: Code| code(&format!("{pad}{{}}\n"), &[&c]);
        let nested = |head: Code, body: Code, tail: &str| {
            code(&format!("{pad}{{}} {{\n{{}}{pad}}}{tail}\n"), &[&head, &body])
        };
        let e = 2;
        match self.random.below(if depth == 0 { 22 } else { 34 }) {
            0..=2 => {
                let (init, name) = (self.float(3), self.name());
                let mutable = self.random.chance(2);
                self.bind(&name, &name, Kind::Float, mutable);
                line(code(&format!("let {}{name} = {{}};", if mutable { "mut " } else { "" }), &[&init]))
            }
            3 | 4 => {
                let (init, name) = (self.long(e), self.name());
                let mutable = !self.random.chance(3);
                self.bind(&name, &name, Kind::Long, mutable);
                line(code(
                    &format!("let {}{name}: [‹F›; N] = {{}};", if mutable { "mut " } else { "" }),
                    &[&init],
                ))
            }
            5 => {
                let (a, b, c, name) = (self.float(e), self.float(1), self.float(0), self.name());
                self.bind(&name, &name, Kind::Short, true);
                line(code(&format!("let mut {name} = [{{}}, {{}}, {{}}];"), &[&a, &b, &c]))
            }
            6 => {
                let (a, name) = (self.float(1), self.name());
                self.bind(&name, &name, Kind::Matrix, true);
                line(code(&format!("let mut {name} = [[{{}}; 3]; N];"), &[&a]))
            }
            7 => {
                let (init, name) = (self.int(e), self.name());
                let mutable = self.random.chance(2);
                self.bind(&name, &name, Kind::Int, mutable);
                line(code(
                    &format!("let {}{name}: usize = {{}};", if mutable { "mut " } else { "" }),
                    &[&init],
                ))
            }
            8 => {
                let (init, name) = (self.condition(e), self.name());
                self.bind(&name, &name, Kind::Bool, false);
                line(code(&format!("let {name} = {{}};"), &[&init]))
            }
            9 => {
                // Kept closures see what never changes, and their argument.
                let scope = self.vars.len();
                self.frozen = true;
                self.bind("v", "v", Kind::Float, false);
                let body = self.float(e);
                self.frozen = false;
                self.vars.truncate(scope);
                let name = self.name();
                self.bind(&name, &name, Kind::Closure, false);
                line(code(&format!("let {name} = |v: ‹F›| {{}} * v.sin();"), &[&paren(body)]))
            }
            10 => {
                let (a, b) = (self.float(e), self.float(1));
                let (p, q) = (self.name(), self.name());
                if p == q {
                    return self.statement(depth, indent);
                }
                self.bind(&p, &p, Kind::Float, false);
                self.bind(&q, &q, Kind::Float, true);
                line(code(&format!("let ({p}, mut {q}) = ({{}}, {{}});"), &[&a, &b]))
            }
            11..=13 => match self.some(Kind::Float, true) {
                Some(x) => {
                    let op = self.pick(&["=", "+=", "-=", "*=", "/="]);
                    let value = self.float(3);
                    let value = match &*op {
                        "/=" => code("{} + ({}).powi(2)", &[&literal(1.0), &value]),
                        "+=" | "-=" => value,
                        _ => code("({}).tanh()", &[&value]),
                    };
                    line(assign(&text(&x.read), &op, &value))
                }
                None => self.statement(depth, indent),
            },
            14..=16 => match self.some(Kind::Long, true) {
                Some(a) => {
                    let (op, at) = (self.pick(&["=", "+=", "*="]), self.int(e));
                    let value = code("({}).tanh()", &[&self.float(e)]);
                    line(assign(&code(&format!("{}[{{}}]", a.name), &[&at]), &op, &value))
                }
                None => self.statement(depth, indent),
            },
            17 => match self.some(Kind::Long, true) {
                Some(a) => match self.random.below(3) {
                    // What is passed may read the array.
                    0 => {
                        let swap = format!("let at = ({{}}, {{}}); {}.swap(at.0, at.1);", a.name);
                        line(code(&swap, &[&self.int(1), &self.int(0)]))
                    }
                    1 => line(code(&format!("let old = {{}}; {}.fill(old);", a.name), &[&self.float(1)])),
                    _ => line(code(&format!("{} = {{}};", a.name), &[&self.long(1)])),
                },
                None => self.statement(depth, indent),
            },
            18 => match self.some(Kind::Matrix, true) {
                Some(m) => {
                    let (op, i, j) = (self.pick(&["=", "+="]), self.int(1), self.int(0));
                    let value = code("({}).sin()", &[&self.float(e)]);
                    line(assign(&code(&format!("{}[{{}}][({{}}) % 3]", m.name), &[&i, &j]), &op, &value))
                }
                None => self.statement(depth, indent),
            },
            19 => match self.some(Kind::Int, true) {
                Some(i) => {
                    let value = self.int(1);
                    let op = self.pick(&["=", "+="]);
                    line(code(&format!("{} {op} {{}};", i.name), &[&value]))
                }
                None => self.statement(depth, indent),
            },
            20 | 21 => match (self.helpers.clone(), self.some(Kind::Long, false)) {
                (Some(h), Some(a)) => {
                    let (x, a) = (self.float(1), reference(&a));
                    let name = self.name();
                    if self.random.chance(2) {
                        self.bind(&name, &name, Kind::Long, false);
                        line(code(&format!("let {name}: [‹F›; N] = {h}_array({a}, {{}});"), &[&x]))
                    } else {
                        let c = self.condition(1);
                        self.bind(&name, &name, Kind::Float, false);
                        self.bind("r", "r", Kind::Int, false);
                        line(code(
                            &format!("let ({name}, r): (‹F›, usize) = {h}_pair({{}}, {a}, {{}});"),
                            &[&x, &c],
                        ))
                    }
                }
                _ => self.statement(depth, indent),
            },
            22..=25 => {
                let range = self.range();
                let scope = self.vars.len();
                let name = self.pick(&["i", "j", "l"]);
                self.bind(&name, &name, Kind::Int, false);
                let n = 1 + self.random.below(3);
                let body = self.block(depth - 1, n, indent + 1);
                self.vars.truncate(scope);
                nested(code(&format!("for {name} in {{}}"), &[&range]), body, "")
            }
            26 => match self.some(Kind::Long, false) {
                Some(a) => {
                    // Its elements are borrowed in the loop.
                    let scope = self.vars.len();
                    let at = self.vars.iter().rposition(|v| v.name == a.name).expect("it is there");
                    let was = std::mem::replace(&mut self.vars[at].mutable, false);
                    self.bind("v", "(*v)", Kind::Float, false);
                    self.bind("i", "i", Kind::Int, false);
                    let n = 1 + self.random.below(2);
                    let body = self.block(depth - 1, n, indent + 1);
                    self.vars.truncate(scope);
                    self.vars[at].mutable = was;
                    nested(text(&format!("for (i, v) in {}.iter().enumerate()", a.name)), body, "")
                }
                None => self.statement(depth, indent),
            },
            27 => match self.some(Kind::Long, true) {
                Some(a) => {
                    let scope = self.vars.len();
                    let at = self.vars.iter().rposition(|v| v.name == a.name).expect("it is there");
                    self.vars[at].hidden = true;
                    self.bind("v", "*v", Kind::Float, true);
                    let value = code("({}).tanh()", &[&self.float(e)]);
                    self.vars.truncate(scope);
                    self.vars[at].hidden = false;
                    let op = self.pick(&["=", "+=", "*="]);
                    let statement = assign(&text("*v"), &op, &value);
                    let body = code(&format!("{pad}    {{}}\n"), &[&statement]);
                    nested(text(&format!("for v in {}.iter_mut()", a.name)), body, "")
                }
                None => self.statement(depth, indent),
            },
            28..=30 => {
                let cond = self.condition(e);
                let (n, m) = (1 + self.random.below(3), self.random.below(3));
                let then = self.block(depth - 1, n, indent + 1);
                if m == 0 {
                    return nested(code("if {}", &[&cond]), then, "");
                }
                let otherwise = self.block(depth - 1, m, indent + 1);
                code(
                    &format!("{pad}if {{}} {{\n{{}}{pad}}} else {{\n{{}}{pad}}}\n"),
                    &[&cond, &then, &otherwise],
                )
            }
            31 => {
                let i = self.int(e);
                let (a, b) = (self.block(depth - 1, 1, indent + 2), self.block(depth - 1, 1, indent + 2));
                code(
                    &format!(
                        "{pad}match {{}} {{\n{pad}    0 | 3 => {{\n{{}}{pad}    }}\n{pad}    j if j == k => {{\n{{}}{pad}    }}\n\
                         {pad}    _ => (),\n{pad}}}\n"
                    ),
                    &[&paren(i), &a, &b],
                )
            }
            _ => {
                let body = self.block(depth - 1, 2, indent + 1);
                code(&format!("{pad}{{\n{{}}{pad}}}\n"), &[&body])
            }
        }
    }

    fn parameters(&mut self) {
        for name in ["y", "u", "s"] {
            self.bind(name, &format!("*{name}"), Kind::Long, false);
        }
        for name in ["*w", "h"] {
            self.bind(name.trim_start_matches('*'), name, Kind::Float, false);
        }
        for (name, read) in [("class", "*class"), ("ints", "ints[1]"), ("k", "k")] {
            self.bind(name, read, Kind::Int, false);
        }
    }
}

fn paren(c: Code) -> Code {
    code("({})", &[&c])
}

fn reference(array: &Var) -> String {
    if array.read.starts_with('*') { array.name.clone() } else { format!("&{}", array.name) }
}

/// The right side first, as for numbers of the language's own.
fn assign(place: &Code, op: &str, value: &Code) -> Code {
    Code {
        user: format!("{} {op} {};", place.user, value.user),
        oracle: format!("{{ let right = {}; {} {op} right; }}", value.oracle, place.oracle),
    }
}

fn append(to: &mut Code, more: Code) {
    to.user += &more.user;
    to.oracle += &more.oracle;
}

/// The loss of a seed with the functions it calls.
fn program(seed: u64) -> Code {
    let mut all = Code::default();
    let helpers = !seed.is_multiple_of(3);
    let prefix = format!("f{seed}");
    if helpers {
        append(&mut all, helper(seed, &prefix));
    }
    let mut g = Generator {
        random: Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 77),
        vars: Vec::new(),
        helpers: helpers.then_some(prefix),
        frozen: false,
    };
    g.parameters();
    g.bind("x", "x", Kind::Float, true);
    let n = 4 + g.random.below(6);
    let mut body = text("    let mut x = y[0] * y[1];\n");
    for _ in 0..n {
        append(&mut body, g.statement(3, 1));
    }
    let mut end = text("x.tanh()");
    for kind in [Kind::Float, Kind::Long, Kind::Matrix, Kind::Short] {
        for var in g.visible(kind, false) {
            let part = match kind {
                Kind::Float => text(&format!(" + 0.5 * ({0}).sin() * y[2]", var.read).replace("0.5 * ", "")),
                Kind::Long => text(&format!(" + dot({0}, {0}).tanh()", reference(&var))),
                Kind::Matrix => text(&format!(" + ({0}[0][1] * {0}[2][0]).sin()", var.name)),
                _ => text(&format!(" + {0}[0] * {0}[2]", var.name)),
            };
            // What the user may call `x` is a float only here.
            append(&mut end, part);
        }
    }
    // The user's names may hide it.
    let end = if g.visible(Kind::Float, false).iter().any(|v| v.name == "x") {
        end
    } else {
        Code {
            user: end.user.replacen("x.tanh()", "y[0] * y[3]", 1),
            oracle: end.oracle.replacen("x.tanh()", "y[0] * y[3]", 1),
        }
    };
    append(
        &mut all,
        Code {
            user: format!(
                "#[newton_loss(hessian, lambda = 1.0)]\npub fn p{seed}<const N: usize>(\n    y: &[f32; N], u: &[f32; N], w: &f32, \
                 class: &usize, ints: &[usize; 3], flags: &[bool; 4],\n    #[shared] s: &[f32; N], h: f32, k: usize,\n) -> f32 \
                 {{\n{}    {}\n}}\n\n",
                body.user, end.user
            ),
            oracle: format!(
                "pub fn p{seed}<T: Num, const N: usize>(\n    y: &[T; N], u: &[T; N], w: &T, class: &usize, ints: &[usize; 3], \
                 flags: &[bool; 4], s: &[T; N], h: T, k: usize,\n) -> T {{\n{}    {}\n}}\n\n",
                body.oracle, end.oracle
            ),
        },
    );
    all
}

/// A function of each shape.
fn helper(seed: u64, prefix: &str) -> Code {
    let mut all = Code::default();
    let shapes = [
        ("scalar", "y0: ‹F›, y: &[‹F›; N], k: usize", "‹F›"),
        ("array", "y: &[‹F›; N], h: ‹F›", "[‹F›; N]"),
        ("pair", "h: ‹F›, y: &[‹F›; N], on: bool", "(‹F›, usize)"),
    ];
    for (i, (shape, parameters, result)) in shapes.into_iter().enumerate() {
        let mut g = Generator {
            random: Random(seed.wrapping_mul(0x9e37_79b9) ^ (1000 + i as u64)),
            vars: Vec::new(),
            helpers: None,
            frozen: false,
        };
        // What leaves name without looking.
        let prologue = "    let (u, s) = (*y, *y);\n    let flags = [true, false, KAPPA > 2, true];\n";
        let extra = match shape {
            "scalar" => "    let h = y0.sin();\n    let w = &h;\n",
            "array" => "    let w = &h;\n    let k = 2;\n",
            _ => "    let w = &h;\n    let k = if on { 1 } else { 3 };\n",
        };
        for name in ["y", "u", "s"] {
            g.bind(name, if name == "y" { "*y" } else { name }, Kind::Long, false);
        }
        g.bind("h", "h", Kind::Float, false);
        g.bind("k", "k", Kind::Int, false);
        g.bind("x", "x", Kind::Float, true);
        let mut body = text(&format!("{prologue}{extra}    let mut x = y[1] * h;\n"));
        let n = 1 + g.random.below(4);
        for _ in 0..n {
            append(&mut body, g.statement(2, 1));
        }
        let value = code("({}).tanh()", &[&g.float(2)]);
        let end = match shape {
            "scalar" => value,
            "array" => code("std::array::from_fn(|i| y[i] * {})", &[&value]),
            _ => code("({}, {})", &[&value, &g.int(1)]),
        };
        let parameters = code(parameters, &[]);
        let result = code(result, &[]);
        append(
            &mut all,
            Code {
                user: format!(
                    "#[newton_fn]\nfn {prefix}_{shape}<const N: usize>({}) -> {} {{\n{}    {}\n}}\n\n",
                    parameters.user, result.user, body.user, end.user
                ),
                oracle: format!(
                    "fn {prefix}_{shape}<T: Num, const N: usize>({}) -> {} {{\n{}    {}\n}}\n\n",
                    parameters.oracle, result.oracle, body.oracle, end.oracle
                ),
            },
        );
    }
    // Type arguments of the oracle's.
    all.oracle = all.oracle.replace("_scalar::<N>", "_scalar::<T, N>");
    all
}

/// The file `programs.rs` for these seeds.
pub fn file(seeds: impl Iterator<Item = u64> + Clone) -> String {
    let (mut user, mut oracle) = (String::new(), String::new());
    for seed in seeds.clone() {
        let code = program(seed);
        user += &code.user;
        oracle += &code.oracle.replace("_scalar::<N>", "_scalar::<T, N>");
    }
    let mut out = String::from(
        "//! Generated by `generate.rs`: `NEWTON_RANDOM_WRITE=1 cargo test --test random_programs`.\n\n\
         /// As a user writes them.\n#[rustfmt::skip]\npub mod user {\n    use newton_losses::prelude::*;\n    const KAPPA: usize = 3;\n\n",
    );
    out += &indented(&user);
    out += "}\n\n/// For the oracle.\n#[rustfmt::skip]\npub mod oracle {\n    use super::super::oracle::*;\n    const KAPPA: usize = 3;\n\n";
    out += &indented(&oracle);
    out += "}\n\n/// Checks each.\npub fn check_all(failures: &mut Vec<String>) {\n";
    for seed in seeds {
        writeln!(out, "    check!(p{seed}, P{seed}, failures);").unwrap();
    }
    out + "}\n"
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") }).collect()
}
