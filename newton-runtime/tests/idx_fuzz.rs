//! The IDX reader on thousands of damaged files: no panic, no false acceptance, no memory for lying headers.
//! One test in a process of its own, as it watches the memory of the process.
#![cfg(feature = "train")]

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use newton_runtime::data::DataError;
use newton_runtime::data::idx::{images_from_bytes, labels_from_bytes};

mod fuzz_support;

use fuzz_support::{Memory, Random, name_of};

fn packed(contents: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(contents).expect("memory");
    encoder.finish().expect("memory")
}

fn file(dimensions: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
    dimensions.iter().for_each(|d| bytes.extend(d.to_be_bytes()));
    bytes.extend(data);
    bytes
}

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let (at, near_start) = (random.below(bytes.len().max(1)), random.below(bytes.len().clamp(1, 16)));
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at.min(bytes.len()), random.next() as u8),
            2 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            3 if near_start < bytes.len() => bytes[near_start] = random.next() as u8,
            4 if bytes.len() >= 8 => {
                let values = [0, 1, 2, 255, 1 << 12, 1 << 24, 1 << 31, u32::MAX, random.next() as u32];
                let start = 4 * random.below(bytes.len().min(16) / 4);
                bytes[start..start + 4].copy_from_slice(&values[random.below(values.len())].to_be_bytes());
            }
            _ => bytes.extend(std::iter::repeat_n(7, random.below(5))),
        }
    }
}

#[test]
fn damaged_files_are_refused_without_panic_or_memory() {
    let name = Path::new("some/file");
    let pictures = file(&[3, 4, 5], &[9; 60]);
    let digits = file(&[6], &[0, 1, 2, 7, 8, 9]);
    assert_eq!(
        images_from_bytes(name, &pictures).map(|i| (i.count, i.rows, i.columns)).ok(),
        Some((3, 4, 5))
    );
    assert_eq!(
        labels_from_bytes(name, &packed(&digits)).map(|l| l.labels).ok(),
        Some(vec![0, 1, 2, 7, 8, 9])
    );

    let memory = Memory::watch();
    let mut random = Random(7);
    let (mut seen, mut accepted) = (BTreeSet::new(), 0);
    for round in 0..40_000 {
        let mut bytes = if round % 2 == 0 { pictures.clone() } else { digits.clone() };
        // Damaged and then packed, packed and then damaged, never packed.
        match round % 6 / 2 {
            0 => damage(&mut bytes, &mut random),
            1 => {
                damage(&mut bytes, &mut random);
                bytes = packed(&bytes);
            }
            _ => {
                bytes = packed(&bytes);
                damage(&mut bytes, &mut random);
            }
        }
        let outcome = if round % 2 == 0 {
            images_from_bytes(name, &bytes).map(|images| {
                assert_eq!(images.pixels.len(), images.count * images.rows * images.columns);
                assert!(!images.pixels.is_empty());
            })
        } else {
            labels_from_bytes(name, &bytes).map(|l| {
                assert!(!l.labels.is_empty() && l.labels.iter().all(|&label| label <= 9));
            })
        };
        match outcome {
            Ok(()) => accepted += 1,
            Err(error) => {
                assert!(error.to_string().starts_with("some/file: "), "{error}");
                seen.insert(name_of(&error));
            }
        }
    }
    let expected =
        ["Dimension", "Gzip", "Label", "Magic", "TooLarge", "TrailingBytes", "Truncated"].map(String::from);
    assert_eq!(seen, BTreeSet::from(expected), "every kind of damage was met");
    assert!((100..20_000).contains(&accepted), "damage to grey values is not damage to the file: {accepted}");

    // Bombs: one says how large it is and cannot be, one says it is small and is not.
    let lying = packed(&file(&[1 << 20, 32, 32], &[0; 100]));
    assert!(
        matches!(images_from_bytes(name, &lying), Err(DataError::TooLarge { declared, .. }) if declared == 1 << 30)
    );
    let bomb = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&file(&[10, 28, 28], &[])).expect("memory");
        let zeros = vec![0; 1 << 20];
        (0..200).for_each(|_| encoder.write_all(&zeros).expect("memory"));
        encoder.finish().expect("memory")
    };
    let refused = images_from_bytes(name, &bomb);
    assert!(matches!(refused, Err(DataError::TrailingBytes { expected: 7840, excess: None, .. })));
    memory.assert_spared();
}
