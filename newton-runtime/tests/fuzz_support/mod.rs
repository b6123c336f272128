//! Damage, and the memory that reading it takes, for the fuzz tests of file formats.

use std::fmt::Debug;

/// SplitMix64: enough for damage.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// 0 of nothing.
    pub fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }
}

/// An error's variant.
pub fn name_of(error: &impl Debug) -> String {
    let text = format!("{error:?}");
    text.split([' ', '{']).next().unwrap_or_default().to_owned()
}

/// More than reading small files takes.
const SOME: usize = 32 << 20;

/// Watches the memory of the process, which should have no other test.
pub struct Memory {
    before: usize,
    /// Keeps what was free from being used unnoticed.
    held: Vec<Vec<u8>>,
}

impl Memory {
    /// The peak may lie above what is in use now (a thread starts with a large reservation): uses that up first.
    pub fn watch() -> Self {
        let start = peak();
        let mut held = Vec::new();
        while start > 0 && peak() == start {
            held.push(std::hint::black_box(Vec::with_capacity(SOME / 16)));
        }
        Self { before: peak(), held }
    }

    /// Hardly any was taken since then; and had some been taken, it would have shown.
    #[track_caller]
    pub fn assert_spared(self) {
        let before = self.before;
        assert!(peak() - before < SOME, "{} bytes", peak() - before);
        drop(std::hint::black_box(Vec::<u8>::with_capacity(2 * SOME)));
        assert!(before == 0 || peak() - before > SOME, "{} bytes", peak() - before);
        drop(self.held);
    }
}

/// Most address space the process has had so far, in bytes; 0 where the system does not tell.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or(0) << 10
}
