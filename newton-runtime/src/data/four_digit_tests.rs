use super::super::Provenance;
use super::*;

/// `count` images; image i shows digit i mod 10 and has the grey value i everywhere but in its first pixel (255).
fn marked(count: usize) -> Digits {
    let pixels =
        (0..count).flat_map(|i| (0..PIXELS).map(move |p| if p == 0 { 255 } else { i as u8 })).collect();
    let labels = (0..count).map(|i| (i % 10) as u8).collect();
    let images = Arc::new(DigitImages::new(pixels, labels).expect("digits"));
    Digits {
        train: Arc::clone(&images),
        valid: Arc::clone(&images),
        test: images,
        provenance: Provenance::Synthetic { seed: 0 },
    }
}

fn sets(split: Split, n: usize, seed: u64) -> FourDigitSets {
    FourDigitSets::new(&marked(200), split, n, seed).expect("digits and numbers")
}

#[test]
fn digits_stand_side_by_side_most_significant_first() {
    let (pixels, labels) = sets(Split::Train, 5, 1).batch(3, 20);
    let numbers = pixels.chunks_exact(Shape::HEIGHT * Shape::WIDTH);
    assert_eq!(numbers.len(), labels.len());
    for (number, &label) in numbers.zip(&labels) {
        let grey = |row: usize, column: usize| (number[row * Shape::WIDTH + column] * 255.0).round() as u32;
        let mut found = 0;
        for position in 0..4 {
            let index = grey(27, position * SIDE);
            found = 10 * found + index % 10;
            assert_eq!(
                grey(0, position * SIDE),
                255,
                "the image's first pixel is at the top left of its place"
            );
            for (row, column) in (0..SIDE).flat_map(|row| (0..SIDE).map(move |column| (row, column))).skip(1)
            {
                assert_eq!(grey(row, position * SIDE + column), index);
            }
        }
        assert_eq!(found, label);
    }
    assert!(pixels.contains(&1.0) && pixels.iter().all(|&p| (0.0..=1.0).contains(&p)));
}

#[test]
fn a_batch_depends_on_seed_split_and_step_only() {
    let train = sets(Split::Train, 5, 1);
    let (mut pixels, mut labels) = train.batch(9, 8);
    // Out of order, into a used buffer, by another object: the same as at first sight.
    train.fill(4, &mut pixels, &mut labels).expect("fits");
    assert_eq!((pixels, labels.clone()), sets(Split::Train, 5, 1).batch(4, 8));
    let (pixels, labels) = train.batch(4, 8);
    // A smaller batch is the beginning of a larger one.
    let (few_pixels, few) = train.batch(4, 3);
    assert_eq!((&few[..], &few_pixels[..]), (&labels[..15], &pixels[..few_pixels.len()]));
    for (other, why) in [
        (train.batch(5, 8).1, "step"),
        (train.batch(4 + (1 << 32), 8).1, "step beyond 32 bits"),
        (sets(Split::Valid, 5, 1).batch(4, 8).1, "split"),
        (sets(Split::Train, 5, 2).batch(4, 8).1, "seed"),
    ] {
        let same = other.iter().zip(&labels).filter(|(a, b)| a == b).count();
        assert!(same <= 2, "another {why}: {same} of 40 numbers are the same");
    }
    // Fixed for ever: published runs are repeated by their seed.
    assert_eq!(labels[..5], [5706, 6303, 9910, 6606, 7547]);
}

#[test]
fn every_image_is_drawn_equally_often() {
    let sets = sets(Split::Test, 10, 3);
    let mut counts = [0u32; 200];
    for step in 0..25 {
        let (pixels, _) = sets.batch(step, 40);
        for digit in
            pixels.chunks_exact(Shape::WIDTH).skip(27).step_by(28).flat_map(|row| row.chunks_exact(SIDE))
        {
            counts[(digit[5] * 255.0).round() as usize] += 1;
        }
    }
    assert_eq!(counts.iter().sum::<u32>(), 40_000);
    // 200 each; 199 degrees of freedom, standard deviation 20.
    let chi2: f64 = counts.iter().map(|&n| (f64::from(n) - 200.0).powi(2) / 200.0).sum();
    assert!((120.0..290.0).contains(&chi2), "{chi2}");
}

#[test]
fn passes_and_buffers_are_checked() {
    let sets = sets(Split::Train, 5, 1);
    assert_eq!((sets.batches_per_pass(30), sets.batches_per_pass(201), sets.batches_per_pass(0)), (6, 0, 0));
    let error = |pixels: usize, labels: usize| {
        let outcome = sets.fill(0, &mut vec![0.0; pixels], &mut vec![0; labels]);
        outcome.expect_err("the wrong size").to_string()
    };
    assert_eq!(
        error(7 * 3136, 7),
        "the buffer for labels has 7 elements; 5 are needed: whole sets of 5 numbers"
    );
    assert_eq!(
        error(5 * 3136 - 1, 5),
        "the buffer for pixels has 15679 elements; 15680 are needed: 5 numbers x 28 x 112"
    );
    assert!(matches!(FourDigitSets::new(&marked(1), Split::Train, 0, 1), Err(DataError::TooFew { .. })));
    assert!(matches!(FourDigitSets::new(&marked(0), Split::Train, 5, 1), Err(DataError::TooFew { .. })));
}
