//! The npy reader on thousands of damaged files: no panic, no false acceptance, no memory for lying headers, no long
//! thought. One test in a process of its own, as it watches the memory of the process.
#![cfg(feature = "train")]

use std::collections::BTreeSet;
use std::path::Path;

use newton_runtime::data::npy::{NpyError, f16, from_bytes};

/// SplitMix64: enough for damage.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }
}

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

fn name_of(error: &NpyError) -> String {
    let text = format!("{error:?}");
    text.split([' ', '{']).next().unwrap_or_default().to_owned()
}

/// Most address space the process has had so far, in bytes; 0 where the system does not tell.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or(0) << 10
}

const SOME: usize = 32 << 20;

#[test]
fn damaged_files_are_refused_without_panic_or_memory() {
    let name = Path::new("some/file");
    let dictionary = "{'descr': '<f2', 'fortran_order': False, 'shape': (3, 4), }";
    let any = [None, None];
    assert_eq!(from_bytes::<f16>(name, &file(dictionary, 24), &any).map(|a| a.data.len()).ok(), Some(12));

    // The peak may lie above what is in use now (a thread starts with a large reservation): use that up first.
    let start = peak();
    let mut held = Vec::new();
    while start > 0 && peak() == start {
        held.push(std::hint::black_box(Vec::<u8>::with_capacity(SOME / 16)));
    }
    let before = peak();
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
    assert!(peak() - before < SOME, "{} bytes", peak() - before);

    // The measure itself: had anything been allocated, it would have shown.
    drop(std::hint::black_box(Vec::<u8>::with_capacity(2 * SOME)));
    assert!(before == 0 || peak() - before > SOME, "{} bytes", peak() - before);
    drop(held);
}
