//! The table of builtins: what the compiler knows of each function.
//!
//! One row per function; the runtime crate has the function itself, its derivative `<name>_d` (scalars) or its adjoint
//! `<name>_reverse` (arrays).

/// How a builtin is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// `x.exp()`
    Method,
    /// `sigmoid(x)`
    Function,
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arg {
    /// A scalar that may depend on the prediction.
    Scalar,
    /// A scalar that must not.
    Passive,
    /// A one-dimensional array.
    Array,
}

/// How the derivative comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// `<name>_d(value)`.
    OfValue,
    /// `<name>_d(arguments..)`.
    OfArgs,
    /// As [`Rule::OfArgs`], and piecewise constant: a passive number, cheap to compute again.
    Constant,
    /// As [`Rule::Constant`], for two active arguments: the second's derivative is one minus the first's.
    Either,
    /// Spelled out in `grad::partials`.
    Written,
    /// An array builtin: `<name>_reverse(argument?, value?, adjoint, &mut argument's adjoint)`.
    Reverse { args: bool, value: bool },
    /// Sorting: lowered to a permutation and a gather.
    Sort { descending: bool },
}

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub syntax: Syntax,
    /// Its arguments; the receiver of a method first.
    pub args: &'static [Arg],
    /// The result is an array like the first argument, not a scalar.
    pub array: bool,
    /// Its derivative.
    pub rule: Rule,
}

const fn method(name: &'static str, args: &'static [Arg], rule: Rule) -> Builtin {
    Builtin { name, syntax: Syntax::Method, args, array: false, rule }
}
const fn function(name: &'static str, args: &'static [Arg], rule: Rule) -> Builtin {
    Builtin { name, syntax: Syntax::Function, args, array: false, rule }
}
const fn on_array(name: &'static str, array: bool, rule: Rule) -> Builtin {
    Builtin { name, syntax: Syntax::Function, args: &[Arg::Array], array, rule }
}

use Arg::{Passive, Scalar};
use Rule::{Constant, Either, OfArgs, OfValue, Reverse, Sort, Written};

/// All builtins.
pub static BUILTINS: &[Builtin] = &[
    method("exp", &[Scalar], Written),
    method("exp_m1", &[Scalar], Written),
    method("ln", &[Scalar], Written),
    method("ln_1p", &[Scalar], Written),
    method("sqrt", &[Scalar], Written),
    method("recip", &[Scalar], Written),
    method("sin", &[Scalar], Written),
    method("cos", &[Scalar], Written),
    method("tan", &[Scalar], Written),
    method("tanh", &[Scalar], Written),
    method("atan", &[Scalar], Written),
    method("powf", &[Scalar, Passive], Written),
    method("abs", &[Scalar], Constant),
    method("max", &[Scalar, Scalar], Either),
    method("min", &[Scalar, Scalar], Either),
    function("sigmoid", &[Scalar], OfValue),
    function("logistic_cdf", &[Scalar], OfValue),
    function("softplus", &[Scalar], OfArgs),
    function("erf", &[Scalar], OfArgs),
    function("normal_cdf", &[Scalar], OfArgs),
    function("cauchy_cdf", &[Scalar], OfArgs),
    function("reciprocal_cdf", &[Scalar], OfArgs),
    function("optimal_cdf", &[Scalar], OfArgs),
    function("binary_cross_entropy", &[Scalar, Passive], OfArgs),
    on_array("softmax", true, Reverse { args: false, value: true }),
    on_array("log_softmax", true, Reverse { args: false, value: true }),
    on_array("logsumexp", false, Reverse { args: true, value: true }),
    on_array("sum", false, Reverse { args: false, value: false }),
    on_array("mean", false, Reverse { args: false, value: false }),
    on_array("sort", true, Sort { descending: false }),
    on_array("sort_desc", true, Sort { descending: true }),
];

impl Builtin {
    /// The row of a name, if there is one.
    pub fn find(syntax: Syntax, name: &str) -> Option<&'static Builtin> {
        BUILTINS.iter().find(|b| b.syntax == syntax && b.name == name)
    }

    /// The derivative does not depend on the prediction (almost everywhere).
    pub fn derivative_is_constant(&self) -> bool {
        matches!(self.rule, Constant | Either)
    }

    /// Cheap enough to be computed again in the reverse sweep instead of being saved.
    pub fn is_cheap(&self) -> bool {
        self.derivative_is_constant()
    }

    /// The reverse sweep needs the value, not only the arguments.
    pub fn needs_value(&self) -> bool {
        match self.rule {
            OfValue => true,
            Written => matches!(self.name, "exp" | "exp_m1" | "sqrt" | "recip" | "tan" | "tanh"),
            Reverse { value, .. } => value,
            _ => false,
        }
    }
}

/// The known name nearest to a misspelled one, if it is near.
pub fn nearest(syntax: Syntax, name: &str) -> Option<&'static str> {
    let distance = |a: &str, b: &str| {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for i in 1..=a.len() {
            let mut diagonal = std::mem::replace(&mut row[0], i);
            for j in 1..=b.len() {
                let replaced = diagonal + usize::from(a[i - 1] != b[j - 1]);
                diagonal = row[j];
                row[j] = replaced.min(row[j] + 1).min(row[j - 1] + 1);
            }
        }
        row[b.len()]
    };
    BUILTINS
        .iter()
        .filter(|b| b.syntax == syntax)
        .map(|b| (distance(b.name, name), b.name))
        .min()
        .filter(|(d, n)| *d <= 1 + n.len() / 4)
        .map(|(_, n)| n)
}
