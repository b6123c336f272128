//! From the keys that are given to all that a run needs.

use std::fmt;
use std::path::{Path, PathBuf};

use newton_losses::newton::Newton;
use newton_losses::train::shortest_path::{self, MethodSettings, PathLoss};
use newton_losses::train::sorting;
use newton_losses::train::{Method, Rule};

use crate::keys::{
    Averaging, Benchmark, CrossEntropy, Keys, LossName, MethodName, Network, OptimizerName, Policy,
    Precision, Preset,
};

/// Of run directories.
pub const FORMAT: u32 = 1;
/// Where data come from if from nowhere.
pub const SYNTHETIC: &str = "synthetic";

/// Why there is no run of these keys.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigError {
    /// Keys that mean nothing to the run that the others describe.
    Inapplicable { keys: Vec<String>, run: String },
    /// A key outside its range, or against another.
    Key { key: &'static str, found: String, expected: String },
    /// A key that has no default here.
    Missing { key: &'static str, why: &'static str },
    /// A file that is not TOML, or has a key that nothing has.
    File { file: PathBuf, message: String },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inapplicable { keys, run } => {
                let verb = if keys.len() == 1 { "means" } else { "mean" };
                write!(f, "`{}` {verb} nothing to {run}", keys.join("`, `"))
            }
            Self::Key { key, found, expected } => write!(f, "`{key}` is {found}, expected {expected}"),
            Self::Missing { key, why } => write!(f, "`{key}` is needed: {why}"),
            Self::File { file, message } => write!(f, "{}: {}", file.display(), message.trim_end()),
        }
    }
}

impl std::error::Error for ConfigError {}

/// A run, completely.
#[derive(Debug, Clone)]
pub struct Config {
    /// All that apply, none that do not.
    pub keys: Keys,
    /// The benchmark's own settings.
    pub problem: Problem,
    /// What is back-propagated.
    pub newton: Newton,
    /// How gradients become steps.
    pub rule: Rule,
}

/// What differs between benchmarks.
#[derive(Debug, Clone)]
pub enum Problem {
    Sorting(sorting::Settings),
    ShortestPath(shortest_path::Settings),
}

/// How much data: digit images or maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    pub train: usize,
    pub valid: usize,
    pub test: usize,
}

impl Config {
    /// Training steps in all.
    pub fn steps(&self) -> u64 {
        match &self.problem {
            Problem::Sorting(settings) => settings.steps,
            Problem::ShortestPath(settings) => settings.epochs * self.per_epoch(),
        }
    }

    /// Steps between validations.
    pub fn validate_every(&self) -> u64 {
        match &self.problem {
            Problem::Sorting(settings) => settings.validate_every,
            Problem::ShortestPath(settings) => settings.validate_every.saturating_mul(self.per_epoch()),
        }
    }

    fn per_epoch(&self) -> u64 {
        let (maps, batch) = (self.keys.train_size.unwrap_or(1), self.keys.batch.unwrap_or(1));
        maps.div_ceil(batch.max(1)) as u64
    }

    /// In a few words, for titles and messages.
    pub fn title(&self) -> String {
        describe(&self.keys)
    }
}

/// Reads a file of keys.
pub fn read(file: &Path) -> Result<Keys, ConfigError> {
    let error = |message: String| ConfigError::File { file: file.into(), message };
    let text = std::fs::read_to_string(file).map_err(|source| error(source.to_string()))?;
    toml::from_str(&text).map_err(|source| error(source.to_string()))
}

fn describe(keys: &Keys) -> String {
    let mut words = Vec::new();
    words.extend(keys.loss.map(|loss| loss.to_string()));
    words.extend(keys.n.map(|n| format!("n = {n}")));
    words.extend(keys.method.map(|method| method.to_string()));
    words.extend(keys.lambda.map(|lambda| format!("lambda = {lambda}")));
    words.extend(keys.optimizer.map(|optimizer| optimizer.to_string()));
    words.join(", ")
}

/// Takes keys, one after the other, with what stands for those that are not given.
struct Take {
    /// Not taken yet.
    given: Keys,
    /// Complete so far.
    taken: Keys,
}

/// The key as given, else the default; both are noted.
macro_rules! take {
    ($from:ident.$key:ident, $default:expr) => {{
        let value = match $from.given.$key.take() {
            Some(value) => value,
            None => $default,
        };
        $from.taken.$key = Some(value.clone());
        value
    }};
}

mod defaults;
use defaults::Defaults;

/// Completes the keys. It is idempotent: complete keys stay as they are.
pub fn resolve(given: &Keys) -> Result<Config, ConfigError> {
    let mut keys = Take { given: given.clone(), taken: Keys::default() };
    let format = take!(keys.format, FORMAT);
    if format != FORMAT {
        let expected = format!("{FORMAT}: it was written by another version of this program");
        return Err(ConfigError::Key { key: "format", found: format.to_string(), expected });
    }
    let preset = keys.given.preset.take().unwrap_or(Preset::Quick);
    let loss = keys.given.loss.unwrap_or(match keys.given.benchmark {
        Some(Benchmark::ShortestPath) => LossName::BellmanFord,
        _ => LossName::SoftSort,
    });
    let benchmark = take!(keys.benchmark, loss.benchmark());
    let loss = take!(keys.loss, loss);
    if loss.benchmark() != benchmark {
        let expected = format!("{}, for the loss {loss}", loss.benchmark());
        return Err(ConfigError::Key { key: "benchmark", found: benchmark.to_string(), expected });
    }
    let method = take!(keys.method, MethodName::Hessian);
    let defaults = Defaults::of(&mut keys, preset, loss, method.into())?;
    let newton = newton(&mut keys, method, &defaults)?;
    let rule = rule(&mut keys, &defaults)?;
    let seed = take!(keys.seed, 0);
    take!(keys.network, if preset == Preset::Paper { Network::Paper } else { Network::Small });
    let batch = take!(keys.batch, defaults.batch());
    let data = take!(keys.data, SYNTHETIC.to_owned());
    let synthetic = data == SYNTHETIC;
    if synthetic {
        take!(keys.data_seed, 0);
    }
    if synthetic || benchmark == Benchmark::ShortestPath {
        let sizes = defaults.sizes(preset);
        let sizes = Sizes {
            train: take!(keys.train_size, sizes.train),
            valid: take!(keys.valid_size, sizes.valid),
            test: take!(keys.test_size, sizes.test),
        };
        for (key, size) in
            [("train_size", sizes.train), ("valid_size", sizes.valid), ("test_size", sizes.test)]
        {
            if size == 0 || size > 10_000_000 {
                let expected = "1 to 10 000 000".into();
                return Err(ConfigError::Key { key, found: size.to_string(), expected });
            }
        }
    }
    let learning_rate = keys.taken.learning_rate.unwrap_or_default();
    let problem = match defaults {
        Defaults::Sorting(settings) => {
            let steps = take!(keys.steps, settings.steps);
            // A short run is validated more often than a long one, but not all the time.
            let every = settings.validate_every.min(steps.div_ceil(10)).max(1);
            take!(keys.score_scale, 1.0);
            let precision = take!(keys.precision, Precision::F32);
            let cross_entropy = take!(keys.cross_entropy, CrossEntropy::Torch);
            if (precision, cross_entropy) == (Precision::F64, CrossEntropy::Stable) {
                let expected = "f32 with a stable cross-entropy".into();
                return Err(ConfigError::Key { key: "precision", found: "f64".into(), expected });
            }
            Problem::Sorting(sorting::Settings {
                temperature: take!(keys.temperature, settings.temperature),
                methods: vec![method.into()],
                lambda: (method != MethodName::Baseline).then_some(newton.lambda),
                on_indefinite: newton.on_indefinite,
                steps,
                batch,
                seed,
                learning_rate,
                validate_every: take!(keys.validate_every, every),
                valid_batches: take!(keys.valid_batches, settings.valid_batches),
                test_batches: take!(keys.test_batches, settings.test_batches),
                ..settings
            })
        }
        Defaults::ShortestPath(settings) => {
            let of = MethodSettings { method: method.into(), lambda: newton.lambda, learning_rate };
            let mut path_loss = settings.loss;
            if let PathLoss::Perturbed(perturbed) = &mut path_loss {
                perturbed.seed = seed;
            }
            Problem::ShortestPath(shortest_path::Settings {
                loss: path_loss,
                methods: vec![of],
                on_indefinite: newton.on_indefinite,
                epochs: take!(keys.epochs, settings.epochs),
                batch,
                seed,
                validate_every: take!(keys.validate_every, settings.validate_every),
            })
        }
    };
    take!(keys.checkpoint_every, 0);
    take!(keys.patience, 0);

    let Take { given: left, taken } = keys;
    if left != Keys::default() {
        let keys = left.table().keys().cloned().collect();
        return Err(ConfigError::Inapplicable { keys, run: format!("this run ({})", describe(&taken)) });
    }
    let valid = match &problem {
        Problem::Sorting(settings) => settings.validate(),
        Problem::ShortestPath(settings) => settings.validate(),
    };
    let key = |error: newton_losses::train::TrainError| match error {
        newton_losses::train::TrainError::Setting { name, value, expected } => {
            ConfigError::Key { key: name, found: value.to_string(), expected: expected.into() }
        }
        other => ConfigError::Key { key: "config", found: "wrong".into(), expected: other.to_string() },
    };
    valid.map_err(key)?;
    Ok(Config { keys: taken, problem, newton, rule })
}

fn newton(keys: &mut Take, method: MethodName, defaults: &Defaults) -> Result<Newton, ConfigError> {
    if method == MethodName::Baseline {
        return Ok(Newton::none());
    }
    let lambda = take!(keys.lambda, defaults.lambda(method.into()));
    if !(lambda.is_finite() && lambda > 0.0) {
        let expected = "a positive number".into();
        return Err(ConfigError::Key { key: "lambda", found: lambda.to_string(), expected });
    }
    let mut policy = Policy::Keep;
    if method == MethodName::Hessian {
        policy = take!(keys.on_indefinite, defaults.on_indefinite());
    }
    let average = take!(keys.average, Averaging::Batch);
    Ok(Method::from(method).newton(lambda, policy.into()).average(average.into()))
}

fn rule(keys: &mut Take, defaults: &Defaults) -> Result<Rule, ConfigError> {
    let rule = match take!(keys.optimizer, OptimizerName::Adam) {
        OptimizerName::Adam => {
            take!(keys.learning_rate, defaults.learning_rate());
            Rule::Adam
        }
        OptimizerName::Sgd => {
            if keys.given.learning_rate.is_none() {
                let why = "no preset has one for sgd";
                return Err(ConfigError::Missing { key: "learning_rate", why });
            }
            take!(keys.learning_rate, 0.0);
            let momentum = take!(keys.momentum, 0.9);
            if !(0.0..1.0).contains(&momentum) {
                let expected = "from 0 to below 1".into();
                return Err(ConfigError::Key { key: "momentum", found: momentum.to_string(), expected });
            }
            Rule::Sgd { momentum }
        }
    };
    Ok(rule)
}

#[cfg(test)]
mod tests;
