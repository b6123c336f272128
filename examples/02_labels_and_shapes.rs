//! Labels that are integers, conditions and arrays; arrays that the whole batch shares; batches on plain slices.
//!
//! `cargo run --release --example 02_labels_and_shapes`

use newton_losses::prelude::*;

/// Words are tagged one by one, and mistakes cost what a table says: the expected cost over the first `len` words of a
/// sentence, words that were annotated by hand counting `trust` times.
#[newton_loss(hessian, lambda = 0.1, on_indefinite = abs)]
fn expected_cost<const WORDS: usize, const TAGS: usize>(
    logits: &[[f32; TAGS]; WORDS], // first the prediction, an array of floats of any rank
    tags: &[usize; WORDS],         // further references: labels, one per sample
    by_hand: &[bool; WORDS],       //
    len: &usize,                   // a label can be a single number
    #[shared] cost: &[[f32; TAGS]; TAGS], // an array that all samples share: a parameter of the loss
    trust: f32,                    // numbers by value: parameters of the loss
) -> f32 {
    let mut total = 0.0;
    let mut weights = 0.0;
    for w in 0..*len {
        let p = softmax(&logits[w]);
        let weight = if by_hand[w] { trust } else { 1.0 };
        total += weight * dot(&p, &cost[tags[w]]);
        weights += weight;
    }
    total / weights
}

fn main() -> Result<(), newton_losses::Error> {
    // Shared arrays and numbers by value, in the order of the parameters.
    let cost = [[0.0, 1.0, 4.0], [1.0, 0.0, 1.0], [4.0, 1.0, 0.0]];
    let loss = ExpectedCost::<4, 3>::new(cost, 2.0);

    // Two sentences, of 4 words and of 2: a batch is row-major, 2 x 4 x 3 numbers.
    let y: Vec<f32> = (0..2 * 4 * 3).map(|i| (1.7 * i as f32).sin()).collect();
    // The labels of a sample are a tuple, in the order of the parameters.
    let labels =
        [([0, 2, 1, 1], [true, true, false, false], 4), ([1, 1, 0, 0], [false, true, false, false], 2)];

    let all = loss.evaluate(&y, &labels)?;
    println!("losses of the two sentences: {:.4?}", all.values);
    // What is not read has no gradient: the second sentence ends after two words.
    for (sample, gradient) in all.gradients.chunks(4 * 3).enumerate() {
        for (word, g) in gradient.chunks(3).enumerate() {
            println!("sentence {sample}, word {word}: gradient {g:7.4?}");
        }
    }
    let wide: Vec<f64> = y.iter().map(|y| f64::from(*y)).collect();
    println!("{}", gradcheck(&loss, &wide, &labels)?);

    // A label that is out of range is an error that names the sample.
    let wrong = [labels[0], ([1, 3, 0, 0], [false; 4], 2)];
    println!("tag 3 of 3: {}", loss.gradients(&y, &wrong).unwrap_err());
    println!("one label for two sentences: {}", loss.gradients(&y, &wrong[..1]).unwrap_err());
    Ok(())
}
