//! The table of builtins: what the compiler knows of each function.
//!
//! One row per function. The runtime crate has the function itself and its derivatives:
//!
//! - Functions of scalars: `<name>_d(..)`, the derivative with respect to the first argument, and for [`Rule::Both`]
//!   `<name>_d2(..)`, that with respect to the second. Both return an active scalar, except that of [`Rule::Constant`] and
//!   [`Rule::Either`] a passive one.
//! - Functions of arrays: one adjoint function for each argument that carries a derivative, [`Adjoint::function`]. It takes the
//!   arguments that it reads ([`Adjoint::args`]), the function's value if it reads it, the adjoint of the value, and a mutable
//!   reference to the argument's adjoint, to which it adds. It is called only if that argument is active.
//!
//! What generated code passes for an argument, in the function and in its derivatives alike:
//!
//! | kind | passed |
//! | --- | --- |
//! | [`Arg::Scalar`] | an active scalar; a passive one is lifted if another [`Arg::Scalar`] is active |
//! | [`Arg::Passive`], [`Arg::Detached`] | a passive scalar |
//! | [`Arg::Array`], [`Arg::Matrix`] | a reference to the array as it is, its elements active or passive: nothing is lifted |
//! | [`Arg::PassiveArray`] | a reference to an array of passive elements |
//!
//! Value and adjoint of the value are of active elements, lifted where they are not. Adjoint functions take arrays of either
//! activity. So do functions of two arrays, except that one whose first array is passive and whose second is active is called
//! `<name>_right`: [`Builtin::function_for`].

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
    /// A scalar that may, but whose derivative counts as zero: only its value is passed.
    Detached,
    /// A one-dimensional array.
    Array,
    /// A one-dimensional array that must not depend on the prediction.
    PassiveArray,
    /// A two-dimensional array.
    Matrix,
}

impl Arg {
    /// It must not depend on the prediction.
    pub fn is_passive(self) -> bool {
        matches!(self, Arg::Passive | Arg::PassiveArray)
    }

    /// How many dimensions it has.
    pub fn rank(self) -> usize {
        match self {
            Arg::Scalar | Arg::Passive | Arg::Detached => 0,
            Arg::Array | Arg::PassiveArray => 1,
            Arg::Matrix => 2,
        }
    }
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
    /// For two active arguments: `<name>_d(arguments..)` and `<name>_d2(arguments..)`.
    Both,
    /// Spelled out in `grad::partials`.
    Written,
    /// The derivative is zero: the result is passive whatever the arguments are.
    Flat,
    /// An array builtin: its adjoint functions.
    Reverse(&'static [Adjoint]),
    /// Sorting: lowered to a permutation and a gather.
    Sort { descending: bool },
}

/// An adjoint function: `function(args.., value?, adjoint of the value, &mut adjoint of the argument)`.
#[derive(Debug, PartialEq, Eq)]
pub struct Adjoint {
    /// Its name.
    pub function: &'static str,
    /// The argument to whose adjoint it adds, by position.
    pub of: usize,
    /// The arguments that it reads, by position.
    pub args: &'static [usize],
    /// It reads the function's value.
    pub value: bool,
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
    /// The lengths of the result, outermost first, each as (argument, which of its dimensions). None: a scalar.
    pub shape: &'static [(usize, usize)],
    /// Its derivative.
    pub rule: Rule,
}

const fn method(name: &'static str, args: &'static [Arg], rule: Rule) -> Builtin {
    Builtin { name, syntax: Syntax::Method, args, shape: &[], rule }
}
const fn function(name: &'static str, args: &'static [Arg], rule: Rule) -> Builtin {
    Builtin { name, syntax: Syntax::Function, args, shape: &[], rule }
}
const fn on_array(
    name: &'static str,
    args: &'static [Arg],
    shape: &'static [(usize, usize)],
    rule: Rule,
) -> Builtin {
    Builtin { name, syntax: Syntax::Function, args, shape, rule }
}
/// From arguments alone.
const fn from_args(function: &'static str, of: usize, args: &'static [usize]) -> Adjoint {
    Adjoint { function, of, args, value: false }
}
/// From the value, and arguments.
const fn from_value(function: &'static str, args: &'static [usize]) -> Adjoint {
    Adjoint { function, of: 0, args, value: true }
}

/// The shape of a result like the first argument, one-dimensional.
const LIKE_FIRST: &[(usize, usize)] = &[(0, 0)];
const SCALAR: &[(usize, usize)] = &[];

use Arg::{Array, Detached, Matrix, Passive, PassiveArray, Scalar};
use Rule::{Both, Constant, Either, Flat, OfArgs, OfValue, Reverse, Sort, Written};

/// All builtins.
pub static BUILTINS: &[Builtin] = &[
    method("exp", &[Scalar], Written),
    method("exp2", &[Scalar], Written),
    method("exp_m1", &[Scalar], Written),
    method("ln", &[Scalar], Written),
    method("ln_1p", &[Scalar], Written),
    method("log2", &[Scalar], Written),
    method("log10", &[Scalar], Written),
    method("sqrt", &[Scalar], Written),
    method("cbrt", &[Scalar], Written),
    method("recip", &[Scalar], Written),
    method("sin", &[Scalar], Written),
    method("cos", &[Scalar], Written),
    method("tan", &[Scalar], Written),
    method("asin", &[Scalar], Written),
    method("acos", &[Scalar], Written),
    method("atan", &[Scalar], Written),
    method("sinh", &[Scalar], Written),
    method("cosh", &[Scalar], Written),
    method("tanh", &[Scalar], Written),
    method("asinh", &[Scalar], Written),
    method("acosh", &[Scalar], Written),
    method("atanh", &[Scalar], Written),
    method("fract", &[Scalar], Written),
    method("powf", &[Scalar, Passive], Written),
    method("atan2", &[Scalar, Scalar], Both),
    method("hypot", &[Scalar, Scalar], Both),
    method("abs", &[Scalar], Constant),
    method("max", &[Scalar, Scalar], Either),
    method("min", &[Scalar, Scalar], Either),
    method("floor", &[Detached], Flat),
    method("ceil", &[Detached], Flat),
    method("round", &[Detached], Flat),
    method("trunc", &[Detached], Flat),
    method("signum", &[Detached], Flat),
    function("sigmoid", &[Scalar], OfValue),
    function("logistic_cdf", &[Scalar], OfValue),
    function("softplus", &[Scalar], OfArgs),
    function("log_sigmoid", &[Scalar], OfArgs),
    function("relu", &[Scalar], Constant),
    function("huber", &[Scalar, Passive], OfArgs),
    function("logaddexp", &[Scalar, Scalar], Both),
    function("erf", &[Scalar], OfArgs),
    function("normal_cdf", &[Scalar], OfArgs),
    function("cauchy_cdf", &[Scalar], OfArgs),
    function("reciprocal_cdf", &[Scalar], OfArgs),
    function("optimal_cdf", &[Scalar], OfArgs),
    function("binary_cross_entropy", &[Scalar, Passive], OfArgs),
    on_array("softmax", &[Array], LIKE_FIRST, Reverse(&[from_value("softmax_reverse", &[])])),
    on_array("softmin", &[Array], LIKE_FIRST, Reverse(&[from_value("softmin_reverse", &[])])),
    on_array("log_softmax", &[Array], LIKE_FIRST, Reverse(&[from_value("log_softmax_reverse", &[])])),
    on_array("logsumexp", &[Array], SCALAR, Reverse(&[from_value("logsumexp_reverse", &[0])])),
    on_array(
        "smooth_max",
        &[Array, Passive],
        SCALAR,
        Reverse(&[from_args("smooth_max_reverse", 0, &[0, 1])]),
    ),
    on_array(
        "smooth_min",
        &[Array, Passive],
        SCALAR,
        Reverse(&[from_args("smooth_min_reverse", 0, &[0, 1])]),
    ),
    on_array("sum", &[Array], SCALAR, Reverse(&[from_args("sum_reverse", 0, &[])])),
    on_array("mean", &[Array], SCALAR, Reverse(&[from_args("mean_reverse", 0, &[])])),
    on_array("product", &[Array], SCALAR, Reverse(&[from_args("product_reverse", 0, &[0])])),
    on_array("max", &[Array], SCALAR, Reverse(&[from_args("max_reverse", 0, &[0])])),
    on_array("min", &[Array], SCALAR, Reverse(&[from_args("min_reverse", 0, &[0])])),
    on_array("norm", &[Array], SCALAR, Reverse(&[from_value("norm_reverse", &[0])])),
    on_array(
        "dot",
        &[Array, Array],
        SCALAR,
        Reverse(&[from_args("dot_reverse_first", 0, &[1]), from_args("dot_reverse_second", 1, &[0])]),
    ),
    on_array(
        "mse",
        &[Array, Array],
        SCALAR,
        Reverse(&[from_args("mse_reverse_first", 0, &[0, 1]), from_args("mse_reverse_second", 1, &[0, 1])]),
    ),
    on_array(
        "cross_entropy",
        &[Array, PassiveArray],
        SCALAR,
        Reverse(&[from_args("cross_entropy_reverse", 0, &[0, 1])]),
    ),
    on_array("cumsum", &[Array], LIKE_FIRST, Reverse(&[from_args("cumsum_reverse", 0, &[])])),
    on_array("cumprod", &[Array], LIKE_FIRST, Reverse(&[from_value("cumprod_reverse", &[0])])),
    on_array(
        "matmul",
        &[Matrix, Matrix],
        &[(0, 0), (1, 1)],
        Reverse(&[from_args("matmul_reverse_first", 0, &[1]), from_args("matmul_reverse_second", 1, &[0])]),
    ),
    on_array(
        "matvec",
        &[Matrix, Array],
        &[(0, 0)],
        Reverse(&[from_args("matvec_reverse_first", 0, &[1]), from_args("matvec_reverse_second", 1, &[0])]),
    ),
    on_array(
        "outer",
        &[Array, Array],
        &[(0, 0), (1, 0)],
        Reverse(&[from_args("outer_reverse_first", 0, &[1]), from_args("outer_reverse_second", 1, &[0])]),
    ),
    on_array("transpose", &[Matrix], &[(0, 1), (0, 0)], Reverse(&[from_args("transpose_reverse", 0, &[])])),
    on_array("sort", &[Array], LIKE_FIRST, Sort { descending: false }),
    on_array("sort_desc", &[Array], LIKE_FIRST, Sort { descending: true }),
];

/// What the compiler calls and users do not write: `powf` with an active exponent, derivatives with respect to second arguments,
/// what `relax` makes of functions of arrays and of reads at the indices that they return.
pub static INTERNAL: &[Builtin] = &[
    method("pow", &[Scalar, Scalar], Both),
    function("pow_d2", &[Scalar, Scalar], OfArgs),
    function("atan2_d2", &[Scalar, Scalar], OfArgs),
    function("hypot_d2", &[Scalar, Scalar], OfArgs),
    function("logaddexp_d2", &[Scalar, Scalar], OfArgs),
    on_array(
        "relaxed_argmin",
        &[Array, Passive],
        LIKE_FIRST,
        Reverse(&[from_value("relaxed_argmin_reverse", &[1])]),
    ),
    on_array(
        "relaxed_argmax",
        &[Array, Passive],
        LIKE_FIRST,
        Reverse(&[from_value("relaxed_argmax_reverse", &[1])]),
    ),
    on_array(
        "relaxed_min",
        &[Array, Passive],
        SCALAR,
        Reverse(&[from_value("relaxed_min_reverse", &[0, 1])]),
    ),
    on_array(
        "relaxed_max",
        &[Array, Passive],
        SCALAR,
        Reverse(&[from_value("relaxed_max_reverse", &[0, 1])]),
    ),
    on_array(
        "soft_read",
        &[Array, Array],
        SCALAR,
        Reverse(&[
            Adjoint { function: "soft_read_reverse_first", of: 0, args: &[1], value: true },
            from_args("soft_read_reverse_second", 1, &[0]),
        ]),
    ),
];

impl Builtin {
    /// The row of a name, if there is one.
    pub fn find(syntax: Syntax, name: &str) -> Option<&'static Builtin> {
        BUILTINS.iter().find(|b| b.syntax == syntax && b.name == name)
    }

    /// The row of a function that users do not write.
    pub fn internal(name: &str) -> &'static Builtin {
        INTERNAL.iter().find(|b| b.name == name).expect("in the table")
    }

    /// The function to call, given which arguments are active.
    pub fn function_for(&self, active: impl IntoIterator<Item = bool>) -> String {
        let mut active = active.into_iter();
        match (self.rule, active.next(), active.next()) {
            (Reverse([_, _]), Some(false), Some(true)) => format!("{}_right", self.name),
            _ => self.name.to_owned(),
        }
    }

    /// The lengths of the result, given those of the arguments.
    pub fn dims<L: Clone>(&self, args: &[Vec<L>]) -> Vec<L> {
        self.shape.iter().map(|&(arg, dim)| args[arg][dim].clone()).collect()
    }

    /// The derivative does not depend on the prediction (almost everywhere).
    pub fn derivative_is_constant(&self) -> bool {
        matches!(self.rule, Constant | Either)
    }

    /// The result is passive, whatever the arguments are.
    pub fn is_flat(&self) -> bool {
        self.rule == Flat
    }

    /// Cheap enough to be computed again in the reverse sweep instead of being saved.
    pub fn is_cheap(&self) -> bool {
        self.derivative_is_constant() || self.is_flat()
    }

    /// The reverse sweep needs the value, not only the arguments.
    pub fn needs_value(&self) -> bool {
        match self.rule {
            OfValue => true,
            Written => {
                matches!(self.name, "exp" | "exp2" | "exp_m1" | "sqrt" | "cbrt" | "recip" | "tan" | "tanh")
            }
            Reverse(adjoints) => adjoints.iter().any(|a| a.value),
            _ => false,
        }
    }
}

/// All names that generated code may call.
pub fn called_names() -> impl Iterator<Item = String> {
    const OTHERS: &[&str] = &["across_lanes", "gather", "gather_reverse"];
    let adjoints = |b: &'static Builtin| match b.rule {
        Reverse(adjoints) => adjoints,
        _ => &[],
    };
    let of = move |b: &'static Builtin| {
        let derived = (b.shape.is_empty() && b.args[0].rank() == 0).then(|| format!("{}_d", b.name));
        let adjoints = adjoints(b).iter().map(|a| a.function.to_owned());
        [b.name.to_owned(), b.function_for([false, true])].into_iter().chain(derived).chain(adjoints)
    };
    BUILTINS.iter().chain(INTERNAL).flat_map(of).chain(OTHERS.iter().map(|name| (*name).to_owned()))
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
