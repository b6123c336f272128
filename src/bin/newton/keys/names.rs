//! What has a name: losses, methods, policies, and what they are in the library.

use clap::ValueEnum;
use newton_losses::newton::{Average, OnIndefinite};
use newton_losses::train::Method;
use newton_losses::train::shortest_path::{Looping, Metric};
use serde::{Deserialize, Serialize};

/// Declares an enum of names that are the same as a flag's value and in TOML.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum, Serialize, Deserialize)]
        pub enum $name {
            $(#[value(name = $text)] #[serde(rename = $text)] $variant),+
        }

        impl $name {
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

names!(
    /// What is learned.
    Benchmark { Sorting = "sorting", ShortestPath = "shortest_path" }
);
names!(
    /// Through which algorithm.
    LossName {
        NeuralSort = "neural_sort",
        SoftSort = "soft_sort",
        LogisticDsn = "logistic_dsn",
        CauchyDsn = "cauchy_dsn",
        BellmanFord = "bellman_ford",
        SsLoss = "ss_loss",
        SsAlgorithm = "ss_algorithm",
        FenchelYoung = "fenchel_young",
    }
);
names!(
    /// What is back-propagated.
    MethodName { Baseline = "baseline", Hessian = "hessian", Fisher = "fisher" }
);
names!(
    /// What becomes of negative curvature.
    Policy { Keep = "keep", Clamp = "clamp", Abs = "abs", Error = "error" }
);
names!(
    /// Over what curvature is averaged.
    Averaging { Batch = "batch", Sample = "sample" }
);
names!(
    /// How gradients become steps.
    OptimizerName { Adam = "adam", Sgd = "sgd" }
);
names!(
    /// Which network.
    Network { Small = "small", Paper = "paper" }
);
names!(
    /// Numbers that the loss is computed with.
    Precision { F32 = "f32", F64 = "f64" }
);
names!(
    /// Whose cross-entropy.
    CrossEntropy { Torch = "torch", Stable = "stable" }
);
names!(
    /// How the way back ends.
    Variant { For = "for", While = "while" }
);
names!(
    /// How paths are compared.
    MetricName { L1 = "l1", L2Squared = "l2sq" }
);
names!(
    /// Where keys that are not set come from.
    Preset { Quick = "quick", Paper = "paper" }
);

impl LossName {
    pub const fn benchmark(self) -> Benchmark {
        match self {
            Self::NeuralSort | Self::SoftSort | Self::LogisticDsn | Self::CauchyDsn => Benchmark::Sorting,
            _ => Benchmark::ShortestPath,
        }
    }
}

impl From<MethodName> for Method {
    fn from(name: MethodName) -> Self {
        match name {
            MethodName::Baseline => Self::Baseline,
            MethodName::Hessian => Self::Hessian,
            MethodName::Fisher => Self::Fisher,
        }
    }
}

impl From<Policy> for OnIndefinite {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Keep => Self::Keep,
            Policy::Clamp => Self::Clamp,
            Policy::Abs => Self::Abs,
            Policy::Error => Self::Error,
        }
    }
}

impl From<OnIndefinite> for Policy {
    fn from(policy: OnIndefinite) -> Self {
        match policy {
            OnIndefinite::Keep => Self::Keep,
            OnIndefinite::Clamp => Self::Clamp,
            OnIndefinite::Abs => Self::Abs,
            OnIndefinite::Error => Self::Error,
        }
    }
}

impl From<Averaging> for Average {
    fn from(average: Averaging) -> Self {
        match average {
            Averaging::Batch => Self::Batch,
            Averaging::Sample => Self::Sample,
        }
    }
}

impl From<Variant> for Looping {
    fn from(variant: Variant) -> Self {
        match variant {
            Variant::For => Self::For,
            Variant::While => Self::While,
        }
    }
}

impl From<MetricName> for Metric {
    fn from(metric: MetricName) -> Self {
        match metric {
            MetricName::L1 => Self::L1,
            MetricName::L2Squared => Self::L2Squared,
        }
    }
}
