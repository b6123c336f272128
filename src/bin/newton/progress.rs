//! A bar with rate and time left on a terminal, nothing elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::run::Row;
use crate::train::Watch;

/// Of one run.
pub struct Progress {
    bar: ProgressBar,
    /// Stands before the run's title: which of how many.
    prefix: String,
}

impl Progress {
    /// Hidden if standard error is not a terminal.
    pub fn new(prefix: impl Into<String>) -> anyhow::Result<Self> {
        let target = match std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(ProgressStyle::with_template(
            "{prefix}\n{bar:30} step {pos} of {len}, {per_sec}, {eta} left  {msg}",
        )?);
        Ok(Self { bar, prefix: prefix.into() })
    }
}

impl Watch for Progress {
    fn begins(&mut self, title: &str, from: u64, steps: u64) {
        self.bar.set_length(steps);
        self.bar.set_prefix(format!("{}{title}", self.prefix));
        self.bar.set_message("");
        // Rate and time left are those of this session.
        self.bar.reset();
        self.bar.set_position(from);
        self.bar.reset_eta();
    }

    fn stepped(&mut self, step: u64) {
        self.bar.set_position(step);
    }

    fn validated(&mut self, columns: &[String], row: &Row) {
        // The loss, and the benchmark's main number.
        if let ([_, main, ..], [loss, value, ..]) = (columns, &row.values[..]) {
            self.bar.set_message(format!("loss {loss:.4}, {main} {:.1} %", 100.0 * value));
        }
    }

    fn ends(&mut self) {
        self.bar.finish_and_clear();
    }
}
