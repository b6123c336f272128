//! Text that is built to grow, or to nest.

use super::{Input, Tally, run};
use proc_macro2::TokenStream;
use std::fmt::Write;

const SIGNATURE: &str = "fn f<const N: usize>(y: &[f32; N], t: f32, n: usize, label: &usize) -> f32";

/// Compiles a loss of these statements: neither a panic nor an explosion.
#[track_caller]
fn bounded(name: &str, text: impl FnOnce() -> String + Send + 'static) {
    let start = std::time::Instant::now();
    let shown = name.to_owned();
    let work = move || {
        let item: TokenStream = format!("{SIGNATURE} {{ {} }}", text()).parse().expect("tokens");
        for loss in [true, false] {
            let attribute = if loss { quote::quote!(hessian, lambda = 1.0) } else { TokenStream::new() };
            run(&Input { loss, attribute, item: item.clone() }, &mut Tally::default())?;
        }
        println!("{shown}: {:?}", start.elapsed());
        Ok::<(), String>(())
    };
    super::on_a_stack(work).unwrap_or_else(|failure| panic!("{name}: {failure}"));
}

/// `let x1 = step(x0); let x2 = step(x1); ...`
fn chain(start: &str, n: usize, end: &str, step: impl Fn(&str) -> String) -> String {
    let mut text = format!("let x0 = {start};");
    for i in 0..n {
        write!(text, "let x{} = {};", i + 1, step(&format!("x{i}"))).unwrap();
    }
    text + &end.replace("LAST", &format!("x{n}"))
}

/// `step(step(step(start)))`
fn nested(start: &str, n: usize, step: impl Fn(&str) -> String) -> String {
    (0..n).fold(start.to_owned(), |e, _| step(&e))
}

#[test]
fn operands_that_are_used_twice() {
    for n in [5, 50] {
        for method in [
            "rem_euclid(0.7)",
            "fract()",
            "sin_cos().0",
            "log(2.0)",
            "clamp(-1.0, 1.0)",
            "is_infinite() as usize as f32",
        ] {
            bounded(method, move || nested("y[0]", n, |e| format!("({e}).{method}")));
        }
        for method in
            ["acosh()", "asin()", "cbrt()", "tan()", "powi(3)", "powf(1.5)", "abs()", "max(0.5)", "recip()"]
        {
            bounded(method, move || nested("y[0]", n, |e| format!("({e}).{method}")));
        }
        bounded("product", move || nested("y[0]", n, |e| format!("({e}) * (y[0] + 1.0)")));
        bounded("quotient", move || nested("y[0]", n, |e| format!("(1.0 + {e}) / (2.0 + y[0])")));
        bounded("atan2", move || nested("y[0]", n, |e| format!("({e}).atan2(y[0] + 2.0)")));
    }
}

#[test]
fn names_that_stand_for_values() {
    bounded("untyped constants", || chain("K", 60, "y[0] * LAST", |x| format!("{x} + {x}")));
    bounded("untyped chain", || chain("K", 3000, "y[0] * LAST", |x| format!("{x} + K")));
    bounded("tuples", || chain("(1.0, 2.0)", 40, "y[0] + LAST.0", |x| format!("({x}, {x})")));
    bounded("references to tuples", || chain("&(1.0, 2.0)", 40, "y[0]", |x| format!("&({x}, {x})")));
    bounded("arrays of tuples", || chain("(1.0, 2.0)", 40, "y[0]", |x| format!("[({x}, {x}); 2]")));
    bounded("iterators", || chain("y.iter()", 40, "y[0]", |x| format!("{x}.zip({x})")));
    bounded("shifted iterators", || chain("(0..n)", 40, "y[0]", |x| format!("{x}.skip(1).zip({x}.rev())")));
    bounded("reversed iterators", || {
        chain("(0..n)", 60, "LAST.map(|i| y[i]).sum()", |x| format!("{x}.rev().step_by(2)"))
    });
    bounded("lengths", || chain("[0.0; N]", 40, "y[0]", |x| format!("[0.0; {x}.len() + {x}.len()]")));
    bounded("integers", || chain("n", 2000, "y[LAST]", |x| format!("{x} + {x}")));
    bounded("conditions", || chain("n == 1", 500, "if LAST { y[0] } else { t }", |x| format!("{x} && !{x}")));
    bounded("floats", || chain("y[0]", 2000, "LAST", |x| format!("{x} * {x} + t")));
    bounded("labels", || chain("*label", 500, "y[LAST % N]", |x| format!("{x} * {x} + {x} / 2")));
}

#[test]
fn closures_that_call_closures() {
    bounded("doubling closures", || {
        chain("|v: f32| v * v", 40, "LAST(y[0])", |x| format!("|v: f32| {x}({x}(v))"))
    });
    bounded("doubling maps", || {
        chain("|v: f32| v * v", 40, "y.iter().map(LAST).sum()", |x| {
            format!("|v: f32| y.iter().map({x}).map({x}).sum::<f32>()")
        })
    });
    bounded("flat maps", || {
        let map = nested("(0..n)", 30, |e| format!("{e}.flat_map(|i| (0..i).zip(0..i).map(|(a, _)| a))"));
        format!("{map}.map(|i| y[i]).sum::<f32>()")
    });
    bounded("nested from_fn", || {
        nested("y[0]", 60, |e| format!("std::array::from_fn::<f32, 2, _>(|i| {e})[0]"))
    });
}

#[test]
fn deep_nesting() {
    for n in [10, 60, 300, 5000] {
        bounded("parentheses", move || nested("y[0]", n, |e| format!("({e})")));
        bounded("blocks", move || nested("y[0]", n, |e| format!("{{ {e} }}")));
        bounded("indices", move || nested("0", n, |e| format!("y[{e}]")));
        bounded("minus", move || format!("{} y[0]", "- ".repeat(n)));
        bounded("not", move || format!("if {} (n == 1) {{ y[0] }} else {{ t }}", "! ".repeat(n)));
        bounded("references", move || format!("{} y[0]", "& ".repeat(n)));
        bounded("sum", move || format!("y[0] {}", "+ y[0]".repeat(n)));
        bounded("comparisons", move || {
            format!("if n == 1 {} {{ y[0] }} else {{ t }}", "&& n == 1".repeat(n))
        });
        bounded("powers", move || format!("y[0] {}", ".abs()".repeat(n)));
        bounded("casts", move || format!("y[n {}]", "as usize".repeat(n)));
        bounded("closures", move || format!("let f = {} 1.0; y[0]", "|x| ".repeat(n)));
        bounded("assignments", move || format!("let mut a = 0.0; {} 1.0; y[0]", "a = ".repeat(n)));
        bounded("returns", move || format!("{} y[0]", "return ".repeat(n)));
        bounded("ranges", move || format!("for i in {} n {{}} y[0]", "0 .. ".repeat(n)));
        bounded("types", move || format!("let a: {} f32 = 1.0; y[0]", "& ".repeat(n)));
        bounded("array types", move || {
            format!("let a: {} = 1.0; y[0]", nested("f32", n, |e| format!("[{e}; 1]")))
        });
        bounded("patterns", move || format!("let {} = 1.0; y[0]", nested("a", n, |e| format!("({e}, b)"))));
        bounded("reference patterns", move || format!("let {} a = 1.0; y[0]", "& ".repeat(n)));
        bounded("loops", move || {
            format!(
                "let mut x = y[0]; {} x",
                nested("x = x * y[i];", n, |e| format!("for i in 0..N {{ {e} }}"))
            )
        });
        bounded("branches", move || {
            format!(
                "let mut x = y[0]; {} x",
                nested("x = x * y[0];", n, |e| format!("if y[n] > 0.0 {{ {e} }} else {{ x += t; }}"))
            )
        });
        bounded("else if", move || {
            let others: String = (0..n).map(|i| format!("else if y[0] < {i}.0 {{ y[0] }}")).collect();
            format!("if n == 1 {{ y[0] }} {others} else {{ t }}")
        });
        bounded("else if of integers", move || {
            let others: String = (0..n).map(|i| format!("else if n == {i} {{ x += y[0]; }}")).collect();
            format!("let mut x = y[0]; if n == 1 {{ x = y[0] * 2.0; }} {others} x")
        });
        bounded("arms", move || {
            let arms: String = (0..n).map(|i| format!("{i} => y[0],")).collect();
            format!("match *label {{ {arms} _ => y[1] }}")
        });
        bounded("alternatives", move || {
            let cases: String = (1..n).map(|i| format!("| {i}")).collect();
            format!("match *label {{ 0 {cases} => y[0], _ => y[1] }}")
        });
        bounded("generic arguments", move || {
            format!("helper::<{} {}>(y[0])", "Vec<".repeat(n), ">".repeat(n))
        });
    }
}

#[test]
fn many_statements() {
    bounded("statements", || {
        let all: String =
            (0..1000).map(|i| format!("let a = x * y[{i}].exp() / (1.0 + x * x); x = a + x * a;")).collect();
        format!("let mut x = y[0]; {all} x")
    });
    bounded("elements", || {
        let all: String = (0..5000).map(|i| format!("y[{i}] * y[0] * y[1] * y[2] * y[3], ")).collect();
        format!("let a = [{all}]; sum(&a)")
    });
    bounded("blocks in a loop", || {
        let all: String = (0..200)
            .map(|_| "{ let d = y[i] - t; x += (d * d).sin() * x; if x > 1.0 { x = x.ln(); } }")
            .collect();
        format!("let mut x = y[0]; for i in 0..N {{ {all} }} x")
    });
}

#[test]
fn numbers_at_the_end_of_their_range() {
    bounded("largest index", || {
        "let mut s = 0.0; for i in 0..=18446744073709551615 { s += y[i]; } s".to_owned()
    });
    bounded("skipped", || {
        "y.iter().skip(18446744073709551615).skip(2).map(|v| v * v).sum::<f32>()".to_owned()
    });
    bounded("power", || "y[0].powi(99999999999)".to_owned());
}
