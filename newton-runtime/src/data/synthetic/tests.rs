use super::super::Digits;
use super::*;

/// Ink-weighted mean image of a class, scaled to unit length.
fn templates(digits: &DigitImages) -> Vec<Vec<f64>> {
    let mut sums = vec![vec![0.0; PIXELS]; 10];
    for (i, &label) in digits.labels().iter().enumerate() {
        for (sum, &grey) in sums[usize::from(label)].iter_mut().zip(digits.image(i)) {
            *sum += f64::from(grey);
        }
    }
    for sum in &mut sums {
        let length = sum.iter().map(|v| v * v).sum::<f64>().sqrt();
        sum.iter_mut().for_each(|v| *v /= length);
    }
    sums
}

fn accuracy(templates: &[Vec<f64>], digits: &DigitImages) -> f64 {
    let right = (0..digits.len()).filter(|&i| {
        let score = |template: &Vec<f64>| {
            template.iter().zip(digits.image(i)).map(|(t, &grey)| t * f64::from(grey)).sum::<f64>()
        };
        let scores: Vec<f64> = templates.iter().map(score).collect();
        let best = (0..10).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        best == Some(usize::from(digits.labels()[i]))
    });
    right.count() as f64 / digits.len() as f64
}

#[test]
fn a_mean_image_tells_digits_apart_but_not_well() {
    let (train, test) = (draw(1, Split::Train, 2_000), draw(1, Split::Test, 1_000));
    let templates = templates(&train);
    let found = accuracy(&templates, &test);
    // Something to learn must remain, and labels must be the images' own.
    println!("nearest mean image: {found}");
    assert!((0.6..0.9).contains(&found), "{found}");
    let mut rotated = templates.clone();
    rotated.rotate_left(1);
    assert!(accuracy(&rotated, &test) < 0.1, "with the wrong templates nothing may be recognised");
}

#[test]
fn images_depend_on_seed_split_and_index_only() {
    let long = draw(7, Split::Train, 60);
    let short = draw(7, Split::Train, 20);
    assert_eq!(short.labels(), &long.labels()[..20]);
    assert!((0..20).all(|i| short.image(i) == long.image(i)));
    for other in [draw(8, Split::Train, 20), draw(7, Split::Valid, 20)] {
        assert!((0..20).all(|i| other.image(i) != long.image(i)), "another seed or split, other images");
    }
}

#[test]
fn ink_stays_inside_and_is_neither_missing_nor_everywhere() {
    let digits = draw(3, Split::Valid, 2_000);
    let mut counts = [0; 10];
    for (i, &label) in digits.labels().iter().enumerate() {
        counts[usize::from(label)] += 1;
        let image = digits.image(i);
        let ink = image.iter().filter(|&&grey| grey > 127).count();
        assert!((14..300).contains(&ink), "image {i} has {ink} dark pixels");
        let edge = (0..SIDE).flat_map(|k| [k, k * SIDE, k * SIDE + SIDE - 1, (SIDE - 1) * SIDE + k]);
        let darkest = edge.map(|p| image[p]).max();
        assert!(darkest < Some(128), "image {i} is cut off at the edge: {darkest:?}");
    }
    assert!(counts.iter().all(|&n| (140..260).contains(&n)), "classes are uniform: {counts:?}");
}

#[test]
fn a_seed_means_the_same_images_for_ever() {
    use sha2::{Digest, Sha256};
    let digits = Digits::synthetic_sized(42, 50, 1, 1).train;
    let bytes: Vec<u8> = (0..50).flat_map(|i| digits.image(i).to_vec()).collect();
    let checksum = Sha256::digest(bytes);
    assert_eq!(checksum[..8], [0x5d, 0xb4, 0xc4, 0x14, 0x84, 0x87, 0x49, 0xb2], "{checksum:02x?}");
    assert_eq!(digits.labels()[..12], [6, 9, 1, 1, 8, 7, 8, 0, 2, 1, 9, 3]);
}

/// Writes contact sheets (PGM) to the temporary folder: `cargo test contact_sheet -- --ignored`.
#[test]
#[ignore = "for the eye"]
fn contact_sheet() {
    let digits = draw(0, Split::Train, 4_000);
    let (columns, rows) = (28, 10);
    let mut sheet = vec![0u8; columns * rows * PIXELS];
    for row in 0..rows {
        let own = (0..digits.len()).filter(|&i| usize::from(digits.labels()[i]) == row);
        for (column, i) in own.take(columns).enumerate() {
            for (y, line) in digits.image(i).chunks_exact(SIDE).enumerate() {
                let start = ((row * SIDE + y) * columns + column) * SIDE;
                sheet[start..start + SIDE].copy_from_slice(line);
            }
        }
    }
    let path = std::env::temp_dir().join("digits.pgm");
    let mut file = format!("P5 {} {} 255\n", columns * SIDE, rows * SIDE).into_bytes();
    file.extend(sheet);
    std::fs::write(&path, file).expect("the temporary folder is writable");
    println!("{}", path.display());
}
