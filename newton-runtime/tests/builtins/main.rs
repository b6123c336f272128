//! Every function that the language knows: values, first and second derivatives, lanes, kinks.

/// One row per function: `test: Type [arguments -> results] name, points, formula, function, adjoint`.
macro_rules! subjects {
    ($($test:ident: $type:ident [$n:literal -> $m:literal] $points:expr;
        |$r:ident| $reference:expr; |$x:ident| $value:expr; |$a:ident, $y_:ident, $x_:ident| $adjoint:expr;)*) => {
        $(
            struct $type;
            impl $crate::check::Subject<$n, $m> for $type {
                const NAME: &'static str = stringify!($test);
                fn points() -> Vec<[f64; $n]> {
                    $points.to_vec()
                }
                fn reference($r: &[f64; $n]) -> [f64; $m] {
                    $reference
                }
                fn value<S: newton_runtime::scalar::Scalar>($x: &[S; $n]) -> [S; $m] {
                    $value
                }
                #[allow(unused_variables)] // not every adjoint reads the argument
                fn adjoint<S: newton_runtime::scalar::Scalar>($a: &[S; $n], $y_: &[S; $m], $x_: &mut [S; $n]) {
                    $adjoint
                }
            }
        )*
        /// Apart from the functions that they are called like.
        mod each {
            $(#[test]
            fn $test() {
                $crate::check::check::<super::$type, $n, $m>();
            })*
        }
        /// The names of all rows.
        pub const NAMES: &[&str] = &[$(stringify!($test)),*];
    };
}

mod arrays;
mod check;
mod kinks;
mod orders;
mod scalars;

/// A row for each function of the compiler's table.
#[test]
fn no_function_is_left_out() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../newton-macros/src/builtins.rs");
    let table = std::fs::read_to_string(table).unwrap();
    let table = &table[table.find("pub static BUILTINS").unwrap()..table.find("impl Builtin").unwrap()];
    // `method("name", ..`, `function("name", ..`, `on_array(\n "name", ..`
    let names: Vec<&str> = table
        .split(['(', '\n'])
        .map(str::trim)
        .filter_map(|text| text.strip_prefix('"')?.split('"').next())
        .filter(|name| !name.contains("_reverse") && !name.ends_with("_d2"))
        .collect();
    assert!(names.len() > 70, "{names:?}");
    let checked: Vec<&str> = [scalars::NAMES, arrays::NAMES, kinks::NAMES].concat();
    for name in names {
        let known = |row: &&str| row.split("_of_").next() == Some(name);
        assert!(checked.iter().any(known), "`{name}` is not checked");
    }
}
