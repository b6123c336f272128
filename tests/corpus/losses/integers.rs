//! Labels that are integers, and integer arithmetic.

use newton_losses::prelude::*;

/// Crammer and Singer's margin of the labelled class over its best rival, squared, plus cross-entropy and weight on confusion.
#[newton_loss(hessian, lambda = 0.1)]
pub fn class_margin<const C: usize>(
    logits: &[f32; C],
    label: &usize,
    #[shared] confusable: &[[bool; C]; C],
    margin: f32,
) -> f32 {
    let label = *label;
    let own = logits[label];
    let mut rival = -1e3;
    for c in 0..C {
        if c != label && logits[c] > rival {
            rival = logits[c];
        }
    }
    let mut loss = relu(margin + rival - own).powi(2) + cross_entropy(logits, label);
    let p = softmax(logits);
    for c in 0..C {
        if confusable[label][c] || c + 1 == label {
            loss += 0.5 * p[c] * p[c];
        }
    }
    loss
}

/// Scatters predicted weights into bins and compares the histogram with the wanted one (chi squared).
#[newton_loss(hessian, lambda = 0.1)]
pub fn weighted_histogram<const N: usize, const B: usize>(
    y: &[f32; N],
    bin: &[usize; N],
    wanted: &[f32; B],
) -> f32 {
    let mut hist = [0.0; B];
    let mut members = [0usize; B];
    for i in 0..N {
        hist[bin[i]] += y[i].exp();
        members[bin[i]] += 1;
    }
    let total = sum(&hist);
    let mut loss = 0.0;
    for b in 0..B {
        if members[b] > 0 {
            let share = hist[b] / total;
            loss += (share - wanted[b]).powi(2) / (share + wanted[b]) * members[b] as f32;
        }
    }
    loss
}

/// Demand forecast with a calendar: weekday effects, holidays, seasons by `match`, growth in whole years. Prediction: base,
/// growth, seven weekdays, three seasons.
#[newton_loss(hessian, lambda = 0.1)]
pub fn calendar<const T: usize>(y: &[f32; 12], sold: &[f32; T], first_day: &i32, holiday: &[u8; T]) -> f32 {
    let mut deviance = 0.0;
    for t in 0..T {
        let day = *first_day + 29 * t as i32;
        let weekday = day.rem_euclid(7) as usize;
        let month = (day / 30) % 12 + 1;
        let season = match month {
            12 | 1..=2 => 0.0,
            3..=5 => y[9],
            6 | 7 | 8 => y[10],
            _ => y[11],
        };
        let closed = match holiday[t] {
            0 => 1.0,
            1 => 0.5,
            _ => 0.125,
        };
        let years = day / 365;
        let log_rate = y[0] + years as f32 * y[1] + y[2 + weekday] + season;
        let rate = closed * log_rate.exp();
        deviance += rate - sold[t] * rate.ln();
    }
    deviance / T as f32
}

/// One minus the macro-averaged soft F1 score over the classes that occur in the batch of labels.
#[newton_loss(hessian, lambda = 0.1)]
pub fn soft_f1<const N: usize, const C: usize>(y: &[[f32; C]; N], class: &[usize; N]) -> f32 {
    let p = {
        let mut p = [[0.0; C]; N];
        for n in 0..N {
            p[n] = softmax(&y[n]);
        }
        p
    };
    let mut score = 0.0;
    let mut occurring = 0usize;
    for c in 0..C {
        let support = class.iter().filter(|k| **k == c).count();
        if support != 0 {
            let hit: f32 = (0..N).filter(|n| class[*n] == c).map(|n| p[n][c]).sum();
            let claimed: f32 = p.iter().map(|row| row[c]).sum();
            score += 2.0 * hit / (claimed + support as f32);
            occurring += 1;
        }
    }
    let complete = (0..C).all(|c| class.iter().any(|k| *k == c));
    let bonus = if complete { 0.25 } else { 0.0 };
    1.0 - score / occurring as f32 - bonus * p[0][class[N - 1]]
}

/// A hash grid: features are gathered from a predicted table at hashed cells and blended, bits decide signs.
#[newton_loss(hessian, lambda = 0.1)]
pub fn hash_grid<const S: usize, const N: usize>(
    y: &[f32; S],
    cell: &[[usize; 2]; N],
    target: &[f32; N],
) -> f32 {
    let mut loss = 0.0;
    for n in 0..N {
        let mut value = 0.0;
        for corner in 0..4 {
            let (i, j) = (cell[n][0] + corner % 2, cell[n][1] + (corner >> 1));
            let slot = (i * 73 ^ j * 19) % S;
            let sign = if (i + j) & 1 == 0 { 1.0 } else { -1.0 };
            value += sign * y[slot] / (1 + corner) as f32;
        }
        loss += (value.tanh() - target[n]).powi(2);
    }
    loss
}
