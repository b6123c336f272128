//! The methods that a benchmark compares.

use std::fmt;
use std::str::FromStr;

use crate::newton::{Newton, OnIndefinite};

/// What is back-propagated from the loss. Everything else about a run is the same for all methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// The plain gradient of the loss.
    Baseline,
    /// The gradient of the Newton loss with the mean Hessian (the paper's Definition 1).
    Hessian,
    /// The gradient of the Newton loss with the empirical Fisher matrix (Definition 2).
    Fisher,
}

impl Method {
    /// In the order of the paper's tables.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Hessian, Self::Fisher];

    /// As options and tables write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Hessian => "hessian",
            Self::Fisher => "fisher",
        }
    }

    /// The settings of a loss; the baseline needs no `lambda`.
    pub const fn newton(self, lambda: f64, on_indefinite: OnIndefinite) -> Newton {
        match self {
            Self::Baseline => Newton::none(),
            Self::Hessian => Newton::hessian(lambda).on_indefinite(on_indefinite),
            Self::Fisher => Newton::fisher(lambda),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that nothing has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is none of {known}")]
pub struct UnknownName {
    /// The name.
    pub found: String,
    /// The names there are, separated by commas.
    pub known: String,
}

/// The one of `all` with that name.
pub(super) fn by_name<T: Copy + fmt::Display>(found: &str, all: &[T]) -> Result<T, UnknownName> {
    let same = |candidate: &&T| candidate.to_string() == found;
    all.iter().find(same).copied().ok_or_else(|| {
        let known: Vec<String> = all.iter().map(T::to_string).collect();
        UnknownName { found: found.into(), known: known.join(", ") }
    })
}

impl FromStr for Method {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        by_name(name, &Self::ALL)
    }
}
