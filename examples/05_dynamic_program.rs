//! A dynamic program over words of different lengths: the soft edit distance from predicted letters to the word in the label.
//!
//! `cargo run --release --example 05_dynamic_program`

use newton_losses::prelude::*;

/// Expected number of edits that turn predicted letters into the first `len` letters of `word`, with a smooth minimum.
/// `P` is one more than the longest word.
#[newton_loss(hessian, lambda = 0.1, on_indefinite = abs)]
fn edits<const N: usize, const LETTERS: usize, const MAX: usize, const P: usize>(
    logits: &[[f32; LETTERS]; N],
    word: &[u8; MAX],
    len: &usize,
    temperature: f32,
) -> f32 {
    // row[j]: the distance from the letters so far to the first j of the word.
    let mut row: [f32; P] = std::array::from_fn(|j| j as f32);
    for letter in logits {
        let p = softmax(letter);
        let mut diagonal = row[0];
        row[0] += 1.0;
        // Each sample runs to its own length.
        for j in 1..=*len {
            let wanted = word[j - 1] as usize;
            let ways = [diagonal + 1.0 - p[wanted], row[j - 1] + 1.0, row[j] + 1.0];
            diagonal = row[j];
            row[j] = smooth_min(&ways, temperature);
        }
    }
    row[*len]
}

const LETTERS: usize = 5;
type Distance = Edits<4, LETTERS, 6, 7>;

/// Letters a to e as numbers, padded.
fn label(word: &str) -> ([u8; 6], usize) {
    let mut letters = [0; 6];
    letters.iter_mut().zip(word.bytes()).for_each(|(letter, byte)| *letter = byte - b'a');
    (letters, word.len())
}

/// Logits that are rather sure of a word.
fn spelled(word: &str) -> Vec<f64> {
    word.bytes()
        .flat_map(|byte| (0..LETTERS).map(move |c| if c == (byte - b'a') as usize { 8.0 } else { 0.0 }))
        .collect()
}

fn likeliest(y: &[f64]) -> String {
    let best = |letter: &[f64]| (0..LETTERS).max_by(|a, b| letter[*a].total_cmp(&letter[*b]));
    y.chunks(LETTERS).map(|letter| (b'a' + best(letter).unwrap_or(0) as u8) as char).collect()
}

fn main() -> Result<(), newton_losses::Error> {
    // Nearly hard: a low temperature gives the edit distance of the textbook.
    let words = ["abcd", "abd", "bcda", "ace", "eeeeee", "a"];
    let labels = words.map(label);
    let y = spelled("abcd").repeat(words.len());
    let values = Distance::new(0.01).values(&y, &labels)?;
    for (word, value) in words.iter().zip(values) {
        println!("abcd to {word:6}: {value:.2}");
    }

    let loss = Distance::new(0.5);
    // Close to certain everything is flat, so check somewhere else.
    let anywhere: Vec<f64> = (0..y.len()).map(|i| (1.3 * i as f64).sin()).collect();
    println!("{}", gradcheck(&loss, &anywhere, &labels)?);

    // Follow z* from no idea at all to the word "bead".
    let mut y = vec![0.0; 4 * LETTERS];
    for step in 0..=12 {
        let all = loss.evaluate(&y, &[label("bead")])?;
        if step % 3 == 0 {
            println!("step {step:2}: distance {:6.3}, reads {}", all.mean, likeliest(&y));
        }
        y = all.step.z_star;
    }
    Ok(())
}
