//! Cells of tables: the mean over seeds, against the baseline, and against the best of the row.
//!
//! Where several lambdas were trained, a cell has the one that is best in validation: test data choose nothing.
//! Failed runs have no number. A claim that would profit from leaving them out is not made.

use super::groups::{Column, Experiment, Family, Group};
use super::welch::{Sample, Welch};
use crate::keys::MethodName;
use crate::run::{Numbers, Status};

/// Which network of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    Last,
    Best,
}

impl Selection {
    pub const ALL: [Self; 2] = [Self::Last, Self::Best];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Last => "last step",
            Self::Best => "best validation",
        }
    }
}

/// Against the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    SignificantlyBetter,
    Better,
    Equal,
    Worse,
    SignificantlyWorse,
}

impl Mark {
    pub const fn sign(self) -> &'static str {
        match self {
            Self::SignificantlyBetter => "\u{25b2}",
            Self::Better => "\u{25b3}",
            Self::Equal => "=",
            Self::Worse => "\u{25bd}",
            Self::SignificantlyWorse => "\u{25bc}",
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::SignificantlyBetter => "significantly better",
            Self::Better => "better",
            Self::Equal => "equal",
            Self::Worse => "worse",
            Self::SignificantlyWorse => "significantly worse",
        }
    }
}

/// Among the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The highest mean.
    Highest,
    /// Not distinguishable from the highest at 5 %, or not testable.
    Tied,
    Lower,
}

impl Place {
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Highest => "\u{2605}",
            Self::Tied => "\u{2248}",
            Self::Lower => "",
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Highest => "highest",
            Self::Tied => "not distinguishable from the highest",
            Self::Lower => "lower",
        }
    }
}

/// A group's number.
#[derive(Debug, Clone)]
pub struct Cell {
    pub lambda: Option<f64>,
    /// Lambdas that it was chosen among.
    pub among: usize,
    pub sample: Sample,
    /// Runs without a number.
    pub failed: usize,
    /// `None` for the baseline and without one.
    pub mark: Option<Mark>,
    /// `None` where nothing can be tested.
    pub test: Option<Welch>,
    pub place: Place,
}

impl Group<'_> {
    /// Numbers of a test over the seeds; runs without one are left out.
    pub fn values(&self, selection: Selection, metric: &str) -> Vec<f64> {
        self.numbers(selection, metric, true)
    }

    fn numbers(&self, selection: Selection, metric: &str, test: bool) -> Vec<f64> {
        let of = |valid, numbers| if test { numbers } else { valid };
        let results = self.runs.iter().filter_map(|run| run.result.as_ref());
        let numbers = results.filter_map(|result| -> Option<&Numbers> {
            match selection {
                Selection::Last => result.last.as_ref().map(|last| of(&last.valid, &last.test)),
                // The best network before a failure is no outcome of training with this method: it is counted as failed in both.
                Selection::Best if result.status == Status::Failed => None,
                Selection::Best => result.best.as_ref().map(|best| of(&best.valid, &best.test)),
            }
        });
        numbers.filter_map(|numbers| numbers.get(metric).copied().flatten()).collect()
    }

    /// Runs that ended.
    pub fn ended(&self) -> usize {
        self.runs.iter().filter(|run| run.result.is_some()).count()
    }

    /// What it is chosen by: fewest failures, then the mean in validation.
    fn merit(&self, selection: Selection, metric: &str) -> Option<(usize, f64)> {
        let valid = Sample::of(&self.numbers(selection, metric, false))?;
        let failed = self.ended().saturating_sub(self.values(selection, metric).len());
        Some((failed, valid.mean))
    }

    /// Its cell, against a baseline.
    pub fn cell(&self, baseline: Option<&Group>, selection: Selection, metric: &str) -> Option<Cell> {
        let values = self.values(selection, metric);
        let sample = Sample::of(&values)?;
        let failed = self.ended() - values.len();
        let mut cell = Cell {
            lambda: self.lambda(),
            among: 1,
            sample,
            failed,
            mark: None,
            test: None,
            place: Place::Lower,
        };
        let baseline = baseline.filter(|_| self.method() != MethodName::Baseline);
        if let Some((group, other)) =
            baseline.and_then(|group| Some((group, Sample::of(&group.values(selection, metric))?)))
        {
            cell.test = sample.welch(&other);
            let significant = cell.test.is_some_and(|test| test.significant());
            let baseline_failed = group.ended() - other.count;
            cell.mark = Some(match sample.mean.total_cmp(&other.mean) {
                std::cmp::Ordering::Greater if significant && failed == 0 => Mark::SignificantlyBetter,
                std::cmp::Ordering::Greater => Mark::Better,
                std::cmp::Ordering::Equal => Mark::Equal,
                std::cmp::Ordering::Less if significant && baseline_failed == 0 => Mark::SignificantlyWorse,
                std::cmp::Ordering::Less => Mark::Worse,
            });
        }
        Some(cell)
    }
}

impl<'a> Family<'a> {
    /// Of a column: the group that is best in validation, and how many there were.
    pub fn chosen(&self, column: Column, selection: Selection, metric: &str) -> Option<(&Group<'a>, usize)> {
        let mut best: Option<((usize, f64), &Group)> = None;
        let mut among = 0;
        for group in self.of(column) {
            let Some((failed, valid)) = group.merit(selection, metric) else { continue };
            among += 1;
            let better = |((other_failed, other), _): ((usize, f64), &Group)| {
                failed < other_failed || (failed == other_failed && valid > other)
            };
            if best.is_none_or(better) {
                best = Some(((failed, valid), group));
            }
        }
        best.map(|(_, group)| (group, among))
    }

    /// A row of the table, a cell for each column.
    pub fn row(
        &self,
        columns: impl IntoIterator<Item = Column>,
        selection: Selection,
        metric: &str,
    ) -> Vec<Option<Cell>> {
        let cell = |column| {
            let (group, among) = self.chosen(column, selection, metric)?;
            Some(Cell { among, ..group.cell(self.baseline(), selection, metric)? })
        };
        let mut cells: Vec<Option<Cell>> = columns.into_iter().map(cell).collect();
        let highest = cells.iter().flatten().max_by(|a, b| a.sample.mean.total_cmp(&b.sample.mean));
        let Some((highest, whole)) = highest.map(|cell| (cell.sample, cell.failed == 0)) else {
            return cells;
        };
        let mut alone = true;
        for cell in cells.iter_mut().flatten() {
            cell.place = if cell.sample.mean == highest.mean && alone {
                alone = false;
                Place::Highest
            } else if whole && highest.welch(&cell.sample).is_some_and(|test| test.significant()) {
                Place::Lower
            } else {
                Place::Tied
            };
        }
        cells
    }
}

impl Experiment<'_> {
    /// Whether a cell of its tables has a lambda that was chosen among several.
    pub fn chooses(&self) -> bool {
        self.families
            .iter()
            .any(|family| family.columns().into_iter().any(|column| family.of(column).count() > 1))
    }
}
