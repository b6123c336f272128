//! What a run depends on beside its configuration: `environment.json`.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::Claimed;
use crate::config::FORMAT;
use crate::device::Device;
use crate::keys::Keys;

const ENVIRONMENT: &str = "environment.json";

/// The file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    pub format: u32,
    /// Version of the crate.
    pub newton_losses: String,
    /// That the program was built from; `None` outside of its repository.
    pub git_revision: Option<String>,
    /// Whether files had been changed since that revision.
    pub git_dirty: Option<bool>,
    pub rustc: String,
    pub target: String,
    /// release or debug.
    pub profile: String,
    /// In words.
    pub data: String,
    pub seeds: Seeds,
    /// What was trained on.
    pub device: String,
    pub cpu: Option<String>,
    pub cores: usize,
    pub memory_bytes: Option<u64>,
    /// Of those that kernels are chosen by.
    pub cpu_features: Vec<String>,
    pub os: String,
    pub host: Option<String>,
    /// One for each start.
    pub sessions: Vec<Session>,
}

/// All there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seeds {
    /// Of weights, batches and noise.
    pub seed: u64,
    /// Of synthetic data.
    pub data_seed: Option<u64>,
}

/// A start of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub from_step: u64,
    /// Universal time.
    pub started: String,
    pub command: Vec<String>,
}

impl Environment {
    /// Of this process, before its first session.
    pub fn here(keys: &Keys, data: &str, device: Device) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            format: FORMAT,
            newton_losses: env!("CARGO_PKG_VERSION").into(),
            git_revision: option_env!("NEWTON_GIT_REVISION").map(Into::into),
            git_dirty: option_env!("NEWTON_GIT_DIRTY").map(|dirty| dirty == "true"),
            rustc: option_env!("NEWTON_RUSTC").unwrap_or_default().into(),
            target: option_env!("NEWTON_TARGET").unwrap_or_default().into(),
            profile: option_env!("NEWTON_PROFILE").unwrap_or_default().into(),
            data: data.into(),
            seeds: Seeds { seed: keys.seed.unwrap_or(0), data_seed: keys.data_seed },
            device: device.described(),
            cpu: field("/proc/cpuinfo", "model name"),
            cores,
            memory_bytes: memory(),
            cpu_features: features(),
            os: system(),
            host: file("/proc/sys/kernel/hostname"),
            sessions: Vec::new(),
        }
    }

    /// What was noted when the run began; a damaged file counts as none.
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(folder.join(ENVIRONMENT)).ok()?).ok()
    }

    /// Notes a session, after those that were.
    pub fn session(mut self, before: Option<Self>, from_step: u64) -> Self {
        self.sessions = before.map(|before| before.sessions).unwrap_or_default();
        let command = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
        self.sessions.push(Session { from_step, started: time(unix_seconds()), command });
        self
    }

    pub fn write(&self, to: &Claimed) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("writing the environment as JSON")?;
        to.replace(ENVIRONMENT, format!("{text}\n").as_bytes())
    }
}

/// Since 1970.
pub fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// As ISO 8601 has it: Hinnant's days-to-date.
fn time(seconds: f64) -> String {
    let (days, rest) = ((seconds as i64).div_euclid(86_400), (seconds as i64).rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn file(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(path).ok()?.trim().to_owned())
}

/// The value of the first `name : value` in a file of Linux.
fn field(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn memory() -> Option<u64> {
    let total = field("/proc/meminfo", "MemTotal")?;
    Some(total.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

fn system() -> String {
    match file("/proc/sys/kernel/osrelease") {
        Some(release) => format!("{} {release}", std::env::consts::OS),
        None => std::env::consts::OS.into(),
    }
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<String> {
    let all = [
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
    ];
    all.into_iter().filter(|(_, there)| *there).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn features() -> Vec<String> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(time(0.0), "1970-01-01T00:00:00Z");
        assert_eq!(time(951_827_696.0), "2000-02-29T12:34:56Z");
        assert_eq!(time(1_796_000_000.9), "2026-11-30T00:53:20Z");
        assert_eq!(time(4_107_542_399.0), "2100-02-28T23:59:59Z");
    }
}
