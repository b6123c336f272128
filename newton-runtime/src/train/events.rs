//! Scalars in the file format of TensorBoard: records of protocol buffers, framed with checksums.
//!
//! Only what scalars need is written: `Event { wall_time, step, file_version | Summary { tag, simple_value } }`, as `tensorflow/core/util/event.proto`
//! and `lib/io/record_writer.h` define them.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A growing events file. Viewers follow it while it grows.
#[derive(Debug)]
pub struct EventFile {
    file: File,
    path: PathBuf,
}

impl EventFile {
    /// Begins the file `events.out.tfevents.<seconds>.<host>.<process>` in a folder; files of earlier processes are
    /// removed, as the caller writes all that they had.
    ///
    /// # Errors
    /// The system's.
    pub fn begin(folder: &Path, seconds: f64) -> io::Result<Self> {
        let old: Vec<PathBuf> = std::fs::read_dir(folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("events.out.tfevents."))
            })
            .collect();
        let process = std::process::id();
        let path = folder.join(format!("events.out.tfevents.{:010}.newton.{process}", seconds as u64));
        let mut file = File::create(&path)?;
        file.write_all(&record(&version(seconds)))?;
        for old in old.iter().filter(|old| **old != path) {
            std::fs::remove_file(old)?;
        }
        Ok(Self { file, path })
    }

    /// Appends the scalars of a step, each under its tag; what is not finite is written as it is.
    ///
    /// # Errors
    /// The system's.
    pub fn scalars<'a>(
        &mut self,
        step: u64,
        seconds: f64,
        scalars: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> io::Result<()> {
        let event = record(&summary(step, seconds, scalars));
        self.file.write_all(&event)?;
        self.file.flush()
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The first event of a file.
fn version(seconds: f64) -> Vec<u8> {
    let mut event = Vec::new();
    double(&mut event, 1, seconds);
    bytes(&mut event, 3, b"brain.Event:2");
    event
}

fn summary<'a>(step: u64, seconds: f64, scalars: impl IntoIterator<Item = (&'a str, f64)>) -> Vec<u8> {
    let mut values = Vec::new();
    for (tag, value) in scalars {
        let mut one = Vec::new();
        bytes(&mut one, 1, tag.as_bytes());
        key(&mut one, 2, 5);
        one.extend((value as f32).to_le_bytes());
        bytes(&mut values, 1, &one);
    }
    let mut event = Vec::new();
    double(&mut event, 1, seconds);
    key(&mut event, 2, 0);
    varint(&mut event, step);
    bytes(&mut event, 5, &values);
    event
}

/// Number and wire type of a field.
fn key(to: &mut Vec<u8>, field: u64, wire: u64) {
    varint(to, field << 3 | wire);
}

fn varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn double(to: &mut Vec<u8>, field: u64, value: f64) {
    key(to, field, 1);
    to.extend(value.to_le_bytes());
}

fn bytes(to: &mut Vec<u8>, field: u64, value: &[u8]) {
    key(to, field, 2);
    varint(to, value.len() as u64);
    to.extend(value);
}

/// Length, its checksum, content, its checksum.
fn record(content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend(masked(&length).to_le_bytes());
    record.extend(content);
    record.extend(masked(content).to_le_bytes());
    record
}

/// As records store checksums: rotated and shifted, so that a checksum of checksums is no trivial one.
fn masked(content: &[u8]) -> u32 {
    crc32c(content).rotate_right(15).wrapping_add(0xA282_EAD8)
}

/// Castagnoli's polynomial, bit by bit: events are small and few.
fn crc32c(content: &[u8]) -> u32 {
    !content.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0x82F6_3B78 & 0_u32.wrapping_sub(crc & 1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        // RFC 3720, B.4, and the usual check value.
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xFF; 32]), 0x62A8_AB43);
    }

    #[test]
    fn an_event_has_the_bytes_that_protocol_buffers_give_it() {
        // Event(wall_time=1.5, step=300, summary=Summary(value=[Summary.Value(tag="em", simple_value=0.25)])).
        let expected = [
            &[0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F][..],
            &[0x10, 0xAC, 0x02],
            &[0x2A, 0x0B, 0x0A, 0x09, 0x0A, 0x02, b'e', b'm', 0x15, 0, 0, 0x80, 0x3E],
        ]
        .concat();
        assert_eq!(summary(300, 1.5, [("em", 0.25)]), expected);
        let record = record(&expected);
        assert_eq!(record.len(), 8 + 4 + expected.len() + 4);
        assert_eq!(record[..8], (expected.len() as u64).to_le_bytes());
    }

    #[test]
    fn a_new_file_takes_the_place_of_old_ones() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("events.out.tfevents.0000000001.newton.1"), b"old")
            .expect("writable");
        std::fs::write(folder.path().join("metrics.csv"), b"kept").expect("writable");
        let mut file = EventFile::begin(folder.path(), 1e9).expect("writable");
        file.scalars(1, 1e9, [("em", 0.5), ("loss", f64::NAN)]).expect("writable");
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(names[0].starts_with("events.out.tfevents.1000000000.newton."), "{names:?}");
        assert!(std::fs::metadata(file.path()).expect("there").len() > 60);
    }
}
