//! How well paths are predicted: the perfect match of the Warcraft benchmark, and what the paths found truly cost.

use serde::{Deserialize, Serialize};

use crate::data::DataError;

/// Shares of maps in [0, 1], and a ratio of costs; NaN of no maps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PathAccuracy {
    /// Perfect match: maps whose path is the label, cell by cell. The number that is published.
    pub perfect: f64,
    /// Maps whose path truly costs no more than the label, ties allowed.
    pub optimal: f64,
    /// What the paths truly cost over what the labels cost, averaged over maps; 1 is best.
    pub cost_ratio: f64,
    /// Maps counted.
    pub maps: u64,
}

/// Counts over the batches of a pass.
#[derive(Debug, Clone)]
pub struct PathMetrics {
    cells: usize,
    maps: u64,
    perfect: u64,
    optimal: u64,
    ratios: f64,
}

impl PathMetrics {
    /// For maps of `cells` cells.
    ///
    /// # Errors
    /// [`DataError::TooFew`] if `cells` is 0.
    pub fn new(cells: usize) -> Result<Self, DataError> {
        if cells == 0 {
            return Err(DataError::TooFew { what: "cells of a map", found: 0, expected: 1 });
        }
        Ok(Self { cells, maps: 0, perfect: 0, optimal: 0, ratios: 0.0 })
    }

    /// Counts a batch: `paths` (found on predicted costs), `labels` (both 1 on the path and 0 elsewhere) and `costs` (the
    /// true ones) are all (batch, cells) row-major. A path matches if it differs from its label by less than 0.5 in
    /// sum over all cells, as in the benchmark's code; one with a NaN does not.
    ///
    /// # Errors
    /// [`DataError::Buffer`] if the lengths differ or are no whole number of maps; nothing is counted then.
    pub fn add(&mut self, paths: &[f32], labels: &[f32], costs: &[f32]) -> Result<(), DataError> {
        let expected = labels.len() / self.cells * self.cells;
        for (what, found) in [("labels", labels.len()), ("paths", paths.len()), ("costs", costs.len())] {
            if found != expected {
                let why = format!("whole maps of {} cells, as many as there are labels", self.cells);
                return Err(DataError::Buffer { what, found, expected, why });
            }
        }
        let maps = paths.chunks_exact(self.cells).zip(labels.chunks_exact(self.cells));
        for ((path, label), costs) in maps.zip(costs.chunks_exact(self.cells)) {
            let differ: f64 = path.iter().zip(label).map(|(&p, &l)| f64::from(p - l).abs()).sum();
            let cost = |marks: &[f32]| -> f64 {
                marks.iter().zip(costs).map(|(&mark, &cost)| f64::from(mark) * f64::from(cost)).sum()
            };
            let (found, best) = (cost(path), cost(label));
            self.maps += 1;
            self.perfect += u64::from(differ < 0.5);
            // Equal but for the order of the sum.
            self.optimal += u64::from(found <= best * (1.0 + 1e-9));
            self.ratios += found / best;
        }
        Ok(())
    }

    /// The result so far.
    pub fn accuracy(&self) -> PathAccuracy {
        let maps = self.maps as f64;
        PathAccuracy {
            perfect: self.perfect as f64 / maps,
            optimal: self.optimal as f64 / maps,
            cost_ratio: self.ratios / maps,
            maps: self.maps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_paths_match_and_ties_are_optimal() {
        let mut metrics = PathMetrics::new(4).expect("cells");
        let label = [1.0, 0.0, 1.0, 1.0];
        let costs = [1.0, 2.0, 2.0, 1.0];
        let tie = [1.0, 1.0, 0.0, 1.0];
        let dearer = [1.0; 4];
        let torn = [1.0, 0.0, f32::NAN, 1.0];
        let nearly = [1.0, 0.0, 1.0, 0.6];
        metrics
            .add(&[label, tie, dearer].concat(), &[label; 3].concat(), &[costs; 3].concat())
            .expect("three maps");
        let accuracy = metrics.accuracy();
        // Of twelve cells nine agree: an element-wise measure would give 0.75.
        assert_eq!((accuracy.perfect, accuracy.optimal, accuracy.maps), (1.0 / 3.0, 2.0 / 3.0, 3));
        assert!((accuracy.cost_ratio - (1.0 + 1.0 + 1.5) / 3.0).abs() < 1e-12);
        metrics.add(&nearly, &label, &costs).expect("a map");
        assert_eq!(metrics.accuracy().perfect, 0.5, "less than half a cell is no difference");
        metrics.add(&torn, &label, &costs).expect("a map");
        assert_eq!(metrics.accuracy().perfect, 0.4, "NaN matches nothing");
    }

    #[test]
    fn differences_do_not_cancel() {
        // One cell too many and one too few: the sums agree, the paths do not.
        let mut metrics = PathMetrics::new(2).expect("cells");
        metrics.add(&[1.0, 0.0], &[0.0, 1.0], &[1.0, 1.0]).expect("a map");
        assert_eq!(metrics.accuracy(), PathAccuracy { perfect: 0.0, optimal: 1.0, cost_ratio: 1.0, maps: 1 });
    }

    #[test]
    fn wrong_lengths_are_refused_and_nothing_is_nan_but_nothing() {
        let mut metrics = PathMetrics::new(2).expect("cells");
        assert!(metrics.accuracy().perfect.is_nan());
        for (paths, labels, costs) in [(3, 3, 3), (2, 4, 4), (4, 4, 2), (4, 2, 2)] {
            let refused = metrics.add(&vec![0.0; paths], &vec![0.0; labels], &vec![0.0; costs]);
            assert!(matches!(refused, Err(DataError::Buffer { .. })));
        }
        assert_eq!(metrics.accuracy().maps, 0);
        assert!(matches!(PathMetrics::new(0), Err(DataError::TooFew { .. })));
    }
}
