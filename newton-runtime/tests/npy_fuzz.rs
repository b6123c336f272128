//! The npy reader on thousands of damaged files: no panic, no false acceptance, no memory for lying headers, no long
//! thought. One test in a process of its own, as it watches the memory of the process.
#![cfg(feature = "train")]

use std::collections::BTreeSet;
use std::path::Path;

use newton_runtime::data::npy::{f16, from_bytes};

mod fuzz_support;

use fuzz_support::{Memory, Random, name_of};

fn file(dictionary: &str, data: usize) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((dictionary.len() as u16 + 1).to_le_bytes());
    bytes.extend(dictionary.as_bytes());
    bytes.push(b'\n');
    bytes.extend((0..data).map(|i| i as u8));
    bytes
}

/// Words that mean something in a header, in the place of others or between them.
const WORDS: [&str; 22] = [
    "'descr'",
    "'shape'",
    "'fortran_order'",
    "True",
    "False",
    "(",
    ")",
    ",",
    "()",
    "(3,)",
    "{",
    "}",
    "[",
    "':",
    "<f2",
    ">f2",
    "|O",
    "999999999999",
    "18446744073709551615",
    "(((((((((((((",
    " ",
    "\\",
];

/// Parts of a header, and what is sound there and still refused.
const SWAPS: [(&str, &str); 9] = [
    ("'fortran_order': False, ", ""),
    ("False", "True"),
    ("'<f2'", "'>f2'"),
    ("'<f2'", "'|O'"),
    ("'<f2'", "'<i2'"),
    ("'<f2'", "[('a', '<f2'), ('b', '<f2')]"),
    ("(3, 4)", "(12,)"),
    ("(3, 4)", "(3, 4, 1)"),
    ("(3, 4)", "(999999999, 4)"),
];

fn damage(text: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let at = random.below(text.len());
        let end = (at + random.below(8)).min(text.len());
        match random.below(6) {
            0 => text.truncate(at),
            1 => drop(text.splice(at..at, WORDS[random.below(WORDS.len())].bytes())),
            2 => drop(text.splice(at..end, WORDS[random.below(WORDS.len())].bytes())),
            3 if at < text.len() => text[at] = random.next() as u8,
            4 if at < text.len() => text[at] ^= 1 << random.below(8),
            _ => text.extend(std::iter::repeat_n(b' ', random.below(5))),
        }
    }
}

#[test]
fn damaged_files_are_refused_without_panic_or_memory() {
    let name = Path::new("some/file");
    let dictionary = "{'descr': '<f2', 'fortran_order': False, 'shape': (3, 4), }";
    let any = [None, None];
    assert_eq!(from_bytes::<f16>(name, &file(dictionary, 24), &any).map(|a| a.data.len()).ok(), Some(12));

    let memory = Memory::watch();
    let mut random = Random(11);
    let (mut seen, mut accepted) = (BTreeSet::new(), 0);
    for round in 0..60_000 {
        let mut bytes = file(dictionary, 24);
        match round % 3 {
            // The dictionary damaged and its length right, so that the damage is met where it is.
            0 => {
                let (from, to) = SWAPS[random.below(SWAPS.len())];
                let swapped =
                    if round % 2 == 0 { dictionary.replace(from, to) } else { dictionary.to_owned() };
                let mut text = swapped.into_bytes();
                if round % 4 != 0 {
                    damage(&mut text, &mut random);
                }
                bytes = file(&String::from_utf8_lossy(&text), 24);
            }
            1 => damage(&mut bytes, &mut random),
            // The bytes before it.
            _ => {
                bytes[random.below(12)] = random.next() as u8;
                bytes.truncate(bytes.len() - random.below(3) / 2 * random.below(60));
            }
        }
        match from_bytes::<f16>(name, &bytes, &any) {
            Ok(array) => {
                assert_eq!(array.data.len(), array.shape.iter().product::<usize>());
                accepted += 1;
            }
            Err(error) => {
                assert!(error.to_string().starts_with("some/file: "), "{error}");
                seen.insert(name_of(&error));
            }
        }
    }
    for kind in [
        "BigEndian",
        "FortranOrder",
        "Header",
        "HeaderLength",
        "Magic",
        "Missing",
        "Object",
        "Shape",
        "Structure",
        "TooLarge",
        "TrailingBytes",
        "Truncated",
        "Type",
        "Version",
    ] {
        assert!(seen.contains(kind), "{kind} was not met: {seen:?}");
    }
    assert!((1000..30_000).contains(&accepted), "damage to the numbers is none to the file: {accepted}");

    // The worst headers there can be, as long as they may be: brackets to the end, digits, spaces, empty tuples.
    for worst in ["[", "(", "9", " ", "'", "1,", "()", "{'descr':"] {
        let text = format!("{{'descr': '<f2', 'shape': ({}", worst.repeat(4000 / worst.len()));
        assert!(from_bytes::<f16>(name, &file(&text, 24), &any).is_err());
        let text = format!("{{'descr': [{}", worst.repeat(4000 / worst.len()));
        assert!(from_bytes::<f16>(name, &file(&text, 24), &any).is_err());
    }
    memory.assert_spared();
}
