//! How well scores rank: the three accuracies of the sorting benchmark.
//!
//! `hit[k]` says whether the item at place k of the ascending order is the same by scores as by targets. EM: all of
//! them in a set; EW: each; EM5: EM of the first five items of a set alone, comparable across n. As
//! `ranking_accuracy` of diffsort's `main.py`, with one difference: ties are broken by index (torch leaves them open).

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// The places of the items in ascending order, ties by index. NaN comes last, and 0 equals -0, as in torch.
pub fn argsort<T: PartialOrd>(values: &[T]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    // The only value that is not equal to itself is NaN.
    let is_nan = |i: usize| values[i].partial_cmp(&values[i]).is_none();
    order.sort_by(|&a, &b| {
        values[a].partial_cmp(&values[b]).unwrap_or_else(|| match (is_nan(a), is_nan(b)) {
            (false, true) => Ordering::Less,
            (true, false) => Ordering::Greater,
            _ => Ordering::Equal,
        })
    });
    order
}

/// Shares of what was ranked right, each in [0, 1]; NaN of no sets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RankingAccuracy {
    /// Exact match: sets ordered without a mistake.
    pub em: f64,
    /// Element-wise: places with the right item.
    pub ew: f64,
    /// EM of the first five items of each set (of all of them, if there are fewer).
    pub em5: f64,
    /// Sets counted.
    pub sets: u64,
}

/// Counts over the batches of a pass.
#[derive(Debug, Clone)]
pub struct RankingMetrics {
    n: usize,
    sets: u64,
    exact: u64,
    exact5: u64,
    places: u64,
}

impl RankingMetrics {
    /// For sets of `n` items.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn new(n: usize) -> Self {
        assert!(n > 0, "a set has at least one item");
        Self { n, sets: 0, exact: 0, exact5: 0, places: 0 }
    }

    /// Counts a batch: `scores` (the network's output) and `targets` (the true numbers) are both (batch, n) row-major.
    ///
    /// # Panics
    /// If the lengths differ or are no whole number of sets.
    pub fn add<S: PartialOrd, T: PartialOrd>(&mut self, scores: &[S], targets: &[T]) {
        assert_eq!(scores.len(), targets.len(), "as many scores as targets");
        assert_eq!(scores.len() % self.n, 0, "whole sets of {} items", self.n);
        for (scores, targets) in scores.chunks_exact(self.n).zip(targets.chunks_exact(self.n)) {
            let hits = argsort(scores).iter().zip(argsort(targets)).filter(|&(&s, t)| s == t).count();
            let first = self.n.min(5);
            self.sets += 1;
            self.places += hits as u64;
            self.exact += u64::from(hits == self.n);
            self.exact5 += u64::from(argsort(&scores[..first]) == argsort(&targets[..first]));
        }
    }

    /// The accuracies of all that was added.
    pub fn accuracy(&self) -> RankingAccuracy {
        let sets = self.sets as f64;
        RankingAccuracy {
            em: self.exact as f64 / sets,
            ew: self.places as f64 / (sets * self.n as f64),
            em5: self.exact5 as f64 / sets,
            sets: self.sets,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(n: usize, scores: &[f32], targets: &[u32]) -> RankingAccuracy {
        let mut metrics = RankingMetrics::new(n);
        metrics.add(scores, targets);
        metrics.accuracy()
    }

    #[test]
    fn argsort_is_stable_and_puts_nan_last() {
        assert_eq!(argsort(&[3, 1, 2, 1]), [1, 3, 2, 0]);
        assert_eq!(argsort(&[f32::NAN, 1.0, -f32::NAN, f32::NEG_INFINITY]), [3, 1, 0, 2]);
        assert_eq!(argsort(&[0.0, -0.0]), [0, 1], "-0 is not below 0");
    }

    #[test]
    fn places_of_the_ascending_order_are_compared() {
        // Orders [0, 2, 1, 3] and [0, 3, 1, 2] share two places; as numbers the scores share nothing with the targets.
        assert_eq!(of(4, &[0.0, 2.0, 1.0, 3.0], &[0, 20, 30, 10]).ew, 0.5);
        // Orders [1, 2, 0] and [2, 0, 1]: a cycle, no place in common.
        assert_eq!(of(3, &[2.0, 0.0, 1.0], &[1, 2, 0]).ew, 0.0);
    }

    #[test]
    fn exact_needs_all_places_and_five_only_five() {
        // Two sets of six: the first right, the second with its last two items exchanged.
        let targets = [5, 3, 1, 0, 2, 4, 0, 1, 2, 3, 4, 5];
        let scores = [5.0, 3.0, 1.0, 0.0, 2.0, 4.0, 0.0, 1.0, 2.0, 3.0, 5.0, 4.0];
        let accuracy = of(6, &scores, &targets);
        assert_eq!((accuracy.em, accuracy.ew, accuracy.em5), (0.5, 10.0 / 12.0, 1.0));
        // Exchange inside the first five: EM5 notices.
        let scores = [5.0, 3.0, 1.0, 0.0, 2.0, 4.0, 1.0, 0.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(of(6, &scores, &targets).em5, 0.5);
        // EM5 is about the first five items, not the lowest five places: here a foreign item changes places only.
        let accuracy = of(6, &[1.0, 2.0, 3.0, 4.0, 5.0, 0.0], &[0, 1, 2, 3, 4, 5]);
        assert_eq!((accuracy.em, accuracy.ew, accuracy.em5), (0.0, 0.0, 1.0));
    }

    #[test]
    fn descending_scores_are_wrong_and_sets_add_up() {
        assert_eq!(of(2, &[2.0, 1.0], &[1, 2]), RankingAccuracy { em: 0.0, ew: 0.0, em5: 0.0, sets: 1 });
        let mut metrics = RankingMetrics::new(2);
        for scores in [[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [-1.0, 0.0]] {
            metrics.add(&scores, &[1, 2]);
        }
        assert_eq!(metrics.accuracy(), RankingAccuracy { em: 0.75, ew: 0.75, em5: 0.75, sets: 4 });
        assert!(RankingMetrics::new(2).accuracy().em.is_nan());
    }
}
