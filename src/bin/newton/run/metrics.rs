//! What is measured in validations: `metrics.csv`, `metrics.jsonl`, and the times beside them.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Claimed;

const METRICS: &str = "metrics.csv";
const TIMES: &str = "times.csv";

/// A validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// After how many steps.
    pub step: u64,
    /// Mean training loss since the row before, then the benchmark's numbers.
    #[serde(with = "bits")]
    pub values: Vec<f64>,
    /// In training steps so far; NaN if unknown.
    #[serde(with = "bit")]
    pub train_seconds: f64,
    /// Since 1970; NaN if unknown.
    #[serde(with = "bit")]
    pub unix_seconds: f64,
}

/// JSON has no NaN, and a run is to go on bit by bit: numbers of checkpoints are kept as their bits.
mod bit {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value.to_bits())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        u64::deserialize(deserializer).map(f64::from_bits)
    }
}

mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| value.to_bits()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<u64>::deserialize(deserializer)?.into_iter().map(f64::from_bits).collect())
    }
}

/// All validations of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metrics {
    /// `loss`, then the benchmark's: the names of [`Row::values`].
    pub columns: Vec<String>,
    /// In ascending order of steps.
    pub rows: Vec<Row>,
}

impl Metrics {
    /// No rows yet.
    pub fn new(columns: &[&str]) -> Self {
        let columns = ["loss"].iter().chain(columns).map(|&name| name.to_owned()).collect();
        Self { columns, rows: Vec::new() }
    }

    /// A column's values.
    pub fn column(&self, name: &str) -> Option<Vec<f64>> {
        let column = self.columns.iter().position(|column| column == name)?;
        Some(self.rows.iter().map(|row| row.values[column]).collect())
    }

    /// Validations since the best by a column; the first of equals is the best.
    pub fn since_best(&self, name: &str) -> u64 {
        let Some(values) = self.column(name) else { return 0 };
        let mut best: Option<(usize, f64)> = None;
        for (at, value) in values.iter().enumerate() {
            if best.is_none_or(|(_, highest)| *value > highest) {
                best = Some((at, *value));
            }
        }
        best.map_or(0, |(at, _)| (values.len() - 1 - at) as u64)
    }

    /// Writes all three files.
    pub fn write(&self, to: &Claimed) -> anyhow::Result<()> {
        to.replace("metrics.jsonl", self.jsonl().as_bytes())?;
        to.replace(TIMES, self.times().as_bytes())?;
        to.replace(METRICS, self.csv().as_bytes())
    }

    fn csv(&self) -> String {
        let mut text = format!("step,{}\n", self.columns.join(","));
        for row in &self.rows {
            text.push_str(&row.step.to_string());
            for value in &row.values {
                // Writing to a String cannot fail. The shortest form that reads back exactly.
                let _ = write!(text, ",{value}");
            }
            text.push('\n');
        }
        text
    }

    fn jsonl(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let mut object = Map::from_iter([("step".to_owned(), Value::from(row.step))]);
            // What is not finite becomes null.
            object
                .extend(self.columns.iter().cloned().zip(row.values.iter().map(|value| Value::from(*value))));
            text.push_str(&Value::from(object).to_string());
            text.push('\n');
        }
        text
    }

    fn times(&self) -> String {
        let mut text = "step,train_seconds,unix_seconds\n".to_owned();
        for row in &self.rows {
            let _ = writeln!(text, "{},{:.4},{:.3}", row.step, row.train_seconds, row.unix_seconds);
        }
        text
    }

    /// Reads them; without `times.csv` the times are NaN.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(METRICS);
        if !file.exists() {
            return Ok(Self::default());
        }
        let (names, rows) = table(&file)?;
        ensure!(
            names.first().is_some_and(|name| name == "step"),
            "{}: its first column is not `step`",
            file.display()
        );
        let mut rows: Vec<Row> = rows
            .into_iter()
            .map(|row| Row {
                step: row[0] as u64,
                values: row[1..].to_vec(),
                train_seconds: f64::NAN,
                unix_seconds: f64::NAN,
            })
            .collect();
        let file = folder.join(TIMES);
        if file.exists() {
            let (_, times) = table(&file)?;
            for time in times.iter().filter(|time| time.len() == 3) {
                for row in rows.iter_mut().filter(|row| row.step == time[0] as u64) {
                    (row.train_seconds, row.unix_seconds) = (time[1], time[2]);
                }
            }
        }
        Ok(Self { columns: names[1..].to_vec(), rows })
    }
}

/// Header and numbers of a CSV file of ours.
fn table(file: &Path) -> anyhow::Result<(Vec<String>, Vec<Vec<f64>>)> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let mut lines = text.lines();
    let names: Vec<String> = lines.next().unwrap_or_default().split(',').map(str::to_owned).collect();
    let mut rows = Vec::new();
    for (number, line) in lines.enumerate() {
        let row: Result<Vec<f64>, _> = line.split(',').map(str::parse).collect();
        let row = row.with_context(|| format!("{}, line {}", file.display(), number + 2))?;
        ensure!(
            row.len() == names.len(),
            "{}, line {}: {} numbers for {} columns",
            file.display(),
            number + 2,
            row.len(),
            names.len()
        );
        rows.push(row);
    }
    Ok((names, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        let mut metrics = Metrics::new(&["em", "em5"]);
        for (step, em) in [(10, 0.1 + 0.2), (20, 0.5), (30, f64::NAN), (40, 0.5)] {
            metrics.rows.push(Row {
                step,
                values: vec![1.5, em, em],
                train_seconds: 0.25,
                unix_seconds: 1e9,
            });
        }
        metrics
    }

    #[test]
    fn files_read_back_exactly() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let claimed = Claimed::new(folder.path()).expect("nobody else");
        metrics().write(&claimed).expect("writable");
        let back = Metrics::read(folder.path()).expect("our own");
        assert_eq!(back.columns, ["loss", "em", "em5"]);
        assert_eq!(back.column("em").expect("a column")[..2], [0.1 + 0.2, 0.5]);
        assert!(back.column("em").expect("a column")[2].is_nan());
        assert_eq!((back.rows[3].step, back.rows[3].train_seconds), (40, 0.25));
        let jsonl = std::fs::read_to_string(folder.path().join("metrics.jsonl")).expect("there");
        assert_eq!(jsonl.lines().nth(2), Some(r#"{"em":null,"em5":null,"loss":1.5,"step":30}"#));
        // A second claim of the same folder is refused, and says whose it is.
        let error = Claimed::new(folder.path()).expect_err("claimed").to_string();
        assert!(error.contains(&format!("another process (process {})", std::process::id())), "{error}");
        std::fs::write(folder.path().join("metrics.csv"), "step,loss\n1,2,3\n").expect("writable");
        let error = Metrics::read(folder.path()).expect_err("torn").to_string();
        assert!(error.ends_with("metrics.csv, line 2: 3 numbers for 2 columns"), "{error}");
    }

    #[test]
    fn rows_survive_a_checkpoint_bit_by_bit() {
        let json = serde_json::to_string(&metrics().rows).expect("JSON");
        let back: Vec<Row> = serde_json::from_str(&json).expect("its own output");
        let bits = |rows: &[Row]| {
            rows.iter().flat_map(|row| row.values.clone()).map(f64::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(bits(&back), bits(&metrics().rows));
    }

    #[test]
    fn the_first_of_equals_is_the_best() {
        assert_eq!(metrics().since_best("em"), 2);
        assert_eq!(Metrics::new(&["em"]).since_best("em"), 0);
    }
}
