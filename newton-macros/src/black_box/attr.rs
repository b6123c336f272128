//! What the attribute says of noise, and of what is made of the function's results.

use crate::attr::{self, Item, choice, number};
use crate::errors::Errors;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::Expr;
use syn::spanned::Spanned;

/// Distributions by name, and whether smoothed losses have Hessians under them.
const DISTRIBUTIONS: [(&str, bool); 6] = [
    ("gaussian", true),
    ("logistic", true),
    ("gumbel", true),
    ("cauchy", true),
    ("laplace", false),
    ("triangular", false),
];

/// How a function that is only evaluated becomes a loss.
pub struct BlackBox {
    /// What is made of its results.
    pub estimator: Estimator,
    /// Where it says so.
    pub span: Span,
    /// Where it says `hessian`, if it does.
    pub hessian: bool,
    /// Variant of the distribution, and whether smoothed losses have Hessians under it.
    pub distribution: (Ident, bool),
    /// Where it stands.
    pub distribution_span: Span,
    /// The noise's scale.
    pub sigma: f64,
    /// Perturbations.
    pub samples: u64,
    /// Of the noise.
    pub seed: u64,
    /// In pairs.
    pub antithetic: bool,
    /// Variant of `Sampling`.
    pub sampling: TokenStream,
    /// Variant of `Covariate`.
    pub covariate: TokenStream,
}

impl BlackBox {
    fn new(estimator: Estimator, span: Span) -> Self {
        Self {
            estimator,
            span,
            hessian: false,
            distribution: (format_ident!("Gaussian"), true),
            distribution_span: span,
            sigma: 1.0,
            samples: 1,
            seed: 0,
            antithetic: false,
            sampling: quote!(MonteCarlo),
            covariate: quote!(Unperturbed),
        }
    }
}

/// What is made of the results.
pub enum Estimator {
    /// The loss is smoothed, or the algorithm with a loss on its result: what it returns decides.
    Smoothing(Option<OutputLoss>),
    /// A perturbed optimizer.
    FenchelYoung {
        /// It maximises.
        maximize: bool,
    },
}

/// The loss on an algorithm's result.
pub enum OutputLoss {
    /// The mean squared error.
    Mse(Span),
    /// Any other, as an expression.
    Other(Box<Expr>),
}

impl OutputLoss {
    pub fn span(&self) -> Span {
        match self {
            Self::Mse(span) => *span,
            Self::Other(expr) => expr.span(),
        }
    }
}

/// The attribute's arguments that concern black boxes, as they come.
#[derive(Default)]
pub struct Arguments {
    black_box: Option<BlackBox>,
    output_loss: Option<OutputLoss>,
}

impl Arguments {
    /// Takes an argument if it is one of these.
    pub fn take(&mut self, item: &Item, errors: &mut Errors) -> bool {
        let key = item.key.to_string();
        let span = item.key.span();
        match (&*key, &item.group, &item.value) {
            ("smoothing" | "fenchel_young", group, None) => {
                if self.black_box.is_some() {
                    errors.at(span, "`smoothing(..)` and `fenchel_young(..)`: one of them, once");
                }
                let tokens = group.clone().unwrap_or_default();
                self.black_box = Some(parse(&key, span, tokens, errors));
            }
            ("mse", None, None) => self.output(OutputLoss::Mse(span), errors),
            ("output_loss", None, Some(loss)) => {
                self.output(OutputLoss::Other(Box::new(loss.clone())), errors)
            }
            _ => return false,
        }
        true
    }

    fn output(&mut self, loss: OutputLoss, errors: &mut Errors) {
        if self.output_loss.is_some() {
            errors.at(loss.span(), "the loss on the result is given twice: `mse` or `output_loss = ..`");
        }
        self.output_loss = Some(loss);
    }

    /// All of them together.
    pub fn finish(self, curvature: Option<&str>, relaxed: bool, errors: &mut Errors) -> Option<BlackBox> {
        let mut black_box = match (self.black_box, &self.output_loss) {
            (Some(black_box), _) => black_box,
            (None, None) => return None,
            (None, Some(loss)) => {
                errors.at(
                    loss.span(),
                    "a loss on the result goes with a smoothed algorithm: add `smoothing(gaussian, sigma = 0.1, samples = 10)`",
                );
                BlackBox::new(Estimator::Smoothing(None), loss.span())
            }
        };
        if relaxed {
            errors.at(
                black_box.span,
                "relaxed or smoothed: `relax(..)` reads the function's code, `smoothing(..)` and `fenchel_young(..)` only evaluate it",
            );
        }
        black_box.hessian = curvature == Some("hessian");
        match (&mut black_box.estimator, self.output_loss) {
            (Estimator::Smoothing(slot), loss) => *slot = loss,
            (Estimator::FenchelYoung { .. }, Some(loss)) => {
                errors.at(loss.span(), "`fenchel_young(..)` is a loss by itself: leave this out");
            }
            (Estimator::FenchelYoung { .. }, None) => {}
        }
        Some(black_box)
    }
}

fn parse(key: &str, span: Span, tokens: TokenStream, errors: &mut Errors) -> BlackBox {
    let estimator = match key {
        "smoothing" => Estimator::Smoothing(None),
        _ => Estimator::FenchelYoung { maximize: false },
    };
    let mut out = BlackBox::new(estimator, span);
    let usage = format!("write `{key}(gaussian, sigma = 0.1, samples = 10)`");
    let Ok(items) = attr::items(tokens, errors) else { return out };
    let mut seen: Vec<String> = Vec::new();
    for item in items {
        let Ok((name, value)) = item.without_group(errors) else { continue };
        let known = DISTRIBUTIONS.iter().find(|(known, _)| name == known && value.is_none());
        let kind = if known.is_some() { "distribution".to_owned() } else { name.to_string() };
        if seen.contains(&kind) {
            errors.at(name.span(), format_args!("`{name}`: the {kind} is given twice"));
        }
        seen.push(kind);
        if let Some((distribution, smooth)) = known {
            out.distribution = (variant(distribution), *smooth);
            out.distribution_span = name.span();
            continue;
        }
        match (&*name.to_string(), &value) {
            ("sigma", Some(value)) => match number(value) {
                Some(x) if x > 0.0 && x.is_finite() => out.sigma = x,
                _ => {
                    errors.at(value.span(), "sigma is a literal number above 0: `sigma = 0.1` (`smoothed_by(..)` sets another one at run time)");
                }
            },
            ("samples", Some(value)) => match integer(value) {
                Some(n) if n > 0 => out.samples = n,
                _ => {
                    errors.at(value.span(), "samples is a literal integer, at least 1: `samples = 10` (`smoothed_by(..)` sets another one at run time)");
                }
            },
            ("seed", Some(value)) => match integer(value) {
                Some(n) => out.seed = n,
                None => {
                    errors.at(value.span(), "seed is a literal integer: `seed = 1`");
                }
            },
            ("covariate", Some(value)) => {
                let names = ["none", "unperturbed", "leave_one_out"];
                if let Some(tokens) = choice(value, &choices(&names), errors) {
                    out.covariate = tokens;
                }
            }
            ("sampling", Some(value)) => {
                let names = ["monte_carlo", "latin_hypercube", "latin_hypercube_midpoints", "cartesian"];
                if let Some(tokens) = choice(value, &choices(&names), errors) {
                    out.sampling = tokens;
                }
            }
            ("antithetic", None) => out.antithetic = true,
            ("maximize", None) if matches!(out.estimator, Estimator::FenchelYoung { .. }) => {
                out.estimator = Estimator::FenchelYoung { maximize: true };
            }
            _ => {
                let distributions = DISTRIBUTIONS.map(|(name, _)| format!("`{name}`")).join(", ");
                let maximize = if key == "smoothing" { "" } else { "`maximize`, " };
                errors.at(
                    name.span(),
                    format_args!(
                        "`{name}` is not understood here: {usage}; the distributions are {distributions}, further arguments {maximize}`seed = 1`, \
                         `antithetic`, `covariate = none | unperturbed | leave_one_out`, \
                         `sampling = monte_carlo | latin_hypercube | latin_hypercube_midpoints | cartesian`"
                    ),
                );
            }
        }
    }
    let missing =
        ["distribution", "sigma", "samples"].into_iter().filter(|key| !seen.iter().any(|s| s == key));
    let missing: Vec<_> = missing.collect();
    if !missing.is_empty() && errors.is_empty() {
        errors.at(span, format_args!("missing here: {}; {usage}", missing.join(", ")));
    }
    if out.antithetic && out.samples % 2 == 1 && errors.is_empty() {
        errors.at(span, "antithetic samples come in pairs: make `samples` even");
    }
    if out.covariate.to_string() == "LeaveOneOut" && errors.is_empty() {
        let least = if out.sampling.to_string() == "MonteCarlo" { 2 } else { 4 };
        let least = if out.antithetic { 2 * least.max(2) } else { least };
        if out.samples < least {
            errors.at(span, format_args!("too few to leave one out here: `samples = {least}` or more"));
        }
    }
    out
}

fn integer(value: &Expr) -> Option<u64> {
    match value {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(x), .. }) => x.base10_parse().ok(),
        _ => None,
    }
}

/// In camel case.
fn variant(name: &str) -> Ident {
    crate::back::rust::type_name(&format_ident!("{name}")).unwrap_or_else(|| format_ident!("Unknown"))
}

fn choices<'a>(names: &[&'a str]) -> Vec<(&'a str, TokenStream)> {
    names
        .iter()
        .map(|name| {
            let variant = variant(name);
            (*name, quote!(#variant))
        })
        .collect()
}
