//! With the real files, where somebody has them: `NEWTON_MNIST=folder cargo test --features train`.
#![cfg(feature = "train")]

use std::path::PathBuf;
use std::time::Instant;

use newton_runtime::data::{Digits, FourDigitSets, Split};

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("NEWTON_MNIST")?;
    Some(folder.into())
}

#[test]
fn the_official_files_are_recognised_and_divided() {
    let Some(folder) = folder() else { return };
    let start = Instant::now();
    let digits = Digits::load(&folder).expect("the folder holds the four files");
    println!("loading: {:?}", start.elapsed());
    assert!(digits.provenance.is_official_mnist(), "{}", digits.provenance);
    assert_eq!([digits.train.len(), digits.valid.len(), digits.test.len()], [55_000, 5_000, 10_000]);
    // The first labels of each part, as everybody knows them; number 55 000 begins the validation part.
    assert_eq!(digits.train.labels()[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    assert_eq!(digits.test.labels()[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);

    for (n, per_pass) in [(5, 550), (10, 550)] {
        let sets = FourDigitSets::new(&digits, Split::Train, n, 1).expect("there are digits");
        assert_eq!(sets.batches_per_pass(100), per_pass);
        let (mut pixels, mut labels) = sets.batch(0, 100);
        let start = Instant::now();
        for step in 1..=50 {
            sets.fill(step, &mut pixels, &mut labels).expect("the buffers fit");
        }
        println!("a batch of 100 sets of {n}: {:?}", start.elapsed() / 50);
        let mean = pixels.iter().map(|&p| f64::from(p)).sum::<f64>() / pixels.len() as f64;
        assert!((mean - 0.1307).abs() < 0.01, "MNIST's mean grey value is 0.1307, found {mean}");
    }
}

#[test]
fn synthetic_digits_are_quick() {
    let start = Instant::now();
    let digits = Digits::synthetic_sized(1, 10_000, 1, 1);
    println!("10 000 synthetic digits: {:?}", start.elapsed());
    assert_eq!(digits.train.len(), 10_000);
}
