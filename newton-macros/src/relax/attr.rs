//! The arguments of `relax(logistic, beta = 10.0, max_iter = 18, t_conorm = probabilistic, epsilon = 1e-5)`.

use crate::attr;
use crate::errors::Errors;
use crate::ir::{Discrete, Expr, Kind, Output, Place, Program, Role};
use proc_macro2::{Ident, Span, TokenStream};
use syn::spanned::Spanned;

/// How to relax.
pub struct Relax {
    /// Inverse temperature.
    pub beta: Number,
    /// The most steps of a loop.
    pub max_iter: Option<Number>,
    /// What `||` is.
    pub conorm: Conorm,
    /// A branch or step that is less likely than this is not run.
    pub epsilon: f64,
}

impl Relax {
    /// Whether a parameter of the function is one of its numbers.
    pub fn reads(&self, parameter: &Ident) -> bool {
        let is =
            |number: &Number| matches!(&number.0, syn::Expr::Path(path) if path.path.is_ident(parameter));
        is(&self.beta) || self.max_iter.as_ref().is_some_and(is)
    }
}

/// T-conorms: how likely one of two is.
#[derive(Clone, Copy)]
pub enum Conorm {
    /// p + q - p q
    Probabilistic,
    /// (p + q + (r - 2) p q) / (1 + (r - 1) p q)
    Hamacher(f64),
    /// min(1, p + q)
    Yager,
}

/// A literal, a constant, a const generic or a parameter of the function.
pub struct Number(syn::Expr);

const KNOWN: &str = "the arguments of `relax` are `logistic`, `beta = 10.0`, `max_iter = 18`, \
                     `t_conorm = probabilistic | hamacher(r) | yager`, `epsilon = 1e-5`";

/// What is between the parentheses.
pub fn parse(tokens: TokenStream, span: Span, errors: &mut Errors) -> Option<Relax> {
    let items = attr::items(tokens, errors).ok()?;
    let (mut logistic, mut beta, mut max_iter) = (false, None, None);
    let (mut conorm, mut epsilon) = (Conorm::Probabilistic, 1e-5);
    let mut seen: Vec<String> = Vec::new();
    for item in items {
        let name = item.key.to_string();
        if seen.contains(&name) {
            errors.at(item.key.span(), format_args!("`{name}` is given twice"));
        }
        seen.push(name.clone());
        let Ok((key, value)) = item.without_group(errors) else { continue };
        match (&*name, value) {
            ("logistic", None) => logistic = true,
            ("beta", Some(value)) => beta = Some(Number(value)),
            ("max_iter", Some(value)) => max_iter = Some(Number(value)),
            ("epsilon", Some(value)) => match literal(&value) {
                Some(x) if (0.0..1.0).contains(&x) => epsilon = x,
                _ => {
                    errors.at(value.span(), "epsilon is a literal number from 0 to 1: `epsilon = 1e-5`");
                }
            },
            ("t_conorm", Some(value)) => match self::conorm(&value) {
                Some(found) => conorm = found,
                None => {
                    errors.at(
                        value.span(),
                        "choose one of `probabilistic`, `hamacher(r)` with a literal r, `yager`",
                    );
                }
            },
            ("gaussian" | "cauchy" | "laplace" | "gumbel", None) => {
                errors.at(
                    key.span(),
                    "control flow is relaxed by the logistic distribution: `relax(logistic, beta = 10.0)`",
                );
                logistic = true;
            }
            _ => {
                errors.at(key.span(), format_args!("`{name}` is not understood here; {KNOWN}"));
            }
        }
    }
    if !logistic {
        errors.at(span, "say by which distribution: `relax(logistic, beta = 10.0)`");
    }
    let Some(beta) = beta else {
        errors.at(span, "say how steep comparisons are: `relax(logistic, beta = 10.0)`");
        return None;
    };
    if literal(&beta.0).is_some_and(|x| x <= 0.0 || !x.is_finite()) {
        errors.at(beta.0.span(), "beta is positive: the larger, the nearer to the plain algorithm");
    }
    Some(Relax { beta, max_iter, conorm, epsilon })
}

fn conorm(value: &syn::Expr) -> Option<Conorm> {
    match value {
        syn::Expr::Path(path) if path.path.is_ident("probabilistic") => Some(Conorm::Probabilistic),
        syn::Expr::Path(path) if path.path.is_ident("yager") => Some(Conorm::Yager),
        syn::Expr::Call(call) => match &*call.func {
            syn::Expr::Path(path) if path.path.is_ident("hamacher") && call.args.len() == 1 => {
                literal(&call.args[0]).filter(|r| *r >= 0.0).map(Conorm::Hamacher)
            }
            _ => None,
        },
        _ => None,
    }
}

fn literal(value: &syn::Expr) -> Option<f64> {
    match value {
        syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => literal(expr).map(|x| -x),
        syn::Expr::Lit(lit) => match &lit.lit {
            syn::Lit::Float(x) => x.base10_parse().ok(),
            syn::Lit::Int(x) => x.base10_parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// What a number in the attribute is in the program.
pub trait Resolve<T> {
    /// Looks a name up among the parameters.
    fn resolve(&self, program: &Program, errors: &mut Errors) -> T;
}

impl Number {
    /// The parameter it names: whether it is one for the batch, or for the call of a function, and what it is.
    fn parameter(&self, program: &Program) -> Option<(bool, Kind, Place)> {
        let syn::Expr::Path(path) = &self.0 else { return None };
        let name = path.path.get_ident()?;
        program.params.iter().find_map(|param| {
            let var = &program.vars[param.var.0];
            (var.name == *name && var.ty.is_scalar()).then(|| {
                let function = matches!(program.output, Output::Values(_));
                let one = function || matches!(param.role, Role::Hyper | Role::StaticHyper);
                (one, var.ty.kind, Place { span: name.span(), ..Place::of(param.var) })
            })
        })
    }
}

impl Resolve<Expr> for Number {
    fn resolve(&self, program: &Program, errors: &mut Errors) -> Expr {
        if let Some(x) = literal(&self.0) {
            return Expr::Lit(x);
        }
        match self.parameter(program) {
            Some((true, Kind::Float, place)) => Expr::Read(place),
            Some(_) => {
                errors.at(
                    self.0.span(),
                    "this parameter is no number that is one for the batch: take it by value, `beta: f32`",
                );
                Expr::Lit(1.0)
            }
            None => Expr::Const(crate::ir::Constant::whole(self.0.clone())),
        }
    }
}

impl Resolve<Discrete> for Number {
    fn resolve(&self, program: &Program, errors: &mut Errors) -> Discrete {
        match self.parameter(program) {
            Some((true, Kind::Int, place)) => Discrete::Read(place),
            Some(_) => {
                errors.at(self.0.span(), "this parameter is no integer that is one for the batch: take it by value, `steps: usize`");
                Discrete::lit(0)
            }
            None => Discrete::Path(self.0.clone()),
        }
    }
}
