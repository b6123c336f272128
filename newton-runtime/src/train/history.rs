//! What was measured at which step, per method and seed: a table, as CSV and as curves.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Curve, Point, Summary, files};

/// A row that does not fit the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found} values for the {expected} columns {columns:?} (method {method:?}, step {step})")]
pub struct HistoryError {
    /// Values given.
    pub found: usize,
    /// Values the table has columns for.
    pub expected: usize,
    /// The columns.
    pub columns: Vec<String>,
    /// The row's method.
    pub method: String,
    /// The row's step.
    pub step: u64,
}

/// A growing table of measurements; part of a checkpoint, so that a resumed run continues it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    columns: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    method: String,
    seed: u64,
    step: u64,
    #[serde(with = "or_null")]
    values: Vec<f64>,
}

/// JSON has no NaN, and a run that diverged must be resumable too: what is not finite becomes null, null becomes NaN.
mod or_null {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|&value| value.is_finite().then_some(value)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let values = Vec::<Option<f64>>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect())
    }
}

impl History {
    /// An empty table of the named measurements, such as `["loss", "em", "ew"]`.
    pub fn new<C: Into<String>>(columns: impl IntoIterator<Item = C>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Notes what was measured. What stood at this method, seed and step is replaced: a run that resumes from an
    /// older checkpoint measures some steps again.
    ///
    /// # Errors
    /// [`HistoryError`] if there are not as many values as columns.
    pub fn record(&mut self, method: &str, seed: u64, step: u64, values: &[f64]) -> Result<(), HistoryError> {
        if values.len() != self.columns.len() {
            return Err(HistoryError {
                found: values.len(),
                expected: self.columns.len(),
                columns: self.columns.clone(),
                method: method.into(),
                step,
            });
        }
        let row = Row { method: method.into(), seed, step, values: values.into() };
        let same = |old: &Row| (&*old.method, old.seed, old.step) == (method, seed, step);
        match self.rows.iter().rposition(same) {
            Some(old) => self.rows[old] = row,
            None => self.rows.push(row),
        }
        Ok(())
    }

    /// The methods, in the order of their first measurement.
    pub fn methods(&self) -> Vec<&str> {
        distinct(self.rows.iter().map(|row| &*row.method))
    }

    /// One curve per method: the mean of a column over the seeds, with the band from the lowest to the highest if
    /// there are several. Only steps that all seeds of the method have reached, as a mean over fewer would jump where
    /// one ends. `None` for an unknown column.
    pub fn curves(&self, column: &str) -> Option<Vec<Curve>> {
        let column = self.columns.iter().position(|name| name == column)?;
        let curve = |method: &str| {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.method == method).collect();
            let seeds = distinct(rows.iter().map(|row| row.seed)).len();
            let mut steps = distinct(rows.iter().map(|row| row.step));
            steps.sort_unstable();
            let point = |step: u64| {
                let at_step = rows.iter().filter(|row| row.step == step);
                let values: Vec<f64> = at_step.map(|row| row.values[column]).collect();
                let summary = Summary::of(&values).filter(|summary| summary.count == seeds)?;
                let band = (seeds > 1).then_some((summary.min, summary.max));
                Some(Point { step, value: summary.mean, band })
            };
            Curve { name: method.into(), points: steps.into_iter().filter_map(point).collect() }
        };
        Some(self.methods().into_iter().map(curve).collect())
    }

    /// The table with a header line `method,seed,step,...`; numbers in the shortest form that reads back exactly.
    pub fn csv(&self) -> String {
        let mut text = String::from("method,seed,step");
        for column in &self.columns {
            text.push(',');
            text.push_str(&field(column));
        }
        text.push('\n');
        for row in &self.rows {
            // Writing to a String cannot fail.
            let _ = write!(text, "{},{},{}", field(&row.method), row.seed, row.step);
            for value in &row.values {
                let _ = write!(text, ",{value}");
            }
            text.push('\n');
        }
        text
    }

    /// Writes [`History::csv`] to a file, whole or not at all.
    ///
    /// # Errors
    /// The system's.
    pub fn save_csv(&self, path: &Path) -> io::Result<()> {
        files::replace(path, self.csv().as_bytes())
    }
}

/// Quoted where CSV asks for it.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.into()
    }
}

/// Without repetitions, in the order of first occurrence.
fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for item in items {
        if !found.contains(&item) {
            found.push(item);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> History {
        let mut history = History::new(["loss", "em"]);
        for (method, seed, step, em) in [
            ("baseline", 1, 200, 0.4),
            ("baseline", 1, 100, 0.1),
            ("baseline", 2, 100, 0.3),
            ("newton, \"fisher\"", 1, 100, 0.5),
        ] {
            history.record(method, seed, step, &[1.0, em]).expect("two columns");
        }
        history
    }

    #[test]
    fn csv_quotes_and_reads_back_exactly() {
        let text = table().csv();
        assert_eq!(text.lines().next(), Some("method,seed,step,loss,em"));
        assert_eq!(text.lines().nth(4), Some("\"newton, \"\"fisher\"\"\",1,100,1,0.5"));
        let mut history = History::new(["x"]);
        history.record("a", 0, 0, &[0.1 + 0.2]).expect("one column");
        let last = history.csv().trim_end().rsplit(',').next().map(str::parse);
        assert_eq!(last, Some(Ok(0.1 + 0.2)));
    }

    #[test]
    fn curves_average_over_seeds_where_all_have_arrived() {
        let curves = table().curves("em").expect("a column");
        assert_eq!(curves.len(), 2);
        // Seed 2 has not reached step 200: no point there.
        assert_eq!(curves[0].points.len(), 1);
        let Point { step, value, band } = curves[0].points[0];
        assert_eq!((step, band), (100, Some((0.1, 0.3))));
        assert!((value - 0.2).abs() < 1e-15);
        assert_eq!(curves[1].points, [Point { step: 100, value: 0.5, band: None }]);
        assert!(table().curves("ew").is_none());
    }

    #[test]
    fn measuring_again_replaces_and_a_short_row_is_refused() {
        let mut history = table();
        history.record("baseline", 2, 100, &[1.0, 0.5]).expect("two columns");
        assert_eq!(history.csv().lines().count(), 5);
        let point = history.curves("em").expect("a column")[0].points[0];
        assert_eq!(point.band, Some((0.1, 0.5)));
        let error = history.record("baseline", 1, 300, &[1.0]).expect_err("one value for two columns");
        assert_eq!((error.found, error.expected), (1, 2));
        assert_eq!(history.csv().lines().count(), 5);
    }

    #[test]
    fn survives_serialisation() {
        let json = |history: &History| serde_json::to_string(history).expect("nothing JSON cannot say");
        let read = |json: &str| serde_json::from_str::<History>(json).expect("its own output");
        assert_eq!(read(&json(&table())), table());
        let mut diverged = table();
        diverged.record("baseline", 1, 300, &[f64::NAN, f64::INFINITY]).expect("two columns");
        let back = read(&json(&diverged));
        assert!(back.csv().ends_with("baseline,1,300,NaN,NaN\n"), "{}", back.csv());
    }
}
