//! What the benches against JAX have in common: the peer process, clocks, comparison of numbers.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

/// Median time of a call; calls for `seconds`, at least five times, after one that is not counted.
pub fn median_seconds(seconds: f64, mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    call()?;
    let (start, mut times) = (Instant::now(), Vec::new());
    while start.elapsed().as_secs_f64() < seconds || times.len() < 5 {
        let t = Instant::now();
        call()?;
        times.push(t.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// The numbers of a JSON array.
pub fn numbers(value: &Value) -> Result<Vec<f64>> {
    value
        .as_array()
        .context("the peer gave no array")?
        .iter()
        .map(|x| x.as_f64().context("not a number"))
        .collect()
}

/// Largest difference, relative to the largest entry.
pub fn deviation(found: &[f64], expected: &[f64]) -> Result<f64> {
    ensure!(found.len() == expected.len(), "{} numbers against {}", found.len(), expected.len());
    ensure!(found.iter().chain(expected).all(|x| x.is_finite()), "not every number is finite");
    let scale = expected.iter().fold(1e-30_f64, |m, x| m.max(x.abs()));
    Ok(found.iter().zip(expected).map(|(a, b)| (a - b).abs() / scale).fold(0.0, f64::max))
}

/// The value after `--name` among this process's arguments.
pub fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|a| a != name).nth(1)
}

/// Whether `--name` is among this process's arguments.
pub fn flag(name: &str) -> bool {
    std::env::args().any(|a| a == name)
}

/// The JAX process: one JSON line in, one out.
pub struct Peer {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Peer {
    /// Runs `benches/<bench>/peer.py`; `--venv` is passed on.
    pub fn start(bench: &str) -> Result<Self> {
        Self::start_with(bench, &[])
    }

    /// The same with more arguments.
    pub fn start_with(bench: &str, arguments: &[String]) -> Result<Self> {
        let script = format!("{}/benches/{bench}/peer.py", env!("CARGO_MANIFEST_DIR"));
        let mut child = Command::new("python3")
            .arg(script)
            .args(argument("--venv").map(|venv| format!("--venv={venv}")))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("python3 is needed for the peer; `-- --alone` measures without it")?;
        let to = child.stdin.take().context("no pipe")?;
        let from = BufReader::new(child.stdout.take().context("no pipe")?);
        Ok(Self { child, to, from })
    }

    /// One request; the answer may be `{"error": ..}`.
    pub fn ask(&mut self, request: &Value) -> Result<Value> {
        writeln!(self.to, "{request}")?;
        self.to.flush()?;
        let mut line = String::new();
        ensure!(self.from.read_line(&mut line)? > 0, "the peer stopped; its messages are above");
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
