//! The keys of a configuration: what flags, files and grids can set, and what `config.toml` has.

mod names;

use clap::Args;
use serde::{Deserialize, Serialize};

pub use names::{
    Averaging, Benchmark, CrossEntropy, LossName, MethodName, MetricName, Network, OptimizerName, Policy,
    Precision, Preset, Variant,
};

/// Every key, set or not. Flags, `--config` files, the base and the grids of sweeps have any of them; `config.toml` has all that apply.
#[derive(Debug, Clone, Default, PartialEq, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Of `config.toml`
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<u32>,
    /// Where keys that are not set come from: quick (a small network, short) or paper (the paper's setting) [default: quick]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// What is learned [default: what the loss is for]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub benchmark: Option<Benchmark>,
    /// Through which algorithm [default: soft_sort, bellman_ford]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<LossName>,
    /// What is back-propagated: the loss's gradient, or its Newton step [default: hessian]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<MethodName>,
    /// Tikhonov term of the Newton methods [default: the preset's, per loss and method]
    #[arg(long, allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda: Option<f64>,
    /// What the Hessian method does with negative curvature [default: the preset's]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_indefinite: Option<Policy>,
    /// One curvature for the batch, as in the paper, or one per sample [default: batch]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<Averaging>,
    /// [default: adam]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<OptimizerName>,
    /// At the beginning [default: the preset's; sgd has none]
    #[arg(long, allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Of sgd [default: 0.9]
    #[arg(long, allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// [default: the preset's]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Sets or maps in a training batch [default: the preset's]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Of weights, batches and noise [default: 0]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Folder with MNIST's files, or with the Warcraft maps; or `synthetic` [default: synthetic, drawn by a generator]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Of synthetic data [default: 0, whatever the run's seed]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_seed: Option<u64>,
    /// Digit images (synthetic ones) or maps to train on [default: the preset's]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_size: Option<usize>,
    /// Digit images or maps for validation [default: the preset's]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_size: Option<usize>,
    /// Digit images or maps for the test [default: the preset's]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_size: Option<usize>,
    /// Steps (sorting) or epochs (shortest_path) between validations [default: the preset's]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validate_every: Option<u64>,
    /// Steps between checkpoints, beside those at validations; 0: none [default: 0]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_every: Option<u64>,
    /// Stop after so many validations without a better one; 0: never [default: 0]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,

    /// Sorting: numbers in a set, 3, 5, 10 or 15 [default: 5]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<usize>,
    /// Sorting: tau of neural_sort and soft_sort, beta of the networks [default: the paper's]
    #[arg(long, allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Sorting: training steps [default: the preset's]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Sorting: batches of 100 sets in a validation [default: the preset's]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_batches: Option<u64>,
    /// Sorting: batches of 100 sets in the test [default: the preset's]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_batches: Option<u64>,
    /// Sorting: what scores are multiplied by before the loss [default: 1]
    #[arg(long, allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_scale: Option<f64>,
    /// Sorting: numbers that the loss is computed with [default: f32, as in the paper]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    /// Sorting: PyTorch's cross-entropy, as in the paper, or a stable one [default: torch]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cross_entropy: Option<CrossEntropy>,

    /// Shortest paths: passes over the training maps [default: the preset's]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u64>,
    /// bellman_ford: how the way back ends [default: for]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<Variant>,
    /// bellman_ford: how paths are compared [default: l2sq]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<MetricName>,
    /// bellman_ford: inverse temperature [default: 10]
    #[arg(long, allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta: Option<f64>,
    /// bellman_ford: rounds of the distances and steps of the way back [default: 18]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<usize>,
    /// Losses under noise: its scale [default: the preset's]
    #[arg(long, allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
    /// Losses under noise: perturbations of each map; the paper has 3, 10 and 30 [default: 10]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<usize>,
}

/// The keys as a table of JSON or TOML values, for what treats them all alike.
impl Keys {
    /// Those that are set, by name.
    pub fn table(&self) -> toml::Table {
        // The only thing TOML cannot say is an integer beyond i64; seeds are the only ones that large, and are then shown as text.
        toml::Table::try_from(self).unwrap_or_default()
    }

    /// `over`'s, and for those that it does not set, ours.
    pub fn under(&self, over: &Keys) -> Result<Keys, toml::de::Error> {
        let mut table = self.table();
        table.extend(over.table());
        table.try_into()
    }

    /// The first key that both set, differently: its name, our value, the other's.
    pub fn difference(&self, other: &Keys) -> Option<(String, String, String)> {
        let (ours, theirs) = (self.table(), other.table());
        let differs = |(key, value): (&String, &toml::Value)| {
            let other = theirs.get(key)?;
            (other != value).then(|| (key.clone(), value.to_string(), other.to_string()))
        };
        ours.iter().find_map(differs)
    }
}
